"""How an armband sits: turned around the arm, mirrored on the other arm, with a signal stronger or weaker.

All of it is one matrix (channels x channels) in front of the network. A population's :class:`Reference`
tells what its aligned armbands record; :func:`from_labels` and :func:`from_use` compare a wearer's windows
with it. Only NumPy is needed.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emg_recognition.errors import BundleError
from emg_recognition.models.bundle import REFERENCE, BundleInfo, read_file

Array = NDArray[np.float64]

FEWEST_IN_RING = 6
"""Electrodes below which a half of one is too coarse a step for a turn."""

_RMS, _LENGTH = 0, 1
_LARGEST_REFERENCE = 1 << 26
# Share of the distance from an action's mean: where the labels are certain under several turns, it decides.
_DISTANCE = 0.05
# A wearer's own earlier turn: how much farther away each electrode of difference makes another one.
_FAR = 0.15


@dataclass(frozen=True)
class Orientation:
    """How one armband sits, compared with a population's.

    Attributes
    ----------
    turn : float
        Electrode ``i`` of the population is where electrode ``i + turn`` of this armband is; with
        `mirrored`, ``turn - i``. Whole or half electrodes, around the ring.
    mirrored : bool
        Whether the electrodes are counted the other way around the arm.
    gain : float
        Factor that makes the signal as strong as the population's.
    """

    turn: float = 0.0
    mirrored: bool = False
    gain: float = 1.0

    def matrix(self, channels: int, ring: int) -> NDArray[np.float32]:
        """Return what windows (length, channels) are multiplied with from the right.

        Parameters
        ----------
        channels : int
            Channels of a window.
        ring : int
            How many of them, the first ones, are a ring; the others are not turned.

        Returns
        -------
        numpy.ndarray
            float32, shape (channels, channels). Between two electrodes, both are added as if they were
            independent, so that the strength stays the same.
        """
        near, half = _sources(self.turn, self.mirrored, ring)
        matrix = np.zeros((channels, channels))
        matrix[near, np.arange(ring)] = 1.0
        if half:
            matrix[(near + 1) % ring, np.arange(ring)] = 1.0
            matrix[:, :ring] /= np.sqrt(2.0)
        others = np.arange(ring, channels)
        matrix[others, others] = 1.0
        return (self.gain * matrix).astype(np.float32)

    def describe(self, ring: int) -> str:
        """Return in words, for a wearer, how the armband sits and how strong its signal is."""
        if self.mirrored:
            text = f"mirrored: electrode 1 sits where the model has electrode {self.turn % ring + 1:g}"
        else:
            text = self.turned(Orientation(), ring)
        return f"{text}; signal {1 / self.gain:.2g} times as strong as the model's people"

    def turned(self, other: Orientation, ring: int) -> str:
        """Return in words how far the armband is turned against how it sat, mirrored alike.

        Turned by one towards higher numbers, electrode 1 sits where electrode 2 was. No recording tells
        whether the numbers rise towards the thumb or towards the little finger, so no text does.
        """
        shortest = (self.turn - other.turn + ring / 2) % ring - ring / 2
        if shortest == 0:
            return "not turned"
        electrodes = "electrode" if abs(shortest) == 1 else "electrodes"
        way = "higher" if shortest < 0 else "lower"
        return f"turned by {abs(shortest):g} {electrodes} towards {way} electrode numbers"

    def apart(self, other: Orientation, ring: int) -> float:
        """Return the electrodes between two orientations; infinite if only one is mirrored."""
        around = abs(self.turn - other.turn) % ring
        return min(around, ring - around) if self.mirrored == other.mirrored else np.inf


def describe_wearer(info: BundleInfo, known: bool) -> str:
    """Return in words how the armband of a wearer's bundle sits; empty for a bundle that is nobody's.

    Parameters
    ----------
    info : BundleInfo
        The bundle.
    known : bool
        Whether its parent had seen this wearer before.
    """
    sits = info.orientation
    if not sits:
        return ""
    text = Orientation(sits["turn"], sits["mirrored"], sits["gain"]).describe(sits["ring"])
    return f"{text}; {sits['subject']} was here before" if known else text


def candidates(ring: int) -> list[tuple[float, bool]]:
    """Return every (turn, mirrored) that is tried: half electrodes, both ways around."""
    return [(half / 2, mirrored) for mirrored in (False, True) for half in range(2 * ring)]


def _sources(turn: float, mirrored: bool, ring: int) -> tuple[NDArray[np.intp], bool]:
    """Return the first electrode that each one's signal comes from, and whether the next one is added."""
    whole = int(np.floor(turn))
    electrodes = np.arange(ring)
    return (whole - electrodes if mirrored else whole + electrodes) % ring, turn != whole


class Measures:
    """Log features of windows, from which those of every turned armband follow without the samples.

    A whole turn and a mirror only exchange the channels; for half turns, the features between neighbouring
    electrodes are kept too.

    Parameters
    ----------
    windows : numpy.ndarray
        Filtered samples, shape (n, length, channels), length at least 3.
    ring : int
        How many of the channels, the first ones, are a ring.
    """

    def __init__(self, windows: np.ndarray, ring: int) -> None:
        self.ring = ring
        between = windows.astype(np.float64)
        around = between[:, :, :ring]
        between[:, :, :ring] = (around + np.roll(around, -1, axis=2)) / np.sqrt(2.0)
        strongest = np.sqrt(np.mean(np.square(windows, dtype=np.float64))) or 1.0
        self._kinds = [_log_features(kind, 1e-4 * strongest) for kind in (windows, between)]

    def __len__(self) -> int:
        return len(self._kinds[0])

    def select(self, which: ArrayLike) -> Measures:
        """Return the measures of some windows, by a boolean mask or by numbers."""
        chosen = Measures.__new__(Measures)
        chosen.ring = self.ring
        chosen._kinds = [kind[np.asarray(which)] for kind in self._kinds]
        return chosen

    @staticmethod
    def joined(parts: Iterable[Measures]) -> Measures:
        """Return the measures of all windows of several parts, which have the same ring and features."""
        parts = list(parts)
        both = Measures.__new__(Measures)
        both.ring = parts[0].ring
        both._kinds = [np.concatenate([part._kinds[kind] for part in parts]) for kind in (0, 1)]
        return both

    def seen(self, turn: float, mirrored: bool) -> Array:
        """Return the log features as a turned armband has them.

        Returns
        -------
        numpy.ndarray
            Shape (n, 4, channels): RMS, mean change from sample to sample, rate of zero crossings, rate of
            slope changes.
        """
        near, half = _sources(turn, mirrored, self.ring)
        kind = self._kinds[int(half)]
        return kind[:, :, np.concatenate([near, np.arange(self.ring, kind.shape[2])])]


def _log_features(windows: np.ndarray, floor: float) -> Array:
    windows = windows.astype(np.float64)
    change = np.diff(windows, axis=1)
    rms = np.sqrt(np.mean(windows**2, axis=1)) + floor
    length = np.abs(change).mean(axis=1) + floor

    def crossings(values: Array) -> Array:
        positive = values > 0
        count = np.count_nonzero(positive[:, 1:] != positive[:, :-1], axis=1)
        return np.asarray((count + 0.5) / values.shape[1])

    return np.log(np.stack([rms, length, crossings(windows), crossings(change)], axis=1))


def features(seen: Array, level: float) -> Array:
    """Return one row for each window, without the strength of its session.

    Parameters
    ----------
    seen : numpy.ndarray
        From :meth:`Measures.seen`.
    level : float
        Mean log RMS of the session.

    Returns
    -------
    numpy.ndarray
        Shape (n, 4 * channels).
    """
    levelled = seen.copy()
    levelled[:, [_RMS, _LENGTH]] -= level
    return levelled.reshape(len(seen), -1)


def log_rms(seen: Array) -> Array:
    """Return the mean over the channels of each window's log RMS, shape (n,)."""
    mean: Array = seen[:, _RMS].mean(axis=1)
    return mean


def descriptor(seen: Array) -> Array:
    """Describe how strength is distributed over the channels, whatever was performed.

    Parameters
    ----------
    seen : numpy.ndarray
        From :meth:`Measures.seen`, at least two windows.

    Returns
    -------
    numpy.ndarray
        Shape (channels + channels * (channels + 1) / 2,): the mean profile of log RMS without its own mean,
        and the upper triangle of the covariance of log RMS without each window's mean.
    """
    strength = seen[:, _RMS]
    profile = strength.mean(axis=0)
    shape = strength - strength.mean(axis=1, keepdims=True)
    covariance = np.cov(shape, rowvar=False)
    return np.concatenate([profile - profile.mean(), covariance[np.triu_indices(strength.shape[1])]])


@dataclass(frozen=True, eq=False)
class Reference:
    """What a population's aligned recordings look like: enough to compare a wearer with them.

    Attributes
    ----------
    ring : int
        How many of the channels, the first ones, are a ring.
    level : float
        Mean log RMS of the population.
    difference : numpy.ndarray
        Mean log RMS of each action, without that of its session, shape (actions,).
    means, within : numpy.ndarray
        Linear discriminant analysis of :func:`features`: mean of each action, shape (actions, 4 * channels),
        and inverse of the covariance that they share; all actions are equally likely.
    profile, precision : numpy.ndarray
        A Gaussian over the descriptors of sessions: mean and inverse covariance.
    sync : numpy.ndarray
        Indices of the two actions that tell most about an armband.
    subjects : numpy.ndarray
        Names of people who were seen, shape (people,).
    profiles, turns, mirrored : numpy.ndarray
        Of each of them: mean descriptor, last turn, and which way around.
    """

    ring: int
    level: float
    difference: Array
    means: Array
    within: Array
    profile: Array
    precision: Array
    sync: NDArray[np.int64]
    subjects: NDArray[np.str_]
    profiles: Array
    turns: Array
    mirrored: NDArray[np.bool_]

    def to_bytes(self) -> bytes:
        """Return the content of a file; the numbers are float32."""
        arrays = {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}
        small = {k: v.astype(np.float32) if v.dtype == np.float64 else v for k, v in arrays.items()}
        file = io.BytesIO()
        np.savez_compressed(file, allow_pickle=False, **small)
        return file.getvalue()

    def log_posterior(self, seen: Array, level: float) -> Array:
        """Return the log probability of each action for each window, shape (n, actions)."""
        weights = self.means @ self.within
        scores = features(seen, level) @ weights.T - 0.5 * (weights * self.means).sum(axis=1)
        scores -= scores.max(axis=1, keepdims=True)
        found: Array = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return found

    def fit(self, seen: Array, level: float, action: NDArray[np.int64]) -> float:
        """Return how well labels fit: their mean log probability, every action counting the same."""
        posterior = self.log_posterior(seen, level)[np.arange(len(action)), action]
        away = features(seen, level) - self.means[action]
        distance = ((away @ self.within) * away).mean(axis=1)
        weights = 1.0 / np.bincount(action)[action]
        return float(np.average(posterior - _DISTANCE * distance, weights=weights))

    def log_likelihood(self, seen: Array, level: float) -> float:
        """Return how well windows fit whatever is performed, nats a window, without a constant.

        All actions are equally likely, and each is a Gaussian of :func:`features`.
        """
        rows = features(seen, level)
        away = np.stack([((rows - mean) @ self.within * (rows - mean)).sum(axis=1) for mean in self.means])
        return float(np.logaddexp.reduce(-0.5 * away, axis=0).mean())

    def labelled_level(self, seen: Array, action: NDArray[np.int64]) -> float:
        """Return the mean log RMS that the session would have if every action had been performed."""
        strength = log_rms(seen)
        each = [strength[action == one].mean() - self.difference[one] for one in np.unique(action)]
        return float(np.mean(each))

    def seen(self, subject: str, orientation: Orientation, profile: Array | None = None) -> Reference:
        """Return a reference that remembers a wearer.

        Parameters
        ----------
        subject : str
            Their name; without one, nothing is remembered.
        orientation : Orientation
            How their armband sits now.
        profile : numpy.ndarray, optional
            The descriptor of a time of use, seen with that orientation.
        """
        if not subject:
            return self
        place = self.known(subject)
        if profile is None:
            profile = self.profile if place is None else self.profiles[place]
        others = np.arange(len(self.subjects)) != (-1 if place is None else place)
        return replace(
            self,
            subjects=np.append(self.subjects[others], subject),
            profiles=np.concatenate([self.profiles[others], profile[np.newaxis]]),
            turns=np.append(self.turns[others], orientation.turn),
            mirrored=np.append(self.mirrored[others], orientation.mirrored),
        )

    def known(self, subject: str) -> int | None:
        """Return the place of a person among those who were seen, or None."""
        places = np.flatnonzero(self.subjects == subject)
        return int(places[0]) if len(places) else None


def read_reference(info: BundleInfo) -> Reference:
    """Read the reference of a bundle.

    Parameters
    ----------
    info : BundleInfo
        The bundle.

    Returns
    -------
    Reference
        What its people's armbands recorded.

    Raises
    ------
    BundleError
        If the bundle has none, or one that is damaged or does not suit its channels and actions.
    """
    if REFERENCE not in info.files:
        remedy = "train it with --orientation align, on recordings of several people"
        raise BundleError(str(info.path), "it does not know how its people's armbands sat", remedy)
    content = read_file(info, REFERENCE)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            claimed = sum(member.file_size for member in archive.infolist())
        if claimed > _LARGEST_REFERENCE:
            raise ValueError(f"it claims {claimed} bytes")
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {f.name: file[f.name] for f in fields(Reference)}
        wide = {k: v.astype(np.float64) if v.dtype == np.float32 else v for k, v in arrays.items()}
        found = Reference(**{**wide, "ring": int(wide["ring"]), "level": float(wide["level"])})
        _check_shapes(found, len(info.actions), info.channels)
    except (KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
        problem = f"{REFERENCE} cannot be used ({error})"
        raise BundleError(str(info.path), problem, "train it again") from error
    return found


def _check_shapes(found: Reference, actions: int, channels: int) -> None:
    people, size = len(found.subjects), channels * (channels + 3) // 2
    shapes = {
        "difference": (actions,),
        "means": (actions, 4 * channels),
        "within": (4 * channels, 4 * channels),
        "profile": (size,),
        "precision": (size, size),
        "sync": (2,),
        "profiles": (people, size),
        "turns": (people,),
        "mirrored": (people,),
    }
    for name, shape in shapes.items():
        value = getattr(found, name)
        if value.shape != shape or not np.isfinite(value).all():
            raise ValueError(f"{name} is not of shape {shape} and finite")
    if not 1 <= found.ring <= channels or not np.isin(found.sync, np.arange(actions)).all():
        raise ValueError(f"a ring of {found.ring} and sync gestures {found.sync.tolist()}")


@dataclass(frozen=True, eq=False)
class Found:
    """An orientation that was estimated.

    Attributes
    ----------
    orientation : Orientation
        The likeliest one.
    score : float
        How well it fits, to compare with that of other labels for the same windows: mean log probability of
        the labels, or minus the distance of the descriptor.
    """

    orientation: Orientation
    score: float


def from_labels(
    reference: Reference, measures: Measures, action: NDArray[np.int64], subject: str = ""
) -> Found:
    """Find the orientation under which the labels of some windows are likeliest.

    Parameters
    ----------
    reference : Reference
        The population.
    measures : Measures
        Windows of the wearer.
    action : numpy.ndarray
        Index of the action of each window, shape (n,).
    subject : str
        Who it is. The arm of a person who was seen before is taken to be the same one.

    Returns
    -------
    Found
        The likeliest orientation of :func:`candidates`; every action counts the same.
    """
    place = reference.known(subject)
    found = []
    for turn, mirrored in candidates(reference.ring):
        if place is not None and mirrored != reference.mirrored[place]:
            continue
        seen = measures.seen(turn, mirrored)
        level = reference.labelled_level(seen, action)
        gain = float(np.exp(reference.level - level))
        found.append(Found(Orientation(turn, mirrored, gain), reference.fit(seen, level, action)))
    return max(found, key=lambda one: one.score)


def from_use(reference: Reference, measures: Measures, subject: str = "") -> Found:
    """Find the orientation under which unlabelled windows look most like the population's.

    Parameters
    ----------
    reference : Reference
        The population.
    measures : Measures
        Windows of the wearer, of as many actions as occur in use; 25 s suffice.
    subject : str
        Who it is. Somebody who was seen before is compared with their own earlier descriptor, and an earlier
        turn is preferred.

    Returns
    -------
    Found
        The orientation of :func:`candidates` at the least Mahalanobis distance.
    """
    place = reference.known(subject)
    centre = reference.profile if place is None else reference.profiles[place]
    found = []
    for turn, mirrored in candidates(reference.ring):
        seen = measures.seen(turn, mirrored)
        away = descriptor(seen) - centre
        distance = float(away @ reference.precision @ away)
        if place is not None:
            if mirrored != reference.mirrored[place]:
                continue
            around = abs(turn - reference.turns[place]) % reference.ring
            distance *= 1.0 + _FAR * min(around, reference.ring - around)
        gain = float(np.exp(reference.level - log_rms(seen).mean()))
        found.append(Found(Orientation(turn, mirrored, gain), -distance))
    return max(found, key=lambda one: one.score)
