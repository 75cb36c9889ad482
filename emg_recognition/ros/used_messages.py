"""Import of a message package loads only the messages that are used: in the bridge 10 MiB and 40 ms less."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

_PACKAGE = re.compile(r"\w+\.(msg|srv|action)")
#: A line of a message package's ``__init__.py``, as rosidl writes it in every distribution.
_IMPORT = re.compile(r"from (\w+\.\w+\.\w+) import (\w+)\s*(#.*)?")


def import_used_messages_only() -> None:
    """Let each message be imported when it is first asked for; call it before the first of them is imported.

    ``from sensor_msgs.msg import JointState`` imports the 26 other messages of the package, those of
    ``geometry_msgs``, and NumPy for some of them. It is for a process that runs a node, not for a library.

    NumPy itself is loaded when it is first used: the messages of every service import it for a field of their
    introspection, and the bridge does without it.
    """
    sys.meta_path.insert(0, _Finder())
    if "numpy" not in sys.modules and (spec := find_spec("numpy")) is not None:
        numpy = module_from_spec(spec)
        numpy.__class__ = _Unused
        sys.modules["numpy"] = numpy


class _Unused(ModuleType):
    """A module that is loaded when anything in it is asked for."""

    def __getattribute__(self, name: str) -> Any:
        # A second `import` asks for the first, and rclpy's logger asks every module for its file. (With the
        # LazyLoader of Python each of them loads it.)
        if name in ("__spec__", "__file__", "__name__"):
            return object.__getattribute__(self, name)
        spec = self.__spec__
        assert spec is not None
        assert spec.loader is not None
        self.__class__ = ModuleType  # type: ignore[assignment]
        spec.loader.exec_module(self)
        return getattr(self, name)


class _Finder:
    """Finds and loads the packages of messages that do nothing but import their messages.

    It is not derived from the classes in ``importlib.abc``, which bring half a megabyte.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to load a package of messages; None for anything else."""
        if path is None or not _PACKAGE.fullmatch(name):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin is None or not spec.origin.endswith("__init__.py"):
            return None
        lines = Path(spec.origin).read_text(encoding="utf-8").splitlines()
        found = [_IMPORT.fullmatch(line) for line in lines if line.strip()]
        places = {one[2]: one[1] for one in found if one is not None}
        if len(places) < len(found):
            return None  # one that is written otherwise
        spec.loader, spec.loader_state = self, places  # type: ignore[assignment]
        return spec

    def create_module(self, _spec: ModuleSpec) -> None:
        """Leave that to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Make the names of the messages known."""
        assert module.__spec__ is not None
        places: dict[str, str] = module.__spec__.loader_state

        def load(name: str) -> object:
            if name not in places:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            found = getattr(importlib.import_module(places[name]), name)
            setattr(module, name, found)
            return found

        # As PEP 562 has it.
        module.__dict__.update(__getattr__=load, __all__=list(places))
