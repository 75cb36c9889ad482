"""Measure how fast a bag is evaluated compared with a bare LiteRT loop, and how much memory a long bag takes.

    python bench/replay.py [BUNDLE] [--hours 2] [--figure docs/images/replay_memory.png]
    python bench/replay.py --seconds 10 --rounds 1 --hours 0    # short form: no limits

The bag is like a recording of the robot: 8 channels at 1 kHz in messages of 5 samples, 20 estimates and
200 bridge states per second, written by the recorder's own writer. Evaluation and bare loop
(``set_tensor``, ``invoke``, ``get_tensor`` on the same windows) take turns on one core; the ratio is the
median over the rounds. Then a long bag is evaluated while the process's memory is recorded. The exit code is
1 if the ratio is below 0.7, the speed below 100 times real time, or the memory grows. The first two limits
need at least three rounds of five minutes: shorter measurements vary too much.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402
from inference import bare_call, fresh_bundle  # noqa: E402

from emg_recognition.bags.definitions import own_message, own_types  # noqa: E402
from emg_recognition.bags.writer import BagWriter  # noqa: E402
from emg_recognition.errors import EmgRecognitionError  # noqa: E402
from emg_recognition.models.bundle import TFLITE, BundleInfo  # noqa: E402
from emg_recognition.models.runtime import ActionModel  # noqa: E402
from emg_recognition.replay.offline import replay_bag  # noqa: E402
from emg_recognition.settings import from_mapping  # noqa: E402
from emg_recognition.signal.pipeline import Pipeline  # noqa: E402
from emg_recognition.signal.settings import PipelineSettings  # noqa: E402

STRIDE = 0.05
MESSAGE = 5  # samples
LEAST_RATIO, LEAST_SPEED = 0.70, 100.0
MOST_GROWTH = 32.0  # MiB; the estimates themselves, 144,000 of 60 bytes, are 8 of them
TOPICS = {
    "/emg/samples": "emg_recognition/msg/EmgSamples",
    "/emg/action": "emg_recognition/msg/ActionEstimate",
    "/exo/bridge_state": "emg_recognition/msg/BridgeState",
}


class Template:
    """A serialised message; each copy gets its own stamp and 64-bit indices."""

    def __init__(self, kind: str, indices: tuple[str, ...], **fields: object) -> None:
        marks = {name: 0x1122334455667788 + number for number, name in enumerate(indices)}
        time = own_message("builtin_interfaces/msg/Time", sec=0x55667788, nanosec=0x11223344)
        header = own_message("std_msgs/msg/Header", stamp=time, frame_id="armband")
        message = own_message(kind, header=header, **fields, **marks)
        self._bytes = bytearray(own_types().serialize_cdr(message, kind))
        self._stamp = self._bytes.index((0x1122334455667788).to_bytes(8, "little"))
        self._places = [
            self._bytes.index(mark.to_bytes(8, "little"), self._stamp + 8) for mark in marks.values()
        ]

    def copy(self, stamp: int, *indices: int) -> bytes:
        """Return the message with these indices; stamp in ns."""
        content = self._bytes
        content[self._stamp : self._stamp + 4] = (stamp // 10**9).to_bytes(4, "little")
        content[self._stamp + 4 : self._stamp + 8] = (stamp % 10**9).to_bytes(4, "little")
        for place, index in zip(self._places, indices, strict=True):
            content[place : place + 8] = index.to_bytes(8, "little")
        return bytes(content)


def fresh(folder: Path) -> Path:
    """Make a bundle in a separate process, so that TensorFlow's memory is not measured."""
    config = REPOSITORY / "config" / "compact.yaml"
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(fresh_bundle, (folder, config), {"rate": 1000.0, "unit": "V"})


def write_bag(path: Path, info: BundleInfo, seconds: int, rng: np.random.Generator) -> None:
    """Write a bag of this length that repeats ten seconds of noise."""
    ten = (rng.normal(0, 1, (round(10 * info.rate), info.channels)) * info.statistics["rms"]).astype(
        np.float32
    )
    samples = [
        Template(
            "emg_recognition/msg/EmgSamples",
            ("first_index",),
            rate=info.rate,
            channels=info.channels,
            unit=info.unit,
            dropped_before=0,
            restart=False,
            data=ten[begin : begin + MESSAGE].ravel(),
        )
        for begin in range(0, len(ten), MESSAGE)
    ]
    estimate = Template(
        "emg_recognition/msg/ActionEstimate",
        ("first_index", "last_index"),
        status=0,
        action_id=0,
        action=info.actions[0],
        confidence=0.5,
        probabilities=np.full(len(info.actions), 1 / len(info.actions), np.float32),
        activation=1.0,
        model=info.model_id,
        inference_time=1e-4,
    )
    joints = ["elbow_flexion", "forearm_rotation", "wrist_extension"]
    state = Template(
        "emg_recognition/msg/BridgeState",
        ("last_index",),
        state=1,
        reason="armed",
        action=info.actions[0],
        joint_names=joints,
        positions=np.zeros(3),
        velocities=np.zeros(3),
        signal_age=0.01,
        has_index=True,
    )
    stride, length = round(STRIDE * info.rate), info.length
    with BagWriter(path, TOPICS) as bag:
        for number in range(round(seconds * info.rate) // MESSAGE):
            first = number * MESSAGE
            now = 1_700_000_000_000_000_000 + round(first / info.rate * 1e9)
            bag.write("/emg/samples", now, samples[number % len(samples)].copy(now, first))
            bag.write("/exo/bridge_state", now, state.copy(now, first))
            if first % stride == 0 and first >= length:
                bag.write("/emg/action", now, estimate.copy(now, first - length, first - 1))
            if number % round(info.rate / MESSAGE) == 0:
                bag.flush()


def bare_windows_per_second(model: ActionModel, windows: np.ndarray) -> float:
    """Call LiteRT as its manual shows, once for each window."""
    call = bare_call(model.info.path / TFLITE)
    begin = time.perf_counter()
    for window in windows[:, np.newaxis]:
        call(window)
    return len(windows) / (time.perf_counter() - begin)


def resident() -> float:
    """Return this process's memory, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure_speed(path: Path, model: ActionModel, rounds: int) -> Iterator[tuple[float, float]]:
    """Yield the windows per second of the evaluation and of the bare loop, round by round."""
    settings = from_mapping(PipelineSettings, model.info.pipeline, "bundle")
    noise = np.random.default_rng(1).normal(0, model.info.statistics["rms"], (20_000, settings.channels))
    found = Pipeline(settings, round(STRIDE * settings.rate)).push(noise.astype(np.float32), 0)
    windows = np.concatenate([[window.data for window in found]] * 30)
    for _ in range(rounds):
        begin = time.perf_counter()
        replay = replay_bag(path, model, stride=STRIDE)
        evaluated = len(replay.estimates.first_index) / (time.perf_counter() - begin)
        yield evaluated, bare_windows_per_second(model, windows)


def measure_memory(path: Path, model: ActionModel) -> list[tuple[float, float]]:
    """Return pairs of share of the bag and memory in MiB while it is evaluated."""
    course: list[tuple[float, float]] = []

    def note(share: float) -> None:
        if not course or share - course[-1][0] >= 0.002:
            course.append((share, resident()))

    replay_bag(path, model, stride=STRIDE, on_progress=note)
    return course


def draw(course: list[tuple[float, float]], hours: float, path: Path) -> None:
    """Draw memory over the length of the bag."""
    from emg_recognition.evaluation import style

    figure = style.figure(7.2, 3.0)
    axes = figure.subplots()
    style.plain(axes)
    axes.plot([60 * hours * share for share, _ in course], [memory for _, memory in course])
    axes.set_xlabel("evaluated, minutes of recording")
    axes.set_ylabel("resident memory, MiB")
    axes.set_ylim(0, 1.3 * max(memory for _, memory in course))
    path.write_bytes(style.png(figure, dpi=120))


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "bundle", nargs="?", type=Path, help="by default untrained weights for 8 channels at 1 kHz"
    )
    parser.add_argument("--hours", type=float, default=2.0, help="length of the long bag; 0 for none")
    parser.add_argument("--seconds", type=int, default=600, help="length of the timed bag")
    parser.add_argument("--rounds", type=int, default=9, help="how often it is evaluated")
    parser.add_argument("--figure", type=Path, help="PNG image of the memory over the long bag")
    args = parser.parse_args()
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    rng = np.random.default_rng(0)
    failed = False
    with tempfile.TemporaryDirectory(prefix="bench_replay_") as name:
        folder = Path(name)
        model = ActionModel.load(args.bundle or fresh(folder))
        write_bag(folder / "timed", model.info, args.seconds, rng)
        rounds = list(measure_speed(folder / "timed", model, args.rounds))
        ratios = [evaluated / bare for evaluated, bare in rounds]
        speeds = [evaluated * STRIDE for evaluated, _ in rounds]
        print("evaluation windows/s   bare LiteRT windows/s   ratio   x real time")
        for (evaluated, bare), ratio, speed in zip(rounds, ratios, speeds, strict=True):
            print(f"{evaluated:20.0f}   {bare:21.0f}   {ratio:5.2f}   {speed:11.0f}")
        ratio, speed = float(np.median(ratios)), float(np.median(speeds))
        print(
            f"median ratio {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}; at least {LEAST_RATIO:g}), "
            f"{speed:.0f} x real time (at least {LEAST_SPEED:g}), core {core} alone"
        )
        if args.rounds >= 3 and args.seconds >= 300:
            failed |= ratio < LEAST_RATIO or speed < LEAST_SPEED
        if args.hours:
            write_bag(folder / "long", model.info, round(args.hours * 3600), rng)
            size = sum(file.stat().st_size for file in (folder / "long").iterdir()) / 2**20
            course = measure_memory(folder / "long", model)
            early = course[len(course) // 10][1]
            late = max(memory for _, memory in course[len(course) // 10 :])
            print(
                f"{args.hours:g} h ({size:.0f} MiB): {early:.0f} MiB of memory after a tenth, "
                f"{late:.0f} MiB at most after that (growth at most {MOST_GROWTH:g} MiB)"
            )
            failed |= late - early > MOST_GROWTH
            if args.figure:
                draw(course, args.hours, args.figure)
    return int(failed)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EmgRecognitionError as error:
        sys.exit(f"error: {error}")
