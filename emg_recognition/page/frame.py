"""What every view of the page has around it: styles, the way to the other views, and the software stop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from emg_recognition.page.controls import Answer, Page

LINKS = {"/": "Therapist", "/patient": "Patient", "/try": "Try before moving", "/progress": "Progress"}
"""The views that the head names."""

STYLE = """
:root { --ink: #1a1f24; --paper: #f5f6f8; --card: #ffffff; --line: #c8ced5; --quiet: #4a5560;
        --go: #0b6b3a; --stop: #b3121d; --warn: #8a4b00; --blue: #0b4f8a; }
body { background: var(--paper); color: var(--ink); font-family: Roboto, sans-serif; }
.nicegui-content { padding: 0; width: 100%; display: block; }
.q-loading-bar { display: none; }
.head { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; padding: .5rem 1rem;
        background: #12202e; color: #fff; position: sticky; top: 0; z-index: 10; }
.head a { color: #fff; text-decoration: underline; padding: .5rem; min-height: 24px; }
.head h1 { font-size: 1.15rem; font-weight: 600; margin: 0; line-height: 1.4; letter-spacing: 0; }
.head .grow { flex: 1; }
.cards { display: grid; gap: .75rem; padding: .75rem; grid-template-columns: repeat(12, minmax(0, 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .75rem;
        min-width: 0; display: flex; flex-direction: column; gap: .4rem; }
.card h2 { font-size: 1rem; font-weight: 600; margin: 0; line-height: 1.4; letter-spacing: 0; }
.w4 { grid-column: span 4; } .w8 { grid-column: span 8; } .w12 { grid-column: span 12; }
@media (max-width: 1000px) { .w4 { grid-column: span 6; } .w8 { grid-column: span 12; } }
@media (max-width: 640px) { .w4, .w8 { grid-column: span 12; } }
.big { font-size: 1.7rem; font-weight: 700; line-height: 1.25; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); } .warn { color: var(--warn); } .bad { color: var(--stop); font-weight: 600; }
.good { color: var(--go); } .mono { font-family: monospace; overflow-wrap: anywhere; }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
.bars { display: grid; grid-template-columns: minmax(6rem, auto) 1fr 3rem; gap: .15rem .5rem;
        align-items: center; }
.track { background: #dfe4ea; border-radius: 3px; height: .9rem; }
.fill { background: var(--blue); border-radius: 3px; height: 100%; }
.q-btn { min-height: 44px; text-transform: none; border-radius: 6px; }
.q-btn.do { background: var(--blue); color: #fff; } .q-btn.go { background: var(--go); color: #fff; }
.q-btn.danger { background: var(--stop); color: #fff; }
.q-btn.plain { background: #fff; color: var(--ink); border: 1px solid var(--quiet); }
.card .q-field { width: 100%; }
.q-field__label { color: var(--quiet); }
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { transition: none !important; animation: none !important; } }
@media print { .head { display: none; } }
"""


def frame(page: Page, title: str) -> None:
    """Begin a view: its styles, and a head with the other views and the software stop.

    Parameters
    ----------
    page : Page
        What the view was given.
    title : str
        Name of the view.
    """
    ui.page_title(title)
    ui.add_css(STYLE)
    with ui.element("header").classes("head"):
        ui.html(f"<h1>{title}</h1>", sanitize=False)
        with ui.element("nav").props('aria-label="views"').classes("row"):
            for path, name in LINKS.items():
                ui.link(name, path)
        ui.element("div").classes("grow")
        ui.label("Software stop, no emergency stop")
        button("Stop the joints", lambda: said(page.controls.stop()), "danger", "stop")


def card(title: str, width: str) -> ui.element:
    """Return a card of the view, to be entered with ``with``.

    Parameters
    ----------
    title : str
        Its heading.
    width : str
        Class of its width.
    """
    outer = ui.element("section").classes(f"card {width}").props(f'aria-label="{title}"')
    with outer:
        ui.html(f"<h2>{title}</h2>", sanitize=False)
    return outer


def button(text: str, on_click: Callable[[], Any], kind: str, name: str) -> ui.button:
    """Return a button.

    Parameters
    ----------
    text : str
        What stands on it.
    on_click : callable
        What it does.
    kind : str
        ``do``, ``go``, ``danger`` or ``plain``.
    name : str
        By which tests find it.
    """
    made = ui.button(text, on_click=on_click, color=None).classes(kind)
    return made.props(f'unelevated no-caps data-testid="{name}"')


async def said(call: Awaitable[Answer]) -> Answer:
    """Wait for a call, and show its answer for some seconds.

    Parameters
    ----------
    call : awaitable
        Gives the answer.

    Returns
    -------
    Answer
        The same.
    """
    answer = await call
    ui.notify(answer.message, type="positive" if answer.ok else "negative", multi_line=True)
    return answer
