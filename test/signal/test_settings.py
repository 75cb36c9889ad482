"""Settings of the signal path: what is accepted, what is chosen, and the fingerprint."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import yaml

from emg_recognition.errors import SettingError
from emg_recognition.settings import from_mapping
from emg_recognition.signal.settings import PipelineSettings, stride_samples, suited_settings

GIVEN = {"rate": 200.0, "channels": 8, "unit": "count", "low": 20.0, "high": 95.0}


def test_a_window_and_the_settling_are_whole_samples():
    settings = PipelineSettings(**GIVEN)
    assert (settings.length, settings.settling_samples) == (40, 50)


@pytest.mark.parametrize(
    ("stride", "rate", "samples"), [(0.025, 1000, 25), (0.05, 200, 10), (0.001, 200, 1), (0.0125, 200, 2)]
)
def test_a_stride_is_whole_samples_and_at_least_one(stride, rate, samples):
    assert stride_samples(stride, rate) == samples


@pytest.mark.parametrize(
    ("rate", "window", "settling", "length", "settling_samples"),
    [
        (1925.926, 0.2, 0.25, 385, 482),  # a rate with a fraction
        (100.0, 0.07, 0.07, 7, 7),  # 0.07 * 100 is a little above 7 in binary
        (1000.0, 0.0014, 0.0011, 1, 2),  # the settling is never rounded down
        (200.0, 0.2, 0.0, 40, 0),
    ],
)
def test_seconds_become_samples(rate, window, settling, length, settling_samples):
    settings = PipelineSettings(
        rate=rate, channels=1, unit="V", low=5, high=40, notch=0, window=window, settling=settling
    )
    assert (settings.length, settings.settling_samples) == (length, settling_samples)


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("rate", 0.0, "above 0 Hz"),
        ("rate", float("nan"), "a number above 0 Hz"),
        ("rate", "200", "a number above 0 Hz"),
        ("rate", True, "a number above 0 Hz"),
        ("channels", 0, "at least 1"),
        ("channels", 8.0, "whole number"),
        ("unit", "mV", "V, count"),
        ("low", 0.0, "above 0 Hz"),
        ("low", 95.0, "below the upper one, 95 Hz"),
        ("high", 100.0, "between 0 and 100 Hz"),
        ("high", 450.0, "between 0 and 100 Hz"),
        ("order", 0, "from 1 to 8"),
        ("order", 9, "from 1 to 8"),
        ("notch", 100.0, "below 100 Hz, or 0"),
        ("notch", -50.0, "at least 0 Hz"),
        ("notch_quality", 0.0, "at least 1"),
        ("window", 0.0, "above 0 s"),
        ("window", 0.001, "0.005 s"),
        ("settling", -0.1, "at least 0 s"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_remedy(name, value, remedy):
    with pytest.raises(SettingError) as caught:
        PipelineSettings(**{**GIVEN, name: value})
    message = str(caught.value)
    assert message.startswith(f"{name} is {value!r}: ")
    assert remedy in message
    assert "\n" not in message


CHANGED = {
    "rate": 250.0,
    "channels": 9,
    "unit": "V",
    "low": 21.0,
    "high": 94.0,
    "order": 3,
    "notch": 60.0,
    "notch_quality": 30.0,
    "window": 0.25,
    "settling": 0.3,
}


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(PipelineSettings)])
def test_the_fingerprint_covers_every_setting(name):
    changed = PipelineSettings(**{**GIVEN, name: CHANGED[name]})
    assert changed.fingerprint() != PipelineSettings(**GIVEN).fingerprint()


@pytest.mark.parametrize("same", [{"window": 0.2001}, {"rate": np.float32(200)}, {"channels": np.int64(8)}])
def test_the_fingerprint_is_the_same_for_the_same_windows(same):
    assert PipelineSettings(**{**GIVEN, **same}).fingerprint() == PipelineSettings(**GIVEN).fingerprint()


def test_without_a_notch_its_quality_does_not_matter():
    lines = {PipelineSettings(**GIVEN, notch=0, notch_quality=q).fingerprint() for q in (10, 30)}
    assert len(lines) == 1
    assert "no notch" in lines.pop()


def test_the_fingerprint_stays_as_it_was_released():
    # Bundles contain this line: when the signal path changes, its first word must change too.
    assert PipelineSettings(**GIVEN).fingerprint() == (
        "emg1: 8 ch at 200 Hz in count, Butterworth 20-95 Hz order 4, "
        "notch 50 Hz Q 10, window 40, settling 50"
    )


def test_settings_survive_yaml():
    settings = PipelineSettings(**{**GIVEN, "rate": np.float64(1925.926), "channels": np.int16(3)})
    text = yaml.safe_dump(settings.to_mapping())
    assert from_mapping(PipelineSettings, yaml.safe_load(text), "model.yaml: pipeline") == settings


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({**GIVEN, "hihg": 90}, "model.yaml: pipeline.hihg is 90: no such setting"),
        ({"rate": 200.0}, "model.yaml: pipeline.channels is None: give it a value"),
        ([1], "model.yaml: pipeline is [1]: write a mapping"),
    ],
)
def test_a_bad_mapping_is_named_with_its_place(mapping, message):
    with pytest.raises(SettingError) as caught:
        from_mapping(PipelineSettings, mapping, "model.yaml: pipeline")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("rate", "high", "notch"),
    [(200.0, 95.0, 50.0), (1000.0, 450.0, 50.0), (2000.0, 450.0, 50.0), (100.0, 47.5, 0.0)],
)
def test_the_band_suits_the_rate(rate, high, notch):
    settings = suited_settings(rate=rate, channels=8, unit="count")
    assert (settings.low, settings.high, settings.notch) == (20.0, high, notch)


def test_the_notch_is_at_the_mains_frequency_of_the_country():
    assert suited_settings(rate=1000, channels=1, unit="V", mains=60).notch == 60.0
    assert suited_settings(rate=1000, channels=1, unit="V", mains=0).notch == 0.0
    assert suited_settings(rate=1000, channels=1, unit="V", high=45).notch == 0.0


def test_given_values_are_used():
    settings = suited_settings(rate=200, channels=8, unit="count", low=10, notch=0, window=0.25)
    assert (settings.low, settings.notch, settings.length) == (10.0, 0.0, 50)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rate": 41}, "pipeline.low is 20.0: choose a lower edge below the upper one, 19.475 Hz"),
        ({"rate": "fast"}, "rate is 'fast': use a number above 0 Hz"),
        ({"rate": 200, "mains": None}, "mains is None: use a number of at least 0 Hz"),
        ({"rate": 200, "width": 3}, "pipeline.width is 3: no such setting"),
    ],
)
def test_unusable_values_are_refused(given, message):
    with pytest.raises(SettingError) as caught:
        suited_settings(channels=8, unit="count", **given)
    assert str(caught.value).startswith(message)
