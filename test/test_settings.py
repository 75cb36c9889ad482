"""Settings declared once: checks, YAML sections, command-line options."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import yaml

from emg_recognition.cli.options import add_options, given_options
from emg_recognition.errors import SettingError
from emg_recognition.settings import check, from_mapping, setting, settings_of
from emg_recognition.yaml_files import load_yaml, yaml_lines


@dataclass(frozen=True, kw_only=True)
class Example:
    RENAMED: ClassVar[Mapping[str, str]] = {"step": "stride"}

    rate: float = setting(200.0, "sampling rate", unit="Hz", above=0.0)
    votes: int = setting(3, "estimates that vote", low=1, high=15, changes=True)
    unit: str = setting("V", "unit of the samples", choices=("V", "count"))
    fast: bool = setting(False, "whether it is quick")
    stride: float | None = setting(None, "time between windows", unit="s", low=0.001)
    names: tuple[str, ...] = setting((), "names of channels")

    def __post_init__(self) -> None:
        check(self)


def test_values_become_plain_python_objects():
    example = Example(rate=np.float32(0.5), votes=np.int64(4), names=["a", "b"])
    assert (type(example.rate), type(example.votes)) == (float, int)
    assert example.names == ("a", "b")
    assert Example(rate=200).rate == 200.0


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("rate", 0.0, "use a number above 0 Hz"),
        ("rate", float("nan"), "use a number above 0 Hz"),
        ("rate", "fast", "use a number above 0 Hz"),
        ("votes", 16, "use a whole number from 1 to 15"),
        ("votes", 2.5, "use a whole number from 1 to 15"),
        ("votes", True, "use a whole number from 1 to 15"),
        ("unit", "mV", "use one of V, count"),
        ("fast", 1, "use true or false"),
        ("stride", 0.0, "use a number of at least 0.001 s"),
        ("names", "a", "use a list"),
    ],
)
def test_a_wrong_value_is_refused_with_the_remedy(name, value, remedy):
    with pytest.raises(SettingError, match=f"^{name} is {value!r}: {remedy}$"):
        Example(**{name: value})


def test_a_mapping_gives_the_settings_and_refuses_other_names():
    assert from_mapping(Example, {"names": ["a"], "votes": 5}, "file: part") == Example(names=("a",), votes=5)
    assert from_mapping(Example, None, "file: part") == Example()
    with pytest.raises(SettingError, match=r"file: part\.vote is 3: no such setting; known are rate, votes"):
        from_mapping(Example, {"vote": 3}, "file: part")
    with pytest.raises(
        SettingError, match=r"file: part\.step is 0.05: this setting is called stride; rename it"
    ):
        from_mapping(Example, {"step": 0.05}, "file: part")
    with pytest.raises(SettingError, match=r"file: part\.votes is 99: use a whole number from 1 to 15"):
        from_mapping(Example, {"votes": 99}, "file: part")
    with pytest.raises(SettingError, match="write a mapping"):
        from_mapping(Example, [1], "file: part")


def test_options_are_made_from_the_declaration(capsys):
    parser = argparse.ArgumentParser(prog="example")
    add_options(parser, Example, only=("rate", "votes", "unit", "fast", "names"))
    args = parser.parse_args(["--votes", "5", "--fast", "--names", "a, b"])
    assert given_options(args, Example) == {"votes": 5, "fast": True, "names": ("a", "b")}
    assert given_options(parser.parse_args([]), Example) == {}
    for wrong, remedy in (
        (["--votes", "16"], "'16': use a whole number from 1 to 15"),
        (["--rate", "x"], "'x': use a"),
    ):
        with pytest.raises(SystemExit):
            parser.parse_args(wrong)
        assert remedy in capsys.readouterr().err
    assert "sampling rate, Hz (default: 200.0)" in parser.format_help()


def test_yaml_lines_hold_every_default_and_are_read_back():
    lines = yaml_lines(Example, indent=2, values={"votes": 7})
    assert from_mapping(Example, yaml.safe_load("\n".join(lines)), "x") == Example(votes=7)
    assert next(line for line in lines if "rate" in line).endswith("# sampling rate, Hz")


def test_a_declaration_can_be_looked_up():
    declared = settings_of(Example)
    assert list(declared) == ["rate", "votes", "unit", "fast", "stride", "names"]
    assert declared["votes"].changes
    assert declared["stride"].optional
    assert declared["unit"].describe() == "unit of the samples (V, count)"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3\n", r"the key 'a' is given twice, in lines 1 and 3\)"),
        ("a: [", "it is not a YAML file"),
        ("\xff", "it cannot be"),
    ],
)
def test_a_yaml_file_is_read_or_refused(tmp_path, text, problem):
    file = tmp_path / "plan.yaml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingError, match=problem):
        load_yaml(file, "plan")


def test_yaml_merge_keys_still_work(tmp_path):
    (tmp_path / "a.yaml").write_text("base: &b {x: 1, y: 2}\none:\n  <<: *b\n  y: 3\n")
    assert load_yaml(tmp_path / "a.yaml", "file")["one"] == {"x": 1, "y": 3}
