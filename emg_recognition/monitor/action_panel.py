"""The panel of what the wearer is recognised to do."""

from __future__ import annotations

from rich.text import Text

from emg_recognition.monitor.drawing import MISSING, bar, heading, row
from emg_recognition.monitor.snapshot import Estimate, Snapshot

_LONGEST_NAME = 23


def action_panel(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    """Draw the recognised action, what was asked for, and the probability of every action."""
    estimate = snapshot.fresh_estimate()
    prompt = row(width, "prompted   ", snapshot.prompt or (MISSING, "dim"))
    title = heading(width, "Action", snapshot.model)
    if estimate is None:
        return [title, row(width, ("no actions: is the classifier running?", "yellow")), prompt]
    shown = _most_probable(estimate, max(0, height - 3))
    return [title, _recognised(estimate, snapshot.prompt, width), prompt, *_bars(estimate, shown, width)]


def wanted_height(snapshot: Snapshot) -> int:
    """Return the rows that the panel would fill with every action."""
    estimate = snapshot.fresh_estimate()
    return 3 + (len(estimate.probabilities) if estimate is not None else 0)


def _recognised(estimate: Estimate, prompt: str, width: int) -> Text:
    confidence = f"  {100 * estimate.confidence:.0f} %"
    if not estimate.action:
        return row(width, "recognised ", ("rejected", "yellow"), (confidence, "dim"))
    style = "bold green" if prompt in ("", estimate.action) else "bold magenta"
    return row(width, "recognised ", (estimate.action, style), confidence)


def _bars(estimate: Estimate, shown: list[tuple[str, float]], width: int) -> list[Text]:
    names = max((len(name) for name, _ in shown), default=0)
    space = min(names, _LONGEST_NAME, max(0, width - 12))
    return [
        row(
            width,
            row(space, (name, "bold" if name == estimate.action else "")),
            " ",
            bar(probability, width - space - 7, "green" if name == estimate.action else "blue"),
            f" {100 * probability:3.0f} %",
        )
        for name, probability in shown
    ]


def _most_probable(estimate: Estimate, number: int) -> list[tuple[str, float]]:
    """Return so many of the most probable actions, in the model's order."""
    best = sorted(estimate.probabilities, key=lambda one: -one[1])[:number]
    return [one for one in estimate.probabilities if one in best][:number]
