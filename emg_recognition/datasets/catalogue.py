"""The public sets that `fetch` knows. A new one is a file beside this one and a line here."""

from __future__ import annotations

from emg_recognition.datasets import flexemg, longterm, myo_armband, myo_readings, unibo_inail
from emg_recognition.datasets.public_set import PublicSet

SETS: dict[str, PublicSet] = {
    module.SET.name: module.SET for module in (longterm, myo_readings, myo_armband, unibo_inail, flexemg)
}
