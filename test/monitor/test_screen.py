"""The drawing fits, shows the values of the graph, and cannot move the cursor."""

from __future__ import annotations

import io
import itertools

import pytest
from rich.console import Console

from emg_recognition.control.states import State
from emg_recognition.monitor.drawing import amplitude
from emg_recognition.monitor.screen import draw
from emg_recognition.monitor.snapshot import Level, Quality, Snapshot

from .conftest import make_channels, make_report

EMPTY = Snapshot(namespace="/left_arm", open_for=60.0)
SIZES = [(80, 24), (81, 25), (100, 32), (160, 50), (250, 60)]


def shown(snapshot, width=80, height=24):
    """Return the lines that a terminal of this size shows."""
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    console.print(draw(snapshot, width, height), end="")
    return console.file.getvalue().splitlines()


def find(lines, words):
    """Return the one line with the words."""
    (line,) = [line for line in lines if words in line]
    return line


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_line_of_a_healthy_and_of_an_empty_graph_fits(graph, width, height):
    for snapshot in (graph(), EMPTY):
        lines = shown(snapshot, width, height)
        assert [len(line) for line in lines] == [width] * height


@pytest.mark.parametrize(("width", "height"), [*itertools.product((1, 7, 20, 40), (1, 3, 8, 15))])
def test_too_small_a_terminal_is_no_error(graph, width, height):
    for snapshot in (graph(), EMPTY):
        lines = shown(snapshot, width, height)
        assert len(lines) == height
        assert max(len(line) for line in lines) <= width


def test_80_columns_show_every_value(graph):
    lines = shown(graph())
    assert "armband 0042, 8 channels" in lines[0]
    for number in range(1, 9):
        line = find(lines, f"CH{number} ")
        assert f"{10 * number} µV GOOD" in line
    # Eighths of cells: 10 of 80 µV are an eighth of 21 cells.
    assert find(lines, "CH8 ").count("█") == 8 * find(lines, "CH4 ").count("█") // 4
    assert "full bar 80 µV" in lines[1]
    assert "elbow_flexion  93 %" in find(lines, "recognised")
    assert "elbow_flexion" in find(lines, "prompted")
    assert find(lines, "elbow_extension").rstrip().endswith("6 %")
    assert "999.6 Hz, nominal 1000 Hz" in find(lines, "samples    9")
    assert "0 samples, 0 restarts" in find(lines, "lost ")
    assert "1234 made, 3 dropped" in find(lines, "windows ")
    assert "40.0/s" in find(lines, "estimates ")
    assert "6.1 ms, worst of 5 s 12 ms" in find(lines, "latency ")
    assert find(lines, "DISARMED")
    assert find(lines, "not armed yet")
    assert "may move, 31 ms ago" in find(lines, "stop input ")
    assert find(lines, "signal 12 ms ago, feedback 4 ms ago")
    joint = find(lines, "+1.15 rad")
    track = joint[joint.index("rad") + 4 :].rstrip()
    assert abs(track.index("●") - (len(track) - 1) / 2) <= 0.5  # 1.15 of 0 to 2.3
    assert "-0.50 rad  limits –" in find(lines, "wrist_extension")
    assert "none; 3 nodes on /diagnostics" in find(lines, "none;")
    assert lines[-2].rstrip() == "→ ready; arm with:"
    assert lines[-1].strip() == "emg-recognition arm"


def test_an_empty_graph_shows_what_is_missing():
    lines = shown(EMPTY)
    assert "/left_arm" in lines[0]
    for words in (
        "no samples: is acquisition running? ",
        "no actions: is the classifier running?",
        "no command bridge is running",
        "stop input silent",
        "no joint positions",
    ):
        assert any(words in line for line in lines)
    assert "emg-recognition run --model BUNDLE --port PORT --namespace left_arm" in lines[-1]


def test_old_values_are_not_shown(graph):
    old = {"age": 2.0}
    lines = shown(graph(samples=old, estimate=old, bridge=old, stop_input=old, joints_age=2.0))
    text = "\n".join(lines)
    for stale in ("999.6", "elbow_flexion  93", "DISARMED", "may move", "+1.15"):
        assert stale not in text
    assert "0 samples, 0 restarts" in text  # losses remain


def test_warnings_list_bad_channels_first_and_count_what_does_not_fit(graph):
    channels = make_channels(1, Quality.WARN, "shave") + make_channels(1, Quality.BAD, "plug it in")
    reports = (
        make_report("acquisition", Level.WARN, "12 samples lost", since=30.0),
        make_report("classifier", Level.ERROR, "no such model", since=2.0),
        make_report("preprocessing", age=6.0),
        make_report("command_bridge", Level.ERROR, "FAULT: shown in its own panel"),
    )
    graph = graph(samples={"channels": channels}, reports=reports)
    text = [line.rstrip() for line in shown(graph, 80, 40)]
    start = next(number for number, line in enumerate(text) if "─ Warnings" in line)
    assert text[start + 1 : start + 7] == [
        "BAD   CH1: plug it in",
        "WARN  CH1: shave",
        "ERROR classifier: no such model",
        "GONE  preprocessing: silent for 6.0 s",
        "WARN  acquisition: 12 samples lost",
        "",
    ]
    assert "1 more" in find(shown(graph), "─ Warnings")


@pytest.mark.parametrize(("number", "height"), [(16, 24), (32, 32), (64, 24), (64, 50), (128, 24)])
def test_many_channels_share_the_rows(graph, number, height):
    samples = {"channels": make_channels(number), "full_scale": 1e-5 * number}
    lines = shown(graph(samples=samples), 100, height)
    assert [len(line) for line in lines] == [100] * height
    upper = lines[2 : next(row for row, line in enumerate(lines) if "─ Flow" in line)]
    left = "".join(line[:49] for line in upper)
    # Each channel has a named bar or a cell in a strip.
    assert left.count("CH") == number or sum(left.count(cell) for cell in "▁▂▃▄▅▆▇█") == number


def test_more_actions_than_rows_show_the_most_probable_in_the_order_of_the_model(graph):
    probabilities = tuple((f"a{number}", 0.02 if number in (3, 17) else 0.01) for number in range(40))
    lines = shown(graph(estimate={"probabilities": probabilities}))
    shown_actions = [line[40:].split()[0] for line in lines if line[40:].startswith("a")]
    assert len(shown_actions) < 12
    assert {"a3", "a17"} <= set(shown_actions)
    assert shown_actions == sorted(shown_actions, key=lambda name: int(name[1:]))


def test_names_and_reasons_cannot_move_the_cursor(graph):
    evil = "\x1b[2J\x1b[31m\n\t\x07[bold]"
    snapshot = graph(
        device=evil,
        model=evil,
        prompt=evil,
        namespace=evil,
        samples={"channels": make_channels(2, Quality.BAD, evil)},
        estimate={"action": evil, "probabilities": ((evil, 0.5),)},
        bridge={"reason": evil, "action": evil, "state": State.HOLDING},
        reports=(make_report(evil, Level.ERROR, evil),),
    )
    lines = shown(snapshot)
    assert len(lines) == 24
    assert all(line.isprintable() for line in lines)
    assert any("[bold]" in line for line in lines)


def test_wide_characters_keep_the_columns_in_place(graph):
    from rich.cells import cell_len

    lines = shown(graph(prompt="肘を曲げる" * 9, bridge={"reason": "停止" * 30}))
    assert [cell_len(line) for line in lines] == [80] * 24


@pytest.mark.parametrize(
    ("state", "colour"),
    [(State.DISARMED, 44), (State.ARMED, 42), (State.HOLDING, 43), (State.FAULT, 41)],
)
def test_the_state_has_its_colour(graph, state, colour):
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True, color_system="standard")
    console.print(draw(graph(bridge={"state": state}), 80, 24), end="")
    assert f";{colour}m {state.name} " in console.file.getvalue()


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.0, "V", "0 µV"),
        (8.4e-5, "V", "84 µV"),
        (0.0123, "V", "12.3 mV"),
        (1.47, "V", "1.47 V"),
        (2.345, "count", "2.35"),
        (81234.0, "count", "81234"),
    ],
)
def test_amplitudes_have_a_unit_that_suits_them(value, unit, words):
    assert amplitude(value, unit) == words


def test_a_turned_armband_is_among_the_warnings(graph):
    said = "the armband sits turned by 2 electrodes"
    snapshot = graph(reports=(make_report("signal_quality", Level.WARN, said, values={"armband": said}),))
    assert said in find(shown(snapshot), "WARN ")
    assert "armband sits" not in "".join(shown(graph(reports=(make_report("signal_quality"),))))
