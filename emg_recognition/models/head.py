"""The last layer of a network, as it can be estimated anew for a wearer. Only NumPy is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emg_recognition.models.class_prior import Array, ClassPrior

AXES = 16
"""Principal axes of a network's features that tell actions apart for a wearer, at most. Of 8 to 64, none is
better for two gestures or use of 38 people (repetitions 2 to 4); 24 are as good."""


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
    """

    energies: int
    centre: Array
    axes: Array
    prior: ClassPrior

    def reduce(self, rows: np.ndarray) -> Array:
        """Return log energies and projections of rows of features, shape (n, energies + axes)."""
        rows = rows.astype(np.float64)
        own = (rows[:, self.energies :] - self.centre) @ self.axes
        return np.concatenate([rows[:, : self.energies], own], axis=1)

    def from_labels(self, rows: np.ndarray, action: NDArray[np.int64]) -> tuple[Array, Array]:
        """Return the last layer for a wearer who performed some of the actions.

        Parameters
        ----------
        rows : numpy.ndarray
            Features of their windows behind their orientation, shape (n, features).
        action : numpy.ndarray
            Index of the action of each window, shape (n,).

        Returns
        -------
        weights, bias : numpy.ndarray
            Shapes (features, actions) and (actions,): linear discriminant analysis of the expected means.
        """
        seen = self.reduce(rows)
        actions = np.unique(action).tolist()
        given = self.prior.given(actions)
        means = given.means(np.stack([seen[action == one].mean(axis=0) for one in actions]))
        return self._expanded(*self.prior.discriminant(means, given.doubt()))

    def from_use(self, rows: np.ndarray) -> tuple[Array, Array]:
        """Return the last layer for a wearer of whom there is unlabelled use; see :meth:`from_labels`."""
        return self._expanded(*self.prior.discriminant(self.prior.means_in_use(self.reduce(rows))))

    def _expanded(self, weights: Array, bias: Array) -> tuple[Array, Array]:
        own = self.axes @ weights[self.energies :]
        return np.concatenate([weights[: self.energies], own]), bias - self.centre @ own

    def to_arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """Return the arrays by names for a file."""
        own = {"energies": np.array(self.energies), "centre": self.centre, "axes": self.axes}
        return {prefix + name: value for name, value in own.items()} | self.prior.to_arrays(prefix)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], prefix: str, actions: int) -> Head:
        """Return what :meth:`to_arrays` gave, for a number of actions; wrong arrays raise ValueError."""
        energies, centre, axes = (arrays[prefix + name] for name in ("energies", "centre", "axes"))
        if centre.ndim != 1 or axes.shape != (len(centre), axes.shape[-1]) or not np.isfinite(axes).all():
            raise ValueError(f"{prefix}axes is not of shape ({len(centre)}, axes) and finite")
        shape = (actions, int(energies) + axes.shape[1])
        return cls(int(energies), centre, axes, ClassPrior.from_arrays(arrays, prefix, shape))


def learn_axes(rows: Array) -> tuple[Array, Array]:
    """Return the mean and the principal axes of rows of features: shapes (features,), (features, axes)."""
    centre = rows.mean(axis=0)
    _, axes = np.linalg.eigh((rows - centre).T @ (rows - centre))
    return centre, axes[:, ::-1][:, :AXES]
