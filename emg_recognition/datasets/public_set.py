"""What is known about one public set of recordings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np


class Segment(NamedTuple):
    """A labelled piece of a recording; the fields mean the same as in :class:`emg_recognition.Recordings`."""

    counts: np.ndarray
    subject: str
    cohort: str
    session: str
    label: str
    repetition: int


@dataclass(frozen=True, kw_only=True)
class PublicSet:
    """A set of recordings in a public Git repository, at one commit.

    Attributes
    ----------
    name : str
        What `fetch` calls it.
    summary : str
        Who was recorded doing what, in one line.
    notes : str
        What was left out or decided when it is converted, and what its users should know.
    repository, commit : str
        Owner and name on GitHub, and the full hash of the commit.
    licence : str
        Its SPDX identifier; the text is in the repository.
    citation : str
        What the authors want to be cited.
    megabytes : int
        Size of the download, about.
    files : str
        Regular expression of the paths that are used.
    digest : str
        SHA-256 of what ``sha256sum`` prints for these files, sorted by path.
    rate : float
        Sampling rate, Hz.
    channels : int
        Electrodes.
    dtype : str
        Type of the samples in the archive.
    scale : float
        Counts per unit.
    unit : str
        ``"V"``, or ``"count"`` where the origin states no physical unit.
    segments : callable
        Takes the folder that holds the files, and yields every segment in the archive's order.
    host : str
        Where GitHub hands out whole commits.
    """

    name: str
    summary: str
    notes: str
    repository: str
    commit: str
    licence: str
    citation: str
    megabytes: int
    files: str
    digest: str
    rate: float
    channels: int
    dtype: str
    scale: float = 1.0
    unit: str = "count"
    segments: Callable[[Path], Iterator[Segment]]
    host: str = "https://codeload.github.com"

    @property
    def address(self) -> str:
        """Where the files are downloaded from, as one ``.tar.gz``."""
        return f"{self.host}/{self.repository}/tar.gz/{self.commit}"

    @property
    def page(self) -> str:
        """The repository's page, with the text of the licence."""
        return f"https://github.com/{self.repository}/tree/{self.commit}"


def natural(text: str) -> list[tuple[str, int]]:
    """Return a key that sorts ``day2`` before ``day10``."""
    return [(word, int(number or 0)) for word, number in re.findall(r"(\D*)(\d*)", text)]
