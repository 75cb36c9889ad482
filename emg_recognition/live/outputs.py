"""Where live decisions go: lines of JSON, datagrams, keys of the keyboard, LSL, or a terminal."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any, Protocol

from emg_recognition.errors import SettingError
from emg_recognition.live.decisions import LiveDecision

if TYPE_CHECKING:
    from emg_recognition.devices.protocol import InfoFrame
    from emg_recognition.devices.stream import SampleChunk


class Output(Protocol):
    """Something that is told what is decided."""

    def tell(self, decision: LiveDecision) -> None:
        """Take a decision: one for each window, and one every 0.1 s in silence."""

    def close(self) -> None:
        """End; the last decision was for nothing."""


class JsonLines:
    """One line of JSON for each window.

    Parameters
    ----------
    stream : file
        Where the lines go.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def tell(self, decision: LiveDecision) -> None:
        """Write a line."""
        print(json.dumps(decision.to_json()), file=self._stream, flush=True)

    def close(self) -> None:
        """Leave the stream open."""


class Udp:
    """One datagram for each window: the line that :class:`JsonLines` writes, in UTF-8.

    Parameters
    ----------
    address : str
        ``HOST:PORT``; an IPv6 address stands in brackets.

    Raises
    ------
    SettingError
        If it is no such address, or the host is not known.
    """

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
            raise SettingError("--udp", address, "write HOST:PORT, such as 127.0.0.1:5005")
        try:
            found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            problem = getattr(error, "strerror", None) or error
            raise SettingError("--udp", address, f"name a host that is known here ({problem})") from None
        family, kind, protocol, _, target = found[0]
        self._target: Any = target
        self._socket = socket.socket(family, kind, protocol)
        # A network that is slow or gone must not hold the recognition up.
        self._socket.setblocking(False)

    def tell(self, decision: LiveDecision) -> None:
        """Send a datagram; whether anybody listens is not known."""
        with contextlib.suppress(OSError):
            self._socket.sendto(json.dumps(decision.to_json()).encode(), self._target)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class Keys:
    """Hold a key of the keyboard down while its action is decided.

    Parameters
    ----------
    keys : mapping of str to str
        Action -> key: a character, or a name of pynput such as ``up``, ``space`` or ``f1``.
    actions : iterable of str
        The actions of the model.
    controller : optional
        What presses the keys; by default pynput's controller of this desktop.

    Raises
    ------
    SettingError
        If an action or a key is not known, pynput is not installed, or no key can be pressed here.
    """

    def __init__(self, keys: Mapping[str, str], actions: Iterable[str], controller: Any = None) -> None:
        known = tuple(actions)
        for action in keys:
            if action not in known:
                raise SettingError("--keys", action, f"the model has {', '.join(known)}")
        keyboard = _keyboard(",".join(f"{action}={key}" for action, key in keys.items()))
        self._keys = {action: _key(keyboard, key) for action, key in keys.items()}
        self._controller = controller or keyboard.Controller()
        self._held: Any = None

    @staticmethod
    def read(text: str) -> dict[str, str]:
        """Read ``ACTION=KEY,ACTION=KEY``."""
        found = dict(part.partition("=")[::2] for part in text.split(",") if part)
        if not found or not all(key and action for action, key in found.items()):
            raise SettingError("--keys", text, "write ACTION=KEY,..., such as elbow_flexion=up,fist=space")
        return {action.strip(): key.strip() for action, key in found.items()}

    def tell(self, decision: LiveDecision) -> None:
        """Release the key of another action, then press that of this one."""
        key = self._keys.get(decision.action)
        if key == self._held:
            return
        self._release()
        if key is not None:
            self._controller.press(key)
            self._held = key

    def close(self) -> None:
        """Leave no key down."""
        self._release()

    def _release(self) -> None:
        if self._held is not None:
            self._controller.release(self._held)
            self._held = None


def _keyboard(wanted: str) -> Any:
    try:
        from pynput import keyboard
    except ModuleNotFoundError:
        raise SettingError("--keys", wanted, "install pynput: pip install 'emg_recognition[keys]'") from None
    except ImportError as error:
        problem = str(error).strip().splitlines()[0].rstrip(": ")
        raise SettingError(
            "--keys",
            wanted,
            f"no key can be pressed here ({problem}): run it in a desktop session, or under Wayland as root "
            "with PYNPUT_BACKEND_KEYBOARD=uinput",
        ) from None
    return keyboard


def _key(keyboard: Any, text: str) -> Any:
    if len(text) == 1:
        return keyboard.KeyCode.from_char(text)
    try:
        return keyboard.Key[text]
    except KeyError:
        raise SettingError(
            "--keys", text, "name a character, or a key such as up, down, left, right, space, enter or f1"
        ) from None


class Lsl:
    """Decisions and estimates as markers, and the samples, as streams of the Lab Streaming Layer.

    Parameters
    ----------
    name : str
        How the names of the streams begin.
    info : InfoFrame
        The device.

    Raises
    ------
    SettingError
        If pylsl is not installed.
    """

    def __init__(self, name: str, info: InfoFrame | None) -> None:
        from emg_recognition.devices.lsl_output import LslOutput

        self._output = LslOutput(name, info=info)

    def samples(self, chunk: SampleChunk) -> None:
        """Send samples."""
        self._output.samples(chunk)

    def tell(self, decision: LiveDecision) -> None:
        """Send the estimate, and the decision if it is another one."""
        if decision.estimate is not None:
            self._output.estimate(decision.estimate)
        newest = decision.since if decision.estimate is None else decision.estimate.time
        self._output.decision(decision.action, newest)

    def close(self) -> None:
        """End the streams."""
        self._output.close()


class Screen:
    """A line for each new decision, for people.

    Parameters
    ----------
    stream : file
        Where the lines go.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._shown: str | None = None
        self._begin: float | None = None

    def tell(self, decision: LiveDecision) -> None:
        """Write a line if the decision is another one."""
        text = decision.action or ("silence" if decision.estimate is None else "nothing")
        if self._begin is None:
            self._begin = decision.since
        if text != self._shown:
            self._shown = text
            certain = "" if decision.estimate is None else f"  {decision.estimate.confidence:.2f}"
            print(f"{decision.since - self._begin:8.2f} s  {text}{certain}", file=self._stream, flush=True)

    def close(self) -> None:
        """Leave the stream open."""
