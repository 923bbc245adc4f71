"""Postal addresses as the service gives them back."""

from typing import Any

from plumbline_sandbox.quickbooks.wire import Body

ADDRESSES = frozenset(
    {"BillAddr", "ShipAddr", "ShipFromAddr", "VendorAddr", "PrimaryAddr", "CompanyAddr", "LegalAddr"}
    | {"CustomerCommunicationAddr", "Address"}
)
"""The properties that hold one, on any entity."""

_COUNTRIES = {
    "USA": ("us", "u.s.", "u.s.a.", "united states", "united states of america"),
    "CAN": ("ca", "canada"),
    "MEX": ("mx", "mexico"),
    "GBR": ("gb", "uk", "united kingdom"),
    "IRL": ("ie", "ireland"),
    "AUS": ("au", "australia"),
    "NZL": ("nz", "new zealand"),
    "DEU": ("de", "germany"),
    "FRA": ("fr", "france"),
    "IND": ("in", "india"),
}
"""ISO 3166 codes of three letters, and what else clients write; other countries stay as they are sent."""

_CODES = {name: code for code, names in _COUNTRIES.items() for name in (code.lower(), *names)}
_DROPPED = frozenset({"Lat", "Long"})


def postal(sent: Any) -> Any:
    """Return an address with its country in three letters and no coordinates (Intuit, API changes of 2025)."""
    if not isinstance(sent, dict):
        return sent
    kept: Body = {name: value for name, value in sent.items() if name not in _DROPPED}
    if isinstance(country := kept.get("Country"), str):
        kept["Country"] = _CODES.get(country.strip().lower(), country)
    return kept
