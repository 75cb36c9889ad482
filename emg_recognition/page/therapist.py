"""The therapist's view: the session's controls, electrodes, live signals, recognition, bridge and models."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

from nicegui import ui

from emg_recognition.control.states import State
from emg_recognition.monitor.advice import next_step
from emg_recognition.monitor.snapshot import STALE, Bridge, Estimate, Level, Quality, Samples, StopInput
from emg_recognition.page.band import advice, draw_band
from emg_recognition.page.controls import Page
from emg_recognition.page.frame import card, frame
from emg_recognition.page.models import show_models
from emg_recognition.page.session import show_session
from emg_recognition.page.signals import Signals

#: Time between two looks at everything but the signals, s.
_LOOK = 0.25


def show(page: Page) -> None:
    """Build the view for one browser."""
    frame(page, "Therapist")
    with ui.element("div").classes("cards"):
        looks = [show_session(page), _recognition(page), _bridge(page), _electrodes(page), _signals(page)]
        looks += [show_models(page), _nodes(page)]

    def look() -> None:
        for one in looks:
            one()

    look()
    ui.timer(_LOOK, look)


def _recognition(page: Page) -> Callable[[], None]:
    with card("Recognition", "w4"):
        action = ui.label().classes("big").props('data-testid="decision"')
        facts = ui.label().classes("quiet")
        bars = ui.html("", sanitize=False)
        delay = ui.label().classes("quiet")

    def look() -> None:
        estimate = page.state.snapshot.fresh_estimate()
        decision = page.state.decision
        if estimate is None:
            action.set_text("Nothing is recognised")
            facts.set_text(page.state.snapshot.model and f"model {page.state.snapshot.model}")
            bars.set_content("")
            delay.set_text("")
            return
        decided = decision.action.replace("_", " ") if decision is not None else ""
        action.set_text(decided or "Nothing decided")
        activation = f", activation {decision.activation:.1f}" if decision is not None else ""
        facts.set_text(f"confidence {100 * estimate.confidence:.0f} %{activation}")
        bars.set_content(_bars(estimate))
        delay.set_text(_delay(estimate, page.state.snapshot.samples))

    return look


def _bars(estimate: Estimate) -> str:
    rows = [
        f"<span>{html.escape(name.replace('_', ' '))}</span>"
        f'<div class="track"><div class="fill" style="width:{100 * share:.0f}%"></div></div>'
        f"<span>{100 * share:.0f} %</span>"
        for name, share in estimate.probabilities
    ]
    return f'<div class="bars">{"".join(rows)}</div>'


def _delay(estimate: Estimate, samples: Samples | None) -> str:
    words = [f"{estimate.rate:.0f} estimates a second"]
    if estimate.latency is not None:
        words.append(
            f"latency {1000 * estimate.latency:.0f} ms (worst {1000 * (estimate.worst_latency or 0):.0f})"
        )
    if samples is not None:
        words.append(f"{samples.lost} samples lost, {samples.restarts} restarts")
    return ", ".join(words)


def _bridge(page: Page) -> Callable[[], None]:
    with card("Command bridge", "w4"):
        state = ui.label().classes("big").props('data-testid="bridge-state"')
        reason = ui.label()
        ages = ui.label().classes("quiet")
        counted = ui.label().classes("quiet")
        step = ui.label()
        command = ui.label().classes("mono")
        switch = ui.label().classes("quiet")
        ui.label(
            "This page never arms. Whoever holds the enabling switch does, with: emg-recognition arm"
        ).classes("quiet")

    def look() -> None:
        snapshot = page.state.snapshot
        bridge = snapshot.fresh_bridge()
        state.set_text(bridge.state.name if bridge is not None else "No bridge: nothing moves")
        state.classes(**_coloured(bridge))
        reason.set_text(bridge.reason if bridge is not None else "")
        ages.set_text(_ages(bridge))
        violations = bridge.violations if bridge is not None else ()
        counted.set_text(", ".join(f"{name.replace('_', ' ')} {count}" for name, count in violations))
        switch.set_text(_switch(snapshot.stop_input))
        what = next_step(snapshot)
        step.set_text(what.text)
        command.set_text(what.command)

    return look


def _switch(switch: StopInput | None) -> str:
    if switch is None or switch.age > STALE:
        return "No enabling switch: nobody can arm."
    state = "pressed: its holder can arm" if switch.allowed else "released"
    several = f" {switch.publishers} nodes publish it; the bridge takes one." if switch.publishers > 1 else ""
    return f"The enabling switch is {state}.{several}"


def _coloured(bridge: Bridge | None) -> dict[str, str]:
    colours = {State.ARMED: "good", State.HOLDING: "warn", State.FAULT: "bad"}
    add = colours.get(bridge.state, "") if bridge is not None else ""
    return {"add": add, "remove": " ".join({"good", "warn", "bad"} - {add})}


def _ages(bridge: Bridge | None) -> str:
    if bridge is None:
        return ""
    ages = {"signal": bridge.signal_age, "joints": bridge.feedback_age, "stop input": bridge.stop_input_age}
    words = [f"{name} {'never' if age < 0 else f'{1000 * age:.0f} ms ago'}" for name, age in ages.items()]
    return ", ".join(words)


def _electrodes(page: Page) -> Callable[[], None]:
    with card("Electrodes", "w4"):
        drawing = ui.html("", sanitize=False).props('data-testid="band"')
        todo = ui.element("ul").style("margin:0;padding-left:1.2rem")
    shown: list[object] = [None]

    def look() -> None:
        samples = page.state.snapshot.fresh_samples()
        channels = samples.channels if samples is not None else ()
        about = [(channel.name, channel.quality, channel.advice) for channel in channels]
        if about == shown[0]:
            return
        shown[0] = about
        drawing.set_content(draw_band(channels))
        lines = advice(channels)
        if not channels:
            lines = ["no samples arrive: check the armband and acquisition"]
        elif all(channel.quality is None for channel in channels):
            lines = ["nobody judges the electrodes: is signal_quality running?"]
        elif all(channel.quality is Quality.GOOD for channel in channels):
            lines = ["every electrode is good"]
        _fill(todo, lines)

    return look


def _fill(outer: ui.element, lines: Sequence[str]) -> None:
    outer.clear()
    with outer:
        for line in lines:
            with ui.element("li"):
                ui.label(line)


def _signals(page: Page) -> Callable[[], None]:
    with card("Live signals", "w8"):
        rate = ui.label().classes("quiet")
        Signals(page.state).props('data-testid="signals"')

    def look() -> None:
        samples = page.state.snapshot.fresh_samples()
        if samples is None:
            rate.set_text("no samples")
            return
        measured = f"{samples.rate:.1f} of " if samples.rate else ""
        device = f"{page.state.snapshot.device}: " if page.state.snapshot.device else ""
        rate.set_text(f"{device}{len(samples.channels)} channels, {measured}{samples.nominal_rate:g} Hz")

    return look


def _nodes(page: Page) -> Callable[[], None]:
    with card("Nodes", "w8"):
        outer = ui.element("ul").style("margin:0;padding-left:1.2rem")
    shown: list[object] = [None]

    def look() -> None:
        reports = page.state.snapshot.reports
        lines = [
            f"{one.node}: {'' if one.level is Level.OK else f'{one.level.name}, '}{one.message}"
            for one in reports
        ]
        if lines != shown[0]:
            shown[0] = lines
            _fill(outer, lines or ["no node has reported yet"])

    return look
