"""The YAML description of files that describe their signals themselves: what they leave open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emg_recognition.errors import SettingError
from emg_recognition.recordings.formats.take import Wanted
from emg_recognition.recordings.recordings import parse_repetitions
from emg_recognition.recordings.roles import checked_constants, checked_groups, checked_labels
from emg_recognition.settings import check, setting
from emg_recognition.types import UNITS


@dataclass(frozen=True, kw_only=True)
class FormatDescription:
    """A description of EDF, XDF, WFDB, MATLAB, OTB+ or JSON files.

    Attributes
    ----------
    files : str
        Regular expression for the whole path inside `folder`, with ``/`` between folders. Its named groups
        are any of :data:`~emg_recognition.recordings.roles.ROLES`; they stand above what a file
        says about itself. Empty for a file that is given without a description.
    channels : tuple of str or int
        Names of the channels, or their numbers from 1; by default those that hold EMG.
    label_channel, marker_channel : str, int or None
        A channel whose value labels each sample, or one that has a value only where a label begins, which
        holds until the next; 0 elsewhere.
    labels : mapping or None
        Label in the files -> action; null skips it. None takes the labels as they are.
    constants : mapping
        What is the same for all files, e.g. ``cohort: healthy``.
    """

    files: str = ""
    folder: str = setting(".", "folder of the files, relative to the description")
    channels: tuple[str | int, ...] = ()
    rate: float | None = setting(None, "sampling rate, if the files do not say it", unit="Hz", above=0)
    unit: str = setting("", "unit of the samples; empty: that of the file", choices=("", *UNITS))
    scale: float = setting(1.0, "numbers in the files per unit", above=0)
    stream: str = setting("", "which one, if a file holds the signals of several devices")
    ring: int | None = setting(
        None, "how many channels, the first ones, are in a ring; 0: placed on muscles", low=0
    )
    label_channel: str | int | None = None
    marker_channel: str | int | None = None
    labels: Mapping[str, str | None] | None = None
    constants: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        channels: Any = self.channels
        object.__setattr__(
            self, "channels", parse_repetitions(channels) if isinstance(channels, str) else tuple(channels)
        )
        check(self)
        if any(isinstance(one, bool) or not isinstance(one, (str, int)) for one in self.channels):
            raise SettingError("channels", self.channels, "list names, or numbers from 1")
        if self.scale != 1.0 and not self.unit:
            raise SettingError("scale", self.scale, "give unit as well: V or count")
        for name in ("label_channel", "marker_channel"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (str, int, type(None))):
                raise SettingError(name, value, "give the name of a channel, or its number from 1")
        if None not in (self.label_channel, self.marker_channel):
            raise SettingError("marker_channel", self.marker_channel, "give it or label_channel, not both")
        object.__setattr__(self, "labels", checked_labels(self.labels, otherwise="null to leave it out"))
        object.__setattr__(self, "constants", checked_constants(self.constants))
        groups = checked_groups(self.files) if self.files else set()
        if both := sorted(groups & set(self.constants)):
            raise SettingError(
                both[0], self.constants[both[0]], "give it as a group in files or as a constant"
            )

    def wanted(self, stream: str = "") -> Wanted:
        """Return what a reader needs to know; `stream` is used where the description names none."""
        return Wanted(
            self.channels,
            self.rate,
            self.unit,
            self.scale,
            self.stream or stream,
            self.label_channel,
            self.marker_channel,
        )
