"""Both ends of the path, each in a process of its own: the armband, and who receives what comes of it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from live_path.rows import Row

#: Samples in a frame of the armband.
FRAME = 10
#: How long the start may take, s.
PATIENCE = 60.0


def play(link: str, row: Row, seconds: float, orders: Connection) -> None:
    """Be the armband; answer a request with the end and the time of each frame written since its start."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from emg_recognition.devices.emulator import ArmbandEmulator

    written: list[tuple[int, float]] = []
    # Long enough for the slowest start: a loop would restart the stream.
    length = round((3 * PATIENCE + seconds) * row.rate)
    counts = np.random.default_rng(1).integers(-100, 100, (length, row.channels), np.int16)
    scale = 1e6 if row.unit == "V" else 1.0
    armband = ArmbandEmulator(
        counts, rate=row.rate, scale=scale, unit=row.unit, frame_samples=FRAME, link=link
    )
    write = armband._terminal.write

    def note(data: bytes | bytearray) -> int:
        now = time.monotonic()
        if armband._in_outbox:
            written.append((armband.sent + armband._in_outbox, now))
        return write(data)

    armband._terminal.write = note  # type: ignore[method-assign]
    with armband:
        orders.send("ready")
        orders.recv()
        orders.send(written)


def watch(orders: Connection) -> None:
    """Receive until told to end; arm the bridge on request."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import rclpy
    from emg_recognition.msg import ActionDecision, ActionEstimate
    from rclpy.signals import SignalHandlerOptions
    from std_srvs.srv import Trigger
    from trajectory_msgs.msg import JointTrajectory

    from emg_recognition.ros import qos
    from emg_recognition.ros.fastdds import fastdds_variables
    from emg_recognition.ros.following import Followed
    from emg_recognition.ros.receiving import ReceivingThread

    os.environ.update(fastdds_variables(os.environ))
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("bench")
    estimates: list[tuple[int, float]] = []
    decisions: list[tuple[int, float]] = []
    commands: list[float] = []

    def on_estimate(message: ActionEstimate) -> None:
        estimates.append((message.last_index, time.monotonic()))

    def on_decision(message: ActionDecision) -> None:
        decisions.append((message.last_index, time.monotonic()))

    def on_command(_message: JointTrajectory) -> None:
        commands.append(time.monotonic())

    def accept(_message: object) -> None:
        """Take whatever comes."""

    threads = [
        ReceivingThread(node, kind, Followed(node, topic, accept, callback), qos.WITNESS)
        for kind, topic, callback in (
            (ActionEstimate, "emg/action", on_estimate),
            (ActionDecision, "emg/decision", on_decision),
            (JointTrajectory, "exo/joint_trajectory", on_command),
        )
    ]
    arm = node.create_client(Trigger, "command_bridge/arm")
    orders.send("ready")
    while (order := orders.recv()) != "end":
        if order == "first":
            orders.send(estimates[0][1] if estimates else None)
        elif order == "arm":
            answer = "there is no bridge"
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline:
                if arm.wait_for_service(0.5):
                    future = arm.call_async(Trigger.Request())
                    rclpy.spin_until_future_complete(node, future, timeout_sec=2.0)
                    response = future.result() if future.done() else None
                    if response is not None and response.success:
                        answer = ""
                        break
                    answer = "no answer" if response is None else response.message
                time.sleep(0.2)
            orders.send(answer)
        elif order == "begin":
            del estimates[:], decisions[:], commands[:]
        elif order == "results":
            orders.send((list(estimates), list(decisions), list(commands)))
    for thread in threads:
        thread.close()
    node.destroy_node()
    rclpy.try_shutdown()


@contextmanager
def helper(target: Any, *arguments: Any) -> Iterator[Connection]:
    """Run a function in a process of its own, and end it."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=target, args=(*arguments, theirs), daemon=True
    )
    process.start()
    try:
        if not ours.poll(PATIENCE) or ours.recv() != "ready":
            raise SystemExit(f"{target.__name__} did not start")
        yield ours
    finally:
        process.join(5.0)
        process.kill()
