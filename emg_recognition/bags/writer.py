"""Write a bag that every ``ros2 bag`` since Humble reads, and that survives the end of its writer."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime
from rosbags.rosbag2 import StoragePlugin, Writer, WriterError
from rosbags.rosbag2.storage_mcap import McapWriter

from emg_recognition.bags.definitions import full_definition, own_types
from emg_recognition.errors import RecordingError

#: What rosbag2 writes for a duration that nobody limits.
_FOREVER = QosTime(9223372036, 854775807)


@dataclass(frozen=True)
class TopicQos:
    """How a topic was offered, so that a player can offer it alike.

    Attributes
    ----------
    depth : int
        Messages that the publisher keeps.
    reliable : bool
        Lost messages are sent again.
    latched : bool
        Late subscribers get what was sent before (transient local).
    """

    depth: int = 10
    reliable: bool = True
    latched: bool = False


class BagWriter:
    """An MCAP bag: a folder with one file in it.

    Messages gather in a chunk. What :meth:`flush` has written is read again even if the writer is
    killed; the index and ``metadata.yaml`` come with :meth:`close`.

    Parameters
    ----------
    path : path
        The folder to make; it must not exist.
    topics : mapping of str to str
        Full topic name -> type, e.g. ``/emg/samples`` -> ``emg_recognition/msg/EmgSamples``.
    qos : mapping of str to TopicQos, optional
        Topic name -> how it was offered; reliable, the last 10, for those left out.

    Raises
    ------
    RecordingError
        If the path exists or cannot be written, or a type is not known.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        topics: Mapping[str, str],
        qos: Mapping[str, TopicQos] | None = None,
    ) -> None:
        self.path = Path(path)
        definitions = {name: self._definition(name) for name in topics.values()}
        if self.path.exists():
            raise RecordingError(
                str(path), "it exists already", "choose another name; nothing is overwritten"
            )
        # Version 8 has the quality of service as text with numbers, which Humble and its successors read.
        self._writer = Writer(self.path, version=8, storage_plugin=StoragePlugin.MCAP)
        self._unwritten = False
        try:
            self._writer.open()
            self._name_as_rosbag2()
        except OSError as error:
            raise self._failed(error) from error
        self._connections = {
            topic: self._writer.add_connection(
                topic,
                name,
                msgdef=definitions[name],
                rihs01=own_types().hash_rihs01(name),
                offered_qos_profiles=[_profile((qos or {}).get(topic, TopicQos()))],
            )
            for topic, name in topics.items()
        }

    def write(self, topic: str, time: int, message: bytes) -> None:
        """Add a message; it is safe after the next :meth:`flush`.

        Parameters
        ----------
        topic : str
            One of the topics given at the start.
        time : int
            When it was received, in ns since the epoch.
        message : bytes
            As it was on the wire (CDR).

        Raises
        ------
        RecordingError
            If the disk is full or gone, now or before; what was flushed before stays readable.
        """
        try:
            self._writer.write(self._connections[topic], time, message)
        except OSError as error:
            raise self._failed(error) from error
        except WriterError as error:
            problem, remedy = "it was closed after an error or by its end", "begin a new recording"
            raise RecordingError(str(self.path), problem, remedy) from error
        self._unwritten = True

    def flush(self) -> None:
        """Close the chunk and bring it to the disk; without a new message nothing happens.

        Raises
        ------
        RecordingError
            If the disk is full or gone.
        """
        if not self._unwritten:
            return
        storage = self._writer.storage
        assert isinstance(storage, McapWriter)
        try:
            # rosbags closes a chunk of 1 MiB by itself; a chunk without messages would have no times.
            if storage.chunk.msgs:
                storage.close_chunk()
            storage.bio.flush()
            os.fsync(storage.bio.fileno())
        except OSError as error:
            raise self._failed(error) from error
        self._unwritten = False

    def close(self) -> None:
        """Write what is left, the index and ``metadata.yaml``; a second time nothing happens.

        Raises
        ------
        RecordingError
            If the disk is full or gone; what was flushed before stays readable.
        """
        storage = self._writer.storage
        if not isinstance(storage, McapWriter):
            return  # closed before
        if not sum(self._writer.counts.values()):
            # Nothing was recorded: rosbags would write the year 2262 as the beginning.
            self._writer.min_timestamp = storage.message_start_time = storage.chunk.message_start_time = 0
        try:
            self.flush()
            self._writer.close()
        except OSError as error:
            raise self._failed(error) from error

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()  # also after an error: what was recorded is worth a proper end

    def _name_as_rosbag2(self) -> None:
        """Give the file a number as rosbag2 does, for ``ros2 bag reindex`` finds no other."""
        storage = self._writer.storage
        assert storage is not None
        numbered = storage.path.with_name(f"{self.path.name}_0.mcap")
        storage.path.rename(numbered)
        storage.path = numbered

    def _definition(self, type_name: str) -> str:
        try:
            return full_definition(type_name)
        except KeyError as error:
            raise RecordingError(
                str(self.path),
                f"type {type_name} is not known",
                "record messages of ROS 2 or of this package",
            ) from error

    def _failed(self, error: OSError) -> RecordingError:
        """End the file where it is: after half a chunk nothing that follows could be read."""
        self._unwritten = False
        with contextlib.suppress(OSError):  # the same disk; the first error is the one to tell
            self._writer.abort()
        problem, remedy = (
            f"it cannot be written ({error.strerror or error})",
            "make room or choose another disk",
        )
        return RecordingError(str(self.path), problem, remedy)


def _profile(qos: TopicQos) -> Qos:
    return Qos(
        history=QosHistory.KEEP_LAST,
        depth=qos.depth,
        reliability=QosReliability.RELIABLE if qos.reliable else QosReliability.BEST_EFFORT,
        durability=QosDurability.TRANSIENT_LOCAL if qos.latched else QosDurability.VOLATILE,
        deadline=_FOREVER,
        lifespan=_FOREVER,
        liveliness=QosLiveliness.AUTOMATIC,
        liveliness_lease_duration=_FOREVER,
        avoid_ros_namespace_conventions=False,
    )
