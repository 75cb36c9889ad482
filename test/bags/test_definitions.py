"""Message definitions equal those of ROS itself."""

from __future__ import annotations

import json
import os
import time
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


REAL_IDL = """// generated from rosidl_adapter/resource/msg.idl.em
// with input from demo_msgs/msg/Sample.msg
// generated code does not contain a copyright notice

#include "std_msgs/msg/Header.idl"
#include "geometry_msgs/msg/Point.idl"

module demo_msgs {
  module msg {
    module Sample_Constants {
      @verbatim (language="comment", text="which (the first)" "\\n" "a \\"second\\" # line")
      const uint8 FIRST = 1;
    };
    typedef double double__36[36];

    @verbatim (language="comment", text=
      "A sample; see http://example.com")
    struct Sample {
      std_msgs::msg::Header header;

      @unit (value="V")
      @default (value=3)
      uint16 channels;

      double__36 covariance;
      sequence<string> names;
      @key sequence<float> data;
    };
  };
};
"""
HEADER_IDL = """#include "builtin_interfaces/msg/Time.idl"
module std_msgs { module msg { struct Header { builtin_interfaces::msg::Time stamp; string frame_id; }; }; };
"""
TIME_IDL = "module builtin_interfaces { module msg { struct Time { int32 sec; uint32 nanosec; }; }; };\n"


def test_idl_with_what_real_files_carry():
    parts = {"demo_msgs/msg/Sample": REAL_IDL, "std_msgs/msg/Header": HEADER_IDL}
    parts["builtin_interfaces/msg/Time"] = TIME_IDL
    text = "".join(f"{'=' * 80}\nIDL: {name}\n{part}" for name, part in parts.items())
    types = parse_definition("demo_msgs/msg/Sample", "ros2idl", text)
    msg = (
        "uint8 FIRST=1\nstd_msgs/Header header\nuint16 channels\nfloat64[36] covariance\nstring[] names\n"
        f"float32[] data\n{'=' * 80}\nMSG: std_msgs/Header\nbuiltin_interfaces/Time stamp\nstring frame_id\n"
        f"{'=' * 80}\nMSG: builtin_interfaces/Time\nint32 sec\nuint32 nanosec\n"
    )
    same = parse_definition("demo_msgs/msg/Sample", "ros2msg", msg)
    assert types.hash_rihs01("demo_msgs/msg/Sample") == same.hash_rihs01("demo_msgs/msg/Sample")


def test_types_of_ros_that_a_definition_leaves_out_are_added():
    header = "a std_msgs/msg/Header.idl"
    text = (
        f'#include "{header}"\nmodule x {{ module msg {{ struct A0 {{ std_msgs::msg::Header header; '
        "sequence<geometry_msgs::msg::Point> points; }; }; };"
    )
    types = parse_definition("x/msg/A0", "ros2idl", text)
    assert types.fielddefs["std_msgs/msg/Header"] == own_types().fielddefs["std_msgs/msg/Header"]
    assert "geometry_msgs/msg/Point" in types.fielddefs
    with pytest.raises(ValueError, match="it uses y/msg/B, which it does not define"):
        parse_definition("x/msg/A0", "ros2idl", "module x { module msg { struct A0 { y::msg::B b; }; }; };")


def nested(levels, width):
    """Return a definition whose types each contain the next one some times."""
    types = [f"A{i + 1}[{width}] a\n" for i in range(levels)] + ["uint8 a\n"]
    rule = "=" * 80
    return types[0] + "".join(f"{rule}\nMSG: x/A{i}\n{text}" for i, text in enumerate(types[1:], 1))


@pytest.mark.parametrize(
    ("encoding", "text", "reason"),
    [
        ("ros2msg", "x/A0 a\n", "x/msg/A0 contains itself"),
        ("ros2msg", f"x/B b\n{'=' * 80}\nMSG: x/B\nx/A0 a\n", "contains itself"),
        ("ros2msg", "uint8[2147483648] a\n", "a has 2147483648 elements, more than 65536"),
        ("ros2msg", "string[60000] a\n", "it has more than 5000 fields"),
        ("ros2msg", nested(12, 10), "it has more than 5000 fields"),
        ("ros2msg", "uint8 a\n" + "#" * 300_000, "it has 300008 characters, more than 262144"),
        ("ros2msg", "uint8 a\nuint8 a\n", "cannot be read"),
        ("ros2msg", "uint8 __class__\n", "."),
        (
            "ros2idl",
            "module x { module msg { const long N = ((((((((1)))))))); struct A0 { long a[N]; }; }; };",
            r"holds '\('",
        ),
        ("ros2idl", "module x { module msg { struct A0 { long a[1 << 99999999999]; }; }; };", "holds '<<'"),
        ("ros2idl", f"module x {{ struct A0 {{ {'sequence<' * 40}long{'>' * 40} a; }}; }};", "holds '<"),
        ("ros2idl", "module a { " * 5000, "cannot be read"),
        ("ros2idl", "struct A0 { long a[" + "1+" * 5000 + "1]; };", "cannot be read"),
        ("ros2idl", "@x(" * 80_000, r"holds '\('"),
    ],
)
def test_hostile_definitions_are_refused_at_once(encoding, text, reason):
    begin = time.process_time()
    try:
        with pytest.raises(ValueError, match=reason) as raised:
            parse_definition("x/msg/A0", encoding, text)
    finally:
        assert time.process_time() - begin < 3
    assert len(str(raised.value)) < 500
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["x/msg/A'; import os", "", "x//A", "../x", "x/msg/A\n"])
def test_names_that_are_no_types_are_refused(name):
    with pytest.raises(ValueError, match="that is no name of a type"):
        parse_definition(name, "ros2msg", "uint8 a\n")
