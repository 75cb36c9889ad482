"""Message definitions: those that a bag holds, and those of this package for bags without definitions."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, cast

import numpy as np
from rosbags.interfaces import Nodetype
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, TypesysError, get_types_from_idl, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from emg_recognition.resources import message_definitions
from emg_recognition.text import printable

#: Errors of rosbags for a definition or a message that it cannot read.
UNREADABLE = (
    SerdeError,
    TypesysError,
    KeyError,
    ValueError,
    AssertionError,
    OverflowError,
    RecursionError,
    SyntaxError,
    AttributeError,
    TypeError,
)
_SEPARATOR = "=" * 80 + "\n"
#: Longest definition, and most fields with those of nested types; PointCloud2 and robot states have dozens.
_LONGEST, _MOST_FIELDS = 1 << 18, 5000
#: Longest fixed array; covariances have 36 values.
_LONGEST_ARRAY = 1 << 16
_TYPE_NAME = re.compile(r"[A-Za-z]\w*(/[A-Za-z]\w*)*", re.ASCII)
#: What real IDL files hold beside types: comments, preprocessor lines, and annotations with their texts.
_BESIDE_TYPES = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | ^[ \t]*\#[^\n]*
    | @[A-Za-z_]\w*(\s*\((?:[^()"']|"(?:\\.|[^"\\])*"|'[^'\n]*')*\))?""",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
#: The parser of rosbags needs exponential time for these, which no tool of ROS writes.
_EXPLODES = re.compile(r"\(|<<|(?:<[^<>;]*){4}")


@lru_cache(maxsize=1)
def own_types() -> Typestore:
    """Return the message types of ROS 2 and the current ones of this package."""
    store = get_typestore(Stores.ROS2_JAZZY)
    for name, text in message_definitions().items():
        store.register(get_types_from_msg(text, name))
    return store


def own_message(type_name: str, **fields: Any) -> Any:
    """Make a message of :func:`own_types`; fields that are not given are 0 or empty.

    Raises
    ------
    KeyError
        If the type is unknown.
    TypeError
        If the type does not have a given field.
    """
    store = own_types()
    _, known = store.fielddefs[type_name]
    neutral = {name: _neutral(node, of) for name, (node, of) in known if name not in fields}
    return store.types[type_name](**neutral, **fields)


def _neutral(node: Nodetype, of: Any) -> Any:
    if node is Nodetype.NAME:
        return own_message(of)
    if node is Nodetype.BASE:
        return {"string": "", "bool": False}.get(of[0], 0.0 if of[0].startswith("float") else 0)
    (item, kind), length = of  # an array, or a sequence without a length
    if item is Nodetype.BASE and kind[0] != "string":
        return np.zeros(length, {"char": "uint8", "octet": "uint8"}.get(kind[0], kind[0]))
    return [_neutral(item, kind) for _ in range(length)]


def full_definition(type_name: str) -> str:
    """Return a definition as a bag stores it: the definition itself, then that of every type in it.

    The comments, which give the units, are included (``ros2msg``).

    Raises
    ------
    KeyError
        If neither ROS 2 nor this package has such a type.
    """
    if type_name not in own_types().fielddefs:
        raise KeyError(type_name)
    generated, _ = own_types().generate_msgdef(type_name, ros_version=2)
    own, *others = generated.split(_SEPARATOR)
    return _SEPARATOR.join([message_definitions().get(type_name, own), *others])


@lru_cache(maxsize=64)
def parse_definition(type_name: str, encoding: str, text: str) -> Typestore:
    """Parse a definition of a bag into the types that it defines.

    Each definition has its own type store, because two topics of a bag may use different versions of a
    type.

    Parameters
    ----------
    type_name : str
        The type that is defined.
    encoding : str
        ``ros2msg`` or ``ros2idl``.
    text : str
        The definition of the type and of all types in it.

    Raises
    ------
    ValueError
        If the definition cannot be parsed.
    """
    store = get_typestore(Stores.EMPTY)
    try:
        if not _TYPE_NAME.fullmatch(type_name):
            raise ValueError("that is no name of a type")
        if len(text) > _LONGEST:
            raise ValueError(f"it has {len(text)} characters, more than {_LONGEST}")
        if encoding == "ros2msg":
            store.register(get_types_from_msg(text, type_name))
        elif encoding in ("ros2idl", "omgidl"):
            for part in _idl_parts(text):
                store.register(get_types_from_idl(part))
        else:
            raise ValueError(f"its encoding is {encoding!r}")
        _complete(store, type_name)
        _count_fields(store, type_name, {})
        store.get_msgdef(type_name)
    except UNREADABLE as error:
        problem = " ".join(str(error).split()) or type(error).__name__
        # rosbags quotes the whole definition.
        raise ValueError(f"the definition of {type_name} cannot be read ({printable(problem)})") from error
    return store


def _idl_parts(text: str) -> list[str]:
    """Return the IDL files in a definition, without what rosbags does not parse."""
    parts = text.split(_SEPARATOR)[1:] if text.startswith(_SEPARATOR) else [text]
    bare = [
        _BESIDE_TYPES.sub(" ", part.split("\n", 1)[1] if part.startswith("IDL: ") and "\n" in part else part)
        for part in parts
    ]
    for part in bare:
        if found := _EXPLODES.search(part):
            raise ValueError(f"it holds {found[0]!r}, which no program of ROS writes")
    return [part for part in bare if part.strip()]


def _complete(store: Typestore, type_name: str) -> None:
    """Add types of ROS 2 that a definition uses but does not hold, as some recorders leave them out."""
    known, wanted = own_types().fielddefs, [type_name]
    missing = {}
    seen = set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in store.fielddefs:
            if name not in known:
                raise ValueError(f"it uses {name}, which it does not define")
            missing[name] = known[name]
        for _, (node, content) in (missing.get(name) or store.fielddefs[name])[1]:
            if node in (Nodetype.ARRAY, Nodetype.SEQUENCE):
                node, content = cast("tuple[tuple[Nodetype, Any], int]", content)[0]  # noqa: PLW2901
            if node is Nodetype.NAME:
                wanted.append(str(content))
    if missing:
        store.register(missing)


def _count_fields(store: Typestore, type_name: str, counted: dict[str, int]) -> int:
    """Return how many fields a type has with those of the types in it; refuse one without end."""
    if type_name in counted:
        if not counted[type_name]:
            raise ValueError(f"{type_name} contains itself")
        return counted[type_name]
    counted[type_name] = 0  # until it is known
    total = 0
    for name, (node, content) in store.fielddefs[type_name][1]:
        length, inner_node, inner = 1, node, content
        if node in (Nodetype.ARRAY, Nodetype.SEQUENCE):
            (inner_node, inner), bound = cast("tuple[tuple[Nodetype, Any], int]", content)
            length = bound if node is Nodetype.ARRAY else 1
            if length > _LONGEST_ARRAY:
                raise ValueError(f"{name} has {length} elements, more than {_LONGEST_ARRAY}")
        if inner_node is Nodetype.NAME:
            total += length * _count_fields(store, str(inner), counted)
        else:
            text = str(inner[0]).endswith("string")  # each is a field; numbers together are one
            total += length if text else 1
        if total > _MOST_FIELDS:
            raise ValueError(f"it has more than {_MOST_FIELDS} fields")
    counted[type_name] = max(total, 1)
    return counted[type_name]
