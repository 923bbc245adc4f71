"""What a person sees who connects an app: a company chooser with Connect and Cancel.

Plain forms without scripts, so that a person, a browser test and an HTML parser can all use it.
"""

from collections.abc import Mapping
from html import escape

from plumbline_sandbox.http import Answer

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;background:#f4f5f8;margin:0;display:grid;place-items:center;"
    "min-height:100vh}main{background:#fff;border-radius:8px;padding:2rem 2.5rem;max-width:26rem;"
    "box-shadow:0 1px 6px #0003}h1{font-size:1.25rem;margin-top:0}select,button{font:inherit;padding:.5rem "
    "1rem;border-radius:6px;border:1px solid #8d9096}select{width:100%;margin:.25rem 0 1.5rem}"
    "button[value=connect]{background:#2ca01c;border-color:#2ca01c;color:#fff;margin-right:.5rem}"
)


def consent_page(app_name: str, asked: Mapping[str, str], companies: Mapping[str, str]) -> Answer:
    """Return the page that asks for consent.

    Args:
        app_name: Who asks.
        asked: The parameters of the authorization request; the form carries them on.
        companies: Names by realm id; none when the app asks only who the person is.
    """
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
        if name not in {"realmId", "decision"}
    )
    scopes = "".join(f"<li>{escape(scope)}</li>" for scope in asked.get("scope", "").split())
    content = (
        f"<h1>{escape(app_name)} wants to connect to QuickBooks</h1><p>It asks for:</p><ul>{scopes}</ul>"
        f'<form method="post" action="/connect/oauth2">{hidden}{_chooser(companies)}'
        '<button type="submit" name="decision" value="connect">Connect</button>'
        '<button type="submit" name="decision" value="cancel">Cancel</button></form>'
    )
    return _page(200, content)


def refusal_page(detail: str) -> Answer:
    """Return the page shown when nobody can be sent back; that its status is 400 is inferred."""
    content = (
        "<h1>Uh oh, there's a connection problem</h1><p>Sorry, but the app didn't connect.</p>"
        f"<details open><summary>View error details (for developers)</summary>{escape(detail)}</details>"
    )
    return _page(400, content)


def _chooser(companies: Mapping[str, str]) -> str:
    if not companies:
        return ""
    options = "".join(
        f'<option value="{escape(realm)}">{escape(name)}</option>' for realm, name in companies.items()
    )
    return f'<label for="realm">Company</label><select id="realm" name="realmId">{options}</select>'


def _page(status: int, content: str) -> Answer:
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Connect to QuickBooks</title>'
        f"<style>{_STYLE}</style><main>{content}</main></html>"
    )
    return Answer(status, page.encode(), {"content-type": "text/html; charset=utf-8"})
