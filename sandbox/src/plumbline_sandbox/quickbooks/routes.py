"""What a path of the accounting API asks for.

/v3/company/{realm}/{entity}                POST  create, update; ?operation=delete | void
/v3/company/{realm}/{entity}/{id}           GET   read
/v3/company/{realm}/{entity}/{id}/send      POST  mail
/v3/company/{realm}/{entity}/{id}/pdf       GET   the form as the customer gets it
/v3/company/{realm}/taxservice/taxcode      POST  make a tax code
/v3/company/{realm}/exchangerate            GET ?sourcecurrencycode=…, POST
/v3/company/{realm}/query                   GET ?query=…, POST with the statement as body
"""

from dataclasses import dataclass

from plumbline_sandbox.http import Request

COMPANY = "/v3/company/"
"""All paths of the accounting API begin so."""

TAX_CODES = ("taxservice", "taxcode")
"""The one resource whose creates have two words in their path (Intuit, TaxService)."""


@dataclass(frozen=True, slots=True)
class Target:
    """A company path taken apart. `operation` is write, delete, void, send, read, pdf, query or unknown."""

    realm: str
    resource: str
    entity_id: str
    operation: str


def target_of(request: Request) -> Target | None:
    """Return what the request is for, or None if it is not for a company."""
    if not request.path.startswith(COMPANY):
        return None
    realm, resource, entity_id, verb, *rest = [*request.path[len(COMPANY) :].split("/"), "", "", ""]
    operation = "unknown" if any(rest) else _operation(request, resource, entity_id, verb)
    return Target(realm, resource.lower(), entity_id, operation)


def includes(request: Request) -> frozenset[str]:
    """Return the options of `include`, in lower case."""
    return frozenset(request.query.get("include", "").lower().split(","))


def _operation(request: Request, resource: str, entity_id: str, verb: str) -> str:
    match request.method, resource == "query", bool(entity_id), verb:
        case (("GET" | "POST"), True, False, ""):
            return "query"
        case "GET", False, _, "":
            return "read"
        case ("POST", False, True, "send") | ("GET", False, True, "pdf"):
            return verb
        case "POST", False, _, "" if not entity_id or (resource, entity_id) == TAX_CODES:
            return _write(request)
        case _:
            return "unknown"


def _write(request: Request) -> str:
    # Payments are voided by `operation=update&include=void` too, and some clients leave the operation out.
    operation = request.query.get("operation", "").lower()
    if operation in {"", "create", "update"}:
        return "void" if "void" in includes(request) else "write"
    return operation if operation in {"delete", "void"} else "unknown"
