"""Print each new decision, and say when there are none any more: all that a game needs."""

from contextlib import suppress

import rclpy
from emg_recognition.msg import ActionDecision
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node


class Printer(Node):
    shown = ""

    def __init__(self):
        super().__init__("print_decisions")
        self.create_subscription(ActionDecision, "emg/decision", self.decided, 10)
        # After 0.2 s without a message the last decision is over.
        self.silence = self.create_timer(0.2, lambda: self.show("(silence)"))

    def decided(self, message):
        self.silence.reset()
        self.show(message.action or "(nothing)")

    def show(self, action):
        if action != self.shown:
            self.shown = action
            print(action, flush=True)


with suppress(KeyboardInterrupt, ExternalShutdownException):
    rclpy.init()
    rclpy.spin(Printer())
