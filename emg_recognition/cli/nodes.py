"""Commands that run one node in this terminal: recording, watching, the switch, and calls to the bridge."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, NoReturn

from emg_recognition.cli.parser import examples
from emg_recognition.errors import EmgRecognitionError, SettingError
from emg_recognition.page.controls import MISSING

#: The session node has this long to end its bag after a signal, s.
_GRACE = 10.0
#: How often the session looks at its nodes, s.
_PERIOD = 0.1

_CALLS = {
    "arm": "let the command bridge move the joints while the switch is pressed",
    "disarm": "let the command bridge end all motion",
    "stop": "stop the joints at once; they need a new arming",
}


def add_parsers(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the commands."""
    for name, text in _CALLS.items():
        call = subparsers.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}. Prints the bridge's answer; the exit code is 1 if it "
            "refuses, 2 if there is no bridge.",
            epilog=examples(f"emg-recognition {name}", f"emg-recognition {name} --namespace left_arm"),
        )
        _add_namespace(call)
        call.set_defaults(run=_call, call=name)

    switch = subparsers.add_parser(
        "switch",
        help="be the enabling switch: e presses, any other key releases",
        description="Run the enabling switch in this terminal: e presses it, any other key releases it at "
        "once, Ctrl-C releases it and ends. The joints move only while it is pressed. It is software on an "
        "ordinary computer, not a certified enabling device.",
        epilog=examples("emg-recognition switch", "emg-recognition switch --namespace left_arm"),
    )
    _add_namespace(switch)
    switch.set_defaults(run=lambda args: _become("enabling_switch_node", {}, args.namespace))

    monitor = subparsers.add_parser(
        "monitor",
        help="watch the running graph in the terminal",
        description="Show channels, recognised action, latency, losses, command bridge, joints and warnings "
        "of the running graph, and what to do next. It only looks. q or Ctrl-C quits. Without a terminal it "
        "writes one line a second.",
        epilog=examples("emg-recognition monitor", "emg-recognition monitor --namespace left_arm"),
    )
    _add_namespace(monitor)
    monitor.set_defaults(run=lambda args: _become("monitor_node", {}, args.namespace))

    _add_page(subparsers)

    record = subparsers.add_parser(
        "record",
        help="record the running graph into a bag",
        description="Record samples, device, model, labels, estimates and what the bridge does into an MCAP "
        "bag until Ctrl-C. `ros2 bag` reads it; `emg-recognition evaluate` scores a model on it.",
        epilog=examples(
            "emg-recognition record --output monday_1",
            "emg-recognition record --namespace left_arm right_arm",
        ),
    )
    _add_output(record, "recording_")
    record.add_argument(
        "--namespace", nargs="+", metavar="NS", help="namespaces of the arms, e.g. left_arm right_arm"
    )
    record.set_defaults(run=_record)
    _add_session(subparsers)


def _add_page(subparsers: argparse._SubParsersAction[Any]) -> None:
    page = subparsers.add_parser(
        "page",
        help="serve a page for patient and therapist, for a browser beside the graph",
        description="Serve a page in the browser: sessions, electrodes, live signals, recognition, training "
        "and the command bridge of the running graph. It never arms; its stop button is software, no "
        "emergency stop. Only this machine reaches it, unless --host names another address; then it prints "
        "an access link, and refuses whoever comes without.",
        epilog=examples(
            "emg-recognition page --folder out/ward",
            "emg-recognition page --folder out/ward --host 192.168.1.20",
        ),
    )
    page.add_argument("--host", metavar="ADDRESS", help="address to serve (default: 127.0.0.1)")
    page.add_argument("--port", type=int, metavar="N", help="port to serve (default: 8080; 0: a free one)")
    page.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="recordings, models and results (default: here)",
    )
    page.add_argument(
        "--plan", type=Path, metavar="YAML", help="plan of sessions that are started on the page"
    )
    page.add_argument("--config", type=Path, metavar="YAML", help="configuration of trainings")
    _add_namespace(page)
    page.set_defaults(run=_page)


def _add_session(subparsers: argparse._SubParsersAction[Any]) -> None:
    session = subparsers.add_parser(
        "session",
        help="guide a wearer through a recording for `train`, or through a donning",
        description="Show how good the signal is, then which action to make, and record samples and labels "
        "into a bag that `train` reads. The operator can repeat or discard a repetition. With --model the "
        "wearer dons that bundle first; nothing else is recorded without --plan. With --port or --source it "
        "starts acquisition and signal quality itself; otherwise they must be running already.",
        epilog=examples(
            "emg-recognition session --subject anna --cohort patient --port /dev/ttyACM0",
            "emg-recognition session --subject anna --cohort patient --session 3 --output out/anna_3",
            "emg-recognition session --subject anna --cohort patient --model out/training/bundle \\",
            "    --bundle out/anna",
        ),
    )
    session.add_argument("--subject", required=True, metavar="S", help="name of the wearer")
    session.add_argument("--cohort", required=True, metavar="C", help="the wearer's cohort, e.g. patient")
    session.add_argument("--session", metavar="NAME", help="number or name (default: the bag's name)")
    _add_output(session, "session_")
    session.add_argument(
        "--plan", type=Path, metavar="YAML", help="actions, repetitions and times (default: the paper's)"
    )
    session.add_argument("--model", type=Path, metavar="BUNDLE", help="bundle that the wearer dons first")
    session.add_argument(
        "--bundle",
        type=Path,
        metavar="DIR",
        help="folder of the wearer's bundle (default: beside the bag)",
    )
    session.add_argument(
        "--script", type=Path, metavar="YAML", help="what the operator does, for a run without a person"
    )
    device = session.add_mutually_exclusive_group()
    device.add_argument("--port", metavar="PORT", help="serial port of the armband, e.g. /dev/ttyACM0")
    device.add_argument("--source", metavar="ADDRESS", help="any other source of samples, e.g. lsl:type=EMG")
    session.add_argument(
        "--params-file",
        type=Path,
        metavar="YAML",
        help="with a device: parameters of acquisition and signal_quality (default: recognition.yaml)",
    )
    session.set_defaults(run=_session)


def _add_namespace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--namespace", metavar="NS", help="namespace of the arm, e.g. left_arm")


def _add_output(parser: argparse.ArgumentParser, prefix: str) -> None:
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help=f"folder to make (default: {prefix} with date and time)"
    )


def _call(args: argparse.Namespace) -> int:
    _become("call_bridge_node", {"command": args.call}, args.namespace)


def _page(args: argparse.Namespace) -> int:
    if importlib.util.find_spec("nicegui") is None:
        raise EmgRecognitionError(MISSING)
    names = ("host", "port", "folder", "plan", "config")
    values = {name: getattr(args, name) for name in names}
    _become("page_node", {n: v if n == "port" else _text(v) for n, v in values.items()}, args.namespace)


def _record(args: argparse.Namespace) -> int:
    _become("recorder_node", {"output": _text(args.output), "namespaces": args.namespace})


def _session(args: argparse.Namespace) -> int:
    device = {name: getattr(args, name) for name in ("port", "source") if getattr(args, name) is not None}
    if args.params_file is not None and not device:
        raise SettingError("--params-file", str(args.params_file), "use it with --port or --source only")
    if args.bundle is not None and args.model is None:
        raise SettingError("--bundle", str(args.bundle), "use it with --model only")
    names = ("subject", "cohort", "session", "output", "plan", "model", "bundle", "script")
    parameters = {name: _text(getattr(args, name)) for name in names}
    if not device:
        _become("session_node", parameters)
    return _session_with_acquisition(parameters, device, args.params_file)


def _become(executable: str, parameters: dict[str, Any], namespace: str | None = None) -> NoReturn:
    """Replace this process by a node: keys and Ctrl-C reach it, and its exit code is this command's."""
    from emg_recognition.processes import node_command

    command = node_command(executable, parameters, namespace=namespace)
    os.execv(command[0], command)


def _session_with_acquisition(parameters: dict[str, Any], device: dict[str, Any], file: Path | None) -> int:
    """Run the session node in this terminal, and the nodes that it needs behind it."""
    from emg_recognition.end_signals import end_signals_raise
    from emg_recognition.processes import Graph, end_process, node_command
    from emg_recognition.resources import config_path

    file = file or config_path("recognition.yaml")
    command = node_command("session_node", parameters)
    with (
        tempfile.TemporaryDirectory(prefix="emg_session_") as folder,
        end_signals_raise(),
        Graph(Path(folder)) as graph,
    ):
        graph.start("signal_quality", {}, parameter_file=file)
        graph.start("acquisition", device, parameter_file=file)
        session = subprocess.Popen(command)
        try:
            while session.poll() is None:
                graph.check()
                time.sleep(_PERIOD)
        except KeyboardInterrupt:
            pass  # the session node's exit code says how it ended
        finally:
            end_process(session, _GRACE)
    return int(session.wait())


def _text(value: object) -> str | None:
    return None if value is None else str(value)
