"""From an estimate to its ballot: whom it votes for, and whether it votes at all."""

from __future__ import annotations

from collections.abc import Mapping

from emg_recognition.control.vote import NO_ACTION, Ballot


def ballot(
    action: str, confidence: float, activation: float, accepted: bool, thresholds: Mapping[str, float]
) -> Ballot:
    """Turn an estimate into a ballot.

    Rejected is not rest: rest is an action that wins votes, a rejected estimate wins none for anybody.
    Rejection by confidence is that of Scheme, Hudgins and Englehart, *Confidence-based rejection for
    improved pattern recognition myoelectric control*, 2013.

    Parameters
    ----------
    action : str
        The estimated action.
    confidence : float
        Its probability.
    activation : float
        RMS of the window over that of the training signal.
    accepted : bool
        Whether the classifier accepted it: its own threshold is the same for all actions.
    thresholds : mapping of str to float
        The confidence that some actions need beyond that; below it the estimate is rejected.
    """
    # "not above" instead of "below": NaN is rejected.
    if not accepted or not confidence >= thresholds.get(action, 0.0):
        return Ballot(NO_ACTION, activation)
    return Ballot(action, activation)
