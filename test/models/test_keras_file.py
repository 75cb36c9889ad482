"""``model.keras`` of a stranger: nothing of other programs is imported, and no claim is believed."""

from __future__ import annotations

import io
import json
import zipfile

import h5py
import numpy as np
import pytest

from emg_recognition.errors import BundleError
from emg_recognition.models.bundle import read_bundle
from emg_recognition.models.keras_file import load_keras


def change(content, edit):
    """Return a ``.keras`` file after an edit of its members, a dictionary from name to content."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    edit(members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def edit_weights(members, edit):
    file = io.BytesIO(members["model.weights.h5"])
    with h5py.File(file, "r+") as weights:
        edit(weights)
    members["model.weights.h5"] = file.getvalue()


def foreign_class(members):
    config = json.loads(members["config.json"])
    config["config"]["layers"][0] |= {"module": "os.path", "class_name": "join", "registered_name": "join"}
    members["config.json"] = json.dumps(config).encode()


def lambda_layer(members):
    config = json.loads(members["config.json"])
    config["config"]["layers"][0] |= {"module": "keras.layers", "class_name": "Lambda"}
    members["config.json"] = json.dumps(config).encode()


def deep_config(members):
    members["config.json"] = b"[" * 100_000 + b"]" * 100_000


def claimed_weights(members):
    edit_weights(members, lambda weights: weights.create_dataset("huge", (1 << 34,), np.float32))


def external_link(members):
    edit_weights(members, lambda weights: weights.__setitem__("x", h5py.ExternalLink("/etc/x.h5", "/x")))


def external_data(members):
    def edit(weights):
        weights.create_dataset("x", (16,), np.uint8, external=[("/etc/hostname", 0, 16)])

    edit_weights(members, edit)


def another_member(members):
    members["assets/x"] = b""


def no_weights(members):
    del members["model.weights.h5"]


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (foreign_class, "'join' of 'os.path', which is neither Keras's"),
        (lambda_layer, "'Lambda' of 'keras.layers'"),
        (deep_config, "recursion"),
        (claimed_weights, "its weights claim 64 GiB"),
        (external_link, "its weights 'x' are a link to another place"),
        (external_data, "its weights 'x' are in another file"),
        (another_member, "assets/x of 0 bytes does not belong into it"),
        (no_weights, "model.weights.h5"),
    ],
)
def test_hostile_files_are_refused(tmp_path, write, tiny_files, edit, problem):
    write(tmp_path / "bundle", keras_model=change(tiny_files[1], edit))
    with pytest.raises(BundleError, match=problem):
        load_keras(read_bundle(tmp_path / "bundle"))


def test_a_file_of_this_package_is_loaded(tmp_path, write, tiny_files, tiny_network):
    write(tmp_path / "bundle", keras_model=change(tiny_files[1], lambda members: None))
    loaded = load_keras(read_bundle(tmp_path / "bundle"))
    for ours, theirs in zip(tiny_network.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
