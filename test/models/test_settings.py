"""The network's settings: each value that cannot be used is named."""

from __future__ import annotations

import pytest

from emg_recognition.errors import SettingError
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.settings import from_mapping


def test_yaml_lists_become_hashable_settings():
    settings = from_mapping(
        NetworkSettings, {"picture": [40, 0, 3], "bottlenecks": [[8, 8, 1, 1], [16, 8, 2, 2]]}, "x"
    )
    assert settings.bottlenecks == ((8, 8, 1, 1), (16, 8, 2, 2))
    assert hash(settings) == hash(
        NetworkSettings(picture=(40, 0, 3), bottlenecks=((8, 8, 1, 1), (16, 8, 2, 2)))
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("picture", (40, 8)),
        ("picture", (40, 8, 1)),
        ("picture", (-1, 8, 3)),
        ("picture", 40),
        ("architecture", "alexnet"),
        ("normalisation", "batch"),
        ("stem", (16, 0, 1)),
        ("stem", (16, 2.0, 1)),
        ("stem", (True, 2, 1)),
        ("bottlenecks", ()),
        ("bottlenecks", ((8, 8, 1),)),
        ("bottlenecks", (8, 8, 1, 1)),
        ("bottlenecks", "deep"),
        ("features", 0),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name, value):
    with pytest.raises(SettingError, match=rf"{name}") as caught:
        NetworkSettings(**{name: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("picture", [(40, 0, 3), (40, 31, 3), (31, 40, 3), (0, 32, 3)])
def test_a_baseline_refuses_a_picture_it_cannot_halve_five_times(picture):
    with pytest.raises(SettingError, match=r"picture.*resnet50 needs at least 32 rows and 32 columns"):
        NetworkSettings(architecture="resnet50", picture=picture)
    assert NetworkSettings(architecture="resnet50", picture=(32, 32, 3)).picture == (32, 32, 3)
