"""A Ray cluster on the loopback interface of this machine, for measurements and tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.tasks import Executor, check_executor

#: How long the nodes may take to start, s.
_PATIENCE = 120.0


class Cluster:
    """Nodes of one core each, with processes of their own; the first one is the head.

    As a context manager it ends them, and this process's connection to them.

    Attributes
    ----------
    address : str
        Of the head.
    nodes : list of subprocess.Popen
        In the order in which they were started; each leads a group of processes.
    """

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.2", 0)) as server:
            # Not 127.0.0.1, instead of which Ray takes the address of the machine in its network.
            self.address = f"127.0.0.2:{server.getsockname()[1]}"
        self.nodes: list[subprocess.Popen[bytes]] = []
        self._folder = tempfile.mkdtemp(prefix="ray")  # a short path: Unix sockets are in it

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *error: object) -> None:
        import ray

        ray.shutdown()
        for number, node in enumerate(self.nodes):
            if node.poll() is None:
                self.kill_node(number)  # the end that `ray stop` asks for takes half a minute
        shutil.rmtree(self._folder, ignore_errors=True)

    def start_node(self, package: Path) -> None:
        """Start a node whose Python finds this package in a folder; :meth:`wait` tells when it is there."""
        number = len(self.nodes) + 1
        port = self.address.rpartition(":")[2]
        head = ["--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={self._folder}"]
        options = [
            "--num-cpus=1",
            "--object-store-memory=200000000",
            f"--node-ip-address=127.0.0.{number + 1}",
        ]
        ray = [str(Path(sys.executable).with_name("ray")), "start", "--block", "--disable-usage-stats"]
        self.nodes.append(
            subprocess.Popen(
                [*ray, *(head if number == 1 else [f"--address={self.address}"]), *options],
                env={**os.environ, "PYTHONPATH": str(package), "RAY_USAGE_STATS_ENABLED": "0"},
                cwd=self._folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )

    def wait(self, cores: int) -> None:
        """Connect this process to the cluster, and wait until it has this many cores."""
        import ray

        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(EmgRecognitionError):  # it is only starting
                check_executor(Executor(address=self.address))
                if self._cores(ray) == cores:
                    return
            time.sleep(0.2)
        raise EmgRecognitionError(f"Ray did not have {cores} cores within {_PATIENCE:g} s")

    def wait_until_free(self) -> None:
        """Wait until no core of the cluster is at work."""
        import ray

        end = time.monotonic() + _PATIENCE
        while ray.available_resources().get("CPU", 0) < self._cores(ray):
            if time.monotonic() > end:
                raise EmgRecognitionError(f"Ray was still at work after {_PATIENCE:g} s")
            time.sleep(0.2)

    def kill_node(self, number: int) -> None:
        """Kill a node with all that runs on it; after the head, nothing answers at the address."""
        os.killpg(self.nodes[number].pid, signal.SIGKILL)
        self.nodes[number].wait()
        if number:
            return
        # Its children die in their own time, and Ray ends this process if it then asks a head that is dying.
        host, _, port = self.address.rpartition(":")
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            try:
                socket.create_connection((host, int(port)), timeout=1.0).close()
            except OSError:
                return
            time.sleep(0.05)
        raise EmgRecognitionError(f"the killed head still answered after {_PATIENCE:g} s")

    @staticmethod
    def _cores(ray: Any) -> int:
        return int(ray.cluster_resources().get("CPU", 0))
