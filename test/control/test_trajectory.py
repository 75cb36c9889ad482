"""The last check of a command."""

from __future__ import annotations

import math

import pytest

from emg_recognition.control.joints import JointLimits
from emg_recognition.control.trajectory import Command, check_command


class TestCheck:
    LIMITS = (
        JointLimits(name="a", lower=0.0, upper=1.0, max_velocity=0.5, max_acceleration=8.0),
        JointLimits(name="b", lower=-1.0, upper=0.0, max_velocity=0.4, max_acceleration=5.0, max_step=0.003),
    )
    HERE = ((0.5, 0.2), (-0.5, 0.0))
    PERIOD = 0.005

    def command(
        self,
        positions: tuple[float, ...],
        velocities: tuple[float, ...],
        stops: tuple[float, ...] = (0.51, -0.51),
    ) -> Command:
        return Command(self.PERIOD, positions, velocities, 0.1, stops)

    def test_a_command_within_every_limit(self) -> None:
        command = self.command((0.501, -0.5), (0.2 + 8.0 * self.PERIOD, -5.0 * self.PERIOD))
        assert check_command(command, self.HERE, self.LIMITS) is None

    @pytest.mark.parametrize(
        ("positions", "velocities", "text"),
        [
            ((math.nan, -0.5), (0.2, 0.0), "joint a: position nan"),
            ((0.5, -0.5), (0.2, math.inf), "joint b: position -0.5, velocity inf"),
            ((1.001, -0.5), (0.2, 0.0), "joint a: position 1.001 outside 0.0 to 1.0"),
            ((0.5, -0.5), (-0.51, 0.0), "joint a: velocity -0.51 above 0.5"),
            ((0.5, -0.5), (0.2, 0.03), "joint b: from 0.0 to 0.03"),
            ((0.5, -0.5031), (0.2, 0.0), "joint b: a step"),
            ((0.5, -0.5), (math.nan, 0.0), "joint a: position 0.5, velocity nan"),
        ],
    )
    def test_a_command_beyond_a_limit(
        self, positions: tuple[float, ...], velocities: tuple[float, ...], text: str
    ) -> None:
        assert text in str(check_command(self.command(positions, velocities), self.HERE, self.LIMITS))

    @pytest.mark.parametrize("here", [(math.nan, 0.0), (0.5, math.nan)])
    def test_a_present_state_that_is_not_finite(self, here: tuple[float, float]) -> None:
        command = self.command((0.5, -0.5), (0.2, 0.0))
        assert check_command(command, [here, self.HERE[1]], self.LIMITS) is not None

    @pytest.mark.parametrize("stop", [math.nan, 1.001, -0.001])
    def test_a_stop_outside_the_limits(self, stop: float) -> None:
        command = self.command((0.5, -0.5), (0.2, 0.0), (stop, -0.5))
        assert "joint a: a stop at" in str(check_command(command, self.HERE, self.LIMITS))
