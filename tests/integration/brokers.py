"""Three brokers of one's own, configured and started as in the local stack, without the rest of it: to be killed."""

import json
import signal
import subprocess
from pathlib import Path

from infra.kafka.node import kafka_process, prepare_kafka
from infra.settings import SECRETS, Settings
from infra.supervision import tied_to_the_supervisor
from tests.integration.workers import until

NODES = (1, 2, 3)
STOP_SECONDS = 30.0
READY_SECONDS = 60.0


class Brokers:
    """Three nodes in a directory, each a process that dies with the test."""

    def __init__(self, directory: Path, port_base: int) -> None:
        given = {"env": "test", "port_base": port_base, "data": directory, "brokers": len(NODES)}
        self.settings = Settings(**given, **dict.fromkeys(SECRETS, "of-no-use-to-Kafka"))
        self._processes: dict[int, subprocess.Popen] = {}
        prepare_kafka(self.settings)

    @property
    def bootstrap(self) -> str:
        """The addresses of all three."""
        return self.settings.kafka_bootstrap

    def start(self, *nodes: int) -> None:
        """Start nodes, without waiting for them."""
        for node in nodes:
            with (self.settings.data / f"node-{node}.log").open("ab") as log:
                command = tied_to_the_supervisor(kafka_process(self.settings, node))
                self._processes[node] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait_ready(self, *nodes: int) -> None:
        """Wait until these nodes take part and have caught up with all that the others have."""
        for node in nodes:
            until(lambda node=node: kafka_process(self.settings, node).ready() is None, f"node {node} is ready", READY_SECONDS)

    def kill(self, node: int) -> None:
        """End a node as a power cut would, and see it gone."""
        self._processes[node].send_signal(signal.SIGKILL)
        self._processes[node].wait(STOP_SECONDS)

    def controller(self) -> int:
        """Return the node that leads the cluster's own log, as the nodes have it on disk."""
        votes = [self._vote(node) for node in NODES]
        return max(votes, key=lambda vote: vote["leaderEpoch"])["leaderId"]

    def kill_all(self) -> None:
        """End every node."""
        for process in self._processes.values():
            process.kill()
            process.wait(STOP_SECONDS)

    def _vote(self, node: int) -> dict:
        path = self.settings.data / "kafka" / f"log-{node}" / "__cluster_metadata-0" / "quorum-state"
        return json.loads(path.read_text())
