"""The programs of examples/ in processes of their own; the test decides."""

import itertools
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
from emg_recognition.msg import ActionDecision, EmgInfo, EmgSamples, EmgWindow
from geometry_msgs.msg import Twist, TwistStamped

from emg_recognition.messages import check_info, check_samples
from emg_recognition.ros import qos
from emg_recognition.ros.stamps import to_nanoseconds

from .conftest import PATIENCE


class Decisions:
    """Publishes a decision 40 times a second until it is silent."""

    def __init__(self, witness):
        self._node = witness.node
        self._publisher = witness.node.create_publisher(ActionDecision, "emg/decision", qos.DECISIONS)
        self._timer = witness.node.create_timer(0.025, self._say)
        self.action, self.age = "rest", 0

    def subscribers(self):
        return self._publisher.get_subscription_count()

    def silent(self):
        self._timer.cancel()

    def go_on(self):
        self._timer.reset()

    def _say(self):
        message = ActionDecision(action=self.action, speed=0.5)
        message.header.stamp = self._node.get_clock().now().to_msg()
        message.header.stamp.sec -= self.age
        self._publisher.publish(message)


@pytest.fixture
def running(repository, witness, tmp_path):
    """The three examples, and what they say."""
    names = ("print_decisions", "drive", "servo_arm")
    decisions = Decisions(witness)
    twists = witness.collect(Twist, "cmd_vel", 100)
    servo = witness.collect(TwistStamped, "servo_node/delta_twist_cmds", 100)
    printed = tmp_path / "printed"
    with printed.open("w") as output:
        processes = {
            name: subprocess.Popen([sys.executable, repository / "examples" / f"{name}.py"], stdout=output)
            for name in names
        }
    witness.spin_until(lambda: decisions.subscribers() == len(names) and twists, "the examples")
    yield SimpleNamespace(decisions=decisions, twists=twists, servo=servo, printed=printed, **processes)
    for process in processes.values():
        process.kill()
        process.wait()


def test_the_examples_move_on_decisions_and_stop_without(running, witness):
    def drives():
        return running.twists[-1].linear.x == 0.15

    def jogs():
        return running.servo and running.servo[-1].twist.linear.z == 0.025

    def says(*words):
        return running.printed.read_text().split()[-len(words) :] == list(words)

    def halted():
        stopped = running.servo[-1].twist == Twist()
        return running.twists[-1] == Twist() and stopped

    witness.spin_until(lambda: running.twists[-1] == Twist() and says("rest"), "standstill at rest")
    assert not running.servo
    running.decisions.action = "elbow_flexion"
    witness.spin_until(lambda: drives() and jogs() and says("elbow_flexion"), "motion at half speed")
    running.decisions.silent()
    witness.spin_until(lambda: halted() and says("elbow_flexion", "(silence)"), "standstill in silence")
    running.decisions.go_on()
    witness.spin_until(lambda: drives() and jogs(), "motion again")
    running.decisions.age = 1
    witness.spin_until(halted, "standstill with old decisions")
    running.decisions.age = 0
    witness.spin_until(lambda: drives() and jogs(), "motion once more")
    # The last command of a driver that is ended stops.
    running.drive.send_signal(signal.SIGTERM)
    witness.spin_until(lambda: running.drive.poll() is not None, "the end")
    witness.spin_until(lambda: running.twists[-1] == Twist(), "the last command")
    assert running.drive.returncode == 0
    for process in (running.print_decisions, running.servo_arm):
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 0


def test_a_driver_of_your_own_feeds_the_graph(repository, witness, start_node, tmp_path):
    driver = subprocess.Popen([sys.executable, repository / "examples" / "own_driver.py"])
    try:
        infos = witness.collect(EmgInfo, "emg/info", qos.LATCHED)
        chunks = witness.collect(EmgSamples, "emg/samples", qos.SAMPLES)
        windows = witness.collect(EmgWindow, "emg/window", qos.WINDOWS)
        start_node("preprocessing", settling=0.0)
        witness.spin_until(lambda: infos and windows and sum(c.first_index > 500 for c in chunks), "windows")
    finally:
        driver.send_signal(signal.SIGINT)
        assert driver.wait(timeout=PATIENCE) == 0
    check_info(infos[0])
    for chunk in chunks:
        check_samples(chunk)
    for before, after in itertools.pairwise(chunks):
        assert after.first_index == before.first_index + len(before.data) // 4
        assert (after.restart, after.dropped_before) == (False, 0)
    ages = [to_nanoseconds(c.header.stamp) * 1e-9 - c.first_index / 1000 for c in chunks]
    assert max(ages) - min(ages) < 2.0  # a busy machine delays blocks, but no stamp stands still
    assert windows[0].channels == 4
