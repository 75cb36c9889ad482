"""What to do next, from the electrodes to the joints."""

from __future__ import annotations

import pytest

from emg_recognition.control.states import State
from emg_recognition.monitor.advice import next_step
from emg_recognition.monitor.snapshot import Level, Quality

from .conftest import make_channels, make_report

ARM = "ros2 service call /command_bridge/arm std_srvs/srv/Trigger"
STALE_CLASSIFIER = make_report("classifier", Level.STALE, "not active")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"samples": None, "open_for": 1.0, "reports": ()}, "looking for the nodes"),
        ({"samples": None}, "is acquisition running"),
        ({"samples": {"age": 7.2}}, "no samples for 7 s"),
        (
            {"samples": None, "reports": (make_report("acquisition", Level.ERROR, "unplugged"),)},
            "acquisition says: unplugged",
        ),
        # The word of a node that has gone says nothing any more.
        (
            {"samples": None, "reports": (make_report("acquisition", Level.ERROR, "unplugged", age=9.0),)},
            "is acquisition running",
        ),
        ({"estimate": None, "reports": ()}, "is preprocessing running"),
        ({"estimate": None, "reports": (make_report("preprocessing"),)}, "is classifier running? It needs"),
        (
            {"estimate": {"age": 3.0}, "reports": (make_report("preprocessing"), STALE_CLASSIFIER)},
            "classifier says: not active",
        ),
        ({"estimate": None}, "half a second"),
        ({"bridge": None}, "no command bridge"),
        ({"bridge": {"age": 2.0}}, "no command bridge"),
        ({"stop_input": None}, "start an enabling switch"),
        ({"stop_input": {"age": 5.0}}, "start an enabling switch"),
        ({"stop_input": {"publishers": 2}}, "2 publish exo/enable"),
        ({"stop_input": {"allowed": False}}, "press the enabling switch"),
        ({"bridge": {"feedback_age": -1.0}}, "is the exoskeleton on"),
        ({"bridge": {"signal_age": 0.4}}, "its doubts tell why"),
        ({"samples": {"channels": make_channels(2, Quality.BAD, "press it on")}}, "channel CH1: press it on"),
        ({}, "all is fresh; arm with"),
        ({"bridge": {"state": State.FAULT}}, "cause of the fault"),
        ({"bridge": {"state": State.FAULT}, "stop_input": {"allowed": False}}, "fault: press the enabling"),
        ({"bridge": {"state": State.HOLDING, "reason": "no estimate for 130 ms"}}, "no estimate for 130 ms"),
        ({"bridge": {"state": State.ARMED}}, "the joints follow the wearer"),
    ],
)
def test_the_first_thing_that_is_not_well_is_named(graph, changes, words):
    assert words in next_step(graph(**changes)).text


def test_commands_are_whole_and_of_the_arm_that_is_looked_at(graph):
    assert next_step(graph()).command == ARM
    assert next_step(graph(bridge={"state": State.FAULT})).command == ARM
    left = next_step(graph(namespace="/left_arm"))
    assert left.command == ARM.replace("/command_bridge", "/left_arm/command_bridge")
    switch = next_step(graph(namespace="/left_arm", stop_input=None))
    assert switch.command == ("ros2 run emg_recognition enabling_switch_node --ros-args -r __ns:=/left_arm")
    assert next_step(graph(bridge={"state": State.ARMED})).command == ""
