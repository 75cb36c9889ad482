"""The wearer who follows every prompt, a moment late."""

import pytest

from emg_recognition.guided.plan import Plan, PlannedAction
from emg_recognition.guided.script import Step, rehearse

PLAN = Plan(
    actions=(PlannedAction(name="rest"), PlannedAction(name="fist")),
    repetitions=1,
    hold=2.0,
    pause=1.0,
    reaction=0.5,
)


def test_the_wearer_rests_but_for_the_prompts():
    performed = rehearse(PLAN, reaction=0.3, tail=4.0)
    assert [action for action, _ in performed] == ["rest", "fist", "rest"]
    # 3.5 s for rest, 1 s until fist is shown, 0.3 s until he sees it; behind it 1 s until the end.
    assert [seconds for _, seconds in performed] == pytest.approx([4.8, 2.5, 1.0 + 4.0])


def test_he_does_again_what_is_repeated():
    steps = [Step(at="signal", do="skip"), Step(at="fist 1", do="repeat")]
    performed = rehearse(PLAN, steps, reaction=0.0, tail=0.0)
    assert [action for action, _ in performed] == ["rest", "fist", "rest", "fist", "rest"]
    assert [seconds for _, seconds in performed] == pytest.approx([4.5, 1.5, 1.0, 2.5, 1.0])
