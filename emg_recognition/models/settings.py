"""What can be chosen about the network: the section ``network`` of a training configuration."""

from __future__ import annotations

from dataclasses import dataclass

from emg_recognition.errors import SettingError

ARCHITECTURES = ("ghostnet", "vgg16", "resnet50")
NORMALISATIONS = ("channel", "window", "window_channel")
PLANES = 3
BASELINE_PICTURE = 32
"""Rows and columns that the baselines need at least: they halve the picture five times."""


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """Shape of the network; the builder is the same for every choice.

    Attributes
    ----------
    architecture : str
        What follows the picture: ``ghostnet`` (the paper's), or one of the networks it is compared
        with, ``vgg16`` and ``resnet50``. Those need a picture of at least 32 rows and 32 columns, both
        written out, and leave `stem`, `bottlenecks` and `features` unused.
    picture : tuple of int
        Height, width and planes of the picture the window is turned into. Rows are time,
        columns the electrodes. A height of 0 stands for one row a sample, a width of 0 for one
        column an electrode. There are always three planes.
    normalisation : str
        What the z-score (1)-(2) is taken over: ``channel`` (each channel over the training
        data), ``window`` (the whole window) or ``window_channel`` (each channel of the window).
    stem : tuple of int
        The first convolution: its channels, its stride in time, its stride across electrodes.
    bottlenecks : tuple of tuple of int
        One row a Ghost bottleneck: channels inside, channels out, stride in time, stride
        across electrodes.
    features : int
        Channels of the last feature map; 320 in the paper.
    """

    architecture: str = "ghostnet"
    picture: tuple[int, int, int] = (40, 0, PLANES)
    normalisation: str = "channel"
    stem: tuple[int, int, int] = (16, 2, 1)
    bottlenecks: tuple[tuple[int, int, int, int], ...] = (
        (32, 24, 1, 1),
        (64, 40, 2, 2),
        (96, 40, 1, 1),
        (128, 64, 2, 2),
    )
    features: int = 320

    def __post_init__(self) -> None:
        # YAML gives lists of lists; tuples keep the settings hashable.
        object.__setattr__(self, "bottlenecks", _rows(self.bottlenecks))
        if not _integers(self.picture, 3, least=0) or self.picture[2] != PLANES:
            raise SettingError("network.picture", self.picture, f"write [height, width, {PLANES}]")
        if self.architecture not in ARCHITECTURES:
            raise SettingError(
                "network.architecture", self.architecture, f"choose one of {', '.join(ARCHITECTURES)}"
            )
        if self.architecture != "ghostnet" and min(self.picture[:2]) < BASELINE_PICTURE:
            raise SettingError(
                "network.picture",
                self.picture,
                f"{self.architecture} needs at least {BASELINE_PICTURE} rows and {BASELINE_PICTURE} columns,"
                f" e.g. [40, {BASELINE_PICTURE}, {PLANES}]",
            )
        if self.normalisation not in NORMALISATIONS:
            raise SettingError(
                "network.normalisation", self.normalisation, f"choose one of {', '.join(NORMALISATIONS)}"
            )
        if not _integers(self.stem, 3, least=1):
            raise SettingError(
                "network.stem", self.stem, "write [channels, stride in time, stride across electrodes]"
            )
        for row in self.bottlenecks:
            if not _integers(row, 4, least=1):
                raise SettingError(
                    "network.bottlenecks",
                    row,
                    "write rows of [channels inside, channels out, stride in time, stride across electrodes]",
                )
        if not _integers((self.features,), 1, least=1):
            raise SettingError("network.features", self.features, "write a whole number of at least 1")


def _rows(value: object) -> tuple[tuple[int, int, int, int], ...]:
    if not isinstance(value, (tuple, list)) or not value:
        raise SettingError("network.bottlenecks", value, "write a list of at least one row of four numbers")
    for row in value:
        if not isinstance(row, (tuple, list)):
            raise SettingError("network.bottlenecks", row, "write each bottleneck as a row of four numbers")
    return tuple(tuple(row) for row in value)


def _integers(values: object, count: int, *, least: int) -> bool:
    """Whether `values` are `count` whole numbers of at least `least` (True and False are none)."""
    return (
        isinstance(values, tuple)
        and len(values) == count
        and all(isinstance(v, int) and not isinstance(v, bool) and v >= least for v in values)
    )
