import re
import string

import pytest

from emg_recognition.actions import PAPER_ACTION_NAMES, PAPER_ACTIONS
from emg_recognition.page import strings
from emg_recognition.page.drawings import draw_action, draw_turn
from emg_recognition.page.patient_screen import screen_of
from emg_recognition.page.state import SessionView

NOW = 1000.0


def session(phase, **values):
    fields = {
        "action": "elbow_flexion",
        "text": "the elbow bends",
        "hold": 3.0,
        "reaction": 0.5,
        "received": NOW,
        "remaining": 200.0,
    }
    return SessionView(phase=phase, **fields | values)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr("emg_recognition.page.state.time.monotonic", lambda: NOW)


def test_what_a_patient_reads_in_the_course_of_a_repetition():
    rest = screen_of(session("ready", length=3.0, elapsed=0.4), NOW, "en")
    assert (rest.look, rest.cue, rest.what) == ("rest", "REST", "Next: Bend the elbow")
    assert (rest.seconds, rest.share, rest.why) == (3, pytest.approx(2.6 / 3), "")
    now = screen_of(session("reacting", length=0.5, elapsed=0.1), NOW, "en")
    assert (now.look, now.cue, now.what, now.seconds) == ("now", "NOW", "Bend the elbow", 4)
    held = screen_of(session("holding", length=3.0, elapsed=1.5), NOW, "en")
    assert (held.seconds, held.share) == (2, pytest.approx(1.5 / 3.5))
    # The countdown does not stop between two messages.
    assert screen_of(session("holding", length=3.0, elapsed=1.5), NOW + 1.2, "en").seconds == 1


def test_praise_has_no_number_and_none_follows_a_discarded_repetition():
    words = {screen_of(session("ready", kept=kept, length=3.0), NOW, "en").why for kept in range(1, 9)}
    assert len(words) > 2
    assert not any(re.search(r"\d", word) for word in words)
    assert screen_of(session("ready", kept=3, note="elbow_flexion 1 is discarded"), NOW, "en").why == ""


@pytest.mark.parametrize(
    ("view", "look", "command"),
    [
        (None, "calm", ""),
        (session("waiting"), "calm", "skip"),
        (session("paused"), "stop", "pause"),
        (session("ended"), "calm", ""),
        (session("ready", received=NOW - 60), "stop", ""),
        (session("something new", turn=0.1), "calm", "skip"),
        (session("ready", action="", length=0.0), "rest", "pause"),
    ],
)
def test_every_state_has_words_and_at_most_one_button(view, look, command):
    for language in strings.LANGUAGES:
        screen = screen_of(view, NOW, language)
        assert (screen.look, screen.command) == (look, command)
        assert screen.cue
        assert bool(screen.button) == bool(command)


def test_the_turn_of_the_armband_is_told():
    turned = screen_of(session("waiting", turn=1.5), NOW, "de")
    assert (turned.what, turned.turn) == ("Das Armband ist verdreht", 1.5)
    assert screen_of(session("waiting", turn=0.0), NOW, "en").what == "The armband sits well"


def test_every_text_is_in_every_language_with_the_same_blanks():
    def blanks(one):
        return {name for _, name, _, _ in string.Formatter().parse(one) if name}

    for key, texts in strings._TEXTS.items():
        assert len(texts) == len(strings.LANGUAGES), key
        assert all(one.strip() for one in texts), key
        assert len({frozenset(blanks(one)) for one in texts}) == 1, key
        assert re.search("[\u4e00-\u9fff]", texts[2]), key
    assert strings.text("patient.now", "fr") == "NOW"


def test_a_text_of_the_plan_is_shown_as_it_is():
    for action in PAPER_ACTIONS:
        assert strings.what_to_do(action.name, action.description, "de") == strings.text(
            f"action.{action.name}", "de"
        )
    assert strings.what_to_do("elbow_flexion", "Bier heben", "de") == "Bier heben"
    assert strings.what_to_do("key_grip", "", "zh") == "key grip"


def test_drawings_differ_and_hold_no_foreign_markup():
    drawings = {
        draw_action(action, "x", left=left) for action in PAPER_ACTION_NAMES for left in (False, True)
    }
    assert len(drawings) == 2 * len(PAPER_ACTION_NAMES)
    assert draw_action("key_grip", "x") == ""
    for drawing in (draw_action("rest", '"><script>'), draw_turn(8, 1.5, '"><script>')):
        assert "<script" not in drawing
        assert "http" not in drawing


@pytest.mark.parametrize(("channels", "turn"), [(8, 0.0), (8, -4.0), (64, 3.5), (1, 0.0), (16, 8.0)])
def test_a_turn_of_any_armband_can_be_drawn(channels, turn):
    drawing = draw_turn(channels, turn, "turned")
    assert "nan" not in drawing
    assert ("polygon" in drawing) == (abs(turn) >= 0.25)


def _luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_colours_have_the_contrast_of_wcag_aa():
    pytest.importorskip("nicegui")
    from emg_recognition.page import drawings, patient

    for back in re.findall(r"--back: (#\w{6})", patient._STYLE):
        assert _contrast("#ffffff", back) >= 4.5
    for graphic in (drawings._ARM, drawings._ARROW, drawings._EDGE, drawings._INK):
        assert _contrast(graphic, "#ffffff") >= 3
    assert _contrast("#ffffff", drawings._ARROW) >= 4.5  # the number of electrode 1
