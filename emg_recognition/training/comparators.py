"""What a reviewer asks for beside the ensemble: weights against imbalance, and the classical methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emg_recognition.errors import SettingError
from emg_recognition.training.windows import WindowSet


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


BAGS = 50
"""Trees of :func:`fit_bagging`."""

Predictor = Callable[[WindowSet], NDArray[np.float32]]
"""From windows to the probabilities of their actions, shape (windows, actions)."""


def balanced_weights(action: ArrayLike, cohort: ArrayLike) -> NDArray[np.float64]:
    """Weights by which every action of every cohort counts alike.

    Parameters
    ----------
    action : array_like of int, shape (n,)
        The action of each window.
    cohort : array_like of str, shape (n,)
        The cohort of each window.

    Returns
    -------
    ndarray of float64, shape (n,)
        Positive, 1 in the mean; equal within a group, and of equal sum over each group that has a window.
    """
    group, count = _groups(np.asarray(action), np.asarray(cohort))
    weight = len(group) / (len(count) * count)
    return weight[group]


def features(windows: WindowSet) -> NDArray[np.float32]:
    """Hudgins' features of all windows, shape (windows, 4 * channels), without holding the windows."""
    return np.concatenate([hudgins_features(batch) for batch in windows.batches()])


def fit_lda(train: WindowSet) -> Predictor:
    """Fit a linear discriminant analysis on Hudgins' features.

    Parameters
    ----------
    train : WindowSet
        Training windows.

    Returns
    -------
    callable
        Gives the probabilities of windows of the same actions.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return _predictor(LinearDiscriminantAnalysis(), train, train.action, np.arange(len(train.actions)))


def fit_bagging(train: WindowSet, seed: int) -> Predictor:
    """Fit a bag of trees on Hudgins' features, each on as many windows of every action of every cohort.

    The classifier is imbalanced-learn's ``BalancedBaggingClassifier``, which draws as many windows of each
    class as the rarest has. Here the small cohort is rare, not an action: so its classes are the actions of
    each cohort, and the probabilities of an action are summed over the cohorts.

    Parameters
    ----------
    train : WindowSet
        Training windows.
    seed : int
        Decides what each tree sees.

    Returns
    -------
    callable
        Gives the probabilities of windows of the same actions.

    Raises
    ------
    SettingError
        If imbalanced-learn is not installed.
    """
    classifier = _balanced_bagging()(n_estimators=BAGS, random_state=seed)
    group, count = _groups(train.action, train.cohort)
    action_of = np.zeros(len(count), np.int64)
    action_of[group] = train.action
    return _predictor(classifier, train, group, action_of)


def check_bagging() -> None:
    """Raise a SettingError if imbalanced-learn is missing, before hours have gone into something else."""
    _balanced_bagging()


def _balanced_bagging() -> Any:
    try:
        from imblearn.ensemble import BalancedBaggingClassifier
    except ModuleNotFoundError as error:
        remedy = "install the extra `compare` (pip install imbalanced-learn), or leave this method out"
        raise SettingError("method", "balanced-bagging", remedy) from error
    return BalancedBaggingClassifier


def _groups(action: NDArray[Any], cohort: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the number of each window's (cohort, action) and how many windows each such group has."""
    cohorts = np.unique(cohort, return_inverse=True)[1]
    pairs = cohorts * (action.max(initial=0) + 1) + action
    _, group, count = np.unique(pairs, return_inverse=True, return_counts=True)
    return group, count


def _predictor(
    classifier: Any, train: WindowSet, classes: NDArray[np.int64], action_of: NDArray[np.int64]
) -> Predictor:
    """Fit a classifier of scikit-learn's kind, and sum its classes' probabilities action by action."""
    classifier.fit(features(train), classes)

    def probabilities(windows: WindowSet) -> NDArray[np.float32]:
        found = classifier.predict_proba(features(windows))
        # An action that training did not see is left with 0.
        summed = np.zeros((len(windows), len(train.actions)), np.float32)
        for column, number in zip(found.T, classifier.classes_, strict=True):
            summed[:, action_of[number]] += column
        return summed

    return probabilities
