"""Train a model bundle from labelled recordings.

ros2 launch emg_recognition training.launch.py data:=archive.npz output:=out/training
"""

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import OpaqueFunction

from emg_recognition.ros.launching import (
    check_parameters,
    declare_arguments,
    end_all,
    log_level,
    namespace,
    params_file,
    start,
)

#: Each argument and the node whose parameter it sets; params_file sets the others.
ARGUMENTS = dict.fromkeys(("data", "config", "output"), ("trainer",))


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            *declare_arguments(ARGUMENTS),
            namespace(),
            log_level(),
            params_file("training.yaml"),
            OpaqueFunction(function=_trainer),
        ]
    )


def _trainer(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    check_parameters(context, ["trainer"])
    return [start("trainer", context, ARGUMENTS, on_exit=end_all)]
