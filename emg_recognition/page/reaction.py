"""The test "do this now": how soon the prompted action is decided, and how often a wrong one is."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from emg_recognition.actions import REST
from emg_recognition.control.decision import NO_ACTION
from emg_recognition.errors import SettingError
from emg_recognition.evaluation.steadiness import DecidedSegments, Steadiness, score_steadiness


@dataclass(frozen=True, kw_only=True)
class ReactionSettings:
    """Times in s.

    Attributes
    ----------
    repetitions : int
        Prompts of each action.
    hold : float
        How long a prompt is shown.
    shortest_rest, longest_rest : float
        The rest before a prompt is random between the two, so that nobody can foresee it.
    """

    repetitions: int = 3
    hold: float = 3.0
    shortest_rest: float = 2.0
    longest_rest: float = 4.0


@dataclass(frozen=True, kw_only=True)
class Prompted:
    """One prompt, or the rest before it.

    Attributes
    ----------
    action : str
        What was to be performed.
    seconds : float
        How long.
    reaction : float or None
        From the beginning until the action began to be decided, s; None if it did not, or was decided
        already.
    wrong : tuple of str
        Other actions that began to be decided; rest and nothing are no movement.
    """

    action: str
    seconds: float
    reaction: float | None
    wrong: tuple[str, ...]


class ReactionTask:
    """A state machine without a clock: every call gets the time, in s, which must not go back.

    Parameters
    ----------
    actions : sequence of str
        What to prompt; rest is left out.
    settings : ReactionSettings
        Times.
    seed : int
        Decides the order of the actions and the length of each rest.

    Attributes
    ----------
    prompts : list of Prompted
        Those that ended.
    total : int
        Prompts, without the rests.

    Raises
    ------
    SettingError
        Without an action but rest.
    """

    def __init__(
        self, actions: Sequence[str], settings: ReactionSettings | None = None, *, seed: int = 0
    ) -> None:
        active = [action for action in actions if action != REST]
        if not active:
            raise SettingError("actions", list(actions), "use a model that knows more than rest")
        self._settings = times = settings or ReactionSettings()
        generator = random.Random(seed)
        self._todo: list[tuple[str, float]] = []
        for _ in range(times.repetitions):
            for action in sorted(active, key=lambda _: generator.random()):
                rest = times.shortest_rest + (times.longest_rest - times.shortest_rest) * generator.random()
                self._todo += [(REST, rest), (action, times.hold)]
        self.total = times.repetitions * len(active)
        self.prompts: list[Prompted] = []
        self._since: float | None = None
        self._decided = NO_ACTION
        self._reaction: float | None = None
        self._wrong: list[str] = []

    @property
    def ended(self) -> bool:
        """Whether every prompt has been shown."""
        return not self._todo

    @property
    def shown(self) -> str:
        """The action to perform now: rest between the prompts, and after the last one."""
        return self._todo[0][0] if self._todo else REST

    @property
    def done(self) -> int:
        """Prompts that have ended, without the rests."""
        return sum(prompt.action != REST for prompt in self.prompts)

    def advance(self, now: float, action: str) -> None:
        """Take what is decided now; call it at least every 50 ms.

        Parameters
        ----------
        now : float
            The time, s.
        action : str
            The decided action; empty for nothing.
        """
        if not self._todo:
            return
        if self._since is None:
            self._since = now
        shown, length = self._todo[0]
        if now - self._since >= length:
            self.prompts.append(
                Prompted(action=shown, seconds=length, reaction=self._reaction, wrong=tuple(self._wrong))
            )
            self._todo.pop(0)
            self._since, self._reaction, self._wrong = now, None, []
            shown = self.shown
        # A decision that lasts from before is a late release or a guess, not an answer to this prompt.
        if action != self._decided:
            self._decided = action
            if action == shown:
                if self._reaction is None:
                    self._reaction = now - self._since
            elif action not in (REST, NO_ACTION):
                self._wrong.append(action)


def score_reactions(prompts: Sequence[Prompted]) -> Steadiness:
    """Compute reaction times (``decision_delay_ms``), wrong movements and false activations a minute.

    Parameters
    ----------
    prompts : sequence of Prompted
        From :class:`ReactionTask`.

    Returns
    -------
    Steadiness
        As for the test windows of a training, with confidence intervals over prompts; but each delay holds
        the reaction of the wearer too.
    """
    names = sorted({prompt.action for prompt in prompts})
    return score_steadiness(
        DecidedSegments(
            resting=np.array([prompt.action == REST for prompt in prompts], np.bool_),
            action=np.array([names.index(prompt.action) for prompt in prompts], np.int64),
            minutes=np.array([prompt.seconds / 60 for prompt in prompts], np.float64),
            movements=np.array([len(prompt.wrong) for prompt in prompts], np.int64),
            delay=np.array(
                [math.nan if one.reaction is None else 1000 * one.reaction for one in prompts], np.float64
            ),
        )
    )


def reactions_to_json(task: ReactionTask) -> dict[str, Any]:
    """Return the scores for a file: ``steadiness`` as in ``metrics.json`` of a training, and every prompt."""
    return {
        "planned": task.total,
        "steadiness": asdict(score_reactions(task.prompts)),
        "prompts": [asdict(prompt) for prompt in task.prompts],
    }
