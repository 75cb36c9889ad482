"""The whole graph, from armband to joint, each node in a process that can be killed or stopped.

Shared by ``test_safety.py`` and ``bench/chaos.py``. The model is sure of elbow flexion, so the
elbow moves whenever the bridge allows it.
"""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
from elbow_watch import PATIENCE, STATE_RATE, ElbowWatch, write_endless_joints

from emg_recognition.recordings.archive import from_arrays, save_archive

SIGNALS = {"stop": signal.SIGSTOP, "kill": signal.SIGKILL}


def write_noise(path: Path, seconds: float) -> Path:
    """Write noise for the tests' tiny models, 4 channels at 500 Hz, so weak that the model stays sure."""
    length = round(500 * seconds)
    arrays = {
        "x": np.random.default_rng(20260101).normal(0, 3, (length, 4)).astype(np.int16),
        "start": np.array([0]),
        "length": np.array([length]),
        "scale": 1e6,
        "fs": 500,
        "unit": "V",
        "subject": ["s"],
        "cohort": ["c"],
        "session": ["1"],
        "label": ["elbow_flexion"],
        "rep": [1],
    }
    save_archive(path, from_arrays(arrays, "noise"))
    return path


class SafetyGraph(ElbowWatch):
    """The nodes of the live graph with their defaults, and joints that never reach their limits.

    Parameters
    ----------
    folder : Path
        Where parameters, logs and the armband's link go.
    bundle : Path
        A model for 4 channels at 500 Hz that is sure of elbow flexion.
    seconds : float
        Length of the signal that is played, s; the stream restarts at its end.

    Attributes
    ----------
    restarts : int
        How often the whole graph had to be restarted.
    """

    def __init__(self, folder: Path, bundle: Path, *, seconds: float) -> None:
        self.restarts = 0
        joints = str(write_endless_joints(folder / "exoskeleton.yaml"))
        link = str(folder / "armband")
        super().__init__(
            folder,
            {
                "simulated_armband": {
                    "archive": str(write_noise(folder / "noise.npz", seconds)),
                    "link": link,
                },
                "simulated_exoskeleton": {"exoskeleton": joints, "rate": STATE_RATE},
                "command_bridge": {"exoskeleton": joints},
                "enabling_switch": {"pressed": True},
                "classifier": {"model": str(bundle)},
                "preprocessing": {},
                "acquisition": {"port": link, "wait_for_port": PATIENCE},
            },
        )

    def move(self) -> None:
        """Bring the whole graph into motion, whatever happened to it."""
        try:
            super().move()
        except TimeoutError:
            # After a kill DDS sometimes never connects a new node to the others (docs/concepts/safety.md).
            self.restarts += 1
            self.kill_all()
            super().move()
