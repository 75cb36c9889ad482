"""What stops a bridge in simulated time: silence, faults, the stop input and the clocks."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import pytest

from emg_recognition.control.motion import AHEAD
from emg_recognition.control.states import State
from emg_recognition.types import Model

if TYPE_CHECKING:
    from .conftest import Rig

MODEL = Model(
    model="m1", sha256="abc", actions=("rest", "bend", "drop", "reach", "fist"), rate=200.0, channels=8
)
JOINTS = ["elbow", "wrist"]
STOPPED = AHEAD + 0.02
"""Time (s) from the beginning of a stop to standstill."""


class TestSilence:
    def test_the_stop_begins_at_once_and_takes_120_ms(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        last = rig.time  # an estimate arrived at this tick; its window ended 10 ms earlier
        rig.run(0.1, mute=True)
        assert rig.bridge.state is State.ARMED
        rig.run(0.04, mute=True)
        assert rig.bridge.state is State.HOLDING
        assert "signal stale" in rig.bridge.reason
        assert rig.velocities(last + 0.14 - 1e-6)[0][0] < 0.4
        rig.run(STOPPED, mute=True)
        assert rig.velocities()[-1] == (0.0, 0.0)

    def test_before_the_timeout_motion_resumes_after_a_full_vote(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        rig.run(1.9, mute=True)
        assert rig.bridge.state is State.HOLDING
        rig.run(0.05, "bend")
        assert rig.bridge.state is State.HOLDING
        assert rig.velocities()[-1] == (0.0, 0.0)
        rig.run(0.1, "bend")
        assert rig.bridge.state is State.ARMED
        assert rig.velocities()[-1][0] > 0
        assert rig.bridge.counters["holds"] == 1

    def test_the_vote_must_not_have_a_break(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        rig.run(0.2, mute=True)
        for _ in range(5):
            rig.run(0.125, mute=True)
            rig.estimate("bend")
            rig.run(0.005, mute=True)
            assert rig.bridge.state is State.HOLDING

    def test_longer_than_the_timeout_it_is_a_fault(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        rig.run(2.2, mute=True)
        assert rig.bridge.state is State.FAULT
        assert "held longer than 2 s: signal stale" in rig.bridge.reason

    def test_missing_joint_states_hold_too(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        rig.run(0.11, "bend", blind=True)
        assert rig.bridge.state is State.HOLDING
        assert "no position of joint elbow for 100 ms; usually one comes within" in rig.bridge.reason

    @pytest.mark.parametrize("ahead", [-3600.0, -0.15, -0.1, 0.2, 3600.0])
    def test_joint_states_of_another_time_hold_until_their_stamps_are_in_order(
        self, rig: Rig, ahead: float
    ) -> None:
        rig.stamps_ahead = -0.001
        rig.armed().run(0.5, "bend")
        assert rig.bridge.counters["feedback_untimely"] == 0
        rig.stamps_ahead = ahead
        rig.run(0.01, "bend")
        assert rig.bridge.state is State.HOLDING
        assert rig.bridge.counters["holds"] == 1
        assert rig.bridge.counters["feedback_untimely"] >= 1
        rig.stamps_ahead = -0.001
        begin = rig.time
        rig.run(0.1, "bend")
        assert rig.bridge.state is State.HOLDING
        rig.run(0.3, "bend")
        assert rig.velocities(begin + STOPPED)[0] == (0.0, 0.0)
        assert rig.bridge.state is State.ARMED
        assert rig.velocities()[-1][0] > 0

    def test_a_single_stamp_between_right_ones_holds_too(self, rig: Rig) -> None:
        """The tick sees only the last of the joint states that came since the tick before."""
        rig.stamps_ahead = -0.001
        rig.armed().run(0.5, "bend")
        rig.bridge.feedback(JOINTS, rig.measured, rig.now, rig.now.ros - 1.0)
        rig.bridge.feedback(JOINTS, rig.measured, rig.now, rig.now.ros)
        rig.run(0.005, "bend")
        assert rig.bridge.state is State.HOLDING
        assert "measured 999 ms before its previous position" in rig.bridge.reason

    def test_stamps_that_jump_again_and_again_fault_and_refuse_arming(self, rig: Rig) -> None:
        rig.stamps_ahead = -0.001
        rig.armed().run(0.5, "bend")
        for _ in range(25):
            rig.stamps_ahead = 0.2 - rig.stamps_ahead
            rig.run(0.1, "bend")
        assert rig.bridge.state is State.FAULT
        assert "held longer than 2 s: joint elbow was measured" in rig.bridge.reason
        assert "its previous position: look for a second source" in str(rig.bridge.arm(rig.now))

    def test_a_clock_that_is_always_ahead_does_not_jump(self, rig: Rig) -> None:
        rig.stamps_ahead = 3600.0
        rig.armed().run(0.5, "bend")
        assert rig.bridge.state is State.ARMED
        assert rig.bridge.counters["feedback_untimely"] == 0

    @pytest.mark.parametrize(
        ("jump", "state"),
        [
            (-3600.0, State.FAULT),
            (-0.1, State.HOLDING),
            (0.115, State.HOLDING),
            (0.2, State.FAULT),
            (3600.0, State.FAULT),
        ],
    )
    def test_a_jump_of_ros_time_stops(self, rig: Rig, jump: float, state: State) -> None:
        rig.armed().run(0.5, "bend")
        rig.ros_offset += jump
        rig.run(0.005, mute=True)
        assert rig.bridge.state is state
        rig.run(STOPPED, mute=True)
        assert rig.velocities()[-1] == (0.0, 0.0)

    def test_a_paused_ros_clock_stops(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        begin = rig.time
        for _ in range(60):
            rig.ros_offset -= rig.settings.period
            rig.run(rig.settings.period, "bend")
        assert rig.bridge.state is State.HOLDING
        assert rig.velocities(begin + 0.14 + STOPPED)[0] == (0.0, 0.0)


class TestWhereTheJointsAre:
    """A stop stops where the joints are measured, wherever the commands should have brought them."""

    @pytest.mark.parametrize(("place", "state"), [([0.5, -0.4], State.FAULT), ([1.21, 0.02], State.ARMED)])
    def test_a_controller_that_was_away_is_not_thrown(
        self, rig: Rig, place: list[float], state: State
    ) -> None:
        rig.armed().run(0.5, "bend")
        rig.run(0.6, "bend", blind=True)
        assert rig.bridge.state is State.HOLDING
        # While nobody knows where the joints are, the stop is said once.
        assert rig.commands[-1][1] is None
        rig.measured = place
        rig.run(0.01, "rest")
        command = rig.commands[-1][1]
        assert command.stops == pytest.approx(place)
        assert command.until == AHEAD
        rig.run(0.4, "rest")
        assert rig.bridge.state is state
        assert rig.measured == pytest.approx(place)

    def test_a_fault_does_not_bring_back_a_joint_that_somebody_moved(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        rig.measured = [rig.measured[0] - 0.3, 0.0]
        rig.run(0.02, "bend")
        assert rig.bridge.state is State.FAULT
        assert "jumped" in rig.bridge.reason
        before = rig.measured[0]
        rig.run(0.5, "bend")
        assert abs(rig.measured[0] - before) < 0.05
        assert "jumped" in str(rig.bridge.arm(rig.now))

    def test_arming_refuses_joint_states_that_jump(self, rig: Rig) -> None:
        rig.bridge.announce(MODEL)
        for _ in range(20):
            rig.run(0.01, "rest")
            rig.bridge.feedback(JOINTS, [0.0, 0.0], rig.now)
        assert "jumped" in str(rig.bridge.arm(rig.now))
        rig.run(1.0, "rest")
        assert "jumped" in str(rig.bridge.arm(rig.now))
        rig.run(1.1, "rest")
        assert rig.bridge.arm(rig.now) is None

    def test_nothing_is_sent_to_a_device_that_has_stopped_by_itself(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        rig.bridge.output_problem("the emergency stop is pressed")
        begin = len(rig.commands)
        rig.run(0.3, "bend")
        rig.bridge.output_problem(None)
        rig.run(0.3, "bend")
        assert all(command is None for _, command in rig.commands[begin:])
        rig.measured = [0.6, 0.1]
        rig.run(2.1, "rest")
        assert rig.bridge.arm(rig.now) is None
        rig.run(0.005, "rest")
        assert rig.commands[-1][1].stops == pytest.approx((0.6, 0.1))


class TestFaults:
    @pytest.mark.parametrize(
        ("change", "reason", "counter"),
        [
            ({"confidence": math.nan}, "confidence of nan", "not_finite"),
            ({"activation": math.inf}, "activation of inf", "not_finite"),
            ({"model": "m2"}, "another model", "foreign_estimate"),
            ({"action_id": 7}, "action 7", "unknown_action"),
            ({"action": "drop"}, "named 'drop'", "unknown_action"),
        ],
    )
    def test_an_impossible_estimate_latches_a_fault(
        self, rig: Rig, change: dict[str, object], reason: str, counter: str
    ) -> None:
        rig.armed().run(0.5, "bend")
        rig.estimate("bend", **change)
        assert rig.bridge.state is State.FAULT
        assert reason in rig.bridge.reason
        rig.run(3.0, "bend")
        assert rig.bridge.state is State.FAULT
        assert reason in rig.bridge.reason
        assert rig.bridge.counters[counter] == 1

    def test_a_disarmed_bridge_only_counts_it(self, rig: Rig) -> None:
        rig.bridge.announce(MODEL)
        rig.estimate("bend", model="m2")
        assert rig.bridge.state is State.DISARMED
        assert rig.bridge.counters["foreign_estimate"] == 1
        assert rig.bridge.counters["faults"] == 0
        assert rig.bridge.ages(rig.now) == (-1.0, -1.0, -1.0)

    @pytest.mark.parametrize(
        ("change", "counter"),
        [({"last_index": 5}, "out_of_order"), ({"time": 1e12}, "from_the_future"), ({"time": 1.0}, "late")],
    )
    def test_an_estimate_at_the_wrong_time_is_ignored_and_counted(
        self, rig: Rig, change: dict[str, object], counter: str
    ) -> None:
        rig.armed().run(0.5, "rest")
        for _ in range(3):
            rig.estimate("bend", **change)
        rig.run(0.005, mute=True)
        assert rig.bridge.state is State.ARMED
        assert rig.bridge.action == "rest"
        assert rig.bridge.counters[counter] == 3

    def test_another_model_while_armed(self, rig: Rig) -> None:
        rig.armed()
        rig.bridge.announce(MODEL)
        assert rig.bridge.state is State.ARMED
        rig.bridge.announce(dataclasses.replace(MODEL, sha256="other"))
        assert rig.bridge.state is State.FAULT
        assert "the model changed" in rig.bridge.reason

    @pytest.mark.parametrize("position", [math.nan, 2.5])
    def test_impossible_feedback(self, rig: Rig, position: float) -> None:
        rig.armed().run(0.5, "bend")
        rig.bridge.feedback(JOINTS, [position, 0.0], rig.now)
        assert rig.bridge.state is State.FAULT
        assert "joint elbow" in rig.bridge.reason

    def test_a_joint_that_does_not_follow(self, rig: Rig) -> None:
        rig.armed().run(0.4, "bend", loose=True)
        assert rig.bridge.state is State.ARMED
        rig.run(1.0, "bend", loose=True)
        assert rig.bridge.state is State.FAULT
        assert "do not follow their commands" in rig.bridge.reason
        # It was never pressed farther than a returning receiver may be moved, and is not pressed any longer.
        assert max(command.stops[0] for _, command in rig.commands if command is not None) < 1.0 + 0.05
        assert rig.commands[-1][1].stops == pytest.approx(rig.measured)

    def test_the_first_reason_stays(self, rig: Rig) -> None:
        rig.armed()
        rig.bridge.stop("first")
        rig.bridge.stop("second")
        assert rig.bridge.reason == "first"
        assert rig.bridge.counters["faults"] == 1

    def test_arming_leaves_a_fault(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        rig.bridge.stop("pressed")
        rig.run(1.0, "bend")
        assert rig.bridge.arm(rig.now) is None
        rig.run(0.2, "bend")
        assert rig.bridge.state is State.ARMED
        assert rig.velocities()[-1][0] > 0

    def test_a_new_stream_with_lower_indices_can_be_armed_again(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        rig.index = 0
        rig.run(2.3, "bend")
        assert rig.bridge.state is State.FAULT
        rig.run(0.1, "bend")
        assert rig.bridge.arm(rig.now) is None


class TestStopInput:
    def test_false_faults_at_once(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        rig.bridge.stop_input(False, rig.now)
        assert rig.bridge.state is State.FAULT
        assert rig.bridge.reason == "the stop input says false"
        rig.run(STOPPED, "bend")
        assert rig.velocities()[-1] == (0.0, 0.0)

    def test_silence_faults(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        rig.enabled = None
        rig.run(0.2, "bend")
        assert rig.bridge.state is State.FAULT
        assert "the stop input has been silent for 12" in rig.bridge.reason

    @pytest.mark.parametrize(("number", "text"), [(0, "no publisher"), (2, "2 publishers")])
    def test_there_is_exactly_one(self, rig: Rig, number: int, text: str) -> None:
        rig.armed().run(0.5, "bend")
        rig.bridge.stop_input_publishers(number)
        rig.bridge.tick(rig.now)
        assert rig.bridge.state is State.FAULT
        assert text in rig.bridge.reason

    def test_nobody_else_may_command_the_joints(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        rig.bridge.command_publishers(2)
        rig.bridge.tick(rig.now)
        assert rig.bridge.state is State.FAULT
        assert "2 publishers on exo/joint_trajectory" in rig.bridge.reason
        rig.run(0.6, "bend")
        assert "2 publishers" in str(rig.bridge.arm(rig.now))
        rig.bridge.command_publishers(1)
        assert rig.bridge.arm(rig.now) is None

    @pytest.mark.parametrize("enabled", [False, None])
    def test_arming_needs_it(self, rig: Rig, enabled: bool | None) -> None:
        rig.bridge.announce(MODEL)
        rig.enabled = enabled
        rig.run(0.5)
        assert "the stop input" in str(rig.bridge.arm(rig.now))
        rig.enabled = True
        rig.run(0.2)
        assert rig.bridge.arm(rig.now) is None


class TestClocks:
    def test_arming_with_a_clock_that_never_started(self, rig: Rig) -> None:
        rig.bridge.announce(MODEL)
        for _ in range(60):
            rig.ros_offset = -rig.time - rig.settings.period
            rig.run(rig.settings.period)
        rig.ros_offset = -rig.time
        assert "ROS time has not started" in str(rig.bridge.arm(rig.now))

    def test_arming_with_a_stopped_clock(self, rig: Rig) -> None:
        rig.bridge.announce(MODEL)
        rig.run(0.3)
        for _ in range(60):
            rig.ros_offset -= rig.settings.period
            rig.run(rig.settings.period)
        assert "ROS time has not moved for" in str(rig.bridge.arm(rig.now))

    def test_after_a_pause_of_its_own_it_holds_until_everything_is_new(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        rig.ticks += 60
        # The messages that waited in queues come first.
        rig.bridge.feedback(JOINTS, rig.measured, rig.now)
        rig.bridge.stop_input(True, rig.now)
        for i in range(3):
            rig.estimate("bend", time=rig.now.ros - 0.01 + i * 1e-3)
        command = rig.bridge.tick(rig.now)
        assert rig.bridge.state is State.HOLDING
        assert "did not run for 300 ms" in rig.bridge.reason
        assert command is not None
        assert not command.moving
        rig.run(0.3, "bend")
        assert rig.bridge.state is State.ARMED


class TestOutput:
    def test_a_lost_cable_faults_and_refuses_arming_until_it_is_back(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        rig.bridge.output_problem("the cable was pulled")
        assert rig.bridge.state is State.FAULT
        rig.run(0.5, "bend")
        assert rig.bridge.arm(rig.now) == "the cable was pulled"
        rig.bridge.output_problem(None)
        assert rig.bridge.arm(rig.now) is None

    def test_a_broken_command_is_replaced_by_a_stop(self, rig: Rig) -> None:
        """No input is known to cause this, so the test damages the motion profile itself."""
        rig.armed().run(0.5, "bend")
        rig.bridge._profile.begin([math.nan, 0.0], rig.time)
        rig.ticks += 1
        command = rig.bridge.tick(rig.now)
        assert rig.bridge.state is State.FAULT
        assert rig.bridge.counters["not_following"] + rig.bridge.counters["unsafe_command"] >= 1
        assert command is not None
        assert command.stops == tuple(rig.bridge._watch.feedback.positions())
        assert command.velocities == (0.0, 0.0)

    def test_an_exoskeleton_that_follows_velocities_may_drift(self, make_rig: type[Rig]) -> None:
        """It moves 10 % slower than commanded, for 1.6 rad."""
        rig = make_rig(follows_velocity=True)
        rig.measured = [0.05, 0.0]
        rig.armed()
        for _ in range(800):
            place = rig.measured[0]
            rig.run(rig.settings.period, "bend")
            moved = rig.velocities()[-1][0] * rig.settings.period
            rig.measured = [place + 0.9 * moved, 0.0]
        assert rig.bridge.state is State.ARMED
        assert rig.measured[0] > 1.4

    def test_one_that_follows_velocities_is_told_to_stand_without_joint_states(
        self, make_rig: type[Rig]
    ) -> None:
        rig = make_rig(follows_velocity=True).armed()
        rig.run(0.3, "bend")
        rig.run(0.5, "bend", blind=True)
        assert rig.bridge.state is State.HOLDING
        assert rig.commands[-1][1].velocities == (0.0, 0.0)

    def test_a_blocked_one_is_noticed(self, make_rig: type[Rig]) -> None:
        rig = make_rig(follows_velocity=True).armed()
        rig.run(2.0, "bend", loose=True)
        assert rig.bridge.state is State.FAULT
        assert "blocked or loose" in rig.bridge.reason


def test_a_pause_of_the_bridge_loses_no_position(make_rig: type[Rig]) -> None:
    """After 300 ms without a tick the motion goes on from where the last trajectory ended."""
    rig = make_rig().armed()
    rig.run(0.5, "bend")
    before = rig.commands[-1][1]
    rig.ticks += 60
    rig.bridge.feedback(JOINTS, rig.measured, rig.now)
    rig.estimate("bend")
    command = rig.bridge.tick(rig.now)
    assert command.positions[0] == pytest.approx(before.stops[0], abs=1e-3)
    assert command.velocities[0] <= 8.0 * rig.settings.period
