"""What a PDF does besides showing its pages: actions, and the chains that they stand in.

Some actions are told wherever they stand, as those that send a form away. Others are harmless at a click, as a link to
a web page, and are told where nobody has to click: when the file or a page is opened, or a field is left.

Source: PDF 32000-1:2008, 12.6 (actions), tables 194 to 197 (what starts them).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pikepdf

from plumbline.compliance.domain.content import Action

OWN_WORDS = frozenset(("/JavaScript", "/Launch"))
"""Kinds of action of which `Structure` tells by themselves."""

_WHEREVER: Mapping[str, Action] = {
    "/SubmitForm": "sends what is filled in",
    "/ImportData": "takes in other data",
    "/GoToR": "opens another file",
    "/GoToE": "opens another file",
    "/Rendition": "plays sound or film",
    "/Movie": "plays sound or film",
    "/Sound": "plays sound or film",
    "/RichMediaExecute": "plays sound or film",
}
_BY_THEMSELVES: Mapping[str, Action] = {
    "/URI": "opens a web page",
    "/Hide": "shows or hides parts",
    "/SetOCGState": "shows or hides parts",
    "/ResetForm": "empties fields",
}
_HARMLESS = frozenset(("/GoTo", "/GoTo3DView", "/Named", "/Thread", "/Trans"))
"""They turn pages, and so may open a file at one."""

_WEB_SCHEMES = frozenset(("http", "https", "mailto", "tel"))
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")


class Actions:
    """Sees a file's dictionaries, one by one; `seen` are the actions to tell of."""

    def __init__(self) -> None:
        """Begin with none."""
        self.seen = set[Action]()
        self._followed = set[tuple[int, int]]()

    def see(self, dictionary: pikepdf.Dictionary) -> None:
        """Take in one dictionary of the file, whatever it is."""
        wherever = _WHEREVER.get(str(dictionary.get("/S", "")))
        if wherever:
            self.seen.add(wherever)
        if any(_leaves_the_web(dictionary.get(key)) for key in ("/URI", "/Base")):
            self.seen.add("opens another file")
        if "/OpenAction" in dictionary:
            self._start(dictionary.get("/OpenAction"))
        additional = dictionary.get("/AA")
        if isinstance(additional, pikepdf.Dictionary):
            for action in additional.as_dict().values():
                self._start(action)

    def _start(self, action: Any) -> None:
        """Take in an action that nobody asks for, and those that follow it; what is no dictionary is a place in the file."""
        for one in self._chain(action):
            kind = str(one.get("/S", ""))
            if kind not in _HARMLESS | OWN_WORDS:
                self.seen.add(_BY_THEMSELVES.get(kind) or _WHEREVER.get(kind, "does something unknown"))

    def _chain(self, first: Any) -> Iterator[pikepdf.Dictionary]:
        """Each action once in the whole file: chains may meet, and may be rings."""
        waiting = [first]
        while waiting:
            action = waiting.pop()
            if not isinstance(action, pikepdf.Dictionary):
                continue
            if action.is_indirect:
                if action.objgen in self._followed:
                    continue
                self._followed.add(action.objgen)
            yield action
            following = action.get("/Next")
            waiting += following.as_list() if isinstance(following, pikepdf.Array) else [following]


def _leaves_the_web(address: Any) -> bool:
    """Return whether an address names a scheme, and none of the web: `file:`, `javascript:`."""
    scheme = _SCHEME.match(str(address)) if isinstance(address, pikepdf.String) else None
    return scheme is not None and scheme[1].lower() not in _WEB_SCHEMES
