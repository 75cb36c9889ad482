"""When each message of a bag is due, and what time it is there: no rclpy, no waiting."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from emg_recognition.nodes.ros_time import STEP_LIMIT

#: A longer pause between two messages may be a clock step or a halted device, s.
LONG = 1.0


class Moment(NamedTuple):
    """A message, the log time at which it was recorded, and whether to go there at once."""

    topic: str
    time: int
    message: Any
    jump: bool


class Timeline:
    """Maps log time to the steady clock.

    Recorded differences divided by the rate are kept, from the due time of one message to that of
    the next: who is late catches up. A step of the log time back, or a jump, takes no time.

    Parameters
    ----------
    rate : float
        Seconds of the bag in one second.
    now : float
        The steady time at which the first message is due, s.
    time : int
        Its log time, ns.
    """

    def __init__(self, rate: float, now: float, time: int) -> None:
        self._rate = rate
        self._due = self._previous_due = now
        self._time = self._previous_time = time

    def advance(self, time: int, *, jump: bool = False) -> float:
        """Go on to the next message; return the steady time at which it is due, s."""
        difference = (time - self._time) * 1e-9
        if -STEP_LIMIT <= difference < 0:
            return self._due  # recorded in this order, received the other way round: time stands still
        self._previous_due, self._previous_time = self._due, self._time
        self._time = time
        if difference < 0 or jump:
            self._previous_time = time
        else:
            self._due += difference / self._rate
        return self._due

    def time(self, now: float) -> int:
        """Return the log time, ns, at a steady time: from the previous message's to the next one's."""
        passed = max(0.0, now - self._previous_due) * self._rate
        return min(self._previous_time + round(passed * 1e9), self._time)

    def shift(self, seconds: float) -> None:
        """Put everything off by a pause."""
        self._due += seconds
        self._previous_due += seconds


def with_jumps(
    messages: Iterable[tuple[str, int, Any]], samples: str, index_range: Callable[[Any], tuple[int, int]]
) -> Iterator[Moment]:
    """Mark long pauses during which not a single sample was taken.

    Over such a pause the clock was set forward, or the device stood still: nobody needs to wait for it.

    Parameters
    ----------
    messages : iterable of (str, int, object)
        Topic, log time in ns and message, in file order.
    samples : str
        The topic of samples.
    index_range : callable
        Returns the index of a chunk's first sample, and that of the sample after its last.

    Yields
    ------
    Moment
        Each message, in the same order.
    """
    ahead: deque[tuple[str, int, Any]] = deque()
    source = iter(messages)
    newest: Any = None
    previous: int | None = None

    def next_samples() -> Any:
        for topic, _, message in ahead:
            if topic == samples:
                return message
        for found in source:
            ahead.append(found)
            if found[0] == samples:
                return found[2]
        return None

    while True:
        found = ahead.popleft() if ahead else next(source, None)
        if found is None:
            return
        topic, time, message = found
        jump = False
        if newest is not None and previous is not None and (time - previous) * 1e-9 > LONG:
            following = message if topic == samples else next_samples()
            jump = following is not None and index_range(following)[0] == index_range(newest)[1]
        if topic == samples:
            newest = message
        previous = time
        yield Moment(topic, time, message, jump)
