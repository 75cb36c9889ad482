"""A wearer's own bundle: a parent's network behind the orientation of their armband."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import keras
import numpy as np

from emg_recognition.classification import decision_settings, live_settings, live_values
from emg_recognition.errors import BundleError, RecordingError, SettingError
from emg_recognition.models.bundle import TFLITE, BundleInfo, check_compatible, read_bundle
from emg_recognition.models.bundle_writer import UnwrittenBundle, make_bundle
from emg_recognition.models.export import to_keras_file, to_tflite
from emg_recognition.models.orientation import Orientation
from emg_recognition.models.reference import Reference
from emg_recognition.models.wearer_network import oriented
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.resources import LIBRARIES, versions
from emg_recognition.settings import from_mapping
from emg_recognition.signal.filters import design
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.training.output import data_fingerprint


def read_parent(parent: Path, output: Path) -> tuple[BundleInfo, PipelineSettings]:
    """Read the bundle that a wearer's own one comes from.

    Parameters
    ----------
    parent : Path
        The bundle.
    output : Path
        Place of the new bundle.

    Returns
    -------
    info : BundleInfo
        What the parent says of itself.
    pipeline : PipelineSettings
        Its signal path.

    Raises
    ------
    BundleError
        If it cannot be used, or would be written over.
    """
    info = read_bundle(parent)
    _refuse_parent(parent, output)
    pipeline = from_mapping(PipelineSettings, info.pipeline, f"{parent}: pipeline")
    check_compatible(info, fingerprint=pipeline.fingerprint())
    live_values(info)  # what is wrong in them is better said before a training than after it
    return info, pipeline


def check_wearer(parent: BundleInfo, recordings: Recordings) -> str:
    """Return the name of the wearer, which may be empty.

    Parameters
    ----------
    parent : BundleInfo
        The bundle that theirs comes from.
    recordings : Recordings
        Of the wearer.

    Raises
    ------
    BundleError
        If the bundle does not fit the recordings.
    SettingError
        If the recordings are of several people.
    """
    check_compatible(parent, rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    people: list[str] = np.unique(recordings.subject).tolist()
    if len(people) != 1:
        raise SettingError("subject", tuple(people), "a bundle is made for one wearer; choose one subject")
    return people[0]


def check_ring(reference: Reference, recordings: Recordings) -> None:
    """Refuse electrodes that sit otherwise than those of a bundle's people.

    Raises
    ------
    RecordingError
        If the recordings say so; those that say nothing are taken to be alike.
    """
    if recordings.ring is not None and recordings.ring != reference.ring:
        here = f"its ring is {recordings.ring} of {recordings.channels} electrodes"
        remedy = "correct the ring in the recording, or take a bundle of electrodes that are placed alike"
        raise RecordingError(recordings.source, f"{here}, the model's is {reference.ring}", remedy)


def trained_with(info: BundleInfo, reference: Reference, wearer: str) -> bool:
    """Return whether a bundle's network has learned from a wearer.

    Their own bundle, donned earlier, knows them by name, whether or not they were among those who trained it.

    Parameters
    ----------
    info : BundleInfo
        The bundle.
    reference : Reference
        What it knows about people's armbands.
    wearer : str
        Their name.
    """
    known = reference.known(wearer) is not None
    own = info.orientation.get("subject") == wearer
    return bool(info.provenance.get("seen", known)) if own else known


def describe_wearer(info: BundleInfo, known: bool) -> str:
    """Return in words how the armband of a wearer's bundle sits; empty for a bundle that is nobody's.

    Parameters
    ----------
    info : BundleInfo
        The bundle.
    known : bool
        Whether its parent had seen this wearer before.
    """
    sits = info.orientation
    if not sits:
        return ""
    text = Orientation(sits["turn"], sits["mirrored"], sits["gain"]).describe(sits["ring"])
    return f"{text}; {sits['subject']} was here before" if known else text


def wearer_bundle(
    output: Path,
    parent: BundleInfo,
    network: keras.Model,
    recordings: Recordings,
    *,
    statistics: Mapping[str, Any],
    provenance: Mapping[str, Any],
    reference: Reference | None = None,
    orientation: Orientation | None = None,
    profile: np.ndarray | None = None,
) -> UnwrittenBundle:
    """Put a wearer's bundle together in memory.

    Parameters
    ----------
    output : Path
        Place of the bundle.
    parent : BundleInfo
        It gives actions, signal path and live settings.
    network : keras.Model
        Without an orientation.
    recordings : Recordings
        Of the one wearer: what the bundle was made from.
    statistics : mapping
        ``mean``, ``std`` and ``rms`` of windows as `network` gets them, behind the orientation.
    provenance : mapping
        What is particular to this way of making a bundle.
    reference : Reference, optional
        The parent's; the bundle remembers the wearer in it.
    orientation : Orientation, optional
        How the armband sits; comes with `reference`.
    profile : numpy.ndarray, optional
        The descriptor of a time of use.

    Returns
    -------
    UnwrittenBundle
        The bundle.
    """
    subject = str(recordings.subject[0])
    pipeline = from_mapping(PipelineSettings, parent.pipeline, f"{parent.path}: pipeline")
    model, section, remembered = network, {}, None
    if reference is not None and orientation is not None:
        model = oriented(network, orientation.matrix(parent.channels, reference.ring))
        section = {**asdict(orientation), "ring": reference.ring, "subject": subject}
        remembered = reference.seen(subject, orientation, profile).to_bytes()
    # Of the signal as it arrives.
    rms = statistics["rms"] / section.get("gain", 1.0)
    return make_bundle(
        output,
        keras_model=to_keras_file(model),
        tflite=to_tflite(model),
        actions=parent.actions,
        pipeline=pipeline.to_mapping(),
        fingerprint=parent.fingerprint,
        sections=parent.sections or design(pipeline),
        live={**asdict(live_settings(parent)), "decision": asdict(decision_settings(parent))},
        statistics={**statistics, "rms": rms},
        provenance={
            "source": Path(recordings.source).name,
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "parent": {"model_id": parent.model_id, "sha256": parent.files[TFLITE]},
            "subject": subject,
            **provenance,
            "data": {"sha256": data_fingerprint(recordings)},
            "versions": versions(*LIBRARIES),
        },
        orientation=section,
        reference=remembered,
    )


def _refuse_parent(parent: Path, output: Path) -> None:
    """Refuse to write over, into or around the parent: a bundle is never changed."""
    here, there = (Path(os.path.realpath(path)) for path in (parent, output))
    if here == there or here in there.parents or there in here.parents:
        raise BundleError(
            str(output), "this is the place of the parent", "choose another place for the new bundle"
        )
