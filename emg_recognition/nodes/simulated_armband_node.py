"""An armband without a wearer: play a recording, or a simulated wearer, into a pseudo-terminal.

Acquisition opens the other end like any serial port. The performed actions are published as
``emg/label``, with the sample index and the true time of that sample.
"""

from __future__ import annotations

import bisect
import sys

import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from emg_recognition.actions import PAPER_ACTION_NAMES, REST
from emg_recognition.devices.emulator import ArmbandEmulator
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.msg import ActionLabel
from emg_recognition.nodes.settings import SimulatedArmbandSettings
from emg_recognition.recordings.counts import to_counts
from emg_recognition.recordings.open import open_recordings
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.parameters import declare
from emg_recognition.ros.runner import run
from emg_recognition.ros.stamps import RosTime, to_time


class SimulatedArmbandNode(Node):
    """Sends the armband's serial protocol in real time."""

    def __init__(self) -> None:
        super().__init__("simulated_armband")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        settings = declare(self, SimulatedArmbandSettings)
        self._recordings = open_recordings([settings.archive]) if settings.archive else _simulate(settings)
        self._labels = self.create_publisher(ActionLabel, "emg/label", qos.LABELS)
        self._ros_time = RosTime(self.get_clock())
        played = self._recordings
        counts, scale = to_counts(played)
        #: Sample offset of each segment in what is played.
        self._borders = np.concatenate([[0], np.cumsum(played.length)]).astype(int)
        self._loop = settings.loop
        self._announced = -1
        self._emulator = ArmbandEmulator(
            counts,
            rate=played.rate,
            scale=scale,
            unit=played.unit,
            restarts=self._borders[1:-1] if settings.mark_breaks else (),
            frame_samples=settings.frame_samples,
            link=settings.link,
            loop=self._loop,
            protocol=settings.protocol,
        )
        self._emulator.start()
        self.create_timer(0.01, self._label, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._diagnostics = diagnostics.Diagnostics(self, self._report, self._emulator.info.device)
        self.get_logger().info(f"{settings.link}: {len(played)} segments of {played.source}")

    def close(self) -> None:
        """Stop playing and remove the link."""
        self._emulator.close()

    def _label(self) -> None:
        """Publish labels for the segment that is being sent, and for the end."""
        sent = self._emulator.sent
        if not sent:
            return
        total = int(self._borders[-1])
        turn, offset = divmod(sent - 1, total)
        segment = bisect.bisect_right(self._borders, offset) - 1
        current = turn * len(self._recordings) + segment
        for number in range(self._announced + 1, current + 1):
            self._publish(ActionLabel.START, number)
        self._announced = max(self._announced, current)
        if self._emulator.done and self._announced == current:
            self._announced += 1
            self._publish(ActionLabel.END, current, at=sent)

    def _publish(self, event: int, number: int, at: int | None = None) -> None:
        turn, segment = divmod(number, len(self._recordings))
        played = self._recordings
        index = turn * int(self._borders[-1]) + int(self._borders[segment]) if at is None else at
        label = ActionLabel(
            event=event,
            action=str(played.label[segment]),
            repetition=int(played.repetition[segment]),
            session=str(played.session[segment]),
            subject=str(played.subject[segment]),
            cohort=str(played.cohort[segment]),
            index=index,
            has_index=True,
        )
        label.header.stamp = to_time(self._ros_time.nanoseconds(self._emulator.taken_at(index)))
        self._labels.publish(label)

    def _report(self) -> diagnostics.Report:
        emulator = self._emulator
        if not emulator.sent:
            return diagnostics.STALE, "waiting for the start command", {"sent": 0}
        message = "everything has been sent" if emulator.done else "sending"
        return diagnostics.OK, message, {"sent": emulator.sent, "late": emulator.late}


def _simulate(settings: SimulatedArmbandSettings) -> Recordings:
    # SciPy is only needed to simulate, not to play.
    from emg_recognition.recordings.archive import from_arrays
    from emg_recognition.simulation.study import StudySettings, simulate_stream

    hold = settings.hold
    script = [(REST, hold)]
    for action in PAPER_ACTION_NAMES:
        if action != REST:
            script += [(action, hold), (REST, hold)]
    arrays = simulate_stream(
        StudySettings(),
        subject_number=settings.subject,
        cohort=settings.cohort,
        session_seed=settings.session,
        script=script,
    )
    return from_arrays(arrays, "a simulated wearer")


def main() -> int:
    """Run the node."""
    return run("simulated_armband", SimulatedArmbandNode)


if __name__ == "__main__":
    sys.exit(main())
