"""An arm with a real bridge, exoskeleton and switch; the test's process is its classifier and operator."""

import time

from emg_recognition.msg import ActionEstimate, BridgeState, ModelInfo
from sensor_msgs.msg import JointState
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from emg_recognition.ros import qos

ACTIONS = ["rest", "elbow_flexion", "wrist_extension", "elbow_extension"]


class Arm:
    """Nodes in processes of their own, and the witness as classifier and operator."""

    def __init__(self, witness, start_node, exoskeleton=None):
        self.witness = witness
        self._start_node = start_node
        self._index = 1000
        # Deeper than the bridge's own queues, to see every message.
        self.trajectories = witness.collect(JointTrajectory, "exo/joint_trajectory", 500)
        self.states = witness.collect(BridgeState, "exo/bridge_state", 500)
        self.joints = witness.collect(JointState, "exo/joint_states", 500)
        self._estimates = witness.node.create_publisher(ActionEstimate, "emg/action", qos.ESTIMATES)
        self._models = self._timer = self.bridge = None
        self.exoskeleton = start_node("simulated_exoskeleton", **(exoskeleton or {}))
        if exoskeleton and "link" in exoskeleton:
            self.exoskeleton.wait_for_log("a serial exoskeleton is at")
        self.switch = start_node("enabling_switch", pressed=True)

    def start_bridge(self, *, stride=5, **parameters):
        """Start a new bridge in front of an elbow in the middle of its range; the switch is pressed.

        `stride` is the number of samples from one window to the next, at 200 Hz.
        """
        node = self.witness.node
        self.action, self.changes, self._stride = "rest", {}, stride
        if self.bridge is not None:
            if self.bridge.process.poll() is None:
                self.bridge.interrupt()
            node.destroy_timer(self._timer)
            # Another publisher, so that the new bridge has not heard of a model.
            node.destroy_publisher(self._models)
            self.witness.forget("command_bridge")
            self.centre_joints()
            if self.switch.process.poll() is not None:
                self.switch = self._start_node("enabling_switch", pressed=True)
                self.witness.forget("enabling_switch")
            self.press(True)
        self._models = node.create_publisher(ModelInfo, "emg/model", qos.LATCHED)
        self._timer = node.create_timer(stride / 200.0, self.estimate)
        self._timer.cancel()
        for messages in (self.trajectories, self.states, self.joints):
            messages.clear()
        # The lowest rate leaves a busy machine time for everything else.
        self.bridge = self._start_node("command_bridge", **{"command_rate": 50.0, **parameters})
        self.witness.spin_until(
            lambda: self.states and self.joints and self._estimates.get_subscription_count(), "the graph"
        )
        return self

    def centre_joints(self):
        """Bring the joints to the middle of their ranges, as the exoskeleton starts."""
        middle = [1.15, 0.0, 0.0]
        point = JointTrajectoryPoint(positions=middle, velocities=[0.0] * 3)
        point.time_from_start.nanosec = 100_000_000
        message = JointTrajectory(joint_names=self.joints[-1].name, points=[point])
        publisher = self.witness.node.create_publisher(JointTrajectory, "exo/joint_trajectory", qos.COMMANDS)

        def centred():
            publisher.publish(message)
            self.witness.spin_for(0.1)
            return max(abs(a - b) for a, b in zip(self.joints[-1].position, middle, strict=True)) < 1e-3

        self.witness.spin_until(centred, "the joints in the middle")
        self.witness.node.destroy_publisher(publisher)

    def press(self, on):
        assert self.witness.call(SetBool, "enabling_switch/press", SetBool.Request(data=on)).success

    def announce(self, actions=ACTIONS, sha256="abc"):
        self._models.publish(
            ModelInfo(model="m1", sha256=sha256, actions=actions, rate=200.0, channels=8, length=40)
        )

    def send_estimates(self, on=True):
        (self._timer.reset if on else self._timer.cancel)()

    def estimate(self):
        self._index += self._stride
        message = ActionEstimate(
            last_index=self._index,
            action_id=ACTIONS.index(self.action),
            action=self.action,
            confidence=0.9,
            activation=1.0,
            model="m1",
        )
        message.header.stamp = self.witness.node.get_clock().now().to_msg()
        for name, value in self.changes.items():
            setattr(message, name, value)
        self._estimates.publish(message)

    def call(self, service):
        return self.witness.call(Trigger, f"command_bridge/{service}", Trigger.Request())

    def armed(self):
        """Announce a model, send estimates and arm; on a busy machine the first calls may be refused."""
        self.announce()
        self.send_estimates()
        deadline = time.monotonic() + 30.0
        while not (answer := self.call("arm")).success:
            assert time.monotonic() < deadline, answer.message
        return self

    def elbow(self):
        return self.joints[-1].position[0]

    def wait_for_motion(self):
        """Bend the elbow by 0.1 rad; on a busy machine it may have come so near its limit that it extends."""
        begin = self.elbow()
        self.action = "elbow_flexion" if begin < 2.0 else "elbow_extension"

        def moved():
            # On a busy machine a node may have been silent for too long.
            if self.states[-1].state == BridgeState.FAULT:
                self.call("arm")
            return abs(self.elbow() - begin) > 0.1

        self.witness.spin_until(moved, "the elbow to move")

    def wait_for_state(self, state, what):
        self.witness.spin_until(lambda: self.states[-1].state == state, what)

    def wait_for_silence(self):
        """Spin until 0.3 s have passed without a command."""

        def silent():
            before = len(self.trajectories)
            self.witness.spin_for(0.3)
            return len(self.trajectories) == before

        self.witness.spin_until(silent, "the bridge to stop commanding")

    def wait_for_standstill(self):
        """Spin until every joint has not moved for 0.3 s."""

        def stopped():
            recent = self.joints[-30:]
            return all(
                max(positions) - min(positions) < 1e-6
                for positions in zip(*(message.position for message in recent), strict=True)
            )

        self.joints.clear()
        self.witness.spin_until(lambda: len(self.joints) >= 30 and stopped(), "standstill")
