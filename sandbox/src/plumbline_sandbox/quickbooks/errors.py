"""Faults of the accounting service: one constructor per documented code.

Codes and messages follow Intuit's "Error codes" page; details follow captured answers where one
is public and are our own words otherwise. Every fault here is answered with HTTP 400: it is the
service that refuses, not the gateway (see `gateway`).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from plumbline_sandbox.quickbooks import wire

FIRST_UNSUPPORTED, FIRST_SEVERE = 500, 10_000
"""Codes below the one are about access, those from the other on about the system (Intuit, "Error codes")."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One entry of `Fault.Error`."""

    code: str
    message: str
    detail: str
    element: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the entry as the service writes it."""
        return {"Message": self.message, "Detail": self.detail, "code": self.code, "element": self.element}


class FaultError(Exception):
    """The service refuses the request; nothing was changed. Several troubles may come at once."""

    def __init__(self, *troubles: Trouble) -> None:
        super().__init__(", ".join(f"{t.code} {t.detail}" for t in troubles))
        self.troubles = troubles

    @property
    def codes(self) -> list[str]:
        """The codes in the order in which they are answered."""
        return [trouble.code for trouble in self.troubles]

    def as_json(self) -> dict[str, Any]:
        """Return the `Fault` element as the service writes it (Intuit, "Handling common errors")."""
        kind = _kind(int(self.troubles[0].code))
        return {"Fault": {"Error": [t.as_json() for t in self.troubles], "type": kind}}

    def body(self, moment: datetime) -> bytes:
        """Return the whole answer body."""
        return wire.envelope(self.as_json(), moment)


def _kind(code: int) -> str:
    """Return the type of a fault by the range its code lies in; those of access and system are captured."""
    if code < FIRST_UNSUPPORTED:
        return "AuthenticationFault"
    return "SystemFault" if code >= FIRST_SEVERE else "ValidationFault"


def user_removed() -> Trouble:
    """120: the user who connected the company has no part in it any more; the message is a captured one."""
    detail = "AuthorizationFailure: The user was removed from the company."
    return Trouble("120", "Authorization Failure", detail)


def wrong_cluster() -> Trouble:
    """130: the company lives on another cluster; the wording is a captured one."""
    detail = "WrongClusterError: -11017-You have accessed the wrong server."
    return Trouble("130", "Accessing Wrong Cluster", detail)


def locked() -> Trouble:
    """140: somebody holds the company file for himself."""
    return Trouble("140", "Company Locked", "CompanyLockedError: The company is locked. Try again later.")


def maintained() -> Trouble:
    """150: the company is moved or repaired."""
    detail = "CompanyMaintenanceError: The company is under maintenance. Try again later."
    return Trouble("150", "Company Under Maintenance", detail)


def unsupported_operation(name: str) -> Trouble:
    """500: this entity has no such operation."""
    return Trouble("500", "Unsupported Operation", f"Operation {name} is not supported.")


def duplicate_request(requestid: str) -> Trouble:
    """600: the request id was seen before."""
    detail = f"RequestId is duplicate and already exists in the system : {requestid}"
    return Trouble("600", "Duplicate Request ID", detail, "requestid")


def not_found(element: str = "") -> Trouble:
    """610: the object does not exist, was deleted or is inactive."""
    detail = (
        "Object Not Found : Something you're trying to use has been made inactive. "
        "Check the fields with accounts, customers, items, vendors or employees."
    )
    return Trouble("610", "Object Not Found", detail, element)


def cannot_link(txn_id: str) -> Trouble:
    """620: this transaction cannot be linked."""
    return Trouble("620", "Txn ID Cannot Be Linked", f"Transaction {txn_id} can not be linked.", "LinkedTxn")


def has_dependents(detail: str) -> Trouble:
    """800: unlink the linked transactions first."""
    return Trouble("800", "Cannot delete object", detail)


def too_many_items(count: int, most: int) -> Trouble:
    """1040: more items than a batch may have."""
    detail = f"Number of items in the batch should not be more than {most}. Supplied value:{count}"
    return Trouble("1040", "Batch size exceeds the limit", detail)


def bad_property(name: str) -> Trouble:
    """2010: unknown property, or a value of the wrong JSON type."""
    detail = f"Property Name:{name} is unsupported or invalid"
    return Trouble("2010", "Request has invalid or unsupported property", detail, name)


def missing(name: str, element: str = "") -> Trouble:
    """2020: a required property is absent; `element` names it."""
    message = "Required param missing, need to supply the required value for the API"
    return Trouble("2020", message, f"Required parameter {name} is missing in the request", element or name)


def bad_id(value: str) -> Trouble:
    """2030: an id that is no number."""
    return Trouble("2030", "Invalid ID", f"Id should be a valid number. Supplied value:{value}", "Id")


def bad_string(name: str) -> Trouble:
    """2040: characters the field does not take."""
    return Trouble("2040", "Invalid String", f"Element contains invalid characters: {name}", name)


def bad_length(name: str, length: int, longest: int) -> Trouble:
    """2050: text too long; the wording is a captured one."""
    message = "String length is either shorter or longer than supported by specification"
    detail = f"String length specified does not match the supported length. Min:0 Max:{longest} supported. "
    return Trouble("2050", message, f"{detail}Supplied length:{length}", name)


def bad_date_format(name: str, value: Any) -> Trouble:
    """2060: not written as yyyy-MM-dd."""
    return Trouble("2060", "Invalid Date Format", f"Date format is invalid. Supplied value:{value}", name)


def bad_date(name: str, value: Any) -> Trouble:
    """2070: written well, but no such day exists."""
    return Trouble("2070", "Invalid Date", f"Date should be a valid value. Supplied value:{value}", name)


def bad_decimal(name: str, value: Any) -> Trouble:
    """2100: not a number."""
    return Trouble(
        "2100", "Invalid Decimal Format", f"Decimal format is invalid. Supplied value:{value}", name
    )


def bad_type(name: str, value: Any) -> Trouble:
    """2120: a type (line detail, item type) that does not exist."""
    return Trouble("2120", "Invalid Type", f"Type is invalid. Supplied value:{value}", name)


def bad_requestid(length: int) -> Trouble:
    """2130: a request id longer than 50 characters."""
    detail = f"Request Id should not be longer than 50 characters. Supplied length:{length}"
    return Trouble("2130", "Invalid Request Id Format", detail, "requestid")


def bad_amount(name: str, value: Any) -> Trouble:
    """2140: an amount the field does not take."""
    return Trouble("2140", "Invalid Amount", f"Amount is not supported. Supplied value:{value}", name)


def bad_choice(name: str, value: Any) -> Trouble:
    """2170: not one of the enumerated values."""
    return Trouble("2170", "Invalid Enumeration", f"Enumeration is invalid. Supplied value:{value}", name)


def bad_range(name: str, value: Any) -> Trouble:
    """2180: a number outside what the field takes."""
    return Trouble("2180", "Invalid Number Range", f"Number is out of range. Supplied value:{value}", name)


def bad_email(name: str, value: Any) -> Trouble:
    """2210: not an e-mail address."""
    detail = f"Email Address does not conform to the syntax rules of RFC 822. Supplied value:{value}"
    return Trouble("2210", "Invalid Email Address format", detail, name)


def bad_flag(name: str, value: Any) -> Trouble:
    """2230: not a boolean."""
    return Trouble("2230", "Invalid Boolean", f"Boolean value is invalid. Supplied value:{value}", name)


def bad_reference(what: str, value: str, element: str = "") -> Trouble:
    """2500: the id in a reference does not exist; the wording is a captured one."""
    detail = f"Invalid Reference Id : {what} element id {value} not found"
    return Trouble("2500", "Invalid Reference Id", detail, element)


def bad_custom_field(detail: str) -> Trouble:
    """3000: a custom field that the company does not have, or of another type."""
    return Trouble("3000", "Custom Field Error", detail, "CustomField")


def query_unparsed(detail: str) -> Trouble:
    """4000: the statement is not in the query language."""
    return Trouble("4000", "Error parsing query", f"QueryParserError: {detail}")


def query_invalid(detail: str) -> Trouble:
    """4001: the statement is well formed and asks for what cannot be asked."""
    return Trouble("4001", "Error validating query", f"QueryValidationError: {detail}")


def too_long_ago(moment: str) -> Trouble:
    """500: change data are kept for thirty days only. The wording is a captured one, the code inferred."""
    detail = f"Operation cdc with changedSince date {moment} which is older than fixed days is not supported."
    return Trouble("500", "Unsupported Operation", detail, "changedSince")


def stale() -> Trouble:
    """5010: the SyncToken is not the present one; the wording is a captured one."""
    detail = (
        "Stale Object Error : You and API API were working on this at the same time. "
        "API API finished before you did, so your work was not saved."
    )
    return Trouble("5010", "Stale Object Error", detail)


def not_in_plan(what: str) -> Trouble:
    """5030: the company's plan does not have the feature."""
    detail = f"Feature Not Supported Error : {what} is not part of the company's subscription."
    return Trouble("5030", "Feature Not Supported", detail)


def permission_denied() -> Trouble:
    """5020: the connected user may not do this any more."""
    detail = "Permission Denied Error : You do not have sufficient permissions to perform this action."
    return Trouble("5020", "Permission Denied Error", detail)


def business(detail: str) -> Trouble:
    """6000: a business rule speaks, in free text."""
    message = "A business validation error has occurred while processing your request"
    return Trouble("6000", message, f"Business Validation Error: {detail}")


def unexpected() -> Trouble:
    """6000: something broke inside; what was done is not known. The wording is a captured one."""
    return business(
        "An unexpected error occurred while accessing or saving your data. Please wait and try again."
    )


def owes() -> Trouble:
    """6000: a name with an open balance stays active. The wording is a captured one, the code inferred."""
    detail = (
        "The entity you are trying to delete has an open balance. : "
        "This customer cannot be deleted because it has a non-zero balance"
    )
    return Trouble("6000", "Delete List Has Balance Error", detail)


def too_large(length: int) -> Trouble:
    """6030: an upload of more than 100 MB."""
    detail = f"The size of the request is more than the supported one. Supplied length:{length}"
    return Trouble("6030", "Attachment size exceeds the limit", detail)


def bad_product(amount: Decimal) -> Trouble:
    """6070: Amount is not Qty times UnitPrice."""
    detail = f"Amount is not equal to UnitPrice * Qty. Supplied value:{amount}"
    return Trouble("6070", "Amount calculation incorrect in the request", detail, "Amount")


def no_name() -> Trouble:
    """6080: a name entity without any name."""
    detail = "At least one of Title, GivenName, MiddleName, FamilyName, DisplayName, Suffix is required."
    return Trouble("6080", "No name provided", detail, "DisplayName")


def duplicate_number(number: str, holder: tuple[str, str] | None) -> Trouble:
    """6140: the document number is taken; the detail names the holder, as captured, unless it is kept back."""
    detail = (
        "Duplicate Document Number Error : You must specify a different number. "
        "This number has already been used."
    )
    if holder is not None:
        detail += f" DocNumber={number} is assigned to TxnType={holder[0]} with TxnId={holder[1]}"
    return Trouble("6140", "Duplicate Document Number Error", detail)


def parent_needed() -> Trouble:
    """6150: ParentRef and Job must come together."""
    detail = "ParentRef is required if Job is true, and Job must be true if ParentRef is given."
    return Trouble("6150", "ParentRef Required Validation Error", detail, "ParentRef")


def too_deep() -> Trouble:
    """6180: more than five levels of customers."""
    return Trouble("6180", "Sub Level Limit", "Names can be nested up to 5 levels.", "ParentRef")


def lapsed() -> Trouble:
    """6190: the company's subscription has ended."""
    detail = "Subscription period has ended or canceled or there was a billing problem"
    return Trouble("6190", "Invalid Company Status", detail)


def period_closed() -> Trouble:
    """6200: the books are closed, without a password, for the transaction's date."""
    detail = "The account period has closed and the transaction date is before the closing date."
    return Trouble("6200", "Account Period Closed", detail, "TxnDate")


def period_locked() -> Trouble:
    """6210: the books are closed, with a password, for the transaction's date."""
    detail = "The account period has closed and the transaction date is before the closing date."
    return Trouble("6210", "Account Period Closed, Cannot Update Through Services", detail, "TxnDate")


def duplicate_name(holder_id: str) -> Trouble:
    """6240: another customer, vendor or employee has this name."""
    detail = f"The name supplied already exists. : Id={holder_id}"
    return Trouble("6240", "Duplicate Name Exists Error", detail)


def email_needed() -> Trouble:
    """6420: nobody to send to."""
    detail = "An email address is required to send this transaction."
    return Trouble("6420", "Email Address Required", detail, "BillEmail")


def wrong_account_type(name: str) -> Trouble:
    """6430: an account of a type that this field does not take."""
    return Trouble("6430", "Invalid account type used", f"Account type is not supported for {name}", name)


def deposited() -> Trouble:
    """6540: a payment that is in a deposit must be taken out of it first."""
    detail = (
        "This transaction has been deposited. If you want to change or delete it, you must edit the deposit "
        "it appears on and remove it first."
    )
    return Trouble("6540", "Deposited Transaction cannot be changed", detail)


def failing() -> Trouble:
    """10000: an error inside the service; message and element are captured ones."""
    message = "An application error has occurred while processing your request"
    return Trouble("10000", message, "System Failure Error: Unexpected error", "SystemFailureError")
