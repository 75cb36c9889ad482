"""Settings of the network: the section ``network`` of a training configuration."""

from __future__ import annotations

from dataclasses import dataclass

from emg_recognition.errors import SettingError
from emg_recognition.settings import check, setting

PLANES = 3
MOST_ROWS = 80
"""Rows of a picture whose height is 0, at most: fast signals are averaged, slow ones are never stretched."""
BASELINE_PICTURE = 32
"""Rows and columns that the baselines need at least: they halve the picture five times."""


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """Shape of the network; the builder is the same for every choice.

    Attributes
    ----------
    architecture : str
        What follows the picture: ``ghostnet`` (the paper's), or one of the networks it is compared with,
        ``vgg16`` and ``resnet50``. Those need a picture with at least 32 rows and 32 columns, both given as
        numbers, and ignore `stem`, `bottlenecks`, `features` and `energies`.
    picture : tuple of int
        Height, width and planes of the picture that the window is turned into. Rows are time, columns are
        electrodes. A height of 0 means one row for each sample, but `MOST_ROWS` at most; a width of 0 means
        one column for each electrode. There are always three planes.
    normalisation : str
        What the z-score, equations (1)-(2) of the paper, is computed over: ``channel`` (each channel over the
        training data), ``window`` (the whole window) or ``window_channel`` (each channel of the window).
    stem : tuple of int
        The first convolution: its channels, its stride in time, its stride across electrodes.
    bottlenecks : tuple of tuple of int
        One row for each Ghost bottleneck: channels inside, channels out, stride in time, stride across
        electrodes.
    features : int
        Channels of the last feature map; 320 in the paper.
    energies : int
        Units of a branch beside the picture that sees the logarithms of energy and frequency of each channel
        (:class:`~emg_recognition.models.layers.LogEnergies`); its output joins the averaged features before
        the last convolution. 0: no branch, as in the paper.

    Raises
    ------
    SettingError
        For a value that cannot be used.
    """

    architecture: str = setting(
        "ghostnet", "network behind the picture", choices=("ghostnet", "vgg16", "resnet50")
    )
    picture: tuple[int, int, int] = setting(
        (0, 0, PLANES),
        "rows (time), columns (electrodes), planes; 0: one for each sample (at most 80), each electrode",
    )
    normalisation: str = setting(
        "channel", "what the z-score is computed over", choices=("channel", "window", "window_channel")
    )
    stem: tuple[int, int, int] = setting(
        (16, 2, 1), "first convolution: channels, stride in time, stride across electrodes"
    )
    bottlenecks: tuple[tuple[int, int, int, int], ...] = setting(
        ((32, 24, 1, 1), (64, 40, 2, 2), (96, 40, 1, 1), (128, 64, 2, 2)),
        "rows of channels inside, channels out, stride in time, stride across electrodes",
    )
    features: int = setting(320, "channels of the last feature map", low=1)
    energies: int = setting(64, "units that see each channel's log energies; 0: none, as in the paper", low=0)

    def __post_init__(self) -> None:
        check(self)
        if not _whole_numbers(self.picture, 3, least=0) or self.picture[2] != PLANES:
            raise SettingError("picture", self.picture, f"use [height, width, {PLANES}]")
        if self.architecture != "ghostnet" and min(self.picture[:2]) < BASELINE_PICTURE:
            raise SettingError(
                "picture",
                self.picture,
                f"{self.architecture} needs at least {BASELINE_PICTURE} rows and {BASELINE_PICTURE} columns,"
                f" e.g. [40, {BASELINE_PICTURE}, {PLANES}]",
            )
        if not _whole_numbers(self.stem, 3, least=1):
            remedy = "use [channels, stride in time, stride across electrodes]"
            raise SettingError("stem", self.stem, remedy)
        # YAML gives lists of lists; tuples keep the settings hashable.
        rows = tuple(tuple(row) if isinstance(row, list) else row for row in self.bottlenecks)
        remedy = "use rows of [channels inside, channels out, stride in time, stride across electrodes]"
        if not rows:
            raise SettingError("bottlenecks", rows, remedy)
        for row in rows:
            if not _whole_numbers(row, 4, least=1):
                raise SettingError("bottlenecks", row, remedy)
        object.__setattr__(self, "bottlenecks", rows)


def _whole_numbers(values: object, count: int, *, least: int) -> bool:
    """Return whether `values` are `count` whole numbers of at least `least`; True and False are not."""
    return (
        isinstance(values, tuple)
        and len(values) == count
        and all(isinstance(v, int) and not isinstance(v, bool) and v >= least for v in values)
    )
