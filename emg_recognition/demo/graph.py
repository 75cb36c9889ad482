"""The live part: every node in a process of its own, from the armband to the exoskeleton."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import yaml
from rich.console import Console

from emg_recognition.demo.study import Study
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.models.bundle import read_bundle
from emg_recognition.processes import Graph
from emg_recognition.resources import config_path

#: The bag of the run, in the output folder.
RECORDING = "recording"
#: The exoskeleton's file, where the packaged one does not know all actions of the model.
EXOSKELETON = "exoskeleton.yaml"
#: What rest is called in the two public data sets that the benchmarks use.
_OTHER_REST = ("M1", "hibernation")
#: How fast an unknown action moves a simulated joint, rad/s.
_SPEED = 0.4
#: How long the start of the nodes and the wait for the last messages may take on a busy machine, s.
_MARGIN = 60.0


def exoskeleton_for(actions: Sequence[str], folder: Path) -> str:
    """Write an exoskeleton file that names every action of a model.

    The bridge refuses a model with an action that its exoskeleton file does not name. The demo moves
    simulated joints only, so it may let unknown actions move them: one joint and direction after the other.

    Parameters
    ----------
    actions : sequence of str
        The model's actions.
    folder : Path
        Where the file is written, if it is needed.

    Returns
    -------
    str
        The parameter ``exoskeleton`` of bridge and simulated exoskeleton: the file's path, or empty for
        the packaged one.
    """
    path = folder / EXOSKELETON
    path.unlink(missing_ok=True)
    document = yaml.safe_load(config_path("exoskeleton.yaml").read_text(encoding="utf-8"))
    known = {*document["actions"], *document["rest"], *document["no_motion"]}
    unknown = [action for action in actions if action not in known]
    if not unknown:
        return ""
    document["rest"] += [action for action in unknown if action in _OTHER_REST]
    moving = [action for action in unknown if action not in _OTHER_REST]
    ways = [(joint, speed) for joint in document["joints"] for speed in (_SPEED, -_SPEED)]
    for action, (joint, speed) in zip(moving, ways, strict=False):
        document["actions"][action] = {"velocities": {joint: speed}}
    document["no_motion"] += moving[len(ways) :]
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return str(path)


def run_graph(
    study: Study, bundle: Path, output: Path, *, seconds: float, console: Console
) -> dict[str, Any]:
    """Play the live archive through all nodes.

    Parameters
    ----------
    study : Study
        What to play.
    bundle : Path
        The model.
    output : Path
        Folder for parameters, logs and what was observed.
    seconds : float
        Duration of the archive, s.
    console : rich.console.Console
        Where to show what happens.

    Returns
    -------
    dict
        What ``demo_observer_node`` wrote; the bag of the run is ``recording`` in `output`.

    Raises
    ------
    EmgRecognitionError
        If there is no such model, a node fails or does not end on SIGINT, or the demo takes too long.
    """
    actions = read_bundle(bundle).actions
    folder = (output / "graph").resolve()
    observed = folder / "observed.json"
    observed.unlink(missing_ok=True)
    link = folder / "armband"
    base = config_path("recognition.yaml")
    recording = (output / RECORDING).resolve()
    shutil.rmtree(recording, ignore_errors=True)
    with Graph(folder) as graph:
        joints = {"exoskeleton": exoskeleton_for(actions, folder)}
        # First, because the nodes end in reverse order: it records their last messages, too.
        graph.start("recorder", {"output": str(recording)})
        graph.start(
            "simulated_armband",
            {
                "archive": str(study.live.resolve()),
                "link": str(link),
                "mark_breaks": study.breaks,
                "loop": False,
            },
        )
        graph.start("simulated_exoskeleton", joints)
        model = {"model": str(bundle.resolve())}
        graph.start("command_bridge", {**joints, **model}, parameter_file=base)
        graph.start("classifier", model, parameter_file=base)
        graph.start("preprocessing", model, parameter_file=base)
        graph.start(
            "acquisition",
            # It starts when preprocessing, the recorder and the observer will see the first sample.
            {"port": str(link), "wait_for_port": 30.0, "autostart": False, "subscribers": 3},
            parameter_file=base,
        )
        timeout = seconds + _MARGIN
        observer = graph.start("demo_observer", {"output": str(observed), "timeout": timeout}, capture=True)
        assert observer.stdout is not None
        display = threading.Thread(target=_show, args=(observer.stdout, console), daemon=True)
        display.start()
        deadline = time.monotonic() + timeout + 10.0
        while observer.poll() is None:
            graph.check()
            if time.monotonic() > deadline:
                raise EmgRecognitionError(f"the demo's observer did not end; see {folder}")
            time.sleep(0.1)
        graph.check()
        display.join(timeout=1.0)
    if not observed.exists():
        raise EmgRecognitionError(f"the demo was stopped before it was done; see {folder}")
    return dict(json.loads(observed.read_text()))


def _show(lines: IO[str], console: Console) -> None:
    """Show what the wearer performs, what is recognised and where the joints are."""
    performed = ""
    with console.status("the nodes start …") as status:
        for line in lines:
            event = json.loads(line)
            if "performed" in event:
                performed = event["performed"]
                if not console.is_terminal:
                    console.print(f"    performs {performed}", highlight=False)
            else:
                joints = "  ".join(f"{name} {angle:+.2f} rad" for name, angle in event["joints"].items())
                status.update(
                    f"performs [bold]{performed}[/]  recognised [bold]{event['recognised']}[/] "
                    f"({event['confidence']:.2f})  {joints}"
                )
