"""Predictions without an index belong to the windows that they were late for."""

import importlib
import sys

import pytest


@pytest.fixture
def attribute(repository, monkeypatch):
    monkeypatch.syspath_prepend(repository / "bench")
    yield importlib.import_module("live_path.beside").attribute
    for name in [name for name in sys.modules if name.split(".")[0] == "live_path"]:
        del sys.modules[name]


@pytest.mark.parametrize("begin", [0, 10, 730])
def test_an_answer_one_frame_late_has_waited_for_that_frame(attribute, begin):
    # Frames of 10 samples at 1 kHz; windows of 200 samples, one every 50; an answer 1.5 ms after its frame.
    written = [(end, end / 1000) for end in range(10, 3000, 10)]
    answers = [(begin + 210 + 50 * number) / 1000 + 0.0015 for number in range(20)]
    answers[0] += 0.025  # the first prediction takes longest
    estimates, used = attribute(answers, written, 200, 50)
    assert estimates[1:] == pytest.approx([11.5] * 19)
    assert used[1:] == pytest.approx([1.5] * 19)
    assert estimates[0] == pytest.approx(36.5)
