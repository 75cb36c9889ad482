"""Don an armband: two gestures or a time of use tell how it sits and what the wearer's actions look like."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emg_recognition.actions import REST
from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.models.bundle import BundleInfo
from emg_recognition.models.export import to_tflite
from emg_recognition.models.keras_file import load_keras
from emg_recognition.models.log_features import RMS, Measures, contrast, descriptor
from emg_recognition.models.orientation import Orientation
from emg_recognition.models.orienting import from_labels, from_use
from emg_recognition.models.reference import Reference, read_reference
from emg_recognition.models.wearer_network import (
    feature_network,
    networks,
    oriented,
    without_orientation,
)
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.recordings.windows import STRIDE
from emg_recognition.signal.settings import PipelineSettings, stride_samples
from emg_recognition.training.heads import wearer_network
from emg_recognition.training.wearer import (
    check_ring,
    check_wearer,
    describe_wearer,
    read_parent,
    trained_with,
    wearer_bundle,
)
from emg_recognition.training.windows import WindowSet, windows_from_recordings

SHORTEST_USE = 10.0
"""Less unlabelled signal than this does not tell how an armband sits, s."""

# In the channel where it shows most, a gesture is at least this much stronger than rest.
_PERFORMED = float(np.log(1.3))
# By how much likelier exchanged labels have to be, nats a window. Of 339 repetitions of two gestures of 38
# people (repetitions 2 to 4) 86 % of the exchanged ones are found, and 4 % of the others refused: a turn can
# exchange two gestures as well.
_SWAPPED = 0.2
# A channel records nothing but noise if the log RMS of its strongest tenth is this much below the median
# channel's. In 452 repetitions of two gestures, by 38 people, the weakest is 1.8 below.
_DEAD = 2.5
# Contrast of a time of use. The least of 464 repetitions of five actions, by 38 people, is 0.62; an arm that
# rests has 0.1.
_CONTRAST = 0.5
_UNLABELLED = "use"


@dataclass(frozen=True, eq=False)
class Donning:
    """The result of a donning.

    Attributes
    ----------
    info : BundleInfo
        The wearer's bundle.
    orientation : Orientation
        How the armband sits.
    known : bool
        Whether the model had seen this wearer before.
    """

    info: BundleInfo
    orientation: Orientation
    known: bool

    @property
    def bundle(self) -> Path:
        """Directory of the wearer's bundle."""
        return self.info.path

    def describe(self) -> str:
        """Return how the armband sits, in words."""
        return describe_wearer(self.info, self.known)


class Donner:
    """A bundle that is ready to be donned.

    Parameters
    ----------
    parent : Path
        A bundle of aligned sessions; it is only read.
    output : Path
        Directory of the wearer's bundle.

    Raises
    ------
    EmgRecognitionError
        If the bundle cannot be donned, or the output would replace it.
    """

    def __init__(self, parent: Path, output: Path) -> None:
        self._output = output
        self._info, self._pipeline = read_parent(parent, output)
        self._reference = read_reference(self._info)
        self._network, _ = without_orientation(load_keras(self._info))

    def warm_up(self) -> None:
        """Use and convert the network once, because TensorFlow takes seconds the first time."""
        for network in networks(self._network):
            feature_network(network)[0](np.zeros((1, *network.input_shape[1:]), np.float32), training=False)
        to_tflite(oriented(self._network, np.eye(self._info.channels, dtype=np.float32)))

    def don(self, recordings: Recordings, *, unlabelled: bool = False) -> Donning:
        """Find how an armband sits, and write the wearer's bundle.

        :func:`emg_recognition.don` describes parameters, result and errors.
        """
        info, reference = self._info, self._reference
        name = check_wearer(info, recordings)
        check_ring(reference, recordings)
        profile = None
        if unlabelled:
            windows, found, profile = _from_use(reference, recordings, self._pipeline, name)
        else:
            windows, found = _from_gestures(reference, info, recordings, self._pipeline, name)
        windows = windows.oriented(found.matrix(info.channels, reference.ring))
        known = reference.known(name) is not None
        seen = trained_with(info, reference, name)
        model = wearer_network(self._network, reference.heads, windows, labelled=not unlabelled, known=seen)
        rms = info.statistics["rms"] * info.orientation.get("gain", 1.0)
        bundle = wearer_bundle(
            self._output,
            info,
            model,
            recordings,
            statistics={**info.statistics, "rms": rms},
            provenance={"donned": _UNLABELLED if unlabelled else list(recordings.actions), "seen": seen},
            reference=reference,
            orientation=found,
            profile=profile,
        )
        return Donning(bundle.write({}), found, known)


def _from_use(
    reference: Reference, recordings: Recordings, pipeline: PipelineSettings, subject: str
) -> tuple[WindowSet, Orientation, np.ndarray]:
    if recordings.duration < SHORTEST_USE:
        remedy = f"give {SHORTEST_USE:g} s or more, better 25 s, in which several actions occur"
        raise RecordingError(recordings.source, f"it holds {recordings.duration:.1f} s", remedy)
    plain = dataclasses.replace(recordings, label=np.full(len(recordings), _UNLABELLED))
    windows = _cut(plain, pipeline, (_UNLABELLED,))
    measures = Measures(windows.windows, reference.ring)
    _check_channels(recordings.source, measures)
    if contrast(measures) < _CONTRAST:
        problem = "its strength hardly changes, as at rest or while one action is held"
        raise RecordingError(recordings.source, problem, "record 25 s in which several actions occur")
    found = from_use(reference, measures, subject).orientation
    return windows, found, descriptor(measures.seen(found.turn, found.mirrored))


def _from_gestures(
    reference: Reference,
    info: BundleInfo,
    recordings: Recordings,
    pipeline: PipelineSettings,
    subject: str,
) -> tuple[WindowSet, Orientation]:
    wanted = " and ".join(info.actions[number] for number in reference.sync)
    known = {*info.actions, REST}
    unknown = [action for action in recordings.actions if action not in known]
    if unknown:
        remedy = f"record {wanted}, and rest, or take the signal as unlabelled"
        raise SettingError("actions", tuple(unknown), f"the model knows {', '.join(info.actions)}; {remedy}")
    windows = _cut(recordings, pipeline, (*info.actions, *({REST} - set(info.actions))))
    gestures = [name for name in windows.count("action") if name != REST]
    if len(gestures) < 2:
        problem = f"it holds windows of {', '.join(gestures) or 'no gesture'}"
        raise RecordingError(recordings.source, problem, f"record {wanted}, 5 s each, and rest")
    measures = Measures(windows.windows, reference.ring)
    action = windows.action
    _check_channels(recordings.source, measures)
    _check_performed(recordings.source, windows, measures, gestures)
    learned = action < len(info.actions)  # all but rest, where the model has none
    measures, action = measures.select(learned), action[learned]
    best = from_labels(reference, measures, action, subject)
    for one, other in itertools.combinations(gestures, 2):
        first, second = info.actions.index(one), info.actions.index(other)
        exchanged = np.where(action == first, second, np.where(action == second, first, action))
        if from_labels(reference, measures, exchanged, subject).score > best.score + _SWAPPED:
            problem = f"{one} and {other} look as if they were exchanged"
            remedy = "record both again in the order asked for; if that was right, take 25 s of use instead"
            raise RecordingError(recordings.source, problem, remedy)
    return windows.select(learned), best.orientation


def _check_channels(source: str, measures: Measures) -> None:
    """Refuse a channel that records nothing: under every turn it would look like somebody else's arm."""
    strength = np.quantile(measures.seen(0.0, False)[:, RMS], 0.9, axis=0)
    dead = np.flatnonzero(strength < np.median(strength) - _DEAD)
    if len(dead):
        named = "channel" if len(dead) == 1 else "channels"
        problem = f"{named} {', '.join(str(number + 1) for number in dead)} recorded next to nothing"
        raise RecordingError(source, problem, "look at the electrode and the cable, and record again")


def _check_performed(source: str, windows: WindowSet, measures: Measures, gestures: Sequence[str]) -> None:
    """Refuse a gesture during which the muscles did not do more than at rest."""
    strength = measures.seen(0.0, False)[:, RMS]
    names = np.array(windows.actions)[windows.action]
    at_rest = names == REST
    if not at_rest.any():
        return
    quiet = strength[at_rest].mean(axis=0)
    for gesture in gestures:
        above = float((strength[names == gesture].mean(axis=0) - quiet).max())
        if above < _PERFORMED:
            problem = f"{gesture} was not performed: at most {np.exp(above):.2f} times as strong as rest"
            raise RecordingError(source, problem, "record it again, and hold the gesture")


def _cut(recordings: Recordings, pipeline: PipelineSettings, actions: Sequence[str]) -> WindowSet:
    stride = stride_samples(STRIDE, recordings.rate)
    return windows_from_recordings(recordings, pipeline, stride, actions=actions)
