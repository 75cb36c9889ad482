"""The whole graph, from armband to joint and the programs that look on, each in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elbow_watch import ElbowWatch, write_endless_joints
from emg_recognition.msg import BridgeState
from safety_graph import write_noise
from std_srvs.srv import SetBool, Trigger

from campaign.motion import Trace
from campaign.strangers import Stranger
from emg_recognition.ros import qos

#: Everything must work again this long after a fault has ended, s.
RECOVERY = 40.0
#: The elbow moves as in the packaged file at 0.4 rad/s; above this it counts as moving, rad/s.
MOVING = 0.3
#: Updates of the simulated controller a second.
RATE = 200.0
#: Nothing may come near the joints' limits (rad): the exoskeleton is started again in the middle.
FAR = 8.0
OUTPUTS = ("trajectory", "velocity", "serial")
#: What brings the signal to the joints, in the order of starting; then who allows it, and who looks on.
CHAIN = ("simulated_armband", "acquisition", "preprocessing", "classifier", "command_bridge")
ONLOOKERS = ("signal_quality", "monitor", "recorder")


class BrokenGraphError(Exception):
    """The graph does not work, or no longer."""


class SlowGraphError(BrokenGraphError):
    """The graph does not work yet."""


class ChaosGraph(ElbowWatch):
    """The nodes with their defaults, joints without end, and cables that can be disturbed.

    Parameters
    ----------
    folder : Path
        Where parameters, logs, traces and links go.
    bundle : Path
        A model for 4 channels at 500 Hz that is sure of elbow flexion.
    output : str
        One of :data:`OUTPUTS`.
    onlookers : bool
        Whether recorder, monitor and signal quality run too.
    """

    def __init__(self, folder: Path, bundle: Path, output: str, *, onlookers: bool) -> None:
        joints = str(write_endless_joints(folder / "exoskeleton.yaml"))
        armband, device = str(folder / "armband"), str(folder / "device")
        parameters: dict[str, dict[str, Any]] = {
            "simulated_armband": {
                "archive": str(write_noise(folder / "noise.npz", 3600.0)),
                "link": armband,
            },
            "simulated_exoskeleton": {
                "exoskeleton": joints,
                "rate": RATE,
                "controller": output,
                "watchdog": 0.1,
                "link": device,
            },
            "command_bridge": {"exoskeleton": joints, "output": output, "external_watchdog": True},
            "enabling_switch": {"pressed": True},
            "classifier": {"model": str(bundle)},
            "preprocessing": {},
            "acquisition": {"port": armband + ".host", "wait_for_port": 40.0},
        }
        if output == "serial":
            parameters["command_bridge"]["serial_port"] = device + ".host"
        if onlookers:
            parameters |= {"signal_quality": {}, "monitor": {}, "recorder": {}}
        super().__init__(folder, parameters)
        self.folder, self.output = folder, output
        #: State and moment (steady clock, s) of every message of the bridge.
        self.states: list[tuple[float, int]] = []
        self.node.create_subscription(BridgeState, "exo/bridge_state", self._on_state, qos.WITNESS)
        self.stranger = Stranger(self.node)
        #: Made at the beginning: until a server has found a new client, it does not get its requests.
        self._clients = {
            name: self.node.create_client(Trigger, f"command_bridge/{name}") for name in ("disarm", "stop")
        }
        self._press = self.node.create_client(SetBool, "simulated_exoskeleton/emergency_stop")
        self._traces = 0
        self.trace: Trace | None = None
        links = [armband, device] if output == "serial" else [armband]
        self._lines = {Path(link).name: self._line(link) for link in links}

    def _line(self, link: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(Path(__file__).with_name("line.py")), link, link + ".host"]
        return subprocess.Popen(command, stdin=subprocess.PIPE, text=True)

    def _on_joints(self, message: object) -> None:
        """Ignore them: the trace tells more, and nobody else can write it."""

    def _on_state(self, message: BridgeState) -> None:
        self.states.append((time.monotonic(), message.state))

    def disturb(self, line: str, how: str, seconds: float) -> None:
        """Disturb a cable ("armband" or "device") for some time; ``line.py`` knows how."""
        pipe = self._lines[line].stdin
        assert pipe is not None
        print(how, seconds, file=pipe, flush=True)

    def start(self, name: str) -> None:
        """Start a node; the exoskeleton begins a new trace, the recorder a new bag."""
        port = self._parameters[name].get("serial_port")
        end = time.monotonic() + RECOVERY
        # The cable's end comes after the device: the bridge would otherwise find no such port, and end.
        while port is not None and not Path(str(port)).exists() and time.monotonic() < end:
            time.sleep(0.02)
        if name == "simulated_exoskeleton":
            self._traces += 1
            path = self.folder / f"trace{self._traces}.csv"
            path.touch()
            self._parameters[name]["trace"] = str(path)  # type: ignore[index]
            if self.trace is not None:
                self.trace.close()
            self.trace = Trace(path)
        if name == "recorder":
            self._parameters[name]["output"] = str(self.folder / f"bag{time.monotonic_ns()}")  # type: ignore[index]
        super().start(name)

    def start_with_small_disk(self, name: str, size: int) -> None:
        """Start a node whose files may not grow beyond `size` bytes."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            self.start(name)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    def copy_of(self, name: str) -> subprocess.Popen[bytes]:
        """Start a second node of the same name and parameters."""
        command = [sys.executable, "-m", f"emg_recognition.nodes.{name}_node"]
        # Two would write one trace.
        others = ["-p", f"trace:={self.folder}/second.csv"] if name == "simulated_exoskeleton" else []
        with (self.folder / f"second_{name}.log").open("w") as log:
            return subprocess.Popen(
                [*command, "--ros-args", "--params-file", str(self.folder / f"{name}.yaml"), *others],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill_all(self) -> None:
        """End every process, the cables too."""
        super().kill_all()
        for line in self._lines.values():
            line.kill()
            line.wait()

    def revive(self) -> None:
        """Start what has been killed, continue what is stopped."""
        self.stranger.listening = True
        newest = self.trace.newest if self.trace is not None else []
        if newest and max(map(abs, newest[1:4])) > FAR:
            self.start("simulated_exoskeleton")
        for name in self.dead():
            self.start(name)
        for child in self._children.values():
            child.send_signal(18)

    def speed(self) -> float:
        """Return the greatest speed of a joint now, rad/s."""
        assert self.trace is not None
        self.trace.read()
        newest = self.trace.newest
        if not newest or time.monotonic() - newest[0] > 0.2:
            return 0.0
        return max(map(abs, newest[1 + (len(newest) - 1) // 2 :]))

    def bring_into_motion(self) -> float:
        """Revive, arm, and wait until the elbow moves; return how long it took, s."""
        begin = time.monotonic()
        self.revive()
        since: float | None = None
        answer = None
        while since is None or time.monotonic() - since < 0.2:
            if time.monotonic() - begin > RECOVERY:
                state = self.states[-1][1] if self.states else None
                raise SlowGraphError(f"no motion after {RECOVERY:g} s: {answer}; bridge in state {state}")
            if self.dead():
                raise BrokenGraphError(f"{self.dead()} ended by itself")
            if self.speed() < MOVING:
                since = None
                answer = self.arm() or answer
            elif since is None:
                since = time.monotonic()
            self.spin_for(0.05)
        return time.monotonic() - begin

    def ask(self, name: str) -> float:
        """Ask the bridge to disarm or to stop; return when, s on the steady clock."""
        self._clients[name].wait_for_service(5.0)
        begin = time.monotonic()
        self._clients[name].call_async(Trigger.Request())
        return begin

    def bring_to_rest(self) -> None:
        """Disarm and wait until all joints stand."""
        self.revive()
        begin = time.monotonic()
        while time.monotonic() - begin < RECOVERY:
            if self._clients["disarm"].service_is_ready():
                self.ask("disarm")
            self.spin_for(0.3)
            if (
                self.states
                and self.states[-1][1] in (BridgeState.DISARMED, BridgeState.FAULT)
                and not self.speed()
            ):
                return
            if self.speed() < 1e-3:
                return
        raise SlowGraphError(f"not at rest {RECOVERY:g} s after disarming")

    def logs(self) -> Iterator[tuple[str, str]]:
        """Yield the nodes and what they have logged since they were started."""
        for name in self._parameters:
            if (self.folder / f"{name}.log").exists():
                yield name, self.log(name)

    def press_emergency_stop(self, pressed: bool) -> None:
        """Press or release the emergency stop of the serial exoskeleton."""
        # A device that was restarted a moment ago may not have been discovered yet, and one that was killed
        # may still be: a call that gets no answer is made again.
        deadline = time.monotonic() + 20.0
        while time.monotonic() < deadline:
            self._press.wait_for_service(5.0)
            answer = self._press.call_async(SetBool.Request(data=pressed))
            again = time.monotonic() + 1.0
            while time.monotonic() < again:
                self.spin_for(0.001)
                if answer.done():
                    return
            self._press.remove_pending_request(answer)
        raise BrokenGraphError("the emergency stop does not answer")
