"""Which topics of a bag belong to which armband."""

from __future__ import annotations

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.bag import Bag, Topic

_TYPE = "emg_recognition/msg/"

#: Topic of an armband, below its namespace -> type.
TOPICS = {
    "emg/info": _TYPE + "EmgInfo",
    "emg/model": _TYPE + "ModelInfo",
    "emg/samples": _TYPE + "EmgSamples",
    "emg/label": _TYPE + "ActionLabel",
    "emg/action": _TYPE + "ActionEstimate",
    "exo/bridge_state": _TYPE + "BridgeState",
}
_SAMPLES = "/emg/samples"


def choose_namespace(bag: Bag, namespace: str | None) -> str:
    """Find the armband to read.

    Parameters
    ----------
    bag : Bag
        The bag.
    namespace : str, optional
        Its namespace as the user writes it; ``/`` or empty for none. May be left out where there is one.

    Returns
    -------
    str
        The namespace as it stands before ``/emg/samples``; empty for none.

    Raises
    ------
    RecordingError
        If the bag has no EMG, none of that namespace, or several and none is chosen.
    """
    found = sorted(
        topic.name.removesuffix(_SAMPLES)
        for topic in bag.topics
        if topic.name.endswith(_SAMPLES) and topic.type == TOPICS["emg/samples"]
    )
    found = list(dict.fromkeys(found))  # a topic may stand twice, with two versions of its type
    if not found:
        there = ", ".join(f"{topic.name} ({topic.type})" for topic in bag.topics) or "none"
        raise RecordingError(
            str(bag.path),
            f"it has no topic emg/samples of type {TOPICS['emg/samples']}; topics: {there}",
            "record the samples, e.g. with emg-recognition record",
        )
    names = ", ".join(name or "/" for name in found)
    if namespace is None:
        if len(found) > 1:
            raise RecordingError(
                str(bag.path), f"it holds {len(found)} armbands: {names}", "choose one with its namespace"
            )
        return found[0]
    wanted = "/" + namespace.strip("/") if namespace.strip("/") else ""
    if wanted not in found:
        raise RecordingError(
            str(bag.path), f"it holds no armband in namespace {namespace!r}", f"choose one of {names}"
        )
    return wanted


def armband_topics(bag: Bag, namespace: str) -> dict[Topic, str]:
    """Find the topics of an armband.

    Parameters
    ----------
    bag : Bag
        The bag.
    namespace : str
        As :func:`choose_namespace` returns it.

    Returns
    -------
    dict of Topic to str
        Topic -> its name without the namespace, in the order of :data:`TOPICS`.
    """
    return {
        topic: name
        for name, kind in TOPICS.items()
        for topic in bag.topics
        if topic.name == f"{namespace}/{name}" and topic.type == kind
    }
