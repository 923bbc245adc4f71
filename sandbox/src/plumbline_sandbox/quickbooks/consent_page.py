"""What a person sees who connects an app: a company chooser with Connect and Cancel."""

from collections.abc import Mapping

from plumbline_sandbox.dialog import dialog, question
from plumbline_sandbox.http import Answer
from plumbline_sandbox.markup import Markup, el

TITLE = "Connect to QuickBooks"
"""Title of every page here."""


def consent_page(app_name: str, asked: Mapping[str, str], companies: Mapping[str, str]) -> Answer:
    """Return the page that asks for consent.

    Args:
        app_name: Who asks.
        asked: The parameters of the authorization request; the form carries them on.
        companies: Names by realm id; none when the app asks only who the person is.
    """
    carried = {name: value for name, value in asked.items() if name not in {"realmId", "decision"}}
    return dialog(
        TITLE,
        el("h1", f"{app_name} wants to connect to QuickBooks"),
        el("p", "It asks for:"),
        el("ul", [el("li", scope) for scope in asked.get("scope", "").split()]),
        question(
            "/connect/oauth2",
            carried,
            _chooser(companies) if companies else None,
            answers={"connect": "Connect", "cancel": "Cancel"},
        ),
    )


def refusal_page(detail: str) -> Answer:
    """Return the page shown when nobody can be sent back; that its status is 400 is inferred."""
    return dialog(
        TITLE,
        el("h1", "Uh oh, there's a connection problem"),
        el("p", "Sorry, but the app didn't connect."),
        el("details", el("summary", "View error details (for developers)"), detail, open=True),
        status=400,
    )


def _chooser(companies: Mapping[str, str]) -> list[Markup]:
    options = [el("option", name, value=realm) for realm, name in companies.items()]
    return [el("label", "Company", for_="realm"), el("select", options, id="realm", name="realmId")]
