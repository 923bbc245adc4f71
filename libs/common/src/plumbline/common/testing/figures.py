"""Figures, as a scrape would find them."""

from prometheus_client import REGISTRY


def figure(name: str, **labels: str) -> float:
    """Return the value of a series of this process; 0 if there is none. `name` is without `plumbline_`."""
    return REGISTRY.get_sample_value(f"plumbline_{name}", labels) or 0.0


def is_told(name: str, **labels: str) -> bool:
    """Say whether there is such a series."""
    return REGISTRY.get_sample_value(f"plumbline_{name}", labels) is not None
