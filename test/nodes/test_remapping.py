"""Every topic of every node follows its namespace and its remapping."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from .remapped_nodes import CLASSES, NAMESPACE, remapped

#: Topics of a node besides its own: the same for all, or below its name.
COMMON = re.compile(
    r"/(rosout|parameter_events|diagnostics|clock|tf\w*)|/lab/left/robot_description|/lab/left/\w+/(_|transition_event).*"
)

RECORDED = {
    "emg/samples",
    "emg/info",
    "emg/model",
    "emg/label",
    "emg/action",
    "emg/decision",
    "emg/quality",
    "exo/bridge_state",
    "exo/bridge_counters",
    "exo/enable",
}
TOPICS = {
    "acquisition": {"emg/samples", "emg/info"},
    "preprocessing": {"emg/samples", "emg/window"},
    "classifier": {"emg/window", "emg/action", "emg/model"},
    "command_bridge": {
        "emg/action",
        "emg/model",
        "emg/info",
        "emg/decision",
        "exo/enable",
        "exo/joint_states",
        "exo/joint_trajectory",
        "exo/bridge_state",
        "exo/bridge_counters",
    },
    "decision": {"emg/action", "emg/model", "emg/decision"},
    "demo_observer": {
        "emg/samples",
        "emg/window",
        "emg/action",
        "emg/label",
        "exo/bridge_state",
        "exo/enable",
        "exo/joint_states",
        "exo/joint_trajectory",
    },
    "enabling_switch": {"exo/enable"},
    "evaluator": RECORDED | {"emg/window"},
    # And whatever somebody views.
    "foxglove": {"emg/info", "emg/model", "emg/label", "emg/session", "exo/bridge_counters"},
    "lsl_output": {"emg/action", "emg/decision", "emg/samples", "emg/info"},
    "monitor": {
        "emg/samples",
        "emg/info",
        "emg/quality",
        "emg/model",
        "emg/action",
        "emg/label",
        "exo/bridge_state",
        "exo/bridge_counters",
        "exo/enable",
        "exo/joint_states",
    },
    "page": {
        "emg/samples",
        "emg/info",
        "emg/quality",
        "emg/model",
        "emg/action",
        "emg/decision",
        "emg/label",
        "emg/session",
        "exo/bridge_state",
        "exo/bridge_counters",
        "exo/enable",
        "exo/joint_states",
    },
    "player": {"emg/samples", "emg/info", "emg/label", "exo/bridge_state"},
    "recorder": RECORDED,
    "session": RECORDED | {"emg/session"},
    "signal_quality": {"emg/samples", "emg/info", "emg/quality", "emg/preview"},
    "simulated_armband": {"emg/label"},
    "simulated_exoskeleton": {"exo/joint_states", "exo/joint_trajectory"},
    "trainer": {"training/progress"},
}


def test_every_topic_of_every_node_is_remapped(ros_environment, repository, tmp_path):
    names = sorted(set().union(*TOPICS.values()))
    subprocess.run(
        [sys.executable, str(Path(__file__).with_name("remapped_nodes.py")), str(tmp_path), *names],
        env={**os.environ, "PYTHONPATH": f"{repository}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
        check=True,
        timeout=120,
    )
    found = json.loads((tmp_path / "topics.json").read_text())
    for node, topics in TOPICS.items():
        own = {topic for topic in found[node] if not COMMON.fullmatch(topic)}
        assert own == {remapped(topic) for topic in topics}, node
    assert found.keys() == TOPICS.keys() == CLASSES.keys()


def test_the_table_names_every_topic_and_every_node_with_topics(repository):
    page = (repository / "docs" / "reference" / "topics.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `((?:emg|exo|training)/\w+)` \|", page, re.MULTILINE))
    # Published and subscribed instead of trajectories where the output is `velocity`.
    assert set().union(*TOPICS.values()) == listed - {"exo/velocity_command"}
    files = {
        path.stem.removesuffix("_node") for path in (repository / "emg_recognition/nodes").glob("*_node.py")
    }
    # One composes three of the nodes, the other only calls services.
    assert files == TOPICS.keys() | {"chain", "call_bridge"}
    assert NAMESPACE.count("/") == 2
