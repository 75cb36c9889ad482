"""The sketch in ``docs/arduino``, compiled against a stand-in for the Arduino core, and run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from emg_recognition.devices.emg_protocol import FrameDecoder
from emg_recognition.devices.protocol import DataFrame, InfoFrame

HERE = Path(__file__).parent / "arduino"
SKETCH = Path(__file__).parents[2] / "docs" / "arduino" / "emg_armband" / "emg_armband.ino"
COMPILER = os.environ.get("CXX") or next(filter(shutil.which, ("c++", "g++", "clang++")), None)

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler here")


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Compile the sketch after changes that a user might make."""

    def compiled(*changes: tuple[str, str]) -> Path:
        folder = tmp_path_factory.mktemp("sketch")
        text = SKETCH.read_text(encoding="utf-8")
        for before, after in changes:
            assert text.count(before) == 1
            text = text.replace(before, after)
        (folder / "sketch.ino").write_text(text, encoding="utf-8")
        command = [str(COMPILER), "-std=c++11", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined"]
        command += ["-fno-sanitize-recover", f"-I{HERE}", f"-I{folder}", str(HERE / "play.cpp")]
        subprocess.run([*command, "-o", str(folder / "play")], check=True)
        return folder / "play"

    return compiled


@pytest.fixture(scope="module")
def sketch(build: Callable[..., Path]) -> Path:
    return build()


def play(sketch: Path, script: str) -> list[DataFrame | InfoFrame]:
    """Run the sketch and decode its output, every byte of which must belong to a frame."""
    written = subprocess.run(
        [str(sketch)], input=script.encode(), stdout=subprocess.PIPE, check=True, timeout=30
    ).stdout
    decoder = FrameDecoder()
    found = decoder.feed(written)
    assert (decoder.skipped_bytes, decoder.pending_bytes, decoder.bad_checksum) == (0, 0, 0)
    return found


def samples(frames: list[DataFrame | InfoFrame]) -> list[DataFrame]:
    return [frame for frame in frames if isinstance(frame, DataFrame)]


def test_it_describes_itself_and_is_silent_until_started(sketch: Path) -> None:
    (info,) = play(sketch, "run 20000 say ?I run 20000")
    names = ("ch 01", "ch 02", "ch 03", "ch 04")
    assert info == InfoFrame("Arduino armband", "", 1000.0, 4, "count", 1.0, names, ("",) * 4)


def test_samples_have_the_right_number_time_and_channel(sketch: Path) -> None:
    frames = samples(play(sketch, "clock 7000 say S run 499000 say X run 50000"))
    assert [frame.counter for frame in frames] == list(range(0, 500, 5))
    assert [frame.restart for frame in frames] == [True] + [False] * 99
    taken = [frame.device_us for frame in frames]
    assert all(
        abs(time - 7000 - 1000 * frame.counter) < 100 for time, frame in zip(taken, frames, strict=True)
    )
    counts = np.concatenate([frame.counts for frame in frames])
    # The converter of the stand-in reads 1000 times the pin plus the milliseconds.
    assert np.array_equal(counts, np.arange(4) * 1000 + (7 + np.arange(500))[:, None] % 1000)


def test_samples_that_were_not_taken_in_time_are_counted(sketch: Path) -> None:
    frames = samples(play(sketch, "say S run 12500 wait 39000 run 20000 say X"))
    assert [frame.counter for frame in frames][:4] == [0, 5, 10, 51]
    assert len(frames[2].counts) == 3
    steps = [(b.counter - a.counter, b.device_us - a.device_us) for a, b in pairwise(frames)]
    assert all(abs(1000 * samples - time) < 1000 for samples, time in steps)
    assert [frame.restart for frame in frames].count(True) == 1


def test_the_clock_may_wrap_while_it_samples(sketch: Path) -> None:
    frames = samples(play(sketch, "clock 4294957296 say S run 49000 say X"))
    assert [frame.counter for frame in frames] == list(range(0, 50, 5))
    assert {(b.device_us - a.device_us) % 2**32 // 100 for a, b in pairwise(frames)} <= {
        49,
        50,
    }


def test_a_second_start_marks_a_restart_and_continues_counting(sketch: Path) -> None:
    frames = samples(play(sketch, "say S run 9500 say SIX run 30000 say S run 10000 say X"))
    starts = [(frame.counter, frame.restart) for frame in frames]
    assert starts[0] == (0, True)
    assert [start for start in starts if start[1]] == [(0, True), (10, True)]


def test_changes_of_the_user_are_reported_and_a_text_without_room_is_left_out(
    build: Callable[..., Path],
) -> None:
    long = "x" * 200
    changed = build(
        ("COUNTS_PER_VOLT = 0", "COUNTS_PER_VOLT = 204801"),
        ("RATE = 1000", "RATE = 500"),
        ('{"", "", "", ""}', f'{{"m. biceps", "{long}", "{long}", "{"y" * 100}"}}'),
    )
    info, *frames = play(changed, "say I say S run 39000 say X")
    assert isinstance(info, InfoFrame)
    assert (info.unit, info.scale, info.rate) == ("V", 204801.0, 500.0)
    assert info.muscle_sites == ("m. biceps", long, long, "")
    assert [frame.counter for frame in samples(frames)] == [0, 5, 10, 15]
