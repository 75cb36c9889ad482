"""From estimates to the decision that takes effect: threshold, vote, hysteresis, dwell, speed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from emg_recognition.actions import REST
from emg_recognition.control.decision_settings import DecisionSettings
from emg_recognition.control.dwell import Dwell
from emg_recognition.control.hysteresis import next_action
from emg_recognition.control.proportional import speed_share
from emg_recognition.control.threshold import ballot
from emg_recognition.control.vote import NO_ACTION, Vote


class Decision(NamedTuple):
    """What takes effect.

    Attributes
    ----------
    action : str
        The action; :data:`~emg_recognition.control.vote.NO_ACTION` for none.
    speed : float
        Share of its speed, 0 to 1; 0 without an action.
    """

    action: str
    speed: float


_NOTHING = Decision(NO_ACTION, 0.0)


class Decider:
    """The decisions of the bridge and of replay: the same estimates at the same times, the same decisions.

    Parameters
    ----------
    settings : DecisionSettings
        Votes, dwell and speed.
    thresholds : mapping of str to float, optional
        The confidence that some actions need beyond the classifier's threshold.
    still : collection of str
        Actions that move nothing; with rest, they take effect without dwell.
    """

    def __init__(
        self,
        settings: DecisionSettings,
        thresholds: Mapping[str, float] | None = None,
        still: Collection[str] = (),
    ) -> None:
        self._settings = settings
        self._thresholds = dict(thresholds or {})
        self._still = frozenset(still) | {REST}
        self._enter, self._keep = settings.enter, settings.keep
        self._vote = Vote(settings.votes)
        self.clear()

    @property
    def full(self) -> bool:
        """Whether as many estimates as vote have come in since the last :meth:`clear`; else none decides."""
        return self._vote.full

    def clear(self) -> None:
        """Forget everything: nothing is decided until a full new vote has come in."""
        self._vote.clear()
        self._dwell = Dwell(self._settings.dwell, self._still)
        self._decided = _NOTHING

    def add(self, action: str, confidence: float, activation: float, accepted: bool, time: float) -> None:
        """Take one estimate in.

        Parameters
        ----------
        action : str
            The estimated action.
        confidence : float
            Its probability.
        activation : float
            RMS of the window over that of the training signal.
        accepted : bool
            False where the classifier rejected the window.
        time : float
            When it came, s, on the clock of :meth:`decide`: steady for the bridge, the stamp in replay.
        """
        self._vote.add(ballot(action, confidence, activation, accepted, self._thresholds))
        if not self._vote.full:
            return
        decided = next_action(self._decided.action, self._vote.counts(), self._enter, self._keep)
        self._decided = Decision(decided, self._speed(decided))
        # Only here, so that the dwell counts from the estimate, not from when somebody asked.
        self._dwell.update(decided, time)

    def decide(self, time: float) -> Decision:
        """Return what takes effect; to ask changes nothing.

        Parameters
        ----------
        time : float
            Now, s, not before the newest estimate.
        """
        action = self._dwell.update(self._decided.action, time)
        return self._decided if action == self._decided.action else _NOTHING

    def _speed(self, action: str) -> float:
        if action == NO_ACTION:
            return 0.0
        if not self._settings.proportional:
            return 1.0
        low, full = self._settings.activation_low, self._settings.activation_full
        return speed_share(self._vote.activation(action), low, full)
