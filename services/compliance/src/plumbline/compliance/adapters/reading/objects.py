"""What stands in a PDF's dictionaries, as pypdf gives them."""

from typing import Any

from pypdf.generic import DictionaryObject, NullObject, PdfObject


def at(dictionary: Any, key: str) -> Any:
    """Return what stands under a key, wherever in the file it is kept; None if nothing does."""
    value = dictionary.get(key) if isinstance(dictionary, DictionaryObject) else None
    value = value.get_object() if isinstance(value, PdfObject) else value
    return None if isinstance(value, NullObject) else value
