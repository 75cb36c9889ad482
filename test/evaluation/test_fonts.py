"""Names in any script: a font that has the characters, or an escape and one warning; never an empty box."""

from __future__ import annotations

import io
import logging
import warnings

import matplotlib
import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.text import Text

from emg_recognition.evaluation import fonts, style
from emg_recognition.evaluation.metrics import Scores
from emg_recognition.evaluation.score_figures import confusion_figure

CHINESE, ARABIC, DEVANAGARI = "握拳", "قبضة اليد", "मुट्ठी"
NAMES = ("rest", CHINESE, ARABIC, DEVANAGARI)


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    """Each test begins with Matplotlib's own fonts alone, and with a user who was told nothing."""
    own = matplotlib.get_data_path()
    monkeypatch.setattr(
        font_manager.fontManager,
        "ttflist",
        [entry for entry in font_manager.fontManager.ttflist if entry.fname.startswith(own)],
    )
    monkeypatch.setattr(fonts, "_told", set())
    fonts._search.cache_clear()
    yield
    fonts._search.cache_clear()


def add_font(folder, characters, family="Test Script"):
    """Install a font that draws each of these characters, and Latin ones, as a triangle."""
    builder = FontBuilder(1000, isTTF=True)
    names = {ord(one): f"u{ord(one):04x}" for one in characters}
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap(names)
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((400, 700))
    pen.lineTo((800, 0))
    pen.closePath()
    builder.setupGlyf(dict.fromkeys([".notdef", *names.values()], pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names.values()], (900, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, usWeightClass=400)
    builder.setupPost()
    builder.save(folder / "script.ttf")
    font_manager.fontManager.addfont(folder / "script.ttf")


def matrix():
    return confusion_figure(Scores(NAMES, np.eye(len(NAMES), dtype=np.int64) * 10))


def drawn_texts(figure):
    return {text.get_text(): text for text in figure.findobj(Text)}


def test_a_figure_has_no_empty_box_and_one_warning(caplog):
    # Matplotlib warns of every box; warnings are errors here.
    with caplog.at_level(logging.WARNING), warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            figure = matrix()
            assert style.png(figure).startswith(b"\x89PNG")
            assert style.pdf(figure).startswith(b"%PDF")
    (record,) = caplog.records
    assert CHINESE[0] in record.getMessage()
    assert "fonts-noto-cjk" in record.getMessage()
    texts = drawn_texts(figure)
    assert {r"\u63e1\u62f3", ARABIC, "rest"} <= set(texts)  # Matplotlib's own font has Arabic
    assert CHINESE not in texts


def test_an_installed_font_is_used(tmp_path, caplog):
    add_font(tmp_path, CHINESE + DEVANAGARI)
    figure = matrix()
    png = style.png(figure)
    texts = drawn_texts(figure)
    for name in (CHINESE, DEVANAGARI):
        assert "Test Script" in texts[name].get_fontfamily()
    assert "Test Script" not in texts["rest"].get_fontfamily()
    assert not caplog.records
    fonts._search.cache_clear()
    font_manager.fontManager.ttflist = [
        entry for entry in font_manager.fontManager.ttflist if entry.name != "Test Script"
    ]
    caplog.clear()
    assert style.png(matrix()) != png


def test_characters_that_some_font_lacks_are_escaped_alone(tmp_path):
    add_font(tmp_path, CHINESE[0])
    assert style.words(f"a_{CHINESE}") == r"a 握\u62f3"
    assert style.initials([CHINESE, f"{CHINESE[1]}_2"]) == ["握", r"\u62f32"]


def test_every_text_of_a_figure_is_covered_not_only_names():
    figure = style.figure(3, 2)
    axes = figure.add_subplot()
    axes.set_title(CHINESE)
    axes.set_xticks([0, 1], [style.words(DEVANAGARI), "b"])
    axes.annotate(ARABIC + CHINESE, (0.5, 0.5))
    style.png(figure)
    shown = "".join(drawn_texts(figure))
    assert not set(shown) & set(CHINESE + DEVANAGARI)
    assert r"\u63e1" in shown


def test_a_dollar_sign_is_no_formula():
    names = (r"5$ or \nothing$", "a$b$")
    figure = confusion_figure(Scores(names, np.eye(2, dtype=np.int64)))
    assert style.png(figure).startswith(b"\x89PNG")
    assert set(names) <= set(drawn_texts(figure))


def test_plain_names_cost_nothing():
    assert fonts.drawable("elbow flexion 30°") == "elbow flexion 30°"
    assert fonts._search.cache_info().misses == 0
    assert (fonts.columns("rest"), fonts.columns(CHINESE), fonts.columns("e\u0301")) == (4, 4, 1)


def test_a_damaged_font_is_passed_over(tmp_path):
    add_font(tmp_path, CHINESE)
    (tmp_path / "script.ttf").write_bytes(b"no font")
    fonts._characters.cache_clear()
    assert fonts.drawable(CHINESE) == r"\u63e1\u62f3"


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    add_font(tmp_path, CHINESE)
    first, second = (style.pdf(matrix()) for _ in range(2))
    assert io.BytesIO(first).getvalue() == second
