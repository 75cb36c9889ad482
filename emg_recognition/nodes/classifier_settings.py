"""Parameters of ``classifier``, in a module of their own so that it starts fast and stays small."""

from __future__ import annotations

from dataclasses import dataclass

from emg_recognition.settings import check, same, setting
from emg_recognition.types import LiveSettings


@dataclass(frozen=True, kw_only=True)
class ClassifierSettings:
    """Parameters of ``classifier``."""

    model: str = setting(
        "",
        "directory of the model bundle; a new one is read by ~/reload_model or by configuring",
        changes=True,
    )
    confidence_threshold: float = same(LiveSettings, "confidence_threshold", changes=True)
    queue: int = setting(
        4, "windows that may wait; older ones are dropped whole and counted", low=1, high=10_000
    )
    autostart: bool = setting(
        True, "configure and activate at start; false leaves that to a lifecycle manager"
    )
    wait_for: tuple[str, ...] = setting(
        ("",), "nodes that must subscribe to what this one publishes before it begins, e.g. [recorder]"
    )

    def __post_init__(self) -> None:
        check(self)
