"""A campaign of faults against the whole graph in real processes: nothing may make it dangerous or useless.

    tools/environment run python bench/chaos.py [--minutes 60] [--seed 1] [--output serial] [--only "kill"]

Processes are killed, stopped, paused, starved and restarted, cables disturbed, a disk filled; strangers
publish on every topic: impossible values, true messages with wrong fields or with old and future stamps, and
copies. Meanwhile the simulated exoskeleton writes down how its joints move at each of its updates.
The conditions:

- no motion unless armed; speed and acceleration as moved within the limits of the joints;
- standstill within 250 ms of the cause (99th percentile over all faults that demand one);
- no node ends by itself; afterwards everything works again, restarting nothing but what was killed.

Prints a line for each violation and a table, also after Ctrl-C. Exits with 1 after a violation, and with 3 if
things only took too long, which a busy machine may explain. Traces and logs of violations go to ``--folder``.
Everything stays on this machine, in a ROS domain of its own.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test" / "nodes"))

import numpy as np
from campaign.faults import Fault, all_faults
from campaign.graph import OUTPUTS, BrokenGraphError, ChaosGraph, SlowGraphError
from campaign.motion import STILL, Motion
from emg_recognition.msg import BridgeState

from emg_recognition.control.receiver import RETURN

CONFTEST = Path(__file__).resolve().parents[1] / "test" / "conftest.py"
#: The joints' largest speed, rad/s, in the packaged file.
MAX_SPEED = 0.6
#: Their largest acceleration (8 rad/s²) over 40 ms, and the factor by which a controller that missed commands
#: may exceed it; a watchdog or brake that stops the joint from 0.4 rad/s at once needs 10 rad/s².
MAX_ACCELERATION = 8.0 * RETURN
#: 99th percentile of the time to standstill, and the time after which it is a violation by itself, s.
ALLOWED, WITHIN = 0.25, 0.5
#: Faults shorter than this need not lead to standstill, s.
LONG = 0.5
#: How long the graph is watched after the end of a fault, s.
AFTERMATH = 0.8
#: Length of the time with one output, when several take turns, s.
TURN = 300.0
#: The faults of the short form, in this order.
SHORT = (
    "kill acquisition",
    "kill preprocessing",
    "stop classifier",
    "stranger emg/action: copy",
    "stop command_bridge",
    "pause exoskeleton",
    "stranger emg/model: wild",
    "kill command_bridge",
    "stop enabling_switch",
    "stranger exo/joint_states: nearly",
    "kill enabling_switch",
)
#: On a machine that is busy with other tests, the short form only demands standstill after this time, s.
WITHIN_SHORT = 2.0
#: How a violation begins that only says so.
TOO_LATE = "still moved"
#: Exit code where nothing was wrong but the time that it took.
LATE = 3


@dataclass
class Group:
    """What was measured with faults of one kind, s, rad/s and rad/s²."""

    standstill: list[float] = field(default_factory=list)
    detection: list[float] = field(default_factory=list)
    recovery: list[float] = field(default_factory=list)
    fastest: float = 0.0
    hardest: float = 0.0
    trials: int = 0


class Campaign:
    """Runs trials and keeps what they showed.

    Parameters
    ----------
    folder : Path
        Where traces and logs of violations go.
    seed : int
        Chooses the faults and their durations.
    short : bool
        Whether the graph is in motion before every fault, and may take longer to stop.
    """

    def __init__(self, folder: Path, seed: int, *, short: bool) -> None:
        self._folder, self._seed, self._short = folder, seed, short
        self._within = WITHIN_SHORT if short else WITHIN
        self._tracebacks: set[str] = set()
        self._last: Group | None = None
        self._choice = random.Random(seed)
        self.groups: dict[str, Group] = defaultdict(Group)
        self.violations: list[str] = []
        #: Those of the violations that concern nothing but time.
        self.late: list[str] = []
        self.trials = 0

    def faults(self, known: list[Fault], output: str, only: str) -> Iterator[Fault]:
        """Yield faults forever: half of them strangers."""
        possible = [
            fault
            for fault in known
            if fault.needs in ("", output) and re.search(only, fault.name) is not None
        ]
        strangers = [fault for fault in possible if fault.name.startswith("stranger")]
        others = [fault for fault in possible if fault not in strangers]
        while True:
            yield self._choice.choice((self._choice.random() < 0.45 and strangers) or others or strangers)

    def trial(self, graph: ChaosGraph, fault: Fault) -> None:
        """Let one fault happen in motion or, sometimes, while nothing may move; judge what was seen."""
        self.trials += 1
        armed = fault.stops or fault.arms or self._short or self._choice.random() < 0.75
        group = self.groups[fault.name.split(":")[0]]
        took = graph.bring_into_motion() if armed else graph.bring_to_rest()
        if self._last is not None and armed:
            self._last.recovery.append(took)
        self._last = group
        graph.states.clear()
        graph.spin_for(self._choice.uniform(0.0, 0.15))
        watched = time.monotonic()
        before = graph.trace
        begin, end = fault.happen(graph, self._choice)
        graph.spin_for(AFTERMATH)
        now = time.monotonic()
        for wrong in self._judge(graph, fault, armed, (before, graph.trace), (watched, begin, end, now)):
            self._violation(graph, fault, wrong, armed, late=wrong.startswith(TOO_LATE))
        for trace in (before, graph.trace):
            trace.forget(now - 5.0)
        group.trials += 1

    def _judge(self, graph, fault, armed, traces, moments) -> Iterator[str]:
        watched, begin, end, now = moments
        group = self.groups[fault.name.split(":")[0]]
        motions = []
        for trace in dict.fromkeys(traces):
            trace.read()
            motions.append(trace)

        def over(since: float, until: float) -> list[Motion]:
            return [trace.between(since, until) for trace in motions]

        free = over(end + 0.3, now) if fault.obeyed else over(watched, now)
        fastest = max(motion.fastest for motion in free)
        hardest = max(motion.hardest for motion in free)
        group.fastest, group.hardest = max(group.fastest, fastest), max(group.hardest, hardest)
        for name in graph.dead():
            last = graph.log(name).strip().splitlines()[-8:]
            yield f"{name} ended by itself: " + " | ".join(last)
        for name, text in graph.logs():
            if "Traceback" in text and text[:200] not in self._tracebacks:
                self._tracebacks.add(text[:200])
                yield f"{name} was surprised: " + " | ".join(
                    text[text.index("Traceback") :].splitlines()[-4:]
                )
        if fastest > MAX_SPEED:
            yield f"moved at {fastest:.2f} rad/s"
        if hardest > MAX_ACCELERATION:
            yield f"accelerated by {hardest:.1f} rad/s²"
        if not armed and not fault.obeyed and fastest > STILL:
            yield f"moved unarmed, at {fastest:.2f} rad/s"
        if not armed:
            return
        states = [(moment - begin, state) for moment, state in graph.states if moment > begin]
        detected = next((after for after, state in states if state != BridgeState.ARMED), None)
        if fault.stops and end - begin > LONG:
            stood = max(max(motion.last_moved for motion in over(begin, end)) - begin, 0.0)
            group.standstill.append(stood)
            if detected is not None and detected < end - begin:
                group.detection.append(detected)
            if stood > self._within:
                yield f"{TOO_LATE} {stood * 1000:.0f} ms after the cause"
        if fault.stays:
            later = max(motion.last_moved for motion in over(begin + self._within, now)) - begin
            if later > self._within:
                yield f"moved again {later * 1000:.0f} ms after the cause, without arming"
        if fault.goes_on and states and states[-1][1] == BridgeState.FAULT:
            yield "the bridge is in FAULT"

    def _violation(
        self, graph: ChaosGraph, fault: Fault, what: str, armed: bool, *, late: bool = False
    ) -> None:
        place = self._folder / f"violation-{len(self.violations) + 1}"
        place.mkdir(parents=True, exist_ok=True)
        for path in (
            *graph.folder.glob("*.log"),
            *(trace for trace in [graph.trace and graph.trace.path] if trace),
        ):
            shutil.copy(path, place)
        what = what.replace("\n", " ")
        line = (
            f"trial {self.trials} (seed {self._seed}, {graph.output}, {'armed' if armed else 'disarmed'}, "
            f"{time.strftime('%H:%M:%S')}): {fault.name}: {what} [{place}]"
        )
        self.violations.append(line)
        if late:
            self.late.append(line)
        print(f"VIOLATION {line}", flush=True)

    def broken(self, graph: ChaosGraph, fault: str, error: BrokenGraphError) -> None:
        """Note that the graph had to be started again."""
        after = Fault(f"after {fault}", lambda *_: (0.0, 0.0))
        self._violation(graph, after, str(error), True, late=isinstance(error, SlowGraphError))

    def table(self) -> str:
        """Return what was measured."""
        lines = [
            "| fault | trials | standstill 50 / 99 % / max, ms | detected 50 / max, ms | fastest, rad/s "
            "| hardest, rad/s² | works again 50 / max, s |",
            "|---|---|---|---|---|---|---|",
        ]
        for name, group in sorted(self.groups.items()):
            lines.append(
                f"| {name} | {group.trials} | {_values(group.standstill, (50, 99, 100), 1000)} "
                f"| {_values(group.detection, (50, 100), 1000)} | {group.fastest:.2f} | {group.hardest:.1f} "
                f"| {_values(group.recovery, (50, 100), 1)} |"
            )
        stood = [time for group in self.groups.values() for time in group.standstill]
        lines.append(f"| all | {self.trials} | {_values(stood, (50, 99, 100), 1000)} | | | | |")
        if stood and not self._short and np.percentile(stood, 99, method="higher") > ALLOWED:
            self.violations.append("standstill")
            self.late.append("standstill")
            lines.append(
                f"TOO LONG: the 99th percentile of the time to standstill is above {ALLOWED * 1000:g} ms"
            )
        return "\n".join(lines)


def _values(times: list[float], percents: tuple[int, ...], factor: int) -> str:
    if not times:
        return ""
    digits = 0 if factor > 1 else 1
    return " / ".join(
        f"{value:.{digits}f}" for value in np.percentile(times, percents, method="higher") * factor
    )


def write_bundle(folder: Path) -> Path:
    """Write the tests' model that is sure of elbow flexion, in another process because Keras is heavy."""
    code = "import pathlib, runpy, sys; write = runpy.run_path(sys.argv[1])['_write_tiny_bundle']"
    code += "; write(pathlib.Path(sys.argv[2]), (0.0, 4.0, 0.0))"
    subprocess.run([sys.executable, "-c", code, CONFTEST, folder], check=True, capture_output=True)
    return folder / "bundle"


def main() -> int:
    """Run the campaign; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5.0, help="how long (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the faults (default: %(default)s)")
    parser.add_argument("--output", choices=OUTPUTS, help="of the bridge (default: all, in turn)")
    parser.add_argument("--only", default="", help="regular expression that the faults' names contain")
    parser.add_argument("--short", action="store_true", help="a few faults with one output, in half a minute")
    parser.add_argument("--folder", type=Path, default=Path("out/chaos"), help="(default: %(default)s)")
    args = parser.parse_args()
    # Otherwise SIGTERM would leave the nodes running or stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
    campaign = Campaign(args.folder, args.seed, short=args.short)
    outputs = [args.output] if args.output else ["trajectory"] if args.short else list(OUTPUTS)
    known = all_faults(onlookers=not args.short)
    end = time.monotonic() + args.minutes * 60
    turn = 0
    last = "start"
    with tempfile.TemporaryDirectory() as name:
        bundle = write_bundle(Path(name))
        while turn == 0 or (time.monotonic() < end and not args.short):
            output = outputs[turn % len(outputs)]
            turn += 1
            folder = Path(name) / f"turn{turn}"
            folder.mkdir()
            over = min(end, time.monotonic() + min(TURN, args.minutes * 60 / len(outputs)))
            faults = campaign.faults(known, output, args.only)
            if args.short:
                faults = iter([next(one for one in known if one.name == name) for name in SHORT])
            interrupted = False
            try:
                with ChaosGraph(folder, bundle, output, onlookers=not args.short) as graph:
                    try:
                        for fault in faults:
                            campaign.trial(graph, fault)
                            last = fault.name
                            if time.monotonic() > over and not args.short:
                                break
                        graph.bring_into_motion()
                    except BrokenGraphError as error:
                        campaign.broken(graph, last, error)
            except KeyboardInterrupt:
                interrupted = True
            shutil.rmtree(folder, ignore_errors=True)
            if interrupted:
                break
    print(campaign.table())
    print(f"{len(campaign.violations)} violations in {campaign.trials} trials, seed {args.seed}")
    if not campaign.violations:
        return 0
    return LATE if len(campaign.late) == len(campaign.violations) else 1


if __name__ == "__main__":
    sys.exit(main())
