"""The kinds of hostile files, the commands that take them, and what registers what makes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ESCAPES = "\x1b]0;owned\x07\x1b[2J"

#: Arguments of each command for a recording ({path}), a bundle, or a file of settings.
READ = {
    "inspect": "inspect --data {path}",
    "evaluate": "evaluate --model {model} --data {path} --output {out}",
    "evaluate-bag": "evaluate --model {model} --bag {path} --output {out}",
}
#: Those too that would train or play for minutes if they did not refuse the file.
RECORDING = READ | {
    "device-emulator": "device-emulator --data {path} --link {out} --once",
    "train": "train --data {path} --config {config} --output {out}",
    "compare": "compare --data {path} --config {config} --methods lda --seeds 0 --output {out}",
    "adapt": "adapt --model {model} --data {path} --reps 1 --output {out}",
    "demo": "demo --data {path} --output {out}",
}
BUNDLE = {
    "evaluate-model": "evaluate --model {path} --data {good} --output {out}",
    "adapt-model": "adapt --model {path} --data {good} --reps 1 --output {out}",
}
SETTINGS = {"train-config": "train --data {good} --config {path} --output {out}"}


@dataclass(frozen=True)
class Kind:
    """A kind of file: what makes it in a folder, and the commands that take it."""

    name: str
    make: Callable[[Path], Path]
    commands: dict[str, str]


KINDS: list[Kind] = []


def kind(commands: dict[str, str]) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    """Register a function that makes a file."""

    def register(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
        KINDS.append(Kind(make.__name__, make, commands))
        return make

    return register


def variants(commands: dict[str, str], prefix: str, contents: dict[str, Callable[[Path], Path]]) -> None:
    """Register several functions by name."""
    KINDS.extend(Kind(f"{prefix}_{name}", make, commands) for name, make in contents.items())


def sparse(name: str, begin: bytes = b"", size: int = 30 << 30) -> Callable[[Path], Path]:
    """Return what writes a file whose size is claimed, not written."""

    def make(folder: Path) -> Path:
        with (folder / name).open("wb") as file:
            file.write(begin)
            file.truncate(size)
        return folder / name

    return make
