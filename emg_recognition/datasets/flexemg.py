"""``flexemg``: three people with a flexible array of 64 electrodes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emg_recognition.datasets.public_set import PublicSet, Segment, natural

_CHANNELS = 64
#: Share of a gesture that the origin's ``getacc.m`` leaves out at each transition.
_TRANSITION = 0.2
#: Samples that its ``genlabels.m`` leaves out at the end of a trial.
_LAST = 3000
_REST, _UNUSED = 0, -1


def _segments(folder: Path) -> Iterator[Segment]:
    from scipy.io import loadmat

    for path in sorted(
        (folder / "data").glob("*/*.mat"), key=lambda path: natural(str(path.relative_to(folder)))
    ):
        place = re.fullmatch(r"(\d+)-Session(\d+)(\w+)", path.parent.name)
        assert place is not None
        content = loadmat(path, squeeze_me=True)
        labels = _labels(content["p"], len(content["raw"]))
        names = ["rest", *(str(name).lower() for name in content["p"]["labelnames"].item())]
        borders = np.flatnonzero(np.diff(labels)) + 1
        for start, end in zip(np.append(0, borders), np.append(borders, len(labels)), strict=True):
            if labels[start] != _UNUSED:
                counts = content["raw"][start:end, :_CHANNELS]
                session = f"{place[2]}_{place[3].lower()}"
                yield Segment(counts, place[1], "healthy", session, names[labels[start]], int(path.stem[-3:]))


def _labels(trial: np.ndarray, samples: int) -> np.ndarray:
    """Return the gesture of each sample, as ``genlabels.m`` does with the settings of ``getacc.m``."""
    gesture, rest, repetitions = (int(trial[name].item()) for name in ("timegest", "timerest", "reps"))
    sequence = np.atleast_1d(trial["sequence"].item())
    once = np.append(np.full(rest, _REST), np.repeat(sequence, gesture))
    labels = np.full(samples, _REST)
    whole = np.tile(once, repetitions)[:samples]
    labels[: len(whole)] = whole
    width = round(_TRANSITION * gesture)
    for border in np.flatnonzero(np.diff(labels)):
        labels[max(border - width, 0) : border + width + 1] = _UNUSED
    labels[:width] = _UNUSED
    labels[-_LAST:] = _UNUSED
    return labels


SET = PublicSet(
    name="flexemg",
    summary="3 people, 5 sessions each, 4 gestures of hand and wrist and rest, 10 repetitions of 3 s; 64 "
    "electrodes, 1000 Hz",
    notes="The first and the last second of each gesture are left out, as the authors do. Sessions are called"
    " 1_train, 1_test and so on. The array is 16 by 4 electrodes: no ring.",
    repository="a-moin/flexemg",
    commit="8ce40c5341f7099ea4e6d5db220752cdfaf9c74a",
    licence="GPL-3.0",
    citation="A. Moin, A. Zhou, A. Rahimi, S. Benatti, A. Menon, S. Tamakloe, J. Ting, N. Yamamoto, Y."
    " Khan, F. Burghardt, L. Benini, A. Arias, J. Rabaey: An EMG gesture recognition system "
    "with flexible high-density sensors and brain-inspired high-dimensional classifier. IEEE "
    "ISCAS 2018",
    megabytes=225,
    files=r"data/\d+-Session\d+(?:Train|Test)/\d+-\d+\.mat",
    digest="9e42e02603bfa6e8fd8512784034ca50ea99a5e21aa74350a99f3ff280b926ea",
    rate=1000.0,
    channels=_CHANNELS,
    dtype="uint16",
    scale=327680.0,
    unit="V",
    segments=_segments,
)
