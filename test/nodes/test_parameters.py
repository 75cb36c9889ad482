"""The parameter files list every parameter with its default, and declaring one refuses what is wrong."""

import importlib

import pytest
import yaml

NODES = {
    "recognition.yaml": ("acquisition", "preprocessing", "signal_quality", "classifier", "command_bridge"),
    "simulation.yaml": ("simulated_armband", "simulated_exoskeleton", "enabling_switch"),
    "training.yaml": ("trainer",),
    "replay.yaml": ("recorder", "player", "evaluator"),
}


@pytest.mark.parametrize(("file", "nodes"), NODES.items())
def test_the_file_lists_every_parameter_with_its_default(repository, file, nodes):
    content = yaml.safe_load((repository / "config" / file).read_text())
    assert set(content) == {f"/**/{node}" for node in nodes}
    for node in nodes:
        module = importlib.import_module(f"emg_recognition.nodes.{node}_node")
        declared = {parameter.name: parameter.default for parameter in module.PARAMETERS}
        listed = content[f"/**/{node}"]["ros__parameters"]
        assert listed == declared
        # A whole number in YAML would be refused where the node declares a float.
        assert {name: type(value) for name, value in listed.items()} == {
            name: type(value) for name, value in declared.items()
        }
        for parameter in module.PARAMETERS:
            assert len(parameter.description) > 5
            number = isinstance(parameter.default, (int, float)) and not isinstance(parameter.default, bool)
            assert number == (parameter.minimum is not None and parameter.maximum is not None)


@pytest.mark.parametrize(
    ("node", "parameters", "words"),
    [
        ("simulated_armband", {"cohort": "robot"}, ("robot", "healthy, patient")),
        ("simulated_armband", {"archive": "/no/such.npz"}, ("/no/such.npz",)),
        ("acquisition", {"baud_rate": 1}, ("1", "9600")),
        ("classifier", {"confidence_threshold": 1.5}, ("1.5", "0.0 to 1.0")),
    ],
)
def test_an_unknown_value_ends_the_node_with_one_line(start_node, node, parameters, words):
    running = start_node(node, **parameters)
    assert running.wait() == 1
    assert len(running.log.strip().splitlines()) == 1
    for word in words:
        assert word in running.log
