"""The operator who is not there."""

import pytest
import yaml

from emg_recognition.errors import SettingError
from emg_recognition.guided.plan import Plan, PlannedAction
from emg_recognition.guided.script import ScriptedOperator, Step, load_script
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


def test_steps_are_done_in_the_middle_of_their_phase_and_once(tmp_path):
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
    # 1 s of rest, 0.5 s to react, 2 s to hold; exactly in the middle, whenever it was looked.
    assert [key for key, _ in pressed] == [Key.SKIP, Key.REPEAT, Key.DISCARD, Key.PAUSE, Key.PAUSE]
    assert [at for _, at in pressed] == pytest.approx([0.0, 6.0, 10.0, 13.0 - 1.0, 17.0])
    assert (session.kept, session.dropped) == (2, 1)


def test_a_session_can_be_ended():
    pressed, session = act([Step(at="signal", do="skip"), Step(at="a 1", do="quit")])
    assert pressed[-1] == (Key.QUIT, 2.5)
    assert session.kept == 0


def test_an_empty_script_only_looks_on(tmp_path):
    assert load_script(write(tmp_path, ""), PLAN) == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"at": "a 1"}, "write a list of steps"),
        ([{"at": "a 1"}], "step 1.do is None"),
        (["a 1"], "step 1 is 'a 1'"),
        ([{"at": "a 1", "do": "skip"}], "do at a 1 is 'skip': write repeat or discard or pause or quit"),
        ([{"at": "signal", "do": "pause"}], "do at signal is 'pause': write skip or quit"),
        ([{"at": "a 4", "do": "quit"}], "script.yaml: at is 'a 4': the plan asks for a 1 and so on"),
        ([{"at": "a 1", "do": "quit", "when": "before"}], "when at a 1 is 'before'"),
        ([{"at": "a 1", "do": "pause", "seconds": 0}], "seconds at a 1 is 0"),
        ("- {", "it is not a YAML file"),
    ],
)
def test_what_cannot_be_done_is_refused(tmp_path, content, words):
    with pytest.raises(SettingError) as caught:
        load_script(write(tmp_path, content), PLAN)
    assert words in str(caught.value)
