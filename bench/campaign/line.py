"""A serial cable that can be disturbed, between an emulated device and its host; in a process of its own.

``python line.py DEVICE HOST`` carries bytes in both directions between the pseudo-terminal DEVICE and a new
one with the link HOST. A line on its standard input disturbs it for some seconds: ``garbage 2.0`` inserts
random bytes, ``lose 2.0`` removes a tenth, ``damage 2.0`` changes some, ``hold 2.0`` carries nothing.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from emg_recognition.devices.pseudo_terminal import PseudoTerminal

#: How often bytes are carried, s.
PERIOD = 0.001


def disturbed(data: bytes, how: str) -> bytes:
    """Return what of `data` arrives."""
    if how == "hold":
        return b""
    if how == "lose":
        return bytes(byte for byte in data if random.random() > 0.1)
    if how == "damage":
        return bytes(byte ^ 0x55 if random.random() < 0.02 else byte for byte in data)
    if how == "garbage":
        return data + random.randbytes(random.choice((0, 0, 1, 7, 60)))
    return data


def opened(device: str) -> int | None:
    """Open the device's end; None while it is not there."""
    try:
        return os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return None


def carry(device: str, terminal: PseudoTerminal) -> None:
    """Carry bytes until standard input ends."""
    port: int | None = None
    how, until = "", 0.0
    while True:
        time.sleep(PERIOD)
        if select.select([sys.stdin], [], [], 0)[0]:
            line = sys.stdin.readline()
            if not line:
                return
            how, seconds = line.split()
            until = time.monotonic() + float(seconds)
        if time.monotonic() > until:
            how = ""
        port = opened(device) if port is None else port
        if port is None:
            # What is sent to a device that is not there is lost; a new one must not get it.
            terminal.read()
            continue
        try:
            data = os.read(port, 4096)
            # The device has gone, and a new one may have taken its link.
            if not data:
                raise OSError
        except BlockingIOError:
            data = b""
        except OSError:
            os.close(port)
            port = None
            continue
        if data:
            terminal.write(disturbed(data, how))
        data = terminal.read()
        if data:
            try:
                os.write(port, disturbed(data, how))
            except OSError:
                continue


if __name__ == "__main__":
    # Ctrl-C is for the campaign, which closes the cable.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The host waits for its end, and then for the device's first words.
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.02)
    cable = PseudoTerminal(sys.argv[2])
    try:
        carry(sys.argv[1], cable)
    finally:
        cable.close()
