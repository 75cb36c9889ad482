"""Jog a robot arm with MoveIt Servo: decisions become geometry_msgs/TwistStamped for its hand.

Servo watches limits, collisions and singularities. It halts when commands fall silent
(incoming_command_timeout), so this node speaks only while a decision moves the hand, and ends with a zero.
"""

import time
from contextlib import suppress

import rclpy
from emg_recognition.msg import ActionDecision
from geometry_msgs.msg import TwistStamped
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.time import Time

#: Velocity of the hand along x and z of FRAME in m/s for each action at full speed.
MOTIONS = {
    "elbow_flexion": (0.0, 0.05),
    "elbow_extension": (0.0, -0.05),
    "wrist_extension": (0.05, 0.0),
    "wrist_internal_rotation": (-0.05, 0.0),
}
FRAME = "base_link"
#: A decision that was received or made longer ago than this counts no more, s.
STALE = 0.2


class Jogger(Node):
    def __init__(self):
        super().__init__("servo_arm")
        self.decision, self.received, self.moving = ActionDecision(), 0.0, False
        self.create_subscription(ActionDecision, "emg/decision", self.decided, 1)
        self.commands = self.create_publisher(TwistStamped, "servo_node/delta_twist_cmds", 1)
        self.create_timer(0.02, self.command)

    def decided(self, message):
        self.decision, self.received = message, time.monotonic()

    def command(self):
        now, was_moving = self.get_clock().now(), self.moving
        age = (now - Time.from_msg(self.decision.header.stamp)).nanoseconds / 1e9
        fresh = time.monotonic() - self.received < STALE and abs(age) < STALE
        self.moving = fresh and self.decision.action in MOTIONS
        if not (self.moving or was_moving):
            return
        x, z = MOTIONS[self.decision.action] if self.moving else (0.0, 0.0)
        message = TwistStamped()
        message.header.stamp, message.header.frame_id = now.to_msg(), FRAME
        message.twist.linear.x = x * self.decision.speed
        message.twist.linear.z = z * self.decision.speed
        self.commands.publish(message)


with suppress(KeyboardInterrupt, ExternalShutdownException):
    rclpy.init()
    rclpy.spin(Jogger())
