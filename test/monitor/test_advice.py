"""What to do next, from the electrodes to the joints."""

from __future__ import annotations

import pytest

from emg_recognition.control.states import State
from emg_recognition.monitor.advice import next_step
from emg_recognition.monitor.snapshot import Level, Quality

from .conftest import make_channels, make_report

ARM = "emg-recognition arm"
STALE_CLASSIFIER = make_report("classifier", Level.STALE, "not active")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"samples": None, "open_for": 1.0, "reports": ()}, "looking for the nodes"),
        ({"samples": None}, "is acquisition running"),
        ({"samples": {"age": 7.2}}, "no samples for 7 s"),
        (
            {"samples": None, "reports": (make_report("acquisition", Level.ERROR, "unplugged"),)},
            "acquisition reports: unplugged",
        ),
        # An old report of a node that has gone does not count.
        (
            {"samples": None, "reports": (make_report("acquisition", Level.ERROR, "unplugged", age=9.0),)},
            "is acquisition running",
        ),
        ({"estimate": None, "reports": ()}, "is preprocessing running"),
        ({"estimate": None, "reports": (make_report("preprocessing"),)}, "is classifier running? It needs"),
        (
            {"estimate": {"age": 3.0}, "reports": (make_report("preprocessing"), STALE_CLASSIFIER)},
            "classifier reports: not active",
        ),
        ({"estimate": None}, "half a second"),
        ({"bridge": None}, "no command bridge"),
        ({"bridge": {"age": 2.0}}, "no command bridge"),
        ({"stop_input": None}, "start an enabling switch"),
        ({"stop_input": {"age": 5.0}}, "start an enabling switch"),
        ({"stop_input": {"publishers": 2}}, "2 nodes publish exo/enable"),
        ({"stop_input": {"allowed": False}}, "press the enabling switch"),
        ({"bridge": {"feedback_age": -1.0}}, "is the exoskeleton on"),
        ({"bridge": {"signal_age": 0.4}}, "its violations tell why"),
        ({"samples": {"channels": make_channels(2, Quality.BAD, "press it on")}}, "channel CH1: press it on"),
        ({}, "ready; arm with"),
        ({"bridge": {"state": State.FAULT}}, "find the cause of the fault"),
        ({"bridge": {"state": State.FAULT}, "stop_input": {"allowed": False}}, "fault: press the enabling"),
        ({"bridge": {"state": State.HOLDING, "reason": "no estimate for 130 ms"}}, "no estimate for 130 ms"),
        ({"bridge": {"state": State.ARMED}}, "the joints follow the wearer"),
    ],
)
def test_the_first_obstacle_is_named(graph, changes, words):
    assert words in next_step(graph(**changes)).text


def test_commands_can_be_copied_and_are_for_the_arm_of_the_view(graph):
    assert next_step(graph()).command == ARM
    assert next_step(graph(bridge={"state": State.FAULT})).command == ARM
    left = next_step(graph(namespace="/left_arm"))
    assert left.command == f"{ARM} --namespace left_arm"
    switch = next_step(graph(namespace="/left_arm", stop_input=None))
    assert switch.command == "emg-recognition switch --namespace left_arm"
    assert next_step(graph(bridge={"state": State.ARMED})).command == ""
