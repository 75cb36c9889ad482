"""Bars, lines and JSON lines show the same events."""

from __future__ import annotations

import io
import json
import platform
import subprocess
import sys

import pytest
from rich.console import Console
from rich.progress import Progress

from emg_recognition.cli.progress import Bars, Lines, bars, shown

EPOCHS = 10


def epoch(member, number):
    return {
        "event": "epoch",
        "job": member,
        "jobs": 2,
        "label": f"member {member}/2",
        "epoch": number,
        "epochs": EPOCHS,
        "loss": 0.5,
        "accuracy": 0.8,
        "val_accuracy": 0.75 if member == 1 else None,
        "seconds": 61.0 + number,
        "done": (member - 1) / 2 + number / EPOCHS / 2,
    }


def finished(member, resumed=False):
    return {
        "event": "job",
        "job": member,
        "jobs": 2,
        "label": f"member {member}/2",
        "resumed": resumed,
        "accuracy": 0.9,
        "val_balanced_accuracy": 0.85,
        "seconds": 12.0,
        "done": member / 2,
    }


STORY = [
    {"event": "data", "lines": ["segments    30"], "warnings": []},
    {"event": "start", "message": "the minority cohort is patient", "jobs": 2, "epochs": EPOCHS},
    *(epoch(1, number) for number in range(1, EPOCHS + 1)),
    finished(1),
    *(epoch(2, number) for number in range(1, EPOCHS + 1)),
    finished(2, resumed=True),
    {"event": "selected", "member": 1, "members": 2},
    {"event": "done", "path": "out/bundle"},
]


def test_lines_are_few_a_member():
    stream = io.StringIO()
    show = Lines(stream)
    for event in STORY:
        show(event)
    assert stream.getvalue().splitlines() == [
        "segments    30",
        "The minority cohort is patient.",
        "member 1/2, epoch 3/10: loss 0.500, accuracy 80.0 %, validation 75.0 %, 1 min 04 s",
        "member 1/2, epoch 6/10: loss 0.500, accuracy 80.0 %, validation 75.0 %, 1 min 07 s",
        "member 1/2, epoch 9/10: loss 0.500, accuracy 80.0 %, validation 75.0 %, 1 min 10 s",
        "Member 1/2: training accuracy 90.0 %, validation balanced accuracy 85.0 %, 12.0 s",
        "member 2/2, epoch 3/10: loss 0.500, accuracy 80.0 %, 1 min 04 s",
        "member 2/2, epoch 6/10: loss 0.500, accuracy 80.0 %, 1 min 07 s",
        "member 2/2, epoch 9/10: loss 0.500, accuracy 80.0 %, 1 min 10 s",
        "Member 2/2 (found finished): training accuracy 90.0 %, validation balanced accuracy 85.0 %, 12.0 s",
    ]


def test_another_machine_is_named_and_this_one_is_not():
    stream = io.StringIO()
    show = Lines(stream)
    show({**epoch(1, 3), "machine": "node-7"})
    show({**finished(1), "machine": platform.node()})
    show({**finished(2), "machine": "node-7"})
    assert [line.partition(":")[0] for line in stream.getvalue().splitlines()] == [
        "member 1/2 on node-7, epoch 3/10",
        "Member 1/2",
        "Member 2/2 on node-7",
    ]


def test_bars_count_all_epochs():
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with Progress(console=console, auto_refresh=False) as progress:
        show = Bars(progress)
        done = []
        for event in STORY:
            show(event)
            done.append(progress.tasks[0].completed)
    assert done == sorted(done)
    assert (progress.tasks[0].completed, progress.tasks[0].total) == (1, 1)
    assert "Member 1/2: training accuracy 90.0 %" in console.file.getvalue()


def test_members_that_train_at_the_same_time_have_a_bar_each():
    with Progress(console=Console(file=io.StringIO()), auto_refresh=False) as progress:
        show = Bars(progress)
        for event in (STORY[1], epoch(1, 3), epoch(2, 5), epoch(1, 4)):
            show(event)
        bars = {task.description: task.completed for task in progress.tasks[1:]}
        assert bars == {"Member 1/2": 0.4, "Member 2/2": 0.5}
        show(finished(2))
        assert [task.description for task in progress.tasks[1:]] == ["Member 1/2"]


def test_members_found_finished_count_in_the_bar():
    with Progress(console=Console(file=io.StringIO()), auto_refresh=False) as progress:
        show = Bars(progress)
        show(STORY[1])
        show(finished(1, resumed=True))
        assert progress.tasks[0].completed == 0.5


@pytest.mark.parametrize("width", [80, 160])
def test_the_time_left_is_readable(width):
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    with bars(console) as progress:
        show = Bars(progress)
        for event in (STORY[1], {**epoch(1, 3), "label": "patient, seed 2, weighted"}):
            show(event)
        progress.refresh()
    for line in console.file.getvalue().splitlines():
        assert len(line) <= width + len("\x1b[2K") * 4
    last = console.file.getvalue().replace("\r", "\n").splitlines()
    (shown_line,) = {line for line in last if "seed 2, weighted" in line and "acc" in line}
    assert "0:00:00 -:--:--" in shown_line
    assert "75.0 %" in shown_line


_CHATTER = """
import json, os, sys
from emg_recognition.cli.progress import shown
with shown("json") as show:
    for event in json.load(sys.stdin):
        os.write(1, b"chatter of a library\\n")
        sys.stdout.write("chatter of Python\\n")
        show(event)
sys.stdout.write("afterwards\\n")
"""


def test_json_is_one_object_a_line_and_alone_on_stdout():
    process = subprocess.run(
        [sys.executable, "-c", _CHATTER], input=json.dumps(STORY), check=True, capture_output=True, text=True
    )
    *lines, last = process.stdout.splitlines()
    assert [json.loads(line) for line in lines] == STORY
    assert last == "afterwards"
    assert process.stderr.count("chatter") == 2 * len(STORY)


@pytest.mark.parametrize(("mode", "expected"), [("off", 0), ("auto", 10)])
def test_without_a_terminal_there_are_lines_or_nothing(capsys, mode, expected):
    with shown(mode) as show:
        for event in STORY:
            show(event)
    assert len(capsys.readouterr().out.splitlines()) == expected
