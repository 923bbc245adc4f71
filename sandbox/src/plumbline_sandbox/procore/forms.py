"""Bodies sent as forms: `file[name]=x` and `attachments[]=<file>` as nested values.

Procore's file endpoints take multipart forms, and the bracket notation is Rails' (Procore docs,
working with file attachments). Values of forms are strings; files are `multipart.Part`.
"""

import re
from typing import Any
from urllib.parse import parse_qsl

from plumbline_sandbox import multipart
from plumbline_sandbox.http import Request

_KEYS = re.compile(r"\[([^\]]*)\]")


def is_form(request: Request) -> bool:
    """Tell whether the body is a form of either kind."""
    content_type = request.headers.get("content-type", "")
    return multipart.is_multipart(content_type) or content_type.startswith(
        "application/x-www-form-urlencoded"
    )


def read_form(request: Request) -> dict[str, Any]:
    """Return the nested values of a form.

    Raises:
        ValueError: The body is no such form, or its names contradict each other.
    """
    content_type = request.headers.get("content-type", "")
    values: dict[str, Any] = {}
    if not multipart.is_multipart(content_type):
        for name, text in parse_qsl(request.body.decode(), keep_blank_values=True):
            _set(values, name, text)
        return values
    for part in multipart.parse(content_type, request.body):
        _set(values, part.name, part.text if part.filename is None else part)
    return values


def _set(values: dict[str, Any], name: str, value: Any) -> None:
    first = name.partition("[")[0]
    path = [first, *_KEYS.findall(name)]
    is_list = path[-1] == "" and len(path) > 1
    for key in path[: -2 if is_list else -1]:
        values = values.setdefault(key, {})
        if not isinstance(values, dict):
            raise ValueError(f"{name} contradicts {key}")  # noqa: TRY004 -- one class for every unreadable body
    if is_list:
        values.setdefault(path[-2], []).append(value)
    else:
        values[path[-1]] = value
