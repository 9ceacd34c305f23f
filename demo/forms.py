"""The demo's forms."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from flask_wtf import FlaskForm
from wtforms import DateField, DecimalField, Field, IntegerField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, StopValidation

_CENT, _MOST = Decimal("0.01"), Decimal(10_000_000)

METHODS = ("Check", "ACH", "Credit card", "Wire", "Cash")


class LoginForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types, here and below.
    email = StringField("E-mail", [InputRequired()])
    password = PasswordField("Password", [InputRequired()])


class CompanyForm(FlaskForm):  # type: ignore[misc]
    name = StringField("Name", [InputRequired("A company needs a name.")])
    email = StringField("E-mail", [Optional(), Length(max=200)])
    phone = StringField("Phone", [Optional(), Length(max=50)])


def _is_money(_form: FlaskForm, field: Field) -> None:
    """Check that the amount is from 0.01 to 9,999,999.99 with at most two decimals. Forms can also send NaN and sNaN.
    """
    amount = field.data
    if not isinstance(amount, Decimal) or not amount.is_finite() or not _CENT <= amount < _MOST:
        raise StopValidation("Between 0.01 and 9,999,999.99, please.")
    if amount != amount.quantize(_CENT):
        raise StopValidation("There is nothing smaller than a cent.")


class PaymentForm(FlaskForm):  # type: ignore[misc]
    date = DateField("Received", [InputRequired()], default=dt.date.today)
    amount = DecimalField("Amount", [InputRequired("Say how much was received."), _is_money])
    method = SelectField("Method", choices=METHODS)
    reference = StringField("Reference", [Length(max=21, message="At most 21 characters.")])


class QuantityForm(FlaskForm):  # type: ignore[misc]
    quantity = IntegerField("Quantity", [InputRequired(), NumberRange(1, 100_000)])
