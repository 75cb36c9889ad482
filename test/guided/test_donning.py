"""Donning as a step: what is asked for, and what comes of the gestures."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest

from emg_recognition.errors import BundleError, EmgRecognitionError
from emg_recognition.guided.donning import HOLD, Donning, donning_plan
from emg_recognition.models.bundle import read_bundle
from emg_recognition.models.orientation import Orientation
from emg_recognition.models.reference import read_reference

from ..ring_arm import apart, recordings, write_bundle_to_don

TURNED = (2.5, False, 0.5)
PATIENCE = 240.0


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return write_bundle_to_don(tmp_path_factory.mktemp("base") / "bundle")


@pytest.fixture
def sync(base):
    info = read_bundle(base)
    return [info.actions[number] for number in read_reference(info).sync]


def performed(path, gestures, quiet=None):
    """Save one repetition of a wearer, with a gesture that they do not perform."""
    found = recordings({"anna": TURNED}, repetitions=1, seed=50)
    found = found.select(np.isin(found.label, ["rest", *gestures]))
    counts = found.counts.copy()
    for begin in found.start[found.label == quiet]:
        counts[begin : begin + found.length[0]] = 0
    dataclasses.replace(found, counts=counts, session=np.full(len(found), "donning_1")).save(path)
    return path


def finished(donning):
    deadline = time.monotonic() + PATIENCE
    while (found := donning.result()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def test_rest_and_the_two_gestures_of_the_bundle_are_asked_for(base, sync):
    prompts = donning_plan(base).prompts()
    assert [prompt.action for prompt in prompts] == ["rest", *sync]
    assert {prompt.hold for prompt in prompts} == {HOLD}


def test_the_gestures_give_a_bundle_or_one_line(base, sync, tmp_path):
    first = Donning(base, tmp_path / "anna", "anna")
    second = Donning(base, tmp_path / "nobody", "anna")
    assert not first.performed
    first.prepare(performed(tmp_path / "good.npz", sync))
    second.prepare(performed(tmp_path / "quiet.npz", sync, quiet=sync[0]))
    assert not first.failed  # it waits to be asked
    for one in (first, second):
        one.ask()
    found = finished(first)
    assert found.text.startswith("turned by 2.5 electrodes towards lower electrode numbers")
    sits = read_bundle(found.bundle).orientation
    assert apart(Orientation(sits["turn"], sits["mirrored"]), *TURNED[:2]) <= 0.5
    with pytest.raises(EmgRecognitionError, match=rf"{sync[0]} was not performed.*record it again") as caught:
        finished(second)
    assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "nobody").exists()


def test_a_donning_that_is_given_up_leaves_no_process(base, tmp_path):
    donning = Donning(base, tmp_path / "anna", "anna")
    donning.prepare(tmp_path / "bag")
    donning.close()
    assert donning.failed
    assert not (tmp_path / "anna").exists()


def test_a_bundle_that_knows_no_armbands_is_refused(tiny_bundle, tmp_path):
    with pytest.raises(BundleError, match="--orientation align"):
        Donning(tiny_bundle, tmp_path / "anna", "anna")
