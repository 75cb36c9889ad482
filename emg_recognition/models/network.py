"""The network: z-score, picture, Ghost bottlenecks, 320-channel feature map, 1x1 convolution, softmax.

Beside picture and bottlenecks, a branch sees the logarithms of each channel's energy and frequency.

The baselines of the paper's Table II share the z-score and picture before them and the softmax after them.

Source of the Ghost module and bottleneck: Han et al., *GhostNet: More Features from Cheap
Operations*, CVPR 2020, here without squeeze-and-excite, dropout or weight regularisation.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from emg_recognition.errors import SettingError
from emg_recognition.models.layers import FusedBatchNormalization, LogEnergies, Picture, Standardise
from emg_recognition.models.settings import MOST_ROWS, NetworkSettings
from emg_recognition.models.statistics import guarded_deviation

_APPLICATIONS = {"vgg16": keras.applications.VGG16, "resnet50": keras.applications.ResNet50}
_ORIGINAL_SIZE = (224, 224)


def baseline_scores(picture: Any, architecture: str, classes: int, *, momentum: float) -> Any:
    """Return the scores of the actions from one of the baselines.

    A picture of 224 x 224 gets the network as published, VGG16 with its two layers of 4096 units. With
    smaller pictures, the feature map is averaged and followed by one dense layer, as in ResNet50 at any size.

    Parameters
    ----------
    picture : keras tensor
        Pictures, shape (batch, height, width, 3), at least 32 x 32.
    architecture : str
        ``vgg16`` or ``resnet50``.
    classes : int
        Number of actions.
    momentum : float
        Share of its statistics that a batch normalisation keeps from one step to the next.

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
        """Copy a layer; batch normalisation becomes the fused one, so that it slows no baseline down."""
        config = layer.get_config()
        if isinstance(layer, layers.BatchNormalization):
            return FusedBatchNormalization.from_config({**config, "momentum": momentum})
        return layer.__class__.from_config(config)

    scores = keras.models.clone_model(network, clone_function=quick)(picture)
    return scores if shape[:2] == _ORIGINAL_SIZE else layers.Dense(classes, name="scores")(scores)


# Small data sets take a few hundred steps, and Keras's 0.99 would still remember the first of them.
BATCH_NORM_MOMENTUM = 0.9


def build_network(
    settings: NetworkSettings,
    *,
    length: int,
    channels: int,
    classes: int,
    mean: np.ndarray,
    std: np.ndarray,
) -> keras.Model:
    """Build the network with fresh weights.

    Parameters
    ----------
    settings : NetworkSettings
        The network's shape.
    length, channels : int
        Samples and electrodes of a window.
    classes : int
        Number of actions.
    mean, std : np.ndarray
        Mean and deviation of each channel over the training data, shape (channels,), in the
        unit of the windows. Used only by ``normalisation: channel``.

    Returns
    -------
    keras.Model
        From filtered windows (batch, length, channels), float32, in the unit of the recording,
        to probabilities (batch, classes).

    Raises
    ------
    SettingError
        If a window is too short for the branch of log energies.
    """
    if settings.energies and length < 3:
        remedy = "a window needs at least 3 samples, or the network `energies: 0`"
        raise SettingError("window", f"{length} samples", remedy)
    window = keras.Input((length, channels), name="window")
    standardise = Standardise(over=settings.normalisation, name="z_score")
    z = standardise(window)
    height, width, _ = settings.picture
    picture = Picture(height=height or min(length, MOST_ROWS), width=width, name="picture")(z)
    if settings.architecture == "ghostnet":
        scores = _ghostnet_scores(picture, z, settings, classes)
    else:
        scores = baseline_scores(picture, settings.architecture, classes, momentum=BATCH_NORM_MOMENTUM)
    probabilities = layers.Softmax(name="probabilities")(scores)
    model = keras.Model(window, probabilities, name="emg_recognition")
    if settings.normalisation == "channel":
        standardise.set_statistics(np.asarray(mean, np.float32), guarded_deviation(std))
    return model


def _ghostnet_scores(x: Any, z: Any, settings: NetworkSettings, classes: int) -> Any:
    """Return scores (batch, classes) of pictures `x` and the z-scores `z` that they were drawn from."""
    filters, down, across = settings.stem
    x = _convolution(x, filters, 3, (down, across), "stem")
    for number, (inside, out, down, across) in enumerate(settings.bottlenecks, start=1):
        x = _bottleneck(x, inside, out, (down, across), f"bottleneck{number}")
    x = _convolution(x, settings.features, 1, (1, 1), "features")
    x = layers.GlobalAveragePooling2D(keepdims=True, name="pool")(x)
    if settings.energies:
        y = FusedBatchNormalization(momentum=BATCH_NORM_MOMENTUM, name="energies_norm")(
            LogEnergies(name="energies_log")(z)
        )
        y = layers.Conv2D(settings.energies, 1, kernel_initializer="he_normal", name="energies_conv")(y)
        y = layers.ReLU(name="energies_relu")(y)
        x = layers.Concatenate(name="joined")([x, y])
    x = layers.Conv2D(classes, 1, name="classes")(x)
    return layers.Reshape((classes,), name="scores")(x)


def _bottleneck(x: Any, inside: int, out: int, strides: tuple[int, int], name: str) -> Any:
    """Two Ghost modules and a shortcut; with a stride, there is a depthwise convolution in between."""
    shortcut = x
    y = _ghost(x, inside, f"{name}_expand")
    if strides != (1, 1):
        y = _depthwise(y, strides, f"{name}_down", relu=False)
    y = _ghost(y, out, f"{name}_project", relu=False)
    if strides != (1, 1):
        shortcut = layers.AveragePooling2D(strides, padding="same", name=f"{name}_shortcut_pool")(shortcut)
    if shortcut.shape[-1] != out:
        shortcut = _convolution(shortcut, out, 1, (1, 1), f"{name}_shortcut", relu=False)
    return layers.Add(name=f"{name}_add")([y, shortcut])


def _ghost(x: Any, filters: int, name: str, *, relu: bool = True) -> Any:
    """Half of the maps come from a 1x1 convolution, the other half from these by a cheap depthwise one."""
    primary = _convolution(x, (filters + 1) // 2, 1, (1, 1), f"{name}_primary", relu=relu)
    if filters == 1:
        return primary
    cheap = _depthwise(primary, (1, 1), f"{name}_cheap", relu=relu)
    if filters % 2:
        cheap = cheap[..., :-1]
    return layers.Concatenate(name=f"{name}_concatenate")([primary, cheap])


def _convolution(
    x: Any, filters: int, size: int, strides: tuple[int, int], name: str, *, relu: bool = True
) -> Any:
    x = layers.Conv2D(
        filters,
        size,
        strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return _normalise(x, name, relu)


def _depthwise(x: Any, strides: tuple[int, int], name: str, *, relu: bool) -> Any:
    if strides[0] != strides[1]:
        # TensorFlow's depthwise convolution supports only equal strides; pooling does the rest.
        x = layers.AveragePooling2D(strides, padding="same", name=f"{name}_pool")(x)
        strides = (1, 1)
    x = layers.DepthwiseConv2D(
        3,
        strides,
        padding="same",
        use_bias=False,
        depthwise_initializer="he_normal",
        name=f"{name}_depthwise",
    )(x)
    return _normalise(x, name, relu)


def _normalise(x: Any, name: str, relu: bool) -> Any:
    x = FusedBatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x) if relu else x
