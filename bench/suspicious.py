"""How often suspicious labels and channels are found, and how often sound ones are suspected.

    python bench/suspicious.py myo_readings_active5.npz --rest hibernation
    python bench/suspicious.py longterm_basic8.npz --rest M1

Real recordings get planted defects, all at once in different sessions: two actions of a session are
exchanged; a segment is replaced by one of rest (idle); two actions of a repetition are exchanged (unlike); a
channel is dead (nothing but zeros, noise, or hum). What is suspected in the recordings as they are counts as
a false alarm, although it may be a real mistake. With ``--without-rest``, no rest is recorded.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402
from measuring.command import run  # noqa: E402

from emg_recognition.actions import REST  # noqa: E402
from emg_recognition.errors import SettingError  # noqa: E402
from emg_recognition.recordings.archive import load_archive  # noqa: E402
from emg_recognition.recordings.recordings import Recordings  # noqa: E402
from emg_recognition.recordings.suspicious import find_suspicious  # noqa: E402
from emg_recognition.signal.settings import suited_settings  # noqa: E402

KINDS = ("exchanged", "idle", "unlike", "dead")
#: Share of the sessions that get each kind of defect.
SHARE = 0.05


class Planted:
    """Recordings with defects, and where these are."""

    def __init__(self, recordings: Recordings, *, keep_rest: bool) -> None:
        self.recordings = dataclasses.replace(
            recordings,
            counts=np.array(recordings.counts),
            **{name: getattr(recordings, name).copy() for name in ("start", "length", "label")},
        )
        self.expected: dict[str, set[str]] = defaultdict(set)
        self._kept = np.ones(len(recordings), bool) if keep_rest else recordings.label != REST

    def plant(self, kind: str, session: tuple[str, str], rng: np.random.Generator) -> None:
        """Plant a defect into a session."""
        found = self.recordings
        here = np.flatnonzero((found.subject == session[0]) & (found.session == session[1]))
        acted = here[found.label[here] != REST]
        name = "/".join(session)
        if kind == "exchanged":
            one, other = rng.choice(np.unique(found.label[acted]), 2, replace=False)
            _exchange(found.label, here, one, other)
            self.expected[kind].add(name)
        elif kind == "idle":
            at, calm = rng.choice(acted), rng.choice(here[found.label[here] == REST])
            found.start[at], found.length[at] = found.start[calm], found.length[calm]
            self._kept[calm] = False
            self.expected[kind].add(f"{name}/{found.label[at]}/{found.repetition[at]}")
        elif kind == "unlike":
            numbers, segments = np.unique(found.repetition[acted], return_counts=True)
            repetition = rng.choice(numbers[segments > 1])
            here = acted[found.repetition[acted] == repetition]
            one, other = rng.choice(np.unique(found.label[here]), 2, replace=False)
            _exchange(found.label, here, one, other)
            self.expected[kind] |= {f"{name}/{label}/{repetition}" for label in (one, other)}
        else:
            self._deaden(here, name, rng)

    def _deaden(self, here: np.ndarray, name: str, rng: np.random.Generator) -> None:
        found = self.recordings
        channel, how = int(rng.integers(found.channels)), rng.integers(3)
        strength = np.median([found.raw_segment(i)[:, channel].std() for i in here])
        for i in here.tolist():
            samples = found.raw_segment(i)
            when = np.arange(len(samples)) / found.rate
            hum = np.sin(2 * np.pi * (50.2 * when + rng.uniform()))
            samples[:, channel] = (0, rng.normal(size=len(samples)), hum)[how] * strength
        self.expected["dead"].add(f"{name} channel {channel + 1}")

    def finished(self) -> Recordings:
        """Return the recordings."""
        return self.recordings.select(self._kept)


def _exchange(labels: np.ndarray, where: np.ndarray, one: str, other: str) -> None:
    first, second = where[labels[where] == one], where[labels[where] == other]
    labels[first], labels[second] = other, one


def found_in(recordings: Recordings) -> dict[str, set[str]]:
    """Return the names of what is suspected, by kind."""
    pipeline = suited_settings(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    names: dict[str, set[str]] = defaultdict(set)
    for one in find_suspicious(recordings, pipeline):
        names[one.kind].add(f"{one.name} {one.detail}" if one.kind == "dead" else one.name)
    return names


def measure(arguments: argparse.Namespace) -> dict[str, object]:
    """Run the benchmark and print its table."""
    recordings = load_archive(arguments.archive)
    if arguments.rest not in recordings.actions:
        raise SettingError("rest", arguments.rest, f"the archive has {', '.join(recordings.actions)}")
    label = np.where(recordings.label == arguments.rest, REST, recordings.label)
    recordings = dataclasses.replace(recordings, label=label)
    keep_rest = not arguments.without_rest
    sound = Planted(recordings, keep_rest=keep_rest).finished()
    begin = time.perf_counter()
    suspected = found_in(sound)
    seconds = time.perf_counter() - begin
    sessions = sound.sessions
    out_of = {
        "exchanged": len(sessions),
        "idle": int((sound.label != REST).sum()),
        "unlike": len(sound),
        "dead": len(sessions) * sound.channels,
    }
    count = max(1, round(SHARE * len(sessions)))
    hits: Counter[str] = Counter()
    planted: Counter[str] = Counter()
    for trial in range(arguments.trials):
        rng = np.random.default_rng([arguments.seed, trial])
        defects = Planted(recordings, keep_rest=keep_rest)
        chosen = rng.permutation(len(sessions))[: len(KINDS) * count]
        for place, session in enumerate(chosen.tolist()):
            defects.plant(KINDS[place % len(KINDS)], sessions[session], rng)
        found = found_in(defects.finished())
        for kind, names in defects.expected.items():
            planted[kind] += len(names)
            # A repetition that was exchanged for one of rest is also one in which nothing was performed.
            there = found[kind] | (found["unlike"] | found["idle"] if kind in ("idle", "unlike") else set())
            hits[kind] += len(names & there)
    print(
        f"{arguments.archive}: {len(sound)} segments, {len(sound.subjects)} people, {len(sessions)} sessions,"
        f" {'rest' if keep_rest else 'no rest'} recorded; looked through in {seconds:.1f} s"
    )
    result = {}
    for kind in KINDS:
        alarms = len(suspected[kind])
        share = f"{hits[kind] / planted[kind]:.1%}" if planted[kind] else "–"
        print(
            f"{kind:10} {share:>7} of {planted[kind]:4} planted found;"
            f" {alarms:3} of {out_of[kind]:5} as they are suspected ({alarms / out_of[kind]:.2%})"
        )
        result[kind] = {
            "planted": planted[kind],
            "found": hits[kind],
            "suspected": sorted(suspected[kind]),
            "of": out_of[kind],
        }
    return {"archive": arguments.archive.name, "rest": keep_rest, "seconds": seconds, **result}


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", type=Path, help="labelled recordings (.npz)")
    parser.add_argument("--rest", required=True, help="the label of rest")
    parser.add_argument("--without-rest", action="store_true", help="leave rest out")
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="file for the result")
    chosen = parser.parse_args(arguments)
    return run("suspicious", lambda: measure(chosen), chosen.json)


if __name__ == "__main__":
    sys.exit(main())
