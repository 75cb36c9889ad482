"""Colours that everyone can tell apart, and abbreviations that are unique."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from emg_recognition.evaluation import style

# Machado, Oliveira, Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009,
# severity 1.0; for linear RGB.
VISION = {
    "normal": np.eye(3),
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])


#: The filter of the reports in a dark style: invert(0.91), then hue-rotate(180deg) (CSS Filter Effects 1).
HUE_ROTATE = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])


def in_the_dark(colour):
    return tuple(np.clip(HUE_ROTATE @ (0.91 - 0.82 * np.array(to_rgb(colour))), 0, 1))


def cie_lab(colour, vision):
    srgb = np.array(to_rgb(colour))
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(VISION[vision]) @ linear, 0, 1)
    t = XYZ @ seen / WHITE
    x, y, z = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def nearest(colours, vision):
    """Return the smallest CIE Lab distance of two colours."""
    points = [cie_lab(colour, vision) for colour in colours]
    return min(np.linalg.norm(one - other) for one, other in itertools.combinations(points, 2))


@pytest.mark.parametrize("vision", VISION)
def test_all_pairs_of_action_colours_differ(vision):
    # A distance of 2.3 is just noticeable side by side; here the colours are far apart on the page.
    actions = ("rest", *(f"action_{k}" for k in range(12)))
    colours = style.action_colours(actions)
    assert len(set(colours)) == 13
    assert nearest([*colours, "#ffffff", style.INK], vision) > 14
    assert nearest(colours[:6], vision) > 17  # rest and the five actions of the paper


@pytest.mark.parametrize("vision", VISION)
def test_action_colours_differ_in_the_dark_style_too(vision):
    colours = [in_the_dark(colour) for colour in style.action_colours(("rest", *map(str, range(12))))]
    assert nearest(colours, vision) > 5
    assert nearest(colours[:6], vision) > 12


@pytest.mark.parametrize("vision", VISION)
def test_lines_and_dots_differ(vision):
    assert nearest(style.SERIES, vision) > 15


def test_the_check_finds_colours_that_look_alike():
    assert nearest(("#1f6fb2", "#7b57b8"), "normal") > 30
    assert nearest(("#1f6fb2", "#7b57b8"), "deuteranopia") < 2


def test_rest_is_grey_wherever_it_stands_and_the_others_keep_their_order():
    assert style.action_colours(("flexion", "rest", "extension")) == [
        style.PALETTE[0],
        style.action_colours(("rest",))[0],
        style.PALETTE[1],
    ]


def test_initials_are_unique():
    assert style.initials(("rest", "elbow_flexion", "wrist_rotation")) == ["R", "EF", "WR"]
    assert style.initials(("wrist_rotation", "rest", "wrist_raise")) == ["WR1", "R", "WR2"]


def test_text_is_readable_on_every_colour():
    def luminance(colour):
        return 100 * ((cie_lab(colour, "normal")[0] + 16) / 116) ** 3

    for colour in (*style.PALETTE, *style.action_colours(("rest",))):
        lighter, darker = sorted((luminance(colour), luminance(style.text_on(colour))), reverse=True)
        assert (lighter + 5) / (darker + 5) > 3  # WCAG 2, large text and graphics
