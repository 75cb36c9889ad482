"""Train, compare, tune, adapt and don from Python: ``emg_recognition.train`` and its like.

This module imports no TensorFlow; its functions do, when they are called.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emg_recognition.errors import EmgRecognitionError, SettingError
from emg_recognition.quiet import without_information
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.settings import from_mapping
from emg_recognition.tasks import Executor, check_executor
from emg_recognition.training.configuration import experiment_settings
from emg_recognition.training.settings import (
    ADAPT_SETTINGS,
    REHEARSAL_SETTINGS,
    TRIALS,
    ExperimentSettings,
    FitSettings,
)

if TYPE_CHECKING:
    from emg_recognition.training.adapt import Adaptation
    from emg_recognition.training.compare import Comparison
    from emg_recognition.training.don import Donner, Donning
    from emg_recognition.training.experiment import TrainingResult
    from emg_recognition.training.tune import Tuning

SettingsLike = ExperimentSettings | Mapping[str, Any] | str | os.PathLike[str]
"""The settings themselves, a mapping with sections as in ``config/compact.yaml``, or a YAML file."""


def train(
    recordings: Recordings,
    output: str | os.PathLike[str],
    *,
    settings: SettingsLike | None = None,
    minority: str | None = None,
    workers: int = 0,
    address: str | None = None,
    cache: Path | None = None,
    on_event: Callable[[dict[str, Any]], None] | None = None,
) -> TrainingResult:
    """Train an ensemble, keep the best member, test it once, and write bundle, metrics and report.

    Parameters
    ----------
    recordings : Recordings
        Labelled segments. With the default settings they need three or more repetitions of each action: the
        last one tests, the one before it validates.
    output : str or path
        Folder for the results. An interrupted training of the same recordings and settings continues there;
        a folder that holds anything else is refused.
    settings : ExperimentSettings, mapping, str or path, optional
        Signal path, network, training, ensemble and split: the settings themselves, a mapping with sections
        as in ``config/compact.yaml``, or a YAML file. What they leave out has its default.
    minority : str, optional
        The cohort that every member sees completely; the settings' own by default.
    workers : int
        Processes that train at the same time. 0: train in this process; on a cluster, as many as it has
        cores. A script that uses more needs the usual ``if __name__ == "__main__":``.
    address : str, optional
        A Ray cluster that trains instead of this machine: ``host:port``, or ``auto`` for ``RAY_ADDRESS`` or
        the one that runs here (``docs/how-to/run-on-a-cluster.md``).
    cache : Path, optional
        Folder for the filtered signal of large recordings; in memory by default.
    on_event : callable, optional
        Called with the progress, as mappings whose key ``event`` is ``data``, ``start``, ``epoch``, ``job``,
        ``selected``, ``warning`` or ``done``.

    Returns
    -------
    TrainingResult
        ``bundle`` (the directory), ``metrics``, ``report`` and ``metrics_file``.

    Raises
    ------
    EmgRecognitionError
        If TensorFlow is missing, or if the settings, the recordings, the split or the output folder cannot be
        used; nothing has been written then.

    Examples
    --------
    >>> result = train(recordings, "out")                                        # doctest: +SKIP
    >>> result = train(recordings, "out", settings={"training": {"epochs": 4}})  # doctest: +SKIP
    >>> result.bundle, result.metrics["test_accuracy"]                           # doctest: +SKIP
    """
    chosen, executor = _start(settings, minority, workers, address)
    with without_information():
        from emg_recognition.training.experiment import run_experiment

    return run_experiment(
        chosen,
        recordings,
        Path(output),
        executor=executor,
        cache=cache,
        on_event=on_event or _ignore,
    )


def compare(
    recordings: Recordings,
    output: str | os.PathLike[str],
    *,
    settings: SettingsLike | None = None,
    minority: str | None = None,
    seeds: Sequence[int] = (0, 1, 2),
    methods: Sequence[str] | None = None,
    learning_curve: Sequence[int] = (),
    workers: int = 0,
    address: str | None = None,
    cache: Path | None = None,
    on_event: Callable[[dict[str, Any]], None] | None = None,
) -> Comparison:
    """Compare the ensemble with single networks and classical methods, on the same split and windows.

    Parameters
    ----------
    recordings : Recordings
        Labelled segments.
    output : str or path
        Folder for the results. A comparison of the same recordings and settings continues there, also with
        other seeds and methods; finished networks are not trained again.
    settings, minority, workers, address, cache
        As for :func:`train`. `seeds` replace the seed of the settings.
    seeds : sequence of int
        One run of every method for each.
    methods : sequence of str, optional
        Some of ``ensemble``, ``weighted``, ``pretrain``, ``adapt``, ``minority``, ``lda`` and
        ``balanced-bagging``; by default all that the recordings allow.
    learning_curve : sequence of int, optional
        Numbers of repetitions, such as 1, 2 and 4: the methods (but ``balanced-bagging``) are trained again
        with only that many repetitions of each person of the minority, the first ones; the test windows stay.
    on_event : callable, optional
        As for :func:`train`, with the event ``judged`` for each result.

    Returns
    -------
    Comparison
        ``result`` (the content of ``compare.json``), ``report`` and ``result_file``.

    Raises
    ------
    EmgRecognitionError
        As :func:`train`, for an unknown method, and for a learning curve without a minority or with numbers
        that its people do not have; nothing has been written then.
    """
    chosen, executor = _start(settings, minority, workers, address)
    with without_information():
        from emg_recognition.training.compare import run_comparison

    return run_comparison(
        chosen,
        recordings,
        Path(output),
        seeds=seeds,
        methods=methods,
        learning_curve=learning_curve,
        executor=executor,
        cache=cache,
        on_event=on_event or _ignore,
    )


def tune(
    recordings: Recordings,
    output: str | os.PathLike[str],
    *,
    settings: SettingsLike | None = None,
    minority: str | None = None,
    trials: int = TRIALS,
    workers: int = 0,
    address: str | None = None,
    cache: Path | None = None,
    on_event: Callable[[dict[str, Any]], None] | None = None,
) -> Tuning:
    """Search for the settings that suit a device, on validation only; train with the best ones and test once.

    With several folds each fold has its own search, which sees none of its test recordings.

    Parameters
    ----------
    recordings : Recordings
        Labelled segments.
    output : str or path
        Folder for the results. A search of the same recordings and settings continues there, also with more
        trials; finished trials are not trained again.
    settings : ExperimentSettings, mapping, str or path, optional
        As for :func:`train`. Their section ``search`` lists what is tried; what the other sections say is the
        first trial.
    minority, workers, address, cache
        As for :func:`train`. The result does not depend on how many processes there are, or where.
    trials : int
        Combinations of settings to try in each fold.
    on_event : callable, optional
        As for :func:`train`; the trials are networks like others.

    Returns
    -------
    Tuning
        ``training`` (the :class:`TrainingResult`), ``result`` (the content of ``tuning.json``),
        ``result_file`` and ``report``. ``chosen.yaml`` in the folder (with several folds, in each one's) are
        the settings as a file for :func:`train`.

    Raises
    ------
    EmgRecognitionError
        As :func:`train`, if Optuna is missing, if there is nothing to choose from, for a split of random
        windows, and for the selection ``test``; nothing has been written then.
    """
    if trials < 1:
        raise SettingError("trials", trials, "use at least one")
    chosen, executor = _start(settings, minority, workers, address)
    with without_information():
        from emg_recognition.training.tune import run_tuning

    return run_tuning(
        chosen,
        recordings,
        Path(output),
        trials=trials,
        executor=executor,
        cache=cache,
        on_event=on_event or _ignore,
    )


def adapt(
    parent: str | os.PathLike[str],
    recordings: Recordings,
    output: str | os.PathLike[str],
    *,
    repetitions: Sequence[int] | None = None,
    test_repetitions: Sequence[int] = (),
    history: Recordings | None = None,
    others: Recordings | None = None,
    settings: FitSettings | Mapping[str, Any] | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> Adaptation:
    """Fine-tune a model bundle on a few repetitions of one wearer, and write it as a new bundle.

    Parameters
    ----------
    parent : str or path
        The bundle to start from; it is only read.
    recordings : Recordings
        Labelled segments of one wearer.
    output : str or path
        Directory of the new bundle; an older bundle there is replaced, anything else is refused.
    repetitions : sequence of int, optional
        What to learn from; by default every repetition that is not in `test_repetitions`.
    test_repetitions : sequence of int
        What to test parent and new bundle on; they do not influence the result.
    history, others : Recordings, optional
        Labelled recordings of the wearer's earlier sessions, and of other people, to rehearse: a network that
        learns one repetition by heart forgets what it knew. What is tested must not be among them.
    settings : FitSettings or mapping, optional
        Steps, batch size, learning rate, random changes and seed, instead of the defaults
        (:data:`~emg_recognition.training.settings.ADAPT_SETTINGS`; where something is rehearsed,
        :data:`~emg_recognition.training.settings.REHEARSAL_SETTINGS`).
    on_step : callable, optional
        Called after each gradient step with its number and the number of all steps.

    Returns
    -------
    Adaptation
        ``bundle`` (the directory), ``metrics``, ``windows``, ``missing``, ``before`` and ``after``.

    Raises
    ------
    EmgRecognitionError
        If TensorFlow is missing, or if bundle and recordings cannot be used or do not fit each other;
        nothing has been written then.
    """
    chosen = _fit_settings(settings, rehearses=not (history is None and others is None))
    if repetitions is None:
        repetitions = sorted(set(recordings.repetition.tolist()) - set(test_repetitions))
    require_tensorflow()
    with without_information():
        from emg_recognition.training.adapt import make_adaptation

    return make_adaptation(
        Path(parent),
        recordings,
        Path(output),
        repetitions=repetitions,
        test_repetitions=test_repetitions,
        history=history,
        others=others,
        settings=chosen,
        on_step=on_step or _ignore,
    ).write()


def adapt_each(
    parent: str | os.PathLike[str],
    recordings: Recordings,
    output: str | os.PathLike[str],
    *,
    repetitions: Sequence[int] | None = None,
    test_repetitions: Sequence[int] = (),
    history: Recordings | None = None,
    others: Recordings | None = None,
    settings: FitSettings | Mapping[str, Any] | None = None,
    workers: int = 0,
    address: str | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> dict[str, Adaptation]:
    """Adapt a model bundle to each subject of the recordings, side by side.

    A bundle that is there already, from the same parent, recordings and settings, is not made again.

    Parameters
    ----------
    parent : str or path
        The bundle to start from.
    recordings : Recordings
        Labelled segments of the wearers.
    output : str or path
        A subject's bundle goes to the folder of their name in it.
    repetitions, test_repetitions, settings
        As for :func:`adapt`, for every subject.
    history, others : Recordings, optional
        As for :func:`adapt`: of these, a subject rehearses their own segments, and those of all but
        themselves.
    workers, address
        As for :func:`train`.
    on_step : callable, optional
        Called after each gradient step with how much is done and how much there is to do, in thousandths
        of an adaptation.

    Returns
    -------
    dict of str to Adaptation
        By subject, sorted.

    Raises
    ------
    EmgRecognitionError
        As :func:`adapt`, or if a subject's bundle cannot be made; those of the others are written then.
    """
    executor = Executor(workers, address)
    check_executor(executor)
    chosen = _fit_settings(settings, rehearses=not (history is None and others is None))
    require_tensorflow()
    with without_information():
        from emg_recognition.training.adapt_each import run_adaptations

    return run_adaptations(
        Path(parent),
        recordings,
        Path(output),
        repetitions=repetitions,
        test_repetitions=test_repetitions,
        history=history,
        others=others,
        settings=chosen,
        executor=executor,
        on_step=on_step or _ignore,
    )


def don(
    parent: str | os.PathLike[str],
    recordings: Recordings,
    output: str | os.PathLike[str],
    *,
    unlabelled: bool = False,
) -> Donning:
    """Find how a wearer's armband sits and what their actions look like, and write a bundle for them.

    Parameters
    ----------
    parent : str or path
        A bundle of aligned sessions (``orientation: align``); it is only read.
    recordings : Recordings
        Two gestures, best those that the bundle names, and rest, of one wearer, 5 s each, or more actions;
        with `unlabelled` 25 s of use. A wearer whom the bundle knows by name is compared with their own
        earlier recordings.
    output : str or path
        Directory of the wearer's bundle; an older bundle there is replaced, anything else is refused.
    unlabelled : bool
        Take the signal without its labels.

    Returns
    -------
    Donning
        ``bundle`` (the directory), ``orientation`` and ``describe()``.

    Raises
    ------
    EmgRecognitionError
        If TensorFlow is missing; if bundle and recordings do not fit each other, a channel recorded next to
        nothing, a gesture was not performed, two were exchanged, or the strength of the use hardly changes;
        nothing has been written then.
    """
    return donner(parent, output).don(recordings, unlabelled=unlabelled)


def donner(parent: str | os.PathLike[str], output: str | os.PathLike[str]) -> Donner:
    """Return a bundle that is ready to be donned; :func:`don` describes parameters and errors."""
    require_tensorflow()
    with without_information():
        from emg_recognition.training.don import Donner

    return Donner(Path(parent), Path(output))


def require_tensorflow() -> None:
    """Refuse to train without the libraries that only training needs; let TensorFlow report errors only.

    Raises
    ------
    EmgRecognitionError
        If one of them is not installed.
    """
    for module, name in (("tensorflow", "TensorFlow"), ("keras", "Keras"), ("sklearn", "scikit-learn")):
        if _is_missing(module):
            raise EmgRecognitionError(
                f"training needs {name}, which is not installed; pip install 'emg_recognition[train]'"
            )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def _is_missing(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is None
    except ValueError:  # something has put None in its place
        return True


def _start(
    settings: SettingsLike | None, minority: str | None, workers: int, address: str | None
) -> tuple[ExperimentSettings, Executor]:
    """Return the settings and where the networks are trained, after checking that they can be."""
    chosen = _with_minority(settings, minority)
    executor = Executor(workers, address)
    check_executor(executor)
    require_tensorflow()
    return chosen, executor


def _with_minority(settings: SettingsLike | None, minority: str | None) -> ExperimentSettings:
    chosen = experiment_settings(settings)
    if minority is None:
        return chosen
    return dataclasses.replace(chosen, ensemble=dataclasses.replace(chosen.ensemble, minority=minority))


def _fit_settings(settings: FitSettings | Mapping[str, Any] | None, *, rehearses: bool) -> FitSettings:
    usual = REHEARSAL_SETTINGS if rehearses else ADAPT_SETTINGS
    if isinstance(settings, Mapping):
        return from_mapping(FitSettings, {**dataclasses.asdict(usual), **settings}, "settings")
    return usual if settings is None else settings


def _ignore(*progress: Any) -> None:
    """Show no progress."""
