"""Real rclpy and real processes in a DDS domain for this run, limited to this machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy", reason="no ROS 2 in this environment: run `make test`")
pytest.importorskip("emg_recognition.msg", reason="messages are not built: run `make test`")

from .bridge_arm import Arm

#: Time for Python to start and for discovery on a busy machine, s.
PATIENCE = 60.0


@pytest.fixture(scope="session", autouse=True)
def ros_environment() -> None:
    """Use a separate domain for this process and its children."""
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
    if os.environ.get("ROS_DISTRO") == "humble":
        os.environ["ROS_LOCALHOST_ONLY"] = "1"


class RunningNode:
    """A node in a separate process; `arguments` are ROS arguments such as remappings."""

    def __init__(
        self, name: str, parameters: dict[str, object], folder: Path, arguments: Iterable[str] = ()
    ) -> None:
        self.name = name
        file = folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump({f"/**/{name}": {"ros__parameters": parameters}}))
        self._log = folder / f"{name}.log"
        command = [sys.executable, "-m", f"emg_recognition.nodes.{name}_node"]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, "--ros-args", "--params-file", str(file), *arguments], stdout=log, stderr=log
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def wait_for_log(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while text not in self.log:
            assert self.process.poll() is None, f"{self.name} left: {self.log}"
            assert time.monotonic() < deadline, f"{self.name} never said {text!r}: {self.log}"
            time.sleep(0.05)

    def wait(self) -> int:
        """Wait for a node to end by itself; return its exit code."""
        return self.process.wait(timeout=PATIENCE)

    def interrupt(self) -> int:
        """Send SIGINT and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.wait()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def end(nodes: list[RunningNode]) -> None:
    """End the nodes that are still running; kill only those that do not end by themselves.

    Killed nodes stay in the discovery of all others for a while, which slows the next test down and may
    crash Fast DDS when the witness is closed.
    """
    for node in nodes:
        if node.process.poll() is None:
            node.process.terminate()
    for node in nodes:
        try:
            node.process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            node.kill()


@pytest.fixture
def start_node(tmp_path: Path) -> Iterator[Callable[..., RunningNode]]:
    """Start nodes with parameters as keywords; those still running at the end are ended."""
    started: list[RunningNode] = []

    def start(name: str, **parameters: object) -> RunningNode:
        node = RunningNode(name, parameters, tmp_path)
        started.append(node)
        return node

    yield start
    end(started)
    for node in started:
        assert "unexpected, the node goes on" not in node.log, node.log


class Witness:
    """A node in the test's process that subscribes, publishes and calls services.

    `arguments` are ROS arguments such as remappings.
    """

    def __init__(self, arguments: Iterable[str] = (), name: str = "witness") -> None:
        import rclpy
        from rclpy.executors import SingleThreadedExecutor

        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        cli_args = ["--ros-args", *arguments] if arguments else None
        self.node = rclpy.create_node(name, context=self._context, cli_args=cli_args)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._clients: dict[str, object] = {}

    def collect(self, kind: type, topic: str, qos: object) -> list:
        """Return a list to which every message of a topic is appended."""
        messages: list = []
        self.node.create_subscription(kind, topic, messages.append, qos)
        return messages

    def spin_until(self, condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
        deadline = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < deadline, f"waited {patience:g} s for {what}"
            self._executor.spin_once(timeout_sec=0.02)

    def spin_for(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._executor.spin_once(timeout_sec=0.02)

    def settle(self, seconds: float = 1.0) -> None:
        """Give what no call tells the time that it needs, which is longer on a busy machine.

        Whoever has found a node may not have been found by it yet: it would lose the first message, and its
        own first one would not be for us. Wait for an event where there is one.
        """
        self.spin_for(seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))

    def find(self, services: dict[str, type]) -> None:
        """Make clients and wait for their servers; finding several at once saves time."""
        new = {
            name: self.node.create_client(services[name], name)
            for name in services
            if name not in self._clients
        }
        for name, client in new.items():
            self.spin_until(client.service_is_ready, f"service {name}")
        if new:
            # A server that has not found its client yet loses the answer, and no call tells when it has.
            self.settle(0.5)
        self._clients |= new

    def call(self, kind: type, service: str, request: object) -> object:
        self.find({service: kind})
        client = self._clients[service]
        self.spin_until(client.service_is_ready, f"service {service}")
        future = client.call_async(request)
        self.spin_until(future.done, f"the answer of {service}")
        return future.result()

    def forget(self, node: str) -> None:
        """Drop the clients of a node that is restarted."""
        for name in [name for name in self._clients if name.startswith(f"{node}/")]:
            self.node.destroy_client(self._clients.pop(name))

    def close(self) -> None:
        self._executor.shutdown()
        self.node.destroy_node()
        self._context.try_shutdown()


@pytest.fixture
def witness(ros_environment: None) -> Iterator[Witness]:
    node = Witness()
    yield node
    node.close()


@pytest.fixture(scope="session")
def flexing_bundle(
    tmp_path_factory: pytest.TempPathFactory, write_tiny_bundle: Callable[[Path, tuple[float, ...]], Path]
) -> Path:
    """A model that nearly always recognises elbow flexion."""
    return write_tiny_bundle(tmp_path_factory.mktemp("flexing"), (0.0, 4.0, 0.0))


@pytest.fixture
def change_bundle(tiny_bundle: Path, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that copies the tiny bundle and changes entries of its model.yaml."""

    def change(**changes: object) -> Path:
        folder = tmp_path / "changed_bundle"
        shutil.copytree(tiny_bundle, folder)
        file = folder / "model.yaml"
        file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **changes}))
        return folder

    return change


@pytest.fixture(scope="module")
def shared_arm(ros_environment: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arm]:
    """An exoskeleton and a switch for the tests of a module; each test starts its own bridge."""
    folder, started, node = tmp_path_factory.mktemp("arm"), [], Witness()

    def start(name: str, **parameters: object) -> RunningNode:
        started.append(RunningNode(name, parameters, folder))
        return started[-1]

    yield Arm(node, start)
    end(started)
    node.close()
