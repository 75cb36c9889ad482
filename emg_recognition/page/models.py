"""Train, adapt and put a model to work from the therapist's view."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from nicegui import ui

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.page.controls import Page, inside
from emg_recognition.page.frame import button, card, said
from emg_recognition.page.jobs import Job

BUNDLES = ("*/model.yaml", "*/bundle/model.yaml", "models/*/model.yaml", "models/*/bundle/model.yaml")
"""Where bundles are: not deeper, because the folder of the page may be somebody's home."""

_BAGS = ("*/metadata.yaml",)
#: How often recordings and bundles are looked for, s.
_SEARCH = 3.0


def show_models(page: Page) -> Callable[[], None]:
    """Build the card; return what brings it up to date."""

    def begin(kind: str) -> None:
        try:
            page.jobs.start(kind, _arguments(page, kind, data.value or [], base.value))
        except (EmgRecognitionError, OSError) as error:
            ui.notify(str(error), type="negative", multi_line=True)

    async def put_to_work() -> None:
        try:
            bundle = _chosen(page, base.value)
        except EmgRecognitionError as error:
            ui.notify(str(error), type="negative", multi_line=True)
        else:
            await said(page.controls.use_bundle(bundle))

    with card("Models", "w4"):
        data = ui.select([], multiple=True, label="Recordings").props('data-testid="recordings"')
        base = ui.select([], label="Bundle").props('data-testid="bundle"')
        with ui.element("div").classes("row"):
            train = button("Train a new model", lambda: begin("train"), "do", "train")
            adapt = button("Adapt the bundle", lambda: begin("adapt"), "do", "adapt")
            button("Put the bundle to work", put_to_work, "go", "use-bundle")
            end = button("End it", page.jobs.cancel, "plain", "end-job")
        line = ui.label().props('data-testid="job"')
        bar = ui.linear_progress(0.0, show_value=False).props('aria-label="progress of the training"')

    finished = ""
    searched = -_SEARCH
    bundles: list[str] = []

    def look() -> None:
        nonlocal finished, searched, bundles
        job = page.jobs.newest()
        ended = job is not None and bool(job.bundle) and job.bundle != finished
        if ended or time.monotonic() - searched > _SEARCH:
            searched = time.monotonic()
            bundles = found(page.folder, BUNDLES)
            _offer(data, found(page.folder, _BAGS))
            _offer(base, bundles)
        running = job is not None and not job.finished
        for start in (train, adapt):
            start.set_enabled(not running)
        end.set_visibility(running)
        bar.set_visibility(running)
        line.set_text("" if job is None else describe(job))
        bar.set_value(0.0 if job is None else job.fraction or 0.0)
        if job is not None and ended:
            finished = job.bundle
            new = str(Path(job.bundle).relative_to(page.folder))
            if new in bundles:
                base.set_value(new)

    return look


def found(folder: Path, patterns: Sequence[str]) -> list[str]:
    """Return the folders that hold one of these files, the newest first, as relative paths.

    Parameters
    ----------
    folder : Path
        Where to look.
    patterns : sequence of str
        The files, below it.
    """
    files = [path for pattern in patterns for path in folder.glob(pattern)]
    newest = sorted(files, key=lambda path: path.stat().st_mtime, reverse=True)
    return [str(path.parent.relative_to(folder)) for path in newest]


def describe(job: Job) -> str:
    """Return what a job does, or how it ended, with the time left."""
    kind = {"train": "Training", "adapt": "Adapting"}.get(job.kind, job.kind)
    if job.finished:
        return f"{kind}: {'finished' if job.ok else job.line}"
    left = ""
    if job.seconds_left is not None:
        seconds = round(job.seconds_left)
        left = f", {seconds // 60}:{seconds % 60:02d} min left"
    share = "" if job.fraction is None else f" {100 * job.fraction:.0f} %"
    return f"{kind}{share}: {job.line}{left}"


def _offer(select: ui.select, options: list[str]) -> None:
    if options == select.options:
        return
    value = select.value
    if isinstance(value, list):
        value = [one for one in value if one in options] or options[:1]
    elif value not in options:
        value = options[0] if options else None
    select.set_options(options, value=value)


def _arguments(page: Page, kind: str, data: list[str], base: str | None) -> list[str]:
    """Return the options of the command; what a browser names must lie in the page's folder.

    Raises
    ------
    EmgRecognitionError
        For a path elsewhere, and without a recording or bundle.
    """
    if not data:
        raise EmgRecognitionError("choose at least one recording")
    arguments = ["--data", *(str(inside(page.folder, one)) for one in data)]
    if kind == "adapt":
        return [*arguments, "--model", _chosen(page, base)]
    return [*arguments, *(["--config", page.config] if page.config else [])]


def _chosen(page: Page, bundle: str | None) -> str:
    if not bundle:
        raise EmgRecognitionError("choose a bundle first")
    return str(inside(page.folder, bundle))
