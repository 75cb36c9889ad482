"""Parameters of ``preprocessing``, in a module of their own so that it starts fast and stays small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from emg_recognition.nodes.classifier_settings import ClassifierSettings
from emg_recognition.settings import check, same, setting
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.types import LiveSettings

#: Those whose default comes from the bundle where `model` is given.
FROM_MODEL = ("window", "stride", "low", "high", "mains", "settling")


@dataclass(frozen=True, kw_only=True)
class PreprocessingSettings:
    """Parameters of ``preprocessing``; with a model its bundle gives every other one."""

    RENAMED: ClassVar[Mapping[str, str]] = {"step": "stride"}

    model: str = setting(
        "",
        "directory of the model bundle that the windows are for, read again by ~/reload_model; empty: none",
        changes=True,
    )
    window: float = same(PipelineSettings, "window", low=0.02, high=2.0)
    stride: float = same(LiveSettings, "stride")
    low: float = setting(
        0.0, "lower edge of the band-pass; 0: suited to the rate", unit="Hz", low=0.0, high=10_000.0
    )
    high: float = setting(
        0.0, "upper edge of the band-pass; 0: suited to the rate", unit="Hz", low=0.0, high=10_000.0
    )
    mains: float = same(PipelineSettings, "notch", high=1000.0)
    settling: float = same(PipelineSettings, "settling", high=10.0)
    wait_for: tuple[str, ...] = same(ClassifierSettings, "wait_for")

    def __post_init__(self) -> None:
        check(self)
