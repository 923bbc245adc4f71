"""The rival: a webhook handler that reads the invoice and posts it at once, as many integrations do.

It has no store, no queue and no retry; it makes a second invoice when a webhook comes twice. It
shows what the way from event to books costs without any promise. Run as a process of its own:
its one argument is a file with addresses and credentials, its one line of output its own address.
"""

import asyncio
import json
import socket
import sys
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class Direct:
    """Answers one company's webhooks by writing into one realm."""

    def __init__(self, told: dict[str, Any], procore: httpx.AsyncClient, books: httpx.AsyncClient) -> None:
        self._told = told
        self._procore = procore
        self._books = books

    async def hook(self, request: Request) -> Response:
        """Read the invoice of the event and post it if it is approved."""
        event = await request.json()
        project, number = event["project_id"], event["resource_id"]
        answer = await self._procore.get(
            f"/rest/v1.0/payment_applications/{number}", params={"project_id": project}
        )
        invoice = answer.raise_for_status().json()
        if invoice["status"] == "approved":
            (await self._books.post("/invoice", json=self._document(invoice))).raise_for_status()
        return Response(status_code=200)

    def _document(self, invoice: dict[str, Any]) -> dict[str, Any]:
        item = {"ItemRef": {"value": self._told["item"]}}
        line = {
            "Amount": float(invoice["g702"]["current_payment_due"]),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": item,
        }
        number = f"{self._told['prefix']}-{invoice['invoice_number']}"
        return {"CustomerRef": {"value": self._told["customer"]}, "DocNumber": number, "Line": [line]}


async def serve(told: dict[str, Any]) -> None:
    """Serve until killed."""
    headers = {"authorization": f"Bearer {told['procore_token']}", "procore-company-id": told["company"]}
    books = {"authorization": f"Bearer {told['quickbooks_token']}", "accept": "application/json"}
    async with (
        httpx.AsyncClient(base_url=told["procore_url"], headers=headers) as procore,
        httpx.AsyncClient(
            base_url=f"{told['quickbooks_url']}/v3/company/{told['realm']}", headers=books
        ) as quickbooks,
    ):
        rival = Direct(told, procore, quickbooks)
        app = Starlette(routes=[Route("/", rival.hook, methods=["POST"])])
        with socket.create_server(("127.0.0.1", 0)) as listener:
            print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
            await uvicorn.Server(uvicorn.Config(app, log_level="error")).serve(sockets=[listener])


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
