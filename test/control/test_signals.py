from __future__ import annotations

import dataclasses
import math

import pytest

from emg_recognition.control.inputs import Estimate, Model, doubt_about

MODEL = Model("m1", "abc", ("rest", "bend"), 200.0, 8)
GOOD = Estimate(
    stamp=100.0,
    last_index=39,
    accepted=True,
    action_id=1,
    action="bend",
    confidence=0.9,
    probabilities=(0.1, 0.9),
    activation=0.7,
    model="m1",
)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"confidence": 1.0000001},
        {"confidence": 0.0},
        {"probabilities": ()},
        {"activation": 0.0},
        {"accepted": False, "action_id": -1, "action": ""},
    ],
)
def test_a_sound_estimate_raises_no_doubt(change: dict[str, object]) -> None:
    assert doubt_about(dataclasses.replace(GOOD, **change), MODEL) is None


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        ({"model": "m2"}, "'m2', announced is 'm1'"),
        ({"confidence": math.nan}, "confidence of nan"),
        ({"confidence": math.inf}, "confidence of inf"),
        ({"confidence": -0.1}, "confidence of -0.1"),
        ({"confidence": math.nan, "accepted": False, "action_id": -1, "action": ""}, "confidence of nan"),
        ({"stamp": math.nan}, "stamp of nan"),
        ({"activation": math.nan}, "activation of nan"),
        ({"activation": -0.5}, "activation of -0.5"),
        ({"probabilities": (0.5, math.nan)}, "probability of nan"),
        ({"action_id": 2}, "action 2, the model has 2"),
        ({"action_id": -1}, "action -1, the model has 2"),
        ({"action_id": 0}, "action 0 named 'bend', the model names it 'rest'"),
    ],
)
def test_what_cannot_be_true_is_doubted(change: dict[str, object], doubt: str) -> None:
    assert doubt in str(doubt_about(dataclasses.replace(GOOD, **change), MODEL))
