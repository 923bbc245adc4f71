"""The safe over HTTP: operators' routes, links that anybody may follow, and a view for ordinary WebDAV clients.

Links and the view stand under `SELF_GUARDED`: they ask for a token or password of their own, not for the operators' token.
"""

from collections.abc import Collection, Sequence

from starlette.routing import BaseRoute

from plumbline.compliance.adapters.safe.opening import OpenSafe
from plumbline.compliance.bounds import READS_AT_ONCE, Places
from plumbline.compliance.safe_routes.links import LinkRoutes
from plumbline.compliance.safe_routes.operators import SafeRoutes
from plumbline.compliance.safe_routes.webdav import VIEW, WebDavView

SELF_GUARDED = ("/link/", f"{VIEW}/")
"""Beginnings of paths that ask for a proof of their own: see `operator_app`."""


def routes(safe: OpenSafe, connections: Collection[str]) -> Sequence[BaseRoute]:
    """Return every route of the safe, to be mounted at the root; papers come in for `connections` alone."""
    reads = Places(READS_AT_ONCE)
    return [
        *SafeRoutes(safe, reads, connections).routes(),
        *LinkRoutes(safe.links, reads).routes(),
        *WebDavView(safe, reads).routes(),
    ]
