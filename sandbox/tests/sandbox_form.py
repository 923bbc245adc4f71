"""The form of a page, as a browser reads it."""

from __future__ import annotations

from html.parser import HTMLParser

from typing_extensions import override


class Form(HTMLParser):
    """The form of a page: fields as they are filled in at first, options of the chooser, buttons."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.method = self.action = ""
        self.fields: dict[str, str] = {}
        self.options: list[str] = []
        self.buttons: list[tuple[str, str]] = []
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in a tag."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.method, self.action = given["method"], given["action"]
        elif tag == "input":
            self.fields[given["name"]] = given["value"]
        elif tag == "option":
            self.options.append(given["value"])
        elif tag == "button":
            self.buttons.append((given["name"], given["value"]))
