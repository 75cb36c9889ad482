"""Which cohort is the minority that every member sees whole."""

from __future__ import annotations

from collections.abc import Mapping

from emg_recognition.errors import SettingError

PATIENT = "patient"
"""The cohort that is the minority where nothing is said and there is another cohort beside it."""


def choose_minority(asked: str | None, windows: Mapping[str, int]) -> tuple[str | None, str]:
    """Decide on the minority cohort, and say it in a sentence.

    Parameters
    ----------
    asked : str or None
        The cohort the user named.
    windows : mapping of str to int
        Training windows of each cohort.

    Returns
    -------
    minority : str or None
        ``None``: there is none, one member is trained on everything.
    sentence : str
        The decision and its reason.

    Raises
    ------
    SettingError
        If the cohort named does not exist, has no other beside it, or has as many windows as the others
        together.
    """
    counts = ", ".join(f"{name or '(unnamed)'} {n}" for name, n in sorted(windows.items()))
    alone = f"(training windows: {counts}): one member is trained on all the data"
    name = PATIENT if asked is None and PATIENT in windows else asked
    if name is None:
        return None, f"no minority cohort is named {alone}"
    if name not in windows:
        raise SettingError("minority", name, f"no such cohort; training windows: {counts}")
    rest = sum(windows.values()) - windows[name]
    if windows[name] < rest:
        sentence = (
            f"the minority cohort is {name}: every member sees all its {windows[name]} training windows"
        )
        return name, sentence
    if asked is None:
        return None, f"cohort {name} is no minority {alone}"
    raise SettingError(
        "minority",
        name,
        f"it has {windows[name]} training windows, the others {rest}; name the smaller cohort",
    )
