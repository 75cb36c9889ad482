from __future__ import annotations

import pytest

from emg_recognition.errors import BundleError
from emg_recognition.models.bundle import read_bundle


def test_an_older_bundle_is_replaced(bundle, write):
    write(bundle, actions=("a", "b", "c", "d"))
    assert read_bundle(bundle).actions == ("a", "b", "c", "d")
    assert [path.name for path in bundle.parent.iterdir()] == ["bundle"]


def test_a_damaged_older_bundle_is_replaced_too(bundle, write):
    (bundle / "model.tflite").write_bytes(b"")
    write(bundle)
    read_bundle(bundle)


@pytest.mark.parametrize("kind", ["folder", "file", "link", "yaml"])
def test_what_is_no_bundle_is_never_overwritten(tmp_path, write, kind):
    path = tmp_path / "results"
    if kind == "file":
        path.write_text("precious")
    else:
        home = tmp_path / "home" if kind == "link" else path
        home.mkdir()
        (home / ("model.yaml" if kind == "yaml" else "thesis.txt")).write_text("precious: 1")
        if kind == "link":
            path.symlink_to(home)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BundleError, match="no model bundle stands there"):
        write(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_may_be_used(tmp_path, write):
    (tmp_path / "out").mkdir()
    write(tmp_path / "out")
    assert read_bundle(tmp_path / "out").rate == 100.0


def test_a_place_that_cannot_be_written_is_an_error_of_ours(tmp_path, write):
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="cannot be written"):
        write(tmp_path / "file" / "bundle")
