"""Message definitions: those of a bag, and the package's own for what a bag does not say."""

from __future__ import annotations

from functools import lru_cache

from rosbags.serde import SerdeError
from rosbags.typesys import Stores, TypesysError, get_types_from_idl, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from emg_recognition.resources import message_definitions

#: What rosbags raises for a definition or a message that it cannot read.
UNREADABLE = (SerdeError, TypesysError, KeyError, ValueError, AssertionError)
_SEPARATOR = "=" * 80 + "\n"


@lru_cache(maxsize=1)
def own_types() -> Typestore:
    """Return the types of ROS 2 and those of this package, as they are now.

    Returns
    -------
    rosbags.typesys.store.Typestore
        Knows every message of ``msg/`` and what they are made of.
    """
    store = get_typestore(Stores.ROS2_JAZZY)
    for name, text in message_definitions().items():
        store.register(get_types_from_msg(text, name))
    return store


def full_definition(type_name: str) -> str:
    """Return a definition as a bag carries it: the text itself, then that of every type in it.

    Parameters
    ----------
    type_name : str
        For example ``emg_recognition/msg/EmgSamples``.

    Returns
    -------
    str
        ``ros2msg``, as rosbag2 stores it; the comments, which hold the units, come along.

    Raises
    ------
    KeyError
        For a type that neither ROS 2 nor this package has.
    """
    if type_name not in own_types().fielddefs:
        raise KeyError(type_name)
    generated, _ = own_types().generate_msgdef(type_name, ros_version=2)
    own, *others = generated.split(_SEPARATOR)
    return _SEPARATOR.join([message_definitions().get(type_name, own), *others])


@lru_cache(maxsize=64)
def parse_definition(type_name: str, encoding: str, text: str) -> Typestore:
    """Return the types that one definition of a bag describes.

    A store of its own for each definition: two topics of a bag may carry different versions of a type.

    Parameters
    ----------
    type_name : str
        The type that the definition is of.
    encoding : str
        ``ros2msg`` or ``ros2idl``.
    text : str
        The definition with all types in it.

    Returns
    -------
    rosbags.typesys.store.Typestore
        Knows `type_name` and what it is made of.

    Raises
    ------
    ValueError
        If it cannot be understood.
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
