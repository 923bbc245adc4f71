"""What a path of the accounting API asks for.

    POST {company}/{entity}[?operation=delete | void]   write, delete or void
    GET  {company}/{entity}/{id}                        read
    POST {company}/{entity}/{id}/send                   send: mail
    GET  {company}/{entity}/{id}/pdf                    pdf: the form as the customer gets it
    POST {company}/taxservice/taxcode                   write: make a tax code
    GET  {company}/exchangerate?sourcecurrencycode=…    read
    GET  {company}/query?query=…                        query; POST has the statement as body
    POST {company}/batch                                batch: up to thirty writes and queries
    GET  {company}/cdc?entities=…&changedSince=…        cdc: change data capture
    POST {company}/upload                               upload: files, multipart
    GET  {company}/download/{id}                        download: a link to an attached file

where {company} is /v3/company/{realm}.
"""

from dataclasses import dataclass

from plumbline_sandbox.http import Request

COMPANY = "/v3/company/"
"""All paths of the accounting API begin so."""

TAX_CODES = ("taxservice", "taxcode")
"""The one resource whose creates have two words in their path (Intuit, TaxService)."""


_OPERATIONS = {
    "batch": {("POST", False)},
    "cdc": {("GET", False)},
    "download": {("GET", True)},
    "query": {("GET", False), ("POST", False)},
    "upload": {("POST", False)},
}
"""What is no entity: its methods, each with whether an id follows."""


@dataclass(frozen=True, slots=True)
class Target:
    """A company path taken apart. `operation` is a word of the table above, or unknown."""

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
    if resource in _OPERATIONS:
        return (
            resource if not verb and (request.method, bool(entity_id)) in _OPERATIONS[resource] else "unknown"
        )
    match request.method, bool(entity_id), verb:
        case "GET", _, "":
            return "read"
        case ("POST", True, "send") | ("GET", True, "pdf"):
            return verb
        case "POST", _, "" if not entity_id or (resource, entity_id) == TAX_CODES:
            return _write(request)
        case _:
            return "unknown"


def _write(request: Request) -> str:
    # Payments are voided by `operation=update&include=void` too, and some clients leave the operation out.
    operation = request.query.get("operation", "").lower()
    if operation in {"", "create", "update"}:
        return "void" if "void" in includes(request) else "write"
    return operation if operation in {"delete", "void"} else "unknown"
