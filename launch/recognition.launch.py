"""The nodes on the robot: armband -> acquisition -> preprocessing -> classifier -> command bridge.

ros2 launch emg_recognition recognition.launch.py model:=bundle port:=/dev/ttyACM0

It starts no enabling switch: the bridge needs the one in the operator's hand (docs/reference/topics.md).
"""

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import OpaqueFunction

from emg_recognition.nodes.settings import FILES
from emg_recognition.ros.launching import (
    check_parameters,
    declare_arguments,
    end_all,
    is_on,
    log_level,
    namespace,
    params_file,
    robot_arguments,
    start,
    switch,
)

#: Each argument and the nodes whose parameter it sets.
ARGUMENTS = {
    "model": ("classifier", "preprocessing", "command_bridge", "decision"),
    "port": ("acquisition",),
    "wait_for_port": ("acquisition",),
    "exoskeleton": ("command_bridge",),
    "autostart": ("acquisition", "classifier"),
}


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            *declare_arguments(ARGUMENTS),
            switch(
                "bridge",
                "true",
                "false: no command bridge; nothing moves, emg/decision comes from a node of its own.",
            ),
            *robot_arguments(),
            namespace(),
            log_level(),
            params_file("recognition.yaml"),
            OpaqueFunction(function=_nodes),
        ]
    )


def _nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    last = ("command_bridge", "decision")
    chain = ["acquisition", "preprocessing", "classifier", last[0] if is_on("bridge", context) else last[1]]
    check_parameters(context, [*chain, "signal_quality"], *last, *FILES["simulation.yaml"])
    return [
        *(start(name, context, ARGUMENTS, on_exit=end_all) for name in chain),
        # The chain works without it.
        start("signal_quality", context),
    ]
