"""Names on the drawing of the armband."""

from xml.etree import ElementTree

import pytest

from emg_recognition.monitor.snapshot import Channel, Quality
from emg_recognition.page.band import advice, draw_band, short_names


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["channel_1", "channel_2", "channel_12"], ["1", "2", "12"]),
        (["emg10", "emg11"], ["10", "11"]),
        (["biceps", "brachialis"], ["bice…", "brac…"]),
        (["left_arm_a", "left_arm_bb"], ["a", "bb"]),
        (["same", "same"], ["same", "same"]),
        (["alone_long"], ["alon…"]),
        ([], []),
    ],
)
def test_names_are_cut_to_what_differs(names, expected):
    assert short_names(names, 5) == expected


def test_a_name_that_is_html_stays_a_text():
    wicked = "<img src=x onerror=alert(1)>"
    channels = [
        Channel(name=wicked, rms=1.0, quality=Quality.BAD, advice="press it on"),
        Channel(name="2", rms=1.0, quality=Quality.GOOD),
    ]
    drawing = draw_band(channels)
    assert wicked not in drawing
    root = ElementTree.fromstring(drawing)
    assert [one.text for one in root.iter() if one.tag == "title"] == [wicked, "2"]
    assert advice(channels) == [f"{wicked}: press it on"]
