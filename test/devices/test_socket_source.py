"""Protocols over real sockets: what arrives, what a network loses, and what ends a connection."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from emg_recognition.devices import cyton_packets, emg_protocol
from emg_recognition.devices.protocol import DataFrame, InfoFrame
from emg_recognition.devices.reconnection import ReconnectingArmband
from emg_recognition.devices.socket_source import TcpArmband, UdpArmband, split_host
from emg_recognition.devices.source import ChunkSource
from emg_recognition.devices.stream import SampleChunk
from emg_recognition.errors import DeviceError, SettingError

INFO = InfoFrame("wifi band", "3", 1000.0, 2, "V", 1e6, ("a", "b"), ("", ""))
COUNTS = np.arange(800, dtype=np.int32).reshape(400, 2)


def emg_frame(first: int, restart: bool = False) -> bytes:
    """Five samples of COUNTS in the package's own protocol."""
    frame = DataFrame(first, first * 1000, restart, COUNTS[first : first + 5])
    return emg_protocol.encode_data(frame, 16)


def collect(source: ChunkSource, samples: int, seconds: float = 30.0) -> list[SampleChunk]:
    chunks: list[SampleChunk] = []
    deadline = time.monotonic() + seconds
    while sum(len(chunk.samples) for chunk in chunks) < samples:
        assert time.monotonic() < deadline, f"{chunks}"
        chunks += source.read()
    return chunks


@contextlib.contextmanager
def server(speak: Callable[[socket.socket], None]) -> Iterator[int]:
    """Accept connections one after the other, as a Wi-Fi board does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection, contextlib.suppress(OSError):
                        speak(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)


def armband(connection: socket.socket, first: int = 0) -> None:
    """Answer the commands of the package's own protocol; send 200 samples after the start."""
    while command := connection.recv(1):
        if command == emg_protocol.ASK_INFO:
            connection.sendall(emg_protocol.encode_info(INFO))
        elif command == emg_protocol.START:
            connection.sendall(b"".join(emg_frame(k, k == first) for k in range(first, first + 200, 5)))


def test_tcp_frames_arrive_to_the_bit() -> None:
    with server(armband) as port, TcpArmband("127.0.0.1", port) as source:
        assert source.info == INFO
        chunks = collect(source, 200)
    assert not source.is_open
    samples = np.concatenate([chunk.samples for chunk in chunks])
    assert np.array_equal(samples, (COUNTS[:200] / 1e6).astype(np.float32))
    assert (chunks[0].first_index, chunks[0].restart, source.counters.stream.lost) == (0, True, 0)


def test_tcp_lines_are_samples() -> None:
    def speak(connection: socket.socket) -> None:
        connection.sendall(b"cut off\n" + b"".join(b"%d,%d\n" % (k, -k) for k in range(300)))
        connection.recv(1000)
        time.sleep(1.0)

    with server(speak) as port:
        source = TcpArmband("127.0.0.1", port, protocol="ascii", rate=500.0, channels=2)
        source.open()
        # What waits at the start is old; here it is all there is.
        source.protocol.begin()
        chunks = collect(source, 300)
        source.close()
    assert np.array_equal(np.concatenate([c.samples for c in chunks])[:, 0], np.arange(300, dtype=np.float32))


def test_a_closed_connection_is_a_loss_and_is_made_again() -> None:
    said: list[str] = []
    connections = []

    def speak(connection: socket.socket) -> None:
        connections.append(connection)
        if len(connections) == 1:
            connection.sendall(emg_protocol.encode_info(INFO))
            while emg_protocol.START not in connection.recv(100):
                pass
            connection.sendall(emg_frame(0))  # and it hangs up
        else:
            armband(connection, 100)

    with server(speak) as port:
        source = ReconnectingArmband(TcpArmband("127.0.0.1", port), say=said.append)
        with source:
            chunks = collect(source, 205)
    assert "it closed the connection" in said[0]
    assert f"source tcp:127.0.0.1:{port}: reconnected" in said[-1]
    restarts = [(chunk.first_index, chunk.dropped_before) for chunk in chunks if chunk.restart]
    assert restarts == [(0, 0), (100, 95)]


def test_nobody_listening_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(DeviceError, match=f"^source tcp:127.0.0.1:{port}: no connection .*refused"):
        TcpArmband("127.0.0.1", port).open()


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.bind(("127.0.0.1", 0))
        yield sending


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_udp_datagrams_that_are_lost_doubled_or_late_are_counted(sender: socket.socket) -> None:
    port = free_port()
    source = UdpArmband(port, "127.0.0.1", protocol="ascii", rate=1000.0, channels=2, counter_period=65536)
    lost = {7, 8, 30}
    order = [k for k in range(50) if k not in lost]
    order.insert(20, order[19])  # doubled
    order[40], order[41] = order[41], order[40]  # one is late
    with source:
        for datagram in order:
            text = b"\n".join(b"%d,%d,%d" % (k, k, -k) for k in range(5 * datagram, 5 * datagram + 5))
            sender.sendto(text, ("127.0.0.1", port))  # its last line has no end
        chunks = collect(source, 5 * 46)
    counters = source.counters.stream
    assert (counters.samples, counters.duplicates, counters.late) == (5 * 46, 1, 1)
    assert counters.lost == 5 * 4  # three datagrams, and the late one, which came too late
    for chunk in chunks:
        assert chunk.samples[0, 0] == chunk.first_index
    assert [chunk.dropped_before for chunk in chunks if chunk.dropped_before] == [10, 5, 5]


def test_udp_takes_one_device_and_counts_strangers(sender: socket.socket) -> None:
    port = free_port()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
        UdpArmband(port, "127.0.0.1", protocol="ascii", rate=500.0, channels=1) as source,
    ):
        sender.sendto(b"1\n2\n", ("127.0.0.1", port))
        first = collect(source, 2)
        stranger.sendto(b"99\n99\n", ("127.0.0.1", port))
        sender.sendto(b"3\n", ("127.0.0.1", port))
        second = collect(source, 1)
        assert source.strangers == 1
        (remark,) = source.remarks()
        assert f"datagrams from 127.0.0.1:{stranger.getsockname()[1]} are ignored" in remark
        assert source.remarks() == []
    values = np.concatenate([chunk.samples for chunk in first + second]).ravel().tolist()
    assert values == [1.0, 2.0, 3.0]


def test_udp_cyton_packets(sender: socket.socket) -> None:
    port = free_port()
    counts = np.arange(80, dtype=np.int32).reshape(10, 8)

    def board() -> None:
        while True:
            command, host = sender.recvfrom(100)
            if cyton_packets.RESET in command:
                sender.sendto(cyton_packets.banner(False), host)
            if cyton_packets.START in command:
                for k in (0, 1, 2, 3, 6, 7, 8, 9):  # 4 and 5 are lost
                    sender.sendto(cyton_packets.pack_packets(k, counts[k : k + 1]), host)
                return

    thread = threading.Thread(target=board, daemon=True)
    thread.start()
    device = "{}:{}".format(*sender.getsockname())
    with UdpArmband(port, device=device, protocol="cyton") as source:
        chunks = collect(source, 7)
    thread.join()  # it uses the socket until its last packet is sent
    assert source.counters.stream.lost == 2
    assert chunks[0].unit == "V"


def test_a_port_in_use_is_one_line(sender: socket.socket) -> None:
    port = sender.getsockname()[1]
    with pytest.raises(DeviceError, match=f"^source udp:127.0.0.1:{port}: the port cannot be used"):
        UdpArmband(port, "127.0.0.1", protocol="ascii", rate=500.0, channels=1).open()


@pytest.mark.parametrize("text", ["host", "host:", ":80", "host:x", "host:0", "host:65536", "host:٣"])
def test_addresses_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(SettingError, match="write host:port"):
        split_host(text, "device")


def test_an_address_in_brackets() -> None:
    assert split_host("[::1]:3000", "device") == ("::1", 3000)
