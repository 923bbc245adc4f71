"""The least that each QuickBooks family needs, with what to refer to filled in from the sandbox's seed."""

import json
from pathlib import Path
from uuid import uuid4

FORMS = json.loads((Path(__file__).parents[1] / "quickbooks_forms.json").read_text(encoding="utf-8"))


def references(seed, realm_id):
    """Return what the places of a form stand for: ids of the company, and lines made of them."""
    projects = [project for company in seed["companies"] for project in company["projects"]]
    of_company = next(p["quickbooks"] for p in projects if p["quickbooks"]["realm"] == realm_id)
    accounts = of_company["accounts"]
    return {
        "$customer": of_company["customer_id"],
        "$vendor": next(iter(of_company["vendors"].values())),
        "$bank": accounts["Checking"],
        "$savings": accounts["Savings"],
        "$payable": accounts["Accounts Payable (A/P)"],
        "$income": accounts["Construction Income"],
        "$expense": accounts["Job Materials"],
        "$sale": {
            "Amount": 100.25,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"ItemRef": {"value": of_company["items"]["Services"]}},
        },
        "$cost": {
            "Amount": 100.25,
            "DetailType": "AccountBasedExpenseLineDetail",
            "AccountBasedExpenseLineDetail": {"AccountRef": {"value": accounts["Job Materials"]}},
        },
    }


def filled(form, known):
    """Return a form with its places filled; `$name` is a new name each time."""
    if isinstance(form, dict):
        return {name: filled(value, known) for name, value in form.items()}
    if isinstance(form, list):
        return [filled(value, known) for value in form]
    if form == "$name":
        return f"N {uuid4().hex[:12]}"
    return known.get(form, form) if isinstance(form, str) else form
