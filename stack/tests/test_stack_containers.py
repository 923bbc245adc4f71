"""What `make up` says when it cannot: the engine's own words, as it said them, become a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from plumbline.stack.cli.main import app
from plumbline.stack.runners.containers import NO_ENGINE, kafka_address

PORT_TAKEN = (
    "Error response from daemon: driver failed programming external connectivity on endpoint plumbline-kafka-1 "
    "(5938202e): Error starting userland proxy: listen tcp4 127.0.0.1:19092: bind: address already in use"
)
SANDBOX_PORT_TAKEN = (
    "Error response from daemon: driver failed programming external connectivity on endpoint plumbline-sandbox-1 "
    "(1a2b3c4d): Bind for 127.0.0.1:8100 failed: port is already allocated"
)
NO_IMAGE = "Error response from daemon: no such image: apache/kafka:9.9: No such image: apache/kafka:9.9"
UNHEALTHY = "dependency failed to start: container plumbline-kafka-1 is unhealthy"

ENGINE = """#!/bin/sh
case "$*" in
    info|"compose version") exit 0 ;;
    *" ps --all --format json") echo '{"Name":"plumbline-kafka-1","Service":"kafka","State":"running","ExitCode":0,"Health":"starting"}'
        echo '{"Name":"plumbline-mapper-1","Service":"mapper","State":"exited","ExitCode":%(mapper_ended)d,"Health":""}' ;;
    *" logs --no-log-prefix --tail 15 mapper") echo 'configuration: /config/connections.yaml cannot be read' ;;
    *" logs --no-log-prefix --tail 15 kafka") echo 'the disk is full' ;;
    *" build --quiet") exit 0 ;;
    *" up "*) echo '%(said)s' >&2; exit 1 ;;
esac
"""


def said_by_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, *, mapper_ended: int = 0) -> str:
    """Run `plumbline containers up` beside an engine that answers so, and return what a person reads."""
    engine = tmp_path / "docker"
    engine.write_text(ENGINE % {"said": said, "mapper_ended": mapper_ended})
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    result = CliRunner().invoke(app, ["containers", "up"])
    assert result.exit_code == 2
    return result.stderr


def test_without_an_engine_one_sentence_names_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(app, ["containers", "up"])
    assert result.exit_code == 2
    assert result.stderr.strip() == NO_ENGINE
    assert "`make demo`" in NO_ENGINE


def test_taken_port_is_named_with_the_variable_that_moves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = said_by_up(tmp_path, monkeypatch, PORT_TAKEN)
    assert "Port 19092 on this machine is taken by something else." in said
    assert "choose another by KAFKA_PORT" in said


def test_taken_port_that_cannot_be_moved_is_to_be_freed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = said_by_up(tmp_path, monkeypatch, SANDBOX_PORT_TAKEN)
    assert "Port 8100 on this machine is taken by something else. Free it, and run this again." in said


def test_missing_image_is_named_with_the_variables_that_replace_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = said_by_up(tmp_path, monkeypatch, NO_IMAGE)
    assert "An image is missing" in said
    assert "apache/kafka:9.9" in said
    assert "KAFKA_IMAGE" in said


def test_failing_service_is_told_with_its_last_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = said_by_up(tmp_path, monkeypatch, "exited", mapper_ended=1)
    assert "Not well: mapper. Their last lines:" in said
    assert "configuration: /config/connections.yaml cannot be read" in said


def test_unhealthy_server_is_told_even_while_it_starts_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = said_by_up(tmp_path, monkeypatch, UNHEALTHY)
    assert "Not well: kafka. Their last lines:" in said
    assert "the disk is full" in said


def test_kafka_is_where_it_was_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAFKA_PORT", raising=False)
    assert kafka_address() == "127.0.0.1:19092"
    monkeypatch.setenv("KAFKA_PORT", "29092")
    assert kafka_address() == "127.0.0.1:29092"
