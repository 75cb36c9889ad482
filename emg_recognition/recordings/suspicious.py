"""Labels and channels that look wrong. Nothing is left out for it; :meth:`Recordings.without` does that.

Everything follows from the mean log RMS of each channel in each segment
(:mod:`emg_recognition.recordings.strengths`), in closed form. The thresholds are chosen by
``bench/suspicious.py``, on real recordings and on defects planted into them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from emg_recognition.actions import REST
from emg_recognition.recordings.left_out import segment_names
from emg_recognition.recordings.recordings import Recordings, turnable
from emg_recognition.recordings.strengths import Array, Strengths, segment_strengths
from emg_recognition.signal.settings import PipelineSettings

# How a warning begins, by kind.
_SENTENCES = {
    "exchanged": "labels would fit better if they were exchanged",
    "idle": "nothing seems to have been performed",
    "unlike": "repetitions are unlike the others of their session",
    "dead": "channels hardly change from action to action",
}
_NAMED = 20

Kind = Literal["exchanged", "idle", "unlike", "dead"]

# By how much less the squared Mahalanobis distances of all actions have to be with exchanged labels: from the
# wearer's other sessions and everybody's together, and from everybody's alone.
_EXCHANGED, _EXCHANGED_FOR_ALL = 12.0, 18.0
_FEWEST_SESSIONS = 3
# 0 is as much as at rest, 1 as much as in the other repetitions.
_IDLE = 0.3
# Actions that move the channels less (root mean square of log RMS) cannot be told from rest.
_LEAST_EFFORT = 0.5
# By how much nearer (squared Mahalanobis distance) the repetitions of another action have to be.
_UNLIKE = 20.0
_FEWEST_SIBLINGS = 2
# Between the strongest and the weakest action, log RMS changes less than this in a dead channel, and at least
# that much in the median channel of its session.
_DEAD, _LIVELY = 0.25, 0.5
# Of the variances, so that few segments and many channels give a covariance that can be inverted.
_SHRINKAGE = 0.05
_ROUNDS = 8


@dataclass(frozen=True)
class Suspicion:
    """Something that looks wrong.

    Attributes
    ----------
    kind : str
        ``exchanged``: the labels of a session would fit better if they were exchanged; ``idle``: nothing
        seems to have been performed; ``unlike``: a repetition is more like another action; ``dead``: a
        channel that no action moves.
    name : str
        ``SUBJECT/SESSION`` or ``SUBJECT/SESSION/ACTION/REPETITION``, as :meth:`Recordings.without` takes it.
    detail : str
        Which labels, which other action or which channel.
    """

    kind: Kind
    name: str
    detail: str


@dataclass(frozen=True, eq=False)
class _Table:
    """Strengths of n segments, and what they belong to, by numbers."""

    names: list[tuple[str, str, str, str]]
    actions: list[str]
    sessions: list[tuple[str, str]]
    strength: Strengths
    action: NDArray[np.int64]
    session: NDArray[np.int64]

    def means(self, values: Array) -> Array:
        """Return the mean of each session and action; nan where there is none."""
        total = np.zeros((len(self.sessions), len(self.actions), *values.shape[1:]))
        count = np.zeros(total.shape[:2])
        np.add.at(total, (self.session, self.action), values)
        np.add.at(count, (self.session, self.action), 1)
        count[count == 0] = np.nan
        return np.asarray(total / count.reshape(*count.shape, *[1] * (values.ndim - 1)))


def find_suspicious(recordings: Recordings, pipeline: PipelineSettings) -> list[Suspicion]:
    """Look for labels and channels that look wrong.

    Parameters
    ----------
    recordings : Recordings
        Labelled segments.
    pipeline : PipelineSettings
        The filters.

    Returns
    -------
    list of Suspicion
        By kind; sessions and segments in their order.
    """
    ring = turnable(recordings.ring, recordings.channels)
    strength = segment_strengths(recordings, pipeline, ring)
    every = segment_names(recordings)
    names = [every[i] for i in strength.segment.tolist()]
    actions = sorted({name[2] for name in names})
    sessions = sorted({name[:2] for name in names})
    number = {session: place for place, session in enumerate(sessions)}
    table = _Table(
        names,
        actions,
        sessions,
        strength,
        np.array([actions.index(name[2]) for name in names], np.int64),
        np.array([number[name[:2]] for name in names], np.int64),
    )
    if len(actions) < 2:
        return []
    idle = _find_idle(table)
    known = {one.name for one in idle}
    unlike = [one for one in _find_unlike(table) if one.name not in known]
    return [*_find_exchanged(table, ring), *idle, *unlike, *_find_dead(table)]


def suspicion_warnings(found: Sequence[Suspicion]) -> list[str]:
    """Return a sentence for each kind that was found, with the names."""
    sentences = []
    for kind, begin in _SENTENCES.items():
        names = [
            f"{one.name} ({one.detail})" if one.detail else one.name for one in found if one.kind == kind
        ]
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            named = f"{', '.join(names[:_NAMED])}{more}"
            sentences.append(f"{begin}: {named}; look at them, --without leaves them out by name")
    return sentences


def _find_idle(table: _Table) -> list[Suspicion]:
    """Find segments that are nearer to rest than to the other repetitions of their action."""
    found = []
    values = table.strength.channels
    rest = table.actions.index(REST) if REST in table.actions else -1
    for session in range(len(table.sessions)):
        here = np.flatnonzero(table.session == session)
        resting = here[table.action[here] == rest]
        for i in here[table.action[here] != rest].tolist():
            others = here[here != i]
            siblings = others[table.action[others] == table.action[i]]
            foreign = others[table.action[others] != table.action[i]]
            if len(siblings) < _FEWEST_SIBLINGS or not len(foreign):
                continue
            if len(resting):
                calm = np.median(values[resting], axis=0)
            else:  # each channel at its weakest action
                each = [values[others[table.action[others] == a]] for a in np.unique(table.action[others])]
                calm = np.min([one.mean(axis=0) for one in each], axis=0)
            effort = np.median(values[siblings], axis=0) - calm
            share = (values[i] - calm) @ effort / (effort @ effort or 1.0)
            if share < _IDLE and np.sqrt(np.mean(effort**2)) > _LEAST_EFFORT:
                found.append(Suspicion("idle", "/".join(table.names[i]), ""))
    return found


def _find_unlike(table: _Table) -> list[Suspicion]:
    """Find segments that are nearer to the repetitions of another action of their session."""
    values = table.strength.channels
    count = np.zeros((len(table.sessions), len(table.actions)))
    np.add.at(count, (table.session, table.action), 1)
    means = table.means(values)
    own = count[table.session, table.action]
    # As far as the mean of the others is from each segment.
    away = (values - means[table.session, table.action]) * np.sqrt(own / np.maximum(own - 1, 1))[:, None]
    precision = _precision(away[own > 1], int((own > 1).sum() - (count > 1).sum()))
    found = []
    for i in np.flatnonzero(own > _FEWEST_SIBLINGS).tolist():
        session, action = table.session[i], table.action[i]
        apart = values[i] - means[session]
        apart[action] *= own[i] / (own[i] - 1)
        there = count[session] - (np.arange(len(count[session])) == action)
        distance = np.einsum("ac,cd,ad->a", apart, precision, apart) / (1 + 1 / np.maximum(there, 1))
        distance[there < _FEWEST_SIBLINGS] = np.inf
        best = int(distance.argmin())
        if distance[action] - distance[best] > _UNLIKE:
            found.append(Suspicion("unlike", "/".join(table.names[i]), f"like {table.actions[best]}"))
    return found


def _find_dead(table: _Table) -> list[Suspicion]:
    """Find channels that are equally strong in every action of a session."""
    found = []
    for session, means in zip(table.sessions, table.means(table.strength.channels), strict=True):
        there = np.isfinite(means[:, 0])
        if there.sum() < 2:
            continue
        span = np.ptp(means[there], axis=0)
        if np.median(span) >= _LIVELY:
            found += [
                Suspicion("dead", "/".join(session), f"channel {channel + 1}")
                for channel in np.flatnonzero(span < _DEAD).tolist()
            ]
    return found


def _find_exchanged(table: _Table, ring: int) -> list[Suspicion]:
    """Find sessions whose labels fit better if they are exchanged, however the armband is turned.

    Each session takes the turn under which it is nearest to the others, until nothing changes. Then the best
    assignment of its actions to theirs, under its own best turn, is compared with its labels.
    """
    if len(table.sessions) < _FEWEST_SESSIONS:
        return []
    both = np.stack([table.strength.channels, table.strength.between], axis=1)
    means = table.means(both)
    means -= np.nanmean(means, axis=(1, 3), keepdims=True)
    seen = np.stack([means[:, :, half][..., near] for half, near in _turns(ring, both.shape[2])], axis=1)
    people = np.array([subject for subject, _ in table.sessions])
    now = seen[:, 0]
    turn = np.zeros(len(seen), np.int64)
    for _ in range(_ROUNDS):
        everybody, precision = _reference(now, np.zeros(len(now)))
        apart = seen - everybody[:, np.newaxis]
        before, turn = turn, np.nansum(np.einsum("stac,cd,stad->sta", apart, precision, apart), 2).argmin(1)
        now = seen[np.arange(len(seen)), turn]
        if (turn == before).all():
            break
    references = [_reference(now, np.zeros(len(now))), _reference(now, people)]
    found = []
    for session in range(len(seen)):
        distances = []
        for mean, precision in references:
            apart = seen[session][:, :, np.newaxis] - mean[session]
            distances.append(np.einsum("tabc,cd,tabd->tab", apart, precision, apart))
        everybody, own = distances
        with_own = everybody + np.where(np.isfinite(own), own, 0.0)
        for distance, least in ((with_own, _EXCHANGED), (everybody, _EXCHANGED_FOR_ALL)):
            gain, best = _best_assignment(distance)
            if gain > least:
                detail = _cycles([table.actions[a] for a in best], [table.actions[a] for a in best.values()])
                found.append(Suspicion("exchanged", "/".join(table.sessions[session]), detail))
                break
    return found


def _turns(ring: int, channels: int) -> list[tuple[int, NDArray[np.int64]]]:
    """Return for each turn whether it is one by half an electrode, and where each channel's signal is."""
    outside, around = np.arange(ring, channels), np.arange(ring)
    if not ring:
        return [(0, outside)]
    return [
        (half, np.concatenate([(whole + way * around) % ring, outside]))
        for way in (1, -1)
        for whole in range(ring)
        for half in (0, 1)
    ]


def _reference(now: Array, group: NDArray[np.generic]) -> tuple[Array, Array]:
    """Return for each session the means of the other ones in its group, and their precision.

    Parameters
    ----------
    now : numpy.ndarray
        Means of each session and action, nan where there is none, shape (sessions, actions, channels).
    group : numpy.ndarray
        To what each session belongs, shape (sessions,).

    Returns
    -------
    mean : numpy.ndarray
        The shape of `now`, nan where no other session has the action.
    precision : numpy.ndarray
        Inverse covariance of the differences, shape (channels, channels).
    """
    there = np.isfinite(now)
    own = np.where(there, now, 0.0)
    groups, place = np.unique(group, return_inverse=True)
    count, total = np.zeros((2, len(groups), *now.shape[1:]))
    np.add.at(count, place, there)
    np.add.at(total, place, own)
    # Those of the others: without the session itself.
    count, total = count[place] - there, total[place] - own
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    # A mean of few differs more, whatever was performed.
    apart = (now - mean) / np.sqrt(1 + 1 / np.maximum(count, 1))
    rows = apart.reshape(-1, now.shape[2])
    rows = rows[np.isfinite(rows).all(axis=1)]
    return mean, _precision(rows, len(rows)) if len(rows) else np.eye(now.shape[2])


def _precision(rows: Array, freedom: int) -> Array:
    """Return the inverse covariance of differences, shape (n, channels), of `freedom` degrees of freedom."""
    covariance = rows.T @ rows / max(len(rows), 1)
    shrinkage = max(_SHRINKAGE, min(1.0, rows.shape[1] / max(freedom, 1)))
    spread = np.diag(covariance)
    covariance[np.diag_indices_from(covariance)] += shrinkage * spread + 1e-6 * (spread.mean() or 1.0)
    return np.asarray(np.linalg.inv(covariance), np.float64)


def _best_assignment(distance: Array) -> tuple[float, dict[int, int]]:
    """Return how much less the distances are with the best assignment, and where it differs from the labels.

    `distance` has the shape (turns, own actions, actions of the others); nan where there is none.
    """
    there = np.flatnonzero(np.isfinite(np.diagonal(distance[0])))
    if len(there) < 2:
        return 0.0, {}
    known = distance[np.ix_(np.arange(len(distance)), there, there)]
    labelled = np.trace(known, axis1=1, axis2=2).min()
    # Imported here because it takes a third of a second, which many recordings do not need.
    from scipy.optimize import linear_sum_assignment

    assigned = [linear_sum_assignment(one) for one in known]
    sums = [one[pair].sum() for one, pair in zip(known, assigned, strict=True)]
    turn = int(np.argmin(sums))
    rows, columns = assigned[turn]
    moved = {int(there[a]): int(there[b]) for a, b in zip(rows, columns, strict=True) if a != b}
    return float(labelled - sums[turn]), moved


def _cycles(actions: list[str], others: list[str]) -> str:
    """Return which actions are exchanged with one another, in words."""
    target = dict(zip(actions, others, strict=True))
    found = []
    while target:
        first = next(iter(target))
        cycle, following = [first], target.pop(first)
        while following != first:
            cycle.append(following)
            following = target.pop(following)
        found.append(f"{', '.join(cycle[:-1])} and {cycle[-1]}")
    return "; ".join(found)
