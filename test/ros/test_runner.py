"""A signal ends the wait of an idle node at once."""

import signal
import subprocess
import sys

import pytest

PROGRAM = """
from rclpy.node import Node

from emg_recognition.ros import runner

# Without a wake-up it would take this long.
runner._POLL = 600.0


class Idle(Node):
    failure, finished = None, False

    def __init__(self):
        super().__init__("idle", start_parameter_services=False)
        self.create_guard_condition(lambda: print("spinning", flush=True)).trigger()

    def close(self):
        print("closed", flush=True)


raise SystemExit(runner.run("idle", Idle))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_idle_node_ends_with_a_signal(number):
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as idle:
        assert idle.stdout.readline() == "spinning\n"
        idle.send_signal(number)
        try:
            assert idle.wait(30.0) == 0
        finally:
            idle.kill()
        assert idle.stdout.read() == "closed\n"
