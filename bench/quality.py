"""How often the judgement of signal quality is right, and what it costs.

    python -m bench.quality [ARCHIVE.npz ...] [--wearers 8] [--seconds 42]

The archives hold recordings that were good enough to be published. Each session is played second by second,
and everything that is not GOOD is counted. Then one channel of simulated wearers gets faults, and the seconds
are counted in which each is found with the right words (strong hum on a single channel may also be called a
bad electrode), and those in which another channel is blamed.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections import Counter
from collections.abc import Callable

import numpy as np

from emg_recognition.actions import PAPER_ACTION_NAMES, REST
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.recordings.archive import load_archive
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.signal.quality import QualityMonitor, QualitySettings, State
from emg_recognition.simulation.study import StudySettings, simulate_stream

#: The beginning of an advice shows which fault was found.
KINDS = {
    "no signal": "flat",
    "electrode off": "lead-off",
    "mains hum": "hum",
    "saturated": "saturation",
    "noise": "noise",
}
#: Resolution of the simulated armband, V.
CODE = 0.25e-6
FAULTY = 3
#: The fault begins at this time, s: rest and effort have been seen.
BEGIN = 18
WEARERS = [("healthy", number) for number in range(1, 7)] + [("patient", 1), ("patient", 2)]


def kinds(advice: str) -> set[str]:
    """Return the faults that an advice names."""
    return {kind for part in advice.split("; ") for words, kind in KINDS.items() if part.startswith(words)}


def seconds(samples: np.ndarray, rate: float) -> np.ndarray:
    """Cut samples into whole seconds, shape (seconds, samples, channels)."""
    length = round(rate)
    count = len(samples) // length
    return samples[: count * length].reshape(count, length, samples.shape[1])


def recorded(archive: Recordings) -> None:
    """Print how often a recording is not GOOD, and why."""
    sessions: dict[tuple[str, ...], list[int]] = {}
    for segment in range(len(archive)):
        key = tuple(str(field[segment]) for field in (archive.subject, archive.cohort, archive.session))
        sessions.setdefault(key, []).append(segment)
    judged, blamed, bad, named = 0, 0, 0, Counter[str]()
    clipped, clipped_found = 0, 0
    ends = (archive.counts.min() / archive.scale, archive.counts.max() / archive.scale)
    for segments in sessions.values():
        monitor = QualityMonitor(QualitySettings(), archive.rate, 1.0 / archive.scale)
        for segment in segments:
            for second in seconds(archive.segment(segment), archive.rate):
                quality = monitor.judge(second)
                judged += len(quality.state)
                blamed += sum(state != State.GOOD for state in quality.state)
                bad += sum(state == State.BAD for state in quality.state)
                at_ends = ((second == np.float32(ends[0])) | (second == np.float32(ends[1]))).mean(
                    axis=0
                ) >= 0.01
                clipped += at_ends.sum()
                for channel, advice in enumerate(quality.advice):
                    named.update(kinds(advice))
                    clipped_found += at_ends[channel] and "saturation" in kinds(advice)
    shares = " | ".join(f"{100 * named[kind] / judged:.2f} %" for kind in KINDS.values())
    print(
        f"| {archive.source} | {len(sessions)} | {judged} | {100 * blamed / judged:.2f} % | "
        f"{100 * bad / judged:.2f} % | {shares} | {clipped_found} of {clipped} |"
    )


def hum(volts: float, frequency: float) -> Callable[..., np.ndarray]:
    """Add mains hum with this RMS in volts."""

    def apply(x: np.ndarray, clock: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return x + np.sqrt(2.0) * volts * np.sin(2.0 * np.pi * frequency * clock)

    return apply


def noise(volts: float) -> Callable[..., np.ndarray]:
    """Add white noise with this RMS in volts."""
    return lambda x, clock, rng: x + volts * rng.standard_normal(len(x))


def clip(times: float) -> Callable[..., np.ndarray]:
    """Clip at this many times the RMS of the signal."""
    return lambda x, clock, rng: np.clip(x, -times * x.std(), times * x.std())


def off(x: np.ndarray, clock: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an open input: hum of 0.5 mV, drift of 0.3 mV/s back and forth, noise of 20 uV."""
    drift = 0.3e-3 * np.abs((clock % 8.0) - 4.0)
    return hum(0.5e-3, 50.05)(0.0 * x, clock, rng) + drift + 20e-6 * rng.standard_normal(len(x))


def half_stuck(x: np.ndarray, clock: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Interrupt the signal for 0.6 s of each second, as a loose plug does."""
    return np.where(clock % 1.0 < 0.4, x, 0.0)


FAULTS: tuple[tuple[str, set[str], Callable[..., np.ndarray]], ...] = (
    ("none", set(), lambda x, clock, rng: x),
    ("cable out, constant", {"flat"}, lambda x, clock, rng: 0.0 * x),
    ("interrupted 0.6 s of each second", {"flat"}, half_stuck),
    ("electrode off", {"lead-off"}, off),
    ("hum 200 uV RMS", {"hum", "lead-off"}, hum(200e-6, 50.0)),
    ("hum 200 uV RMS at 50.2 Hz", {"hum", "lead-off"}, hum(200e-6, 50.2)),
    ("hum 50 uV RMS", {"hum", "lead-off"}, hum(50e-6, 50.0)),
    ("clipped at 1.5 times its RMS", {"saturation"}, clip(1.5)),
    ("clipped at 3 times its RMS", {"saturation"}, clip(3.0)),
    ("noise 100 uV RMS", {"noise"}, noise(100e-6)),
    ("noise 50 uV RMS", {"noise"}, noise(50e-6)),
)


def simulated_wearers(rate: float, wearers: int, duration: int) -> list[np.ndarray]:
    """Simulate some wearers until the fault has lasted for a time in seconds; samples in V."""
    actions = itertools.cycle(action for action in PAPER_ACTION_NAMES if action != REST)
    script: list[tuple[str, float]] = []
    while 3.0 * len(script) < BEGIN + duration:
        script += [(REST, 3.0), (next(actions), 3.0)]
    arrays = [
        simulate_stream(
            StudySettings(rate=rate), subject_number=number, cohort=cohort, session_seed=5, script=script
        )
        for cohort, number in WEARERS[:wearers]
    ]
    samples = round((BEGIN + duration) * rate)
    return [one["x"][:samples] / float(one["scale"]) for one in arrays]


def simulated(rate: float, wearers: int, duration: int) -> None:
    """Print how often each fault is found."""
    streams = simulated_wearers(rate, wearers, duration)
    for name, words, fault in FAULTS:
        found, bad, judged, others, all_others, waits = 0, 0, 0, 0, 0, []
        for number, clean in enumerate(streams):
            samples = clean.copy()
            at = round(BEGIN * rate)
            clock = np.arange(len(samples) - at) / rate
            samples[at:, FAULTY] = fault(samples[at:, FAULTY], clock, np.random.default_rng(number))
            samples, healthy = (np.clip(np.rint(x / CODE), -32768, 32767) * CODE for x in (samples, clean))
            monitor = QualityMonitor(QualitySettings(), rate, CODE)
            waits.append(0)
            seen = False
            for second, data in enumerate(seconds(samples.astype(np.float32), rate)):
                quality = monitor.judge(data)
                if second < BEGIN:
                    continue
                rest = [state for channel, state in enumerate(quality.state) if channel != FAULTY]
                others += sum(state != State.GOOD for state in rest)
                all_others += len(rest)
                # Clipping is only a fault where there is something to clip.
                begin, end = second * round(rate), (second + 1) * round(rate)
                touched = np.mean(samples[begin:end, FAULTY] != healthy[begin:end, FAULTY])
                if name != "none" and touched < 0.01:
                    continue
                judged += 1
                named = kinds(quality.advice[FAULTY])
                found += bool(named & words) if words else bool(named)
                bad += quality.state[FAULTY] == State.BAD
                seen = seen or bool(named & words)
                waits[-1] += not seen
        wait = f"{np.median(waits):.0f} s" if words else ""
        # In a short run there may have been nothing to clip.
        judged = max(judged, 1)
        print(
            f"| {name} | {rate:g} Hz | {100 * found / judged:.1f} % | {100 * bad / judged:.1f} % | {wait} | "
            f"{100 * others / all_others:.1f} % |"
        )


def cost(rate: float, channels: int) -> float:
    """Return the processor time to judge one second, ms."""
    rng = np.random.default_rng(0)
    samples = (np.rint(rng.normal(0.0, 100.0, (round(rate), channels))) * CODE).astype(np.float32)
    monitor = QualityMonitor(QualitySettings(), rate, CODE)
    monitor.judge(samples)
    begin = time.process_time()
    for _ in range(50):
        monitor.judge(samples)
    return (time.process_time() - begin) / 50 * 1e3


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", nargs="*")
    parser.add_argument("--wearers", type=int, default=len(WEARERS), help="simulated (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=42, help="length of a fault (default: %(default)s)")
    arguments = parser.parse_args()
    words = " | ".join(KINDS.values())
    print(
        f"| recordings | sessions | channel seconds | not GOOD | BAD | {words} | clipped found |\n|"
        + "---|" * 11
    )
    try:
        for archive in arguments.archive:
            recorded(load_archive(archive))
    except EmgRecognitionError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        "\n| fault on one channel | rate | found | BAD | seconds before | another channel not GOOD |\n|"
        + "---|" * 6
    )
    for rate in (200.0, 2000.0):
        simulated(rate, arguments.wearers, arguments.seconds)
    print("\n| rate, channels | processor time for a second |\n|---|---|")
    for rate, channels in ((200.0, 8), (1000.0, 8), (2000.0, 64)):
        print(f"| {rate:g} Hz, {channels} | {cost(rate, channels):.1f} ms |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
