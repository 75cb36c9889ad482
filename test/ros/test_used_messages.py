"""A process that runs a node loads the messages that it uses, and no others until they are asked for."""

import subprocess
import sys

PROGRAM = """
import sys
from emg_recognition.ros.used_messages import import_used_messages_only

import_used_messages_only()
import emg_recognition.nodes.command_bridge_node
from sensor_msgs.msg import JointState

assert JointState.__module__ == "sensor_msgs.msg._joint_state"
assert "sensor_msgs.msg._camera_info" not in sys.modules
import inspect

inspect.stack()  # looks at every module, as rclpy's logger does
import numpy
import sensor_msgs.msg
import rclpy
from std_srvs.srv import Trigger

rclpy.init()
node = rclpy.create_node("small")
node.get_logger().info("here")
node.create_publisher(JointState, "joints", 1).publish(JointState(name=["elbow"], position=[0.5]))
node.create_service(Trigger, "trigger", lambda request, response: response)
node.destroy_node()
rclpy.shutdown()
assert "numpy._core" not in sys.modules, "the bridge does without NumPy"
assert numpy.__version__ and numpy.linalg.norm([3.0, 4.0]) == 5.0

assert sensor_msgs.msg.CameraInfo().k.shape == (9,)
assert "JointState" in sensor_msgs.msg.__all__
assert not hasattr(sensor_msgs.msg, "Nonsense")
try:
    from sensor_msgs.msg import Nonsense
except ImportError as error:
    assert "Nonsense" in str(error)
else:
    raise AssertionError("there is no such message")
# A package that does more than to import its messages is left alone.
import odd.msg

assert odd.msg.ANSWER == 42 and odd.msg.Message is odd.msg._message.Message
print("done")
"""


def test_a_node_has_what_it_uses(tmp_path):
    odd = tmp_path / "odd" / "msg"
    odd.mkdir(parents=True)
    (tmp_path / "odd" / "__init__.py").touch()
    (odd / "__init__.py").write_text("from odd.msg._message import Message  # noqa: F401\nANSWER = 42\n")
    (odd / "_message.py").write_text("class Message: ...\n")
    program = f"import sys; sys.path.append({str(tmp_path)!r})\n{PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.endswith("done\n"), done.stderr
