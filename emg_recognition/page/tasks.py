"""The view "try before moving": a model is tried in two tasks before it moves a joint."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from nicegui import ui

from emg_recognition.actions import REST
from emg_recognition.control.decision import NO_ACTION, DecisionSettings, speed_share
from emg_recognition.control.states import State
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.history.results import write_result
from emg_recognition.page.controls import Page, check_code
from emg_recognition.page.drawings import draw_action
from emg_recognition.page.frame import button, card, frame
from emg_recognition.page.reaction import ReactionTask, reactions_to_json, score_reactions
from emg_recognition.page.sounds import SOUNDS, play
from emg_recognition.page.state import Decision, PageState
from emg_recognition.page.strings import text, what_to_do
from emg_recognition.page.target_scores import TargetScores, score_targets, targets_to_json
from emg_recognition.page.targets import DIRECTIONS, USUAL_DIRECTIONS, Stage, Target, TargetTask

#: Time between two steps of a task, s.
_STEP = 0.04
#: Time between two looks while no task runs, s.
_LOOK = 0.5

_STYLE = """
.stage { position: relative; background: #12202e; color: #fff; border-radius: 8px; margin: 0 auto;
  width: min(100%, 72vh); aspect-ratio: 1; overflow: hidden; }
.stage div { position: absolute; border-radius: 50%; transform: translate(-50%, -50%);
  box-sizing: border-box; }
.stage .start { left: 50%; top: 50%; width: 3%; height: 3%; border: 2px solid #8fa3b5; }
.stage .target { border: .6vh solid #ffd400; }
.stage .target.inside { background: #0b6b3a; border-style: double; border-width: 1.2vh; }
.stage .cursor { width: 5%; height: 5%; background: #fff; }
.told { font-size: clamp(48px, 8vh, 90px); font-weight: 800; line-height: 1.15; text-align: center;
  overflow-wrap: anywhere; }
.shown { background: #fff; border-radius: 8px; height: 58vh; }
.shown > div, .shown svg { height: 100%; width: 100%; }
.told.now { background: #0b5c33; color: #fff; border-radius: 8px; }
.told.rest { background: #1d3f63; color: #fff; border-radius: 8px; }
.results { display: grid; grid-template-columns: auto auto; gap: .2rem 1.5rem; width: fit-content;
  margin: 0; }
.results dt { color: var(--quiet); } .results dd { margin: 0; font-weight: 600; }
"""


def show(page: Page) -> None:
    """Build the view for one browser.

    Parameters
    ----------
    page : Page
        What the view gets.
    """
    language = page.language
    frame(page, text("test.title", language))
    ui.add_css(_STYLE)
    ui.add_body_html(SOUNDS)
    running: _Run | None = None
    subject = ""

    def begin(kind: str) -> None:
        nonlocal running, subject
        try:
            subject = check_code(text("test.subject", language), who.value or "")
            obstacle = _obstacle(page.state)
            if obstacle:
                raise EmgRecognitionError(text(obstacle, language))
            result.clear()
            with stage:
                chosen = {name: one.value for name, one in ways.items() if one.value}
                running = _targets(page, chosen) if kind == "targets" else _reactions(page)
        except EmgRecognitionError as error:
            ui.notify(str(error), type="negative", multi_line=True)
        else:
            step.activate()
            setup.set_visibility(False)
            end.set_visibility(True)

    def leave() -> None:
        """End the task, and write and show what there is of it."""
        step.deactivate()
        setup.set_visibility(True)
        end.set_visibility(False)
        stage.clear()
        written = write()
        if written is not None:
            lines, place = written
            with result:
                ui.label(text("test.done", language)).classes("big")
                _table(lines)
                ui.label(place).classes("quiet")

    def write() -> tuple[list[tuple[str, str]], str] | None:
        nonlocal running
        run, running = running, None
        if run is None or not run.done():
            return None
        found, lines = run.result()
        try:
            model = page.state.snapshot.model
            path = write_result(page.folder, test=run.kind, subject=subject, model=model, result=found)
        except EmgRecognitionError as error:
            return lines, str(error)
        return lines, text("test.saved", language, path=path)

    def advance() -> None:
        if running is None:
            return
        obstacle = _obstacle(page.state)
        if obstacle == "test.armed":
            ui.notify(text(obstacle, language), type="negative", multi_line=True)
        if obstacle == "test.armed" or not running.step():
            leave()

    # Whoever closes the browser keeps what was done until then.
    ui.context.client.on_delete(write)

    with ui.element("main").classes("cards"):
        with card(text("test.title", language), "w12") as setup:
            who = (
                ui.input(text("test.subject", language)).props('data-testid="subject"').style("width: 16rem")
            )
            directions = ui.element("div").classes("row")
            ways: dict[str, ui.select] = {}
            for kind in ("targets", "reactions"):
                with ui.element("div").classes("row"):
                    button(text(f"test.{kind}", language), partial(begin, kind), "do", kind)
                    ui.label(text(f"test.{kind}_how", language))
            hint = ui.label().classes("warn")
        stage = ui.element("section").classes("w12")
        stage.props["aria-label"] = text("test.title", language)
        with ui.element("div").classes("w12"):
            end = button(text("test.stop", language), leave, "plain", "end-test")
            end.set_visibility(False)
        result = ui.element("section").classes("w12").props('data-testid="result" role="status"')

    def look() -> None:
        session = page.state.session
        if session is not None and not who.value:
            who.set_value(session.subject)
        obstacle = _obstacle(page.state)
        hint.set_text(text(obstacle, language) if obstacle else "")
        active = [action for action in page.state.actions if action != REST]
        if active != list(ways):
            directions.clear()
            ways.clear()
            with directions:
                ways.update({action: _direction(action, language) for action in active})

    look()
    ui.timer(_LOOK, look)
    step = ui.timer(_STEP, advance, active=False)


def _direction(action: str, language: str) -> ui.select:
    choices = {"": text("test.none", language)}
    choices |= {name: text(f"test.{name}", language) for name in DIRECTIONS}
    name = what_to_do(action, "", language)
    return ui.select(choices, value=USUAL_DIRECTIONS.get(action, ""), label=name).style("width: 12rem")


def _obstacle(state: PageState) -> str:
    """Return the text that says why no task can run now; empty if one can."""
    bridge = state.snapshot.fresh_bridge()
    if bridge is not None and bridge.state in (State.ARMED, State.HOLDING):
        return "test.armed"
    return "" if state.decision is not None and state.actions else "test.no_decisions"


def _decided(decision: Decision | None) -> tuple[str, float]:
    """Return the action that holds and its share of full speed, which follows the activation."""
    if decision is None:
        return NO_ACTION, 0.0
    low, full = DecisionSettings.activation_low, DecisionSettings.activation_full
    return decision.action, speed_share(decision.activation, low, full)


@dataclass(frozen=True)
class _Run:
    """A task under way: `step` says whether it goes on, `done` whether there is anything to tell."""

    kind: str
    step: Callable[[], bool]
    done: Callable[[], bool]
    result: Callable[[], tuple[dict[str, object], list[tuple[str, str]]]]


def _targets(page: Page, ways: dict[str, str]) -> _Run:
    """Build the plane with cursor and target."""
    task = TargetTask(ways, seed=random.getrandbits(31))
    told = ui.label().classes("told")
    with ui.element("div").classes("stage").props('data-testid="stage"'):
        ui.element("div").classes("start")
        circle = ui.element("div").classes("target").props('data-testid="target"')
        cursor = ui.element("div").classes("cursor").props('data-testid="cursor"')
    circle.set_visibility(False)
    shown: Target | None = None

    def step() -> bool:
        nonlocal shown
        task.advance(time.monotonic(), *_decided(page.state.decision))
        cursor.style(_place(*task.place))
        if task.target is not shown:
            if shown is not None and task.attempts[-1].selected:
                play("rest")
            shown = task.target
            circle.set_visibility(shown is not None)
            if shown is not None:
                size = 50 * shown.width
                circle.style(f"{_place(*shown.centre)}; width: {size}%; height: {size}%")
        circle.classes(add="inside") if task.inside is not None else circle.classes(remove="inside")
        key = "relax" if shown is None else "hold" if task.inside is not None else "targets"
        told.set_text(f"{text(f'test.{key}', page.language)} {len(task.attempts) + 1}/{task.total}")
        return task.stage is not Stage.ENDED

    def result() -> tuple[dict[str, object], list[tuple[str, str]]]:
        return targets_to_json(task), _target_lines(score_targets(task.attempts), page.language)

    return _Run("targets", step, lambda: bool(task.attempts), result)


def _place(x: float, y: float) -> str:
    return f"left: {50 + 50 * x:.2f}%; top: {50 - 50 * y:.2f}%"


def _target_lines(scores: TargetScores, language: str) -> list[tuple[str, str]]:
    rows = {
        "completion": _number(scores.completion, "{:.0%}"),
        "throughput": _number(scores.throughput, "{:.2f} bit/s"),
        "efficiency": _number(scores.path_efficiency, "{:.0%}"),
        "overshoots": _number(scores.overshoots, "{:.2f}"),
        "movement": _number(scores.movement_ms.median, "{:.0f} ms"),
        "reaction": _number(scores.reaction_ms.median, "{:.0f} ms"),
    }
    return [(text(f"test.{key}", language), value) for key, value in rows.items()]


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def _reactions(page: Page) -> _Run:
    """Build the prompt."""
    language = page.language
    task = ReactionTask(page.state.actions, seed=random.getrandbits(31))
    told = ui.label().classes("told").props('role="status" aria-live="assertive" data-testid="told"')
    picture = ui.html("", sanitize=False).classes("shown")
    count = ui.label().classes("big quiet")
    shown = ""

    def step() -> bool:
        nonlocal shown
        task.advance(time.monotonic(), _decided(page.state.decision)[0])
        if task.shown != shown:
            shown = task.shown
            words = what_to_do(shown, "", language)
            told.set_text(words)
            look = "rest" if shown == REST else "now"
            told.classes(remove="now rest", add=look)
            picture.set_content(draw_action(shown, words))
            count.set_text(f"{min(task.done + 1, task.total)}/{task.total}")
            play(look)
        return not task.ended

    def result() -> tuple[dict[str, object], list[tuple[str, str]]]:
        scores = score_reactions(task.prompts)
        delay = scores.decision_delay_ms
        rows = {
            "reaction": _number(delay.median, "{:.0f} ms"),
            "missed": str(delay.missed),
            "wrong": _number(scores.wrong_movements_per_minute, "{:.1f}"),
            "false": _number(scores.false_activations_per_minute, "{:.1f}"),
        }
        return reactions_to_json(task), [
            (text(f"test.{key}", language), value) for key, value in rows.items()
        ]

    return _Run("reactions", step, lambda: task.done > 0, result)


def _table(lines: list[tuple[str, str]]) -> None:
    with ui.element("dl").classes("results"):
        for name, value in lines:
            with ui.element("dt"):
                ui.label(name)
            with ui.element("dd"):
                ui.label(value)
