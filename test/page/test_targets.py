from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.errors import SettingError
from emg_recognition.page.target_scores import score_targets
from emg_recognition.page.targets import USUAL_DIRECTIONS, Stage, TargetSettings, TargetTask

TICK = 0.02
QUICK = TargetSettings(distances=(0.4,), widths=(0.3,), each=4, dwell=0.2, limit=5.0, pause=0.1)


def steer(task, error=0.01):
    """Return what someone decides who aims at the middle of the target, one axis after the other."""
    if task.target is None:
        return ""
    ways = {name: action for action, name in task.directions.items()}
    x, y = (goal - at for goal, at in zip(task.target.centre, task.place, strict=True))
    if abs(x) > error:
        return ways["right" if x > 0 else "left"]
    return "" if abs(y) <= error else ways["up" if y > 0 else "down"]


def play(task, decide, seconds=300.0, speed=1.0):
    for number in range(round(seconds / TICK)):
        if task.stage is Stage.ENDED:
            break
        task.advance(10 + number * TICK, decide(task), speed)
    return task


def test_whoever_aims_well_selects_everything_on_the_shortest_way():
    task = play(TargetTask(USUAL_DIRECTIONS), steer)
    scores = score_targets(task.attempts)
    assert task.stage is Stage.ENDED
    assert scores.attempts == scores.selected == task.total == 4 * 8
    assert scores.completion == 1.0
    assert scores.path_efficiency == pytest.approx(1.0)
    assert scores.overshoots == 0
    assert [condition.difficulty for condition in scores.conditions] == pytest.approx(
        [1.874469, 1.222392, 2.662965, 1.874469], abs=1e-6
    )
    assert scores.throughput > 0


def test_times_of_one_target_by_hand():
    """Speed 0.5 a second, target from 0.25 to 0.55: entered after 0.5 s, selected 0.2 s later."""
    task = TargetTask({"a": "up", "b": "down"}, QUICK)

    def decide(task):
        if task.target is None or now() < shown[0] + 0.3:
            return ""
        return "a" if task.target.centre[1] > 0 else "b"

    shown = [0.0]
    clock = [0.0]

    def now():
        return clock[0]

    while len(task.attempts) < 1:
        before = task.target
        task.advance(now(), decide(task), 1.0)
        if before is None and task.target is not None:
            shown[0] = now()
        clock[0] += TICK
    (attempt,) = task.attempts
    assert attempt.selected
    assert attempt.reaction == pytest.approx(0.3, abs=1.5 * TICK)
    assert attempt.movement == pytest.approx(0.5, abs=1.5 * TICK)
    assert abs(attempt.end[1]) == pytest.approx(0.25 + 0.2 * 0.5, abs=0.02)
    assert attempt.efficiency == 1.0


def test_running_through_a_target_is_an_overshoot_and_the_way_back_costs_efficiency():
    task = TargetTask({"a": "right", "b": "left"}, replace(QUICK, dwell=1.0))
    state = {"passed": False}

    def decide(task):
        if task.target is None:
            state["passed"] = False
            return ""
        x, goal = task.place[0], task.target.centre[0]
        state["passed"] |= abs(x) > 0.6
        outwards, back = ("a", "b") if goal > 0 else ("b", "a")
        if not state["passed"]:
            return outwards
        return back if abs(x) > 0.4 else ""

    scores = score_targets(play(task, decide).attempts)
    assert scores.completion == 1.0
    assert scores.overshoots == 1.0
    # Out to 0.6 and back to 0.4: the shortest way is 0.4 of 0.8.
    assert scores.path_efficiency == pytest.approx(0.5, abs=0.02)


def test_nothing_decided_misses_every_target_and_has_no_throughput():
    scores = score_targets(play(TargetTask({"a": "up", "b": "down"}, QUICK), lambda _: "").attempts)
    assert (scores.attempts, scores.selected, scores.completion) == (4, 0, 0.0)
    assert scores.throughput is scores.path_efficiency is None
    assert scores.movement_ms.missed == scores.reaction_ms.missed == 4


def test_a_model_that_never_rests_does_not_hold_up_the_task_and_has_no_reaction():
    task = play(TargetTask({"a": "up", "b": "down"}, QUICK), lambda _: "a")
    assert task.stage is Stage.ENDED
    assert score_targets(task.attempts).reaction_ms.measured == 0


def test_half_the_speed_takes_twice_as_long_and_a_held_up_page_does_not_jump():
    times = {}
    for speed in (1.0, 0.5):
        found = score_targets(play(TargetTask(USUAL_DIRECTIONS, QUICK), steer, speed=speed).attempts)
        times[speed] = found.movement_ms.median
    assert times[0.5] == pytest.approx(2 * times[1.0], rel=0.1)
    task = TargetTask({"a": "up", "b": "down"}, QUICK)
    for now in (0.0, 1.0, 1.02, 9.0):
        task.advance(now, "a" if task.target else "", 1.0)
    assert abs(task.place[1]) <= 0.06 or task.attempts


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(["", "a", "b", "c", "x"]), st.floats(0, 1)), max_size=200))
def test_any_decisions_stay_in_the_plane_and_are_counted(decisions):
    task = TargetTask({"a": "up", "b": "down", "c": "left"}, QUICK)
    for number, (action, speed) in enumerate(decisions):
        task.advance(number * 0.1, action, speed)
        assert all(-1 <= one <= 1 for one in task.place)
    scores = score_targets(task.attempts)
    assert scores.attempts == len(task.attempts) <= task.total
    assert scores.selected == sum(one.selected for one in scores.conditions)
    assert scores.path_efficiency is None or 0 <= scores.path_efficiency <= 1


def test_the_same_seed_gives_the_same_order_and_two_directions_are_needed():
    first, again = (play(TargetTask(USUAL_DIRECTIONS, QUICK, seed=3), steer) for _ in range(2))
    assert first.attempts == again.attempts
    with pytest.raises(SettingError, match="at least two"):
        TargetTask({"a": "up", "b": "up"})
    with pytest.raises(SettingError, match="sideways"):
        TargetTask({"a": "up", "b": "sideways"})
