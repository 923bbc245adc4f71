"""Answers of Intuit's gateway, which speaks other dialects than the service behind it.

401 and 403 are lower-case JSON with an epoch `time`; 429 is XML. All three are captured answers;
Intuit documents only the statuses.
"""

from datetime import datetime

from plumbline_sandbox.http import Answer
from plumbline_sandbox.quickbooks import wire

JSON = "application/json;charset=UTF-8"
"""Content type of the service and of the gateway's JSON."""


def unauthenticated(detail: str, moment: datetime) -> Answer:
    """Return 401: no token, an unknown one or an expired one (code 3200)."""
    return _refusal(401, "AuthenticationFailed", "3200", "AUTHENTICATION", detail, moment)


def unauthorized(moment: datetime) -> Answer:
    """Return 403: the token is good, but not for this company (code 3100)."""
    detail = "The application is not authorized for this company"
    return _refusal(403, "ApplicationAuthorizationFailed", "3100", "SERVICE", detail, moment)


def throttled(moment: datetime, retry_after_s: int | None) -> Answer:
    """Return 429 in XML (code 3001). `Retry-After` is undocumented: sent only when a figure is given."""
    body = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<IntuitResponse time="{wire.stamp(moment)}" xmlns="http://schema.intuit.com/finance/v3">'
        '<Fault type="SERVICE"><Error code="3001">'
        "<Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>"
        "<Detail>The request limit was reached.  Try again later</Detail>"
        "</Error></Fault></IntuitResponse>"
    )
    headers = {"content-type": "application/xml"}
    if retry_after_s is not None:
        headers["retry-after"] = str(retry_after_s)
    return Answer(429, body.encode(), headers)


def _refusal(status: int, name: str, code: str, kind: str, detail: str, moment: datetime) -> Answer:
    message = f"message={name}; errorCode=00{code}; statusCode={status}"
    error = {"message": message, "detail": detail, "code": code, "element": None}
    body: wire.Body = {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [error], "type": kind},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(moment.timestamp() * 1000),
        "status": None,
        "cdcresponse": [],
    }
    return Answer(status, wire.dump(body), {"content-type": JSON})
