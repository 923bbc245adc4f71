"""The embedded stack: everything from PyPI, everything gone when it stops."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from plumbline.common.contracts.topics import Topic
from plumbline.provision.topics import all_topics
from plumbline.stack.concurrency import together
from plumbline.stack.run_folder import run_folder
from plumbline.stack.runners.services import Environment, RunningStack, running_services, shared_env
from plumbline.stack.runners.settings import StackSettings, way_env
from plumbline.stack.runners.state import empty_safe, write_operator_token, write_safe_key, write_secrets_key
from plumbline.stack.servers.embedded import start_embedded_postgres, start_mock_kafka
from plumbline.stack.supervisor import Supervisor


@asynccontextmanager
async def embedded_stack(settings: StackSettings, supervisor: Supervisor) -> AsyncIterator[RunningStack]:
    """Run the suite on embedded servers until the end of the context.

    Raises:
        ProcessDiedError, ProcessNotReadyError: something did not start; the message quotes its log.
    """
    token_file = write_operator_token(settings.state_dir)
    with run_folder() as folder:
        try:
            database_url, kafka = await _servers(supervisor, folder, all_topics(settings.config_dir))
            shared = shared_env(
                settings, kafka=kafka, database_url=database_url, operator_token_file=token_file
            )
            key = {"PLUMBLINE_SECRETS_KEY_FILE": str(write_secrets_key(settings.state_dir))}
            papers = {
                **empty_safe(settings.state_dir),
                "PLUMBLINE_SAFE_KEY_FILE": str(write_safe_key(settings.state_dir)),
            }
            environment = Environment(
                shared={**shared, **way_env("embedded"), **key}, of_service={"compliance": papers}
            )
            async with running_services(supervisor, settings, environment) as running:
                yield running
        finally:
            await supervisor.stop()  # before their data goes


async def _servers(supervisor: Supervisor, folder: Path, topics: Iterable[Topic]) -> tuple[str, str]:
    database_url, kafka = await together(
        start_embedded_postgres(supervisor, folder), start_mock_kafka(supervisor, topics)
    )
    return database_url, kafka
