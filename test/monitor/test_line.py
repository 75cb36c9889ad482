"""One line of plain text for logs and pipes."""

from __future__ import annotations

from emg_recognition.control.states import State
from emg_recognition.monitor.screen import status_line
from emg_recognition.monitor.snapshot import Level, Snapshot

from .conftest import make_report


def test_a_healthy_graph_in_one_line(graph):
    assert status_line(graph()) == (
        "samples 999.6 Hz, 0 lost, 0 restarts, 8/8 channels good"
        " | elbow_flexion 93 % (prompted elbow_flexion), latency 6.1 ms"
        " | DISARMED: not armed yet | elbow_flexion +1.15, wrist_extension -0.50 rad"
        " | next: ready; arm with: emg-recognition arm"
    )


def test_an_empty_graph_and_one_in_trouble():
    assert status_line(Snapshot(namespace="/", open_for=1.0)) == (
        "no samples | no actions | no bridge | next: looking for the nodes"
    )


def test_warnings_name_their_nodes_and_nothing_breaks_the_line(graph):
    line = status_line(
        graph(
            bridge={"state": State.FAULT, "reason": "two\nlines\x1b[2J"},
            reports=(make_report("acquisition", Level.WARN, "lost"), make_report("classifier")),
        )
    )
    assert "| warnings from acquisition |" in line
    assert "FAULT: two\\nlines\\x1b[2J" in line
    assert line.isprintable()
