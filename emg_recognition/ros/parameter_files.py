"""Refuse a ROS parameter file that sets nothing of the nodes that it is given to."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from emg_recognition.errors import SettingError
from emg_recognition.yaml_files import load_yaml

_PARAMETERS = "ros__parameters"
#: How like one of ours a name must be to count as mistyped; other packages' nodes may have any name.
_ALIKE = 0.8


def check_parameter_file(
    path: str | os.PathLike[str], namespace: str, nodes: Sequence[str], known: Sequence[str]
) -> None:
    """Refuse a file that would leave a node on its defaults by mistake.

    ROS ignores a file that does not exist when it comes from a launch file, and every entry whose name is
    that of no node.

    Parameters
    ----------
    path : path
        The parameter file.
    namespace : str
        The absolute namespace of the nodes, e.g. ``/left_arm``.
    nodes : sequence of str
        The names of the nodes that get the file.
    known : sequence of str
        Names of nodes that the file may set instead or as well. It may also set nodes of other packages,
        unless their names look like mistyped ones of these.

    Raises
    ------
    SettingError
        If the file cannot be read, is no parameter file, names a node that looks mistyped, names a node
        only in other namespaces, or sets none of either.
    """
    what, text = "params_file", os.fspath(path)
    entries = list(_entries(load_yaml(path, what), what, text))
    names = {entry: entry.rsplit("/", 1)[-1] for entry in entries}
    full_names = {node: f"{namespace.rstrip('/')}/{node}" for node in nodes}
    known = (*nodes, *known)
    for entry, name in names.items():
        near = difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)
        if near and name not in known:
            raise SettingError(what, text, f"it sets {entry}, and there is no such node; write {near[0]}")
    if not any(
        name in known or any(_applies(entry, full) for full in full_names.values())
        for entry, name in names.items()
    ):
        raise SettingError(
            what, text, f"it sets {_listed(entries)} and none of {_listed(known)}; give another file"
        )
    for node, full in full_names.items():
        own = [entry for entry, name in names.items() if name == node]
        if own and not any(_applies(entry, full) for entry in own):
            raise SettingError(
                what, text, f"it sets {_listed(own)}, but the node is {full}; write {full} or /**/{node}"
            )


def _entries(document: Any, what: str, path: str, above: str = "") -> Iterator[str]:
    """Yield the names of nodes, as the file writes them, with the namespaces that stand above them."""
    if not isinstance(document, Mapping) or not document:
        raise SettingError(what, path, f"{above or 'it'} has no nodes with {_PARAMETERS}")
    for key, value in document.items():
        name = f"{above}/{key}".replace("//", "/") if above else str(key)
        if isinstance(value, Mapping) and _PARAMETERS in value:
            yield name
        else:
            yield from _entries(value, what, path, name)


def _applies(entry: str, node: str) -> bool:
    """Return whether an entry is for a node, by the rule of rcl: ``*`` is one name, ``**`` any number."""
    pattern = re.escape("/" + entry.lstrip("/")).replace(r"/\*\*", r"(/\w+)*").replace(r"/\*", r"/\w+")
    return re.fullmatch(pattern, node) is not None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "no node"
