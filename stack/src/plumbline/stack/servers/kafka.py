"""Apache Kafka as one broker on loopback, from the jars that Maven fetches."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from uuid import uuid4

from plumbline.stack.processes import ProcessSpec, run_to_end
from plumbline.stack.servers.cache import cached, require_tool
from plumbline.stack.servers.ports import free_port
from plumbline.stack.servers.probes import kafka_answers

KAFKA_VERSION = "4.3.1"
"""The version that `recipes/kafka/pom.xml` names."""

_JVM = (
    "-Xms64m",
    "-Xmx320m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-Xshare:auto",
    "-Djava.awt.headless=true",
)


@dataclass(frozen=True)
class KafkaServer:
    """A formatted broker, ready to be run by a supervisor; killed and restarted, it keeps what it stored."""

    java: tuple[str, ...]
    properties: Path
    port: int

    @property
    def bootstrap(self) -> str:
        """Its address."""
        return f"127.0.0.1:{self.port}"

    def spec(self, name: str = "kafka") -> ProcessSpec:
        """Describe the broker as a process, ready when a client got its metadata."""
        return ProcessSpec(
            name=name, argv=[*self.java, "kafka.Kafka", str(self.properties)], probe=self._answers
        )

    async def _answers(self) -> bool:
        return await kafka_answers(self.bootstrap)


async def prepare_kafka(folder: Path, log_dir: Path) -> KafkaServer:
    """Fetch the jars if they are not in the cache, and format a new broker in `folder` on free ports.

    Raises:
        MissingToolError: Java 17 or Maven is not installed.
        ProcessDiedError: Maven or the formatting failed.
    """
    java = require_tool("java", "openjdk-17-jre-headless")
    jars = await cached(f"kafka-{KAFKA_VERSION}", _fetch_jars)
    port = free_port()
    properties = _write_config(folder, port)
    command = (
        java,
        *_JVM,
        f"-Dlog4j2.configurationFile={folder / 'log4j2.xml'}",
        "-cp",
        f"{jars / 'libs'}/*",
    )
    cluster_id = base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
    # With "=", for an id may begin with a dash.
    format_options = [
        "kafka.tools.StorageTool",
        "format",
        f"--cluster-id={cluster_id}",
        "-c",
        str(properties),
    ]
    await run_to_end(
        ProcessSpec(name="kafka-format", argv=[*command, *format_options]), log_dir / "kafka-format.log"
    )
    return KafkaServer(command, properties, port)


async def _fetch_jars(folder: Path, log_path: Path) -> None:
    maven = require_tool("mvn", "maven")
    spec = ProcessSpec(name="maven", argv=[maven, "-B", "-q", "dependency:copy-dependencies"], cwd=folder)
    await run_to_end(spec, log_path)


def _write_config(folder: Path, port: int) -> Path:
    """Write the broker's settings into `folder` and return their path."""
    config = resources.files(__package__) / "config"
    (folder / "log4j2.xml").write_bytes((config / "log4j2.xml").read_bytes())
    properties = folder / "server.properties"
    values = {
        "{port}": str(port),
        "{controller_port}": str(free_port()),
        "{data}": str(folder / "kafka-data"),
    }
    text = (config / "server.properties").read_text()
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    properties.write_text(text)
    return properties
