"""Xero's rules for new elements, and the values that Xero computes for them. The sentences are Xero's own."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from xero_sandbox.refusals import Invalid, Refused
from xero_sandbox.storage import Entry, Session, cents

FIELDS = {
    "Contacts": {"Name", "FirstName", "LastName", "EmailAddress", "AccountNumber", "Phones", "Addresses"},
    "Items": {"Code", "Name", "Description", "IsSold", "IsPurchased", "SalesDetails", "PurchaseDetails"},
    "Invoices": {
        "Type", "Contact", "Date", "DueDate", "Status", "InvoiceNumber", "Reference", "CurrencyCode", "LineAmountTypes",
        "LineItems", "Url",
    },
    "PurchaseOrders": {
        "Contact", "Date", "DeliveryDate", "Status", "PurchaseOrderNumber", "Reference", "CurrencyCode",
        "LineAmountTypes", "LineItems", "DeliveryAddress", "DeliveryInstructions",
    },
    "CreditNotes": {
        "Type", "Contact", "Date", "Status", "CreditNoteNumber", "Reference", "CurrencyCode", "LineAmountTypes",
        "LineItems",
    },
    "Payments": {"Invoice", "Account", "Date", "Amount", "Reference"},
}  # fmt: skip
"""The fields that the sandbox knows. Xero ignores others; the sandbox refuses them, because they would be lost."""

_LINE = {
    "ItemCode", "Description", "Quantity", "UnitAmount", "AccountCode", "TaxType", "TaxAmount", "DiscountAmount",
    "DiscountRate",
}  # fmt: skip
_LENGTHS = {
    "Name": 255, "EmailAddress": 255, "ContactNumber": 50, "InvoiceNumber": 255, "PurchaseOrderNumber": 255,
    "Description": 4000, "Reference": 255, "City": 255, "Region": 255, "PostalCode": 50, "Country": 50,
    "PhoneNumber": 50, "DeliveryInstructions": 500,
}  # fmt: skip
_CONTROLS = ("DEBTORS", "CREDITORS")


class Books:
    """The books of one organisation within one call. `decimals` is the number of decimals of a price (`unitdp`)."""

    def __init__(self, session: Session, tenant: str, decimals: int) -> None:
        self.session, self.tenant, self.decimals = session, tenant, decimals
        self.organisation = session.get(tenant, "Organisation", tenant) or {}

    def enter(self, kind: str, element: Entry) -> Entry:
        """Create an element. Raises `Invalid`, or `Refused` if it has unknown fields."""
        if unknown := set(element) - FIELDS[kind]:
            raise Refused(400, f"{kind} have no {', '.join(sorted(unknown))}")
        _check_lengths(element)
        enter = {
            "Contacts": self._contact, "Items": self._item, "Invoices": self._invoice,
            "PurchaseOrders": self._order, "Payments": self._payment, "CreditNotes": self._credit,
        }[kind]  # fmt: skip
        return enter(dict(element))

    def _contact(self, new: Entry) -> Entry:
        name = str(new.get("Name", ""))
        if not name:
            raise Invalid(
                "The Contact must contain at least 1 of the following elements to identify the contact: "
                "Name, ContactID, ContactNumber"
            )
        if name != " ".join(name.split()) or re.search("[<>]", name):
            raise Invalid("The contact name cannot have leading, trailing or double spaces, nor angle brackets.")
        others = self.session.all(self.tenant, "Contacts")
        if any(one["ContactStatus"] == "ACTIVE" and one["Name"].casefold() == name.casefold() for one in others):
            raise Invalid(
                f"The contact name {name} is already assigned to another contact. "
                "The contact name must be unique across all active contacts."
            )
        if (email := new.get("EmailAddress", "")) and not re.fullmatch(r"[!-~]+@[!-~]+\.[!-~]+", email):
            raise Invalid("Email address must be valid.")
        for place in new.get("Addresses", ()):
            if place.get("AddressType") not in {"POBOX", "STREET"}:
                raise Invalid("Address Type must be one of: POBOX, STREET")
            if not re.fullmatch(r"[^\d]*", place.get("Country", "")):
                raise Invalid("Country can only contain letters.")
        flags = {"ContactStatus": "ACTIVE", "IsCustomer": False, "IsVendor": False, "HasValidationErrors": False}
        return self.session.put(self.tenant, "Contacts", new | flags)

    def _item(self, new: Entry) -> Entry:
        code = str(new.get("Code", ""))
        if not 0 < len(code) <= 30:
            raise Invalid("Price List Item code must be between 1 and 30 characters")
        if len(new.get("Name", "")) > 50:
            raise Invalid("Item Name must be 50 characters or less")
        if any(one["Code"].casefold() == code.casefold() for one in self.session.all(self.tenant, "Items")):
            raise Invalid(f"Price List Item with Code '{code}' already exists")
        for name in ("SalesDetails", "PurchaseDetails"):
            details = new.setdefault(name, {})
            if details.get("AccountCode"):
                self._line_account(details["AccountCode"])
            if "UnitPrice" in details:
                details["UnitPrice"] = self._price(details["UnitPrice"])
        return self.session.put(self.tenant, "Items", new | {"IsTrackedAsInventory": False})

    def _invoice(self, new: Entry) -> Entry:
        sale = new.get("Type") == "ACCREC"
        if new.get("Type") not in {"ACCREC", "ACCPAY"}:
            raise Invalid("Invoice type must be ACCREC or ACCPAY")
        self._allowed("CreateApprovedInvoice" if sale else "CreateApprovedBill", "invoices" if sale else "bills")
        document = self._document(new, "Invoices", sells=sale)
        if document["Status"] == "AUTHORISED" and not document.get("DueDate"):
            raise Invalid("Due Date cannot be empty")
        number = document.get("InvoiceNumber") or (self._next("Invoices", "INV-") if sale else "")
        taken = [one for one in self.session.all(self.tenant, "Invoices") if one["Type"] == "ACCREC"]
        if sale and any(one["InvoiceNumber"] == number for one in taken):
            raise Invalid("Invoice # must be unique.")
        document |= {
            "InvoiceNumber": number, "Payments": [], "CreditNotes": [], "Prepayments": [], "Overpayments": [],
            "AmountDue": document["Total"], "AmountPaid": Decimal("0.00"), "AmountCredited": Decimal("0.00"),
            "HasErrors": False, "SentToContact": False, "Reference": document.get("Reference", ""),
        }  # fmt: skip
        self._flag(document["Contact"]["ContactID"], "IsCustomer" if sale else "IsVendor")
        return self.session.put(self.tenant, "Invoices", document)

    def _credit(self, new: Entry) -> Entry:
        if new.get("Type") != "ACCRECCREDIT":
            raise Invalid("The sandbox takes credit notes for customers only")
        document = self._document(new, "CreditNotes", sells=True)
        number = document.get("CreditNoteNumber") or self._next("CreditNotes", "CN-")
        if any(one["CreditNoteNumber"] == number for one in self.session.all(self.tenant, "CreditNotes")):
            raise Invalid("Credit Note # must be unique.")
        document |= {"CreditNoteNumber": number, "RemainingCredit": document["Total"], "Allocations": []}
        return self.session.put(self.tenant, "CreditNotes", document)

    def _order(self, new: Entry) -> Entry:
        self._allowed("CreateApprovedPurchaseOrder", "purchase orders")
        self.decimals = 2  # Purchase orders have no `unitdp`.
        document = self._document(new, "PurchaseOrders", sells=False)
        name = "PurchaseOrderNumber"
        number = document.get(name) or self._next("PurchaseOrders", "PO-")
        if any(one[name] == number for one in self.session.all(self.tenant, "PurchaseOrders")):
            raise Invalid("Order number must be unique")
        return self.session.put(self.tenant, "PurchaseOrders", document | {name: number, "HasErrors": False})

    def _payment(self, new: Entry) -> Entry:
        self._allowed("CreateInvoicePayment", "payments")
        invoice = self.session.get(self.tenant, "Invoices", str((new.get("Invoice") or {}).get("InvoiceID", "")))
        if invoice is None:
            raise Invalid("Invoice could not be found")
        account, amount = self._money_account(new.get("Account") or {}), Decimal(str(new.get("Amount", 0)))
        if invoice["Status"] != "AUTHORISED":
            raise Invalid("Payments can only be made against Authorised documents")
        if amount <= 0 or cents(amount) != amount:
            raise Invalid("Payment amount must be greater than zero")
        if amount > invoice["AmountDue"]:
            raise Invalid("Payment amount exceeds the amount outstanding on this document")
        day = self._day(new.get("Date"))
        payment = self.session.put(self.tenant, "Payments", {
            "Date": day, "Amount": cents(amount), "BankAmount": cents(amount), "Reference": new.get("Reference", ""),
            "PaymentType": f"{invoice['Type']}PAYMENT", "Status": "AUTHORISED", "IsReconciled": False,
            "Account": {name: account[name] for name in ("AccountID", "Code", "Name") if name in account},
            "Invoice": {name: invoice[name] for name in ("InvoiceID", "InvoiceNumber", "Type", "Contact")},
        })  # fmt: skip
        invoice["Payments"].append({name: payment[name] for name in ("PaymentID", "Date", "Amount", "Reference")})
        invoice["AmountPaid"] += payment["Amount"]
        invoice["AmountDue"] -= payment["Amount"]
        if not invoice["AmountDue"]:
            invoice |= {"Status": "PAID", "FullyPaidOnDate": day}
        self.session.put(self.tenant, "Invoices", invoice)
        return payment

    def _document(self, new: Entry, kind: str, *, sells: bool) -> Entry:
        """Check and complete what all documents share: contact, dates, lines and totals. Raises `Invalid`."""
        messages = []
        if not new.get("LineItems"):
            messages.append("One or more line items must be specified")
        if new.setdefault("Status", "DRAFT") not in {"DRAFT", "SUBMITTED", "AUTHORISED"}:
            messages.append(f"{'Invoice' if kind == 'Invoices' else 'Order'} not of valid status for creation")
        contact = self.session.get(self.tenant, "Contacts", str((new.get("Contact") or {}).get("ContactID", "")))
        if contact is None:
            messages.append("A Contact must be specified for this type of transaction")
        elif contact["ContactStatus"] != "ACTIVE":
            messages.append("The contact is archived. It must be restored before it can be used on a document.")
        types = new.setdefault("LineAmountTypes", "Exclusive")
        if types not in {"Exclusive", "Inclusive", "NoTax"}:
            messages.append("LineAmountTypes must be Exclusive, Inclusive or NoTax")
        if new.setdefault("CurrencyCode", self.organisation["BaseCurrency"]) != self.organisation["BaseCurrency"]:
            messages.append(f"Organisation is not subscribed to currency {new['CurrencyCode']}")
        if messages or contact is None:
            raise Invalid(*messages)
        new["Date"] = self._day(new.get("Date"))
        new["Contact"] = {"ContactID": contact["ContactID"], "Name": contact["Name"]}
        new["LineItems"] = [self._line(line, kind, sells=sells, types=types) for line in new["LineItems"]]
        amounts = sum((line.get("LineAmount", Decimal(0)) for line in new["LineItems"]), Decimal("0.00"))
        tax = sum((line.get("TaxAmount", Decimal(0)) for line in new["LineItems"]), Decimal("0.00"))
        subtotal = amounts - tax if types == "Inclusive" else amounts
        if subtotal + tax < 0:
            raise Invalid("The document total must not be negative.")
        return new | {"SubTotal": subtotal, "TotalTax": tax, "Total": subtotal + tax}

    def _line(self, line: Entry, kind: str, *, sells: bool, types: str) -> Entry:
        if unknown := set(line) - _LINE:
            raise Refused(400, f"Lines have no {', '.join(sorted(unknown))}")
        _check_lengths(line)
        if not line.get("Description"):
            raise Invalid("Description must be at least 1 character")
        identified = dict(line) | {"LineItemID": str(uuid.uuid4())}
        if set(line) == {"Description"}:
            return identified
        details = self._line_item(line).get("SalesDetails" if sells else "PurchaseDetails") or {}
        code = line.get("AccountCode") or details.get("AccountCode")
        if not code and kind != "PurchaseOrders":
            raise Invalid("Account code must be specified")
        account = self._line_account(code) if code else {"TaxType": "NONE", "Class": "EXPENSE", "Code": ""}
        quantity, price, amount = self._amounts(line, discountable=sells and kind == "Invoices")
        rate = self._rate(str(line.get("TaxType") or account["TaxType"]), account)
        tax = cents(amount * rate / (100 + rate if types == "Inclusive" else 100))
        if types == "NoTax":
            tax = Decimal("0.00")
        elif "TaxAmount" in line:
            tax = Decimal(str(line["TaxAmount"]))
            if abs(tax) > abs(amount):
                raise Invalid("TaxAmount specified cannot be greater than the UnitAmount")
        return identified | {
            "Quantity": quantity, "UnitAmount": price, "LineAmount": amount, "AccountCode": account["Code"],
            "TaxType": line.get("TaxType") or account["TaxType"], "TaxAmount": cents(tax),
        }  # fmt: skip

    def _amounts(self, line: Entry, *, discountable: bool) -> tuple[Decimal, Decimal, Decimal]:
        """Return a line's quantity, its price, and its amount after discount."""
        quantity, price = Decimal(str(line.get("Quantity", 1))), self._price(line.get("UnitAmount", 0))
        if quantity < 0:
            raise Invalid("Quantity must not be negative")
        amount, discount = cents(quantity * price), Decimal(str(line.get("DiscountAmount", 0)))
        if (discount or line.get("DiscountRate")) and not discountable:
            raise Invalid("Discounts can only be given on sales invoices and quotes")
        if discount > max(amount, Decimal(0)):
            raise Invalid("The discount cannot be greater than the line amount")
        return quantity, price, amount - discount

    def _line_item(self, line: Entry) -> Entry:
        if not line.get("ItemCode"):
            return {}
        found = next((one for one in self.session.all(self.tenant, "Items") if one["Code"] == line["ItemCode"]), None)
        if found is None:
            raise Invalid(f"Item code '{line['ItemCode']}' is not valid")
        return found

    def _line_account(self, code: str) -> Entry:
        found = self._account("Code", code)
        if found is None or found["Type"] == "BANK" or found.get("SystemAccount") in _CONTROLS:
            raise Invalid(f"Account code '{code}' is not a valid code for this document.")
        if found["Status"] != "ACTIVE":
            raise Invalid(
                f"Account code '{code}' has been archived, or has been deleted. "
                "Each line item must reference a valid account."
            )
        return found

    def _money_account(self, named: Mapping[str, Any]) -> Entry:
        found = next((self._account(name, value) for name, value in named.items()), None)
        if found is None or found["Status"] != "ACTIVE":
            raise Invalid("Account could not be found")
        if found["Type"] != "BANK" and not found["EnablePaymentsToAccount"]:
            raise Invalid("Account type is invalid for payments")
        return found

    def _account(self, name: str, value: str) -> Entry | None:
        return next((one for one in self.session.all(self.tenant, "Accounts") if one.get(name) == value), None)

    def _rate(self, tax_type: str, account: Entry) -> Decimal:
        rate = self.session.get(self.tenant, "TaxRates", tax_type)
        if rate is None or rate["Status"] != "ACTIVE":
            raise Invalid(f"The TaxType code '{tax_type}' does not exist or is not active.")
        if tax_type == "AVALARA" or rate.get("ReportTaxType") == "USSALESTAX":
            raise Invalid(f"The tax rate '{rate['Name']}' cannot be used through the API.")
        group = {"REVENUE": "Revenue", "EXPENSE": "Expenses", "LIABILITY": "Liabilities", "EQUITY": "Equity"}
        if not rate[f"CanApplyTo{group.get(account['Class'], 'Assets')}"]:
            raise Invalid(f"The TaxType code '{tax_type}' cannot be used with account code '{account['Code']}'.")
        return Decimal(str(rate["EffectiveRate"]))

    def _price(self, value: object) -> Decimal:
        return Decimal(str(value)).quantize(Decimal(1).scaleb(-self.decimals), "ROUND_HALF_UP")

    def _day(self, text: object) -> str:
        """Return the date, by default today. Raises `Invalid` if it is not a date or is locked."""
        try:
            day = dt.date.fromisoformat(str(text)) if text else self.session.now().date()
        except ValueError:
            raise Invalid(f"The value '{text}' is not a valid date") from None
        for name, called in (("EndOfYearLockDate", "end of year lock date"), ("PeriodLockDate", "period lock date")):
            lock = self.organisation.get(name)
            if lock and day.isoformat() <= lock:
                shown = dt.date.fromisoformat(lock)
                raise Invalid(f"The document date cannot be before the {called}, currently set at {shown:%d-%b-%Y}")
        return day.isoformat()

    def _next(self, kind: str, prefix: str) -> str:
        return f"{prefix}{len(self.session.all(self.tenant, kind)) + 1:04}"

    def _allowed(self, action: str, what: str) -> None:
        if action in self.organisation["Refused"]:
            raise Invalid(f"You have reached the limit of {what} you can approve.")

    def _flag(self, contact_id: str, flag: str) -> None:
        contact = self.session.get(self.tenant, "Contacts", contact_id)
        if contact is not None and not contact[flag]:
            self.session.put(self.tenant, "Contacts", contact | {flag: True})


def _check_lengths(value: Any) -> None:
    if isinstance(value, list):
        for one in value:
            _check_lengths(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if isinstance(one, str) and len(one) > _LENGTHS.get(name, 4000):
                raise Invalid(f"The field {name} must be a string with a maximum length of {_LENGTHS.get(name, 4000)}.")
            _check_lengths(one)
