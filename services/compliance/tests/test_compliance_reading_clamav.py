"""ClamAV itself, with two signatures of our own that find the EICAR test file, so that nothing is downloaded."""

import asyncio
import hashlib
import shutil
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hostile_papers import harmless, one_page, pdf, stream

from plumbline.compliance.adapters.reading.limits import MIB
from plumbline.compliance.adapters.scanning import Clamd
from plumbline.compliance.ports.reading import ScannerUnavailableError
from plumbline.stack.servers.ports import accepts_connections, free_port

pytestmark = [
    pytest.mark.connected,
    pytest.mark.skipif(
        shutil.which("clamd", path="/usr/sbin:/usr/bin:/usr/local/sbin") is None,
        reason="ClamAV is not installed (Debian: clamav-daemon); nothing was scanned by it",
    ),
]

# In two pieces, or scanners of this folder would find it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

SETTINGS = """
Foreground yes
DatabaseDirectory {folder}
TCPSocket {port}
TCPAddr 127.0.0.1
StreamMaxLength 1M
MaxThreads 2
AlertExceedsMax yes
"""


@pytest.fixture
async def clamd(tmp_path: Path) -> AsyncIterator[Clamd]:
    digest = hashlib.sha256(EICAR).hexdigest()
    (tmp_path / "local.hsb").write_text(f"{digest}:{len(EICAR)}:Eicar-Test:73\n")
    (tmp_path / "local.ndb").write_text(f"Eicar-Inside:0:*:{EICAR.hex()}\n")
    port = free_port()
    settings = tmp_path / "clamd.conf"
    settings.write_text(SETTINGS.format(folder=tmp_path, port=port))
    path = shutil.which("clamd", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(str(path), "-c", str(settings), stdout=log, stderr=log)
    try:
        async with asyncio.timeout(60):
            while not await asyncio.to_thread(accepts_connections, "127.0.0.1", port):
                assert process.returncode is None, (tmp_path / "log").read_text()
                await asyncio.sleep(0.05)
        yield Clamd("127.0.0.1", port, deadline_s=20)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def test_clamav_finds_eicar_bare_and_inside_a_paper_and_nothing_in_a_harmless_one(clamd: Clamd) -> None:
    clean = await clamd.scan(harmless())
    assert clean.found is None
    assert clean.by.startswith("ClamAV ")
    assert str((await clamd.scan(EICAR)).found).startswith("Eicar-")
    deflated = pdf({**one_page(stream(b"")), 9: stream(zlib.compress(EICAR), b"/Filter/FlateDecode")})
    assert str((await clamd.scan(deflated)).found).startswith("Eicar-Inside")


async def test_file_larger_than_clamav_takes_is_not_clean(clamd: Clamd) -> None:
    with pytest.raises(ScannerUnavailableError, match="StreamMaxLength"):
        await clamd.scan(bytes(MIB + 1))
    assert (await clamd.scan(bytes(MIB))).found is None


async def test_many_files_are_scanned_at_once(clamd: Clamd) -> None:
    papers = [harmless(str(n)) if n % 2 else EICAR for n in range(20)]
    scans = await asyncio.gather(*map(clamd.scan, papers))
    assert [scan.found is None for scan in scans] == [bool(n % 2) for n in range(20)]
