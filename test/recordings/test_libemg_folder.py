"""A folder as LibEMG's screen-guided training leaves it: no header, no rate, classes by number."""

from __future__ import annotations

import json

import numpy as np
import pytest

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.recordings.describe import describe
from emg_recognition.recordings.open import open_recordings


@pytest.mark.parametrize("name", ["C_{c}_R_{r}_emg.csv", "R_{r}_C_{c}.csv"])
def test_classes_get_their_names_once_the_rate_is_given(rng, tmp_path, name):
    folder = tmp_path / "data"
    folder.mkdir()
    for c in (0, 1):
        for r in (0, 1, 2):
            np.savetxt(
                folder / name.format(c=c, r=r), rng.integers(-100, 100, (200, 4)), delimiter=",", fmt="%d"
            )
    details = {"num_motions": 2, "num_reps": 3, "class_map": {"0": "Hand_Close", "1": "No_Motion"}}
    (folder / "collection_details.json").write_text(json.dumps(details))
    with pytest.raises(EmgRecognitionError, match="sampling rate"):
        open_recordings(folder, cache=tmp_path / "cache")
    output = tmp_path / "study.yaml"
    text = describe(folder, output)
    output.write_text(text + "\nrate: 1000\n")
    found = open_recordings(output, cache=tmp_path / "cache")
    assert found.actions == ("Hand_Close", "No_Motion")
    assert sorted(set(found.repetition.tolist())) == [0, 1, 2]
    assert (found.channels, found.rate, len(found)) == (4, 1000.0, 6)
