"""Message definitions equal those of ROS itself."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from emg_recognition.bags.definitions import full_definition, own_types, parse_definition
from emg_recognition.resources import message_definitions

SAMPLES = "emg_recognition/msg/EmgSamples"


@pytest.mark.parametrize("name", message_definitions())
def test_the_hash_of_a_type_equals_that_of_the_built_message(name):
    prefixes = [Path(prefix) for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)]
    files = [
        prefix / "share" / "emg_recognition" / "msg" / f"{name.rpartition('/')[2]}.json"
        for prefix in prefixes
    ]
    built = next((file for file in files if file.is_file()), None)
    if built is None:
        pytest.skip("the messages are not built, or built with ROS 2 Humble, which has no hashes")
    hashes = {
        entry["type_name"]: entry["hash_string"] for entry in json.loads(built.read_text())["type_hashes"]
    }
    assert own_types().hash_rihs01(name) == hashes[name]


@pytest.mark.parametrize("name", message_definitions())
def test_a_written_definition_describes_the_same_fields(name):
    text = full_definition(name)
    assert text.startswith(message_definitions()[name])
    again = parse_definition(name, "ros2msg", text)
    assert again.hash_rihs01(name) == own_types().hash_rihs01(name)


def test_all_types_in_a_message_are_defined():
    headlines = [line for line in full_definition(SAMPLES).splitlines() if line.startswith("MSG: ")]
    assert headlines == ["MSG: std_msgs/Header", "MSG: builtin_interfaces/Time"]


def test_idl_is_read_as_rosbag2_stores_it():
    idl = """module demo { module msg { struct Pair { uint8 a; sequence<float> b; }; }; };"""
    for text in (idl, f"{'=' * 80}\nIDL: demo/msg/Pair\n{idl}"):
        types = parse_definition("demo/msg/Pair", "ros2idl", text)
        assert [field for field, _ in types.fielddefs["demo/msg/Pair"][1]] == ["a", "b"]


@pytest.mark.parametrize(
    ("encoding", "text", "reason"),
    [
        ("protobuf", "", "its encoding is 'protobuf'"),
        ("ros2msg", "uint8", "cannot be read"),
        ("ros2msg", "other_msgs/Thing thing", "cannot be read"),
        ("ros2idl", "module {", "cannot be read"),
    ],
)
def test_an_unreadable_definition_is_refused(encoding, text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_definition("demo/msg/Pair", encoding, text)


def test_an_unknown_type_has_no_definition():
    with pytest.raises(KeyError):
        full_definition("demo/msg/Pair")
