"""An evaluation names the sessions whose armband is turned and not corrected for."""

from __future__ import annotations

import emg_recognition as emg

from ..ring_arm import recordings, write_bundle_to_don

STRAIGHT, TURNED = (0.0, False, 1.0), (2.5, False, 1.0)


def test_turned_sessions_are_named(tmp_path):
    base = write_bundle_to_don(tmp_path / "base")
    found = recordings({"anna": TURNED, "ben": STRAIGHT}, seed=50)
    assert emg.evaluate(base, found).metrics.problems == (
        "anna, session 1: the armband sits turned by 2.5 electrodes towards lower electrode numbers compared "
        "with the people that the model knows: don the armband",
    )
    # Anna has donned the armband, Ben wears hers.
    donned = emg.don(base, found.select(found.subject == "anna"), tmp_path / "anna").bundle
    (problem,) = emg.evaluate(donned, found).metrics.problems
    assert problem.startswith("ben, session 1: the armband sits turned by 2.5 electrodes towards higher")
    # One action tells too little.
    assert emg.evaluate(base, found.select(found.label == "fist")).metrics.problems == ()
