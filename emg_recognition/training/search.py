"""The search for settings: which values suit the recordings, and which ones to try next.

Source of the search: Optuna's tree-structured Parzen estimator (Akiba et al., KDD 2019; Bergstra et al.,
NeurIPS 2011).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emg_recognition.control.settings import controller_delay, is_long
from emg_recognition.errors import EmgRecognitionError, RecordingError, SettingError
from emg_recognition.settings import settings_of
from emg_recognition.training.fold import make_fold
from emg_recognition.training.prepare import Prepared, windows_for
from emg_recognition.training.search_settings import SearchSettings
from emg_recognition.training.settings import ExperimentSettings
from emg_recognition.training.split import Split
from emg_recognition.training.windows import WindowSet

Values = dict[str, float]
"""A value for each setting that is searched, by its name in the section ``search``."""

BATCH = 8
"""Trials of a fold that are asked for together, whatever the number of processes: only so is the result the
same for any number. The first are the configured settings and seven at random."""

# After this many suggestions in a row that are already known, nothing new is left nearby.
_KNOWN_IN_A_ROW = 200
# The branch of log energies looks at differences of differences.
_SHORTEST = 3


@dataclass(frozen=True, kw_only=True)
class Space:
    """What is searched.

    Attributes
    ----------
    configured : dict of str to float
        The configuration's own value of each setting that is searched; the first trial.
    values : dict of str to tuple of float
        All values of each, in rising order (0 rows, one for each sample, are the most); two or more.
    left_out : list of str
        Values that cannot be used here, each with the reason.
    """

    configured: Values
    values: dict[str, tuple[float, ...]]
    left_out: list[str]

    @property
    def size(self) -> int:
        """Number of all combinations."""
        return math.prod(len(values) for values in self.values.values())


def configured_values(settings: ExperimentSettings) -> Values:
    """Return what a configuration says of each setting that can be searched."""
    network, training = settings.network, settings.training
    return {
        "window": settings.window,
        "stride": settings.stride,
        "rows": network.picture[0],
        "features": network.features,
        "energies": network.energies,
        "learning_rate": training.learning_rate,
        "epochs": training.epochs,
    }


def with_values(settings: ExperimentSettings, values: Mapping[str, Any]) -> ExperimentSettings:
    """Put values of a search into a configuration.

    Raises
    ------
    SettingError
        For a value that cannot be used.
    """

    def chosen(*names: str) -> dict[str, Any]:
        return {name: values[name] for name in names if name in values}

    network = dataclasses.replace(settings.network, **chosen("features", "energies"))
    if "rows" in values:
        network = dataclasses.replace(network, picture=(values["rows"], *network.picture[1:]))
    return dataclasses.replace(
        settings,
        network=network,
        training=dataclasses.replace(settings.training, **chosen("learning_rate", "epochs")),
        **chosen("window", "stride"),
    )


def make_space(settings: ExperimentSettings, prepared: Prepared) -> Space:
    """Find the values that suit the recordings.

    A window is a multiple of the time between two live decisions, the controller delay that it causes is
    one that the bridge accepts, and no segment that trains or validates is too short for it.

    Parameters
    ----------
    settings : ExperimentSettings
        The configuration, with its section ``search``.
    prepared : Prepared
        The recordings.

    Returns
    -------
    Space
        Two or more values of one setting at least.

    Raises
    ------
    SettingError
        If there is nothing to choose from.
    """
    configured, values, left_out = {}, {}, []
    for name, own in configured_values(settings).items():
        asked = getattr(settings.search, name)
        if asked is None or (
            name in ("features", "energies") and settings.network.architecture != "ghostnet"
        ):
            continue
        suited = {own}
        for value in asked:
            problem = "" if value == own else _problem(settings, name, value, prepared)
            if problem:
                unit = f" {one}" if (one := settings_of(SearchSettings)[name].unit) else ""
                left_out.append(f"{name} {value:g}{unit} is left out: {problem}")
            else:
                suited.add(value)
        if len(suited) > 1:
            configured[name] = own
            values[name] = tuple(sorted(suited, key=_all_rows_last if name == "rows" else None))
    if not values:
        remedy = "nothing is left to choose from; list two or more values of some setting"
        raise SettingError("search", "; ".join(left_out) or None, remedy)
    return Space(configured=configured, values=values, left_out=left_out)


def controller_delay_of(settings: ExperimentSettings) -> float:
    """Return the average controller delay of a model with these settings, without computing time, s."""
    live = settings.live
    return controller_delay(
        window=settings.window, stride=live.stride, decisions=live.decision, processing=0.0
    )


def _all_rows_last(rows: float) -> float:
    return rows or math.inf


def _problem(settings: ExperimentSettings, name: str, value: float, prepared: Prepared) -> str:
    """Return why a value cannot be used with these recordings; empty if it can."""
    try:
        changed = with_values(settings, {name: value})
        if name not in ("window", "stride"):
            return ""
        periods = value / settings.live.stride
        if name == "window" and abs(periods - round(periods)) > 1e-6:
            return f"it is no multiple of live.stride, {settings.live.stride:g} s"
        is_long(controller_delay_of(changed), allow_long=False)
        windows = windows_for(changed, prepared)
        for split in prepared.splits:  # aligning refuses nothing
            make_fold(dataclasses.replace(changed, orientation="none"), windows, split, prepared.output)
    except (SettingError, RecordingError) as error:
        return str(error)
    if windows.length < _SHORTEST:
        return f"it has {windows.length} samples, {_SHORTEST} are needed"
    short = {
        segment
        for split in prepared.splits
        for segment in _with_windows(prepared.windows, split) - _with_windows(windows, split)
    }
    return f"{len(short)} segments are too short for it" if short else ""


def _with_windows(windows: WindowSet, split: Split) -> set[int]:
    """Return the segments that train or validate and have a window."""
    return set(windows.segment.tolist()) & {*split.train.tolist(), *split.validation.tolist()}


def at_the_same_moments(windows: WindowSet, moments: WindowSet) -> WindowSet:
    """Return windows that end where those of `moments` do, which are as long or longer.

    Parameters
    ----------
    windows : WindowSet
        Windows of any length of the same recordings.
    moments : WindowSet
        The windows whose last samples count.
    """
    shift = moments.length - windows.length
    return dataclasses.replace(windows, begin=moments.begin + shift, segment=moments.segment)


class Search:
    """The search for one fold's settings.

    It suggests values and is told their scores; nothing else decides what it suggests next.

    Parameters
    ----------
    space : Space
        What is searched.
    trials : int
        Combinations of values to try, at most.
    seed : int
        The same seed gives the same suggestions.
    """

    def __init__(self, space: Space, *, trials: int, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=BATCH, constant_liar=True)
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._space = space
        self._places: dict[str, optuna.distributions.BaseDistribution] = {
            name: optuna.distributions.IntDistribution(0, len(values) - 1)
            for name, values in space.values.items()
        }
        first = {name: space.values[name].index(value) for name, value in space.configured.items()}
        self._study.enqueue_trial(first)
        self._left = min(trials, space.size)
        self._asked: list[tuple[Any, Values]] = []
        self._scores: dict[str, float] = {}

    def ask(self) -> list[Values]:
        """Return the next combinations to try, all of them new; empty when the search is over."""
        wanted = min(BATCH, self._left)
        new: list[Values] = []
        known = 0
        while len(new) < wanted and known < _KNOWN_IN_A_ROW:
            trial = self._study.ask(self._places)
            values = {name: self._space.values[name][place] for name, place in trial.params.items()}
            if (key := key_of(values)) in self._scores:
                self._study.tell(trial, self._scores[key])
                known += 1
                continue
            self._asked.append((trial, values))
            if values in new:
                known += 1
            else:
                new.append(values)
                known = 0
        self._left = self._left - len(new) if len(new) == wanted else 0
        return new

    def tell(self, scores: Sequence[float]) -> None:
        """Take the scores of the combinations that were asked for last, in their order; more is better."""
        asked, self._asked = self._asked, []
        fresh = iter(scores)
        for trial, values in asked:
            key = key_of(values)
            if key not in self._scores:
                self._scores[key] = next(fresh)
            self._study.tell(trial, self._scores[key])


def key_of(values: Mapping[str, float]) -> str:
    """Return a name for a combination of values, usable as that of a folder."""
    text = json.dumps(dict(sorted(values.items())))
    return f"trial_{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"


def check_optuna() -> str:
    """Return Optuna's version.

    Raises
    ------
    EmgRecognitionError
        If it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise EmgRecognitionError(
            "tune needs Optuna, which is not installed; pip install 'emg_recognition[tune]'"
        ) from error
    return str(optuna.__version__)
