"""A Myo's notifications, by vectors written from its maker's description; no armband was at hand."""

from __future__ import annotations

import numpy as np
import pytest

import emg_recognition as emg
from emg_recognition.devices.myo_source import EMG_DATA, STAY_AWAKE, MyoPackets, set_mode
from emg_recognition.devices.stream import SampleChunk

# myohw_emg_data_t: int8_t sample1[8], int8_t sample2[8].
PACKET = "00 01 7F 80 FF FE 10 F0  02 03 81 7E 01 00 EF 64"
SAMPLES = [[0, 1, 127, -128, -1, -2, 16, -16], [2, 3, -127, 126, 1, 0, -17, 100]]


def test_two_samples_of_eight_signed_bytes() -> None:
    packets = MyoPackets("0102030405ff")
    chunk = packets.feed(0, bytes.fromhex(PACKET), 10.0)
    assert chunk is not None
    assert chunk.samples.tolist() == SAMPLES
    assert (chunk.rate, chunk.unit, chunk.restart, chunk.first_index) == (200.0, "count", True, 0)
    info = packets.stream.info
    assert (info.device, info.serial_number, info.channels) == ("Myo", "0102030405ff", 8)


def test_addresses_and_commands_are_those_of_the_description() -> None:
    assert EMG_DATA == (
        "d5060105-a904-deb9-4748-2c7f4a124842",
        "d5060205-a904-deb9-4748-2c7f4a124842",
        "d5060305-a904-deb9-4748-2c7f4a124842",
        "d5060405-a904-deb9-4748-2c7f4a124842",
    )
    # command, size of the payload; EMG, IMU, classifier
    assert set_mode(0x03) == bytes.fromhex("01 03 03 00 00")
    assert bytes.fromhex("09 01 01") == STAY_AWAKE


def play(lost: set[int], count: int = 400, jitter: np.ndarray | None = None) -> list[SampleChunk]:
    """Feed notifications, without some; each sample holds its number modulo 100."""
    packets, chunks = MyoPackets(), []
    for k in range(count):
        if k in lost:
            continue
        values = np.repeat([[2 * k % 100], [(2 * k + 1) % 100]], 8, axis=1).astype(np.int8)
        late = 0.0 if jitter is None else float(jitter[k])
        chunk = packets.feed(k % 4, values.tobytes(), 100 + k / 100 + late)
        assert chunk is not None
        chunks.append(chunk)
    return chunks


@pytest.mark.parametrize(
    ("lost", "restarts"),
    [
        (set(), 1),
        ({7}, 1),
        ({7, 8, 20, 21, 22, 99}, 1),
        (set(range(100, 140)), 2),  # 0.4 s: whole rounds by the time, which restarts the stream
    ],
)
def test_losses_are_counted_by_whose_turn_it_was(lost: set[int], restarts: int) -> None:
    jitter = np.random.default_rng(1).uniform(0, 0.02, 400)
    chunks = play(lost, jitter=np.maximum.accumulate(np.arange(400) / 100 + jitter) - np.arange(400) / 100)
    assert sum(chunk.dropped_before for chunk in chunks) == 2 * len(lost)
    for chunk in chunks:
        assert chunk.samples[0, 0] == chunk.first_index % 100
    assert sum(chunk.restart for chunk in chunks) == restarts


def test_notifications_that_arrive_in_bursts_are_no_loss() -> None:
    bursts = np.ceil(np.arange(400) / 6) * 0.06 - np.arange(400) / 100  # six at a time
    chunks = play(set(), jitter=bursts - bursts.min())
    assert sum(chunk.dropped_before for chunk in chunks) == 0
    steps = np.diff([chunk.time for chunk in chunks])
    assert steps[100:] == pytest.approx(0.01, abs=1e-3)


def test_another_length_is_refused_and_counted() -> None:
    packets = MyoPackets()
    assert packets.feed(0, b"\0" * 15, 1.0) is None
    assert packets.feed(0, b"", 1.0) is None
    assert packets.refused == 2


def test_a_machine_without_bluetooth_or_a_myo_says_so_in_one_line() -> None:
    pytest.importorskip("bleak", reason="bleak is not installed: pip install bleak")
    from emg_recognition.devices import myo_source

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(myo_source, "FIND_SECONDS", 0.5)
        source = emg.open_source("myo:", reconnect=False)
        with pytest.raises(emg.DeviceError, match=r"^source myo:: (Bluetooth|no Myo|it did not)") as caught:
            source.open()
    assert "\n" not in str(caught.value)
    assert not source.is_open
    source.close()
