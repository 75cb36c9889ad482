"""Keep the generator of message code out of a running node: 5 MiB and 27 ms of every process."""

from __future__ import annotations

import importlib
import sys

_GENERATOR = "rosidl_generator_py.generate_py_impl"


def leave_out_generator() -> None:
    """Import ``rosidl_generator_py`` without its generator, with whose grammar and parser it comes otherwise.

    Every message needs the package for one function. The package goes without the generator where that
    cannot be imported, and so it is told here. Call it before the first node is created.
    """
    if _GENERATOR in sys.modules:
        return
    sys.modules[_GENERATOR] = None  # type: ignore[assignment]
    try:
        importlib.import_module("rosidl_generator_py")
    except ImportError:
        # A ROS that has no such package needs nothing left out.
        pass
    finally:
        del sys.modules[_GENERATOR]
