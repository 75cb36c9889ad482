"""The arrows between the rooms go one way, and ROS stays in its room."""

import ast
import subprocess
import sys

ROOMS = ("simulation", "bags", "models", "control")
#: What each room may import of the others (docs/concepts/architecture.md); those not named, nothing.
ARROWS = {
    "signal": {"_filter"},  # compiled from src/filter.c
    "devices": {"signal"},
    "guided": {"models"},
    "recordings": {"signal", "bags"},
    "datasets": {"recordings"},
    "evaluation": {"control"},
    "live": {"recognizer", "devices"},
    "monitor": {"control", "signal"},
    "history": {"bags", "recordings", "models", "evaluation", "replay"},
    "page": {"monitor", "control", "evaluation", "history"},
    "training": {"classification", "signal", "recordings", "models", "evaluation", "control"},
    "replay": {
        "recognizer",
        "classification",
        "signal",
        "bags",
        "recordings",
        "models",
        "control",
        "evaluation",
    },
    "demo": {"recognizer", "simulation", "recordings", "models", "signal", "replay"},
    "cli": {
        "recognizer",
        "sources",
        "classification",
        "devices",
        "guided",
        "simulation",
        "recordings",
        "datasets",
        "training",
        "models",
        "evaluation",
        "control",
        "replay",
        "demo",
        "live",
        "history",
        "page",
    },
}
COMMON = {
    "actions",
    "end_signals",
    "errors",
    "files",
    "ownership",
    "processes",
    "quiet",
    "resources",
    "settings",
    "tasks",
    "text",
    "types",
    "worker_processes",
    "yaml_files",
}
ROS = {"rclpy", "std_msgs", "std_srvs", "sensor_msgs", "trajectory_msgs", "diagnostic_msgs", "launch"}


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_room_looks_back(repository):
    package = repository / "emg_recognition"
    files = 0
    for room in (*ROOMS, *ARROWS):
        allowed = ARROWS.get(room, set())
        for path in (package / room).rglob("*.py"):
            files += 1
            for module in imported_modules(path):
                parts = module.split(".")
                assert parts[0] not in ROS, f"{path} imports {module}"
                if parts[0] == "emg_recognition" and len(parts) > 1:
                    assert parts[1] in allowed | COMMON | {room}, f"{path} imports {module}"
    assert files > 30


def test_every_room_imports_without_rclpy(repository):
    package = repository / "emg_recognition"
    modules = [
        ".".join(path.relative_to(repository).with_suffix("").parts)
        for room in (*ROOMS, *ARROWS)
        for path in sorted((package / room).rglob("*.py"))
        if path.name != "__init__.py"
    ]
    # A finder that refuses ROS, as on a machine without it, even where rclpy is installed.
    code = f"""
import importlib, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {ROS!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refuse())
for module in {modules!r}:
    importlib.import_module(module)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
