"""The positions of the fields in a CDR message.

CDR (XCDR1): numbers are aligned to their size, counted from the byte after the 4 bytes of encapsulation;
strings and sequences begin with a uint32 count (that of a string includes its final zero byte). So the
position of a field depends only on the counts before it.

Source: DDS-XTypes 1.3, section 7.4; OMG CORBA 3.0, section 15.3.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

import numpy as np
from rosbags.interfaces import Nodetype
from rosbags.interfaces.typing import FieldDesc
from rosbags.typesys.store import Typestore

#: Most fields of a message that are looked at one by one; strings in a sequence are one field each.
_MOST_FIELDS = 20_000
#: Bytes before the first field.
ENCAPSULATION = 4

_CODES = {"bool": "u1", "byte": "u1", "char": "u1"} | {
    f"{kind}{bits}": f"{kind[0]}{bits // 8}"
    for kind, widths in (("int", (8, 16, 32, 64)), ("uint", (8, 16, 32, 64)), ("float", (32, 64)))
    for bits in widths
}


@dataclass(frozen=True)
class Tail:
    """A sequence of numbers at the end of the requested fields; its length may differ between messages.

    Attributes
    ----------
    name : str
        The field; its count is the field ``name#``.
    item : numpy.dtype
        The type of its numbers.
    start : int
        Position of the first number, in bytes from the beginning of the message.
    """

    name: str
    item: np.dtype
    start: int


@dataclass(frozen=True)
class Layout:
    """The positions of fields in all messages with the same counts.

    Attributes
    ----------
    dtype : numpy.dtype
        A structure for the message from its first byte to the end of the last requested field.
    counts : tuple of (str, int)
        Fields of `dtype` that are counts, and the values for which this layout is valid.
    tail : Tail or None
        The last field if it is a sequence of numbers; its count may have any value.
    length : int
        Length of the message that the layout was derived from, bytes.
    """

    dtype: np.dtype
    counts: tuple[tuple[str, int], ...]
    tail: Tail | None
    length: int


def field_names(types: Typestore, type_name: str) -> list[str]:
    """Return the names of the fields of a message, in order; those of nested messages contain dots.

    For example ``header.stamp.sec``; `types` must contain the type.
    """
    names = []
    for name, description in types.fielddefs[type_name][1]:
        if description[0] == Nodetype.NAME:
            names += [f"{name}.{inner}" for inner in field_names(types, description[1])]
        else:
            names.append(name)
    return names


def layout_of(types: Typestore, type_name: str, wanted: Collection[str], message: bytes) -> Layout:
    """Derive the positions of fields from a message.

    Parameters
    ----------
    types : rosbags.typesys.store.Typestore
        Must contain the type.
    type_name : str
        The type.
    wanted : collection of str
        Names of fields that are numbers, strings, arrays or sequences of numbers. The message is not read
        beyond the last of them.
    message : bytes
        The message.

    Returns
    -------
    Layout
        Valid for this message and all others with the same counts.

    Raises
    ------
    ValueError
        If the message is truncated or is not CDR of this type.
    """
    walk = _Walk(types, wanted, message)
    walk.message(type_name, "")
    if walk.missing:
        raise ValueError(f"{type_name} has no field {', '.join(sorted(walk.missing))}")
    return walk.layout()


class _Walk:
    """Goes through a message field by field, using its counts."""

    def __init__(self, types: Typestore, wanted: Collection[str], message: bytes) -> None:
        if len(message) < ENCAPSULATION or message[:2] not in (b"\x00\x00", b"\x00\x01"):
            raise ValueError(f"unknown encapsulation {message[:2].hex()}")
        self.missing = set(wanted)
        self._types = types
        self._message = message
        self._order = "<" if message[1] else ">"
        self._position = ENCAPSULATION
        self._fields: list[tuple[str, object, int]] = []
        self._counts = [("#encapsulation", int.from_bytes(message[:2], "little"))]
        self._tail: Tail | None = None

    def layout(self) -> Layout:
        names = ["#encapsulation", *(name for name, _, _ in self._fields)]
        formats = ["<u2", *(kind for _, kind, _ in self._fields)]
        offsets = [0, *(offset for _, _, offset in self._fields)]
        size = self._position
        dtype = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})
        return Layout(dtype, tuple(self._counts), self._tail, len(self._message))

    def message(self, type_name: str, prefix: str) -> None:
        for name, description in self._types.fielddefs[type_name][1]:
            if not self.missing:
                return
            self._field(prefix + name, description)

    def _field(self, name: str, description: FieldDesc) -> None:
        kind, content = description
        if kind == Nodetype.BASE:
            self._base(name, cast("tuple[str, int]", content)[0])
        elif kind == Nodetype.NAME:
            self.message(cast(str, content), f"{name}.")
        else:
            inner, length = cast("tuple[FieldDesc, int]", content)
            sequence = kind == Nodetype.SEQUENCE
            numbers = inner[0] == Nodetype.BASE and inner[1][0] in _CODES
            if numbers and sequence and self.missing == {name}:
                self._last_sequence(name, str(inner[1][0]))
                return
            if sequence:
                length = self._count(name)
            if numbers:
                self._numbers(name, str(inner[1][0]), length)
            else:
                for i in range(length):
                    self._field(f"{name}.{i}", inner)

    def _base(self, name: str, base: str) -> None:
        if base == "string":
            count = self._count(name)
            if count < 1:
                raise ValueError(f"the string {name} has no end")
            self._add(name, f"S{count}", count)
        else:
            code = self._code(base)
            self._align(code.itemsize)
            self._add(name, code, code.itemsize)

    def _numbers(self, name: str, base: str, length: int) -> None:
        code = self._code(base)
        if length:
            self._align(code.itemsize)
        self._add(name, (code, (length,)), length * code.itemsize)

    def _last_sequence(self, name: str, base: str) -> None:
        code = self._code(base)
        count = self._count(name)
        self._counts.pop()  # the only count that may differ
        start = self._position + -(self._position - ENCAPSULATION) % code.itemsize
        if count and start + count * code.itemsize > len(self._message):
            raise ValueError(f"{name} is truncated")
        self.missing.discard(name)
        self._tail = Tail(name, code, start)

    def _count(self, name: str) -> int:
        self._align(4)
        begin = self._position
        self._add(f"{name}#", np.dtype(f"{self._order}u4"), 4)
        value = int.from_bytes(self._message[begin : begin + 4], "little" if self._order == "<" else "big")
        self._counts.append((f"{name}#", value))
        return value

    def _code(self, base: str) -> np.dtype:
        try:
            return np.dtype(self._order + _CODES[base])
        except KeyError:
            raise ValueError(f"fields of type {base} cannot be read") from None

    def _align(self, size: int) -> None:
        self._position += -(self._position - ENCAPSULATION) % size

    def _add(self, name: str, kind: object, size: int) -> None:
        if self._position + size > len(self._message):
            raise ValueError(f"{name} is truncated")
        if len(self._fields) >= _MOST_FIELDS:
            raise ValueError(f"it has more than {_MOST_FIELDS} fields")
        self._fields.append((name, kind, self._position))
        self._position += size
        self.missing.discard(name)
