"""Write a model bundle in one step."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from emg_recognition.errors import BundleError
from emg_recognition.files import replace_directory
from emg_recognition.models.bundle import (
    DESCRIPTION,
    KERAS,
    REFERENCE,
    SCHEMA,
    TFLITE,
    BundleInfo,
    read_bundle,
    read_description,
)


@dataclass(frozen=True, eq=False)
class UnwrittenBundle:
    """A complete bundle in memory, which can be tested before it is written.

    Attributes
    ----------
    info : BundleInfo
        The description; its path is where the bundle will be, its metrics are empty.
    tflite, keras : bytes
        The two model files.
    reference : bytes or None
        What the population's armbands look like.
    """

    info: BundleInfo
    tflite: bytes
    keras: bytes
    reference: bytes | None = None

    def write(self, metrics: Mapping[str, Any]) -> BundleInfo:
        """Write the bundle: afterwards all of it is there, or nothing has changed.

        Parameters
        ----------
        metrics : mapping
            How well the model did; anything YAML can hold.

        Returns
        -------
        BundleInfo
            As :func:`~emg_recognition.models.bundle.read_bundle` gives it.

        Raises
        ------
        BundleError
            If something else than a bundle is at that place, or the bundle cannot be written.
        """
        path = self.info.path
        _refuse_foreign(path)
        description = vars(replace(self.info, metrics=_plain(metrics)))
        del description["path"]
        description = {**description, "actions": list(self.info.actions)}
        text = yaml.safe_dump(description, sort_keys=False, allow_unicode=True)
        files = {TFLITE: self.tflite, KERAS: self.keras, DESCRIPTION: text.encode()}
        if self.reference is not None:
            files[REFERENCE] = self.reference
        try:
            replace_directory(path, files)
        except OSError as error:
            raise BundleError(
                str(path), f"it cannot be written ({error.strerror})", "choose another place"
            ) from error
        return read_bundle(path)


def make_bundle(
    path: str | Path,
    *,
    keras_model: bytes | Path,
    tflite: bytes,
    actions: tuple[str, ...],
    pipeline: Mapping[str, Any],
    fingerprint: str,
    statistics: Mapping[str, Any],
    provenance: Mapping[str, Any],
    live: Mapping[str, Any] | None = None,
    sections: Any = (),
    orientation: Mapping[str, Any] | None = None,
    reference: bytes | None = None,
) -> UnwrittenBundle:
    """Put a bundle together in memory.

    Parameters
    ----------
    path : str or Path
        Directory that it will be written to; an older bundle there is replaced, anything else is refused.
    keras_model : bytes or Path
        The ``.keras`` file, or its content.
    tflite : bytes
        The LiteRT model.
    actions : tuple of str
        What the outputs mean, in order.
    pipeline : mapping
        ``PipelineSettings.to_mapping()``; it also gives rate, channels, unit and samples of a window.
    fingerprint : str
        ``PipelineSettings.fingerprint()``.
    statistics : mapping
        ``mean``, ``std`` and ``rms`` of the training windows.
    provenance : mapping
        Where the model comes from; anything YAML can hold. NumPy numbers and arrays become plain ones.
    live : mapping, optional
        How to use the model live: ``stride``, ``confidence_threshold`` and ``decision``.
    sections : array_like, optional
        The filters of `pipeline`, from :func:`emg_recognition.signal.filters.design`; without them live use
        imports SciPy to design them.
    orientation : mapping, optional
        How the wearer's armband sits; the network already holds it.
    reference : bytes, optional
        :meth:`~emg_recognition.models.orientation.Reference.to_bytes` of the population.

    Returns
    -------
    UnwrittenBundle
        The bundle.
    """
    keras = keras_model if isinstance(keras_model, bytes) else Path(keras_model).read_bytes()
    files = {TFLITE: tflite, KERAS: keras, REFERENCE: reference}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if content}
    info = BundleInfo(
        path=Path(path),
        schema=SCHEMA,
        model_id=digests[TFLITE][:12],
        actions=tuple(actions),
        rate=float(pipeline["rate"]),
        channels=int(pipeline["channels"]),
        length=round(pipeline["window"] * pipeline["rate"]),
        unit=str(pipeline["unit"]),
        pipeline=_plain(pipeline),
        fingerprint=fingerprint,
        sections=_plain(sections),
        live=_plain(live or {}),
        orientation=_plain(orientation or {}),
        statistics=_plain(statistics),
        provenance=_plain(provenance),
        metrics={},
        files=digests,
    )
    return UnwrittenBundle(info, tflite, keras, reference)


def write_bundle(path: str | Path, *, metrics: Mapping[str, Any], **contents: Any) -> BundleInfo:
    """Write a bundle whose metrics are known.

    Parameters
    ----------
    path : str or Path
        Directory to write; an older bundle there is replaced, anything else is refused.
    metrics : mapping
        How well the model did; anything YAML can hold.
    **contents : Any
        The other arguments of :func:`make_bundle`.

    Returns
    -------
    BundleInfo
        As :func:`~emg_recognition.models.bundle.read_bundle` gives it.

    Raises
    ------
    BundleError
        If something else than a bundle is at that place, or the bundle cannot be written.
    """
    return make_bundle(path, **contents).write(metrics)


def _refuse_foreign(path: Path) -> None:
    """Refuse to replace what is not a bundle."""
    foreign_folder = path.is_dir() and any(path.iterdir()) and not _is_bundle(path)
    if path.is_symlink() or path.is_file() or foreign_folder:
        raise BundleError(
            str(path), "this place holds something that is not a model bundle", "choose another"
        )


def _is_bundle(path: Path) -> bool:
    """Return whether a directory is ours to replace: it has a description with a schema."""
    try:
        return "schema" in read_description(path)
    except BundleError:
        return False


def _plain(value: Any) -> Any:
    """Return plain Python values for YAML; NumPy values are known by their ``tolist``."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return str(value) if isinstance(value, Path) else value
