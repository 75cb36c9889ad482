"""Align the sessions of a training set: each is turned, mirrored and scaled to look like the others."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emg_recognition.actions import REST
from emg_recognition.errors import SettingError
from emg_recognition.models.class_prior import learn_prior
from emg_recognition.models.log_features import Array, Measures, descriptor, features, log_rms
from emg_recognition.models.orientation import Orientation, candidates
from emg_recognition.models.orienting import from_labels
from emg_recognition.models.reference import Reference
from emg_recognition.models.turn_watch import FAR
from emg_recognition.recordings.recordings import FEWEST_IN_RING, turnable
from emg_recognition.training.windows import WindowSet

_ROUNDS = 8
_WINDOWS = 400
# Of the mean variance, so that few sessions and many channels give a covariance that can be inverted.
_RIDGE = 0.3
_SHRINKAGE = 0.05
_FEWEST_PEOPLE = 3


def ring_of(windows: WindowSet) -> int:
    """Return how many of the channels, the first ones, can be turned; 0 for none."""
    return turnable(windows.ring, windows.channels)


def align_subsets(orientation: str, subsets: Mapping[str, WindowSet]) -> Alignment | None:
    """Align the training sessions of a split if its setting asks for it.

    Parameters
    ----------
    orientation : str
        The setting: ``auto``, ``align`` or ``none``.
    subsets : mapping of str to WindowSet
        Windows of ``train`` and of ``test``.

    Returns
    -------
    Alignment or None
        ``None``: the windows stay as they are.

    Raises
    ------
    SettingError
        For ``align`` with electrodes that are not in a ring.
    """
    train = subsets["train"]
    ring = ring_of(train)
    if orientation == "align":
        if not ring:
            remedy = (
                f"the recordings have no ring of {FEWEST_IN_RING} or more electrodes ({train.channels}"
                f" channels, ring {'not said' if train.ring is None else train.ring}); use none"
            )
            raise SettingError("orientation", orientation, remedy)
        return align(train, ring)
    if orientation == "none" or not ring:
        return None
    people = set(train.count("subject"))
    strangers = people.isdisjoint(subsets["test"].count("subject"))
    return align(train, ring) if strangers and len(people) >= _FEWEST_PEOPLE else None


@dataclass(frozen=True, eq=False)
class Alignment:
    """Aligned sessions.

    Attributes
    ----------
    reference : Reference
        What they look like.
    orientations : dict of (str, str) to Orientation
        Subject and session -> how its armband sat.
    """

    reference: Reference
    orientations: dict[tuple[str, str], Orientation]

    def apply(self, windows: WindowSet) -> WindowSet:
        """Return windows as the aligned armbands have them.

        Another session of one of the people is taken to sit as their last one did: the side of an arm and the
        habits of a person stay. The sessions of other people stay as they are.
        """
        keys = list(self.orientations)
        channels, ring = windows.channels, self.reference.ring
        matrices = [self.orientations[key].matrix(channels, ring) for key in keys]
        number = {key: place for place, key in enumerate(keys, start=1)}
        last = {subject: place for (subject, _), place in number.items()}
        sessions = zip(windows.segments.subject.tolist(), windows.segments.session.tolist(), strict=True)
        return windows.oriented(
            np.stack([np.eye(channels, dtype=np.float32), *matrices]),
            np.array([number.get(key, last.get(key[0], 0)) for key in sessions], np.int64),
        )

    def to_json(self, actions: Sequence[str]) -> dict[str, Any]:
        """Return how each armband sat, and which actions tell most about one, for ``metrics.json``."""
        sessions = [
            {"subject": subject, "session": session, **vars(found)}
            for (subject, session), found in self.orientations.items()
        ]
        return {"sync": [actions[number] for number in self.reference.sync], "sessions": sessions}


def describe_turned(alignment: Alignment, windows: WindowSet) -> list[str]:
    """Return a sentence that names the sessions whose armband is turned and not aligned, if there are any.

    Parameters
    ----------
    alignment : Alignment
        The training sessions, and what they look like.
    windows : WindowSet
        Labelled windows of other sessions, such as those to be tested.
    """
    names = zip(windows.segments.subject.tolist(), windows.segments.session.tolist(), strict=True)
    unseen = [number for number, key in enumerate(names) if key not in alignment.orientations]
    found = align_to(alignment.reference, windows.of_segments(unseen)).orientations
    turned = [
        f"{subject} {session}"
        for (subject, session), how in found.items()
        if how.apart(Orientation(), alignment.reference.ring) > FAR
    ]
    if not turned:
        return []
    return [
        f"in {len(turned)} of {len(found)} sessions that are tested the armband is turned by more than"
        f" {FAR:g} electrode or mirrored, and nothing corrects for it ({', '.join(turned)}): don them"
    ]


def align_to(reference: Reference, windows: WindowSet) -> Alignment:
    """Align other sessions to a population: each is turned to where its labels are likeliest.

    Parameters
    ----------
    reference : Reference
        The population. Somebody whom it knows is taken to have the same arm as before.
    windows : WindowSet
        Labelled windows of the sessions.

    Returns
    -------
    Alignment
        With the same reference.
    """
    sessions = _sessions(windows, reference.ring)
    return Alignment(
        reference,
        {
            one.key: from_labels(reference, one.measures, one.action, one.key[0]).orientation
            for one in sessions
        },
    )


@dataclass(frozen=True, eq=False)
class _Session:
    """A session's windows, and where it stands."""

    key: tuple[str, str]
    measures: Measures
    action: NDArray[np.int64]
    repetition: NDArray[np.int64]


def align(windows: WindowSet, ring: int) -> Alignment:
    """Align every session of a training set to the others.

    Starting with no turn, a linear discriminant analysis learns from all sessions, and each session takes the
    turn and the mirror under which its labels are likeliest, until nothing changes. All sessions of a
    person are of the same arm. A session's gain makes its mean log RMS the population's.

    Parameters
    ----------
    windows : WindowSet
        Training windows of two or more actions.
    ring : int
        How many of the channels, the first ones, are a ring.

    Returns
    -------
    Alignment
        The most frequent orientation is no turn, so that a wearer of whom nothing is known is likely right.
    """
    sessions = _sessions(windows, ring)
    count = len(windows.actions)
    chosen = [(0.0, False)] * len(sessions)
    population = _population(sessions, chosen, count, ring)
    for _ in range(_ROUNDS):
        before, chosen = chosen, _best(sessions, population)
        population = _population(sessions, chosen, count, ring)
        if chosen == before:
            break
    common = max(sorted(set(chosen)), key=lambda one: (chosen.count(one), one == (0.0, False)))
    chosen = [_against(one, common, ring) for one in chosen]
    population = _population(sessions, chosen, count, ring)
    orientations = {}
    for one, (turn, mirrored) in zip(sessions, chosen, strict=True):
        level = population.labelled_level(one.measures.seen(turn, mirrored), one.action)
        orientations[one.key] = Orientation(turn, mirrored, float(np.exp(population.level - level)))
    return Alignment(_with_sync(population, sessions, windows.actions), orientations)


def _sessions(windows: WindowSet, ring: int) -> list[_Session]:
    found = []
    for key, session in windows.by_session():
        part = spread_out(session)
        found.append(_Session(key, Measures(part.windows, ring), part.action, part.repetition))
    return found


def spread_out(session: WindowSet) -> WindowSet:
    """Return some of a session's windows, evenly spread: they overlap, and these tell as much as all."""
    if len(session) <= _WINDOWS:
        return session
    return session.select(np.linspace(0, len(session) - 1, _WINDOWS).astype(np.int64))


def _population(
    sessions: list[_Session], chosen: list[tuple[float, bool]], actions: int, ring: int
) -> Reference:
    """Describe the sessions as they are turned now."""
    seen = [one.measures.seen(*how) for one, how in zip(sessions, chosen, strict=True)]
    strength = np.full((len(sessions), actions), np.nan)
    for row, one, found in zip(strength, sessions, seen, strict=True):
        for action in np.unique(one.action):
            row[action] = log_rms(found)[one.action == action].mean()
    # First over the actions that a session has, then without what the missing ones would have changed.
    difference = _mean(strength - _mean(strength, 1)[:, np.newaxis], 0)
    levels = _mean(strength - difference, 1)
    each = [features(found, level) for found, level in zip(seen, levels, strict=True)]
    means, within = _discriminant(
        np.concatenate(each), np.concatenate([one.action for one in sessions]), actions
    )
    descriptors = np.stack([descriptor(found) for found in seen])
    profile = descriptors.mean(axis=0)
    covariance = (descriptors - profile).T @ (descriptors - profile) / len(descriptors)
    scale = float(np.mean(np.diag(covariance))) or 1.0
    covariance[np.diag_indices_from(covariance)] += _RIDGE * scale
    subjects = np.array([one.key[0] for one in sessions], np.str_)
    people, last = np.unique(subjects[::-1], return_index=True)
    how = [chosen[len(sessions) - 1 - place] for place in last]
    labelled = [(rows, one.action, one.repetition) for rows, one in zip(each, sessions, strict=True)]
    return Reference(
        ring=ring,
        level=float(levels.mean()),
        difference=difference,
        means=means,
        within=within,
        profile=profile,
        precision=np.linalg.inv(covariance),
        sync=np.array([0, 1]),
        subjects=people,
        profiles=np.stack([descriptors[subjects == name].mean(axis=0) for name in people]),
        turns=np.array([turn for turn, _ in how]),
        mirrored=np.array([mirrored for _, mirrored in how]),
        common=np.log([1.0 + chosen.count(one) for one in candidates(ring)]),
        prior=learn_prior(labelled, actions),
    )


def _mean(values: Array, axis: int) -> Array:
    """Return the mean of those that are not nan; nan where there is none."""
    there = np.isfinite(values)
    count = there.sum(axis=axis)
    total = np.where(there, values, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _discriminant(rows: Array, action: NDArray[np.int64], actions: int) -> tuple[Array, Array]:
    """Return the mean of each action and the inverse of their common covariance."""
    means = np.zeros((actions, rows.shape[1]))
    for one in np.unique(action):
        means[one] = rows[action == one].mean(axis=0)
    apart = rows - means[action]
    covariance = apart.T @ apart / len(rows)
    spread = np.diag(covariance)
    covariance[np.diag_indices_from(covariance)] += _SHRINKAGE * spread + 1e-6 * (spread.mean() or 1.0)
    return means, np.asarray(np.linalg.inv(covariance), np.float64)


def _best(sessions: list[_Session], population: Reference) -> list[tuple[float, bool]]:
    """Return the best candidate of each session, all sessions of a person on the same arm."""
    tried = candidates(population.ring)
    mirrored = np.array([other for _, other in tried])
    people = np.array([one.key[0] for one in sessions])
    scores = np.stack([_scores(one, population) for one in sessions])
    left, right = (np.where(mirrored == side, scores, -np.inf) for side in (True, False))
    for person in np.unique(people):
        own = people == person
        other_arm = left[own].max(axis=1).sum() > right[own].max(axis=1).sum()
        scores[own] = left[own] if other_arm else right[own]
    return [tried[place] for place in scores.argmax(axis=1).tolist()]


def _scores(one: _Session, population: Reference) -> Array:
    """Return how well a session's labels fit under each candidate."""
    found = []
    for turn, mirrored in candidates(population.ring):
        seen = one.measures.seen(turn, mirrored)
        found.append(population.fit(seen, population.labelled_level(seen, one.action), one.action))
    return np.array(found)


def _against(one: tuple[float, bool], common: tuple[float, bool], ring: int) -> tuple[float, bool]:
    """Return an orientation as seen from another one, which becomes no turn."""
    (turn, mirrored), (other, reverse) = one, common
    # Undoing the common one and then doing this one: i -> i - other or other - i, then + turn or turn - .
    by = turn - other if mirrored == reverse else turn + other
    return by % ring, mirrored != reverse


def _with_sync(population: Reference, sessions: list[_Session], actions: tuple[str, ...]) -> Reference:
    """Choose the two actions whose windows alone orient the sessions best, judged on all their windows."""
    moved = [number for number, name in enumerate(actions) if name != REST]
    pairs = list(itertools.combinations(moved, 2)) or [(0, 1)]
    right = np.zeros(len(pairs))
    for one in sessions:
        there = np.unique(one.action)
        fits, correct = [], []
        for turn, mirrored in candidates(population.ring):
            seen = one.measures.seen(turn, mirrored)
            level = population.labelled_level(seen, one.action)
            row = np.zeros(len(actions))
            for action in there:
                chosen = one.action == action
                row[action] = population.fit(seen[chosen], level, one.action[chosen])
            fits.append(row)
            correct.append(np.mean(population.log_posterior(seen, level).argmax(axis=1) == one.action))
        fit = np.stack(fits)
        right += [correct[int((fit[:, a] + fit[:, b]).argmax())] for a, b in pairs]
    return replace(population, sync=np.array(pairs[int(right.argmax())]))
