"""The runtime answers as the trained network does, to the bit each time."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from emg_recognition.errors import BundleError, SampleError
from emg_recognition.models.runtime import ActionModel


@pytest.fixture
def model(bundle):
    return ActionModel.load(bundle)


def test_it_answers_as_the_trained_network(model, tiny_network, rng):
    windows = rng.normal(scale=20.0, size=(50, 20, 3)).astype(np.float32)
    expected = tiny_network(windows).numpy()
    answers = np.stack([model.predict(window) for window in windows])
    np.testing.assert_allclose(answers, expected, atol=1e-5)
    assert answers.dtype == np.float32
    assert (answers.argmax(axis=1) == expected.argmax(axis=1)).all()


def test_the_same_window_always_gives_the_same_bits(model, bundle, rng):
    windows = rng.normal(scale=20.0, size=(20, 20, 3)).astype(np.float32)
    first = [model.predict(window).tobytes() for window in windows]
    backwards = [model.predict(window).tobytes() for window in windows[::-1]]
    assert backwards[::-1] == first
    other = ActionModel.load(bundle)
    assert [other.predict(window).tobytes() for window in windows] == first


def test_an_answer_is_not_changed_by_the_next(model, window):
    answer = model.predict(window)
    kept = answer.copy()
    model.predict(-3 * window)
    np.testing.assert_array_equal(answer, kept)


def test_views_and_other_types_are_accepted(model, window):
    expected = model.predict(window)
    np.testing.assert_array_equal(model.predict(np.asfortranarray(window)), expected)
    np.testing.assert_array_equal(model.predict(window.astype(np.float64)), expected)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("method", ["predict", "activation"])
def test_a_value_that_is_not_finite_is_named_with_its_place(model, window, value, method):
    window[13, 2] = value
    with pytest.raises(SampleError, match=rf"sample 13 of channel 2 is {value}"):
        getattr(model, method)(window)


def test_infinities_that_cancel_are_found(model, window):
    window[0, 0], window[5, 1] = np.inf, -np.inf
    with pytest.raises(SampleError, match="sample 0 of channel 0"):
        model.predict(window)


@pytest.mark.parametrize("shape", [(3, 20), (19, 3), (20, 4), (60,), (1, 20, 3)])
def test_another_shape_is_refused_with_both_shapes(model, shape):
    with pytest.raises(SampleError, match=r"\(20, 3\)") as caught:
        model.predict(np.zeros(shape, np.float32))
    assert str(shape) in str(caught.value)


def test_activation_is_the_rms_over_the_training_rms(model):
    window = np.zeros((20, 3), np.float32)
    assert model.activation(window) == 0.0
    window[:, 0] = 6.0
    assert model.activation(window) == pytest.approx(np.sqrt(36 / 3) / 4.0)


def test_it_loads_neither_tensorflow_nor_scipy(bundle):
    code = (
        "import sys, numpy as np; from emg_recognition.models.runtime import ActionModel;"
        "ActionModel.load(sys.argv[1]).predict(np.zeros((20, 3), np.float32));"
        "print(sorted({'tensorflow', 'keras', 'scipy', 'rclpy', 'rosbags'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code, bundle], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_file_that_is_not_a_model_is_refused(tmp_path, write):
    write(tmp_path / "bundle", tflite=b"not a flat buffer")
    with pytest.raises(BundleError, match="LiteRT cannot load"):
        ActionModel.load(tmp_path / "bundle")


@pytest.mark.parametrize(
    "changes",
    [
        {"actions": ("rest", "fist")},
        {
            "pipeline": {"rate": 100, "channels": 4, "unit": "V", "window": 0.2},
            "statistics": {"mean": [0.0] * 4, "std": [1.0] * 4, "rms": 1.0},
        },
    ],
)
def test_a_model_that_contradicts_its_description_is_refused(tmp_path, write, changes):
    write(tmp_path / "bundle", **changes)
    with pytest.raises(BundleError, match=r"maps .* says"):
        ActionModel.load(tmp_path / "bundle")


@pytest.fixture
def changed(tiny_files):
    """Return the model file after a change of its flat buffer."""
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    flatbuffers = pytest.importorskip("flatbuffers")

    def change(edit):
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(tiny_files[0], 0))
        edit(model)
        builder = flatbuffers.Builder(len(tiny_files[0]))
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    return change


def test_an_operator_of_a_later_litert_says_what_to_update(tmp_path, write, changed):
    def edit(model):
        model.operatorCodes[0].version = 99

    write(tmp_path / "bundle", tflite=changed(edit))
    remedy = r"operator \w+ in version 99, which the installed LiteRT lacks; update ai-edge-litert \(\S+ is"
    with pytest.raises(BundleError, match=remedy):
        ActionModel.load(tmp_path / "bundle")


def test_a_network_that_claims_gigabytes_is_refused(tmp_path, write, changed):
    def edit(model):
        for tensor in model.subgraphs[0].tensors:
            if len(tensor.shape) == 4 and model.buffers[tensor.buffer].data is None:  # no weights
                tensor.shape = [1, 100_000, 100_000, 1]
                return

    write(tmp_path / "bundle", tflite=changed(edit))
    with pytest.raises(BundleError, match=r"its tensors need 37\.\d GiB"):
        ActionModel.load(tmp_path / "bundle")
