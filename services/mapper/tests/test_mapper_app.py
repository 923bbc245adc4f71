"""The commands of the process, on a real PostgreSQL."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from plumbline.common.connections import ConfigurationError
from plumbline.common.database import open_pool
from plumbline.common.testing.database import rows
from plumbline.mapper.app import SCHEMA, bring_up_to_date, import_links
from plumbline.mapper.settings import Settings

CONFIG = Path(__file__).parents[3] / "config"


def settings(database_url: str) -> Settings:
    return Settings(
        env="test",
        replica="mapper-1",
        database_url=SecretStr(database_url),
        config_dir=CONFIG,
        operator_token_file=Path("token"),
        procore_url="http://procore.test",
    )


async def test_the_shipped_links_are_imported_and_importing_again_changes_nothing(database_url: str) -> None:
    given = settings(database_url)
    await bring_up_to_date(given)
    await bring_up_to_date(given)

    said = [await import_links(given, CONFIG / "links.csv") for _ in range(2)]

    async with open_pool(database_url, schema=SCHEMA, max_size=2) as pool:
        kept = await rows(pool, "SELECT count(*) AS n FROM links")
    count = len((CONFIG / "links.csv").read_text().splitlines()) - 1
    assert said == [f"{count} links made; 0 records go on."] * 2
    assert kept[0]["n"] == count


async def test_a_file_that_names_an_unknown_connection_is_imported_in_no_part(
    database_url: str, tmp_path: Path
) -> None:
    given = settings(database_url)
    await bring_up_to_date(given)
    path = tmp_path / "links.csv"
    path.write_text(
        "connection,kind,source,quickbooks_id,name\nlone-star-east,item,default,1,\nutah,item,default,1,\n"
    )

    with pytest.raises(ConfigurationError, match="no connection utah"):
        await import_links(given, path)

    async with open_pool(database_url, schema=SCHEMA, max_size=2) as pool:
        assert await rows(pool, "SELECT * FROM links") == []


def test_a_lease_outlasts_every_call_that_a_record_may_need() -> None:
    assert settings("postgresql://nowhere").lease.total_seconds() == 75
