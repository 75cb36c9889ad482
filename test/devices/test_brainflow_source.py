"""BrainFlow's synthetic and playback boards, with its own library."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

import emg_recognition as emg
from emg_recognition.devices.brainflow_source import BrainFlowSource

board_shim = pytest.importorskip(
    "brainflow.board_shim", reason="brainflow is not installed: pip install brainflow"
)


def test_the_synthetic_board_is_read_in_volts_without_a_loss() -> None:
    chunks = []
    with emg.open_source("brainflow:synthetic?pick=1-3,7", reconnect=False) as source:
        info = source.info
        for chunk in source:
            chunks.append(chunk)
            if chunk.first_index > 300:  # beyond the period of its counter
                break
    assert (info.device, info.rate, info.channels, info.unit) == ("BrainFlow Synthetic", 250.0, 4, "V")
    assert info.channel_names == ("channel 1", "channel 2", "channel 3", "channel 7")
    assert chunks[0].samples.shape[1] == 4
    assert 1e-7 < np.abs(np.concatenate([chunk.samples for chunk in chunks])).mean() < 1e-2
    assert [chunk.restart for chunk in chunks] == [True] + [False] * (len(chunks) - 1)
    assert source.counters.stream.lost == 0
    assert not source.is_open


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """A file as BrainFlow writes it, of a Cyton that lost packages."""
    rows = board_shim.BoardShim.get_board_descr(board_shim.BoardIds.CYTON_BOARD.value)
    lost = {*range(40, 47), 100}
    kept = np.array([k for k in range(160) if k not in lost])
    data = np.zeros((rows["num_rows"], len(kept)))
    data[rows["package_num_channel"]] = kept % 256
    data[rows["timestamp_channel"]] = 1e9 + kept / 250
    data[rows["emg_channels"]] = kept
    path = tmp_path / "recorded.csv"
    np.savetxt(path, data.T, delimiter="\t", fmt="%.6f")
    return path, kept


def test_the_playback_board_s_losses_are_counted(recorded: tuple[Path, np.ndarray]) -> None:
    path, kept = recorded
    address = f"brainflow:playback?file={path}&master_board=cyton&unit=count&scale=1"
    chunks = []
    with emg.open_source(address, reconnect=False) as source:
        deadline = time.monotonic() + 30
        while sum(len(chunk.samples) for chunk in chunks) < len(kept) and time.monotonic() < deadline:
            chunks += source.read()
    # The values are the true numbers of the samples.
    for chunk in chunks:
        assert np.array_equal(chunk.samples[:, 0], chunk.first_index + np.arange(len(chunk.samples)))
    assert [chunk.dropped_before for chunk in chunks if chunk.dropped_before] == [7, 1]
    assert source.counters.stream.lost == 8


def test_it_can_be_opened_again_and_the_index_continues() -> None:
    source = BrainFlowSource("brainflow:synthetic", "synthetic")
    ends = [0]
    for _ in range(2):
        with source:
            chunk = next(iter(source))
        assert chunk.restart
        assert chunk.first_index >= ends[-1]
        ends.append(chunk.first_index + len(chunk.samples))


@pytest.mark.parametrize(
    ("address", "error", "message"),
    [
        ("brainflow:morse", emg.SettingError, "board is 'morse': use one of .*synthetic, cyton, ganglion"),
        ("brainflow:playback?file=x", emg.SettingError, "master_board is '': name the board"),
        ("brainflow:synthetic?pick=17", emg.SettingError, "pick is '17': name channels from 1 to 16"),
        (
            "brainflow:cyton?serial_port=/dev/none",
            emg.DeviceError,
            "^source brainflow:cyton.*cannot reach it",
        ),
        ("brainflow:playback?file=/none.csv&master_board=cyton", emg.DeviceError, "cannot reach it"),
    ],
)
def test_what_cannot_be_used_is_one_line(address: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught, emg.open_source(address, reconnect=False):
        raise error("it was opened: .")
    assert "\n" not in str(caught.value)
