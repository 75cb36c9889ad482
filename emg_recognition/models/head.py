"""Estimate a new last layer of a network for a wearer. Only NumPy is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emg_recognition.models.class_prior import Array, ClassPrior

AXES = 16
"""Principal axes of a network's features that tell actions apart for a wearer, at most. Of 8 to 64, none is
better for two gestures or use of 38 people (repetitions 2 to 4); 24 are as good."""

# How much the layer as it was trained and the estimate count. Of a stranger they are as sure as they are
# right, on the same repetitions; somebody whom it has seen the network knows better (N -> O of
# `longterm_basic8`).
_STRANGER, _KNOWN = (0.25, 0.25), (0.7, 0.2)


_ARRAYS = ("energies", "centre", "axes", "weights", "bias")


@dataclass(frozen=True, eq=False)
class Head:
    """What the population's aligned windows look like behind a network.

    A row of features is the log energies of each channel
    (:class:`~emg_recognition.models.layers.LogEnergies`), followed by what the network's last layer sees.

    Attributes
    ----------
    energies : int
        How many of the features are log energies.
    centre : numpy.ndarray
        Mean of the others, shape (features - energies,).
    axes : numpy.ndarray
        Their principal axes, shape (features - energies, axes).
    prior : ClassPrior
        How log energies and projections on the axes differ from session to session.
    weights, bias : numpy.ndarray
        The last layer as it was trained, shapes (features - energies, actions) and (actions,).
    """

    energies: int
    centre: Array
    axes: Array
    prior: ClassPrior
    weights: Array
    bias: Array

    def reduce(self, rows: np.ndarray) -> Array:
        """Return log energies and projections of rows of features, shape (n, energies + axes)."""
        return reduced(rows, self.energies, self.centre, self.axes)

    def from_labels(
        self, rows: np.ndarray, action: NDArray[np.int64], *, known: bool = False
    ) -> tuple[Array, Array]:
        """Return the last layer for a wearer who performed some of the actions.

        Parameters
        ----------
        rows : numpy.ndarray
            Features of their windows behind their orientation, shape (n, features).
        action : numpy.ndarray
            Index of the action of each window, shape (n,).
        known : bool
            Whether the network has seen the wearer.

        Returns
        -------
        weights, bias : numpy.ndarray
            Shapes (features, actions) and (actions,): the scores of linear discriminant analysis of the
            expected means, added to those of the last layer as it was trained.
        """
        seen = self.reduce(rows)
        actions = np.unique(action).tolist()
        given = self.prior.given(actions)
        means = given.means(np.stack([seen[action == one].mean(axis=0) for one in actions]))
        return self._expanded(*self.prior.discriminant(means, given.doubt()), known)

    def from_use(self, rows: np.ndarray, *, known: bool = False) -> tuple[Array, Array]:
        """Return the last layer for a wearer of whom there is unlabelled use; see :meth:`from_labels`."""
        means = self.prior.means_in_use(self.reduce(rows))
        return self._expanded(*self.prior.discriminant(means), known)

    def _expanded(self, weights: Array, bias: Array, known: bool) -> tuple[Array, Array]:
        trained, new = _KNOWN if known else _STRANGER
        own = self.axes @ weights[self.energies :]
        both = np.concatenate([new * weights[: self.energies], new * own + trained * self.weights])
        return both, new * (bias - self.centre @ own) + trained * self.bias

    def to_arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """Return the arrays by names for a file."""
        own = {name: np.asarray(getattr(self, name)) for name in _ARRAYS}
        return {prefix + name: value for name, value in own.items()} | self.prior.to_arrays(prefix)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], prefix: str, actions: int) -> Head:
        """Return what :meth:`to_arrays` gave, for a number of actions; wrong arrays raise ValueError."""
        own: dict[str, Any] = {name: arrays[prefix + name] for name in _ARRAYS}
        (own_features, axes), energies = own["axes"].shape, int(own["energies"])
        shapes = {
            "centre": (own_features,),
            "axes": (own_features, axes),
            "weights": (own_features, actions),
            "bias": (actions,),
        }
        for name, shape in shapes.items():
            if own[name].shape != shape or not np.isfinite(own[name]).all():
                raise ValueError(f"{prefix}{name} is not of shape {shape} and finite")
        prior = ClassPrior.from_arrays(arrays, prefix, (actions, energies + axes))
        return cls(**{**own, "energies": energies}, prior=prior)


def reduced(rows: np.ndarray, energies: int, centre: Array, axes: Array) -> Array:
    """Return what :meth:`Head.reduce` does, before there is a head."""
    rows = rows.astype(np.float64)
    return np.concatenate([rows[:, :energies], (rows[:, energies:] - centre) @ axes], axis=1)


def learn_axes(rows: Array) -> tuple[Array, Array]:
    """Return the mean and the principal axes of rows of features: shapes (features,), (features, axes)."""
    centre = rows.mean(axis=0)
    _, axes = np.linalg.eigh((rows - centre).T @ (rows - centre))
    return centre, axes[:, ::-1][:, :AXES]
