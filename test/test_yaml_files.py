"""YAML that somebody else wrote: plain values, bounded, and one line where it cannot be used."""

import os

import pytest
import yaml

from emg_recognition.errors import SettingError
from emg_recognition.yaml_files import load_yaml, parse_yaml


def bomb(kind):
    """Nine to the power of eleven values in less than a kilobyte."""
    first = {"list": "a0: &a0 [x, x, x]\n", "merge": "a0: &a0 {k: 1}\n"}[kind]
    line = {"list": "a{0}: &a{0} [{1}]\n", "merge": "a{0}: &a{0}\n  <<: [{1}]\n"}[kind]
    return first + "".join(line.format(i, ", ".join([f"*a{i - 1}"] * 9)) for i in range(1, 12))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * 10_000, "nest"),
        ("- " * 10_000 + "1", "more than 50 levels deep"),
        ("{a: " * 60 + "1" + "}" * 60, "more than 50 levels deep"),
        (bomb("list"), "more than 100000 values"),
        (bomb("merge"), "more than 100000 values"),
        ("[" + "1," * 100_001 + "]", "more than 100000 values"),
        ("a: &a [*a]", r"alias \*a .* stands in itself"),
        ("a: *b", r"alias \*b"),
        ("a: &a [1]\nb: &a [*a]", r"alias \*a .* stands in itself"),
        ("a: 1\nb: 2\na: 3", "the key 'a' is given twice, in lines 1 and 3"),
        ("x: " + "9" * 5000, "line 1 has a whole number that needs more than 64 bits"),
        ("x: 18446744073709551616", "needs more than 64 bits"),
        ("x: " + "1:" * 1000 + "1", "needs more than 64 bits"),
        ("x: 0." + "1" * 500, "a number of 502 characters"),
        ("x: 2001-02-30", "day is out of range"),
        ("? [1]\n: 2", "unhashable"),
        ("!!python/object/apply:os.getcwd []", "constructor"),
    ],
)
def test_refused(text, problem):
    with pytest.raises(yaml.YAMLError) as raised:
        parse_yaml(text)
    with pytest.raises(yaml.YAMLError, match=problem):
        raise yaml.YAMLError(" ".join(str(raised.value).split()))


def test_what_people_write_is_read():
    text = (
        "base: &base {a: 1, b: 2.5}\n"
        "other:\n  <<: *base\n  b: [true, null, 18446744073709551615, -0x10, .inf]\n"
    )
    base = {"a": 1, "b": 2.5}
    assert parse_yaml(text) == {
        "base": base,
        "other": {**base, "b": [True, None, 2**64 - 1, -16, float("inf")]},
    }
    assert parse_yaml("") is None


def test_only_small_regular_files(tmp_path):
    pipe, large = tmp_path / "pipe", tmp_path / "large.yaml"
    os.mkfifo(pipe)
    with large.open("wb") as file:
        file.truncate(30 << 30)  # sparse: it takes no room
    for path, problem in [
        (pipe, "it is a named pipe, not a file"),
        (large, "it is larger than 4 MiB"),
        (tmp_path, "it is a folder, not a file"),
        ("/dev/zero", "it is a device, not a file"),
        (tmp_path / "none.yaml", "No such file or directory"),
    ]:
        with pytest.raises(SettingError, match=problem):
            load_yaml(path, "plan")
