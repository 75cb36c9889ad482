"""Drive a wheelchair, a mobile robot or turtlesim: decisions become geometry_msgs/Twist on cmd_vel.

It stops when the decisions fall silent, are old, or name an action that drives nothing, and at its own end.
If this process dies, only the base can stop: give it a watchdog (diff_drive_controller: cmd_vel_timeout).
"""

import signal
import time

import rclpy
from emg_recognition.msg import ActionDecision
from geometry_msgs.msg import Twist
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.time import Time

#: Forward speed in m/s and turn to the left in rad/s of each action at full speed.
MOTIONS = {
    "elbow_flexion": (0.3, 0.0),
    "elbow_extension": (-0.2, 0.0),
    "wrist_internal_rotation": (0.0, 0.5),
    "wrist_extension": (0.0, -0.5),
}
#: A decision that was received or made longer ago than this counts no more, s.
STALE = 0.2


class Driver(Node):
    def __init__(self):
        super().__init__("drive")
        self.decision, self.received = ActionDecision(), 0.0
        self.create_subscription(ActionDecision, "emg/decision", self.decided, 1)
        self.commands = self.create_publisher(Twist, "cmd_vel", 1)
        self.create_timer(0.05, lambda: self.command(self.fresh()))

    def decided(self, message):
        self.decision, self.received = message, time.monotonic()

    def fresh(self):
        """Whether the newest decision may move something; two clocks see more than one."""
        age = (self.get_clock().now() - Time.from_msg(self.decision.header.stamp)).nanoseconds / 1e9
        return time.monotonic() - self.received < STALE and abs(age) < STALE

    def command(self, moving):
        forward, turn = MOTIONS.get(self.decision.action, (0.0, 0.0)) if moving else (0.0, 0.0)
        twist = Twist()
        twist.linear.x = forward * self.decision.speed
        twist.angular.z = turn * self.decision.speed
        self.commands.publish(twist)


# rclpy's own handler would end the connection before the last command.
rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.default_int_handler)
driver = Driver()
try:
    rclpy.spin(driver)
except KeyboardInterrupt:
    driver.command(False)
    time.sleep(0.1)  # until it has left
