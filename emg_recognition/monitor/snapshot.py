"""What is known about a running graph at one moment: everything that the live view draws."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from emg_recognition.control.states import State

#: A topic with many messages a second counts as silent after this, s.
STALE = 1.0
#: A topic with one message a second counts as silent after this, s.
SLOW_STALE = 4.0


class Quality(IntEnum):
    """How good a channel is, with the numbers of ``SignalQuality.msg``."""

    GOOD = 0
    WARN = 1
    BAD = 2


class Level(IntEnum):
    """How well a node is, with the numbers of ``diagnostic_msgs/DiagnosticStatus``."""

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One electrode pair.

    Attributes
    ----------
    name : str
        The device's name for it, or its number.
    rms : float
        RMS without the mean since the last redraw, in the device's unit.
    quality : Quality or None
        None while no node judges it.
    advice : str
        What a person can do about it; empty for nothing.
    """

    name: str
    rms: float
    quality: Quality | None = None
    advice: str = ""


@dataclass(frozen=True, kw_only=True)
class Samples:
    """The stream of one device since the view was opened.

    Attributes
    ----------
    age : float
        Since the last chunk, s.
    unit : str
        ``V`` or ``count``.
    rate, nominal_rate : float
        Measured from indices and stamps (0 while unknown), and as announced, Hz.
    full_scale : float
        RMS at which a channel's bar is full, in the device's unit.
    lost, restarts : int
        Samples that the device or its cable lost, and restarts of the stream.
    unseen : int
        Samples that were published but did not arrive here; other nodes have them.
    channels : tuple of Channel
    """

    age: float
    unit: str
    rate: float
    nominal_rate: float
    full_scale: float
    lost: int
    restarts: int
    unseen: int
    channels: tuple[Channel, ...]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What the classifier recognises.

    Attributes
    ----------
    age : float
        Since the last estimate, s.
    rate : float
        Estimates a second.
    action : str
        Empty when rejected.
    confidence : float
        The largest probability.
    probabilities : tuple of (str, float)
        Each action of the model and its probability.
    latency, worst_latency : float or None
        From the end of a window to the arrival of its estimate here, s: median and maximum of the last
        seconds. None where stamps and this machine do not share a clock, as in replay.
    """

    age: float
    rate: float
    action: str
    confidence: float
    probabilities: tuple[tuple[str, float], ...]
    latency: float | None
    worst_latency: float | None


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """The state of the command bridge; ages in s, -1 before the first message.

    Attributes
    ----------
    age : float
        Since the bridge's last message.
    state : State
    reason : str
        Why it is in this state.
    action : str
        The decided action; empty for none.
    signal_age, feedback_age, stop_input_age : float
        As in ``BridgeState.msg``.
    violations : tuple of (str, int)
        The reasons that the bridge has counted, and how often.
    """

    age: float
    state: State
    reason: str
    action: str
    signal_age: float
    feedback_age: float
    stop_input_age: float
    violations: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class StopInput:
    """The stop input as it arrives here: age (s), value, publishers that are not dead, name of the topic."""

    age: float
    allowed: bool
    publishers: int
    topic: str = "exo/enable"


@dataclass(frozen=True, kw_only=True)
class Joint:
    """A measured joint, rad; without limits where they are not known."""

    name: str
    position: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """The newest message of a node on ``/diagnostics``.

    Attributes
    ----------
    node : str
        Its name, without the namespace of the view.
    level : Level
    message : str
    age : float
        Since the message, s.
    since : float
        How long the node has been at this level, s.
    values : dict of str to str
        Its counters.
    """

    node: str
    level: Level
    message: str
    age: float
    since: float
    values: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One moment of a graph; None or empty for what never arrived.

    Attributes
    ----------
    namespace : str
        ``/`` or ``/left_arm``.
    open_for : float
        How long the view has been open, s.
    device, model : str
        The device's own name, and the name of the announced model.
    prompt : str
        The action that the wearer is asked for, or that a label announces.
    """

    namespace: str
    open_for: float
    device: str = ""
    model: str = ""
    prompt: str = ""
    samples: Samples | None = None
    estimate: Estimate | None = None
    bridge: Bridge | None = None
    stop_input: StopInput | None = None
    joints: tuple[Joint, ...] = ()
    joints_age: float = 0.0
    reports: tuple[Report, ...] = ()

    def report(self, node: str) -> Report | None:
        """Return the report of a node; None if there is none or it is old."""
        found = (report for report in self.reports if report.node == node)
        return next((report for report in found if report.age <= SLOW_STALE), None)

    def fresh_samples(self) -> Samples | None:
        """Return the samples while they arrive."""
        return self.samples if self.samples is not None and self.samples.age <= STALE else None

    def fresh_estimate(self) -> Estimate | None:
        """Return the estimate while estimates arrive."""
        return self.estimate if self.estimate is not None and self.estimate.age <= STALE else None

    def fresh_bridge(self) -> Bridge | None:
        """Return the state of the bridge while it publishes."""
        return self.bridge if self.bridge is not None and self.bridge.age <= STALE else None
