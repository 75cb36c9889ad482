"""A simulated forearm with a ring of eight electrodes that can be turned, mirrored and attenuated exactly."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from emg_recognition.models.bundle_writer import write_bundle
from emg_recognition.models.log_features import Measures
from emg_recognition.models.orientation import Orientation
from emg_recognition.models.reference import Reference
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.signal.filters import design
from emg_recognition.signal.settings import suited_settings
from emg_recognition.training.alignment import Alignment, align
from emg_recognition.training.windows import WindowSet, from_windows, windows_from_recordings

RING = 8
ACTIONS = ("rest", "fist", "extension", "flexion")
#: Where the muscles lie, in electrodes, and how strong each is in each action.
MUSCLES = np.array([0.3, 1.9, 3.2, 4.4, 6.8])
STRENGTH = np.array(
    [
        [0.1, 0.1, 0.1, 0.1, 0.1],
        [1.0, 0.3, 0.2, 1.0, 0.7],
        [1.2, 1.0, 0.1, 0.1, 0.3],
        [0.1, 0.2, 0.9, 1.2, 0.1],
    ]
)


def perform(
    turn: float = 0.0,
    mirrored: bool = False,
    *,
    gain: float = 1.0,
    seed: int = 0,
    noise: int = 0,
    actions: tuple[int, ...] = (0, 1, 2, 3),
    windows: int = 40,
) -> tuple[np.ndarray, np.ndarray]:
    """Return windows of a person and their actions; ``Orientation(turn, mirrored, 1 / gain)`` undoes it."""
    rng = np.random.default_rng(seed)
    strength = STRENGTH * np.exp(rng.normal(0, 0.08, STRENGTH.shape))
    rng = np.random.default_rng([seed, noise])
    electrode = np.arange(RING)
    position = turn - electrode if mirrored else electrode - turn
    away = np.abs((MUSCLES[:, np.newaxis] - position + RING / 2) % RING - RING / 2)
    reach = np.exp(-((away / 0.9) ** 2)) + 0.02
    action = np.repeat(actions, windows)
    source = rng.normal(size=(len(action), 40, len(MUSCLES))) * strength[action][:, np.newaxis]
    hiss = 0.02 * rng.normal(size=(len(action), 40, RING))
    return (gain * (source @ reach + hiss)).astype(np.float32), action


def session(subject: str, turn: float, mirrored: bool, gain: float, seed: int) -> WindowSet:
    """Return the labelled windows of a session."""
    windows, action = perform(turn, mirrored, gain=gain, seed=seed)
    return from_windows(windows, action, ACTIONS, subject=subject, session="1", cohort="healthy")


def joined(sessions: list[WindowSet]) -> WindowSet:
    """Return the windows of several sessions as one set."""
    names = {
        name: np.concatenate([getattr(one, name) for one in sessions]) for name in ("subject", "session")
    }
    windows, action = (np.concatenate([getattr(one, n) for one in sessions]) for n in ("windows", "action"))
    return dataclasses.replace(from_windows(windows, action, ACTIONS, **names), ring=RING)


#: How the armbands of the population sit: most of them straight.
POPULATION = [(0.0, False, 1.0)] * 5 + [(0.5, False, 2.0), (3.0, False, 1.0), (6.0, True, 0.7)]


def population() -> tuple[WindowSet, Alignment]:
    """Return a population of eight people and its alignment."""
    windows = joined([session(f"p{n}", *how, seed=100 + n) for n, how in enumerate(POPULATION)])
    return windows, align(windows, RING)


def stranger(reference: Reference, *args: object, **options: object) -> tuple[Measures, np.ndarray]:
    """Return the measures of a person who is not in the population, and their actions."""
    windows, action = perform(*args, **{"seed": 5, **options})
    return Measures(windows, reference.ring), action


def apart(found: Orientation, turn: float, mirrored: bool) -> float:
    """Return the electrodes between two turns; infinite if one is mirrored and the other is not."""
    around = (found.turn - turn) % RING
    return min(around, RING - around) if found.mirrored == mirrored else np.inf


def recordings(
    people: dict[str, tuple[float, bool, float]], *, repetitions: int = 2, seconds: float = 1.6, seed: int = 0
) -> Recordings:
    """Return raw recordings of people (turn, mirrored, gain), 200 Hz, each action once a repetition."""
    segments = round(seconds * 200 / 40)
    rows, arrays = [], []
    for number, (name, (turn, mirrored, gain)) in enumerate(people.items()):
        for repetition in range(1, repetitions + 1):
            # The person is the same in every repetition, the noise is not.
            windows, _ = perform(
                turn, mirrored, gain=100 * gain, seed=seed + number, noise=repetition, windows=segments
            )
            for action, part in zip(ACTIONS, np.split(windows, len(ACTIONS)), strict=True):
                arrays.append(np.rint(part.reshape(-1, RING)).astype(np.int16))
                rows.append((action, name, repetition))
    labels, subjects, repeated = zip(*rows, strict=True)
    found = Recordings.from_segments(
        arrays, labels, subjects=subjects, sessions="1", cohorts="healthy", repetitions=repeated, rate=200.0
    )
    return dataclasses.replace(found, ring=RING)


def write_bundle_to_don(folder: Path) -> Path:
    """Write an untrained network that knows how the population's armbands sat."""
    from emg_recognition.models.export import to_keras_file, to_tflite
    from emg_recognition.models.network import build_network
    from emg_recognition.training.heads import learn_heads

    people = {f"p{number}": how for number, how in enumerate(POPULATION)}
    found = recordings(people)
    pipeline = suited_settings(rate=found.rate, channels=RING, unit=found.unit)
    windows = windows_from_recordings(found, pipeline, 10, actions=ACTIONS)
    network = build_network(
        NetworkSettings(energies=0, picture=(40, 0, 3)),
        length=pipeline.length,
        channels=RING,
        classes=len(ACTIONS),
        mean=np.zeros(RING),
        std=np.full(RING, 100.0),
    )
    alignment = align(windows, RING)
    heads = learn_heads(network, alignment.apply(windows))
    reference = dataclasses.replace(alignment.reference, heads=heads)
    bundle = write_bundle(
        folder,
        keras_model=to_keras_file(network),
        tflite=to_tflite(network),
        actions=ACTIONS,
        pipeline=pipeline.to_mapping(),
        fingerprint=pipeline.fingerprint(),
        sections=design(pipeline),
        statistics={"mean": [0.0] * RING, "std": [100.0] * RING, "rms": 100.0},
        provenance={},
        metrics={},
        reference=reference.to_bytes(),
    )
    return bundle.path
