"""Let the nodes find each other sooner under Fast DDS, and reach each other by UDP alone.

``config/fastdds.xml`` says how and why.
"""

from __future__ import annotations

from collections.abc import Mapping

from emg_recognition.errors import SettingError
from emg_recognition.resources import config_path

#: Where Fast DDS 2 (Humble, Jazzy) and 3 look for profiles.
PROFILES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
#: By what Fast DDS sends (from 2.12), unless rmw_fastrtps chooses, as it does with the range LOCALHOST.
TRANSPORTS = "FASTDDS_BUILTIN_TRANSPORTS"


def fastdds_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables to set before rclpy starts.

    Parameters
    ----------
    environment : mapping
        The environment as it is.

    Returns
    -------
    dict of str to str
        Empty where the user has chosen profiles or transports, or the file is not installed. Other
        middlewares ignore the variables.
    """
    if any(name in environment for name in (*PROFILES, TRANSPORTS)):
        return {}
    try:
        path = str(config_path("fastdds.xml"))
    except SettingError:
        return {}
    return {**dict.fromkeys(PROFILES, path), TRANSPORTS: "UDPv4"}
