"""Windows, probabilities, decisions and metrics are those of version 0.1.0, bit for bit.

Each function of RESULTS computes named values from the fixtures. README.md describes the fixtures;
conftest.py compares the values with the stored ones.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# The API of the package: renamings are followed here and in the next section.
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.models.runtime import ActionModel
from emg_recognition.models.statistics import window_statistics
from emg_recognition.recordings.archive import load_archive
from emg_recognition.recordings.open import open_recordings
from emg_recognition.replay.decisions import decide
from emg_recognition.replay.offline import replay_archive, replay_bag
from emg_recognition.replay.scoring import score
from emg_recognition.settings import from_mapping
from emg_recognition.signal.batch import segment_windows
from emg_recognition.signal.pipeline import Pipeline
from emg_recognition.signal.settings import PipelineSettings, suited_settings
from emg_recognition.simulation.study import StudySettings, simulate_stream, simulate_study
from emg_recognition.training.settings import FitSettings, SplitSettings
from emg_recognition.training.split_rules import make_splits
from emg_recognition.training.windows import windows_from_recordings

HERE = Path(__file__).resolve().parent

# Calls whose argument names may change -------------------------------------------------------------


def replayed(name: str, model: ActionModel, **options: float) -> Any:
    if name.startswith("bag"):
        return replay_bag(HERE / name, model, **options)
    return replay_archive(recordings_of(name), model, **options)


def recordings_of(name: str) -> Any:
    if name == "study.npz":
        return load_archive(HERE / name)
    return open_recordings([HERE / name])


def pipeline_of(model: ActionModel) -> PipelineSettings:
    return from_mapping(PipelineSettings, model.info.pipeline, "pipeline")


def training_windows(recordings: Any, model: ActionModel, *, warm_up: bool) -> Any:
    settings = pipeline_of(model)
    samples = round(0.05 * settings.rate)
    return windows_from_recordings(recordings, settings, samples, actions=model.info.actions, warm_up=warm_up)


def windows_of_segment(samples: np.ndarray, settings: PipelineSettings, *, warm_up: bool) -> Any:
    return segment_windows(samples, settings, 7, warm_up=warm_up)


def augmented_batches(windows: Any) -> list[Any]:
    from emg_recognition.training.batches import Batches

    settings = FitSettings(
        batch_size=min(24, max(16, len(windows) // 16)),  # what version 0.1.0 made of 24
        gain_jitter=0.2,
        time_shift=0.2,
        electrode_rotation=0.7,
        steps_per_epoch=None,
        least_steps_per_epoch=1,  # version 0.1.0 showed each window once
        seed=3,
    )
    batches = Batches(windows, settings, np.linspace(1.0, 2.0, len(windows)))
    batches.on_epoch_end()
    return [batches[0], batches[1]]


def keras_probabilities(folder: Path, windows: np.ndarray) -> np.ndarray:
    import keras

    from emg_recognition.models import layers  # noqa: F401  (makes the package's layers known to Keras)

    return np.asarray(keras.saving.load_model(folder / "model.keras", compile=False)(windows))


# What is compared -----------------------------------------------------------------------------------

SOURCES = {
    "study.npz": ("bundle_500hz", {"stride": 0.03, "confidence_threshold": 0.6}),
    "csv/recording.yaml": ("bundle_200hz", {}),
    "bag_mcap": ("bundle_500hz", {"confidence_threshold": 0.6}),
    "bag_sqlite": ("bundle_500hz", {"stride": 0.05}),
}
"""Recordings -> their bundle, and how they are replayed."""

DECISIONS = {
    "default": DecisionSettings(),
    "slow": DecisionSettings(votes=5, enter_votes=4, keep_votes=2, dwell=0.1, proportional=True),
}

METRICS = (
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "accepted_accuracy",
    "per_class_recall",
    "confusion",
    "rejected",
    "undecided",
    "decided_accuracy",
    "decided_balanced_accuracy",
    "false_activations_per_minute",
    "active_at_rest",
    "onset_delay_ms",
    "release_delay_ms",
    "per_subject",
    "per_cohort",
    "per_session",
    "per_repetition",
    "over_subjects",
    "recorded",
    "labels",
    "unknown_labels",
    "windows",
    "signal",
    "confidence_threshold",
)
"""Numbers of metrics.json that stay; it may gain others."""


def replays() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (bundle, options) in SOURCES.items():
        replay = replayed(name, ActionModel.load(HERE / bundle), **options)
        estimates = replay.estimates
        for column in ("run", "first_index", "stamp", "accepted", "probabilities"):
            found[f"{name} {column}"] = getattr(estimates, column)
        found[f"{name} actions"] = list(estimates.actions)
        for kind, settings in DECISIONS.items():
            decided = decide(estimates, settings)
            found[f"{name} {kind} decision"] = decided.action
            found[f"{name} {kind} full"] = decided.full
            metrics = score(replay, decisions=settings).to_json()
            found[f"{name} {kind} metrics"] = {key: metrics[key] for key in METRICS}
        if replay.recorded is not None:
            found[f"{name} recorded"] = replay.recorded.probabilities
            found[f"{name} bridge states"] = replay.bridge.state
            found[f"{name} bridge actions"] = replay.bridge.action.tolist()
        intervals = replay.labels
        found[f"{name} labels"] = [[i.run, i.first, i.last, i.action, i.repetition] for i in intervals]
    return found


def training_data() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (bundle, _) in SOURCES.items():
        model, recordings = ActionModel.load(HERE / bundle), recordings_of(name)
        found[f"{name} fingerprint"] = [pipeline_of(model).fingerprint(), model.info.fingerprint]
        for warm_up in (False, True):
            windows = training_windows(recordings, model, warm_up=warm_up)
            found[f"{name} {warm_up} windows sha256"] = windows.windows
            found[f"{name} {warm_up} statistics"] = window_statistics(windows.windows)
        found[f"{name} facts"] = [windows.count(key) for key in ("action", "subject", "cohort", "session")]
        found[f"{name} activation"] = np.array([model.activation(w) for w in windows.windows[:20]])
        if name.startswith("bag"):
            continue
        for rule in ("repetition", "leave-one-subject-out"):
            for number, split in enumerate(make_splits(recordings, SplitSettings(name=rule))):
                for side in ("train", "validation", "test"):
                    found[f"{name} {rule} {number} {side}"] = getattr(split, side)
    return found


def keras_models() -> dict[str, Any]:
    found = {}
    for name in ("study.npz", "csv/recording.yaml"):
        folder = HERE / SOURCES[name][0]
        windows = training_windows(recordings_of(name), ActionModel.load(folder), warm_up=False)
        found[name] = keras_probabilities(folder, windows.windows[:16])
    return found


def batches() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("study.npz", "csv/recording.yaml"):
        model = ActionModel.load(HERE / SOURCES[name][0])
        windows = training_windows(recordings_of(name), model, warm_up=False)
        for number, (batch, actions) in enumerate(augmented_batches(windows)):
            found[f"{name} {number} sha256"], found[f"{name} {number} actions"] = batch, actions
    return found


def live_windows() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, unit in (("study.npz", "V"), ("csv/recording.yaml", "count")):
        recordings = recordings_of(name)
        settings = suited_settings(rate=recordings.rate, channels=recordings.channels, unit=unit, mains=60.0)
        samples = np.concatenate([recordings.segment(i) for i in range(3)])
        pipeline, windows, place = Pipeline(settings, 9), [], 0
        # Cut in uneven chunks, with a gap at the 20th and a restart at the 40th.
        for number, length in enumerate(np.resize([1, 7, 0, 12, 30, 5], 100).tolist()):
            chunk = samples[place : place + length]
            ahead = 1000 + place + (17 if number >= 20 else 0)
            windows += pipeline.push(chunk, ahead, restart=number == 40)
            place += length
        found[f"{name} indices"] = np.array([window.first_index for window in windows])
        found[f"{name} windows sha256"] = np.array([window.data for window in windows])
        found[f"{name} counters"] = dataclasses.asdict(pipeline.counters)
        for warm_up in (False, True):
            starts, cut = windows_of_segment(recordings.segment(1), settings, warm_up=warm_up)
            found[f"{name} {warm_up} starts"] = starts
            found[f"{name} {warm_up} segment sha256"] = cut
    for rate in (200.0, 250.0, 500.0, 1000.0, 2000.0):
        for mains in (0.0, 50.0, 60.0):
            settings = suited_settings(rate=rate, channels=8, unit="V", mains=mains)
            found[f"fingerprint {rate:g} {mains:g}"] = settings.fingerprint()
    return found


def simulations() -> dict[str, Any]:
    """A part of the signals of study.npz and of the bags, simulated again."""
    settings = {"seed": 11, "sessions": 1, "hold": 0.8, "rate": 500.0, "channels": 4}
    study = simulate_study(StudySettings(healthy=1, patients=1, repetitions=1, **settings))
    script = [("rest", 0.5), ("elbow_flexion", 0.5)]
    subject = {"subject_number": 1, "cohort": "patient", "session_seed": 3}
    stream = simulate_stream(StudySettings(healthy=2, patients=1, **settings), **subject, script=script)
    return {"study sha256": study["x"], "stream sha256": stream["x"]}


RESULTS = {
    "replays": (replays, ("filters", "networks")),
    "training data": (training_data, ("filters", "products")),
    "batches": (batches, ("filters",)),
    "keras models": (keras_models, ("filters", "keras")),
    "live windows": (live_windows, ("filters",)),
    "simulations": (simulations, ("filters", "functions")),
}
"""Name -> the function, and the probes that it depends on."""


@pytest.mark.parametrize("result", RESULTS)
def test_results_are_those_of_the_code_before(result, check_before):
    compute, needed = RESULTS[result]
    check_before(result, compute(), needed)
