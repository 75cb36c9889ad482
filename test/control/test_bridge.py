"""Arming, motion and disarming of a bridge in simulated time."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from emg_recognition.control.bridge import Bridge
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.control.exoskeleton import ActionMotion, Exoskeleton
from emg_recognition.control.motion import AHEAD
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.control.states import State
from emg_recognition.errors import SettingError
from emg_recognition.types import Model

from .conftest import ELBOW

if TYPE_CHECKING:
    from .conftest import Rig

MODEL = Model(
    model="m1", sha256="abc", actions=("rest", "bend", "drop", "reach", "fist"), rate=200.0, channels=8
)
JOINTS = ["elbow", "wrist"]


def test_it_starts_disarmed_and_commands_nothing(rig: Rig) -> None:
    rig.bridge.announce(MODEL)
    rig.run(1.0)
    assert rig.bridge.state is State.DISARMED
    assert all(command is None for _, command in rig.commands)
    assert rig.bridge.last_index is None
    assert rig.bridge.last_command(rig.now) is None


class TestArming:
    def test_without_a_model(self, rig: Rig) -> None:
        rig.run(0.2)
        assert "no model announced" in str(rig.bridge.arm(rig.now))
        assert rig.bridge.state is State.DISARMED
        assert rig.bridge.counters["refusals"] == 1

    def test_with_a_model_that_moves_nothing(self, rig: Rig) -> None:
        rig.bridge.announce(Model(model="m1", sha256="abc", actions=("rest", "fist"), rate=200.0, channels=8))
        rig.run(0.2, mute=True)
        rig.estimate("rest")
        assert "moves a joint: rest, fist" in str(rig.bridge.arm(rig.now))

    def test_without_signals(self, rig: Rig) -> None:
        rig.bridge.announce(MODEL)
        rig.run(0.2, mute=True)
        assert rig.bridge.arm(rig.now) == "no usable estimate on emg/action yet"

    def test_with_stale_signals(self, rig: Rig) -> None:
        rig.bridge.announce(MODEL)
        rig.run(0.2)
        rig.run(0.13, mute=True)
        assert "signal stale" in str(rig.bridge.arm(rig.now))

    def test_without_joint_states(self, rig: Rig) -> None:
        rig.bridge.announce(MODEL)
        rig.run(0.2, blind=True)
        assert rig.bridge.arm(rig.now) == "no position of joint elbow on exo/joint_states yet"

    def test_with_stale_joint_states(self, rig: Rig) -> None:
        rig.bridge.announce(MODEL)
        rig.run(0.2)
        rig.run(0.15, "rest", blind=True)
        assert "feedback stale" in str(rig.bridge.arm(rig.now))

    def test_outside_a_limit(self, rig: Rig) -> None:
        rig.measured = [2.01, 0.0]
        rig.bridge.announce(MODEL)
        rig.run(0.2)
        assert "outside 0 to 2" in str(rig.bridge.arm(rig.now))

    def test_moves_only_after_a_full_vote_since(self, rig: Rig) -> None:
        rig.bridge.announce(MODEL)
        rig.run(0.2, "bend")
        assert rig.bridge.arm(rig.now) is None
        begin = rig.time
        rig.run(0.07, "bend")  # two estimates
        assert not any(map(any, rig.velocities(begin)))
        rig.run(0.03, "bend")
        assert rig.bridge.action == "bend"
        assert rig.velocities()[-1][0] > 0

    def test_starts_from_where_the_joints_are(self, rig: Rig) -> None:
        rig.measured = [0.7, -0.3]
        rig.armed().run(0.005, "rest")
        command = rig.commands[-1][1]
        assert command is not None
        assert command.positions == (0.7, -0.3)
        assert command.velocities == (0.0, 0.0)

    def test_twice_changes_nothing(self, rig: Rig) -> None:
        rig.armed().run(0.5)
        positions = rig.commands[-1][1]
        assert rig.bridge.arm(rig.now) is None
        rig.run(0.005)
        assert rig.velocities()[-1] == pytest.approx(positions.velocities)
        assert rig.bridge.counters["armings"] == 1

    def test_while_still_stopping(self, rig: Rig) -> None:
        rig.armed().run(0.5)
        rig.bridge.stop("stop")
        rig.run(0.02)
        assert "still stopping" in str(rig.bridge.arm(rig.now))


class TestMotion:
    def test_an_action_moves_its_joint_at_its_speed(self, rig: Rig) -> None:
        rig.armed().run(1.0, "bend")
        assert rig.velocities()[-1] == pytest.approx((0.4, 0.0), abs=1e-4)
        assert rig.measured[0] == pytest.approx(1.0 + 0.4 * 0.9, abs=0.02)
        assert rig.bridge.last_index == rig.index

    def test_another_action_moves_another_joint(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        rig.run(0.5, "drop")
        assert rig.velocities()[-1] == pytest.approx((0.0, -0.4), abs=1e-3)

    @pytest.mark.parametrize("action", ["rest", None])
    def test_rest_and_rejection_hold(self, rig: Rig, action: str | None) -> None:
        rig.armed().run(0.5, "bend")
        rig.run(0.3, action)
        assert rig.velocities()[-1] == (0.0, 0.0)
        assert rig.bridge.state is State.ARMED
        assert rig.bridge.action == (action or "")

    def test_one_wrong_estimate_among_three_moves_nothing(self, rig: Rig) -> None:
        rig.armed()
        begin = rig.time
        for _ in range(20):
            rig.run(0.05, "rest")
            rig.run(0.025, "bend")
        assert not any(map(any, rig.velocities(begin)))

    def test_every_tick_while_armed_has_one_command(self, rig: Rig) -> None:
        rig.armed()
        begin = len(rig.commands)
        rig.run(1.0)
        assert all(command is not None for _, command in rig.commands[begin:])
        assert rig.bridge.counters["commands"] == len(rig.commands) - begin

    def test_the_same_tick_twice_says_the_same(self, rig: Rig) -> None:
        rig.armed().run(0.11, "bend")
        assert rig.bridge.tick(rig.now) == rig.commands[-1][1] != rig.commands[-2][1]


class TestDisarming:
    @pytest.mark.parametrize("how", ["disarm", "stop"])
    def test_it_ramps_down_and_repeats_the_stop_for_half_a_second(self, rig: Rig, how: str) -> None:
        rig.armed().run(0.5, "bend")
        getattr(rig.bridge, how)("asked to")
        begin = rig.time
        rig.run(1.0, "bend")
        speeds = [velocities[0] for velocities in rig.velocities(begin)]
        assert speeds == sorted(speeds, reverse=True)
        assert 0 < speeds[0] < 0.4
        sent = [time - begin for time, command in rig.commands if time > begin and command is not None]
        moving = [
            time - begin
            for time, command in rig.commands
            if time > begin and command is not None and command.moving
        ]
        assert moving[-1] < AHEAD
        assert sent[-1] == pytest.approx(moving[-1] + 0.5, abs=0.02)
        assert rig.bridge.reason == "asked to"

    def test_leaves_a_fault_latched(self, rig: Rig) -> None:
        rig.armed()
        rig.bridge.stop("pressed")
        rig.bridge.disarm("disarmed")
        assert rig.bridge.state is State.FAULT
        assert rig.bridge.reason == "pressed"

    def test_the_last_command_stops_within_the_ramp(self, rig: Rig) -> None:
        rig.armed().run(0.5, "bend")
        before = rig.commands[-1][1]
        rig.ticks += 1
        command = rig.bridge.last_command(rig.now)
        assert rig.bridge.state is State.DISARMED
        assert command.velocities == (0.0, 0.0)
        assert command.until <= AHEAD
        assert before.positions[0] < command.stops[0] < before.positions[0] + 0.4 * AHEAD / 2

    def test_there_is_no_last_command_after_the_stop(self, rig: Rig) -> None:
        rig.armed().run(0.2)
        rig.bridge.disarm("done")
        rig.run(1.0)
        assert rig.bridge.last_command(rig.now) is None


class TestReturn:
    def test_return_to_neutral(self, rig: Rig) -> None:
        rig.armed().run(0.1, "rest")
        assert rig.bridge.return_to_neutral() is None
        rig.run(0.2, "rest")
        assert rig.bridge.reason == "returning to neutral"
        assert rig.velocities()[-1] == (pytest.approx(-0.2), pytest.approx(0.1, abs=0.05))
        rig.run(3.0, None)
        assert rig.measured == pytest.approx([0.8, 0.1], abs=0.003)
        assert rig.bridge.reason == "armed"

    def test_only_while_armed(self, rig: Rig) -> None:
        assert "DISARMED" in str(rig.bridge.return_to_neutral())
        rig.armed().run(0.2, mute=True)
        assert "HOLDING" in str(rig.bridge.return_to_neutral())

    def test_a_hold_ends_it(self, rig: Rig) -> None:
        rig.armed()
        rig.bridge.return_to_neutral()
        rig.run(0.3, mute=True)
        rig.run(0.2, "rest")
        assert rig.bridge.state is State.ARMED
        assert rig.velocities()[-1] == (0.0, 0.0)

    def test_the_wearer_has_priority(self, rig: Rig) -> None:
        rig.armed()
        rig.bridge.return_to_neutral()
        rig.run(0.3, "bend")
        assert rig.velocities()[-1] == pytest.approx((0.4, 0.0), abs=1e-4)
        assert rig.bridge.reason == "armed"


class TestDecisions:
    def test_an_action_may_move_several_joints(self, rig: Rig) -> None:
        rig.armed().run(0.5, "reach")
        assert rig.velocities()[-1] == pytest.approx((-0.2, -0.1))

    def test_an_action_has_its_own_threshold(self, rig: Rig) -> None:
        rig.armed()
        begin = rig.time
        for _ in range(20):
            rig.run(0.02, mute=True)
            rig.estimate("bend", confidence=0.59)
            rig.run(0.005, mute=True)
        assert not any(map(any, rig.velocities(begin)))

    def test_speed_follows_activation(self, make_rig: type[Rig]) -> None:
        rig = make_rig({"proportional": True, "activation_low": 0.5, "activation_full": 1.5}).armed()
        rig.run(0.3, "bend")
        assert rig.velocities()[-1] == (pytest.approx(0.2), 0.0)

    def test_settings_change_only_while_disarmed(self, rig: Rig) -> None:
        rig.armed()
        slow = DecisionSettings(votes=9)
        assert "disarm first" in str(rig.bridge.change(decisions=slow, hold_timeout=1.0))
        rig.bridge.disarm("done")
        rig.run(1.0)
        assert rig.bridge.change(decisions=slow, hold_timeout=1.0) is None
        rig.armed().run(0.2, "bend")
        assert rig.velocities()[-1] == (0.0, 0.0)  # not yet nine votes
        rig.run(0.1, "bend")
        assert rig.velocities()[-1][0] > 0


def test_a_step_limit_too_small_for_the_speed() -> None:
    joint = dataclasses.replace(ELBOW, max_step=0.002)
    motion = ActionMotion(action="bend", velocities={"elbow": 0.4})
    with pytest.raises(SettingError, match=r"elbow: max_step is 0\.002.*0\.0025"):
        Bridge(Exoskeleton((joint,), (motion,)), BridgeSettings())
