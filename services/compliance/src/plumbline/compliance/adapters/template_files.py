"""The folder of templates: ours under `base`, and each firm's under `firms/<firm>`.

```
base/look.yaml                       the ground of all looks, in versions
base/layout-v1.typ                   what templates are made of
base/KIND-vN.typ, KIND-vN.yaml       a template, and what was said when it was saved
base/samples/KIND.json               data to try a template with
firms/FIRM/look.yaml, *.svg          what the firm changes, and its logo
firms/FIRM/projects/PROJECT.yaml     what a project changes
firms/FIRM/KIND-vN.typ, .yaml        templates of the firm's own
```
A template is there once its YAML is: it is written last, and once. A number whose YAML is missing is never used again.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from plumbline.common.connections import ConfigurationError
from plumbline.compliance.domain.templates.kinds import KINDS
from plumbline.compliance.domain.templates.look import Look, LookVersion, laid
from plumbline.compliance.domain.templates.sheet import Sheet
from plumbline.compliance.domain.templates.template import Template, TemplateVersion

LAYOUT_VERSION = 1
"""Of the layout that new templates are written for."""

MAX_TEMPLATE_BYTES = 64 << 10
MAX_LOGO_BYTES = 256 << 10

M = TypeVar("M", bound=BaseModel)

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(slots=True)
class TemplateFolder:
    """Finds the template, look and files for a firm, a project and a day."""

    folder: Path
    _kept: dict[tuple[str, str | None, str | None, date], Template] = field(default_factory=dict)

    def find(self, kind: str, day: date, *, firm: str | None = None, project: str | None = None) -> Template:
        """Return the template of a kind: the firm's own newest one of the day, else ours.

        Raises:
            ConfigurationError: needs a person; names the file and what is wrong with it.
        """
        key = (kind, firm, project, day)
        if key not in self._kept:
            self._kept[key] = self._found(kind, day, firm, project)
        return self._kept[key]

    def candidate(self, source: Path, kind: str, day: date, firm: str) -> Template:
        """Return a template that is not saved yet, under the next version number of the firm's.

        Raises:
            ConfigurationError: needs a person.
        """
        content = _bytes(source, MAX_TEMPLATE_BYTES)
        taken = [int(path.stem.rsplit("-v", 1)[1]) for path in self._home(firm).glob(f"{kind}-v*.typ")]
        base = self._found(kind, day, None, None).version
        version = TemplateVersion(
            version=max(taken, default=0) + 1,
            since=day,
            kind=kind,
            layout=LAYOUT_VERSION,
            sha256=_hash(content),
            layout_sha256=_hash(self._layout(LAYOUT_VERSION)),
            forms=base.forms,
        )
        return self._template(version, content, firm, self.look(day, firm=firm))

    def save(self, template: Template, firm: str) -> Path:
        """Save a template under its version, never to be changed; the same one again is not saved twice.

        Raises:
            ConfigurationError: needs a person; another was saved under that version meanwhile.
        """
        home = self._home(firm)
        stem = f"{template.kind}-v{template.version.version}"
        for version, path in self._versions(home, template.kind):
            if (
                version.sha256 == template.version.sha256
                and version.layout_sha256 == template.version.layout_sha256
            ):
                return path
        said = yaml.safe_dump(template.version.model_dump(mode="json", exclude_none=True), sort_keys=False)
        _write_once(home / f"{stem}.typ", template.files["template.typ"])
        _write_once(home / f"{stem}.yaml", said.encode())
        self._kept.clear()
        return home / f"{stem}.typ"

    def look(self, day: date, *, firm: str | None = None, project: str | None = None) -> Look:
        """Return how a firm's sheets look on a day.

        Raises:
            ConfigurationError: needs a person.
        """
        paths = [self.folder / "base" / "look.yaml"]
        if firm is not None:
            paths.append(self._home(firm) / "look.yaml")
            if project is not None:
                paths.append(self._home(firm) / "projects" / f"{_slug(project)}.yaml")
        changes = [_change(path, day) for path in paths if path is paths[0] or path.exists()]
        return _parsed(Look, laid(*changes), paths[-1])

    def sample(self, kind: str) -> list[Sheet]:
        """Return the data with which a template of a kind is tried."""
        path = self.folder / "base" / "samples" / f"{kind}.json"
        return [read_sheet(kind, it, path) for it in yaml.safe_load(_bytes(path, 1 << 20))]

    def places(self) -> Iterator[tuple[str | None, str | None]]:
        """Return every firm and project there is a folder or file for, and ours."""
        yield None, None
        for home in sorted((self.folder / "firms").glob("*/")):
            yield home.name, None
            for path in sorted(home.glob("projects/*.yaml")):
                yield home.name, path.stem

    def _found(self, kind: str, day: date, firm: str | None, project: str | None) -> Template:
        look = self.look(day, firm=firm, project=project)
        homes = [(firm, self._home(firm))] if firm is not None else []
        for owner, home in [*homes, (None, self.folder / "base")]:
            applying = [found for found in self._versions(home, kind) if found[0].applies(day)]
            if applying:
                version, path = max(applying, key=lambda found: found[0].version)
                return self._template(version, _bytes(path, MAX_TEMPLATE_BYTES), owner, look, firm)
        raise ConfigurationError(
            f"{self.folder} has no template {kind} for {day}; there are {', '.join(KINDS)}"
        )

    def _template(
        self, version: TemplateVersion, content: bytes, owner: str | None, look: Look, firm: str | None = None
    ) -> Template:
        name = f"{owner}/{version.kind}" if owner else version.kind
        layout = self._layout(version.layout)
        if _hash(content) != version.sha256 or _hash(layout) != version.layout_sha256:
            of_file = _hash(content) != version.sha256
            changed = (
                f"it (now {_hash(content)})"
                if of_file
                else f"layout-v{version.layout}.typ (now {_hash(layout)})"
            )
            raise ConfigurationError(
                f"{name} v{version.version}: {changed} was changed after it was saved; save a new version instead"
            )
        files = {"template.typ": content, "layout.typ": layout}
        if look.logo is not None:
            files[look.logo] = _bytes(self._home(firm or owner or "") / look.logo, MAX_LOGO_BYTES)
        return Template(name, version, look, files)

    def _versions(self, home: Path, kind: str) -> Iterator[tuple[TemplateVersion, Path]]:
        for path in sorted(home.glob(f"{kind}-v*.yaml")):
            yield _parsed(TemplateVersion, _mapping(path), path), path.with_suffix(".typ")

    def _layout(self, version: int) -> bytes:
        return _bytes(self.folder / "base" / f"layout-v{version}.typ", MAX_TEMPLATE_BYTES)

    def _home(self, firm: str) -> Path:
        home = self.folder / "firms" / _slug(firm)
        if not home.is_dir():
            raise ConfigurationError(
                f"there is no firm {firm} in {self.folder / 'firms'}; make its folder first"
            )
        return home


def read_sheet(kind: str, said: Any, where: Path) -> Sheet:
    """Return a sheet's data.

    Raises:
        ConfigurationError: needs a person; names what is wrong.
    """
    if kind not in KINDS:
        raise ConfigurationError(f"there is no kind {kind}; there are {', '.join(KINDS)}")
    return _parsed(KINDS[kind], said, where)


def _change(path: Path, day: date) -> dict[str, Any]:
    """Return what the version of a look that applies on a day changes."""
    versions = [_parsed(LookVersion, one, path) for one in _mapping(path).get("versions") or []]
    applying = [version for version in versions if version.applies(day)]
    if not applying:
        raise ConfigurationError(f"{path} has no version that applies on {day}")
    return max(applying, key=lambda version: version.version).look


def _parsed(model: type[M], said: Any, path: Path) -> M:
    try:
        return model.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"{path}: {place + ': ' if place else ''}{first['msg']}") from error


def _mapping(path: Path) -> dict[str, Any]:
    try:
        said = yaml.safe_load(_bytes(path, MAX_TEMPLATE_BYTES))
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(said, dict):
        raise ConfigurationError(f"{path} is no mapping")
    return said


def _bytes(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > most:
        raise ConfigurationError(f"{path} is larger than {most >> 10} KiB")
    return content


def _slug(name: str) -> str:
    """Refuse what could lead out of the folder."""
    if not _SLUG.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} is no name of a firm or project: lower-case letters, digits and dashes"
        )
    return name


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write_once(path: Path, content: bytes) -> None:
    """Create a file whole, or not at all, and never over another."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".saving-") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        Path(file.name).chmod(0o644)
        try:
            os.link(file.name, path)
        except FileExistsError as error:
            raise ConfigurationError(
                f"{path.name} was saved by somebody else meanwhile; save once more"
            ) from error
