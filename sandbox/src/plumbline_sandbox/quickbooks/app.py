"""QuickBooks Online as an ASGI application."""

from plumbline_sandbox.quickbooks.provider import QuickBooksProvider
from plumbline_sandbox.server import App
from plumbline_sandbox.world import World


def build(world: World) -> App:
    """Return the application that serves this world's companies, tokens and discovery."""
    return App(world, QuickBooksProvider(world))
