"""The SROS2 policy and the layouts against running nodes and the messages."""

from __future__ import annotations

import configparser
import json
import re
from xml.etree import ElementTree

import pytest
import yaml

from emg_recognition import msg

ALLOWED = {"publish": "topics/topic", "subscribe": "topics/topic", "reply": "services/service"}
#: Fields of other packages' messages that the layouts show, by topic.
STANDARD = {"joint_states": {"position"}, "enable": {"data"}, "preview": {"data"}}
MESSAGES = {
    "action": msg.ActionEstimate,
    "decision": msg.ActionDecision,
    "label": msg.ActionLabel,
    "bridge_state": msg.BridgeState,
    "quality": msg.SignalQuality,
}


@pytest.fixture(scope="module")
def policy(request):
    """For each enclave and node: the full names that it may publish, subscribe to and serve."""
    folder = request.config.rootpath / "config" / "sros2"
    common = ElementTree.parse(folder / "common.xml").getroot()
    found = {}
    for enclave in ElementTree.parse(folder / "policy.xml").iter("enclave"):
        for profile in enclave.iter("profile"):
            node = profile.get("node")
            found[enclave.get("path").rpartition("/")[2], node] = {
                kind: {
                    one.text.replace("~", f"/{node}") if one.text[0] in "~/" else f"/{one.text}"
                    for part in (common, profile)
                    for group in part.findall(path.partition("/")[0])
                    if group.get(kind) == "ALLOW"
                    for one in group
                }
                for kind, path in ALLOWED.items()
            }
    return found


def test_every_node_has_an_enclave_and_only_the_bridge_commands(policy, repository):
    parser = configparser.ConfigParser()
    parser.read(repository / "entry_points.ini")
    assert {enclave for enclave, _ in policy} == {name.removesuffix("_node") for name in parser["nodes"]}

    def publishers(topic):
        return {node for (_, node), allowed in policy.items() if topic in allowed["publish"]}

    assert publishers("/exo/joint_trajectory") == publishers("/exo/velocity_command") == {"command_bridge"}
    assert publishers("/exo/enable") == {"enabling_switch", "evaluator", "demo_observer"}
    assert publishers("/emg/action") == {"classifier"}


def test_running_nodes_use_nothing_that_the_policy_forbids(policy, witness, start_node, flexing_bundle):
    nodes = {"command_bridge": {}, "classifier": {"model": str(flexing_bundle)}, "preprocessing": {}}
    nodes |= {"enabling_switch": {}, "signal_quality": {}}
    for name, parameters in nodes.items():
        start_node(name, **parameters)
    graph = witness.node
    looks = {
        "publish": graph.get_publisher_names_and_types_by_node,
        "subscribe": graph.get_subscriber_names_and_types_by_node,
        "reply": graph.get_service_names_and_types_by_node,
    }

    def names(kind, node):
        return {name for name, _ in looks[kind](node, "/")}

    for node in nodes:
        # Diagnostics come last but one in each node's start.
        witness.spin_until(
            lambda node=node: (
                node in graph.get_node_names()
                and "/diagnostics" in names("publish", node)
                and names("reply", node)
            ),
            node,
        )
        for kind in looks:
            assert names(kind, node) <= policy[node, node][kind], (node, kind)
    assert policy["command_bridge", "command_bridge"]["subscribe"] >= {"/emg/action", "/exo/joint_states"}


def fields(message):
    return set(message.get_fields_and_field_types())


def test_the_layouts_show_fields_that_exist(repository):
    views = repository / "config" / "views"
    foxglove = json.loads((views / "foxglove.json").read_text())
    panels = set(re.findall(r'"(?:first|second)": "([^"]+)"', json.dumps(foxglove["layout"])))
    assert panels == set(foxglove["configById"])
    paths = [one["value"] for panel in foxglove["configById"].values() for one in panel.get("paths", [])]
    shown = [re.fullmatch(r"/(?:emg|exo)/(\w+)\.(\w+)(?:\[\d\])?", path).groups() for path in paths]
    curves = [one.get("name") for one in ElementTree.parse(views / "plotjuggler.xml").iter("curve")]
    for curve in curves:
        topic, *rest = re.fullmatch(r"/(?:emg|exo)/(\w+)/([\w/]+)(?:\[\d\])?", curve).groups()
        shown.append((topic, rest[0].rpartition("/")[2]))
    assert len(shown) == len(paths) + len(curves) > 10
    for topic, field in shown:
        known = fields(MESSAGES[topic]) if topic in MESSAGES else STANDARD[topic]
        assert field in known, (topic, field)
    rviz = yaml.safe_load((views / "exoskeleton.rviz").read_text())
    models = [one for one in rviz["Visualization Manager"]["Displays"] if "Description Topic" in one]
    assert [one["Description Topic"]["Value"] for one in models] == ["robot_description"]


def test_the_aggregator_groups_nodes_that_exist(repository):
    groups = yaml.safe_load((repository / "config" / "diagnostic_aggregator.yaml").read_text())
    parser = configparser.ConfigParser()
    parser.read(repository / "entry_points.ini")
    analyzers = groups["analyzers"]["ros__parameters"]
    named = {name for one in analyzers.values() if isinstance(one, dict) for name in one["contains"]}
    assert {f"{name}_node" for name in named} <= set(parser["nodes"])
