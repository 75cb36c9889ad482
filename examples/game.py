"""Catch stars with a basket that moves by recognised actions: a game that knows neither ROS nor this package.

    emg-recognition live --source serial:/dev/ttyACM0 --model bundle --udp 127.0.0.1:5005
    python3 game.py --port 5005 --left elbow_flexion --right elbow_extension

It listens for datagrams of JSON. The basket stands still when they fall silent. q or Ctrl-C ends it.
"""

import argparse
import curses
import json
import random
import socket
import time
from contextlib import suppress

#: A decision that came longer ago than this counts no more, s.
STALE = 0.2
#: Columns a second at full speed, rows a second of a star, and pictures a second.
SPEED, FALL, PICTURES = 25.0, 6.0, 30


class Decisions:
    """The newest decision that has come."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("", port))
        self.socket.setblocking(False)
        self.newest, self.came = {}, 0.0

    def now(self):
        with suppress(BlockingIOError):
            while True:
                data = self.socket.recv(65535)
                with suppress(ValueError):
                    decision = json.loads(data)
                    if isinstance(decision, dict):  # else it is somebody else's datagram
                        self.newest, self.came = decision, time.monotonic()
        fresh = time.monotonic() - self.came < STALE
        return self.newest if fresh else {}


def play(screen, options):
    with suppress(curses.error):  # not every terminal can hide its cursor
        curses.curs_set(0)
    screen.nodelay(True)
    decisions = Decisions(options.port)
    steps = {options.left: -1, options.right: 1}
    basket, star, points = 0.5, [0.5, 0.0], 0
    while screen.getch() != ord("q"):
        height, width = screen.getmaxyx()
        decision = decisions.now()
        action = decision.get("action", "")
        step = steps.get(action, 0) * decision.get("speed", 0.0) * SPEED / PICTURES / width
        basket = min(max(basket + step, 0.0), 1.0)
        star[1] += FALL / PICTURES / height
        if star[1] >= 1.0:
            points += abs(star[0] - basket) * width < 4
            star = [random.random(), 0.0]
        screen.erase()
        screen.addstr(0, 0, f"{points} stars   {action or '(nothing)'}"[: width - 1])
        screen.addstr(1 + int(star[1] * (height - 3)), int(star[0] * (width - 2)), "*")
        screen.addstr(height - 2, int(basket * max(width - 6, 0)), r"\___/"[: width - 1])
        screen.refresh()
        time.sleep(1 / PICTURES)


parser = argparse.ArgumentParser(description="Catch stars with recognised actions.")
parser.add_argument("--port", type=int, default=5005, help="UDP port of emg-recognition live --udp")
parser.add_argument("--left", default="elbow_flexion", help="the action that moves the basket to the left")
parser.add_argument("--right", default="elbow_extension", help="the action that moves it to the right")
with suppress(KeyboardInterrupt):
    curses.wrapper(play, parser.parse_args())
