"""Armbands on a network: the protocols of a serial port over TCP or UDP."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from abc import abstractmethod
from typing import Any, NoReturn

from emg_recognition.devices.byte_source import ByteSource
from emg_recognition.devices.protocol import DeviceProtocol
from emg_recognition.devices.protocols import as_protocol
from emg_recognition.errors import SettingError

CONNECT_SECONDS = 3.0
"""How long a device may take to accept a connection, s."""

MOST = 65536
"""Largest datagram, and most bytes that are taken at once."""


class SocketSource(ByteSource):
    """What TCP and UDP have in common.

    Parameters
    ----------
    port : str
        The address, as the user wrote it.
    protocol : str or DeviceProtocol
        As for :class:`~emg_recognition.SerialArmband`, and so are the settings.
    """

    when_silent = "check that the device is on and reachable on the network"
    when_unknown = "check the protocol"

    def __init__(self, port: str, protocol: str | DeviceProtocol, **settings: Any) -> None:
        super().__init__(as_protocol(protocol, settings))
        self.port = port
        self._socket: socket.socket | None = None

    @property
    def is_open(self) -> bool:
        """Whether the socket is open."""
        return self._socket is not None

    def close(self) -> None:
        """Stop the device and close the socket; allowed at any time."""
        if self._socket is not None:
            with contextlib.suppress(Exception):
                self._write(self.protocol.stop)
            if self._socket is not None:  # a failed write has closed it
                self._socket.close()
                self._socket = None

    def _opened(self) -> socket.socket:
        if self._socket is None:
            raise self.error("the armband is not open", "open it first")
        return self._socket

    def _gone(self, what: object) -> NoReturn:
        opened, self._socket = self._socket, None
        if opened is not None:
            opened.close()
        raise self.error(f"the armband has gone ({what})", "check its power and network and open it again")

    def _forget(self) -> None:
        deadline = time.monotonic() + 1.0  # a stranger may send without an end
        while select.select([self._opened()], [], [], 0)[0] and time.monotonic() < deadline:
            self._receive(0.0)

    def _receive(self, seconds: float) -> bytes:
        opened = self._opened()
        if not select.select([opened], [], [], seconds)[0]:
            return b""
        try:
            return self._take_bytes(opened)
        except OSError as error:
            self._gone(error.strerror or error)

    @abstractmethod
    def _take_bytes(self, opened: socket.socket) -> bytes:
        """Return what waits in the socket."""

    def _when_unanswered(self) -> str:
        return "check that an armband is there, switched on, and speaks this protocol"


class TcpArmband(SocketSource):
    """Read samples from a device that accepts TCP connections.

    Parameters
    ----------
    host, port : str, int
        Where it listens.
    protocol, **settings
        As for :class:`~emg_recognition.SerialArmband`.

    Examples
    --------
    >>> armband = TcpArmband("192.168.4.1", 3000, protocol="ascii", rate=500.0, channels=4)
    >>> armband.where
    'source tcp:192.168.4.1:3000'
    """

    def __init__(
        self, host: str, port: int, *, protocol: str | DeviceProtocol = "emg", **settings: Any
    ) -> None:
        super().__init__(f"tcp:{host}:{port}", protocol, **settings)
        self._at = host, port

    def _connect(self) -> None:
        self.close()
        try:
            self._socket = socket.create_connection(self._at, CONNECT_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except OSError as error:
            reason = error.strerror or error
            raise self.error(f"no connection ({reason})", "check address, power and network") from error

    def _take_bytes(self, opened: socket.socket) -> bytes:
        data = opened.recv(MOST)
        if not data:
            self._gone("it closed the connection")
        return data

    def _write(self, data: bytes) -> None:
        try:
            self._opened().sendall(data)
        except OSError as error:
            self._gone(error.strerror or error)


class UdpArmband(SocketSource):
    """Read samples that a device sends to a UDP port of this machine.

    The first sender after each opening is the device; datagrams of others are ignored and counted. A datagram
    of a text protocol ends its line. What the network loses or reorders shows in the protocol's counter.

    Parameters
    ----------
    port : int
        The port of this machine.
    host : str
        The address of this machine; by default all that it has.
    device : str
        ``host:port`` of the device, if it waits for commands; only its datagrams are taken then.
    protocol, **settings
        As for :class:`~emg_recognition.SerialArmband`.

    Attributes
    ----------
    strangers : int
        Datagrams ignored because they came from elsewhere.
    """

    def __init__(
        self,
        port: int,
        host: str = "",
        *,
        device: str = "",
        protocol: str | DeviceProtocol = "emg",
        **settings: Any,
    ) -> None:
        super().__init__(f"udp:{host}:{port}" if host else f"udp:{port}", protocol, **settings)
        self._at = host, port
        self._device = split_host(device, "device") if device else None
        self._peer: tuple[str, int] | None = None
        self._begins = True  # the next datagram is the first one
        self.strangers = 0
        self._stranger = ""  # the first one since the opening, until it was reported

    def start(self) -> None:
        """Make the armband send samples, if it takes commands."""
        super().start()
        self._begins = True

    def remarks(self) -> list[str]:
        """Return what is worth a line in the log, once."""
        said = super().remarks()
        if self._stranger and self._peer is not None:
            device = f"{self._peer[0]}:{self._peer[1]}"
            said.append(
                f"datagrams from {self._stranger} are ignored: {device} is the device; end the other one"
            )
            self._stranger = ""
        return said

    def _connect(self) -> None:
        self.close()
        try:
            self._peer = _resolve(*self._device) if self._device else None
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            # Room for what arrives while this process is delayed.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self._socket.bind(self._at)
        except OSError as error:
            self.close()
            reason = error.strerror or error
            raise self.error(f"the port cannot be used ({reason})", "name another port or address") from error

    def _take_bytes(self, opened: socket.socket) -> bytes:
        data, sender = opened.recvfrom(MOST)
        if self._peer is None:
            self._peer = sender
        if sender[0] != self._peer[0] or (self._device is None and sender != self._peer):
            if not self.strangers:
                self._stranger = f"{sender[0]}:{sender[1]}"
            self.strangers += 1
            return b""
        end = self.protocol.line_end
        if self._begins:  # with the beginning of a line
            data, self._begins = end + data, False
        return data if data.endswith(end) else data + end

    def _write(self, data: bytes) -> None:
        opened = self._opened()
        if data and self._peer is not None:
            with contextlib.suppress(OSError):  # the device may be away; silence will show it
                opened.sendto(data, self._peer)


def split_host(text: str, name: str) -> tuple[str, int]:
    """Return host and port of ``host:port``; an IPv6 address stands in brackets.

    Raises
    ------
    SettingError
        Under `name`, if it is anything else.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise SettingError(name, text, "write host:port, e.g. 192.168.4.1:3000")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _resolve(host: str, port: int) -> tuple[str, int]:
    found = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)[0][4]
    return str(found[0]), int(found[1])
