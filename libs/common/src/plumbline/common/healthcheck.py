"""`python -m plumbline.common.healthcheck`: exit 0 if the service in this container is ready.

Only the standard library: it is started every few seconds beside a service.
"""

import http.client
import os
import sys

TIMEOUT_S = 3.0
"""A service that takes longer to say how it is, is not well."""


def main() -> None:
    """Ask the service that listens on `PLUMBLINE_HTTP_PORT`; what it answers is printed."""
    asked = http.client.HTTPConnection("127.0.0.1", int(os.environ["PLUMBLINE_HTTP_PORT"]), timeout=TIMEOUT_S)
    try:
        asked.request("GET", "/health/ready")
        answer = asked.getresponse()
        sys.stdout.write(answer.read(1000).decode("utf-8", "replace"))
    except OSError as error:
        sys.exit(f"no answer: {error}")
    sys.exit(0 if answer.status == http.client.OK else 1)


if __name__ == "__main__":
    main()
