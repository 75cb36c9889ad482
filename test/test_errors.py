"""Messages are one line that cannot steer a terminal."""

from emg_recognition.errors import BundleError, RecordingError, SettingError


def test_names_from_files_are_shown_and_not_obeyed():
    error = RecordingError("a\x1b[2J.npz", "its label is '\x1b]0;owned\x07\u202etxt'", "rename it")
    assert str(error) == (r"recording a\x1b[2J.npz: its label is '\x1b]0;owned\x07\u202etxt'; rename it")


def test_several_lines_become_one():
    assert (
        str(BundleError("m", "a parser said\n  line 1\r\n  line 2", "x"))
        == "model bundle m: a parser said line 1 line 2; x"
    )


def test_long_values_are_shortened():
    error = SettingError("rate", "9" * 100_000, "use a number")
    assert len(str(error)) < 5100
    assert error.value == "9" * 100_000
