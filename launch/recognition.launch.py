"""The nodes on the robot: armband -> acquisition -> preprocessing -> classifier -> command bridge.

ros2 launch emg_recognition recognition.launch.py model:=bundle port:=/dev/ttyACM0

It starts no enabling switch: the bridge needs the one in the operator's hand (docs/reference/topics.md).
"""

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import OpaqueFunction

from emg_recognition.ros.launching import declare_arguments, end_all, namespace, params_file, start

#: Each argument and the nodes whose parameter it sets.
ARGUMENTS = {
    "model": ("classifier", "preprocessing", "command_bridge"),
    "port": ("acquisition",),
    "wait_for_port": ("acquisition",),
    "exoskeleton": ("command_bridge",),
}


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            *declare_arguments(ARGUMENTS),
            namespace(),
            params_file("recognition.yaml"),
            OpaqueFunction(function=_nodes),
        ]
    )


def _nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    chain = ("acquisition", "preprocessing", "classifier", "command_bridge")
    return [
        *(start(name, context, ARGUMENTS, on_exit=end_all) for name in chain),
        # The chain works without it.
        start("signal_quality", context),
    ]
