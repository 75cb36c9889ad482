"""A guided recording: armband -> acquisition -> signal quality, and the session that prompts and records.

ros2 launch emg_recognition session.launch.py port:=/dev/ttyACM0 subject:=anna cohort:=patient session:=3

`ros2 launch` passes no keys to its nodes. Give the session a terminal of its own (terminal:="xterm -e"), call
its services, or run `emg-recognition session --port ...` instead, which does the same in one terminal.
"""

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration

from emg_recognition.nodes.settings import FILES, SessionNodeSettings
from emg_recognition.ros.launching import (
    check_parameters,
    declare_arguments,
    end_all,
    is_on,
    log_level,
    namespace,
    params_file,
    start,
    switch,
)
from emg_recognition.settings import settings_of

#: Each argument and the nodes whose parameter it sets.
ARGUMENTS = {
    "port": ("acquisition",),
    "source": ("acquisition",),
    "wait_for_port": ("acquisition",),
    **dict.fromkeys(settings_of(SessionNodeSettings), ("session",)),
}


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            *declare_arguments(ARGUMENTS),
            DeclareLaunchArgument(
                "terminal",
                default_value="",
                description="Opens a terminal for screen and keys, e.g. 'xterm -e'; empty: none.",
            ),
            switch("page", "false", "true: serve the page for patient and therapist, too."),
            namespace(),
            log_level(),
            params_file("recognition.yaml"),
            OpaqueFunction(function=_nodes),
        ]
    )


def _nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    check_parameters(
        context, ["acquisition", "signal_quality", "session", "page"], *FILES["recognition.yaml"]
    )
    return [
        start("acquisition", context, ARGUMENTS, on_exit=end_all),
        start("signal_quality", context, on_exit=end_all),
        *([start("page", context)] if is_on("page", context) else []),
        # When the session is over, everything ends.
        start("session", context, ARGUMENTS, prefix=LaunchConfiguration("terminal"), on_exit=end_all),
    ]
