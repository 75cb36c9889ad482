"""How the features of actions differ from session to session, and what a few windows tell about all of them.

Somebody whose fist looks unlike other people's also extends the wrist in a way of their own, and the training
sessions show how the two go together. So a few seconds of some actions, or of unlabelled use, tell something
about every action. In speech recognition this is how a recogniser is adapted to a speaker who has said a few
words: Kuhn et al., *Rapid speaker adaptation in eigenvoice space*, IEEE Trans. Speech Audio Process. 8(6),
2000. Only NumPy is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Windows of a repetition overlap and resemble each other: they tell as much as this many that do not.
_INDEPENDENT = 10.0
#: Of its variance, added to the covariance by which windows are told apart.
_SHRINKAGE = 0.05
#: Directions in which sessions differ that are kept, at most.
_RANK = 128
#: Rounds of expectation and maximisation, and the power of the probabilities: windows are no Gaussians, whose
#: scores are too sure. Chosen on repetitions 2 to 4 of 38 people.
_ROUNDS, _POWER = 10, 0.5


@dataclass(frozen=True, eq=False)
class ClassPrior:
    """A Gaussian over the mean features of all actions in a session, and how windows scatter around them.

    The means of a session, all actions together, are ``means + z @ factor + e``: `z` has a standard normal
    value for each direction, `e` is independent in each feature.

    Attributes
    ----------
    means : numpy.ndarray
        Of all sessions, shape (actions, features).
    factor : numpy.ndarray
        Directions in which sessions differ, shape (directions, actions, features).
    spread : numpy.ndarray
        Variance of `e`, shape (actions, features): as large as that of the sessions, so that a wearer may
        differ in ways that the training sessions did not show.
    repetition : numpy.ndarray
        Covariance of a repetition's mean around its session's, shape (features, features).
    within : numpy.ndarray
        Covariance of windows around the mean of their repetition, shape (features, features).
    """

    means: Array
    factor: Array
    spread: Array
    repetition: Array
    within: Array

    def given(self, actions: Sequence[int]) -> Given:
        """Prepare what a repetition of each of some actions tells about all actions."""
        return Given(self, actions, np.ones(len(actions)))

    def means_in_use(self, rows: Array) -> Array:
        """Return the likeliest means of a session without knowing what was performed.

        Parameters
        ----------
        rows : numpy.ndarray
            Features of windows, of as many actions as occur in use, shape (n, features).

        Returns
        -------
        numpy.ndarray
            Shape (actions, features), by expectation and maximisation from the means of all sessions.
        """
        precision = np.linalg.inv(self._of_windows())
        means, everything = self.means, list(range(len(self.means)))
        for _ in range(_ROUNDS):
            away = np.stack([((rows - mean) @ precision * (rows - mean)).sum(axis=1) for mean in means], 1)
            share = np.exp(-0.5 * _POWER * (away - away.min(axis=1, keepdims=True)))
            share /= share.sum(axis=1, keepdims=True)
            count = np.maximum(share.sum(axis=0), 1e-9)
            repetitions = np.minimum(count * len(means) / len(rows), 1.0)
            found = Given(self, everything, repetitions)
            means = found.means(share.T @ rows / count[:, np.newaxis])
        return means

    def discriminant(self, means: Array, doubt: Array | float = 0.0) -> tuple[Array, Array]:
        """Return the linear discriminant of a session's means: weights (features, actions), bias (actions,).

        Parameters
        ----------
        means : numpy.ndarray
            Of each action, shape (actions, features).
        doubt : numpy.ndarray or float
            Covariance of what is not known about the means, shape (features, features).
        """
        weights = np.asarray(np.linalg.solve(self._of_windows() + doubt, means.T), np.float64)
        return weights, -0.5 * (means.T * weights).sum(axis=0)

    def to_arrays(self, prefix: str) -> dict[str, Array]:
        """Return the arrays by names for a file."""
        return {prefix + field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], prefix: str, shape: tuple[int, int]) -> ClassPrior:
        """Return what :meth:`to_arrays` gave, for `shape` actions and features, or raise ValueError."""
        found = cls(**{field.name: arrays[prefix + field.name] for field in fields(cls)})
        size = shape[1]
        wanted = {
            "means": shape,
            "factor": (len(found.factor), *shape),
            "spread": shape,
            "repetition": (size, size),
            "within": (size, size),
        }
        for name, one in wanted.items():
            value = getattr(found, name)
            if value.shape != one or not np.isfinite(value).all():
                raise ValueError(f"{prefix}{name} is not of shape {one} and finite")
        return found

    def _of_windows(self) -> Array:
        """Return the covariance of windows around their session's means."""
        found = self.within + self.repetition
        return found + np.diag(_SHRINKAGE * np.diag(found))


class Given:
    """The Gaussian of the means, after some actions were seen.

    Parameters
    ----------
    prior : ClassPrior
        What is known before.
    actions : sequence of int
        Which ones were seen.
    repetitions : numpy.ndarray
        How much was seen of each, in repetitions; above 0.
    """

    def __init__(self, prior: ClassPrior, actions: Sequence[int], repetitions: Array) -> None:
        self._prior = prior
        self._actions = list(actions)
        # The sum of a matrix of low rank and of one block for each action is inverted by Woodbury's formula.
        noise = prior.repetition + prior.within / _INDEPENDENT
        self._noise = noise / repetitions[:, np.newaxis, np.newaxis]
        blocks = self._noise + np.stack([np.diag(prior.spread[one]) for one in self._actions])
        self._inverse = np.linalg.inv(blocks)
        factor = prior.factor[:, self._actions]
        self._scaled = np.einsum("raf,afg->rag", factor, self._inverse)
        self._core = np.eye(len(factor)) + np.einsum("raf,saf->rs", self._scaled, factor)
        self._log_size = float(np.linalg.slogdet(blocks)[1].sum() + np.linalg.slogdet(self._core)[1])

    def means(self, seen: Array) -> Array:
        """Return the expected means of all actions, shape (actions, features).

        Parameters
        ----------
        seen : numpy.ndarray
            Mean features of the actions that were seen, shape (seen, features).
        """
        away = seen - self._prior.means[self._actions]
        along = np.linalg.solve(self._core, np.einsum("raf,af->r", self._scaled, away))
        found = self._prior.means + np.einsum("r,raf->af", along, self._prior.factor)
        rest = seen - found[self._actions]
        found[self._actions] += self._prior.spread[self._actions] * np.einsum(
            "afg,ag->af", self._inverse, rest
        )
        return found

    def log_evidence(self, seen: Array) -> float:
        """Return the log probability density of what was seen, without a constant."""
        away = seen - self._prior.means[self._actions]
        along = np.einsum("raf,af->r", self._scaled, away)
        distance = np.einsum("af,afg,ag->", away, self._inverse, away)
        return float(-0.5 * (distance - along @ np.linalg.solve(self._core, along) + self._log_size))

    def doubt(self) -> Array:
        """Return the covariance of what stays unknown, mean over the actions, shape (features, features)."""
        prior, total = self._prior, np.zeros_like(self._prior.within)
        for action, spread in enumerate(prior.spread):
            factor, own = prior.factor[:, action], np.diag(spread)
            if action in self._actions:
                place = self._actions.index(action)
                factor = factor @ self._inverse[place] @ self._noise[place]
                own = own - own @ self._inverse[place] @ own
            total += factor.T @ np.linalg.solve(self._core, factor) + own
        return total / len(prior.means)


def learn_prior(
    sessions: Iterable[tuple[Array, NDArray[np.int64], NDArray[np.int64]]], actions: int
) -> ClassPrior:
    """Learn how sessions differ.

    Parameters
    ----------
    sessions : iterable of tuple
        Of each session: features of its windows (n, features), and action and repetition of each, shape (n,).
    actions : int
        How many actions there are; a session without one of them is taken to be average in it.

    Returns
    -------
    ClassPrior
        Where no session has two repetitions of an action, these are taken to differ as windows do.
    """
    each: list[Array] = []
    within = repetition = np.zeros(())
    windows = spare = 0
    for rows, action, number in sessions:
        each.append(np.full((actions, rows.shape[1]), np.nan))
        for one in np.unique(action).tolist():
            own = [rows[(action == one) & (number == r)] for r in np.unique(number[action == one])]
            means = np.stack([part.mean(axis=0) for part in own])
            each[-1][one] = np.concatenate(own).mean(axis=0)
            apart = np.concatenate([part - mean for part, mean in zip(own, means, strict=True)])
            within = within + apart.T @ apart
            windows += len(apart)
            around = means - means.mean(axis=0)
            repetition = repetition + around.T @ around
            spare += len(own) - 1
    found = np.stack(each)
    size = found.shape[2]
    within = within / windows
    within[np.diag_indices(size)] += 1e-6 * (within.trace() / size or 1.0)
    there = np.isfinite(found).any(axis=(0, 2))
    means = np.zeros((actions, size))
    means[there] = np.nanmean(found[:, there], axis=0)
    away = (np.where(np.isfinite(found), found - means, 0.0) / np.sqrt(len(found))).reshape(len(found), -1)
    _, strength, directions = np.linalg.svd(away, full_matrices=False)
    factor = (strength[:, np.newaxis] * directions)[:_RANK]
    return ClassPrior(
        means=means,
        factor=factor.reshape(-1, actions, size),
        spread=(away**2).sum(axis=0).reshape(actions, size),
        repetition=repetition / spare if spare else within,
        within=within,
    )
