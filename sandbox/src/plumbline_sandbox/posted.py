"""Reading what is posted to the control API."""

from typing import Any

from starlette.requests import Request


async def posted_object(request: Request) -> dict[str, Any]:
    """Return the JSON object that was sent.

    Raises:
        ValueError: It is none.
    """
    body = await request.json()
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 -- it is the client's mistake
    return body
