"""librdkafka's mock cluster, in a process of its own: speaks Kafka's protocol, is no Kafka broker.

It serves the demo and fast tests. It keeps at most 5 MiB per partition, in memory only, takes one live member per
consumer group, and creates unknown topics in silence. An assertion inside librdkafka ends the process: hence its own.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib.util
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from plumbline.stack.processes import READY_FD_VARIABLE, ProcessSpec

_STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_POKE_INTERVAL_S = 0.003
_PRODUCER = 0  # rd_kafka_type_t; the handle is never used to produce
_POINTER = ctypes.c_void_p
_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {  # <librdkafka/rdkafka.h>, <librdkafka/rdkafka_mock.h>
    "rd_kafka_conf_new": (_POINTER, []),
    "rd_kafka_new": (_POINTER, [ctypes.c_int, _POINTER, ctypes.c_char_p, ctypes.c_size_t]),
    "rd_kafka_mock_cluster_new": (_POINTER, [_POINTER, ctypes.c_int]),
    "rd_kafka_mock_cluster_bootstraps": (ctypes.c_char_p, [_POINTER]),
    "rd_kafka_mock_topic_create": (ctypes.c_int, [_POINTER, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [_POINTER, ctypes.c_int32]),
}


def mock_kafka_spec(topics: Mapping[str, int], name: str = "kafka") -> ProcessSpec:
    """Describe a mock cluster holding `topics` (name → partitions); it announces its bootstrap address.

    It is not restarted: its events and its port die with it, and every client with them.
    """
    listed = ",".join(f"{topic}:{partitions}" for topic, partitions in topics.items())
    return ProcessSpec(name=name, argv=[sys.executable, "-m", __name__, "--topics", listed], restart=False)


class MockCluster:
    """One broker on a free port of 127.0.0.1, reached by ctypes: the Python binding hides its settings."""

    def __init__(self) -> None:
        self._library = library = _load_librdkafka()
        error = ctypes.create_string_buffer(512)
        handle = library.rd_kafka_new(_PRODUCER, library.rd_kafka_conf_new(), error, len(error))
        if not handle:
            raise RuntimeError(f"librdkafka: {error.value.decode()}")
        self._cluster = library.rd_kafka_mock_cluster_new(handle, 1)
        # The default of 3 s waits for more members, of which there are none.
        library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)

    @property
    def bootstrap(self) -> str:
        """Its address, `127.0.0.1:port`."""
        address: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster)
        return address.decode()

    def create_topic(self, name: str, partitions: int) -> None:
        """Create a topic; an existing one is an error."""
        code = self._library.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, 1)
        if code != 0:
            raise RuntimeError(f"librdkafka would not create topic {name}: error {code}")


def main(arguments: list[str] | None = None) -> None:
    """Run a cluster until a stop signal; write its address to the ready pipe, or to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--topics", type=_parse_topics, default={}, metavar="NAME:PARTITIONS,...")
    topics = parser.parse_args(arguments).topics
    # Before librdkafka starts its threads, which inherit the mask: the signal must reach sigwait.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    cluster = MockCluster()
    with _poking(cluster.bootstrap):
        for name, partitions in topics.items():
            cluster.create_topic(name, partitions)
    _announce(cluster.bootstrap)
    signal.sigwait(_STOP_SIGNALS)
    os._exit(0)  # there is nothing to save, and librdkafka's own shutdown can hang


def _parse_topics(text: str) -> dict[str, int]:
    pairs = (item.rsplit(":", 1) for item in text.split(",") if item)
    return {name: int(partitions) for name, partitions in pairs}


def _announce(bootstrap: str) -> None:
    fd = int(os.environ.get(READY_FD_VARIABLE, sys.stdout.fileno()))
    os.write(fd, f"{bootstrap}\n".encode())


@contextlib.contextmanager
def _poking(bootstrap: str) -> Iterator[None]:
    """Keep the broker's thread awake: one wake-up in ten is lost, and then the call waits for a full second."""
    host, port = bootstrap.rsplit(":", 1)
    done = threading.Event()

    def poke() -> None:
        while not done.wait(_POKE_INTERVAL_S):
            socket.create_connection((host, int(port))).close()

    thread = threading.Thread(target=poke)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _load_librdkafka() -> ctypes.CDLL:
    """Load the Python binding's own copy, and declare what is called: undeclared pointers are cut to 32 bits."""
    spec = importlib.util.find_spec("confluent_kafka")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("confluent-kafka is not installed")
    bundled = Path(spec.origin).parents[1] / "confluent_kafka.libs"
    library = ctypes.CDLL(str(next(bundled.glob("librdkafka-*.so*"))))
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


if __name__ == "__main__":
    main()
