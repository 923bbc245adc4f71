"""What the demo asks of the services' operator routes."""

from typing import Any

import httpx
import pytest

from plumbline.stack.scenario.operators import Operators


def answering(books_due_at: str | None) -> httpx.MockTransport:
    """Two services: one record is not done in each, and qb-writer's row of a company's books comes on top of it."""

    def answer(request: httpx.Request) -> httpx.Response:
        is_writer = request.url.host == "qb-writer"
        of_books = int(is_writer and books_due_at is not None)
        said: dict[str, Any] = {
            "/status": {"connections": [{"connection": "ohio", "unfinished": 1 + of_books}]},
            "/records": {"keys": ["books/9341453000000001"]},
            "/records/books/9341453000000001": {"work": {"due_at": books_due_at}},
        }
        return httpx.Response(200, json=said[request.url.path])

    return httpx.MockTransport(answer)


@pytest.mark.parametrize("books_due_at", ["2026-11-29T12:00:00Z", None])
async def test_books_that_are_looked_at_again_some_time_are_no_unfinished_record(
    books_due_at: str | None,
) -> None:
    addresses = {name: f"http://{name}" for name in ("mapper", "qb-writer")}
    async with httpx.AsyncClient(transport=answering(books_due_at)) as http:
        assert await Operators(http, addresses).unfinished() == 2
