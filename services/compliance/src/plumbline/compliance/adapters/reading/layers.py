"""Whether text stands in a layer that is off: people do not see it before they switch the layer on.

Source: PDF 32000-1:2008, 8.11 (optional content), tables 99 (memberships), 101 (configurations) and 102 (usage).
"""

from collections.abc import Iterable, Iterator
from typing import Any

import pikepdf

_TEXT = frozenset(("Tj", "TJ", "'", '"'))
"""Operators that show text."""


class Layers:
    """The layers of a file as they are when it is opened, and when it is printed."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        """Find those that are off."""
        self._pdf = pdf
        layers = pdf.Root.get("/OCProperties", pikepdf.Dictionary())
        start = layers.get("/D", pikepdf.Dictionary())
        self._are_off_unless_on = start.get("/BaseState") == "/OFF"
        self._on = _ids(start.get("/ON"))
        self._off = _ids(start.get("/OFF")) | _ids(_off_by_usage(layers.get("/OCGs")))
        self._followed = set[tuple[tuple[int, int], bool]]()

    @property
    def all_are_on(self) -> bool:
        """Whether each layer is on by itself; content may still be bound to one that is not."""
        return not (self._off or self._are_off_unless_on)

    def hide_text(self) -> bool:
        """Return whether text of a page, or a field on it, is in a layer that is off."""
        return any(
            self._hides_text(page.obj, page.resources, is_off=False)
            or any(map(self._hides_field, page.obj.get("/Annots", pikepdf.Array())))
            for page in self._pdf.pages
        )

    def _hides_field(self, annotation: Any) -> bool:
        if annotation.get("/Subtype") != "/Widget":
            return False
        shown = annotation.get("/AP", pikepdf.Dictionary()).get("/N")
        return self._is_off(annotation.get("/OC")) or (
            isinstance(shown, pikepdf.Stream)
            and self._hides_text(shown, shown.get("/Resources", pikepdf.Dictionary()), is_off=False)
        )

    def _hides_text(self, content: Any, resources: Any, *, is_off: bool) -> bool:
        """Return whether a page or a form shows text in a layer that is off; each form is looked at once in either."""
        marks = [is_off or self._is_off(content.get("/OC"))]
        for instruction in pikepdf.parse_content_stream(content):
            operands = instruction.operands
            match str(instruction.operator):
                case "BMC":
                    marks.append(marks[-1])
                case "BDC":
                    marks.append(marks[-1] or self._is_marked_off(operands, resources))
                case "EMC" if len(marks) > 1:
                    marks.pop()
                case "Do" if self._draws_hidden_text(operands, resources, is_off=marks[-1]):
                    return True
                case shown if shown in _TEXT and marks[-1]:
                    return True
                case _:
                    pass
        return False

    def _draws_hidden_text(self, operands: Any, resources: Any, *, is_off: bool) -> bool:
        form = resources.get("/XObject", pikepdf.Dictionary()).get(str(operands[0]))
        if form is None or form.get("/Subtype") != "/Form" or (form.objgen, is_off) in self._followed:
            return False
        self._followed.add((form.objgen, is_off))
        return self._hides_text(form, form.get("/Resources", resources), is_off=is_off)

    def _is_marked_off(self, operands: Any, resources: Any) -> bool:
        mark, layer = operands
        return mark == "/OC" and self._is_off(
            resources.get("/Properties", pikepdf.Dictionary()).get(str(layer))
        )

    def _is_off(self, layer: Any) -> bool:
        """Return whether content that is bound to a layer, or to several, is not drawn."""
        if layer is None or layer.get("/Type") != "/OCMD":
            return layer is not None and self._is_group_off(layer)
        if "/VE" in layer:
            return True  # an expression: not computed, for hardly a program writes any
        groups = layer.get("/OCGs", pikepdf.Array())
        off = [
            self._is_group_off(one)
            for one in ([groups] if isinstance(groups, pikepdf.Dictionary) else groups)
        ]
        by_policy = {"/AllOn": any(off), "/AnyOff": not any(off), "/AllOff": not all(off)}
        return bool(off) and by_policy.get(str(layer.get("/P")), all(off))

    def _is_group_off(self, group: Any) -> bool:
        number = group.objgen
        return number in self._off or (self._are_off_unless_on and number not in self._on)


def _ids(groups: Iterable[Any] | None) -> set[tuple[int, int]]:
    return {group.objgen for group in groups or ()}


def _off_by_usage(groups: Iterable[Any] | None) -> Iterator[Any]:
    """Give the layers that are off on a screen or on paper, though they may be on by themselves."""
    for group in groups or ():
        usage = group.get("/Usage", pikepdf.Dictionary())
        states = (usage.get(f"/{use}", pikepdf.Dictionary()).get(f"/{use}State") for use in ("View", "Print"))
        if any(state == "/OFF" for state in states):
            yield group
