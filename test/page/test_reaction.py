import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.errors import SettingError
from emg_recognition.history.results import read_results, write_result
from emg_recognition.page.reaction import (
    ReactionSettings,
    ReactionTask,
    reactions_to_json,
    score_reactions,
)

ACTIONS = ("rest", "elbow_flexion", "elbow_extension")
TICK = 0.01
TIMES = ReactionSettings(repetitions=3, hold=2.0, shortest_rest=1.0, longest_rest=2.0)


def play(decide, actions=ACTIONS):
    """`decide` gets the shown action and the time since it is shown."""
    task, now, since, shown = ReactionTask(actions, TIMES, seed=1), 0.0, 0.0, None
    while not task.ended:
        if task.shown != shown:
            shown, since = task.shown, now
        task.advance(now, decide(shown, now - since))
        now += TICK
    return task


def test_a_wearer_who_answers_after_400_ms():
    task = play(lambda shown, since: shown if since >= 0.4 else "rest")
    scores = score_reactions(task.prompts)
    assert task.done == task.total == 6
    assert len(task.prompts) == 12  # and a rest before each
    assert scores.decision_delay_ms.measured == 6
    assert scores.decision_delay_ms.median == pytest.approx(400, abs=20)
    assert scores.wrong_movements_per_minute == scores.false_activations_per_minute == 0


def test_one_wrong_movement_in_each_prompt_of_two_seconds_is_thirty_a_minute():
    def decide(shown, since):
        if shown == "rest":
            return "rest"
        if 0.5 <= since < 0.6:
            return "elbow_extension" if shown == "elbow_flexion" else "elbow_flexion"
        return shown if since >= 1.0 else "rest"

    scores = score_reactions(play(decide).prompts)
    assert scores.wrong_movements_per_minute == pytest.approx(30)
    assert scores.false_activations_per_minute == 0
    assert scores.decision_delay_ms.median == pytest.approx(1000, abs=20)
    assert scores.intervals["wrong_movements_per_minute"] == pytest.approx((30, 30))


def test_a_late_release_is_no_mistake_and_a_guess_is_no_answer():
    # Released 300 ms into the rest.
    last = ["rest"]

    def late(shown, since):
        if shown != "rest" and since >= 0.4:
            last[0] = shown
        elif shown == "rest" and since >= 0.3:
            last[0] = "rest"
        return last[0]

    scores = score_reactions(play(late).prompts)
    assert scores.false_activations_per_minute == 0
    # Elbow flexion all the time: begins once, in the first rest; it answers no prompt.
    scores = score_reactions(play(lambda *_: "elbow_flexion").prompts)
    assert scores.decision_delay_ms.measured == 0
    assert scores.decision_delay_ms.missed == 6


@settings(max_examples=20)
@given(st.lists(st.sampled_from(["", *ACTIONS, "unknown"]), min_size=1, max_size=300))
def test_any_decisions_give_scores(decisions):
    task = ReactionTask(ACTIONS, TIMES)
    for number, action in enumerate(decisions):
        task.advance(0.1 * number, action)
    for prompt in task.prompts:
        assert prompt.action not in prompt.wrong
        assert prompt.reaction is None or 0 <= prompt.reaction <= prompt.seconds
    if task.prompts:
        assert reactions_to_json(task)["steadiness"]["decision_delay_ms"]["missed"] <= task.total


def test_a_model_of_rest_alone_is_refused():
    with pytest.raises(SettingError, match="more than rest"):
        ReactionTask(("rest",))


def test_results_are_files_that_can_be_read_again(tmp_path):
    task = play(lambda shown, _: shown)
    result = reactions_to_json(task)
    path = write_result(tmp_path, test="reactions", subject="../P 01<b>", model="81bda", result=result)
    assert path.parent == tmp_path / "tests"
    (tmp_path / "tests" / "note.json").write_text("[]")
    (found,) = read_results(tmp_path)
    assert (found["subject"], found["test"], found["model"]) == ("../P 01<b>", "reactions", "81bda")
    assert found["steadiness"]["decision_delay_ms"]["measured"] == 6
