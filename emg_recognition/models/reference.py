"""What a population's aligned armbands record, as a bundle stores it. Only NumPy is needed."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emg_recognition.errors import BundleError
from emg_recognition.models.bundle import REFERENCE, BundleInfo, read_file
from emg_recognition.models.class_prior import ClassPrior
from emg_recognition.models.head import Head
from emg_recognition.models.log_features import Array, features, log_rms
from emg_recognition.models.orientation import Orientation, candidates

_LARGEST_REFERENCE = 1 << 26
# Share of the distance from an action's mean: where the labels are certain under several turns, it decides,
# as in simulated recordings. In those of 38 people nothing from 0 to 0.2 makes a difference that can be seen.
_DISTANCE = 0.05
# How the parts of the file are named that are not arrays of the reference itself.
_PRIOR, _HEAD = "prior_", "head_{}_"
_NESTED = ("prior", "heads")


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
    common : numpy.ndarray
        Logarithm of how often armbands sit so, for each of
        :func:`~emg_recognition.models.orientation.candidates`.
    prior : ClassPrior
        How :func:`features` differ from session to session.
    heads : tuple of Head
        The same behind the network, or behind each member of a soft vote. Empty before it is trained, and
        behind one that was adapted to a wearer: that one keeps its last layer.
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
    common: Array
    prior: ClassPrior
    heads: tuple[Head, ...] = ()

    def to_bytes(self) -> bytes:
        """Return the content of a file; the numbers are float32."""
        arrays = {name: np.asarray(getattr(self, name)) for name in _own_arrays()}
        arrays |= self.prior.to_arrays(_PRIOR)
        for number, head in enumerate(self.heads):
            arrays |= head.to_arrays(_HEAD.format(number))
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
        remedy = (
            "train it with --orientation align, on recordings of several people; electrodes that are no ring"
            " of six or more cannot be donned: use adapt"
        )
        raise BundleError(str(info.path), "it does not know how its people's armbands sat", remedy)
    content = read_file(info, REFERENCE)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            claimed = sum(member.file_size for member in archive.infolist())
        if claimed > _LARGEST_REFERENCE:
            raise ValueError(f"it claims {claimed} bytes")
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        found = _from_arrays(arrays, len(info.actions), info.channels)
    except (
        EOFError,
        KeyError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        problem = f"{REFERENCE} cannot be used ({error})"
        raise BundleError(str(info.path), problem, "train it again") from error
    return found


def _own_arrays() -> list[str]:
    return [field.name for field in fields(Reference) if field.name not in _NESTED]


def _from_arrays(arrays: dict[str, Any], actions: int, channels: int) -> Reference:
    wide = {k: v.astype(np.float64) if v.dtype == np.float32 else v for k, v in arrays.items()}
    own = {name: wide[name] for name in _own_arrays()}
    heads: list[Head] = []
    while _HEAD.format(len(heads)) + "energies" in wide:
        heads.append(Head.from_arrays(wide, _HEAD.format(len(heads)), actions))
    found = Reference(
        **{**own, "ring": int(own["ring"]), "level": float(own["level"])},
        prior=ClassPrior.from_arrays(wide, _PRIOR, (actions, 4 * channels)),
        heads=tuple(heads),
    )
    _check_shapes(found, actions, channels)
    return found


def _check_shapes(found: Reference, actions: int, channels: int) -> None:
    if not 1 <= found.ring <= channels or not np.isin(found.sync, np.arange(actions)).all():
        raise ValueError(f"a ring of {found.ring} and sync gestures {found.sync.tolist()}")
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
        "common": (len(candidates(found.ring)),),
    }
    for name, shape in shapes.items():
        value = getattr(found, name)
        if value.shape != shape or not np.isfinite(value).all():
            raise ValueError(f"{name} is not of shape {shape} and finite")
