"""The scripted operator, and the rehearsal of a session."""

import pytest
import yaml

from emg_recognition.errors import SettingError
from emg_recognition.guided.plan import Plan, PlannedAction
from emg_recognition.guided.script import ScriptedOperator, Step, load_script, rehearse
from emg_recognition.guided.session import GuidedSession, Key, Phase

PLAN = Plan(actions=(PlannedAction(name="a"),), repetitions=3, hold=2.0, pause=1.0, reaction=0.5)


def write(folder, content):
    path = folder / "script.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def act(steps):
    """Let a session run; return what was pressed when."""
    session, operator = GuidedSession(PLAN), ScriptedOperator(steps)
    pressed = []
    for tick in range(2000):
        now = tick * 0.03
        found = operator.act(session, now)
        if found is not None:
            pressed.append(found)
            session.press(*found)
        session.advance(now)
    assert session.phase is Phase.ENDED
    return pressed, session


def test_keys_are_pressed_once_in_the_middle_of_their_phase(tmp_path):
    path = write(
        tmp_path,
        [
            {"at": "a 2", "do": "repeat"},
            {"at": "signal", "do": "skip"},
            {"at": "a 2", "do": "discard", "when": "after"},
            {"at": "a 3", "do": "pause", "seconds": 5.0},
        ],
    )
    pressed, session = act(load_script(path, PLAN))
    # 1 s of rest, 0.5 s to react, 2 s to hold: exactly in the middle, whatever the ticks.
    assert [key for key, _ in pressed] == [Key.SKIP, Key.REPEAT, Key.DISCARD, Key.PAUSE, Key.PAUSE]
    assert [at for _, at in pressed] == pytest.approx([0.0, 6.0, 10.0, 13.0 - 1.0, 17.0])
    assert (session.kept, session.dropped) == (2, 1)


def test_the_operator_can_quit():
    pressed, session = act([Step(at="signal", do="skip"), Step(at="a 1", do="quit")])
    assert pressed[-1] == (Key.QUIT, 2.5)
    assert session.kept == 0


def test_an_empty_script_presses_nothing(tmp_path):
    assert load_script(write(tmp_path, ""), PLAN) == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"at": "a 1"}, "write a list of steps"),
        ([{"at": "a 1"}], "step 1.do is None"),
        (["a 1"], "step 1 is 'a 1'"),
        (
            [{"at": "a 1", "do": "skip"}],
            "script.yaml: step 1.do is 'skip': at a 1 use one of repeat, discard, pause, quit",
        ),
        ([{"at": "signal", "do": "pause"}], "do is 'pause': at signal use one of skip, quit"),
        ([{"at": "a 4", "do": "quit"}], "script.yaml: at is 'a 4': name a prompt of the plan, such as a 1"),
        ([{"at": "a 1", "do": "quit", "when": "before"}], "when is 'before': use one of during, after"),
        ([{"at": "a 1", "do": "pause", "seconds": 0}], "seconds is 0: use a number above 0 s"),
        ("- {", "it is not a YAML file"),
    ],
)
def test_a_script_that_cannot_be_used(tmp_path, content, words):
    with pytest.raises(SettingError) as caught:
        load_script(write(tmp_path, content), PLAN)
    assert words in str(caught.value)


REHEARSED = Plan(
    actions=(PlannedAction(name="rest"), PlannedAction(name="fist")),
    repetitions=1,
    hold=2.0,
    pause=1.0,
    reaction=0.5,
)


def test_the_wearer_follows_every_prompt_a_moment_late():
    performed = rehearse(REHEARSED, reaction=0.3, tail=4.0)
    assert [action for action, _ in performed] == ["rest", "fist", "rest"]
    # 3.5 s for rest, 1 s until fist is shown, 0.3 s to react; then 1 s until the end.
    assert [seconds for _, seconds in performed] == pytest.approx([4.8, 2.5, 1.0 + 4.0])


def test_the_wearer_performs_a_repeated_prompt_again():
    steps = [Step(at="signal", do="skip"), Step(at="fist 1", do="repeat")]
    performed = rehearse(REHEARSED, steps, reaction=0.0, tail=0.0)
    assert [action for action, _ in performed] == ["rest", "fist", "rest", "fist", "rest"]
    assert [seconds for _, seconds in performed] == pytest.approx([4.5, 1.5, 1.0, 2.5, 1.0])
