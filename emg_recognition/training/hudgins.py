"""The classical method to compare with: Hudgins' time-domain features and linear discriminant analysis.

Hudgins, Parker & Scott, *A new strategy for multifunction myoelectric control*, IEEE Trans Biomed
Eng 40 (1), 1993.
"""

from __future__ import annotations

import numpy as np


def hudgins_features(windows: np.ndarray) -> np.ndarray:
    """Return mean absolute value, zero crossings, slope sign changes and waveform length.

    Parameters
    ----------
    windows : numpy.ndarray
        Filtered samples, shape (n, length, channels), length at least 3.

    Returns
    -------
    numpy.ndarray
        float32, shape (n, 4 * channels): MAV of every channel, then ZC, SSC and WL.

    Notes
    -----
    No dead band: ZC and SSC count every change of sign, as LibEMG does by default, so that nothing
    has to be tuned to an amplifier's noise. WL is the sum of absolute differences.
    """
    difference = np.diff(windows, axis=1)
    mav = np.abs(windows).mean(axis=1)
    zc = _sign_changes(windows)
    ssc = _sign_changes(difference)
    wl = np.abs(difference).sum(axis=1)
    return np.concatenate([mav, zc, ssc, wl], axis=1, dtype=np.float32)


def _sign_changes(values: np.ndarray) -> np.ndarray:
    """How often neighbours along axis 1 lie on different sides of zero, shape (n, channels)."""
    positive = values > 0
    return np.count_nonzero(positive[:, 1:] != positive[:, :-1], axis=1)


def lda_predictions(
    train_features: np.ndarray, train_labels: np.ndarray, test_features: np.ndarray
) -> np.ndarray:
    """Fit a linear discriminant analysis and classify the test features.

    Parameters
    ----------
    train_features : numpy.ndarray
        Shape (n, features).
    train_labels : numpy.ndarray
        Shape (n,), of any type that can be compared.
    test_features : numpy.ndarray
        Shape (m, features).

    Returns
    -------
    numpy.ndarray
        Shape (m,), the type of `train_labels`.

    Raises
    ------
    ModuleNotFoundError
        If scikit-learn, which nothing else here needs, is not installed.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return np.asarray(LinearDiscriminantAnalysis().fit(train_features, train_labels).predict(test_features))
