"""The programs in the pages run.

The ``python`` blocks of a page run in order in one namespace, in a folder of their own that holds a
small simulated study and an untrained bundle at the paths the pages use. A block ``<!-- file: NAME -->``
is written to that file, and the commands of a block ``<!-- run -->`` are run. The armband of a page is a
device emulator on a pseudo-terminal; a loop over it, which never ends, is left after a few outputs.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from conftest import PAGES, blocks, name_of

from emg_recognition.recordings.open import open_recordings

PORT = "/dev/ttyACM0"
PROGRAMS = [page for page in PAGES if any(block.language == "python" for block in blocks(page))]
ENOUGH = 5  # outputs of an endless loop

# Some pages train; the machine may be busy.
pytestmark = pytest.mark.timeout(600)


class EnoughError(Exception):
    """An endless program has shown what it does."""


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """Two people, the three actions of the tiny bundle, four repetitions of one second."""
    from emg_recognition.recordings.archive import from_arrays
    from emg_recognition.simulation.study import StudySettings, simulate_study

    settings = StudySettings(healthy=2, patients=1, sessions=1, hold=1.0, rate=500.0, channels=4)
    recordings = from_arrays(simulate_study(settings), "a simulated study")
    actions = ("rest", "elbow_flexion", "elbow_extension")
    chosen = recordings.select(np.isin(recordings.label, actions) & (recordings.cohort == "healthy"))
    path = tmp_path_factory.mktemp("study") / "study.npz"
    chosen.save(path)
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch, study, tiny_bundle):
    """The folder a page's programs run in, with what the pages name."""
    for name in ("study.npz", "out/study.npz", "out/demo/study.npz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(study, tmp_path / name)
    recordings = open_recordings(study)
    recordings.select(recordings.subject == recordings.subjects[0]).save(tmp_path / "new.npz")
    for name in ("bundle", "out/training/bundle", "out/demo/training/bundle"):
        shutil.copytree(tiny_bundle, tmp_path / name)
    describe_as_csv(recordings, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def describe_as_csv(recordings, folder):
    """Write recordings as CSV files with a description."""
    for i in range(len(recordings)):
        path = (
            folder / "csv" / recordings.subject[i] / f"{recordings.label[i]}_{recordings.repetition[i]}.csv"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savetxt(path, recordings.segment(i), delimiter=",", fmt="%.9g")
    (folder / "study.yaml").write_text(
        "folder: csv\nfiles: (?P<subject>[^/]+)/(?P<label>[a-z_]+)_(?P<repetition>[0-9]+)[.]csv\n"
        "header: false\ncolumns: {samples: 1-4}\nrate: 500\nunit: V\n",
        encoding="utf-8",
    )


@pytest.fixture
def armband(folder):
    """Return the port of an emulated armband."""
    from emg_recognition.devices.emulator import ArmbandEmulator

    recordings = open_recordings("study.npz")
    with ArmbandEmulator(
        recordings.counts,
        rate=recordings.rate,
        scale=recordings.scale,
        unit=recordings.unit,
        link=folder / "armband",
        loop=True,
    ):
        yield folder / "armband"


def run_python(block, page, namespace, port):
    """Run one block; one that reads the armband is left after a few outputs."""
    endless = PORT in block.text
    shown = []

    def show(*values):
        shown.append(values)
        if endless and len(shown) >= ENOUGH:
            raise EnoughError

    namespace["print"] = show
    # Filled up so that an error names the line of the page.
    source = "\n" * (block.line - 1) + block.text.replace(PORT, str(port))
    try:
        exec(compile(source, str(page), "exec"), namespace)
    except EnoughError:
        return
    assert not endless, f"{name_of(page)}:{block.line} ended before it had shown {ENOUGH} results"


@pytest.fixture
def signals_as_they_are(monkeypatch):
    """Let commands that end with the process on Ctrl-C leave the signals of this process alone."""
    from emg_recognition.cli import adapt, compare, train

    for command in (adapt, compare, train):
        monkeypatch.setattr(command, "leave_on_signals", lambda message: None)


@pytest.fixture
def short_trainings(monkeypatch):
    """Let the default training show a small set once an epoch: the pages show commands, not accuracies."""
    from emg_recognition.training.settings import FitSettings

    monkeypatch.setitem(FitSettings.__init__.__kwdefaults__, "least_steps_per_epoch", 8)


def run_shell(block):
    """Run the commands of a block as the command line would."""
    from emg_recognition.cli.main import main

    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] == "emg-recognition", line
        assert main(words[1:]) == 0, line


@pytest.mark.parametrize("page", PROGRAMS, ids=name_of)
@pytest.mark.usefixtures("signals_as_they_are", "short_trainings")
def test_programs_run(page, folder, request):
    code = [block for block in blocks(page) if block.language == "python" or block.comment]
    needs_armband = any(PORT in block.text for block in code)
    port = request.getfixturevalue("armband") if needs_armband else None
    namespace = {"__name__": "__main__"}
    for block in code:
        if block.comment.startswith("file: "):
            Path(block.comment.removeprefix("file: ")).write_text(block.text, encoding="utf-8")
        elif block.comment == "run":
            run_shell(block)
        elif block.language == "python":
            run_python(block, page, namespace, port)
    if page.name == "python.md":
        check_keys(namespace)


def check_keys(namespace):
    """Compare what a training, an evaluation and a comparison return with the page about these keys."""
    page = next(page for page in PAGES if page.name == "metrics-json.md").read_text(encoding="utf-8")
    sections = {part.partition(")=")[0]: part for part in page.split("\n(")[1:]}
    found = {
        "training": namespace["result"].metrics,
        "evaluation": namespace["evaluation"].metrics.to_json(),
        "comparison": namespace["comparison"].result,
    }
    for section, keys in found.items():
        rows = [row.split(" | ")[0] for row in sections[section].splitlines() if row.startswith("| ")]
        named = {code for row in rows for code in re.findall(r"`(\w+)`", row)}
        assert set(keys) <= named, f"metrics-json.md, {section}, lacks {sorted(set(keys) - named)}"


def test_the_exoskeleton_of_the_tutorial_is_accepted(tmp_path):
    from emg_recognition.actions import PAPER_ACTIONS
    from emg_recognition.control.exoskeleton import load_exoskeleton

    page = next(page for page in PAGES if page.name == "your-own-robot.md")
    (block,) = (block for block in blocks(page) if block.comment == "file: my_exoskeleton.yaml")
    path = tmp_path / "my_exoskeleton.yaml"
    path.write_text(block.text, encoding="utf-8")
    exoskeleton = load_exoskeleton(path)
    named = {*(motion.action for motion in exoskeleton.actions), *exoskeleton.rest, *exoskeleton.no_motion}
    assert {action.name for action in PAPER_ACTIONS} <= named
