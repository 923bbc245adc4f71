"""Rotation on two stores: by age, on request, proven before the old is dropped, and whoever dies meanwhile."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from keeper_lab import ACCOUNT
from pydantic import SecretStr
from rotation_lab import (
    BOOKS_APP,
    FILE,
    HOOK,
    PROJECTS,
    SITE,
    SITE_APP,
    TOKEN,
    VERIFIER,
    Lab,
    rotating,
    value,
)

from plumbline.common.secrets.embedded import migrate_embedded, open_embedded
from plumbline.common.secrets.grants import GrantDelayedError
from plumbline.common.secrets.keyfile import make_key_file, read_key_file
from plumbline.common.testing.crashing import Doom, Fate, KilledError
from plumbline.token_vault.importing import import_grants
from plumbline.token_vault.rotation.keys import NAME as KEY
from plumbline.token_vault.rotation.register import (
    UnfitValueError,
    UnknownCredentialError,
    ValueUnwantedError,
    ValueWantedError,
)

DAY = timedelta(days=1)
HEARD = timedelta(minutes=3)
NEW_SECRET = "a-new-secret-of-the-app"
NEW_TOKEN = "a-new-token-of-the-app"


@pytest.fixture
async def lab(database_url: str, tmp_path: Path) -> AsyncIterator[Lab]:
    async with rotating(database_url, tmp_path) as lab:
        yield lab


def given(text: str) -> SecretStr:
    return SecretStr(text)


# ---- webhook values


async def rotate_hook(lab: Lab, number: int = 1) -> None:
    """Take a rotation that has begun to where the former value is accepted for a day more."""
    await lab.work(HEARD)
    await lab.accepted(number + 1)
    await lab.work()
    await lab.shown(number + 1)
    await lab.work()


async def test_webhook_value_is_replaced_step_by_step(lab: Lab) -> None:
    first = await lab.hook()
    await lab.register.rotate(HOOK, None)
    await lab.work()
    offered = await lab.hook()
    assert (offered.current, offered.number) == (first.current, 1)
    assert value(offered.next).startswith("Bearer ")
    assert (await lab.row(HOOK)).state == "version 2 is accepted too"
    await rotate_hook(lab)
    replaced = await lab.hook()
    assert (replaced.current, replaced.previous, replaced.number) == (offered.next, first.current, 2)
    assert await lab.outcome(HOOK) == ("done", "")
    await lab.work(DAY)
    assert (await lab.hook()).accepted == (offered.next,)
    assert (await lab.row(HOOK)).state == "live"
    assert await lab.told("rotated") == [(HOOK, "rotated", 2)]


async def test_replica_that_cannot_read_holds_the_rotation_up_and_is_named(lab: Lab) -> None:
    await lab.register.rotate(HOOK, None)
    await lab.work(HEARD)
    await lab.accepted(2, "ingest-1")
    await lab.heard("accepts", "ingest-2", 1, trouble="Vault is sealed")
    await lab.work(HEARD)
    assert (await lab.hook()).number == 1
    row = await lab.row(HOOK)
    assert row.held_up == "The new value is not accepted yet by ingest-2 (Vault is sealed)."
    await lab.accepted(2)
    await lab.work()
    assert (await lab.hook()).number == 2


async def test_former_value_stays_while_a_hook_shows_it(lab: Lab) -> None:
    await lab.register.rotate(HOOK, None)
    await lab.work(HEARD)
    await lab.accepted(2)
    await lab.work(HEARD)
    await lab.heard("shows", f"hooks/lone-star/{PROJECTS[0]}", 2)
    await lab.heard("shows", f"hooks/lone-star/{PROJECTS[1]}", 1)
    await lab.work(DAY * 3)
    assert (await lab.hook()).previous is not None
    assert PROJECTS[1] in (await lab.row(HOOK)).held_up
    assert await lab.outcome(HOOK) == (None, "")


async def test_webhook_value_is_replaced_by_age_before_it_is_too_old(lab: Lab) -> None:
    await lab.work(DAY * 20)
    assert (await lab.hook()).next is None
    for _ in range(9):
        await lab.work(DAY)
    assert (await lab.hook()).next is not None
    row = await lab.row(HOOK)
    assert row.due_at is not None
    assert lab.clock.now() < row.due_at
    await lab.accepted(2)
    await lab.work(HEARD)
    assert (await lab.hook()).number == 2


async def test_asking_again_while_a_rotation_is_open_is_the_same_rotation(lab: Lab) -> None:
    requests = {await lab.register.rotate(HOOK, None) for _ in range(3)}
    assert len(requests) == 1
    await lab.work()
    await lab.register.rotate(HOOK, None)
    await rotate_hook(lab)
    await lab.work(DAY)
    await lab.work(DAY)
    assert (await lab.hook()).number == 2


async def test_rotation_that_is_asked_for_in_the_overlap_waits_for_its_end(lab: Lab) -> None:
    await lab.register.rotate(HOOK, None)
    await lab.work()
    await rotate_hook(lab)
    await lab.register.rotate(HOOK, None)
    await lab.work()
    assert (await lab.hook()).next is None
    await lab.work(DAY)
    assert ((await lab.hook()).number, len((await lab.hook()).accepted)) == (2, 2)


# ---- client secrets


async def test_secret_that_intuit_knows_is_proven_by_one_renewal(lab: Lab) -> None:
    calls, version = lab.books.calls, (await lab.grant()).version
    lab.books.secret = NEW_SECRET
    await lab.register.rotate(BOOKS_APP, given(f"{NEW_SECRET}\n"))
    await through_app(lab)
    app = await lab.app()
    assert (value(app.secret), app.number, app.candidate) == (NEW_SECRET, 2, None)
    assert await lab.outcome(BOOKS_APP) == ("done", "")
    assert (lab.books.calls, (await lab.grant()).version) == (calls + 1, version + 1)
    assert await lab.told("rotated") == [(BOOKS_APP, "rotated", 2)]


async def test_secret_that_intuit_does_not_know_is_refused_and_nothing_changes(lab: Lab) -> None:
    before, grant = await lab.app(), await lab.grant()
    await lab.register.rotate(BOOKS_APP, given("a-secret-with-a-typo"))
    await through_app(lab)
    outcome, sentence = await lab.outcome(BOOKS_APP)
    assert outcome == "refused"
    assert "nothing was changed" in sentence
    after = await lab.app()
    assert (after.secret, after.number, after.candidate) == (before.secret, 1, None)
    assert (await lab.grant()).refresh_token == grant.refresh_token
    await lab.register.rotate(f"grants/{ACCOUNT}", None)
    await lab.work()
    assert (await lab.grant()).version == grant.version + 1


async def test_secret_is_refused_where_no_grant_lives_to_prove_it(lab: Lab) -> None:
    lab.books.good = "somebody-elses"
    await lab.register.rotate(f"grants/{ACCOUNT}", None)
    await lab.work()
    outcome, _ = await lab.outcome(f"grants/{ACCOUNT}")
    assert outcome == "refused"
    await lab.register.rotate(BOOKS_APP, given(NEW_SECRET))
    await lab.work()
    outcome, sentence = await lab.outcome(BOOKS_APP)
    assert (outcome, "Connect an account first" in sentence) == ("refused", True)
    assert value((await lab.app()).secret) == "app-canary"


@pytest.mark.parametrize(("known", "outcome"), [(NEW_SECRET, "done"), ("another", "refused")])
async def test_secret_at_procore_is_proven_by_a_call_of_its_own(lab: Lab, known: str, outcome: str) -> None:
    grant = await lab.grant(SITE)
    lab.site.secret = known
    await lab.register.rotate(SITE_APP, given(NEW_SECRET))
    await lab.work()
    assert (await lab.outcome(SITE_APP))[0] == outcome
    assert value((await lab.app(SITE_APP)).secret) == (NEW_SECRET if outcome == "done" else "site-canary")
    assert (await lab.grant(SITE)).refresh_token == grant.refresh_token


async def test_account_that_was_refused_between_portal_and_us_goes_on(lab: Lab) -> None:
    lab.books.secret = NEW_SECRET
    await lab.register.rotate(f"grants/{ACCOUNT}", None)
    await lab.work()
    version = (await lab.grant()).version
    await lab.register.rotate(BOOKS_APP, given(NEW_SECRET))
    for _ in range(3):
        await lab.work()
    assert (await lab.outcome(BOOKS_APP))[0] == "done"
    assert (await lab.outcome(f"grants/{ACCOUNT}"))[0] == "done"
    assert (await lab.grant()).version > version


async def test_newer_value_takes_the_place_of_one_that_is_being_proven(lab: Lab) -> None:
    lab.books.fails = [GrantDelayedError(), GrantDelayedError()]
    lab.books.secret = NEW_SECRET
    first = await lab.register.rotate(BOOKS_APP, given("a-secret-with-a-typo"))
    second = await lab.register.rotate(BOOKS_APP, given(NEW_SECRET))
    assert first != second
    for _ in range(4):
        await lab.work(timedelta(minutes=1))
    assert value((await lab.app()).secret) == NEW_SECRET


async def test_people_are_reminded_of_a_secret_on_the_right_days_each_once(lab: Lab) -> None:
    reminded: dict[str, list[int]] = {BOOKS_APP: [], SITE_APP: [], TOKEN: []}
    for day in range(1, 33):
        before = await lab.told("due")
        await lab.work(DAY)
        for name, _, _ in (await lab.told("due"))[len(before) :]:
            reminded[name].append(day)
    assert reminded == {name: [23, 28, 30] for name in reminded}


# ---- verifier tokens


async def test_verifier_token_counts_once_a_notification_was_signed_by_it(lab: Lab) -> None:
    await lab.register.rotate(TOKEN, given(NEW_TOKEN))
    await lab.work(DAY * 2)
    token = await lab.token()
    assert (value(token.current), value(token.next)) == (VERIFIER, NEW_TOKEN)
    assert "developer portal" in (await lab.row(TOKEN)).held_up
    await lab.heard("saw", "ingest-1", 2, of=TOKEN)
    await lab.work()
    assert await lab.outcome(TOKEN) == ("done", "")
    assert value((await lab.token()).previous) == VERIFIER
    await lab.work(DAY)
    assert [value(v) for v in (await lab.token()).accepted] == [NEW_TOKEN]


async def test_verifier_token_with_a_typo_is_replaced_by_the_right_one(lab: Lab) -> None:
    await lab.register.rotate(TOKEN, given("a-token-with-a-typo"))
    await lab.work()
    await lab.register.rotate(TOKEN, given(NEW_TOKEN))
    await lab.heard("saw", "ingest-1", 2, of=TOKEN)
    await lab.work()
    assert [value(v) for v in (await lab.token()).accepted] == [NEW_TOKEN, VERIFIER]


# ---- grants


async def test_grant_is_renewed_now_once_for_all_who_ask(lab: Lab) -> None:
    calls = lab.books.calls
    for _ in range(3):
        await lab.register.rotate(f"grants/{ACCOUNT}", None)
    for _ in range(3):
        await lab.work()
    assert lab.books.calls == calls + 1
    assert await lab.outcome(f"grants/{ACCOUNT}") == ("done", "")


# ---- asking


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("webhooks/procore/nobody", None, UnknownCredentialError),
        (BOOKS_APP, None, ValueWantedError),
        (HOOK, NEW_SECRET, ValueUnwantedError),
        (BOOKS_APP, "short", UnfitValueError),
        (BOOKS_APP, "two\nlines-of-a-secret", UnfitValueError),
        (BOOKS_APP, "x" * 501, UnfitValueError),
        (TOKEN, VERIFIER, UnfitValueError),
    ],
)
async def test_request_that_cannot_be_is_refused_and_changes_nothing(
    lab: Lab, name: str, text: str | None, error: type[Exception]
) -> None:
    before = [await lab.hook(), await lab.token(), await lab.app()]
    with pytest.raises(error):
        await lab.register.rotate(name, None if text is None else given(text))
    assert [await lab.hook(), await lab.token(), await lab.app()] == before


async def test_old_file_brings_nothing_back_that_was_rotated(lab: Lab) -> None:
    lab.books.secret = NEW_SECRET
    await lab.register.rotate(BOOKS_APP, given(NEW_SECRET))
    await lab.work()
    await import_grants(lab.store, FILE)
    assert value((await lab.app()).secret) == NEW_SECRET


# ---- death


async def through_hook(lab: Lab) -> None:
    await lab.work(HEARD)
    number = (await lab.hook()).newest
    await lab.accepted(number)
    await lab.work(HEARD)
    await lab.shown((await lab.hook()).number)
    await lab.work()
    await lab.work(DAY)


async def through_app(lab: Lab) -> None:
    for _ in range(3):
        await lab.work()


ENDINGS: list[tuple[str, str | None, Callable[[Lab], Awaitable[None]], int]] = [
    (HOOK, None, through_hook, 40),
    (BOOKS_APP, NEW_SECRET, through_app, 25),
]


@pytest.mark.parametrize(("name", "text", "through", "steps_min"), ENDINGS)
async def test_death_at_any_step_is_mended_by_the_next_life(
    lab: Lab, name: str, text: str | None, through: Callable[[Lab], Awaitable[None]], steps_min: int
) -> None:
    async def begun(doom: Doom) -> None:
        if text is not None:
            lab.books.secret = f"{text}-{(await lab.app()).number}"
        await lab.register.rotate(name, None if text is None else given(lab.books.secret))
        lab.life = lab.new_life(doom)

    counting = Doom.none()
    await begun(counting)
    await through(lab)
    await lab.after_death()
    assert counting.count >= steps_min
    for at in range(1, counting.count + 1):
        fate = Fate.ANSWER_LOST if at % 2 else Fate.NOT_SENT
        before = (await lab.row(name)).version
        await begun(Doom(at=at, fate=fate))
        with contextlib.suppress(KilledError):  # or it needed fewer steps
            await through(lab)
        await lab.after_death()
        await through(lab)
        row = await lab.row(name)
        assert (row.version, row.state) == (before + 1, "live"), (at, fate, counting.names[at - 1])
        assert (await lab.outcome(name))[0] == "done", (at, fate)
    versions = [version for told, _, version in await lab.told("rotated") if told == name]
    assert versions == list(range(2, counting.count + 3))


# ---- the key of the embedded store


async def test_key_of_the_embedded_store_is_rotated_on_request_and_by_age(
    database_url: str, tmp_path: Path
) -> None:
    make_key_file(tmp_path / "key")
    await migrate_embedded(database_url)
    async with (
        open_embedded(database_url, key_file=tmp_path / "key") as store,
        rotating(database_url, tmp_path, store) as lab,
    ):
        (first,) = read_key_file(tmp_path / "key")
        await lab.register.rotate(KEY, None)
        await lab.work()
        (second,) = read_key_file(tmp_path / "key")
        assert first != second
        assert await lab.outcome(KEY) == ("done", "")
        row = await lab.row(KEY)
        assert (row.version, row.state) == (2, "live")
        assert (await lab.app()).number == 1
        await lab.work()
        assert read_key_file(tmp_path / "key") == (second,)
        for _ in range(29):
            await lab.work(DAY)
        assert (await lab.row(KEY)).version == 3
