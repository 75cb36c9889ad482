"""Make every node, in a nested namespace and with every topic remapped; ``topics.json`` tells what each has.

Run by ``test_remapping.py`` as ``remapped_nodes.py FOLDER TOPIC...``.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import rclpy

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.ros.keyboard import Keyboard

NAMESPACE = "/lab/left"
ARCHIVE = Path(__file__).parents[1] / "before" / "study.npz"
CLASSES = {
    "acquisition": "AcquisitionNode",
    "preprocessing": "PreprocessingNode",
    "classifier": "ClassifierNode",
    "command_bridge": "CommandBridgeNode",
    "decision": "DecisionNode",
    "demo_observer": "DemoObserverNode",
    "enabling_switch": "EnablingSwitchNode",
    "evaluator": "EvaluatorNode",
    "foxglove": "FoxgloveNode",
    "lsl_output": "LslOutputNode",
    "monitor": "MonitorNode",
    "page": "PageNode",
    "player": "PlayerNode",
    "recorder": "RecorderNode",
    "session": "SessionNode",
    "signal_quality": "SignalQualityNode",
    "simulated_armband": "SimulatedArmbandNode",
    "simulated_exoskeleton": "SimulatedExoskeletonNode",
    "trainer": "TrainerNode",
}


def remapped(topic):
    return f"/far/away/{topic}"


def main(folder, topics):
    parameters = {
        "acquisition": {"autostart": False},
        "classifier": {"autostart": False},
        "demo_observer": {"output": folder / "observed.json"},
        "evaluator": {"output": folder / "evaluation", "exoskeleton": "simulated"},
        "foxglove": {"port": 0},
        "lsl_output": {"samples": True},
        "page": {"port": 0, "folder": folder / "page"},
        "player": {"bag": folder / "no_bag"},
        "recorder": {"output": folder / "recording"},
        "session": {"subject": "s", "cohort": "c", "output": folder / "session"},
        "simulated_armband": {"archive": ARCHIVE, "link": folder / "armband"},
        "trainer": {"data": folder / "no_data", "output": folder / "trained"},
    }
    arguments = ["--ros-args", "-r", f"__ns:={NAMESPACE}"]
    for topic in topics:
        arguments += ["-r", f"{topic}:={remapped(topic)}"]
    file = folder / "parameters.yaml"
    file.write_text(
        json.dumps({f"/**/{node}": {"ros__parameters": of} for node, of in parameters.items()}, default=str)
    )
    arguments += ["--params-file", str(file)]
    rclpy.init(args=arguments)
    view = SimpleNamespace(period=1.0, show=lambda _: True, close=lambda: None)
    needed = {"enabling_switch": (Keyboard(),), "session": (Keyboard(),), "monitor": (Keyboard(), view)}
    found = {}
    for name, kind in CLASSES.items():
        node = getattr(import_module(f"emg_recognition.nodes.{name}_node"), kind)(*needed.get(name, ()))
        ends = (node.get_publisher_names_and_types_by_node, node.get_subscriber_names_and_types_by_node)
        found[name] = sorted(
            {topic for get in ends for topic, _ in get(node.get_name(), node.get_namespace())}
        )
        if name in ("evaluator", "demo_observer"):
            node.failure = EmgRecognitionError("nothing was heard")  # so nothing is written
        node.close()
        node.destroy_node()
    rclpy.shutdown()
    (folder / "topics.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
