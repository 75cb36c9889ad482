"""Read bags that rosbag2 compressed, by file or by message."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from emg_recognition.bags.batches import Block, Problems, Storage, Topic
from emg_recognition.bags.storage import open_storage
from emg_recognition.bags.unpacking import LARGEST, unzstd, unzstd_pieces
from emg_recognition.errors import RecordingError
from emg_recognition.files import open_regular


class UnpackedFile:
    """A file that was compressed as a whole: it is unpacked into a temporary folder.

    It must be complete; otherwise a RecordingError is raised.
    """

    def __init__(self, path: Path, problems: Problems) -> None:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            unpacked = folder / path.stem
            try:
                _unpack(path, unpacked)
                self._storage = open_storage(unpacked, problems)
            except (OSError, ValueError, RecordingError) as error:
                reason = getattr(error, "strerror", None) or str(error).replace(str(unpacked), unpacked.name)
                raise RecordingError(
                    str(path),
                    f"it is compressed and cannot be read ({reason})",
                    "decompress it with ros2 bag convert",
                ) from error
            stack.callback(self._storage.close)
            self._stack = stack.pop_all()
        self.topics = self._storage.topics

    @property
    def fraction_read(self) -> float:
        """Share that :meth:`blocks` has read, 0 to 1."""
        return self._storage.fraction_read

    def blocks(self, wanted: Collection[Topic]) -> Iterator[Block]:
        """Yield the messages of some topics."""
        return self._storage.blocks(wanted)

    def close(self) -> None:
        """Close the file and remove the folder."""
        self._stack.close()


def _unpack(path: Path, target: Path) -> None:
    with open_regular(path) as file, target.open("wb") as unpacked:
        for number, piece in enumerate(unzstd_pieces(file, os.fstat(file.fileno()).st_size)):
            if number % 64 == 0 and shutil.disk_usage(target.parent).free < 1 << 28:
                raise OSError(errno.ENOSPC, f"no space is left in {target.parent}")
            unpacked.write(piece)


class UnpackedMessages:
    """A file whose messages were compressed one by one; damaged ones are left out and reported."""

    def __init__(self, storage: Storage, name: str, problems: Problems) -> None:
        self._storage = storage
        self._name = name
        self._problems = problems
        self.topics = storage.topics

    @property
    def fraction_read(self) -> float:
        """Share that :meth:`blocks` has read, 0 to 1."""
        return self._storage.fraction_read

    def blocks(self, wanted: Collection[Topic]) -> Iterator[Block]:
        """Yield the messages of some topics, unpacked."""
        for block in self._storage.blocks(wanted):
            rows: list[int] = []
            messages: list[bytes] = []
            size = 0
            for row in np.flatnonzero(block.topic >= 0).tolist():
                start = int(block.starts[row])
                try:
                    message = unzstd(block.data[start : start + int(block.lengths[row])])
                except ValueError as error:
                    self._problems.add(f"{self._name}: a damaged message was skipped ({error})")
                    continue
                rows.append(row)
                messages.append(message)
                size += len(message)
                if size > LARGEST:
                    yield _of_messages(block, rows, messages)
                    rows, messages, size = [], [], 0
            yield _of_messages(block, rows, messages)

    def close(self) -> None:
        """Close the file."""
        self._storage.close()


def _of_messages(block: Block, rows: list[int], messages: list[bytes]) -> Block:
    lengths = np.fromiter(map(len, messages), dtype=np.int64, count=len(messages))
    return dataclasses.replace(
        block,
        data=b"".join(messages),
        topic=block.topic[rows],
        times=block.times[rows],
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
    )


def open_compressed(path: Path, mode: str, problems: Problems) -> Storage:
    """Open a file of a bag whose ``metadata.yaml`` names a compression.

    Parameters
    ----------
    path : Path
        The file.
    mode : str
        ``file`` or ``message``.
    problems : Problems
        What is found to be missing or damaged is added.

    Raises
    ------
    RecordingError
        If it cannot be read.
    """
    if mode == "file":
        return UnpackedFile(path, problems)
    return UnpackedMessages(open_storage(path, problems), path.name, problems)
