"""One declaration for every parameter: what the nodes declare, what the files list, and what is refused."""

from __future__ import annotations

import pytest
import yaml
from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import DescribeParameters, GetParameters

from emg_recognition.nodes.settings import FILES, FROM_MODEL, NODES, parameter_file
from emg_recognition.settings import settings_of

#: What a node needs to start and to keep running by itself.
NEEDED = {
    "acquisition": {"autostart": False},
    "classifier": {"autostart": False},
    "session": {"subject": "anna", "cohort": "patient"},
    "page": {"port": 0},
    # For a line that loses messages.
    "signal_quality": {"qos_overrides./emg/samples.subscription.reliability": "best_effort"},
}
OVERRIDE = "qos_overrides./emg/samples.subscription."
#: Without work to do these end at once; the demo's observer would begin as soon as it sees the others.
UNSTARTED = {"player", "trainer", "monitor", "demo_observer", "call_bridge"}
KINDS = {
    bool: ParameterType.PARAMETER_BOOL,
    int: ParameterType.PARAMETER_INTEGER,
    float: ParameterType.PARAMETER_DOUBLE,
    str: ParameterType.PARAMETER_STRING,
    tuple: ParameterType.PARAMETER_STRING_ARRAY,
}
FIELDS = {
    ParameterType.PARAMETER_BOOL: "bool_value",
    ParameterType.PARAMETER_INTEGER: "integer_value",
    ParameterType.PARAMETER_DOUBLE: "double_value",
    ParameterType.PARAMETER_STRING: "string_value",
    ParameterType.PARAMETER_STRING_ARRAY: "string_array_value",
}


def settings_of_node(node):
    return {name: one for cls in NODES[node] for name, one in settings_of(cls).items()}


@pytest.mark.parametrize("file", FILES)
def test_a_parameter_file_is_written_from_the_declarations(repository, file):
    text = (repository / "config" / file).read_text()
    assert text == parameter_file(file), "run: python -m emg_recognition.nodes.settings config"
    # With the lines that leave a value to the model, it lists every parameter with its default.
    content = yaml.safe_load(text.replace("\n    # ", "\n    "))
    for node in FILES[file]:
        listed = content[f"/**/{node}"]["ros__parameters"]
        declared = {
            name: list(one.default) if isinstance(one.default, tuple) else one.default
            for name, one in settings_of_node(node).items()
        }
        assert listed == declared
        # ROS refuses a whole number where a node declares a float.
        assert {name: type(value) for name, value in listed.items()} == {
            name: type(value) for name, value in declared.items()
        }


def test_every_setting_is_described_and_every_number_has_a_range():
    for node in NODES:
        names = [name for cls in NODES[node] for name in settings_of(cls)]
        assert len(set(names)) == len(names)
        assert set(FROM_MODEL.get(node, ())) <= set(names)
        for one in settings_of_node(node).values():
            assert len(one.help) > 5
            assert (one.kind in (int, float)) == (one.low is not None or one.above is not None), one.name


def test_the_nodes_declare_what_the_settings_say(start_node, witness, tmp_path):
    given = {node: dict(NEEDED.get(node, {})) for node in NODES if node not in UNSTARTED}
    for node, parameters in given.items():
        declared = settings_of_node(node)
        parameters |= {
            name: str(tmp_path / f"{node}_{name}")
            for name in ("output", "link")
            if name in declared and not declared[name].choices
        }
        start_node(node, **parameters)
    services = {"describe_parameters": DescribeParameters, "get_parameters": GetParameters}
    witness.find({f"{node}/{name}": kind for node in given for name, kind in services.items()})
    for node, parameters in given.items():
        declared = settings_of_node(node)
        described = witness.call(
            DescribeParameters,
            f"{node}/describe_parameters",
            DescribeParameters.Request(names=list(declared)),
        )
        got = witness.call(
            GetParameters, f"{node}/get_parameters", GetParameters.Request(names=list(declared))
        )
        for one, descriptor, value in zip(declared.values(), described.descriptors, got.values, strict=True):
            assert descriptor.name == one.name
            assert descriptor.description == one.describe()
            shown = FROM_MODEL[node] if node == "preprocessing" else ()
            assert descriptor.read_only == (not one.changes and one.name not in shown)
            assert descriptor.type == value.type == KINDS[one.kind]
            ranges = list(descriptor.floating_point_range) + list(descriptor.integer_range)
            found = [(found.from_value, found.to_value) for found in ranges]
            both_ends = one.low is not None and one.high is not None
            assert found == ([(one.low, one.high)] if both_ends else [])
            assert (
                both_ends
                or one.kind not in (int, float)
                or descriptor.additional_constraints == one.expected()
            )
            default = parameters.get(one.name, one.default)
            shown = getattr(value, FIELDS[value.type])
            assert (tuple(shown) if one.kind is tuple else shown) == default
    reliability = {
        endpoint.node_name: endpoint.qos_profile.reliability.name
        for endpoint in witness.node.get_subscriptions_info_by_topic("/emg/samples")
    }
    assert reliability["signal_quality"] == "BEST_EFFORT"
    assert reliability["preprocessing"] == "RELIABLE"


@pytest.mark.parametrize(
    ("node", "parameters", "words"),
    [
        ("simulated_armband", {"cohort": "robot"}, ("robot", "healthy, patient")),
        ("simulated_armband", {"archive": "/no/such.npz"}, ("/no/such.npz",)),
        ("acquisition", {"baud_rate": 1}, ("baud_rate", "1", "9600")),
        ("classifier", {"confidence_threshold": 1.5}, ("1.5", "from 0 to 1")),
        ("classifier", {"confidence_threshold": 1}, ("a decimal point (1.0)",)),
        ("preprocessing", {"step": 0.05}, ("step", "0.05", "called stride")),
        ("command_bridge", {"votes": 3, "enter_votes": 4}, ("enter_votes of /command_bridge is 4", "2 to 3")),
        ("player", {"speed": 2.0}, ("speed", "no such parameter", *settings_of_node("player"))),
        ("trainer", {"epochs": 2}, ("epochs", "no such parameter", *settings_of_node("trainer"))),
        ("demo_observer", {"rate": 2.0}, ("rate", "no such parameter", "output, timeout")),
        ("monitor", {"rate": 2.0}, ("rate", "no such parameter")),
        ("classifier", {f"{OVERRIDE}depth": 10}, (f"{OVERRIDE}depth", "10", "no QoS that can be overridden")),
        ("preprocessing", {f"{OVERRIDE}depths": 10}, (f"honours {OVERRIDE}depth, {OVERRIDE}reliability",)),
        ("signal_quality", {f"{OVERRIDE}reliability": "best-effort"}, ("use one of reliable, best_effort",)),
    ],
)
def test_a_value_that_cannot_be_used_ends_the_node_with_one_line(start_node, node, parameters, words):
    running = start_node(node, **parameters)
    assert running.wait() == 1
    assert len(running.log.strip().splitlines()) == 1
    for word in words:
        assert word in running.log
