"""Who publishes: counts that follow remappings, and subscriptions that tell whose each message is.

rclpy's message info does not tell it.
"""

from __future__ import annotations

import ctypes
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from rclpy.subscription import Subscription
from rclpy.waitable import NumberOfEntities, Waitable

from emg_recognition.ros.polling import Unexecuted
from emg_recognition.ros.surprises import surprises_of

#: The publisher of every message where the middleware does not tell them apart: count them instead.
UNKNOWN = b""
#: Bytes of an identity. ROS 2 Humble reserves 24, of which no middleware uses more.
_SIZE = 16
#: Most messages before timers and services have their turn.
_AT_ONCE = 100
#: What ROS 2 says of a node that it has not got to know yet.
_NAMELESS = "_NODE_NAME_UNKNOWN_"

MessageT = TypeVar("MessageT")


def count_publishers(node: Node, topic: str) -> int:
    """Return how many publishers a topic of a node has; unlike rclpy's own count, remappings apply."""
    return int(node.count_publishers(node.resolve_topic_name(topic)))


def count_subscribers(node: Node, topic: str) -> int:
    """Return how many subscribers a topic of a node has; unlike rclpy's own count, remappings apply."""
    return int(node.count_subscribers(node.resolve_topic_name(topic)))


def publisher_nodes(node: Node, topic: str) -> dict[bytes, str]:
    """Return the publishers of a topic, given by its resolved name, with the full names of their nodes."""
    return {
        bytes(info.endpoint_gid[:_SIZE]): f"{info.node_namespace.rstrip('/')}/{info.node_name}"
        if info.node_name != _NAMELESS
        else "a node without a name"
        for info in node.get_publishers_info_by_topic(topic)
    }


class _Allocator(ctypes.Structure):
    """``rcutils_allocator_t``."""

    _fields_ = [
        (name, ctypes.c_void_p) for name in ("allocate", "deallocate", "reallocate", "zero_allocate", "state")
    ]


class _Bytes(ctypes.Structure):
    """``rcl_serialized_message_t``."""

    _fields_ = [
        ("buffer", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("capacity", ctypes.c_size_t),
        ("allocator", _Allocator),
    ]


class _MessageInfo(ctypes.Structure):
    """``rmw_message_info_t`` of Humble and later, which differ only in what follows the identity."""

    _fields_ = [
        ("source_timestamp", ctypes.c_int64),
        ("received_timestamp", ctypes.c_int64),
        ("publication_sequence_number", ctypes.c_uint64),
        ("reception_sequence_number", ctypes.c_uint64),
        ("implementation_identifier", ctypes.c_void_p),
        ("publisher", ctypes.c_uint8 * _SIZE),
        ("rest", ctypes.c_uint8 * 64),
    ]


class _Rcl:
    """The functions of the C libraries, which rclpy has loaded already."""

    def __init__(self) -> None:
        # PyDLL keeps the interpreter's lock, as rclpy does while it takes a message.
        rcl, rcutils = ctypes.PyDLL("librcl.so"), ctypes.PyDLL("librcutils.so")
        self.take = rcl.rcl_take_serialized_message
        self.take.argtypes, self.take.restype = [ctypes.c_void_p] * 4, ctypes.c_int
        self.allocator = rcutils.rcutils_get_default_allocator
        self.allocator.argtypes, self.allocator.restype = [], _Allocator
        self.free = rcutils.rcutils_uint8_array_fini
        self.free.argtypes, self.free.restype = [ctypes.c_void_p], ctypes.c_int
        self.reset_error = rcutils.rcutils_reset_error
        self.reset_error.argtypes, self.reset_error.restype = [], None


def _load() -> _Rcl | None:
    try:
        return _Rcl()
    except (OSError, AttributeError):
        return None


_RCL = _load()
_TAKE_FAILED = 401  # RCL_RET_SUBSCRIPTION_TAKE_FAILED: no message waits


class IdentifiedSubscription(Generic[MessageT]):
    """A subscription outside every executor, whose messages are taken together with their publisher.

    Taking one costs 4 to 10 µs more than with rclpy. Its ``handle`` can be waited for in a WaitSet;
    :func:`subscribe` lets the node's executor do that.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes.
    kind : type
        The message type.
    topic : str
        Its name, relative or not; remappings apply.
    profile : rclpy.qos.QoSProfile
        As offered by the publishers, or less strict.

    Attributes
    ----------
    topic_name : str
        The resolved name.
    broken : int
        Messages that could not be decoded.
    """

    def __init__(self, node: Node, kind: type[MessageT], topic: str, profile: QoSProfile) -> None:
        self._node, self._kind = node, kind
        self._subscription: Subscription = node.create_subscription(
            kind, topic, lambda _: None, profile, callback_group=Unexecuted()
        )
        self.topic_name = str(self._subscription.topic_name)
        self.broken = 0
        self._received = 0
        self._waitable: Waitable | None = None
        if _RCL is None:
            node.get_logger().warning(
                "librcl.so is not usable from Python here: publishers cannot be told apart, only counted"
            )
            return
        self._bytes, self._info = _Bytes(allocator=_RCL.allocator()), _MessageInfo()
        self._at = ctypes.addressof(self._bytes), ctypes.addressof(self._info)
        weakref.finalize(self, _free, self._bytes)

    @property
    def handle(self) -> Any:
        """What a WaitSet waits for."""
        return self._subscription.handle

    @property
    def publishers(self) -> int:
        """How many publishers the graph shows; a killed one is shown for a while (Fast DDS: 20 s)."""
        return int(self._node.count_publishers(self.topic_name))

    @property
    def waited(self) -> float:
        """How long the newest message waited until now, s; 0 where the middleware does not tell.

        By the system clock: limit it, because that clock may step.
        """
        return max(0.0, (time.time_ns() - self._received) * 1e-9) if self._received else 0.0

    def take(self) -> tuple[MessageT, bytes] | None:
        """Return the next message and the identity of its publisher, :data:`UNKNOWN` if there is none.

        None if no message waits, or if the next one could not be decoded. Identities mean something only
        within this process.
        """
        handle = self._subscription.handle
        try:
            if _RCL is None:
                found = handle.take_message(self._kind, False)
                if found is None:
                    return None
                self._received = found[1]["received_timestamp"]
                return found[0], UNKNOWN
            with handle:
                result = _RCL.take(handle.pointer, *self._at, None)
            if result != 0:
                if result != _TAKE_FAILED:
                    _RCL.reset_error()
                return None
            data = ctypes.string_at(self._bytes.buffer, self._bytes.length)
            message = deserialize_message(data, self._kind)
        except Exception as error:  # whatever a stranger sends must not end the process
            self.broken += 1
            surprises_of(self._node).refuse(self.topic_name, error)
            return None
        self._received = self._info.received_timestamp
        publisher = bytes(self._info.publisher)
        return message, publisher if any(publisher) else UNKNOWN

    def take_waiting(self) -> Iterator[tuple[MessageT, bytes]]:
        """Yield what waits, 100 messages at most; what cannot be decoded is left out."""
        for _ in range(_AT_ONCE):
            broken = self.broken
            taken = self.take()
            if taken is not None:
                yield taken
            elif self.broken == broken:
                return

    def nodes(self) -> dict[bytes, str]:
        """Return the publishers in the graph with the full names of their nodes; it takes 0.1 ms.

        With Cyclone DDS the identities are not those of the messages, so a name may not be found there.
        """
        return publisher_nodes(self._node, self.topic_name)

    def names(self) -> str:
        """Return the names of the publishers' nodes, for people."""
        return ", ".join(sorted(self.nodes().values())) or "none"

    def destroy(self) -> None:
        """Unsubscribe."""
        if self._waitable is not None:
            self._node.remove_waitable(self._waitable)
            self._waitable = None
        self._node.destroy_subscription(self._subscription)


def _free(serialized: _Bytes) -> None:
    if _RCL is not None:
        _RCL.free(ctypes.addressof(serialized))


def subscribe(
    node: Node,
    kind: type[MessageT],
    topic: str,
    callback: Callable[[MessageT, bytes], None],
    profile: QoSProfile,
) -> IdentifiedSubscription[MessageT]:
    """Subscribe with a callback that gets each message and the identity of its publisher.

    All waiting messages are passed on whenever one wakes the executor.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes; its executor calls back.
    kind : type
        The message type.
    topic : str
        Its name, relative or not; remappings apply.
    callback : callable
        Called with each message, and with the bytes that identify its publisher within this process.
    profile : rclpy.qos.QoSProfile
        As offered by the publishers, or less strict.

    Returns
    -------
    IdentifiedSubscription
        Its ``destroy`` unsubscribes.
    """
    subscription = IdentifiedSubscription(node, kind, topic, profile)
    subscription._waitable = _Arrivals(node, subscription, callback)
    return subscription


class _Arrivals(Waitable):
    """What an executor waits for in place of an rclpy subscription."""

    def __init__(
        self,
        node: Node,
        subscription: IdentifiedSubscription[MessageT],
        callback: Callable[[MessageT, bytes], None],
    ) -> None:
        super().__init__(node.default_callback_group)
        self._subscription, self._callback = subscription, callback
        self._index = 0
        node.add_waitable(self)

    def __enter__(self) -> None:
        self._subscription.handle.__enter__()

    def __exit__(self, *error: object) -> None:
        self._subscription.handle.__exit__(*error)

    def get_num_entities(self) -> NumberOfEntities:
        return NumberOfEntities(num_subs=1)

    def add_to_wait_set(self, wait_set: Any) -> None:
        self._index = wait_set.add_subscription(self._subscription.handle)

    def is_ready(self, wait_set: Any) -> bool:
        return bool(wait_set.is_ready("subscription", self._index))

    def take_data(self) -> list[tuple[Any, bytes]]:
        return list(self._subscription.take_waiting())

    async def execute(self, taken_data: list[tuple[Any, bytes]]) -> None:
        for message, publisher in taken_data:
            self._callback(message, publisher)
