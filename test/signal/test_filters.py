"""The filters: hum, drift and offset go, the band stays, and the future is not used."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
import yaml
from scipy.signal import sosfilt, sosfreqz

from emg_recognition.errors import SettingError
from emg_recognition.signal import filters
from emg_recognition.signal.filters import StreamFilter, design, filter_in_place, given_sections
from emg_recognition.signal.settings import PipelineSettings, suited_settings

RATES = [200.0, 500.0, 1925.926, 2000.0]


def filtered(wave, settings):
    return StreamFilter(settings).apply(wave.astype(np.float32)[:, np.newaxis])[:, 0]


def rms(values):
    return np.sqrt(np.mean(values**2))


def seconds(rate, duration=4.0):
    return np.arange(round(duration * rate)) / rate


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("mains", [50.0, 60.0])
@pytest.mark.parametrize("phase", [0.0, 0.7, 1.9])
def test_hum_is_attenuated_by_20_db_once_settled(rate, mains, phase):
    settings = suited_settings(rate=rate, channels=1, unit="count", mains=mains)
    hum = np.sin(2 * np.pi * mains * seconds(rate) + phase)
    left = filtered(hum, settings)
    first = slice(settings.settling_samples, settings.settling_samples + settings.length)
    assert rms(left[first]) < rms(hum) / 10
    assert rms(left[round(rate) :]) < rms(hum) / 1000


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("off", [-0.2, 0.2])
def test_hum_is_attenuated_at_the_largest_deviation_of_the_power_grid(rate, off):
    # 0.2 Hz is the largest steady deviation in the European grid.
    settings = suited_settings(rate=rate, channels=1, unit="count")
    hum = np.sin(2 * np.pi * (50 + off) * seconds(rate))
    assert rms(filtered(hum, settings)[round(rate) :]) < rms(hum) / 10


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("frequency", [30.0, 40.0, 65.0, 80.0])
def test_frequencies_in_the_band_are_kept_within_1_db(rate, frequency):
    settings = suited_settings(rate=rate, channels=1, unit="count")
    wave = np.sin(2 * np.pi * frequency * seconds(rate))
    kept = filtered(wave, settings)[settings.settling_samples :]
    assert abs(20 * np.log10(rms(kept) / rms(wave))) < 1


@pytest.mark.parametrize("rate", RATES)
def test_offset_and_wander_are_removed(rate):
    settings = suited_settings(rate=rate, channels=1, unit="count")
    t = seconds(rate)
    signal = np.sin(2 * np.pi * 35 * t)
    disturbed = 3000 + 20 * np.sin(2 * np.pi * 0.4 * t) + 5 * t + signal
    settled = slice(settings.settling_samples, None)
    error = filtered(disturbed, settings)[settled] - filtered(signal, settings)[settled]
    # float32 holds 3000 to 1.2e-4; what is left of the wander is far below the signal.
    assert rms(error) < 0.02 * rms(signal)


def test_a_constant_signal_gives_exactly_zero():
    settings = suited_settings(rate=200, channels=1, unit="count")
    assert not filtered(np.full(400, 8_388_607.0), settings).any()


def test_the_offset_is_the_first_sample_however_the_stream_is_cut():
    settings = suited_settings(rate=200, channels=2, unit="count")
    wave = np.random.default_rng(1).integers(-100, 100, size=(50, 2)).astype(np.float32)
    moved = wave + np.array([1000, -500], dtype=np.float32)
    whole, other = StreamFilter(settings), StreamFilter(settings)
    pieces = [other.apply(moved[:1]), other.apply(moved[1:20]), other.apply(moved[20:])]
    np.testing.assert_array_equal(whole.apply(wave), np.concatenate(pieces))


def test_the_edges_are_at_minus_3_db():
    settings = suited_settings(rate=1000, channels=1, unit="V", notch=0)
    gains = np.abs(sosfreqz(design(settings), worN=[20.0, 450.0], fs=1000)[1])
    np.testing.assert_allclose(20 * np.log10(gains), -3.01, atol=0.01)


def test_four_poles_fall_at_each_edge():
    # 24 dB for each octave below a fourth-order edge.
    settings = suited_settings(rate=2000, channels=1, unit="V", notch=0)
    gains = 20 * np.log10(np.abs(sosfreqz(design(settings), worN=[2.5, 5.0], fs=2000)[1]))
    assert gains[1] - gains[0] == pytest.approx(24, abs=1)


def test_the_future_is_not_used():
    settings = suited_settings(rate=200, channels=1, unit="count")
    impulse = np.zeros(100)
    impulse[60] = 1
    response = filtered(impulse, settings)
    assert not response[:60].any()
    assert response[60] != 0


@pytest.mark.parametrize("order", range(1, 9))
@pytest.mark.parametrize(("low", "high"), [(20, 450), (0.5, 999), (20, 25), (400, 401)])
def test_every_order_is_stable(order, low, high):
    settings = PipelineSettings(
        rate=2000, channels=1, unit="V", low=low, high=high, order=order, notch_quality=1
    )
    poles = np.concatenate([np.roots(section[3:]) for section in design(settings)])
    assert np.abs(poles).max() < 1
    np.testing.assert_array_equal(given_sections(design(settings), settings), design(settings))


@pytest.mark.skipif(find_spec("emg_recognition._filter") is None, reason="only built with the ROS package")
@pytest.mark.parametrize(("rate", "channels", "order"), [(200.0, 8, 4), (1000.0, 1, 1), (2000.0, 64, 8)])
def test_the_compiled_filter_gives_the_bits_of_scipy(rate, channels, order):
    sections = design(suited_settings(rate=rate, channels=channels, unit="count", order=order))
    chunks = np.split(np.random.default_rng(0).normal(size=(3000, channels)) * 1e4, [1, 6, 16, 900])
    state = np.zeros((len(sections), 2, channels))
    expected = state.copy()
    for chunk in chunks:
        theirs, expected = sosfilt(sections, chunk, axis=0, zi=expected)
        np.testing.assert_array_equal(filter_in_place(sections, state, chunk.copy()), theirs)
        np.testing.assert_array_equal(state, expected)


def test_without_the_compiled_filter_scipy_filters(monkeypatch):
    monkeypatch.setattr(filters, "_COMPILED", False)
    settings = suited_settings(rate=200, channels=3, unit="count")
    samples = np.random.default_rng(1).normal(size=(500, 3)).astype(np.float32)
    whole, cut = StreamFilter(settings), StreamFilter(settings)
    np.testing.assert_array_equal(
        whole.apply(samples), np.concatenate([cut.apply(piece) for piece in np.split(samples, [1, 7, 300])])
    )


@pytest.mark.skipif(find_spec("emg_recognition._filter") is None, reason="only built with the ROS package")
def test_with_designed_sections_a_pipeline_needs_no_scipy():
    settings = suited_settings(rate=200, channels=2, unit="count")
    code = f"""
import sys
from emg_recognition.signal.pipeline import Pipeline
from emg_recognition.signal.settings import PipelineSettings
settings = PipelineSettings(**{settings.to_mapping()})
windows = Pipeline(settings, 10, {design(settings).tolist()}).push([[1, 2]] * 99, 0)
print(len(windows), "scipy" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["1", "False"]


def test_sections_keep_their_bits_in_yaml():
    settings = suited_settings(rate=1925.926, channels=2, unit="V")
    text = yaml.safe_dump(design(settings).tolist())
    np.testing.assert_array_equal(given_sections(yaml.safe_load(text), settings), design(settings))


@pytest.mark.parametrize(
    "change",
    [
        lambda sections: sections[1:],
        lambda sections: sections * [1, 1, 1, 1, 1, 1.2],
        lambda sections: sections * [1, 1, 1, 2, 1, 1],
        lambda sections: sections * [1.01, 1, 1, 1, 1, 1],
        lambda sections: sections + np.nan,
        lambda sections: design(suited_settings(rate=200, channels=2, unit="count", mains=60.0)),
        lambda sections: design(suited_settings(rate=200, channels=2, unit="count", low=21.0)),
        lambda sections: design(suited_settings(rate=200, channels=2, unit="count", notch_quality=12.0)),
        lambda sections: "0.1, 0.2",
    ],
)
def test_sections_that_do_not_suit_are_refused(change):
    settings = suited_settings(rate=200, channels=2, unit="count")
    with pytest.raises(SettingError, match="designed for this signal path"):
        given_sections(change(design(settings)), settings)
