"""What holds for every kind of record alike, against the sandbox: one effect, one end, one new beginning."""

from writer_lab import WriterLab
from writer_wishes import ended, one_of_each

from plumbline.common.contracts.ledger import Desired
from plumbline.common.database import transaction
from plumbline.qb_writer.domain.kinds import KINDS, kind_of
from plumbline.qb_writer.domain.plan import Aim

pytest_plugins = ["writer_fixtures"]


async def want_all(lab: WriterLab, version: int = 1) -> list[Desired]:
    wishes = one_of_each(lab)
    for desired in wishes:
        await lab.want(desired, version)
    return wishes


def test_there_is_a_wish_of_every_kind_there_is(hurried: WriterLab) -> None:
    assert {desired.kind for desired in one_of_each(hurried)} == set(KINDS)


async def test_throttled_create_is_sent_again_for_each_kind(hurried: WriterLab) -> None:
    for desired in one_of_each(hurried):
        hurried.fault("throttle", retry_after=1)
        await hurried.want(desired)
        assert hurried.only(desired)
    assert hurried.world.faults.totals == {"throttle": len(KINDS)}
    assert await hurried.parked() == {}


async def test_forgotten_request_id_is_covered_by_the_look_up_of_each_kind(hurried: WriterLab) -> None:
    hurried.configure(duplicate_check=False, requestid_ttl_s=0)
    for desired in one_of_each(hurried):
        hurried.fault("lose-answer")
        await hurried.want(desired)
        assert hurried.only(desired)


async def test_lagging_index_is_covered_by_the_request_id_of_each_kind_but_files(hurried: WriterLab) -> None:
    hurried.configure(duplicate_check=False, index_lag_s=60)
    for desired in one_of_each(hurried):
        if desired.kind != "attachment":
            hurried.fault("lose-answer")
            await hurried.want(desired)
            assert hurried.only(desired)


async def test_payments_are_found_through_their_links_when_nothing_else_helps(hurried: WriterLab) -> None:
    hurried.configure(requestid_ttl_s=0)
    for desired in one_of_each(hurried):
        if desired.kind in {"payment", "bill-payment"}:
            hurried.configure(index_lag_s=60)
            hurried.fault("lose-answer")
        await hurried.want(desired)
        assert hurried.only(desired)
    assert await hurried.parked() == {}


async def test_command_seen_twice_changes_nothing(hurried: WriterLab) -> None:
    await want_all(hurried)
    commits = hurried.commits()
    calls = hurried.calls()
    await want_all(hurried)
    assert (hurried.commits(), hurried.calls()) == (commits, calls)


async def test_void_takes_back_each_kind_that_quickbooks_can_void(hurried: WriterLab) -> None:
    wishes = await want_all(hurried)
    voidable = [desired for desired in reversed(wishes) if ended(desired, Aim.VOID)]
    assert {desired.kind for desired in voidable} == {"invoice", "payment", "bill-payment"}
    for desired in voidable:
        voided = ended(desired, Aim.VOID)
        assert voided is not None
        hurried.fault("lose-answer")
        await hurried.want(voided, 2)
        body = hurried.only(desired)
        assert (body["TotalAmt"], body["PrivateNote"][:6]) == (0, "Voided")
        assert (await hurried.record(f"{desired.kind}/1/2/1")).observed.state == "void"
    assert await hurried.parked() == {}


async def test_each_kind_begins_anew_after_its_end_under_the_next_incarnation(hurried: WriterLab) -> None:
    wishes = await want_all(hurried)
    for desired in reversed(wishes):
        gone = ended(desired, Aim.DELETED)
        assert gone is not None
        await hurried.want(gone, 2)
    await want_all(hurried, 3)
    for desired in wishes:
        record = await hurried.record(f"{desired.kind}/1/2/1")
        assert record.observed.incarnation == 2
        body = hurried.only(desired)
        assert (body.get("Note") or body["PrivateNote"]) == f"plumbline:{desired.kind}/1/2/1#2"
    assert await hurried.parked() == {}


async def test_end_by_a_person_is_asked_about_and_then_accepted(hurried: WriterLab) -> None:
    wishes = await want_all(hurried)
    for desired in reversed(wishes):
        kind, name = kind_of(desired), f"{desired.kind}/1/2/1"
        hurried.person(kind.entity, {"Id": hurried.only(desired)["Id"]}, "delete")
        gone = ended(desired, Aim.DELETED)
        assert gone is not None
        await hurried.want(gone, 2)
        assert (await hurried.record(name)).observed.state == "deleted"
    assert await hurried.parked() == {}
    assert not [kind for kind in hurried.commits() if "delete" in kind]


async def test_results_tell_of_each_kind(hurried: WriterLab) -> None:
    wishes = await want_all(hurried)
    for desired in wishes:
        told = await hurried.tell(f"9341453000000001/{desired.kind}/1/2/1")
        assert told is not None
        story = "\n".join(told["story"])
        assert "asked for version 1" in story
        assert f"QuickBooks holds {desired.kind} {hurried.only(desired)['Id']}" in story
        assert (await hurried.record(f"{desired.kind}/1/2/1")).told is not None


TABLES = ("records", "writes", "numbers", "work", "connections", "happenings")


async def test_restored_database_makes_nothing_twice_that_it_forgot(hurried: WriterLab) -> None:
    wishes = await want_all(hurried)
    shown = {desired.kind: hurried.only(desired)["Id"] for desired in wishes}
    hurried.configure(requestid_ttl_s=0)
    async with transaction(hurried.pool) as connection:
        await connection.execute(f"TRUNCATE {', '.join(TABLES)}")
    await want_all(hurried)
    assert {desired.kind: hurried.only(desired)["Id"] for desired in wishes} == shown
    assert await hurried.parked() == {}
