"""The patient's view: what to do now, with a drawing, a countdown and sounds, legible from two metres."""

from __future__ import annotations

import time

from nicegui import ui
from nicegui.events import KeyEventArguments

from emg_recognition.page.controls import Page
from emg_recognition.page.drawings import draw_action, draw_turn
from emg_recognition.page.patient_screen import Screen, screen_of
from emg_recognition.page.sounds import SOUNDS, play
from emg_recognition.page.strings import text

#: Time between two looks at the session, s.
_LOOK = 0.1
#: The last seconds before NOW are heard.
_TICKS = 3
_STYLE = """
body { margin: 0; overflow: hidden; }
.q-loading-bar { display: none; }
.nicegui-content { padding: 0; display: block; width: 100%; }
.patient { --back: #12202e; height: 100vh; width: 100vw; box-sizing: border-box; padding: 1.5vmin 2vmin;
  background: var(--back); color: #fff; display: grid; gap: 1.5vmin 4vmin; font-family: Roboto, sans-serif;
  grid-template: "top top" auto "picture words" minmax(0, 1fr) "bar bar" auto "button button" auto
    / minmax(0, 1fr) minmax(0, 1fr); }
@media (orientation: portrait) { .patient { grid-template: "top" auto "picture" minmax(0, 1fr) "words" auto
  "bar" auto "button" auto / minmax(0, 1fr); } }
.patient.now { --back: #0b5c33; } .patient.rest { --back: #1d3f63; } .patient.stop { --back: #523600; }
.patient .top { grid-area: top; display: flex; flex-wrap: wrap; align-items: center; gap: 2vmin;
  font-size: 28px; }
.patient .top .grow { flex: 1; }
.patient .top a { color: #fff; padding: 8px; font-size: 20px; }
.patient .top .q-btn { font-size: 18px; min-height: 48px; color: #fff; text-transform: none; }
.patient .picture { grid-area: picture; background: #fff; border-radius: 3vmin; padding: 2vmin; min-height: 0;
  display: flex; align-items: center; justify-content: center; }
.patient .picture > * { width: 100%; height: 100%; }
.patient .words { grid-area: words; display: flex; flex-direction: column; justify-content: center;
  gap: 1.5vmin; min-width: 0; min-height: 0; overflow: hidden; }
.patient .cue { display: flex; align-items: center; gap: 3vmin; font-weight: 800; line-height: 1.1;
  font-size: clamp(56px, 11vmin, 150px); }
.patient .shape { width: .75em; height: .75em; flex: none; box-sizing: border-box; border: .1em solid #fff; }
.patient.now .shape { border-radius: 50%; background: #fff; }
.patient .what { font-size: clamp(48px, 8.5vmin, 110px); font-weight: 700; line-height: 1.15;
  overflow-wrap: anywhere; margin: 0; }
.patient .why { font-size: clamp(30px, 4.5vmin, 60px); line-height: 1.3; }
.patient .count { font-size: clamp(72px, 17vmin, 220px); font-weight: 800; line-height: 1;
  font-variant-numeric: tabular-nums; }
.patient .bar { grid-area: bar; height: 3vmin; border-radius: 1.5vmin; background: #0006; overflow: hidden; }
.patient .bar div { height: 100%; background: #fff; width: 0; }
.patient .button { grid-area: button; }
.patient .button .q-btn { width: 100%; min-height: 15vmin; font-size: clamp(36px, 6vmin, 80px);
  font-weight: 700; text-transform: none; border-radius: 3vmin;
  background: #fff; color: #12202e; }
.patient .count:empty, .patient .what:empty, .patient .why:empty { display: none; }
.patient.alone .words { grid-area: picture-start / picture-start / words-end / words-end; padding: 0 6vmin; }
.patient .q-btn:focus-visible, .patient a:focus-visible { outline: 6px solid #ffd400; outline-offset: 3px; }
@media (prefers-reduced-motion: no-preference) {
  .patient.now .shape { animation: beat 1s ease-in-out infinite; }
  @keyframes beat { 50% { transform: scale(.8); } } }
"""


def show(page: Page) -> None:
    """Build the view for one browser.

    Parameters
    ----------
    page : Page
        What the view gets. ``?arm=left`` in the address draws a left arm.
    """
    language = page.language
    ui.page_title(text("patient.title", language))
    ui.add_css(_STYLE)
    ui.add_body_html(SOUNDS)
    left = ui.context.client.request.query_params.get("arm") == "left"
    with ui.element("main").classes("patient") as root:
        with ui.element("div").classes("top"):
            time_left = ui.label().props('data-testid="time-left"')
            ui.element("div").classes("grow")
            other = "right" if left else "left"
            ui.link(text(f"patient.{other}_arm", language), f"/patient?arm={other}&lang={language}")
            ui.link(text("patient.therapist", language), f"/?lang={language}")
            loud = ui.button(text("patient.sound", language), color=None)
            loud.props("outline no-caps")
            # In the browser, because both need the press of a button itself.
            loud.on("click", js_handler="() => emgFullScreen()")
        picture = ui.html("", sanitize=False).classes("picture")
        with ui.element("div").classes("words"):
            with ui.element("div").classes("cue").props('role="status" aria-live="assertive"'):
                ui.element("span").classes("shape").props('aria-hidden="true"')
                cue = ui.label().props('data-testid="cue"')
            what = ui.label().classes("what").props('data-testid="what" role="heading" aria-level="1"')
            count = ui.label().classes("count").props('data-testid="count" aria-hidden="true"')
            why = ui.label().classes("why")
        with ui.element("div").classes("bar").props('aria-hidden="true"'):
            bar = ui.element("div")
        with ui.element("div").classes("button"):
            button = ui.button(color=None).props('unelevated no-caps autofocus data-testid="button"')

    shown: Screen | None = None
    drawn: tuple[object, ...] = ()

    async def press() -> None:
        if shown is not None and shown.command:
            await page.controls.press(shown.command)

    async def key(event: KeyEventArguments) -> None:
        # A switch sends Space or Enter; while the button has the focus, the browser itself presses it.
        if event.action.keydown and not event.action.repeat and event.key in (" ", "Enter"):
            await press()

    button.on_click(press)
    ui.keyboard(on_key=key)

    def look() -> None:
        nonlocal shown, drawn
        before, shown = shown, screen_of(page.state.session, time.monotonic(), language)
        cue.set_text(shown.cue)
        what.set_text(shown.what)
        why.set_text(shown.why)
        count.set_text(str(shown.seconds or ""))
        time_left.set_text(shown.time_left)
        bar.style(f"width: {shown.share:.0%}")
        button.set_visibility(bool(shown.command))
        if shown.button:
            button.set_text(shown.button)
        if before is None or before.look != shown.look:
            root.classes(remove="now rest stop calm", add=shown.look)
        if drawn != (shown.action, shown.turn, shown.what):
            drawn = (shown.action, shown.turn, shown.what)
            draw(shown)
        if before is not None:
            play_change(before, shown)

    def draw(screen: Screen) -> None:
        samples = page.state.snapshot.samples
        if screen.turn is not None and samples is not None:
            content = draw_turn(len(samples.channels), screen.turn, screen.what)
        else:
            content = draw_action(screen.action, screen.what, left=left)
        picture.set_content(content)
        picture.set_visibility(bool(content))
        root.classes(remove="alone") if content else root.classes(add="alone")

    look()
    ui.timer(_LOOK, look)


def play_change(before: Screen, now: Screen) -> None:
    """Play what belongs to the change from one screen to the next."""
    if now.look != before.look:
        if now.look == "now" or (now.look, before.look) == ("rest", "now"):
            play(now.look)
    elif now.look == "rest" and 0 < now.seconds <= _TICKS and now.seconds != before.seconds:
        play("tick")
