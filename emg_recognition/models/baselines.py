"""The networks that the paper's Table II compares with: VGG16 and ResNet50, untrained.

Simonyan & Zisserman, *Very Deep Convolutional Networks for Large-Scale Image Recognition*, ICLR 2015;
He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016; both as ``keras.applications`` has them.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from emg_recognition.models.layers import FusedBatchNormalization

_APPLICATIONS = {"vgg16": keras.applications.VGG16, "resnet50": keras.applications.ResNet50}
_ORIGINAL_SIZE = (224, 224)


def baseline_scores(picture: Any, architecture: str, classes: int, *, momentum: float) -> Any:
    """Scores of the actions by one of the baselines.

    A picture of 224 x 224 gets the network as published, VGG16 with its two layers of 4096 units. The feature
    map that a smaller one leaves is averaged and goes into one dense layer, as ResNet50's does at any size.

    Parameters
    ----------
    picture : keras tensor
        Pictures, shape (batch, height, width, 3), at least 32 x 32.
    architecture : str
        ``vgg16`` or ``resnet50``.
    classes : int
        Number of actions.
    momentum : float
        How much of its statistics a batch normalisation keeps from one step to the next.

    Returns
    -------
    keras tensor
        Shape (batch, classes), before the softmax.
    """
    shape = tuple(picture.shape[1:])
    application = _APPLICATIONS[architecture]
    if shape[:2] == _ORIGINAL_SIZE:
        network = application(weights=None, input_shape=shape, classes=classes, classifier_activation=None)
    else:
        network = application(weights=None, input_shape=shape, include_top=False, pooling="avg")

    def quick(layer: keras.layers.Layer) -> keras.layers.Layer:
        """Copy a layer; batch normalisation becomes ours, so that no baseline loses by Keras's slow one."""
        config = layer.get_config()
        if isinstance(layer, layers.BatchNormalization):
            return FusedBatchNormalization.from_config({**config, "momentum": momentum})
        return layer.__class__.from_config(config)

    scores = keras.models.clone_model(network, clone_function=quick)(picture)
    return scores if shape[:2] == _ORIGINAL_SIZE else layers.Dense(classes, name="scores")(scores)
