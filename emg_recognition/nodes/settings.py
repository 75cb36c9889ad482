"""The parameters of every node, as settings dataclasses; importable without ROS.

The nodes declare their parameters from these classes, and ``config/*.yaml`` are written from them::

    python -m emg_recognition.nodes.settings config
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emg_recognition.control.decision import DecisionSettings
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.devices.protocol import ProtocolSettings
from emg_recognition.devices.protocols import PROTOCOLS
from emg_recognition.nodes import preprocessing_settings
from emg_recognition.nodes.acquisition_settings import AcquisitionSettings
from emg_recognition.nodes.classifier_settings import ClassifierSettings
from emg_recognition.nodes.command_bridge_settings import CommandBridgeSettings
from emg_recognition.nodes.preprocessing_settings import PreprocessingSettings
from emg_recognition.settings import check, same, setting, settings_of
from emg_recognition.signal.quality import QualitySettings
from emg_recognition.types import LiveSettings
from emg_recognition.yaml_files import yaml_lines

#: Largest seed that a ROS parameter and NumPy both take.
_LARGEST_SEED = 2**31 - 1


def _moves() -> Any:
    return setting(
        "none",
        "simulated: the bridge moves only a simulated exoskeleton and may be armed",
        choices=("none", "simulated"),
    )


class _Checked:
    """Check every setting of an instance."""

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class SignalQualityNodeSettings(_Checked):
    """Parameters of ``signal_quality``."""

    mains: float = same(QualitySettings, "mains")
    model: str = setting(
        "",
        "directory of the model bundle, to notice an armband that is turned; read again by ~/reload_model",
        changes=True,
    )


@dataclass(frozen=True, kw_only=True)
class DecisionNodeSettings(_Checked):
    """Parameters of ``decision``, besides :class:`DecisionSettings`."""

    model: str = setting(
        "", "directory of the model bundle, for the votes that go with it; empty: none", changes=True
    )


@dataclass(frozen=True, kw_only=True)
class SimulatedArmbandSettings(_Checked):
    """Parameters of ``simulated_armband``."""

    link: str = setting("/tmp/emg_armband", "link to the pseudo-terminal, the port for acquisition")
    protocol: str = setting("emg", "protocol to speak", choices=tuple(PROTOCOLS))
    archive: str = setting("", "archive, bag or description of CSV files to play; empty: a simulated wearer")
    mark_breaks: bool = setting(False, "restart the stream at each segment's beginning")
    loop: bool = setting(True, "begin again at the end, with a restart of the stream")
    frame_samples: int = setting(5, "samples in a frame", low=1, high=100)
    cohort: str = setting("patient", "cohort of the simulated wearer", choices=("healthy", "patient"))
    subject: int = setting(1, "number of the simulated wearer in the cohort", low=1, high=1000)
    session: int = setting(1, "seed of the simulated session", low=0, high=_LARGEST_SEED)
    hold: float = setting(3.0, "how long the simulated wearer holds an action", unit="s", low=0.5, high=60.0)


@dataclass(frozen=True, kw_only=True)
class SimulatedExoskeletonSettings(_Checked):
    """Parameters of ``simulated_exoskeleton``."""

    exoskeleton: str = same(CommandBridgeSettings, "exoskeleton")
    rate: float = setting(
        100.0, "updates of the controller a second, each with a joint state", unit="Hz", low=10.0, high=500.0
    )
    controller: str = setting(
        "trajectory",
        "commands that the joints follow; serial: those that arrive at a pseudo-terminal",
        choices=("trajectory", "velocity", "serial"),
    )
    interpolate_from_desired_state: bool = setting(
        True,
        "controller trajectory: begin at the last command, as the bridge needs; false: where the joints are",
    )
    watchdog: float = setting(
        0.0,
        "controller velocity: time without a command after which the joints stop; 0: never",
        unit="s",
        low=0.0,
        high=10.0,
    )
    link: str = setting("/tmp/exoskeleton", "controller serial: link to the pseudo-terminal")
    trace: str = setting(
        "", "file that gets time, positions and velocities of the joints at every update; empty: none"
    )


@dataclass(frozen=True, kw_only=True)
class EnablingSwitchSettings(_Checked):
    """Parameters of ``enabling_switch``."""

    pressed: bool = setting(False, "whether the switch is pressed at the start, so that the bridge may move")


@dataclass(frozen=True, kw_only=True)
class RecorderSettings(_Checked):
    """Parameters of ``recorder``."""

    output: str = setting("", "folder of the bag; empty: recording_ with date and time, here")
    namespaces: tuple[str, ...] = setting(("",), "namespaces of the arms, e.g. [left_arm, right_arm]")


@dataclass(frozen=True, kw_only=True)
class PlayerSettings(_Checked):
    """Parameters of ``player``."""

    bag: str = setting("", "bag to play: a folder, an .mcap or a .db3 file")
    bag_namespace: str = setting("", "arm to play where the bag holds several, e.g. left_arm")
    rate: float = setting(1.0, "playback speed; 1.0 is real time", low=0.01, high=100.0)
    start_paused: bool = setting(False, "wait for a call of ~/pause with data: false at the start")
    subscribers: int = setting(1, "start when this many nodes subscribe to the samples", low=0, high=100)
    wait_timeout: float = setting(60.0, "how long to wait for them", unit="s", low=1.0, high=3600.0)
    exoskeleton: str = _moves()


@dataclass(frozen=True, kw_only=True)
class EvaluatorSettings(_Checked):
    """Parameters of ``evaluator``."""

    model: str = setting("", "directory of the model bundle, for the settings that go with it; empty: none")
    output: str = setting("", "folder for metrics, estimates, figures and report")
    source: str = setting("", "where the signals come from, for the report; empty: the topic")
    votes: int = same(DecisionSettings, "votes")
    enter_votes: int = same(DecisionSettings, "enter_votes")
    keep_votes: int = same(DecisionSettings, "keep_votes")
    dwell: float = same(DecisionSettings, "dwell")
    confidence_threshold: float = same(LiveSettings, "confidence_threshold")
    exoskeleton: str = _moves()

    @property
    def decisions(self) -> DecisionSettings:
        """How estimates become decisions, as in the bridge."""
        return DecisionSettings(
            votes=self.votes, enter_votes=self.enter_votes, keep_votes=self.keep_votes, dwell=self.dwell
        )


@dataclass(frozen=True, kw_only=True)
class SessionNodeSettings(_Checked):
    """Parameters of ``session``."""

    subject: str = setting("", "name of the subject")
    cohort: str = setting("", "cohort of the subject, e.g. healthy or patient")
    session: str = setting("", "number or name of the session; empty: the name of the bag")
    output: str = setting("", "folder of the bag; empty: session_ with date and time, here")
    plan: str = setting(
        "",
        "YAML file of actions, repetitions and times; empty: the packaged session.yaml, with a model none",
    )
    model: str = setting(
        "", "directory of a bundle that the wearer dons first, and by ~/don again; empty: none", changes=True
    )
    bundle: str = setting(
        "", "directory of the wearer's bundle; empty: the bag's name with _bundle", changes=True
    )
    script: str = setting("", "YAML file of the operator's key presses; empty: a person presses the keys")


@dataclass(frozen=True, kw_only=True)
class TrainerSettings(_Checked):
    """Parameters of ``trainer``, which are those of ``emg-recognition train``."""

    data: str = setting(
        "", "labelled recordings: archive, bag or description of CSV files; several with ':' between them"
    )
    output: str = setting("", "directory for members, bundle, metrics and report")
    config: str = setting("", "experiment YAML; empty: the packaged compact.yaml")
    minority: str = setting("", "cohort that is too small to train alone; empty: the experiment's")
    train_repetitions: str = setting("", "e.g. 1-3; empty: all but the last")
    test_repetitions: str = setting("", "e.g. 4; empty: the last")
    split: str = setting(
        "", "rule that divides the data, e.g. leave-one-subject-out; empty: the experiment's"
    )
    selection: str = setting(
        "", "models that the bundle keeps, e.g. minority or soft-vote; empty: the experiment's"
    )
    seed: int = setting(
        -1, "seed of partition, initial weights and batches; -1: the experiment's", low=-1, high=_LARGEST_SEED
    )


@dataclass(frozen=True, kw_only=True)
class DemoObserverSettings(_Checked):
    """Parameters of ``demo_observer``."""

    output: str = setting("", "JSON file for what was observed")
    timeout: float = setting(120.0, "time after which the demo is given up", unit="s", low=1.0, high=3600.0)


@dataclass(frozen=True, kw_only=True)
class LslOutputSettings(_Checked):
    """Parameters of ``lsl_output``."""

    prefix: str = setting("emg_recognition", "how the names of the streams begin")
    samples: bool = setting(False, "whether to offer the samples, too")


@dataclass(frozen=True, kw_only=True)
class PageSettings(_Checked):
    """Parameters of ``page``."""

    host: str = setting(
        "127.0.0.1", "address to serve; any but this machine's own asks for the access link that is printed"
    )
    port: int = setting(8080, "port to serve; 0: a free one", low=0, high=65535)
    folder: str = setting("", "folder of recordings, models and results; empty: the present one")
    plan: str = setting("", "plan of the sessions started on the page; empty: the packaged session.yaml")
    config: str = setting("", "configuration of the trainings; empty: the packaged compact.yaml")


@dataclass(frozen=True, kw_only=True)
class FoxgloveSettings(_Checked):
    """Parameters of ``foxglove``."""

    port: int = setting(8765, "port of this machine to serve; 0: a free one", low=0, high=65535)


@dataclass(frozen=True, kw_only=True)
class CallBridgeSettings(_Checked):
    """Parameters of ``call_bridge``."""

    command: str = setting("arm", "what the bridge is asked to do", choices=("arm", "disarm", "stop"))
    timeout: float = setting(10.0, "how long to wait for the bridge", unit="s", low=0.1, high=60.0)


#: The settings classes of every node.
NODES: dict[str, tuple[type, ...]] = {
    "acquisition": (AcquisitionSettings, ProtocolSettings),
    "preprocessing": (PreprocessingSettings,),
    "signal_quality": (SignalQualityNodeSettings,),
    "classifier": (ClassifierSettings,),
    "command_bridge": (CommandBridgeSettings, BridgeSettings, DecisionSettings),
    "decision": (DecisionNodeSettings, DecisionSettings),
    "simulated_armband": (SimulatedArmbandSettings,),
    "simulated_exoskeleton": (SimulatedExoskeletonSettings,),
    "enabling_switch": (EnablingSwitchSettings,),
    "call_bridge": (CallBridgeSettings,),
    "recorder": (RecorderSettings,),
    "player": (PlayerSettings,),
    "evaluator": (EvaluatorSettings,),
    "session": (SessionNodeSettings,),
    "monitor": (),
    "page": (PageSettings,),
    "foxglove": (FoxgloveSettings,),
    "lsl_output": (LslOutputSettings,),
    "trainer": (TrainerSettings,),
    "demo_observer": (DemoObserverSettings,),
}

#: Parameters whose default comes from the bundle where `model` is given.
FROM_MODEL: dict[str, tuple[str, ...]] = {
    "preprocessing": preprocessing_settings.FROM_MODEL,
    "classifier": ("confidence_threshold",),
    "command_bridge": tuple(settings_of(DecisionSettings)),
    "decision": tuple(settings_of(DecisionSettings)),
    "evaluator": ("votes", "enter_votes", "keep_votes", "dwell", "confidence_threshold"),
}

#: The parameter files and their nodes.
FILES: dict[str, tuple[str, ...]] = {
    "recognition.yaml": (
        "acquisition",
        "preprocessing",
        "signal_quality",
        "classifier",
        "command_bridge",
        "decision",
        "page",
    ),
    "simulation.yaml": ("simulated_armband", "simulated_exoskeleton", "enabling_switch"),
    "replay.yaml": ("recorder", "player", "evaluator"),
    "training.yaml": ("trainer",),
}


def parameter_file(name: str) -> str:
    """Return the content of one of :data:`FILES`: every parameter of its nodes with default and help."""
    nodes = FILES[name]
    lines = [
        f"# Parameters of {', '.join(nodes)}, with their defaults.",
        "# /**/ applies in every namespace, e.g. for a second arm.",
    ]
    if any(node in FROM_MODEL for node in nodes):
        lines.append("# Where model is set, the parameters with a # take their values from the model bundle.")
    for node in nodes:
        lines += ["", f"/**/{node}:", "  ros__parameters:"]
        for cls in NODES[node]:
            for key, line in zip(settings_of(cls), yaml_lines(cls, indent=4), strict=True):
                value, _, help_text = line.partition("  # ")
                from_model = key in FROM_MODEL.get(node, ())
                lines.append(f"{f'    # {value.strip()}':<34}  # {help_text}" if from_model else line)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for file in FILES:
        Path(sys.argv[1], file).write_text(parameter_file(file), encoding="utf-8")
