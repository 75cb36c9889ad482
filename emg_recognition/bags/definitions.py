"""Message definitions: those that a bag holds, and those of this package for bags without definitions."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from rosbags.interfaces import Nodetype
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, TypesysError, get_types_from_idl, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from emg_recognition.resources import message_definitions

#: Errors of rosbags for a definition or a message that it cannot read.
UNREADABLE = (SerdeError, TypesysError, KeyError, ValueError, AssertionError)
_SEPARATOR = "=" * 80 + "\n"


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
        if encoding == "ros2msg":
            store.register(get_types_from_msg(text, type_name))
        elif encoding in ("ros2idl", "omgidl"):
            parts = text.split(_SEPARATOR)[1:] if text.startswith(_SEPARATOR) else [text]
            for part in parts:
                store.register(
                    get_types_from_idl(part.split("\n", 1)[1] if part.startswith("IDL: ") else part)
                )
        else:
            raise ValueError(f"its encoding is {encoding!r}")
        store.get_msgdef(type_name)
    except UNREADABLE as error:
        raise ValueError(f"the definition of {type_name} cannot be read ({error})") from error
    return store
