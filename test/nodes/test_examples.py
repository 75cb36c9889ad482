"""The programs of examples/ in processes of their own; the test decides."""

import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
from emg_recognition.msg import ActionDecision
from geometry_msgs.msg import Twist, TwistStamped

from emg_recognition.ros import qos

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
def running(repository, witness):
    """The three examples, and what they say."""
    names = ("print_decisions", "drive", "servo_arm")
    decisions = Decisions(witness)
    twists = witness.collect(Twist, "cmd_vel", 100)
    servo = witness.collect(TwistStamped, "servo_node/delta_twist_cmds", 100)
    processes = {
        name: subprocess.Popen(
            [sys.executable, repository / "examples" / f"{name}.py"], stdout=subprocess.PIPE, text=True
        )
        for name in names
    }
    witness.spin_until(lambda: decisions.subscribers() == len(names) and twists, "the examples")
    yield SimpleNamespace(decisions=decisions, twists=twists, servo=servo, **processes)
    for process in processes.values():
        process.kill()
        process.communicate()


def test_the_examples_move_on_decisions_and_stop_without(running, witness):
    def drives():
        return running.twists[-1].linear.x == 0.15

    def jogs():
        return running.servo and running.servo[-1].twist.linear.z == 0.025

    def halted():
        stopped = running.servo[-1].twist == Twist()
        return running.twists[-1] == Twist() and stopped

    witness.spin_until(lambda: running.twists[-1] == Twist(), "standstill at rest")
    assert not running.servo
    running.decisions.action = "elbow_flexion"
    witness.spin_until(lambda: drives() and jogs(), "motion at half speed")
    running.decisions.silent()
    witness.spin_until(halted, "standstill in silence")
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
    printed = running.print_decisions.stdout.read().split()
    # On a busy machine there may be more silences.
    spoken = [word for word in printed if word != "(silence)"]
    assert spoken[0] == "rest"
    assert set(spoken) == {"rest", "elbow_flexion"}
    assert "(silence)" in printed[printed.index("elbow_flexion") :]
