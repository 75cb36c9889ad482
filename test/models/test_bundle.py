"""A bundle is read and written completely, and anything damaged is refused."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
import yaml

from emg_recognition.errors import BundleError
from emg_recognition.models.bundle import check_compatible, read_bundle, read_file


def change_description(bundle, **changes):
    path = bundle / "model.yaml"
    description = yaml.safe_load(path.read_text())
    for key, value in changes.items():
        if value is None:
            del description[key]
        else:
            description[key] = value
    path.write_text(yaml.safe_dump(description))


def test_what_is_written_is_read(tmp_path, write, tiny_files):
    written = write(
        tmp_path / "a" / "bundle",
        statistics={"mean": np.zeros(3), "std": [np.float32(1.5)] * 3, "rms": np.float64(2)},
        metrics={"per_class": {"rest": np.int64(3)}, "matrix": np.eye(2, dtype=int)},
    )
    info = read_bundle(tmp_path / "a" / "bundle")
    assert vars(info) == vars(written)
    assert sorted(path.name for path in info.path.iterdir()) == ["model.keras", "model.tflite", "model.yaml"]
    assert (info.path / "model.tflite").read_bytes() == tiny_files[0]
    assert info.schema == 3
    assert info.orientation == {}
    assert info.actions == ("rest", "fist", "wave", "point")
    assert (info.rate, info.channels, info.length, info.unit) == (100.0, 3, 20, "count")
    assert info.statistics == {"mean": [0.0] * 3, "std": [1.5] * 3, "rms": 2.0}
    assert info.metrics == {"per_class": {"rest": 3}, "matrix": [[1, 0], [0, 1]]}
    assert info.model_id == info.files["model.tflite"][:12]


def test_reading_loads_no_numerical_library(bundle):
    code = (
        "import sys; from emg_recognition.models.bundle import read_bundle; read_bundle(sys.argv[1]);"
        "print(sorted({'numpy', 'scipy', 'tensorflow', 'keras'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code, bundle], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["model.tflite", "model.keras"])
@pytest.mark.parametrize("place", [0, 1000, -1])
def test_a_single_changed_byte_is_noticed(bundle, name, place):
    content = bytearray((bundle / name).read_bytes())
    content[place] ^= 1
    (bundle / name).write_bytes(content)
    with pytest.raises(BundleError, match=f"{name} is damaged"):
        read_bundle(bundle)


@pytest.mark.parametrize("name", ["model.tflite", "model.keras", "model.yaml"])
def test_a_missing_file_is_named(bundle, name):
    (bundle / name).unlink()
    with pytest.raises(BundleError, match=name):
        read_bundle(bundle)


def test_a_truncated_file_is_noticed(bundle):
    content = (bundle / "model.tflite").read_bytes()
    (bundle / "model.tflite").write_bytes(content[: len(content) // 2])
    with pytest.raises(BundleError, match=r"model\.tflite is damaged"):
        read_bundle(bundle)


@pytest.mark.parametrize("text", ["", "a: [1", "- list", "\0", "schema: 1\n"])
def test_a_damaged_description_is_one_clear_line(bundle, text):
    (bundle / "model.yaml").write_text(text)
    with pytest.raises(BundleError) as caught:
        read_bundle(bundle)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "key", ["model_id", "actions", "rate", "length", "fingerprint", "statistics", "files"]
)
def test_a_missing_entry_is_named(bundle, key):
    change_description(bundle, **{key: None})
    with pytest.raises(BundleError, match=f"no {key}"):
        read_bundle(bundle)


@pytest.mark.parametrize("value", ["fast", [1], {}])
def test_an_entry_of_the_wrong_type_is_damage(bundle, value):
    change_description(bundle, rate=value)
    with pytest.raises(BundleError, match="damaged"):
        read_bundle(bundle)


@pytest.mark.parametrize("schema", [4, "1", 0])
def test_an_unknown_schema_is_refused_with_both_values(bundle, schema):
    change_description(bundle, schema=schema)
    with pytest.raises(BundleError, match=rf"schema is {schema!r}, this version reads 1, 2 and 3"):
        read_bundle(bundle)


def test_a_bundle_without_orientation_loads(bundle):
    text = (bundle / "model.yaml").read_text().replace("schema: 3", "schema: 2")
    text = text.replace("orientation: {}\n", "")
    assert "orientation" not in text
    (bundle / "model.yaml").write_text(text)
    info = read_bundle(bundle)
    assert (info.schema, info.orientation) == (2, {})


def test_a_reference_is_kept_and_checked(write, tmp_path):
    info = write(tmp_path / "donned", reference=b"numbers", orientation={"turn": np.float64(1.5)})
    assert read_file(info, "reference.npz") == b"numbers"
    assert info.orientation == {"turn": 1.5}
    (info.path / "reference.npz").write_bytes(b"others")
    with pytest.raises(BundleError, match=r"reference\.npz is damaged"):
        read_bundle(info.path)


def test_a_description_without_a_file_is_refused(bundle):
    digests = read_bundle(bundle).files
    change_description(bundle, files={"model.keras": digests["model.keras"]})
    with pytest.raises(BundleError, match=r"model\.tflite"):
        read_bundle(bundle)


def test_a_missing_bundle_is_refused(tmp_path):
    with pytest.raises(BundleError, match="no such directory"):
        read_bundle(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("at_hand", "both"),
    [
        ({"rate": 200.0}, ("100.0 Hz", "200.0 Hz")),
        ({"channels": 8}, ("3", "8")),
        ({"unit": "V"}, ("count", "V")),
        ({"fingerprint": "emg1: other"}, ("emg1: 3 ch", "emg1: other")),
    ],
)
def test_other_signals_are_refused_with_both_values(bundle, at_hand, both):
    with pytest.raises(BundleError) as caught:
        check_compatible(read_bundle(bundle), **at_hand)
    assert all(value in str(caught.value) for value in both)


def test_the_same_signals_are_accepted(bundle):
    info = read_bundle(bundle)
    check_compatible(info)
    check_compatible(info, rate=100, channels=3, unit="count", fingerprint=info.fingerprint)


def test_an_older_bundle_is_replaced(bundle, write):
    write(bundle, actions=("a", "b", "c", "d"))
    assert read_bundle(bundle).actions == ("a", "b", "c", "d")
    assert [path.name for path in bundle.parent.iterdir()] == ["bundle"]


def test_a_damaged_older_bundle_is_replaced_too(bundle, write):
    (bundle / "model.tflite").write_bytes(b"")
    write(bundle)
    read_bundle(bundle)


@pytest.mark.parametrize("kind", ["folder", "file", "link", "yaml"])
def test_only_bundles_are_overwritten(tmp_path, write, kind):
    path = tmp_path / "results"
    if kind == "file":
        path.write_text("precious")
    else:
        home = tmp_path / "home" if kind == "link" else path
        home.mkdir()
        (home / ("model.yaml" if kind == "yaml" else "thesis.txt")).write_text("precious: 1")
        if kind == "link":
            path.symlink_to(home)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BundleError, match="something that is not a model bundle"):
        write(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_is_used(tmp_path, write):
    (tmp_path / "out").mkdir()
    write(tmp_path / "out")
    assert read_bundle(tmp_path / "out").rate == 100.0


def test_a_place_that_cannot_be_written_is_named(tmp_path, write):
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="cannot be written"):
        write(tmp_path / "file" / "bundle")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"statistics": {"mean": [0.0] * 3, "std": [1.0] * 3}}, "has no statistics.rms"),
        (
            {"statistics": {"mean": [0.0] * 3, "std": [1.0] * 2, "rms": 1.0}},
            r"statistics.std is \[1.0, 1.0\]",
        ),
        ({"statistics": {"mean": [0.0] * 3, "std": [1.0] * 3, "rms": float("nan")}}, "statistics.rms is"),
        ({"statistics": {"mean": "abc", "std": [1.0] * 3, "rms": 1.0}}, "statistics.mean is abc"),
        ({"rate": float("inf")}, "rate is inf"),
        ({"rate": 10**400}, "more than 64 bits"),
        ({"channels": 0}, "channels and length are 0 and 20"),
        ({"channels": 2**40}, "channels and length are 1099511627776"),
        ({"unit": "mV"}, "unit is 'mV'"),
        ({"actions": []}, "actions are"),
        ({"actions": ["rest", "rest"]}, "actions are"),
        ({"actions": ["rest", "a\x1b[2Jb"]}, r"an action is called 'a\\x1b\[2Jb'"),
        ({"actions": ["rest", "tset\u202e"]}, r"an action is called"),
        ({"model_id": "\x1b]0;x\x07"}, "model_id is"),
        ({"files": {"model.tflite": "0", "model.keras": "0", "../model.yaml": "0"}}, "not a file in it"),
        ({"files": {"model.tflite": "0", "model.keras": "0", "/dev/zero": "0"}}, "not a file in it"),
    ],
)
def test_values_that_no_bundle_has(bundle, changes, problem):
    tflite = (bundle / "model.tflite").read_bytes()
    keras = (bundle / "model.keras").read_bytes()
    if "files" in changes:
        changes["files"] |= {
            "model.tflite": hashlib.sha256(tflite).hexdigest(),
            "model.keras": hashlib.sha256(keras).hexdigest(),
        }
    change_description(bundle, **changes)
    with pytest.raises(BundleError, match=problem) as raised:
        read_bundle(bundle)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("name", ["model.tflite", "model.keras", "model.yaml"])
def test_a_sparse_file_of_30_gb_is_not_read(bundle, name):
    with (bundle / name).open("r+b") as file:
        file.truncate(30 << 30)
    with pytest.raises(BundleError, match=rf"{name} (has 30 GiB, no model has more|.*larger than 4 MiB)"):
        read_bundle(bundle)


@pytest.mark.parametrize("name", ["model.tflite", "model.keras", "model.yaml"])
def test_a_pipe_is_not_waited_for(bundle, name):
    (bundle / name).unlink()
    os.mkfifo(bundle / name)
    with pytest.raises(BundleError, match=f"{name} cannot be read .it is a named pipe, not a file"):
        read_bundle(bundle)
