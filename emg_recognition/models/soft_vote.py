"""All members of an ensemble in one network: the mean of their probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np


def soft_vote(models: Sequence[keras.Model]) -> keras.Model:
    """Join networks into one that answers with the mean of their probabilities.

    Parameters
    ----------
    models : sequence of keras.Model
        From the same windows (batch, length, channels) to the same classes, at least one.

    Returns
    -------
    keras.Model
        A network of the same input and output; its size and time are those of all members together.
    """
    window = keras.Input(models[0].input_shape[1:], name="window")
    # Wrapped under names of their own: the members all have the same.
    members = [
        keras.Model(model.inputs[0], model.outputs[0], name=f"member_{number}")
        for number, model in enumerate(models, start=1)
    ]
    answers = [member(window) for member in members]
    mean = keras.layers.Average(name="probabilities")(answers) if len(answers) > 1 else answers[0]
    return keras.Model(window, mean, name="emg_recognition")


def pool_statistics(statistics: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put statistics of training windows together, each set of windows counting alike.

    Parameters
    ----------
    statistics : sequence of mapping
        ``mean``, ``std`` and ``rms`` as of :func:`~emg_recognition.models.statistics.window_statistics`.

    Returns
    -------
    dict
        The same of the union; of one, itself.
    """
    if len(statistics) == 1:
        return dict(statistics[0])
    means, deviations = (np.array([s[name] for s in statistics]) for name in ("mean", "std"))
    mean = means.mean(axis=0)
    # The deviation of a union of equal parts: what each scatters, and how far their means lie apart.
    std = np.sqrt((deviations**2 + (means - mean) ** 2).mean(axis=0))
    rms = float(np.sqrt(np.mean([s["rms"] ** 2 for s in statistics])))
    return {"mean": mean.tolist(), "std": std.tolist(), "rms": rms}
