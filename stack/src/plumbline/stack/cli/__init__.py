"""`plumbline`: the operator's command."""

from plumbline.stack.cli.main import main

__all__ = ["main"]
