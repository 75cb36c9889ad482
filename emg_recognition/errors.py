"""The package's errors: one base class, and messages that name the problem, its value and the remedy."""

from __future__ import annotations

import re
from typing import Any

from emg_recognition.text import printable

#: Longest message, characters: it may quote a file of somebody else.
_LONGEST = 5000


class EmgRecognitionError(Exception):
    """Base class of every error that this package raises on purpose.

    The command line and the nodes print ``str(error)`` and exit with a non-zero code.

    Parameters
    ----------
    message : str
        The message. It becomes one line of bounded length, and control characters are shown as their escapes,
        because it may quote names from a file of somebody else.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(re.sub(r"\s*[\r\n]\s*", " ", message), _LONGEST))


class SettingError(EmgRecognitionError):
    """A setting has a value that cannot be used.

    Parameters
    ----------
    name : str
        The setting as the user wrote it, with its place if known, e.g. ``compact.yaml: training.epochs``.
    value : Any
        The value found.
    remedy : str
        What to write instead.
    """

    def __init__(self, name: str, value: Any, remedy: str) -> None:
        super().__init__(f"{name} is {value!r}: {remedy}")
        self.name = name
        self.value = value
        self.remedy = remedy


class RecordingError(EmgRecognitionError):
    """A recording cannot be read, or lacks something that is needed.

    Parameters
    ----------
    source : str
        File or folder of the recording.
    problem : str
        What was found, with its value.
    remedy : str
        What to do about it.
    """

    def __init__(self, source: str, problem: str, remedy: str) -> None:
        super().__init__(f"recording {source}: {problem}; {remedy}")
        self.source = source
        self.problem = problem


class SampleError(EmgRecognitionError):
    """Samples have the wrong shape, or a value that no electrode delivers (NaN or infinity).

    Parameters
    ----------
    problem : str
        What was found, with the sample index and channel.
    remedy : str
        What to do about it.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")


class MessageError(EmgRecognitionError):
    """A message from another program cannot be used.

    Parameters
    ----------
    problem : str
        Which field is wrong, and its value, fit for a log.
    remedy : str
        What to send instead.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")


class BundleError(EmgRecognitionError):
    """A model bundle is damaged, unknown or made for other signals.

    Parameters
    ----------
    path : str
        The bundle's directory.
    problem : str
        What was found, with both values where two disagree.
    remedy : str
        What to do about it.
    """

    def __init__(self, path: str, problem: str, remedy: str) -> None:
        super().__init__(f"model bundle {path}: {problem}; {remedy}")
        self.path = path


class DeviceError(EmgRecognitionError):
    """A device cannot be opened, is not the expected one, or was disconnected.

    Parameters
    ----------
    port : str
        The port or address as the user named it.
    problem : str
        What was found.
    remedy : str
        What to do about it.
    kind : str
        What `port` is: ``"port"``, or ``"source"`` for an address of another kind.
    """

    def __init__(self, port: str, problem: str, remedy: str, *, kind: str = "port") -> None:
        super().__init__(f"{kind} {port}: {problem}; {remedy}")
        self.port = port
