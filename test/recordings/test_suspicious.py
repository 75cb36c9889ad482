"""Labels and channels that look wrong: each planted mistake is found, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.recordings.inspect import inspect
from emg_recognition.recordings.recordings import Recordings

RATE = 200.0
ACTIONS = ("fist", "pinch", "point", "wave")
CHANNELS = 8


def study(change=lambda samples, labels: None, *, rest=True, turned=True, ring=CHANNELS):
    """Return three people with three sessions each, whose armbands are turned, after a change.

    `change` is given the samples and the labels by subject, session, action and repetition.
    """
    rng = np.random.default_rng(5)
    pattern = {action: rng.uniform(0.0, 2.5, CHANNELS) for action in ACTIONS}
    if rest:
        pattern["rest"] = np.full(CHANNELS, -0.5)
    samples, labels = {}, {}
    for subject in ("anna", "bert", "cleo"):
        person = {action: rng.normal(0, 0.1, CHANNELS) for action in pattern}
        for session in ("1", "2", "3"):
            turn = int(rng.integers(CHANNELS)) if turned else 0
            strength = rng.normal(0, 0.2)
            for action, log_rms in pattern.items():
                for repetition in (1, 2, 3, 4):
                    gain = np.exp(log_rms + person[action] + strength + rng.normal(0, 0.1, CHANNELS))
                    key = subject, session, action, repetition
                    samples[key] = np.roll(40 * gain * rng.normal(size=(300, CHANNELS)), turn, axis=1)
                    labels[key] = action
    change(samples, labels)
    subjects, sessions, _, repetitions = map(list, zip(*samples, strict=True))
    found = Recordings.from_segments(
        [samples[key] for key in samples],
        [labels[key] for key in samples],
        subjects=subjects,
        sessions=sessions,
        repetitions=repetitions,
        rate=RATE,
    )
    return found


def suspected(*arguments, **options):
    return [(one.kind, one.name, one.detail) for one in inspect(study(*arguments, **options)).suspicious]


def exchange(labels, where, one, other):
    for key, label in labels.items():
        if where(*key):
            labels[key] = {one: other, other: one}.get(label, label)


@pytest.mark.parametrize("rest", [True, False])
def test_nothing_is_suspected_in_good_recordings(rest):
    found = inspect(study(rest=rest))
    assert found.suspicious == ()
    assert found.warnings == ()


@pytest.mark.parametrize("turned", [True, False])
def test_exchanged_labels_of_a_session(turned):
    def change(samples, labels):
        exchange(labels, lambda subject, session, *_: (subject, session) == ("bert", "2"), "fist", "wave")

    assert suspected(change, turned=turned) == [("exchanged", "bert/2", "fist and wave")]


def test_a_cycle_of_labels():
    def change(samples, labels):
        following = {"fist": "pinch", "pinch": "point", "point": "fist"}
        for key, label in labels.items():
            if key[:2] == ("cleo", "1"):
                labels[key] = following.get(label, label)

    ((kind, name, detail),) = suspected(change)
    assert (kind, name) == ("exchanged", "cleo/1")
    assert sorted(detail.replace(" and ", ", ").split(", ")) == ["fist", "pinch", "point"]


@pytest.mark.parametrize("rest", [True, False])
def test_a_repetition_in_which_nothing_was_performed(rest):
    def change(samples, labels):
        quiet = np.exp(-0.5) * 40 * np.random.default_rng(1).normal(size=(300, CHANNELS))
        samples["anna", "3", "wave", 2] = quiet

    assert suspected(change, rest=rest) == [("idle", "anna/3/wave/2", "")]


def test_two_labels_of_one_repetition_exchanged():
    def change(samples, labels):
        exchange(labels, lambda *key: key[:2] == ("anna", "1") and key[3] == 4, "fist", "point")

    assert suspected(change) == [
        ("unlike", "anna/1/point/4", "like fist"),
        ("unlike", "anna/1/fist/4", "like point"),
    ]


@pytest.mark.parametrize("signal", ["nothing", "noise", "hum"])
def test_a_channel_that_is_dead_in_one_session(signal):
    def change(samples, labels):
        rng = np.random.default_rng(2)
        for key, values in samples.items():
            if key[:2] == ("cleo", "3"):
                when = np.arange(len(values)) / RATE
                values[:, 4] = {
                    "nothing": np.zeros(len(values)),
                    "noise": 60 * rng.normal(size=len(values)),
                    "hum": 500 * np.sin(2 * np.pi * 50.3 * when),
                }[signal]

    assert ("dead", "cleo/3", "channel 5") in suspected(change)
    assert len(suspected(change)) == 1


def test_the_warnings_name_what_can_be_left_out():
    def change(samples, labels):
        exchange(labels, lambda *key: key[:2] == ("anna", "1") and key[3] == 4, "fist", "point")

    recordings = study(change)
    (warning,) = inspect(recordings).warnings
    assert "anna/1/point/4 (like fist), anna/1/fist/4 (like point)" in warning
    assert "--without" in warning
    left = recordings.without([one.name for one in inspect(recordings).suspicious])
    assert len(left) == len(recordings) - 2
    assert "unlike" not in " ".join(inspect(left).warnings)


def test_few_recordings_are_no_reason_to_suspect():
    whole = study()
    anna = whole.subject == "anna"
    for some in (anna, anna & (whole.session == "1"), whole.repetition == 1):
        assert inspect(whole.select(some)).suspicious == ()
    assert inspect(whole.select(whole.label == "fist")).suspicious == ()


def test_of_a_long_segment_some_seconds_are_enough(rng):
    def change(samples, labels):
        for key in samples:
            samples[key] = np.tile(samples[key], (20, 1))  # 30 s
        exchange(labels, lambda *key: key[:2] == ("anna", "1") and key[3] == 4, "fist", "point")

    assert [name for _, name, _ in suspected(change)] == ["anna/1/point/4", "anna/1/fist/4"]
