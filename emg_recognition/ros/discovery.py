"""Let the nodes find each other sooner under Fast DDS; ``config/discovery.xml`` says how."""

from __future__ import annotations

from collections.abc import Mapping

from emg_recognition.errors import SettingError
from emg_recognition.resources import config_path

#: Where Fast DDS 2 (Humble, Jazzy) and 3 look for profiles.
VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")


def discovery_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables to set before rclpy starts.

    Parameters
    ----------
    environment : mapping
        The environment as it is.

    Returns
    -------
    dict of str to str
        Empty where the user has chosen profiles, or the file is not installed. Other middlewares ignore the
        variables.
    """
    if any(name in environment for name in VARIABLES):
        return {}
    try:
        path = str(config_path("discovery.xml"))
    except SettingError:
        return {}
    return dict.fromkeys(VARIABLES, path)
