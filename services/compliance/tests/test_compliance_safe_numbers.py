"""Tax numbers: whole in the safe's ciphertext, and nowhere else."""

import asyncio
import contextlib
import os
import time
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from safe_lab import ABOUT, CONNECTION, OTHER, Lab, opened_lab
from structlog.testing import capture_logs
from typing_extensions import override

from plumbline.common.errors import TransientError
from plumbline.common.secrets.data_keys import FileDataKeys, Purpose, rotate_key_file
from plumbline.common.secrets.keyfile import KeyFile, KeyFileBusyError
from plumbline.common.secrets.port import SecretStoreUnavailableError
from plumbline.common.testing.crashing import Doom, DoomedPool, Fate, KilledError
from plumbline.common.testing.database import rows
from plumbline.compliance.adapters.safe.keys import Rekeyed, Rekeying, Rewrapping
from plumbline.compliance.adapters.safe.objects import FolderObjects
from plumbline.compliance.domain.envelope import MAGIC
from plumbline.compliance.ports.safe import (
    MalformedTaxNumberError,
    SafeUnavailableError,
    SpoiledDocumentError,
    TaxNumberOnFile,
    UnknownDocumentError,
)

NUMBER = "912-73-4188"
DIGITS = NUMBER.replace("-", "")


@pytest.fixture
async def lab(database_url: str, tmp_path: Path) -> AsyncIterator[Lab]:
    """Give a safe over a folder."""
    async with opened_lab(database_url, FolderObjects(tmp_path / "papers"), tmp_path) as opened:
        yield opened


async def w9(lab: Lab, content: str = "a W-9", connection: str = CONNECTION) -> str:
    about = ABOUT if connection == CONNECTION else type(ABOUT)(connection=connection)
    return (await lab.safe.put(content.encode(), about)).document


async def test_of_a_number_its_last_four_digits_leave_the_safe(lab: Lab) -> None:
    kept = await lab.safe.keep_tax_number(CONNECTION, await w9(lab), vendor="88", number=NUMBER)
    assert kept == TaxNumberOnFile(last_four="4188", is_new=True)


async def test_whole_number_is_read_by_name_and_reason(lab: Lab) -> None:
    document = await w9(lab)
    await lab.safe.keep_tax_number(CONNECTION, document, vendor="88", number=NUMBER)
    whole = await lab.safe.tax_number(CONNECTION, document, who="payroll", why="1099-NEC 2026")
    assert whole.get_secret_value() == DIGITS
    logged = await rows(lab.pool, "SELECT action, who, why FROM safe_accesses")
    assert [tuple(row.values()) for row in logged] == [("tax-number", "payroll", "1099-NEC 2026")]


@pytest.mark.parametrize("written", [NUMBER, DIGITS, "91-2734188", " 912 73 4188 "])
async def test_number_however_written_is_the_same_number(lab: Lab, written: str) -> None:
    document = await w9(lab)
    await lab.safe.keep_tax_number(CONNECTION, document, vendor="88", number=NUMBER)
    kept = await lab.safe.keep_tax_number(CONNECTION, await w9(lab, "newer"), vendor="88", number=written)
    assert kept == TaxNumberOnFile(last_four="4188", is_new=False)


async def test_number_under_two_vendors_is_told(lab: Lab) -> None:
    await lab.safe.keep_tax_number(CONNECTION, await w9(lab, "1"), vendor="88", number=NUMBER)
    kept = await lab.safe.keep_tax_number(CONNECTION, await w9(lab, "2"), vendor="99", number=NUMBER)
    assert kept == TaxNumberOnFile(last_four="4188", is_new=True, also_of=("88",))


async def test_numbers_of_two_companies_cannot_be_compared(lab: Lab) -> None:
    await lab.safe.keep_tax_number(CONNECTION, await w9(lab), vendor="88", number=NUMBER)
    kept = await lab.safe.keep_tax_number(OTHER, await w9(lab, connection=OTHER), vendor="99", number=NUMBER)
    assert kept.also_of == ()
    found = await rows(lab.pool, "SELECT DISTINCT lookup FROM safe_tax_numbers")
    assert len(found) == 2


async def test_keeping_it_twice_keeps_it_once(lab: Lab) -> None:
    document = await w9(lab)
    first = await lab.safe.keep_tax_number(CONNECTION, document, vendor="88", number=NUMBER)
    again = await lab.safe.keep_tax_number(CONNECTION, document, vendor="88", number=NUMBER)
    assert (first.is_new, again.is_new) == (True, False)
    assert len(await rows(lab.pool, "SELECT 1 FROM safe_tax_numbers")) == 1


async def test_number_goes_with_its_paper(lab: Lab) -> None:
    document = await w9(lab)
    await lab.safe.keep_tax_number(CONNECTION, document, vendor="88", number=NUMBER)
    await lab.safe.destroy(CONNECTION, document, who="ana", why="four years are over")
    with pytest.raises(UnknownDocumentError):
        await lab.safe.tax_number(CONNECTION, document, who="payroll", why="test")
    assert not await rows(lab.pool, "SELECT 1 FROM safe_tax_numbers")


async def test_row_in_anothers_place_does_not_open(lab: Lab) -> None:
    one, other = await w9(lab, "1"), await w9(lab, "2")
    await lab.safe.keep_tax_number(CONNECTION, one, vendor="88", number=NUMBER)
    await rows(lab.pool, "UPDATE safe_tax_numbers SET document = $1", other)
    with pytest.raises(SpoiledDocumentError):
        await lab.safe.tax_number(CONNECTION, other, who="payroll", why="test")


async def test_after_a_rotation_everything_is_wrapped_anew_and_opens_without_the_old_key(
    lab: Lab, tmp_path: Path
) -> None:
    document = await w9(lab)
    await lab.safe.keep_tax_number(CONNECTION, document, vendor="88", number=NUMBER)
    before = await lab.stored()
    rotate_key_file(tmp_path / "safe-key")
    rotated = FileDataKeys(KeyFile(tmp_path / "safe-key"))
    assert (
        await Rewrapping(lab.pool, rotated).run() == 4
    )  # a paper, a number, and the two keys of the connection
    assert await Rewrapping(lab.pool, rotated).run() == 0
    newest = (tmp_path / "safe-key").read_text().splitlines()[0]
    (tmp_path / "safe-key").write_text(f"{newest}\n")
    replica = lab.again(FileDataKeys(KeyFile(tmp_path / "safe-key")))
    assert await replica.get(CONNECTION, document, who="ana", why="test") == b"a W-9"
    whole = await replica.tax_number(CONNECTION, document, who="payroll", why="test")
    assert whole.get_secret_value() == DIGITS
    kept = await replica.keep_tax_number(CONNECTION, document, vendor="88", number=NUMBER)
    assert not kept.is_new  # looked up by the same key as before
    assert await lab.stored() == before  # no object was read or written


def age(path: Path, minutes: float) -> None:
    """Let a key file have been written some minutes ago."""
    at = time.time() - 60 * minutes
    os.utime(path, (at, at))


async def test_key_file_gets_a_new_key_and_loses_the_former_when_nothing_can_need_it(
    lab: Lab, tmp_path: Path
) -> None:
    document, file = await w9(lab), tmp_path / "safe-key"
    await lab.safe.keep_tax_number(CONNECTION, document, vendor="88", number=NUMBER)
    other = lab.again(FileDataKeys(KeyFile(file)))  # another replica, which has read the file
    former = KeyFile(file).newest
    age(file, 60)
    assert await lab.whole.rekeying.run() == Rekeyed(4, former_keys=1)
    late = (await other.put(b"after the new key came", ABOUT)).document
    age(file, 9)
    assert await lab.whole.rekeying.run() == Rekeyed(0, former_keys=1)
    age(file, 11)
    assert await lab.whole.rekeying.run() == Rekeyed(0, former_keys=0)
    assert former not in KeyFile(file).keys
    replica = lab.again(FileDataKeys(KeyFile(file)))
    for one in (document, late):
        assert await replica.get(CONNECTION, one, who="ana", why="test")
    whole = await replica.tax_number(CONNECTION, document, who="payroll", why="test")
    assert whole.get_secret_value() == DIGITS


async def test_key_that_still_wraps_something_does_not_go(lab: Lab, tmp_path: Path) -> None:
    class Absent(FileDataKeys):
        @override
        async def rewrap(self, purpose: Purpose, wrapped: str) -> str:
            raise SecretStoreUnavailableError

    await w9(lab)
    file = tmp_path / "safe-key"
    rotate_key_file(file)
    age(file, 60)
    keys = Absent(KeyFile(file))
    with pytest.raises(SafeUnavailableError):
        await Rekeying(Rewrapping(lab.pool, keys), keys).run()
    assert len(KeyFile(file).keys) == 2


async def test_rekeying_that_is_killed_at_any_step_goes_on_when_it_is_run_again(
    lab: Lab, tmp_path: Path
) -> None:
    document, file = await w9(lab), tmp_path / "safe-key"
    await lab.safe.keep_tax_number(CONNECTION, document, vendor="88", number=NUMBER)
    at, died = 0, True
    while died:
        at += 1
        rotate_key_file(file)  # so that there is everything to wrap anew
        age(file, 60)
        doom = Doom(at=at, fate=Fate.ANSWER_LOST)
        keys = FileDataKeys(KeyFile(file))
        rekeying = Rekeying(Rewrapping(DoomedPool(lab.pool, doom), keys), keys)
        with contextlib.suppress(KilledError, TransientError):
            await rekeying.run()
        died = doom.count >= at
        age(file, 60)
        replica = lab.again(FileDataKeys(KeyFile(file)))
        whole = await replica.tax_number(CONNECTION, document, who="payroll", why="test")
        assert whole.get_secret_value() == DIGITS
        assert await replica.get(CONNECTION, document, who="ana", why="test") == b"a W-9"
    assert at > 8


async def test_two_rekeyings_at_once_harm_nothing(lab: Lab, tmp_path: Path) -> None:
    documents = [await w9(lab, f"{number}") for number in range(5)]
    file = tmp_path / "safe-key"
    both = []
    for _ in range(2):
        keys = FileDataKeys(KeyFile(file))
        both.append(Rekeying(Rewrapping(lab.pool, keys), keys))
    ended = await asyncio.gather(*(one.run() for one in both), return_exceptions=True)
    assert any(isinstance(one, Rekeyed) for one in ended)
    assert all(isinstance(one, Rekeyed | KeyFileBusyError) for one in ended)
    assert len(KeyFile(file).keys) == 2
    replica = lab.again(FileDataKeys(KeyFile(file)))
    for document in documents:
        assert await replica.get(CONNECTION, document, who="ana", why="test")


async def test_rotation_during_the_rewrapping_leaves_nothing_behind(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Rotating(FileDataKeys):
        @override
        async def rewrap(self, purpose: Purpose, wrapped: str) -> str:
            anew = await super().rewrap(purpose, wrapped)
            if len((tmp_path / "safe-key").read_text().splitlines()) < 4:
                rotate_key_file(tmp_path / "safe-key")
                self._keys.again()
            return anew

    monkeypatch.setattr("plumbline.compliance.adapters.safe.keys.REWRAPPED_AT_ONCE", 1)
    for number in range(3):
        await w9(lab, f"{number}")
    rotate_key_file(tmp_path / "safe-key")
    assert await Rewrapping(lab.pool, Rotating(KeyFile(tmp_path / "safe-key"))).run() > 4
    newest = KeyFile(tmp_path / "safe-key").newest.id
    found = await rows(lab.pool, "SELECT wrapped FROM safe_papers UNION ALL SELECT wrapped FROM safe_keys")
    assert {row["wrapped"].split(":")[1] for row in found} == {newest}


async def test_two_vendors_who_hand_in_one_number_at_once_are_told(lab: Lab) -> None:
    documents = [await w9(lab, f"{number}") for number in range(4)]
    kept = await asyncio.gather(
        *(
            lab.again().keep_tax_number(CONNECTION, document, vendor=document[:4], number=NUMBER)
            for document in documents
        )
    )
    assert sorted(len(one.also_of) for one in kept) == [0, 1, 2, 3]


async def test_number_is_not_kept_from_a_paper_that_is_destroyed_meanwhile(lab: Lab) -> None:
    for number in range(8):
        document = await w9(lab, f"{number}")
        await asyncio.gather(
            lab.safe.keep_tax_number(CONNECTION, document, vendor="88", number=NUMBER),
            lab.again().destroy(CONNECTION, document, who="ana", why="test"),
            return_exceptions=True,
        )
    assert not await rows(lab.pool, "SELECT 1 FROM safe_tax_numbers")


@pytest.mark.parametrize("wrong", ["912-73-418", "912-73-41888", "n/a 1234", "912-73-418X", ""])
async def test_what_is_no_number_is_refused_and_not_shown(lab: Lab, wrong: str) -> None:
    with pytest.raises(MalformedTaxNumberError) as caught:
        await lab.safe.keep_tax_number(CONNECTION, await w9(lab), vendor="88", number=wrong)
    assert not wrong or wrong not in f"{caught.value!r}{caught.value.log_fields()}"


async def test_planted_numbers_are_found_nowhere(lab: Lab, tmp_path: Path) -> None:
    numbers = [f"9{n:02}-7{n % 10}-41{n:02}" for n in range(10, 30)]
    with capture_logs() as logged:  # before anything masks them
        told = [await _drive(lab, number) for number in numbers]
    dump = await _dump(lab)
    files = _files(tmp_path)
    haystack = "\n".join([*told, dump, repr(logged)])
    assert files.count(MAGIC) == len(numbers)
    assert dump.count("4110") > 0  # last four digits are there: the search would find more
    assert [line["event"] for line in logged].count("safe.spoiled") == len(numbers)
    for number in numbers:
        for form in (number, number.replace("-", ""), f"{number[:2]}-{number.replace('-', '')[2:]}"):
            assert form not in haystack
            assert form.encode() not in files
            assert form.encode().hex() not in haystack


async def _drive(lab: Lab, number: str) -> str:
    """Do everything that touches a number; return all that was said of it."""
    document = await w9(lab, f"Form W-9, SSN {number}")
    told: list[object] = [lab.safe, document]
    told.append(await lab.safe.keep_tax_number(CONNECTION, document, vendor="88", number=number))
    told.append(await lab.safe.tax_number(CONNECTION, document, who="payroll", why="1099"))
    for wrong in (number + "9", f"x{number}"):
        try:
            await lab.safe.keep_tax_number(CONNECTION, document, vendor="88", number=wrong)
        except MalformedTaxNumberError as error:
            told += [error, error.log_fields(), "".join(traceback.format_exception(error))]
    [name] = [item.name for item in await lab.stored() if document in item.name]
    await lab.objects.delete(name)
    try:
        await lab.safe.get(CONNECTION, document, who="ana", why="test")
    except SpoiledDocumentError as error:
        told += [error, error.log_fields(), "".join(traceback.format_exception(error))]
    await lab.safe.put(f"Form W-9, SSN {number}".encode(), ABOUT)
    return "\n".join(map(repr, told))


def _files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def _dump(lab: Lab) -> str:
    tables = await rows(lab.pool, "SELECT tablename FROM pg_tables WHERE schemaname = 'compliance'")
    found = await asyncio.gather(
        *(rows(lab.pool, f"SELECT t::text AS line FROM {row['tablename']} t") for row in tables)
    )
    assert sum(len(lines) for lines in found) > 60
    return "\n".join(row["line"] for lines in found for row in lines)
