"""The game of examples/ in a terminal of its own: the basket moves by datagrams and stands still without."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time

import pytest

pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")
pytest.importorskip("curses", reason="this Python has no curses")


ROWS, COLUMNS = 20, 60


class Screen:
    """What a vt52 terminal shows: it has the fewest ways to move its cursor."""

    def __init__(self):
        self.cells = [[" "] * COLUMNS for _ in range(ROWS)]
        self.row = self.column = 0
        self._left = ""

    def feed(self, text):
        text = self._left + text
        place = 0
        while place < len(text):
            one, command = text[place], text[place + 1 : place + 2]
            if one == "\x1b" and len(text) - place < (4 if command == "Y" else 2):
                break  # the rest comes later
            place += {"\x1b": 4 if command == "Y" else 2}.get(one, 1)
            if one == "\x1b":
                self._obey(command, text[place - 2 : place])
            elif one in "\r\n\b":
                self._move(*{"\r": (0, -COLUMNS), "\n": (1, 0), "\b": (0, -1)}[one])
            elif one == "\t":
                self._move(0, 8 - self.column % 8)
            elif one.isprintable():
                self.cells[self.row][self.column] = one
                self._move(0, 1)
        self._left = text[place:]

    def _obey(self, command, where):
        if command == "Y":
            self.row, self.column = (ord(one) - 32 for one in where)
        elif command == "H":
            self.row = self.column = 0
        elif command in "ABCD":
            self._move(*{"A": (-1, 0), "B": (1, 0), "C": (0, 1), "D": (0, -1)}[command])
        elif command in "JK":
            self.cells[self.row][self.column :] = " " * (COLUMNS - self.column)
            if command == "J":
                self.cells[self.row + 1 :] = [[" "] * COLUMNS for _ in range(ROWS - self.row - 1)]

    def _move(self, rows, columns):
        self.row = min(max(self.row + rows, 0), ROWS - 1)
        self.column = min(max(self.column + columns, 0), COLUMNS - 1)

    @property
    def status(self):
        return "".join(self.cells[0]).strip()

    @property
    def basket(self):
        """The column of the basket in the last row but one."""
        return "".join(self.cells[ROWS - 2]).find("\\___/")


class Game:
    """The game, and what its terminal shows."""

    def __init__(self, path):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.target = free.getsockname()
        self.mine, terminal = pty.openpty()
        environment = {**os.environ, "TERM": "vt52", "LINES": str(ROWS), "COLUMNS": str(COLUMNS)}
        command = [sys.executable, path, "--port", str(self.target[1]), "--left", "fist", "--right", "open"]
        self.process = subprocess.Popen(command, stdin=terminal, stdout=terminal, env=environment)
        os.close(terminal)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.screen = Screen()

    def send(self, decision):
        self.socket.sendto(json.dumps(decision).encode(), self.target)

    def until(self, happened, *, decision=None):
        """Send a decision again and again, or nothing, until something is seen."""
        deadline = time.monotonic() + 60
        while not happened():
            assert time.monotonic() < deadline, self.screen.cells
            if decision is not None:
                self.send(decision)
            self.watch(0.03)

    def watch(self, seconds):
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.mine], [], [], left)[0]:
                try:
                    self.screen.feed(os.read(self.mine, 65536).decode())
                except OSError:  # the game has ended
                    return

    def close(self):
        self.process.kill()
        self.process.wait()
        self.socket.close()
        os.close(self.mine)


@pytest.fixture
def game(repository):
    running = Game(repository / "examples" / "game.py")
    yield running
    running.close()


def test_the_basket_moves_by_decisions_and_stands_still_without(game):
    screen = game.screen
    game.until(lambda: screen.status == "0 stars   (nothing)" and screen.basket > 0)
    begin = screen.basket
    game.until(lambda: screen.basket > begin + 5, decision={"action": "open", "speed": 1.0})
    assert screen.status.endswith("open")
    game.until(lambda: screen.status.endswith("(nothing)"))
    still = screen.basket
    game.watch(0.3)
    assert screen.basket == still
    game.until(lambda: screen.basket < still - 5, decision={"action": "fist", "speed": 0.5})
    game.until(lambda: screen.status.endswith("(nothing)"))
    still = screen.basket
    game.until(lambda: screen.status.endswith("rest"), decision={"action": "rest", "speed": 1.0})
    assert screen.basket == still
    for other in (b"\xff no JSON", b"3", b""):
        game.socket.sendto(other, game.target)
    game.watch(0.3)
    assert game.process.poll() is None
    os.write(game.mine, b"q")
    game.watch(0.5)
    assert game.process.wait(timeout=20) == 0
