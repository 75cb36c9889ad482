"""Commands that start a whole graph of nodes: ``run`` for the robot or a simulation, and ``demo``."""

from __future__ import annotations

import argparse
import queue
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from emg_recognition.cli.parser import examples
from emg_recognition.errors import EmgRecognitionError, SettingError
from emg_recognition.resources import config_path, shell_command

if TYPE_CHECKING:
    from emg_recognition.processes import Graph

#: How often the nodes are checked, s.
_PERIOD = 0.2
#: The simulated armband may take this long to appear, s.
_WAIT_FOR_SIMULATION = 30.0


def add_parsers(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the commands."""
    demo = subparsers.add_parser(
        "demo",
        help="train on a simulated study, then run the whole chain live",
        description="Simulate a study (or take recordings), train the ensemble, run every node live, compare "
        "with what was performed and with offline evaluation, and print one table.",
        epilog=examples(
            "emg-recognition demo",
            "emg-recognition demo --data recordings.npz --minority patient --output out/ours",
        ),
    )
    demo.add_argument(
        "--output", type=Path, default=Path("out/demo"), metavar="DIR", help="folder for all results"
    )
    demo.add_argument(
        "--data", type=Path, metavar="PATH", help="recordings of any kind instead of a simulated study"
    )
    demo.add_argument(
        "--minority", metavar="COHORT", help="cohort of --data that is too small to train alone"
    )
    demo.set_defaults(run=_demo)

    run = subparsers.add_parser(
        "run",
        help="run recognition and the command bridge, real or simulated",
        description="Start every node from the armband to the command bridge, show what they do, and end "
        "them in order on Ctrl-C. The joints move only after `emg-recognition arm`, and while the switch of "
        "`emg-recognition switch` is pressed.",
        epilog=examples(
            "emg-recognition run --model out/training/bundle --port /dev/ttyACM0",
            "emg-recognition run --model out/demo/training/bundle --simulated --enabled",
            "emg-recognition run --model bundle --port /dev/ttyACM0 --no-bridge --record monday_1",
        ),
    )
    run.add_argument("--model", type=Path, required=True, metavar="BUNDLE", help="folder of the model bundle")
    source = run.add_mutually_exclusive_group(required=True)
    source.add_argument("--port", metavar="PORT", help="serial port of the armband, e.g. /dev/ttyACM0")
    source.add_argument(
        "--simulated", action="store_true", help="simulate the armband, its wearer and the exoskeleton"
    )
    run.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="with --simulated: recordings that the armband plays instead of a simulated wearer",
    )
    run.add_argument(
        "--enabled", action="store_true", help="with --simulated: start an enabling switch, pressed"
    )
    run.add_argument("--no-bridge", action="store_true", help="only recognise: start no command bridge")
    run.add_argument(
        "--exoskeleton",
        type=Path,
        metavar="YAML",
        help="joints, limits and motions (default: the packaged exoskeleton.yaml)",
    )
    run.add_argument("--record", type=Path, metavar="DIR", help="record everything into a new bag")
    run.add_argument("--namespace", metavar="NS", help="namespace of all nodes, for a second arm")
    run.add_argument(
        "--params-file",
        type=Path,
        metavar="YAML",
        help="parameters of the nodes (default: recognition.yaml, or simulation.yaml)",
    )
    run.set_defaults(run=_run)


def _demo(args: argparse.Namespace) -> int:
    from rich.console import Console

    from emg_recognition.demo.run import run_demo
    from emg_recognition.end_signals import end_signals_raise

    with end_signals_raise():
        run_demo(args.output, data=args.data, minority=args.minority, console=Console())
    return 0


def _run(args: argparse.Namespace) -> int:
    """Run the graph until a signal; the end of a node that the others need is an error."""
    from emg_recognition.end_signals import end_signals_raise
    from emg_recognition.models.bundle import read_bundle
    from emg_recognition.processes import Graph

    for option, value in (("--enabled", args.enabled or None), ("--data", args.data)):
        if value is not None and not args.simulated:
            raise SettingError(option, str(value), "use it with --simulated only")
    if args.exoskeleton is not None and args.no_bridge:
        raise SettingError("--exoskeleton", str(args.exoskeleton), "leave it out with --no-bridge")
    for option in ("exoskeleton", "params_file", "data"):
        path = getattr(args, option)
        if path is not None and not path.exists():
            raise SettingError(f"--{option.replace('_', '-')}", str(path), "there is no such file")
    actions = read_bundle(args.model).actions
    folder = Path(tempfile.mkdtemp(prefix="emg_run_"))
    try:
        with end_signals_raise(), Graph(folder, namespace=args.namespace) as graph:
            lines = _start(graph, folder, args)
            print(f"model {args.model}: {', '.join(actions)}", *_hints(args), sep="\n", flush=True)
            with _status() as show:
                while True:
                    graph.check(complete=True)
                    try:
                        show(lines.get(timeout=_PERIOD))
                    except queue.Empty:
                        continue
    except KeyboardInterrupt:
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    except EmgRecognitionError as error:
        if not any(folder.glob("*.log")):  # no node was started
            shutil.rmtree(folder, ignore_errors=True)
            raise
        raise EmgRecognitionError(f"{error} (logs of all nodes: {folder})") from error


def _start(graph: Graph, folder: Path, args: argparse.Namespace) -> queue.SimpleQueue[str]:
    """Start the nodes, each before the one that it listens to; return the lines of the monitor."""
    file = args.params_file or config_path("simulation.yaml" if args.simulated else "recognition.yaml")
    model = str(args.model.resolve())
    exoskeleton, data = (_absolute(path) for path in (args.exoskeleton, args.data))
    port, wait = args.port, None
    if args.record is not None:
        graph.start("recorder", {"output": _absolute(args.record)})
    if args.simulated:
        port, wait = str(folder / "armband"), _WAIT_FOR_SIMULATION
        armband = {"link": port, "archive": data, "mark_breaks": True if data else None}
        graph.start("simulated_armband", armband, parameter_file=file)
        if not args.no_bridge:
            graph.start("simulated_exoskeleton", {"exoskeleton": exoskeleton}, parameter_file=file)
    if args.enabled:
        graph.start("enabling_switch", {"pressed": True})
    graph.start("signal_quality", {"model": model}, parameter_file=file, optional=True)
    if not args.no_bridge:
        graph.start("command_bridge", {"exoskeleton": exoskeleton, "model": model}, parameter_file=file)
    chain = {
        "acquisition": {"port": port, "wait_for_port": wait},
        "preprocessing": {"model": model},
        "classifier": {"model": model},
    }
    graph.start_several("chain", chain, parameter_file=file)
    monitor = graph.start("monitor", {}, capture=True, optional=True)
    assert monitor.stdout is not None
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(monitor.stdout, lines), daemon=True).start()
    return lines


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.resolve())


def _read(stream: IO[str], lines: queue.SimpleQueue[str]) -> None:
    for line in stream:
        lines.put(line.rstrip())


def _hints(args: argparse.Namespace) -> list[str]:
    """Return what can be done in another terminal."""
    arm = "" if args.namespace is None else f" --namespace {args.namespace}"
    commands = [("emg-recognition monitor", "shows every channel")]
    if not args.no_bridge:
        commands = [("emg-recognition arm", "lets the joints move; disarm and stop end it"), *commands]
        if not args.enabled:
            commands = [("emg-recognition switch", "e enables, any other key stops"), *commands]
    rows = [(shell_command(command) + arm, text) for command, text in commands]
    width = max(len(command) for command, _ in rows)
    return [
        "in other terminals:",
        *(f"  {command:<{width}}   {text}" for command, text in rows),
        "Ctrl-C here ends all nodes",
    ]


@contextmanager
def _status() -> Iterator[Callable[[str], None]]:
    """Give the function that shows the newest line: in place on a terminal, else as lines."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        yield lambda line: print(line, flush=True)
        return
    live = Live(Text("the nodes start …"), console=console, transient=True)
    live.start()
    try:
        yield lambda line: live.update(Text(line.replace(" | ", "\n")))
    finally:
        with suppress(OSError):  # the terminal may be gone
            live.stop()
