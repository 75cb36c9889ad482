"""An armband that is turned is noticed in use, whatever is performed, and a donned bundle ends that."""

from __future__ import annotations

import dataclasses

import pytest
from emg_recognition.msg import EmgSamples

from emg_recognition.models.bundle import read_bundle
from emg_recognition.models.turn_watch import SHORTEST
from emg_recognition.ros.armband import Armband

from ..ring_arm import RING, perform, write_bundle_to_don

RATE = 200.0
#: A round of the four actions, 3 s each.
ROUND = 4 * 15 * 40


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return read_bundle(write_bundle_to_don(tmp_path_factory.mktemp("base") / "bundle"))


def use(armband, turn, seconds, *, mirrored=False, restart=False):
    """Wear an armband for a while, with a look every second."""
    for number in range(round(seconds * RATE / ROUND)):
        windows, _ = perform(turn, mirrored, gain=100.0, seed=50, noise=number, windows=15)
        samples = windows.reshape(-1, RING)
        for begin in range(0, ROUND, 10):
            message = EmgSamples(first_index=number * ROUND + begin, rate=RATE, channels=RING, unit="count")
            message.restart = restart and number == begin == 0
            armband.add(samples[begin : begin + 10], message)
            if (begin + 10) % RATE == 0:
                armband.look()
    return armband.warning


def watched(info):
    armband = Armband()
    armband.watch(info)
    return armband


@pytest.mark.parametrize("turn", [0.0, 0.5])
def test_an_armband_that_sits_about_right_is_not_complained_about(base, turn):
    assert use(watched(base), turn, 2 * SHORTEST) == ""


def test_a_turned_armband_is_to_be_donned(base):
    armband = watched(base)
    assert use(armband, 2.5, 0.8 * SHORTEST) == ""  # too early to say
    said = use(armband, 2.5, 2 * SHORTEST, restart=True)
    assert said == (
        "the armband sits turned by 2.5 electrodes towards lower electrode numbers compared with the people "
        "that the model knows: don the armband"
    )
    assert "mirrored" in use(watched(base), 5.0, 2 * SHORTEST, mirrored=True)
    # Once it is donned, that is where it should sit.
    orientation = {"turn": 2.5, "mirrored": False, "gain": 1.0, "ring": RING, "subject": ""}
    donned = dataclasses.replace(base, orientation=orientation)
    armband.watch(donned)
    assert armband.warning == ""
    assert use(armband, 2.5, 2 * SHORTEST, restart=True) == ""
    assert use(armband, 0.0, 2 * SHORTEST, restart=True).startswith(
        "the armband sits turned by 2.5 electrodes towards higher electrode numbers since it was donned"
    )


def test_without_what_it_needs_nothing_is_said(base, tiny_bundle):
    assert use(watched(None), 2.5, 2 * SHORTEST) == ""
    assert use(watched(read_bundle(tiny_bundle)), 2.5, 2 * SHORTEST) == ""
    assert use(watched(dataclasses.replace(base, rate=500.0)), 2.5, 2 * SHORTEST) == ""
