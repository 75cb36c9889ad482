"""Load ``model.keras`` of a bundle that somebody else may have made.

Keras imports the classes that the file names, and a few bytes of HDF5 can claim gigabytes or stand for
another file of this machine. So the file is looked through first.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import h5py
import keras

from emg_recognition.errors import BundleError
from emg_recognition.files import size_text
from emg_recognition.models import layers
from emg_recognition.models.bundle import KERAS, BundleInfo, read_file

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
_LARGEST = {"metadata.json": 1 << 20, _CONFIG: 16 << 20, _WEIGHTS: 512 << 20}


def load_keras(info: BundleInfo) -> keras.Model:
    """Load the network of a bundle, to train it further.

    Parameters
    ----------
    info : BundleInfo
        The bundle.

    Returns
    -------
    keras.Model
        The network, not compiled.

    Raises
    ------
    BundleError
        If the file is damaged, holds classes of other programs than Keras and this package, or claims more
        memory than it has bytes.
    """
    content = read_file(info, KERAS)
    try:
        _check(content)
        return keras.saving.load_model(info.path / KERAS, compile=False)
    except Exception as error:  # Keras and HDF5 raise anything for a damaged file
        problem = f"{KERAS} cannot be used ({error or type(error).__name__})"
        raise BundleError(str(info.path), problem, "train it again") from error


def _check(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            if member.file_size > _LARGEST.get(member.filename, -1):
                raise ValueError(
                    f"{member.filename} of {size_text(member.file_size)} does not belong into it"
                )
        for found in _classes(json.loads(archive.read(_CONFIG))):
            _check_class(found)
        weights = archive.read(_WEIGHTS)
    with h5py.File(io.BytesIO(weights), "r") as file:
        claimed = sum(_sizes(file))
    if claimed > len(weights):
        raise ValueError(f"its weights claim {size_text(claimed)}, the file has {size_text(len(weights))}")


def _classes(config: Any) -> Iterator[dict[str, Any]]:
    """Yield every part of a configuration that names a class."""
    if isinstance(config, dict):
        if "class_name" in config:
            yield config
        for value in config.values():
            yield from _classes(value)
    elif isinstance(config, list):
        for value in config:
            yield from _classes(value)


def _check_class(found: dict[str, Any]) -> None:
    name, module = str(found["class_name"]), found.get("module")
    if name == "__keras_tensor__":
        return
    ours = module == layers.__name__ or str(module).partition(".")[0] == "keras"
    registered = keras.saving.get_registered_object(str(found.get("registered_name"))) is not None
    if name in ("Lambda", "__lambda__") or not (ours or registered):
        raise ValueError(f"it holds {name!r} of {module!r}, which is neither Keras's nor this package's")


def _sizes(group: h5py.Group) -> Iterator[int]:
    """Yield the size of each dataset; refuse what lies in other files."""
    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise ValueError(f"its weights {name!r} are a link to another place")
        part = group[name]
        if isinstance(part, h5py.Group):
            yield from _sizes(part)
        elif part.is_virtual or part.external:
            raise ValueError(f"its weights {name!r} are in another file")
        else:
            yield int(part.size) * part.dtype.itemsize
