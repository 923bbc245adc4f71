"""Answers of Intuit's gateway, which speaks other dialects than the service behind it.

401 and 403 are lower-case JSON with an epoch `time`; 429 is XML. All three are captured answers;
Intuit documents only the statuses. That a 401 comes in XML stands in Intuit's guide to OAuth and in
other captured answers: a switch of the company.
"""

from datetime import datetime

from plumbline_sandbox.http import Answer
from plumbline_sandbox.quickbooks import wire
from plumbline_sandbox.quickbooks.errors import Trouble

JSON = "application/json;charset=UTF-8"
"""Content type of the service and of the gateway's JSON."""


def unauthenticated(detail: str, moment: datetime) -> Answer:
    """Return 401: no token, an unknown one or an expired one (code 3200)."""
    return _refusal(401, "AuthenticationFailed", "3200", "AUTHENTICATION", detail, moment)


def unauthorized(moment: datetime) -> Answer:
    """Return 403: the token is good, but not for this company (code 3100)."""
    detail = "The application is not authorized for this company"
    return _refusal(403, "ApplicationAuthorizationFailed", "3100", "SERVICE", detail, moment)


def unauthenticated_in_xml(moment: datetime) -> Answer:
    """Return 401 in XML (code 3200)."""
    message = "message=ApplicationAuthenticationFailed; errorCode=003200; statusCode=401"
    return _xml(401, "AUTHENTICATION", Trouble("3200", message, ""), moment)


def stranger_in_xml(moment: datetime) -> Answer:
    """Return 401 in XML for a token of another company (code 100), as captured."""
    detail = "AuthenticationErrorGeneral: SRV-110-Authentication Failure , statusCode: 401"
    trouble = Trouble("100", "General Authentication Error", detail)
    return _xml(401, "AuthenticationFault", trouble, moment)


def throttled(moment: datetime, retry_after_s: int | None) -> Answer:
    """Return 429 in XML (code 3001). `Retry-After` is undocumented: sent only when a figure is given."""
    message = "message=ThrottleExceeded; errorCode=003001; statusCode=429"
    trouble = Trouble("3001", message, "The request limit was reached.  Try again later")
    answer = _xml(429, "SERVICE", trouble, moment)
    if retry_after_s is not None:
        answer.headers["retry-after"] = str(retry_after_s)
    return answer


def _xml(status: int, kind: str, trouble: Trouble, moment: datetime) -> Answer:
    detail = f"<Detail>{trouble.detail}</Detail>" if trouble.detail else ""
    body = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<IntuitResponse time="{wire.stamp(moment)}" xmlns="http://schema.intuit.com/finance/v3">'
        f'<Fault type="{kind}"><Error code="{trouble.code}"><Message>{trouble.message}</Message>{detail}'
        "</Error></Fault></IntuitResponse>"
    )
    return Answer(status, body.encode(), {"content-type": "application/xml"})


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
