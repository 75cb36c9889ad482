"""Columns equal what rosbags reads message by message, for all lengths of strings and sequences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from rosbags.interfaces import Nodetype
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from emg_recognition.bags.batches import Topic, block_of
from emg_recognition.bags.columns import Decoder
from emg_recognition.bags.definitions import own_types
from emg_recognition.bags.layout import field_names
from emg_recognition.resources import message_definitions

ODD = "test_msgs/msg/Odd"
ODD_TEXT = """
uint8 a
float64 b
string c
uint8[3] d
int64[] e
string[] f
builtin_interfaces/Time[] g
bool h
builtin_interfaces/Time i
float64[2] j
string[2] k
int16[] l
uint8 m
float64[] n
"""


def odd_types():
    types = get_typestore(Stores.ROS2_HUMBLE)
    types.register(get_types_from_msg(ODD_TEXT, ODD))
    return types


STORES = dict.fromkeys(message_definitions(), own_types()) | {ODD: odd_types()}
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9)
NUMPY = {"bool": "?", "byte": "u1", "char": "u1"}


def values_of(types, description):
    kind, content = description
    if kind == Nodetype.NAME:
        return messages_of(types, content)
    if kind == Nodetype.BASE:
        if content[0] == "string":
            return TEXTS
        return npst.from_dtype(np.dtype(NUMPY.get(content[0], content[0]))).map(lambda value: value.item())
    inner, length = content
    low, high = (length, length) if kind == Nodetype.ARRAY else (0, 3)
    if inner[0] == Nodetype.BASE and inner[1][0] != "string":
        dtype = np.dtype(NUMPY.get(inner[1][0], inner[1][0]))
        return st.integers(low, high).flatmap(lambda n: npst.arrays(dtype, n))
    return st.lists(values_of(types, inner), min_size=low, max_size=high)


def messages_of(types, name):
    fields = {field: values_of(types, description) for field, description in types.fielddefs[name][1]}
    return st.builds(types.types[name], **fields)


def readable(types, name, prefix=""):
    """Yield the fields that columns can hold: numbers, strings, arrays and sequences of numbers."""
    for field, (kind, content) in types.fielddefs[name][1]:
        if kind == Nodetype.NAME:
            yield from readable(types, content, f"{prefix}{field}.")
        elif kind == Nodetype.BASE or (content[0][0] == Nodetype.BASE and content[0][1][0] != "string"):
            yield prefix + field


def look_up(message, name):
    for part in name.split("."):
        message = getattr(message, part)
    return message


def same(column_value, value):
    if isinstance(value, str):
        return bytes(column_value).decode() == value
    return np.array_equal(np.asarray(column_value), np.asarray(value), equal_nan=True)


@pytest.mark.parametrize("name", STORES)
@settings(max_examples=40)
@given(data=st.data())
def test_columns_equal_rosbags(name, data):
    types = STORES[name]
    different = data.draw(st.lists(messages_of(types, name), min_size=1, max_size=4))
    order = data.draw(st.lists(st.integers(0, len(different) - 1), min_size=1, max_size=12))
    little = data.draw(st.booleans())
    wanted = data.draw(st.sets(st.sampled_from(sorted(readable(types, name))), min_size=1))
    raw = [bytes(types.serialize_cdr(different[i], name, little_endian=little)) for i in order]
    (batch,) = block_of([Topic("/t", name)], [0] * len(raw), [0] * len(raw), raw).batches()
    assert batch.messages == raw
    decoder = Decoder(types, name, wanted)
    for _ in range(2):  # the second time all layouts are known
        columns = decoder.decode(batch)
        assert columns.rows.tolist() == list(range(len(raw)))
        for field in wanted:
            expected = [look_up(types.deserialize_cdr(message, name), field) for message in raw]
            if isinstance(expected[0], np.ndarray):
                values, counts = columns.sequence(field)
                assert counts.tolist() == [len(value) for value in expected]
                assert same(values, np.concatenate(expected))
            else:
                assert all(map(same, columns[field], expected))
    assert decoder.damaged == 0


@pytest.mark.parametrize("name", STORES)
@settings(max_examples=20)
@given(data=st.data())
def test_only_the_truncated_message_is_skipped(name, data):
    types = STORES[name]
    message = data.draw(messages_of(types, name))
    raw = bytes(types.serialize_cdr(message, name))
    wanted = sorted(readable(types, name))
    decoder = Decoder(types, name, wanted)
    # The end of the last requested field; what follows is not read.
    shortest = next(n for n in range(len(raw) + 1) if len(decode(decoder, name, [raw[:n]])))
    decoder = Decoder(types, name, wanted)
    cut = raw[: data.draw(st.integers(0, shortest - 1))]
    columns = decode(decoder, name, [raw, cut, raw])
    assert columns.rows.tolist() == [0, 2]
    assert decoder.damaged == 1


def decode(decoder, name, raw):
    (batch,) = block_of([Topic("/t", name)], [0] * len(raw), [0] * len(raw), raw).batches()
    return decoder.decode(batch)


def test_a_field_that_was_not_requested_has_its_neutral_value():
    types, name = STORES[ODD], ODD
    time = types.types["builtin_interfaces/msg/Time"](3, 4)
    head = (1, 2.0, "x", np.zeros(3, "u1"), np.zeros(1, "i8"), [], [], True, time)
    message = types.types[name](*head, np.zeros(2), ["", ""], np.zeros(0, "i2"), 9, np.zeros(0))
    columns = decode(Decoder(types, name, ["i.sec"]), name, [bytes(types.serialize_cdr(message, name))] * 2)
    assert columns["i.sec"].tolist() == [3, 3]
    assert columns.get("i.sec", 5).tolist() == [3, 3]
    assert columns.get("m", 5).tolist() == [5, 5]


def test_a_message_with_an_unknown_encapsulation_is_damaged():
    types, name = STORES[ODD], "builtin_interfaces/msg/Time"
    raw = bytes(types.serialize_cdr(types.types[name](3, 4), name))
    decoder = Decoder(types, name, ["sec"])
    columns = decode(decoder, name, [b"\x00\x07" + raw[2:], raw])
    assert columns["sec"].tolist() == [3]
    assert (columns.rows.tolist(), decoder.damaged) == ([1], 1)


def test_field_names_are_in_the_order_of_the_definition():
    names = field_names(own_types(), "emg_recognition/msg/EmgSamples")
    assert names[:4] == ["header.stamp.sec", "header.stamp.nanosec", "header.frame_id", "first_index"]
    assert names[-1] == "data"
