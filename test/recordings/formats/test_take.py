"""Which channels hold EMG, and in which unit."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.recordings.formats.take import FormatError, Wanted, checked_rate, choose, in_unit, volts


@pytest.mark.parametrize(
    ("names", "described", "chosen"),
    [
        (["EMG 1", "sEMG2", "ECG", "ACC X"], {}, [0, 1]),
        (["biceps", "triceps", "Trigger", "Status"], {}, [0, 1]),
        (["ch1", "ch2", "ch3"], {"types": ["EMG", "EMG", "misc"]}, [0, 1]),
        (["a", "b", "c"], {"units": ["uV", "g", "mV"]}, [0, 2]),
        (["a", "b"], {"units": ["", "Volt"]}, [0, 1]),
        (["EMG 1 ACC X", "EMG 1 GYRO Y", "EMG 1"], {}, [2]),
        (["EEG 1", "EOG", "Resp", "Packet Counter", "M1"], {}, [4]),
        (["gro\u0308\u00dfe", "b"], {"wanted": ("größe", 2)}, [0, 1]),
    ],
)
def test_channels(names, described, chosen):
    wanted = Wanted(tuple(described.get("wanted", ())))
    more = {name: value for name, value in described.items() if name != "wanted"}
    assert choose(names, wanted, **more) == chosen


@pytest.mark.parametrize(
    ("names", "wanted", "said"),
    [
        (["ECG", "ACC"], (), "none of its channels ECG, ACC is named"),
        (["a", "b"], (3,), "it has 2 channels, no channel 3"),
        (["a", "a"], ("a",), "it has 2 channels 'a'"),
    ],
)
def test_channels_that_are_not_there(names, wanted, said):
    with pytest.raises(FormatError, match=said):
        choose(names, Wanted(wanted))


@pytest.mark.parametrize(
    ("unit", "value"),
    [("uV", 1e-6), ("\u00b5V", 1e-6), ("\u03bcV ", 1e-6), ("mV", 1e-3), ("g", None), ("", None)],
)
def test_units_of_voltage(unit, value):
    assert volts(unit) == value


@pytest.mark.parametrize(
    ("units", "wanted", "unit", "first"),
    [
        (["uV", "mV"], {}, "V", [2e-6, 3e-3]),
        (["uV", ""], {}, "count", [2.0, 3.0]),
        (["uV", "uV"], {"unit": "count"}, "count", [2.0, 3.0]),
        (["", ""], {"unit": "V", "scale": 10.0}, "V", [0.2, 0.3]),
    ],
)
def test_samples_in_their_unit(units, wanted, unit, first):
    samples, found = in_unit([np.array([2, 4]), np.array([3, 9, 9])], units, Wanted(**wanted), 2)
    assert (found, samples.dtype, samples.shape) == (unit, np.float32, (2, 2))
    np.testing.assert_allclose(samples[0], first, rtol=1e-6)


def test_the_rate_of_file_and_description():
    assert checked_rate(200.0, Wanted()) == 200.0
    assert checked_rate(None, Wanted(rate=100.0)) == 100.0
    assert checked_rate(float("nan"), Wanted(rate=100.0)) == 100.0
    with pytest.raises(FormatError, match="it does not say its sampling rate; see there"):
        checked_rate(0.0, Wanted(), "; see there")
    with pytest.raises(FormatError, match="its rate is 200 Hz, the description says 100 Hz"):
        checked_rate(200.0, Wanted(rate=100.0))
