"""Topics of which one publisher is followed: strange messages and other publishers change nothing.

Anybody on the network may publish under our names. So each message is checked, the first publisher that
sends a valid one is followed until it is gone, and everything else is counted and named.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from rclpy.node import Node
from rclpy.qos import QoSProfile

from emg_recognition.errors import EmgRecognitionError, MessageError, SampleError
from emg_recognition.ownership import GONE_AFTER, Owner, same_process
from emg_recognition.ros.publishers import UNKNOWN, IdentifiedSubscription, subscribe
from emg_recognition.text import printable

M = TypeVar("M")

#: How often the graph is asked whether the owner is gone, s; it takes 0.1 ms.
_LOOK_EVERY = 0.25
#: How long a refusal or another publisher counts as a problem, s, and how often each is logged.
_RECENT = 10.0
#: Longest reason of a refusal, characters.
_LONGEST = 500
#: Most publishers of a latched topic whose newest message is kept.
_MOST = 16


class Followed(Generic[M]):
    """Checks the messages of a topic, and passes on those of the publisher that is followed.

    The followed one loses the topic when it is no longer in the graph, or when it is silent and a publisher
    of a node with the same name speaks: a node that was killed stays in the graph for a while (Fast DDS:
    20 s), and its successor need not wait. A device that is only silent keeps its topic, so that no other
    armband moves the wearer's joints.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that receives, for its log.
    topic : str
        Its name, for people.
    check : callable
        Raises an :class:`EmgRecognitionError` for a message that cannot be used.
    callback : callable
        Called with each message to use.
    faulty : callable, optional
        Called with each message of the followed publisher that cannot be used.

    Attributes
    ----------
    topic : str
        Its name.
    nodes : callable
        Returns the names of the publishers' nodes by their identity.
    """

    def __init__(
        self,
        node: Node,
        topic: str,
        check: Callable[[M], None],
        callback: Callable[[M], None],
        *,
        faulty: Callable[[M], None] | None = None,
    ) -> None:
        self._logger = node.get_logger()
        self.topic = topic
        self._check, self._callback, self._faulty = check, callback, faulty
        self._owner = Owner(gone_after=None)
        self._heard = self._looked = self._logged = -_RECENT
        self._names: dict[bytes, str] = {}
        self._lock = threading.Lock()
        self._refusal: tuple[float, EmgRecognitionError] | None = None
        self._refused = 0
        self._subscription: IdentifiedSubscription[M] | None = None
        self.nodes: Callable[[], dict[bytes, str]] = dict

    def attach(self, subscription: IdentifiedSubscription[M]) -> None:
        """Take the resolved name of the topic and the names of its publishers from a subscription."""
        self._subscription = subscription
        self.topic, self.nodes = subscription.topic_name, subscription.nodes

    @property
    def owner(self) -> bytes | None:
        """The publisher that is followed; None before the first valid message."""
        return self._owner.owner

    @property
    def refused(self) -> int:
        """Messages so far that could not be decoded or used."""
        return self._refused + (0 if self._subscription is None else self._subscription.broken)

    @property
    def foreign(self) -> int:
        """Messages of other publishers so far."""
        return self._owner.foreign

    def receive(self, message: M, publisher: bytes = UNKNOWN) -> None:
        """Take a message; may be called in any one thread."""
        now, owner = time.monotonic(), self._owner
        if owner.owner is not None and publisher != owner.owner:
            if not self._gives_way(publisher, now):
                self._ignore(publisher, now)
                return
            owner.release()
        try:
            self._check(message)
        except EmgRecognitionError as error:
            self._refuse(error, now)
            if self._faulty is not None and owner.owner == publisher:
                self._faulty(message)
            return
        owner.follows(publisher, now)
        self._heard = now
        self._callback(message)

    def refuse(self, error: EmgRecognitionError) -> None:
        """Count a message that turned out later to be unusable."""
        self._refuse(error, time.monotonic())

    def problem(self) -> tuple[bool, str]:
        """Return whether this node's own configuration is the trouble, and the trouble; empty for none."""
        now, words, own = time.monotonic(), [], False
        if self._refusal is not None and now - self._refusal[0] < _RECENT:
            own = not isinstance(self._refusal[1], (MessageError, SampleError))
            words.append(f"{self.topic}: {printable(self._refusal[1], _LONGEST)} ({self.refused} refused)")
        with self._lock:
            others = [self._name(one) for one in self._owner.others(now, _RECENT)]
        if others:
            words.append(f"{self.topic}: {', '.join(others)} ignored, {self._followed()} is followed")
        return own, "; ".join(words)

    def _gives_way(self, publisher: bytes, now: float) -> bool:
        """Return whether the followed publisher is gone, so that this one may take over."""
        if now - self._heard < GONE_AFTER or now - self._looked < _LOOK_EVERY:
            return False
        self._looked, self._names = now, self.nodes()
        owner = self._owner.owner
        assert owner is not None
        return self._names.get(owner) in (None, self._names.get(publisher))

    def _ignore(self, publisher: bytes, now: float) -> None:
        with self._lock:
            known = publisher in self._owner.others(now, _RECENT)
            self._owner.follows(publisher, now)
        if known:
            return
        if publisher not in self._names:
            self._names = self.nodes()
        if now - self._logged >= _RECENT:
            self._logged = now
            self._logger.warning(
                f"{self._name(publisher)} publishes {self.topic} too and is ignored; "
                f"{self._followed()} is followed until it is gone"
            )

    def _refuse(self, error: EmgRecognitionError, now: float) -> None:
        self._refused += 1
        self._refusal = (now, error)
        self._logger.error(f"{self.topic}: {printable(error, _LONGEST)}", throttle_duration_sec=_RECENT)

    def _followed(self) -> str:
        return self._name(self._owner.owner or UNKNOWN)

    def _name(self, publisher: bytes) -> str:
        return printable(self._names.get(publisher, "a node whose name is not known"))


class Announced(Followed[M]):
    """A latched topic, such as that of the model: the newest message of each publisher is kept.

    A latched message comes once. So when its publisher is gone, the message of another one takes effect that
    came long ago, and nothing that came and went stays the last word.

    Parameters
    ----------
    node, topic, check, callback
        As for :class:`Followed`.
    stream : Followed, optional
        A topic of the same program, such as that of the estimates: what its publisher's process announces is
        what counts.
    """

    def __init__(
        self,
        node: Node,
        topic: str,
        check: Callable[[M], None],
        callback: Callable[[M], None],
        *,
        stream: Followed[Any] | None = None,
    ) -> None:
        super().__init__(node, topic, check, callback)
        self._stream = stream
        self._newest: dict[bytes, M] = {}

    def receive(self, message: M, publisher: bytes = UNKNOWN) -> None:
        """Keep a message, and pass it on if its publisher is followed."""
        now = time.monotonic()
        try:
            self._check(message)
        except EmgRecognitionError as error:
            self._refuse(error, now)
            return
        self._newest.pop(publisher, None)
        self._newest[publisher] = message
        for one in list(self._newest)[:-_MOST]:
            if one != self.owner:
                del self._newest[one]
        changed = self._choose()
        if self.owner == publisher:
            if not changed:
                self._callback(message)
        else:
            self._ignore(publisher, now)

    def look(self) -> None:
        """Choose again, because a publisher may be gone; call it once a second."""
        if len(self._newest) > 1:
            self._choose()

    def _choose(self) -> bool:
        """Follow the right publisher; return whether it is another one, whose message was passed on."""
        if len(self._newest) > 1:
            self._names = self.nodes()
            gone = [one for one in self._newest if one not in self._names]
            # Some middleware names nobody.
            if len(gone) < len(self._newest):
                for one in gone:
                    del self._newest[one]
        chosen = self._chosen()
        if chosen == self.owner:
            return False
        self._owner.release()
        self._owner.follows(chosen, time.monotonic())
        self._callback(self._newest[chosen])
        return True

    def _chosen(self) -> bytes:
        newest_first = list(reversed(self._newest))
        speaker = None if self._stream is None else self._stream.owner
        for one in newest_first:
            if speaker is not None and same_process(one, speaker):
                return one
        if self.owner not in self._newest:
            return newest_first[-1]
        name = self._names.get(self.owner or UNKNOWN)
        for one in newest_first:
            # A newer one of the same name is the same node, restarted.
            if one == self.owner or (name is not None and name == self._names.get(one)):
                return one
        return newest_first[-1]


def follow(node: Node, kind: type[M], followed: Followed[M], profile: QoSProfile) -> Followed[M]:
    """Subscribe to a followed topic with the node's executor.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes.
    kind : type
        The message type.
    followed : Followed
        What takes the messages; its topic may be relative, and remappings apply.
    profile : rclpy.qos.QoSProfile
        As offered by the publishers, or less strict.

    Returns
    -------
    Followed
        The one given.
    """
    followed.attach(subscribe(node, kind, followed.topic, followed.receive, profile))
    return followed
