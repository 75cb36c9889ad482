"""One bag of many, evaluated with every model; this is what a worker process does."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from emg_recognition.bags.reader import find_files
from emg_recognition.classification import decision_settings
from emg_recognition.errors import EmgRecognitionError, RecordingError
from emg_recognition.files import open_regular
from emg_recognition.models.runtime import ActionModel
from emg_recognition.replay.evaluate import evaluate
from emg_recognition.replay.scores import FORMAT
from emg_recognition.resources import this_machine, version
from emg_recognition.text import readable

_READ_BYTES = 1 << 20
#: Longest part of a bag's name in the name of its folder, bytes.
_LONGEST_NAME = 100


@dataclass(frozen=True, kw_only=True)
class BagSettings:
    """What is the same for all bags.

    Attributes
    ----------
    bundles : tuple of str
        The folders of the models.
    namespace, stride, confidence_threshold
        As for :func:`~emg_recognition.evaluate`.
    decisions : mapping
        What differs from the bundles' own :class:`~emg_recognition.DecisionSettings`, by name.
    finished : frozenset of str
        Keys of the evaluations that need not be made again.
    """

    bundles: tuple[str, ...]
    namespace: str | None
    stride: float | None
    confidence_threshold: float | None
    decisions: Mapping[str, Any]
    finished: frozenset[str] = frozenset()

    def identity(self) -> dict[str, Any]:
        """Return what decides the result beside bag and model."""
        return {
            "format": FORMAT,
            "version": version(),
            "namespace": self.namespace,
            "stride": self.stride,
            "confidence_threshold": self.confidence_threshold,
            "decisions": dict(self.decisions),
        }


@dataclass(frozen=True, kw_only=True)
class PairResult:
    """A bag with a model.

    Attributes
    ----------
    key : str
        Name of its folder: bag, model, and a fingerprint of both and of the settings. Empty where the bag
        cannot be read.
    content : str
        Fingerprint of the bag's files; the same for a copy.
    metrics : dict or None
        The content of ``metrics.json``, with the machine; None if it is finished already, or there is a
        problem.
    problem : str or None
        Why there is no result.
    """

    key: str = ""
    content: str = ""
    metrics: dict[str, Any] | None = None
    problem: str | None = None


def evaluate_bag(task: tuple[str, BagSettings]) -> list[PairResult]:
    """Evaluate a bag with every model that has not been finished.

    Parameters
    ----------
    task : tuple
        The bag's path, and the settings.

    Returns
    -------
    list of PairResult
        One for each bundle, in their order.
    """
    path, settings = task
    try:
        content = _content(Path(path))
    except RecordingError as error:
        return [PairResult(problem=str(error))] * len(settings.bundles)
    return [_pair(path, content, bundle, settings) for bundle in settings.bundles]


def _pair(path: str, content: str, bundle: str, settings: BagSettings) -> PairResult:
    try:
        model = load(bundle)
        key = _key(Path(path), content, model, settings)
        if key in settings.finished:
            return PairResult(key=key, content=content)
        found = evaluate(
            model,
            path,
            namespace=settings.namespace,
            stride=settings.stride,
            confidence_threshold=settings.confidence_threshold,
            decisions=dataclasses.replace(decision_settings(model.info), **settings.decisions),
        )
        return PairResult(key=key, content=content, metrics={**found.metrics.to_json(), **this_machine()})
    except EmgRecognitionError as error:
        return PairResult(content=content, problem=str(error))


@lru_cache(maxsize=16)
def load(bundle: str) -> ActionModel:
    """Load a bundle, once in a process."""
    return ActionModel.load(bundle)


def _content(path: Path) -> str:
    """Return a digest of the files of a bag."""
    metadata = path / "metadata.yaml"
    digest = hashlib.blake2b(digest_size=16)
    try:
        files = find_files(path).files
        for file in (*files, *([metadata] if metadata.is_file() else [])):
            digest.update(f"\n{file.suffix} {file.stat().st_size}\n".encode(errors="surrogateescape"))
            with open_regular(file) as opened:
                while piece := opened.read(_READ_BYTES):
                    digest.update(piece)
    except OSError as error:
        raise RecordingError(
            str(path), f"it cannot be read ({error.strerror})", "check the permissions and the disk"
        ) from error
    return digest.hexdigest()


def _key(path: Path, content: str, model: ActionModel, settings: BagSettings) -> str:
    # As it was loaded: the bundle may have been replaced meanwhile, or copied.
    bundle = {name: value for name, value in vars(model.info).items() if name != "path"}
    decides = {**settings.identity(), "bag": content, "bundle": bundle}
    text = json.dumps(decides, sort_keys=True, default=str)
    digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    name = readable(path.name).encode()[:_LONGEST_NAME].decode(errors="ignore")
    return f"{name}-{model.info.model_id}-{digest}"
