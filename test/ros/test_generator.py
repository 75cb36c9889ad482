"""A node runs without the generator of message code, which stays importable."""

import subprocess
import sys

PROGRAM = """
import sys
import rclpy
from emg_recognition.ros.generator import leave_out_generator

leave_out_generator()
rclpy.init()
node = rclpy.create_node("small")
node.create_publisher(__import__("emg_recognition.msg").msg.EmgSamples, "emg/samples", 1)
assert "rosidl_generator_py" in sys.modules
assert not {"rosidl_generator_py.generate_py_impl", "lark"} & set(sys.modules)
node.destroy_node()
rclpy.shutdown()
from rosidl_generator_py.generate_py_impl import generate_py
assert callable(generate_py)
leave_out_generator()
assert "rosidl_generator_py.generate_py_impl" in sys.modules
print("done")
"""


def test_a_node_works_without_it():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.endswith("done\n"), done.stderr
