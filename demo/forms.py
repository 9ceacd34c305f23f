"""The desk's forms."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from flask_wtf import FlaskForm
from wtforms import DateField, DecimalField, Field, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

METHODS = ("Check", "ACH", "Credit card", "Wire", "Cash")


class LoginForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types, here and below.
    email = StringField("E-mail", [InputRequired()])
    password = PasswordField("Password", [InputRequired()])


class CompanyForm(FlaskForm):  # type: ignore[misc]
    name = StringField("Name", [InputRequired("A company needs a name.")])
    email = StringField("E-mail", [Optional(), Length(max=200)])
    phone = StringField("Phone", [Optional(), Length(max=50)])


class PaymentForm(FlaskForm):  # type: ignore[misc]
    date = DateField("Received", [InputRequired()], default=dt.date.today)
    amount = DecimalField("Amount", [
        InputRequired("Say how much was received."),
        NumberRange(min=Decimal("0.01"), max=Decimal("9999999.99"), message="Between 0.01 and 9,999,999.99, please."),
    ])  # fmt: skip
    method = SelectField("Method", choices=METHODS)
    reference = StringField("Reference", [Length(max=21, message="At most 21 characters.")])

    def validate_amount(self, field: Field) -> None:
        if not field.data.is_finite() or field.data != field.data.quantize(Decimal("0.01")):
            raise ValidationError("There is nothing smaller than a cent.")
