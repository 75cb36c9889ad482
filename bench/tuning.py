"""What a search for settings finds, against the configured settings, one model for each subject.

    python bench/tuning.py ARCHIVE.npz --sessions 1-10 --trials 16

Each subject's recordings are split as the configuration says (by default the last repetition tests, the one
before it validates). `train` trains with the configured settings; `tune` searches on validation only and
trains with what it finds. Both are tested once, each on all windows of the test segments that its own length
and stride give. The table shows balanced accuracy on validation, at the same moments for both, and on test.
With ``--output``, an interrupted run can be continued. A ``--config`` with a tiny network and few trials is a
short run.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402
from measuring.command import report, run  # noqa: E402

import emg_recognition as emg  # noqa: E402
from emg_recognition.cli.executor import add_executor, executor_options  # noqa: E402
from emg_recognition.errors import SettingError  # noqa: E402
from emg_recognition.recordings.recordings import Recordings, parse_repetitions  # noqa: E402

COLUMNS = ("score", "test_balanced_accuracy", "test_accuracy")


def choose(recordings: Recordings, subjects: Sequence[str] | None, sessions: str | None) -> list[Recordings]:
    """Return the recordings of each subject, of these sessions only."""
    found = []
    for subject in subjects or recordings.subjects:
        wanted = recordings.subject == subject
        if sessions is not None:
            wanted &= np.isin(recordings.session, [str(number) for number in parse_repetitions(sessions)])
        if not wanted.any():
            raise SettingError("subject", subject, "the archive has no such recordings")
        found.append(recordings.select(wanted))
    return found


def compare(recordings: Recordings, folder: Path, arguments: argparse.Namespace) -> dict[str, object]:
    """Train and tune on one subject's recordings; print and return a row."""
    options = {"settings": arguments.config, **executor_options(arguments, least=0), "on_event": report}
    before = emg.train(recordings, folder / "configured", **options).metrics
    tuning = emg.tune(recordings, folder / "tuned", trials=arguments.trials, **options)
    (fold,) = tuning.result["folds"]
    configured = {"score": fold["configured_score"], **{name: before[name] for name in COLUMNS[1:]}}
    changed = [
        f"{name} {value:g}"
        for name, value in fold["chosen"].items()
        if value != tuning.result["configured"][name]
    ]
    row = {
        "subject": recordings.subjects[0],
        "configured": configured,
        "chosen": {name: fold[name] for name in COLUMNS},
        "lda": None if before["baseline"] is None else before["baseline"]["balanced_accuracy"],
        "values": fold["chosen"],
        "trials": len(fold["trials"]),
        "seconds": sum(trial["seconds"] for trial in fold["trials"]),
    }
    cells = [f"{configured[name]:7.2%} -> {row['chosen'][name]:7.2%}" for name in COLUMNS[:2]]
    print(
        f"{row['subject']:>10}  {cells[0]}  {cells[1]}  {', '.join(changed) or 'as configured'}", flush=True
    )
    return row


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, object]:
    """Run the benchmark and print a line for each subject."""
    begin = time.perf_counter()
    groups = choose(emg.open_recordings(arguments.archive), arguments.subjects, arguments.sessions)
    print(f"{arguments.archive}: {arguments.trials} trials each; balanced accuracy, configured -> chosen")
    print(f"{'subject':>10}  {'validation':18}  {'test':18}  chosen", flush=True)
    rows = [compare(one, folder / one.subjects[0], arguments) for one in groups]
    means = {
        which: {name: float(np.mean([row[which][name] for row in rows])) for name in COLUMNS}
        for which in ("configured", "chosen")
    }
    cells = [f"{means['configured'][name]:7.2%} -> {means['chosen'][name]:7.2%}" for name in COLUMNS[:2]]
    gains = [row["chosen"][COLUMNS[1]] - row["configured"][COLUMNS[1]] for row in rows]
    better, worse = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
    seconds = time.perf_counter() - begin
    print(f"{'mean':>10}  {cells[0]}  {cells[1]}  test better {better}, worse {worse}; {seconds:.0f} s")
    return {"rows": rows, "means": means, "trials": arguments.trials, "seconds": seconds}


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", type=Path, help="labelled recordings (.npz)")
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--subjects", nargs="+", help="only these")
    parser.add_argument("--sessions", metavar="SESSIONS", help="for example 1-10")
    parser.add_argument("--config", type=Path, default=REPOSITORY / "config" / "compact.yaml")
    parser.add_argument("--json", type=Path, help="file for the result")
    parser.add_argument("--output", type=Path, help="folder for the networks; run again to continue")
    add_executor(parser)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        return run("tuning", lambda: measure(chosen, chosen.output or Path(temporary)), chosen.json)


if __name__ == "__main__":
    sys.exit(main())
