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
    start_together,
    switch,
)

#: Each argument and the nodes whose parameter it sets.
ARGUMENTS = {
    "model": ("classifier", "preprocessing", "command_bridge", "decision", "signal_quality"),
    "port": ("acquisition",),
    "source": ("acquisition",),
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
            switch("container", "false", "true: one process for acquisition, preprocessing and classifier."),
            switch("page", "false", "true: serve the page for patient and therapist, too."),
            *robot_arguments(),
            namespace(),
            log_level(),
            params_file("recognition.yaml"),
            OpaqueFunction(function=_nodes),
        ]
    )


def _nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    chain = ("acquisition", "preprocessing", "classifier")
    last = "command_bridge" if is_on("bridge", context) else "decision"
    check_parameters(
        context,
        [*chain, last, "signal_quality", "page"],
        *FILES["recognition.yaml"],
        *FILES["simulation.yaml"],
    )
    # Each begins when the next one will miss nothing, or the first windows differ from the recording's.
    waits = {
        "acquisition": {"wait_for": ["preprocessing"]},
        "preprocessing": {"wait_for": ["classifier"]},
        "classifier": {"wait_for": [last]},
    }
    if is_on("container", context):
        nodes = [start_together("chain", chain, context, ARGUMENTS, waits, on_exit=end_all)]
    else:
        nodes = [start(name, context, ARGUMENTS, waits[name], on_exit=end_all) for name in chain]
    return [
        *nodes,
        start(last, context, ARGUMENTS, on_exit=end_all),
        # The chain works without these.
        start("signal_quality", context, ARGUMENTS),
        *([start("page", context)] if is_on("page", context) else []),
    ]
