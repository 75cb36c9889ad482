"""One network of the majority, adapted to each person of the minority as ``adapt`` does it."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from emg_recognition.training.adapt import enough_steps, fine_tune
from emg_recognition.training.heads import learn_heads, wearer_network
from emg_recognition.training.jobs import predict_windows
from emg_recognition.training.rehearsal import rehearse
from emg_recognition.training.settings import FitSettings
from emg_recognition.training.windows import WindowSet


def answer_adapted(
    model: keras.Model,
    test: WindowSet,
    *,
    majority: WindowSet,
    minority: WindowSet,
    aligned: bool,
    settings: FitSettings,
) -> NDArray[np.float32]:
    """Answer test windows by a network that is adapted to each person of the minority in turn.

    Parameters
    ----------
    model : keras.Model
        Trained on the majority. It is as before afterwards.
    test : WindowSet
        Test windows. Those of people who gave nothing to adapt to are answered by the network as it is.
    majority : WindowSet
        What the network was trained on; a share of it is rehearsed.
    minority : WindowSet
        What the people of the minority gave, as their armbands are turned.
    aligned : bool
        Whether the sessions are aligned; then each person also gets a last layer, as with donning.
    settings : FitSettings
        Of the adaptations.

    Returns
    -------
    ndarray of float32, shape (windows, actions)
        The probabilities of the actions.
    """
    found = predict_windows(model, test)
    weights = model.get_weights()
    heads = learn_heads(model, majority) if aligned else ()
    for person in minority.count("subject"):
        now = test.subject == person
        if not now.any():
            continue
        own = minority.select(minority.subject == person)
        network = wearer_network(model, heads, own, labelled=True)
        rehearsed, share = rehearse(own, None, majority, None, settings.seed)
        fine_tune(network, rehearsed, enough_steps(settings, len(own)), share=share)
        found[now] = predict_windows(network, test.select(now))
        model.set_weights(weights)
    return found
