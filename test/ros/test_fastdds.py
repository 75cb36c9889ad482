"""The profile for Fast DDS is used unless the user has chosen, and Fast DDS understands it."""

import os
import subprocess
import sys

import pytest

from emg_recognition.resources import config_path
from emg_recognition.ros.fastdds import PROFILES, TRANSPORTS, fastdds_variables


def test_the_profile_is_used_unless_the_user_has_chosen():
    path = str(config_path("fastdds.xml"))
    assert fastdds_variables({}) == {**dict.fromkeys(PROFILES, path), TRANSPORTS: "UDPv4"}


@pytest.mark.parametrize("chosen", ["/etc/fastdds.xml", ""])
@pytest.mark.parametrize("name", [*PROFILES, TRANSPORTS])
def test_what_the_user_has_chosen_stays(name, chosen):
    assert fastdds_variables({name: chosen}) == {}


def said_by_fast_dds(path):
    """Make a node with a profile and return what the process printed."""
    done = subprocess.run(
        [sys.executable, "-c", "import rclpy; rclpy.init(); rclpy.create_node('reader'); rclpy.shutdown()"],
        env={**os.environ, **dict.fromkeys(PROFILES, str(path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_fast_dds_reads_the_profile_and_finds_no_error(ros_environment, tmp_path):
    broken = tmp_path / "broken.xml"
    broken.write_text("<dds><profiles><participant/></profiles></dds>")
    assert "XML" in said_by_fast_dds(broken)
    assert said_by_fast_dds(config_path("fastdds.xml")) == ""
