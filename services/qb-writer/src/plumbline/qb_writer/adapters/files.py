"""Files by their contents, in a folder: the first two characters of the hash, then the whole of it."""

import asyncio
import hashlib
from pathlib import Path

from plumbline.common.errors import NeedsHumanError
from plumbline.qb_writer.domain.records import File


class FileMissingError(NeedsHumanError):
    """A file that should be attached is not where files are kept."""


class FileFolder:
    """Reads files from a folder that others fill."""

    def __init__(self, folder: Path | None) -> None:
        """Read from `folder`; None: there is none, and nothing can be attached."""
        self._folder = folder

    async def read(self, file: File) -> bytes:
        """Return exactly the bytes that were asked for.

        Raises:
            FileMissingError: needs a person; there are no such bytes.
        """
        if self._folder is None:
            raise FileMissingError("No folder of files is configured: set PLUMBLINE_FILES_DIR, then resume.")
        path = self._folder / file.sha256[:2] / file.sha256
        try:
            content = await asyncio.to_thread(path.read_bytes)
        except OSError as error:
            raise FileMissingError(
                f"File {file.sha256} cannot be read: {error.strerror}. Put it back, then resume."
            ) from error
        if len(content) != file.size_bytes or hashlib.sha256(content).hexdigest() != file.sha256:
            raise FileMissingError(f"File {file.sha256} is not what it was. Put it back, then resume.")
        return content
