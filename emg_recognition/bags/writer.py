"""Write bags that ``ros2 bag`` reads since Humble, and that stay readable if the writer is killed."""

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

#: The value that rosbag2 writes for an unlimited duration.
_FOREVER = QosTime(9223372036, 854775807)


@dataclass(frozen=True)
class TopicQos:
    """Quality of service of a recorded topic, which a player uses again.

    Attributes
    ----------
    depth : int
        Number of messages that the publisher keeps.
    reliable : bool
        Whether lost messages are sent again.
    latched : bool
        Whether late subscribers receive earlier messages (transient local).
    """

    depth: int = 10
    reliable: bool = True
    latched: bool = False


class BagWriter:
    """An MCAP bag: a folder with one file.

    Messages are collected in a chunk. Whatever :meth:`flush` has written can be read even if the writer is
    killed; :meth:`close` adds the index and ``metadata.yaml``.

    Parameters
    ----------
    path : path
        The folder to create; it must not exist.
    topics : mapping of str to str
        Type of each topic, by its full name, e.g. ``/joint_states`` -> ``sensor_msgs/msg/JointState``.
    qos : mapping of str to TopicQos, optional
        Quality of service by topic; the default of :class:`TopicQos` for other topics.

    Raises
    ------
    RecordingError
        If the path exists or cannot be written, or a type is unknown.
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
        # Version 8 stores the quality of service as text with numbers, which all versions since Humble read.
        self._writer = Writer(self.path, version=8, storage_plugin=StoragePlugin.MCAP)
        self._unwritten = False
        try:
            self._writer.open()
            self._rename_file()
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
            One of the topics of this bag.
        time : int
            When it was received, ns since the epoch.
        message : bytes
            The message as received (CDR).

        Raises
        ------
        RecordingError
            If the disk is full or missing, now or earlier; what was flushed before stays readable.
        """
        try:
            self._writer.write(self._connections[topic], time, message)
        except OSError as error:
            raise self._failed(error) from error
        except WriterError as error:
            problem, remedy = "it is closed, perhaps after an error", "begin a new recording"
            raise RecordingError(str(self.path), problem, remedy) from error
        self._unwritten = True

    def flush(self) -> None:
        """Close the chunk and write it to the disk; without new messages this does nothing.

        Raises
        ------
        RecordingError
            If the disk is full or missing.
        """
        if not self._unwritten:
            return
        storage = self._writer.storage
        assert isinstance(storage, McapWriter)
        try:
            # rosbags itself closes a chunk of 1 MiB; a chunk without messages would have no times.
            if storage.chunk.msgs:
                storage.close_chunk()
            storage.bio.flush()
            os.fsync(storage.bio.fileno())
        except OSError as error:
            raise self._failed(error) from error
        self._unwritten = False

    def close(self) -> None:
        """Write the remaining messages, the index and ``metadata.yaml``; a second call does nothing.

        Raises
        ------
        RecordingError
            If the disk is full or missing; what was flushed before stays readable.
        """
        storage = self._writer.storage
        if not isinstance(storage, McapWriter):
            return  # closed already
        if not sum(self._writer.counts.values()):
            # Without messages rosbags would write the year 2262 as the start.
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
        self.close()  # also after an error, so that what was recorded is complete

    def _rename_file(self) -> None:
        """Give the file a number as rosbag2 does; ``ros2 bag reindex`` does not find other names."""
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
                f"type {type_name} is unknown",
                "record messages of ROS 2 or of this package",
            ) from error

    def _failed(self, error: OSError) -> RecordingError:
        """End the file here, because nothing after half a chunk could be read."""
        self._unwritten = False
        with contextlib.suppress(OSError):  # the same disk: report the first error
            self._writer.abort()
        problem, remedy = (
            f"it cannot be written ({error.strerror or error})",
            "free some space or choose another disk",
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
