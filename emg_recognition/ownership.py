"""Which publisher of a topic is followed: the first valid one, until it is gone. Needs no ROS."""

from __future__ import annotations

#: An owner that has been silent for this long gives way to another publisher that speaks, s.
GONE_AFTER = 0.5
#: Most foreign publishers that are remembered: a flood of them must not fill the memory.
_MOST = 16


class Owner:
    """Follows the first publisher that sends something valid; others change nothing and are counted.

    Ask only about messages that are valid by themselves, so that nonsense never owns a topic.

    Parameters
    ----------
    gone_after : float or None
        Silence after which another publisher that speaks takes over, s. None for latched topics, whose owner
        is silent after one message: it loses the topic by :meth:`release`.

    Attributes
    ----------
    owner : bytes or None
        The publisher that is followed; None before the first valid message.
    foreign : int
        Messages of others so far.
    """

    def __init__(self, gone_after: float | None = GONE_AFTER) -> None:
        self._gone_after = gone_after
        self._heard = 0.0
        self._others: dict[bytes, float] = {}
        self.owner: bytes | None = None
        self.foreign = 0

    def follows(self, publisher: bytes, now: float) -> bool:
        """Return whether to use a valid message of a publisher, which may make it the owner.

        Parameters
        ----------
        publisher : bytes
            Who sent the message.
        now : float
            Time of receipt on the steady clock, s.
        """
        if publisher != self.owner:
            if self.owner is not None and not self._silent(now):
                self.foreign += 1
                self._others.pop(publisher, None)
                if len(self._others) >= _MOST:
                    del self._others[next(iter(self._others))]
                self._others[publisher] = now
                return False
            self._others.pop(publisher, None)
            self.owner = publisher
        self._heard = now
        return True

    def others(self, now: float, within: float = GONE_AFTER) -> list[bytes]:
        """Return the other publishers that spoke within the last `within` seconds."""
        return [publisher for publisher, heard in self._others.items() if now - heard <= within]

    def release(self) -> None:
        """Let the next valid publisher own the topic."""
        self.owner = None

    def _silent(self, now: float) -> bool:
        return self._gone_after is not None and now - self._heard > self._gone_after


def same_process(one: bytes, other: bytes) -> bool:
    """Return whether two publishers belong to one process.

    With Fast DDS the first twelve bytes of an identity name the participant, of which rclpy makes one for
    each context. Other middleware gives identities without that order; there the answer is False.
    """
    return len(one) >= _PARTICIPANT and one[:_PARTICIPANT] == other[:_PARTICIPANT]


_PARTICIPANT = 12
