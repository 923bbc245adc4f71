"""Eighteen kinds of files made to do harm: each ends in a result, and nothing else comes of it."""

import asyncio

from hostile_papers import HOSTILE, harmless
from reading_processes import children, nurseries, outcome, until

from plumbline.compliance.adapters.reading.isolation import IsolatedReader
from plumbline.compliance.adapters.reading.limits import MIB, Limits

STRICT = Limits(memory_bytes=512 * MIB, processor_s=1, wall_s=8.0)
"""Stricter than in life, so that the worst are over soon."""

REFUSED, ANY = {"unreadable"}, {"unreadable", "pypdf", "pypdfium2"}

EXPECTED = {
    "flate_bomb": REFUSED,
    "flate_bomb_in_a_bomb": REFUSED,
    "millions_of_operators": REFUSED,
    # Empty pages, if the processor is quick enough.
    "millions_of_saved_states": ANY,
    "form_that_draws_itself": {"pypdfium2"},
    "forms_that_draw_two_each": REFUSED,
    "widths_of_two_milliard_glyphs": {"pypdfium2"},
    "letters_for_two_milliard_codes": {"pypdfium2"},
    "lists_in_lists": {"pypdfium2"},
    "lists_in_lists_on_the_page": {"pypdfium2"},
    "pages_that_hold_themselves": REFUSED,
    "cut_off": REFUSED,
    "noise": REFUSED,
    "junk_before_it": {"pypdfium2"},
    "encrypted": {"encrypted"},
    "cross_references_in_a_ring": {"pypdfium2"},
    "fields_that_hold_themselves": {"pypdfium2"},
    "a_million_pages": {"too-many-pages", "unreadable"},
}


async def test_eighteen_kinds_of_hostile_files_each_end_in_a_result_and_harm_no_other() -> None:
    assert len(HOSTILE) == 18
    async with IsolatedReader(STRICT) as reader:
        [nursery] = nurseries()
        outcomes = dict[str, str]()

        async def read(name: str) -> None:
            content = HOSTILE[name]()
            outcomes[name] = await outcome(reader, content)
            # What comes after it is read as if nothing had been.
            assert (await reader.read(harmless())).text.strip() == "Lone Star Air"

        await asyncio.gather(*map(read, HOSTILE))
        assert {name: found for name, found in outcomes.items() if found not in EXPECTED[name]} == {}
        assert nurseries() == [nursery]
        await until(lambda: not children(nursery))


async def test_files_that_harm_one_reader_alone_are_read_by_the_other() -> None:
    async with IsolatedReader(STRICT) as reader:
        junk = await reader.read(HOSTILE["junk_before_it"]())
        lists = await reader.read(HOSTILE["lists_in_lists"]())
    assert (junk.text.strip(), junk.structure.leading_bytes) == ("Lone Star Air", 900)
    assert lists.text.strip() == "Lone Star Air"
