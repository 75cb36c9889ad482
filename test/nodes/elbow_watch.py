"""Nodes in processes that can be killed and stopped, and a witness that sees when the elbow stops.

Shared by ``test_safety.py``, ``test_sim_time.py`` and ``bench/chaos.py``.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import rclpy
import yaml
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from emg_recognition.resources import config_path

#: Below this speed the joint counts as stopped, rad/s.
STILL = 0.01
#: How long it must be stopped before the moment of its last motion counts, s.
QUIET = 0.3
#: Above this speed it moves as in the packaged file (0.4 rad/s), rad/s.
MOVING = 0.3
#: How long it must move before a test acts on it, s.
STEADY = 0.5
#: Joint states a second: the resolution of the moment of standstill is 5 ms.
STATE_RATE = 200.0
#: In a gap of the joint states longer than this the end of a motion cannot be located, s.
UNSEEN = 0.1
#: Beyond this the elbow is near its limit, rad.
FAR = 8.0
#: Start, discovery and arming on a busy machine, s.
PATIENCE = 40.0


def write_endless_joints(path: Path) -> Path:
    """Write the packaged exoskeleton with the widest limits; `ElbowWatch.move` keeps the elbow off them."""
    exoskeleton = yaml.safe_load(config_path("exoskeleton.yaml").read_text())
    for joint in exoskeleton["joints"].values():
        joint.update(lower=-12.5, upper=12.5)
    path.write_text(yaml.safe_dump(exoskeleton))
    return path


class ElbowWatch:
    """Starts nodes and sends them signals; watches the elbow and arms the bridge.

    Parameters
    ----------
    folder : Path
        Where the nodes' parameters and logs go.
    parameters : mapping of str to mapping
        The nodes in the order in which they start, and their parameters.

    Attributes
    ----------
    node : rclpy.node.Node
        The witness.
    elbow : float
        Position of the elbow, rad.
    """

    def __init__(self, folder: Path, parameters: Mapping[str, Mapping[str, object]]) -> None:
        self._folder = folder
        self._parameters = parameters
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._context = rclpy.Context()
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node("witness", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._arm = self.node.create_client(Trigger, "command_bridge/arm")
        self.node.create_subscription(JointState, "exo/joint_states", self._on_joints, 500)
        # The exoskeleton stamps a joint state when it is measured, so the time on the way does not count.
        self._offset = time.time() - time.monotonic()
        self._stamp = 0.0
        self._moved = 0.0
        self._seen = True
        self._moving = 0
        self._standing = 0
        self.elbow = 0.0

    def __enter__(self) -> ElbowWatch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every process and the witness."""
        self.kill_all()
        self._executor.shutdown()
        self.node.destroy_node()
        self._context.try_shutdown()

    def _on_joints(self, message: JointState) -> None:
        stamp = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
        elbow = message.position[message.name.index("elbow_flexion")]
        if stamp <= self._stamp:
            return
        passed = stamp - self._stamp
        speed = abs(elbow - self.elbow) / passed
        if speed > STILL:
            self._moved, self._seen = stamp - self._offset, passed <= UNSEEN
        self._standing = self._standing + 1 if speed <= STILL else 0
        self._moving = self._moving + 1 if speed > MOVING else 0
        self._stamp, self.elbow = stamp, elbow

    def start(self, name: str) -> None:
        """Start a node, in place of a running one of that name."""
        if name in self._children:
            self._children[name].kill()
            self._children[name].wait()
        file = self._folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump({f"/**/{name}": {"ros__parameters": dict(self._parameters[name])}}))
        command = [sys.executable, "-m", f"emg_recognition.nodes.{name}_node", "--ros-args"]
        with (self._folder / f"{name}.log").open("w") as log:
            self._children[name] = subprocess.Popen(
                [*command, "--params-file", str(file)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill_all(self) -> None:
        """End every process, including stopped ones."""
        for child in self._children.values():
            child.kill()
            child.wait()

    def send(self, name: str, number: signal.Signals) -> float:
        """Send a signal to a node; return the moment, s on the steady clock."""
        moment = time.monotonic()
        self._children[name].send_signal(number)
        return moment

    def dead(self) -> list[str]:
        """Return the nodes that are not running."""
        return [
            name
            for name in self._parameters
            if name not in self._children or self._children[name].poll() is not None
        ]

    def log(self, name: str) -> str:
        """Return the log of a node since its last start."""
        return (self._folder / f"{name}.log").read_text()

    def spin_for(self, seconds: float) -> None:
        """Receive messages for some time, s."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._executor.spin_once(timeout_sec=0.02)

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        """Receive messages until a condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {PATIENCE:g} s for {what}")
            self._executor.spin_once(timeout_sec=0.02)

    def arm(self) -> str | None:
        """Ask the bridge to arm; return its answer, None if it gives none within 1 s."""
        if not self._arm.service_is_ready():
            return None
        future = self._arm.call_async(Trigger.Request())
        deadline = time.monotonic() + 1.0
        while not future.done() and time.monotonic() < deadline:
            self._executor.spin_once(timeout_sec=0.02)
        if future.done():
            return str(future.result().message)
        # The request may have gone to a bridge that was killed.
        self._arm.remove_pending_request(future)
        return None

    def move(self) -> None:
        """Start dead nodes, continue stopped ones, arm, and wait until the elbow moves.

        An elbow that is near its limit starts in the middle again.

        Raises
        ------
        AssertionError
            If a node ends by itself.
        TimeoutError
            If the elbow does not move.
        """
        if abs(self.elbow) > FAR and "simulated_exoskeleton" not in self.dead():
            self.start("simulated_exoskeleton")
        for name in self.dead():
            self.start(name)
        for name in self._children:
            self.send(name, signal.SIGCONT)
        deadline = time.monotonic() + PATIENCE
        answer = None
        self._moving = 0
        while self._moving < STEADY * STATE_RATE:
            dead = self.dead()
            if dead:
                raise AssertionError(f"{dead[0]} has ended: {self.log(dead[0])}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"the elbow did not move within {PATIENCE:g} s: {answer}")
            # Repeatedly: on a busy machine it may hold or fault before it has moved long enough.
            answer = self.arm() or answer
            self.spin_for(0.1)

    def standstill(self, since: float, within: float) -> float | None:
        """Spin until the elbow has stopped; return how long after `since` it last moved, s.

        A killed process may keep DDS from delivering joint states for a while. If the last motion of the
        elbow is in such a gap, its end is not known, and the answer is None.

        Parameters
        ----------
        since : float
            A moment on the steady clock, s.
        within : float
            How long the elbow may go on moving, s.

        Raises
        ------
        AssertionError
            If it moves longer, or if no joint states come.
        """
        self._standing = 0
        while self._standing < QUIET * STATE_RATE:
            self._executor.spin_once(timeout_sec=0.02)
            if self._moved - since > within and self._seen:
                raise AssertionError(f"the elbow still moves {self._moved - since:.2f} s after the signal")
            if time.monotonic() - since > within + PATIENCE:
                raise AssertionError(f"only {self._standing} joint states of a stopped elbow came")
        return max(self._moved - since, 0.0) if self._seen else None
