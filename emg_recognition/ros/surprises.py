"""Errors that no callback expected: told once with their traceback, counted, and survived."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import ParamSpec

from rclpy.node import Node

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.text import printable

P = ParamSpec("P")

#: An error that repeats is logged again after this, s.
_AGAIN = 10.0
#: Most kinds of errors that are told apart.
_KINDS = 100


class Surprises:
    """What to do about an exception that reached the executor: a bug, or something strange from the network.

    A node that ends because of one message would let any program on the network end it. So it goes on; the
    error is logged with its traceback the first time, and counted in ``/diagnostics`` as ERROR. A node with a
    method ``surprised`` is told first: the bridge faults.

    Parameters
    ----------
    node : rclpy.node.Node
        The node. Its attribute ``surprises`` becomes this object.

    Attributes
    ----------
    count : int
        Unexpected errors so far.
    newest : str
        The newest of them, in one line.
    strange : int
        Messages and requests that rclpy could not decode or use.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._told: dict[tuple[str, int], float] = {}
        self.count = self.strange = 0
        self.newest = ""
        setattr(node, "surprises", self)  # noqa: B010 (Node declares no such attribute)

    def meet(self, error: Exception) -> None:
        """Log and count an exception."""
        line = printable(f"{type(error).__name__}: {error}")
        frames = traceback.extract_tb(error.__traceback__)
        logger = self._node.get_logger()
        if any(frame.filename.endswith("time_source.py") for frame in frames):
            # Raised in rclpy, for a time before 1970 or after 2262.
            self.strange += 1
            logger.error(f"a time on /clock was refused: {line}", throttle_duration_sec=_AGAIN)
            return
        self.count, self.newest = self.count + 1, line
        surprised: Callable[[str], None] | None = getattr(self._node, "surprised", None)
        if surprised is not None:
            surprised(line)
        place = (frames[-1].filename, frames[-1].lineno or 0) if frames else ("", 0)
        now = time.monotonic()
        before = self._told.get(place)
        if before is not None and now - before < _AGAIN:
            return
        if len(self._told) < _KINDS:
            self._told[place] = now
        if before is None:
            text = "".join(traceback.format_list(frames))
            logger.error(f"unexpected, the node goes on: {line}; please report it:\n{text}")
        else:
            logger.error(f"unexpected again ({self.count} so far), the node goes on: {line}")

    def refuse(self, name: str, error: Exception) -> None:
        """Log and count what could not be decoded or used; `name` is that of its topic or service."""
        self.strange += 1
        known = isinstance(error, EmgRecognitionError)
        line = printable(error if known else f"it cannot be decoded: {type(error).__name__}: {error}")
        self._node.get_logger().error(
            f"a message on {name} was refused: {line}", throttle_duration_sec=_AGAIN
        )


def surprises_of(node: Node) -> Surprises:
    """Return the surprises of a node."""
    return getattr(node, "surprises", None) or Surprises(node)


def surviving(node: Node, callback: Callable[P, None]) -> Callable[P, None]:
    """Return a callback that survives unexpected errors, for threads other than the executor's.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that logs and counts them.
    callback : callable
        Takes a message.
    """

    def call(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            callback(*args, **kwargs)
        except Exception as error:
            if node.context.ok():  # otherwise rclpy has shut down meanwhile
                surprises_of(node).meet(error)

    return call
