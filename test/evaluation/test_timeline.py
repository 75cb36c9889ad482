"""The timeline shows what it is given, for half a minute and for hours."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from emg_recognition.evaluation import style
from emg_recognition.evaluation.timeline import (
    DISARMED,
    FAULT,
    HOLDING,
    IDLE,
    UNKNOWN,
    Spans,
    Timeline,
    timeline_figure,
)

ACTIONS = ("rest", "elbow_flexion", "elbow_extension")


def spans(*entries):
    begin, end, value = np.array(entries, dtype=float).reshape(-1, 3).T
    return Spans(begin=begin, end=end, value=value.astype(np.int64))


def timeline(seconds, actions=ACTIONS, stride=0.025, **changes):
    """Each action for ten seconds in turn, recognised without an error."""
    time = np.arange(0.2, seconds, stride)
    action = (time // 10).astype(np.int64) % len(actions)
    begin = np.arange(0, seconds, 10.0)
    entries = {
        "actions": actions,
        "seconds": seconds,
        "stride": stride,
        "threshold": 0.5,
        "time": time,
        "action": action,
        "decided": action,
        "confidence": np.full(len(time), 0.9),
        "accepted": np.ones(len(time), bool),
        "signal": spans((0, seconds, 0)),
        "missing": np.zeros(0),
        "labels": Spans(
            begin=begin,
            end=np.minimum(begin + 10, seconds),
            value=np.arange(len(begin)) % len(actions),
        ),
    }
    return Timeline(**{**entries, **changes})


def lanes(figure):
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def picture(figure, dpi=100):
    return imread(io.BytesIO(style.png(figure, dpi=dpi)))[:, :, :3]


def has(image, tone):
    return bool((np.abs(image - to_rgb(tone)).max(axis=2) < 0.01).any())


@pytest.mark.parametrize(("seconds", "rows"), [(0.5, 1), (30, 1), (120, 1), (121, 2), (7200, 8), (90_000, 5)])
def test_rows_of_equal_length(seconds, rows):
    figure = timeline_figure(timeline(seconds, stride=seconds / 200))
    assert len(figure.axes) == rows
    limits = [axes.get_xlim() for axes in figure.axes]
    assert len({round(end - begin, 6) for begin, end in limits}) == 1
    assert limits[0][0] == 0
    assert limits[-1][1] >= seconds


def test_lanes_are_there_for_what_is_known():
    everything = ["Signal", "Label", "Estimate", "Confidence", "Decided", "Robot"]
    assert lanes(timeline_figure(timeline(30, robot=spans((0, 30, IDLE))))) == everything
    bare = timeline_figure(timeline(30, labels=None))
    assert lanes(bare) == ["Signal", "Estimate", "Confidence", "Decided"]


def test_every_action_has_its_colour_and_its_line():
    tones = style.action_colours(ACTIONS)
    image = picture(timeline_figure(timeline(30, labels=None)))
    assert all(has(image, tone) for tone in tones)
    only_rest = timeline(30, action=np.zeros(1192, int), decided=np.zeros(1192, int), labels=None)
    # The legend still has a square of each colour, the lanes have not.
    rows = picture(timeline_figure(only_rest))[45:]
    assert has(rows, tones[0])
    assert not has(rows, tones[1])


def test_twelve_actions_are_told_apart():
    actions = ("rest", *(f"action_{k}" for k in range(11)))
    assert len(set(style.action_colours(actions))) == 12
    shown = legend(timeline_figure(timeline(120, actions=actions)))[:12]
    assert shown == ["R  rest", *(f"A{k}  action {k}" for k in range(11))]


def test_the_legend_names_what_occurs_and_nothing_else():
    assert legend(timeline_figure(timeline(30))) == ["R  rest", "EF  elbow flexion", "EE  elbow extension"]
    accepted = np.ones(1192, bool)
    accepted[5] = False
    shown = timeline(
        30,
        accepted=accepted,
        signal=spans((0, 10, 0), (12, 30, 0)),
        missing=np.array([20.0]),
        labels=spans((0, 10, UNKNOWN)),
        robot=spans((0, 5, DISARMED), (5, 30, IDLE)),
    )
    assert legend(timeline_figure(shown))[3:] == [
        "not known to the model",
        "armed, no motion",
        "disarmed",
        "pale: rejected",
        "stream starts again",
        "window missing",
    ]


def test_wide_spans_carry_the_name_of_the_action_and_narrow_ones_its_initials():
    labels = spans((0, 10, 1), (10, 11.5, 2), (11.5, 11.6, 1), (11.6, 30, UNKNOWN))
    decided = np.full(1192, -1)
    shown = timeline(30, labels=labels, decided=decided, robot=spans((0, 30, 2)))
    (axes,) = timeline_figure(shown).axes
    written = [text.get_text() for text in axes.texts]
    assert written[:3] == ["elbow flexion", "EE", "elbow extension"]
    assert written[3:] == ["rest", "elbow flexion", "elbow extension"]  # the lines of the estimates


def test_states_of_the_robot_differ_without_colour():
    robot = spans((0, 5, DISARMED), (5, 10, HOLDING), (10, 15, FAULT), (15, 20, IDLE), (20, 30, 1))
    (axes,) = timeline_figure(timeline(30, labels=None, robot=robot)).axes
    hatches = [collection.get_hatch() for collection in axes.collections]
    assert len({hatch for hatch in hatches if hatch}) == 3


def test_an_error_of_one_window_in_two_hours_is_seen():
    shown = timeline(7200, labels=None, actions=("rest", "elbow_flexion"))
    calm = dataclasses.replace(shown, action=np.zeros_like(shown.action), decided=np.zeros_like(shown.action))
    action = calm.action.copy()
    action[100_000] = 1
    wrong = dataclasses.replace(calm, action=action)
    before, after = (picture(timeline_figure(each), dpi=200) for each in (calm, wrong))
    assert (np.abs(before - after).max(axis=2) > 0.05).sum() >= 3


def line(figure, image, action):
    """Opacity of each column of an action's line; images are the estimates and the decisions."""
    return np.asarray(figure.axes[0].images[image].get_array())[action, :, 3]


def test_a_column_shows_how_many_of_its_windows_agree():
    # Two windows a column: both rest, one of each, both flexion but rejected.
    shown = timeline(
        0.375,
        actions=("rest", "elbow_flexion"),
        stride=0.0625,
        labels=None,
        time=np.arange(1, 7) * 0.0625,
        action=np.array([0, 0, 0, 1, 1, 1]),
        decided=np.array([0, 0, -1, -1, 1, 1]),
        confidence=np.full(6, 0.9),
        accepted=np.array([True] * 4 + [False] * 2),
    )
    figure = timeline_figure(shown)
    assert line(figure, 0, 0).tolist() == [1.0, 0.5, 0.0]
    assert line(figure, 0, 1).tolist() == [0.0, 0.5, pytest.approx(0.38)]
    assert line(figure, 1, 0).tolist() == [1.0, 0.0, 1.0]  # nothing is decided in the middle


def test_the_confidence_spans_what_a_column_holds():
    time, confidence = np.arange(1, 5) * 0.05, np.array([0.2, 0.8, 0.5, 0.5])
    entries = {"action": np.zeros(4, int), "decided": np.zeros(4, int), "accepted": np.ones(4, bool)}
    shown = timeline(0.2, stride=0.05, labels=None, time=time, confidence=confidence, **entries)
    (axes,) = timeline_figure(shown).axes
    (mean,) = (each for each in axes.lines if len(each.get_xdata()) == 2)
    low, high = mean.get_ydata().max(), mean.get_ydata().min()  # downwards
    assert low == high
    band = next(c for c in axes.collections if c.get_alpha() == 0.22).get_paths()[0].vertices[:, 1]
    assert np.ptp(band) == pytest.approx(0.6 * 0.42)


def test_missing_windows_and_gaps_are_marked():
    whole = picture(timeline_figure(timeline(30, labels=None)))
    gap = timeline_figure(timeline(30, labels=None, missing=np.array([15.0])))
    assert not has(whole, style.WARNING)
    assert has(picture(gap)[45:], style.WARNING)


def test_two_hours_fit_into_a_megabyte():
    rng = np.random.default_rng(0)
    shown = timeline(7200, actions=("rest", *(f"action_{k}" for k in range(11))))
    count = len(shown.time)
    noisy = dataclasses.replace(
        shown,
        action=rng.integers(0, 12, count),
        decided=rng.integers(-1, 12, count),
        confidence=rng.random(count),
        accepted=rng.random(count) > 0.3,
    )
    assert len(style.pdf(timeline_figure(noisy))) < 2**20


def test_the_same_timeline_gives_the_same_files():
    one, other = (timeline_figure(timeline(30)) for _ in range(2))
    assert style.pdf(one) == style.pdf(other)
    assert style.png(one) == style.png(other)


def test_a_recording_without_a_window():
    nothing = timeline(0.0, time=np.zeros(0), confidence=np.zeros(0), accepted=np.zeros(0, bool), labels=None)
    nothing = dataclasses.replace(nothing, action=np.zeros(0, int), decided=np.zeros(0, int))
    style.png(timeline_figure(nothing))


def test_all_text_is_inside_the_figure():
    actions = ("rest", *(f"wrist_internal_rotation_{k}" for k in range(11)))
    for seconds in (30, 7200):
        figure = timeline_figure(timeline(seconds, actions=actions))
        figure.canvas.draw()
        width, height = figure.canvas.get_width_height()
        texts = [*figure.legends[0].get_texts(), *figure.texts]
        for axes in figure.axes:
            ticks = [tick for tick in axes.get_xticklabels() if tick.get_position()[0] <= axes.get_xlim()[1]]
            texts += [*ticks, *axes.get_yticklabels(), *axes.texts]
        for text in texts:
            box = text.get_window_extent()
            if text.get_text() and text.get_visible():
                assert box.x0 >= 0, text
                assert box.x1 <= width, text
                assert 0 <= box.y0 <= box.y1 <= height, text
