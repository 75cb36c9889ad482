"""Play a bag: publish ``emg/samples``, ``emg/info``, ``emg/label`` and ``/clock`` as if they were live."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import closing

from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.node import Node
from rosgraph_msgs.msg import Clock as ClockMessage
from std_srvs.srv import SetBool

from emg_recognition.errors import EmgRecognitionError, RecordingError
from emg_recognition.msg import BridgeState
from emg_recognition.nodes.settings import PlayerSettings
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.parameters import declare, parameter_error
from emg_recognition.ros.playback import INPUTS, SAMPLES, BagSource, Timeline, index_range, with_jumps
from emg_recognition.ros.publishers import count_publishers
from emg_recognition.ros.runner import run
from emg_recognition.ros.stamps import to_time

#: Time between two clock messages, s.
_TICK = 0.005
#: The graph must not change for this long, s: nodes seen here may not have seen the player yet.
_SETTLE = 1.0
#: How long to wait for the last messages to be acknowledged, s.
_ACKNOWLEDGED_WITHIN = 5.0


class PlayerNode(Node):
    """Plays with the recorded timing in a separate thread; the executor serves pause and safety."""

    def __init__(self) -> None:
        super().__init__("player")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        self._settings = settings = declare(self, PlayerSettings)
        if not settings.bag:
            raise parameter_error(self, "bag", "", "name a bag")
        self._publishers_of = {
            topic: self.create_publisher(kind, topic, profile) for topic, (kind, profile) in INPUTS.items()
        }
        self._clock_publisher = self.create_publisher(ClockMessage, "/clock", qos.STATE)
        self._next_tick = 0.0
        self._clock_message = ClockMessage()
        self._counts = dict.fromkeys(INPUTS, 0)
        self._phase = "waiting"
        self._latest = 0.0
        self._paused = threading.Event()
        if settings.start_paused:
            self._paused.set()
        self._stop = threading.Event()
        self.create_service(SetBool, "~/pause", self._on_pause)
        self.create_subscription(BridgeState, "exo/bridge_state", self._on_bridge, qos.STATE)
        self.create_timer(0.2, self._look_around, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._diagnostics = diagnostics.Diagnostics(self, self._report)
        self._thread = threading.Thread(target=self._run, name="player", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop playing."""
        self._stop.set()
        self._thread.join()

    # Safety and pause --------------------------------------------------------------------------------

    def _on_bridge(self, message: BridgeState) -> None:
        engaged = message.state in (BridgeState.ARMED, BridgeState.HOLDING)
        if engaged and self._settings.exoskeleton != "simulated":
            self._end(
                EmgRecognitionError(
                    "the command bridge is armed: a recording must not move a patient; disarm it, or set "
                    "exoskeleton to simulated if it commands a simulated one"
                )
            )

    def _look_around(self) -> None:
        if count_publishers(self, SAMPLES) > 1:
            names = {info.node_name for info in self.get_publishers_info_by_topic(SAMPLES)}
            others = ", ".join(sorted(names - {self.get_name(), "_NODE_NAME_UNKNOWN_"})) or "another node"
            self._end(
                EmgRecognitionError(
                    f"{others} publishes {self.resolve_topic_name(SAMPLES)} too: "
                    "stop it, or play in another namespace"
                )
            )

    def _on_pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        if request.data:
            self._paused.set()
        else:
            self._paused.clear()
        response.success = True
        response.message = "paused" if request.data else "playing"
        return response

    def _end(self, failure: EmgRecognitionError) -> None:
        self._stop.set()
        self.failure = failure

    # Playing, in a thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            # Not in the constructor, because opening a large bag takes a while.
            with closing(BagSource(self._settings.bag, self._settings.bag_namespace or None)) as bag:
                self._play(bag)
        except EmgRecognitionError as error:
            self._end(error)
        except Exception:
            self._end(EmgRecognitionError("the playing thread has crashed; its traceback is above"))
            raise

    def _play(self, bag: BagSource) -> None:
        messages = with_jumps(bag.messages(), SAMPLES, index_range)
        moment = next(messages, None)
        self._log_problems(bag)
        if moment is None:
            raise RecordingError(self._settings.bag, "there is nothing to play", "give a bag with samples")
        if not self._subscribers_are_there(moment.time):
            return
        begin = time.monotonic()
        timeline = Timeline(self._settings.rate, begin, moment.time)
        self._phase = "playing"
        while moment is not None:
            due = timeline.advance(moment.time, jump=moment.jump)
            if not self._wait(timeline, due):
                return
            self._publishers_of[moment.topic].publish(moment.message)
            self._counts[moment.topic] += 1
            moment = next(messages, None)
        self._publish_clock(timeline.time(time.monotonic()))
        seconds = time.monotonic() - begin
        self._log_problems(bag)
        self._wait_for_acknowledgement()
        counts = ", ".join(f"{number} of {topic}" for topic, number in self._counts.items())
        self.get_logger().info(
            f"played {counts} in {seconds:.1f} s, at most {self._latest * 1000:.0f} ms late"
        )
        self.finished = True

    def _subscribers_are_there(self, first: int) -> bool:
        """Wait for the graph and publish the clock meanwhile, for nodes that use simulated time."""
        deadline = time.monotonic() + self._settings.wait_timeout
        since = time.monotonic()
        wanted = self._settings.subscribers
        before: list[int] = []
        while not self._stop.is_set():
            now = time.monotonic()
            self._tick(now, first)
            connected = [publisher.get_subscription_count() for publisher in self._publishers_of.values()]
            found = self._publishers_of[SAMPLES].get_subscription_count()
            if found < wanted or connected != before:
                since, before = now, connected
            elif now - since >= _SETTLE:
                return True
            if found < wanted and now > deadline:
                raise parameter_error(
                    self,
                    "subscribers",
                    wanted,
                    f"only {found} nodes subscribe to {self.resolve_topic_name(SAMPLES)}: "
                    "start the others first, or ask for fewer",
                )
            self._stop.wait(_TICK)
        return False

    def _wait(self, timeline: Timeline, due: float) -> bool:
        """Publish the clock until a message is due; False if the node ends first."""
        while not self._stop.is_set():
            now = time.monotonic()
            self._tick(now, timeline.time(now))
            if self._paused.is_set():
                self._phase = "paused"
                time.sleep(_TICK)
                pause = time.monotonic() - now
                timeline.shift(pause)
                due += pause
            elif now < due:
                self._phase = "playing"
                time.sleep(max(0.0, min(due, self._next_tick) - now))
            else:
                self._latest = max(self._latest, now - due)
                return True
        return False

    def _tick(self, now: float, bag_time: int) -> None:
        if now >= self._next_tick:
            self._next_tick = now + _TICK
            self._publish_clock(bag_time)

    def _publish_clock(self, bag_time: int) -> None:
        self._clock_message.clock = to_time(bag_time)
        self._clock_publisher.publish(self._clock_message)

    def _wait_for_acknowledgement(self) -> None:
        for topic, publisher in self._publishers_of.items():
            if not publisher.wait_for_all_acked(Duration(seconds=_ACKNOWLEDGED_WITHIN)):
                self.get_logger().warning(f"not every subscriber of {topic} acknowledged the last messages")

    def _log_problems(self, bag: BagSource) -> None:
        for problem in bag.new_problems():
            self.get_logger().warning(problem)

    def _report(self) -> diagnostics.Report:
        values: dict[str, object] = {**self._counts, "latest_s": f"{self._latest:.3f}"}
        return diagnostics.OK, self._phase, values


def main() -> int:
    """Run the node."""
    return run("player", PlayerNode)


if __name__ == "__main__":
    sys.exit(main())
