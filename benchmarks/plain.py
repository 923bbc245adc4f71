"""The rival: reads a company's token and posts one invoice after the other, as most integrations do.

It keeps nothing, looks nothing up and tries nothing again; whatever it is not answered it has lost, or made
twice. Run as a process of its own: its one argument is a file that says where and what, its one line of
output how long it took and how much of a processor.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx


def post_all(told: dict[str, Any]) -> None:
    """Post every invoice.

    Raises:
        httpx.HTTPStatusError: QuickBooks refused one.
    """
    address = f"{told['quickbooks_url']}/v3/company/{told['realm']}/invoice"
    token_file = Path(told["token_file"])
    with httpx.Client(headers={"accept": "application/json"}, timeout=60) as http:
        for body in told["invoices"]:
            headers = {"authorization": f"Bearer {token_file.read_text(encoding='utf-8').strip()}"}
            http.post(address, json=body, headers=headers).raise_for_status()


if __name__ == "__main__":
    told = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    post_all(told)
    print(json.dumps({"s": time.perf_counter() - began_s, "cpu_s": time.process_time() - began_cpu_s}))
