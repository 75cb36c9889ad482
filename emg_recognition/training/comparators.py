"""What the ensemble is compared with: weights against imbalance, LDA and bagging on Hudgins' features."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emg_recognition.errors import SettingError
from emg_recognition.training.windows import WindowSet

BAGS = 50
"""Trees of :func:`fit_bagging`."""

Predictor = Callable[[WindowSet], NDArray[np.float32]]
"""From windows to the probabilities of their actions, shape (windows, actions)."""


def hudgins_features(windows: np.ndarray) -> np.ndarray:
    """Return mean absolute value, zero crossings, slope sign changes and waveform length.

    Source: Hudgins, Parker, Scott, IEEE Trans. Biomed. Eng. 40(1), 1993, doi:10.1109/10.204774.

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
    There is no dead band: ZC and SSC count every change of sign, as LibEMG does by default, so that nothing
    has to be tuned to an amplifier's noise. WL is the sum of absolute differences.
    """
    difference = np.diff(windows, axis=1)
    mav = np.abs(windows).mean(axis=1)
    zc = _sign_changes(windows)
    ssc = _sign_changes(difference)
    wl = np.abs(difference).sum(axis=1)
    return np.concatenate([mav, zc, ssc, wl], axis=1, dtype=np.float32)


def _sign_changes(values: np.ndarray) -> np.ndarray:
    """Return how often neighbours along axis 1 lie on different sides of zero, shape (n, channels)."""
    positive = values > 0
    return np.count_nonzero(positive[:, 1:] != positive[:, :-1], axis=1)


def features(windows: WindowSet) -> NDArray[np.float32]:
    """Return Hudgins' features of all windows, shape (windows, 4 * channels), batch by batch."""
    found = np.empty((len(windows), 4 * windows.channels), np.float32)
    begin = 0
    for batch in windows.batches():
        found[begin : begin + len(batch)] = hudgins_features(batch)
        begin += len(batch)
    return found


def fit_lda(train: WindowSet) -> Predictor:
    """Fit a linear discriminant analysis on Hudgins' features.

    Parameters
    ----------
    train : WindowSet
        Training windows.

    Returns
    -------
    callable
        Gives the probabilities for windows of the same actions.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Variables are collinear")  # a flat channel; it is left out
        return _predictor(LinearDiscriminantAnalysis(), train, train.action, np.arange(len(train.actions)))


def fit_bagging(train: WindowSet, seed: int) -> Predictor:
    """Fit a bag of trees on Hudgins' features; each tree sees equally many windows of every group.

    The classifier is imbalanced-learn's ``BalancedBaggingClassifier``, which draws as many windows of each
    class as the rarest one has. Here a cohort is rare, not an action. So the classes are the actions of each
    cohort, and the probabilities of an action are summed over the cohorts.

    Parameters
    ----------
    train : WindowSet
        Training windows.
    seed : int
        Decides what each tree sees.

    Returns
    -------
    callable
        Gives the probabilities for windows of the same actions.

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
    """Raise a SettingError if imbalanced-learn is missing, before hours are spent on other methods."""
    _balanced_bagging()


def _balanced_bagging() -> Any:
    try:
        from imblearn.ensemble import BalancedBaggingClassifier
    except ModuleNotFoundError as error:
        remedy = "install it with pip install 'emg_recognition[compare]', or leave this method out"
        raise SettingError("method", "balanced-bagging", remedy) from error
    return BalancedBaggingClassifier


def balanced_weights(action: ArrayLike, cohort: ArrayLike) -> NDArray[np.float64]:
    """Return weights by which every action of every cohort counts the same.

    Parameters
    ----------
    action : array_like of int, shape (n,)
        The action of each window.
    cohort : array_like of str, shape (n,)
        The cohort of each window.

    Returns
    -------
    ndarray of float64, shape (n,)
        Positive, with mean 1; equal within a group, and with the same sum for each group that has a window.
    """
    group, count = _groups(np.asarray(action), np.asarray(cohort))
    weight = len(group) / (len(count) * count)
    return weight[group]


def _groups(action: NDArray[Any], cohort: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the number of each window's (cohort, action), and how many windows each such group has."""
    cohorts = np.unique(cohort, return_inverse=True)[1]
    pairs = cohorts * (action.max(initial=0) + 1) + action
    _, group, count = np.unique(pairs, return_inverse=True, return_counts=True)
    return group, count


def _predictor(
    classifier: Any, train: WindowSet, classes: NDArray[np.int64], action_of: NDArray[np.int64]
) -> Predictor:
    """Fit a classifier of scikit-learn's kind, and sum the probabilities of its classes for each action."""
    classifier.fit(features(train), classes)

    def probabilities(windows: WindowSet) -> NDArray[np.float32]:
        summed = np.zeros((len(windows), len(train.actions)), np.float32)  # 0 for an action never trained
        begin = 0
        for batch in windows.batches():
            found = classifier.predict_proba(hudgins_features(batch))
            for column, number in zip(found.T, classifier.classes_, strict=True):
                summed[begin : begin + len(batch), action_of[number]] += column
            begin += len(batch)
        return summed

    return probabilities
