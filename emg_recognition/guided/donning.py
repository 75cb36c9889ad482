"""Donning as a step of a guided session: two gestures and rest are asked for, then the bundle is written."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from emg_recognition.actions import REST
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.guided.plan import Plan, PlannedAction
from emg_recognition.guided.session import GuidedSession
from emg_recognition.models.bundle import read_bundle
from emg_recognition.models.orientation import Orientation
from emg_recognition.models.reference import read_reference
from emg_recognition.processes import end_process

HOLD = 5.0
"""How long each gesture is held, s."""

#: How long the process that dons has to end, s.
_GRACE = 5.0


@dataclass(frozen=True)
class Donned:
    """What a donning found.

    Attributes
    ----------
    bundle : Path
        The wearer's bundle.
    text : str
        How the armband sits, in words, such as "turned by 1.5 electrodes towards higher electrode numbers".
    """

    bundle: Path
    text: str

    @property
    def turn(self) -> float:
        """Electrodes that the armband is turned by, towards higher numbers; NaN where that is not known."""
        sits = read_bundle(self.bundle).orientation
        if "turn" not in sits or sits["mirrored"]:
            return math.nan
        return Orientation(sits["turn"]).moved(Orientation(), sits["ring"])


def donning_plan(bundle: Path) -> Plan:
    """Return what a wearer performs to don a bundle: rest and its two sync gestures, once.

    Parameters
    ----------
    bundle : Path
        A bundle of aligned sessions.

    Raises
    ------
    BundleError
        If it cannot be read, or does not know how its people's armbands sat.
    """
    info = read_bundle(bundle)
    sync = [info.actions[number] for number in read_reference(info).sync]
    names = [REST, *(name for name in sync if name != REST)]
    return Plan(actions=tuple(PlannedAction(name=name) for name in names), repetitions=1, hold=HOLD)


class Donning:
    """One donning, from the first prompt to the wearer's bundle.

    The bundle is computed by ``emg-recognition don`` in a process of its own, which loads TensorFlow while
    the wearer performs. So the bundle is there seconds after the last gesture, and whoever asks for the
    gestures stays small.

    Parameters
    ----------
    bundle : Path
        The bundle to don.
    output : Path
        Directory of the wearer's bundle; an older bundle there is replaced.
    subject : str
        The wearer. One whom the bundle knows is compared with their own earlier recordings.
    number : int
        The donning's number in its recording; its labels carry the session :attr:`label`.

    Raises
    ------
    EmgRecognitionError
        If the bundle cannot be donned.

    Attributes
    ----------
    session : GuidedSession
        Asks for the gestures.
    label : str
        Session of the donning's labels.
    """

    def __init__(self, bundle: Path, output: Path, subject: str, number: int = 1) -> None:
        self.session = GuidedSession(donning_plan(bundle))
        self.label = f"donning_{number}"
        self._output = output
        self._command = [sys.executable, "-m", "emg_recognition", "don", "--when-asked"]
        self._command += ["--model", str(bundle), "--output", str(output)]
        self._command += ["--subject", subject, "--session", self.label]
        self._process: subprocess.Popen[str] | None = None
        self._asked = False

    @property
    def performed(self) -> bool:
        """Whether all gestures have been performed."""
        return self.session.total > 0 and self.session.prompt is None

    def prepare(self, recording: Path) -> None:
        """Start the process that will read the gestures; it loads what takes long and waits.

        Parameters
        ----------
        recording : Path
            The bag that the gestures are recorded into.
        """
        self._process = subprocess.Popen(
            [*self._command, "--data", str(recording)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Ctrl-C is for whoever asks for the gestures; the process ends with its standard input.
            start_new_session=True,
        )

    def ask(self) -> None:
        """Let the process read the gestures, which must be on the disk by now."""
        assert self._process is not None
        assert self._process.stdin is not None
        if not self._asked:
            self._asked = True
            try:
                self._process.stdin.write("\n")
                self._process.stdin.close()
            except OSError:
                pass  # it has ended; the result says why

    @property
    def failed(self) -> bool:
        """Whether the process has ended before it was asked."""
        return not self._asked and self._process is not None and self._process.poll() is not None

    def result(self) -> Donned | None:
        """Return what was found; None while it is worked out.

        Raises
        ------
        EmgRecognitionError
            If the wearer cannot be donned: a gesture was not performed, or two were exchanged. Nothing has
            been written then.
        """
        assert self._process is not None
        code = self._process.poll()
        if code is None:
            return None
        said, complained = map(_lines, (self._process.stdout, self._process.stderr))
        self.close()
        if code != 0 or not said:
            last = complained[-1] if complained else f"it ended with code {code} and wrote nothing"
            raise EmgRecognitionError(last.removeprefix("emg-recognition: error: "))
        return Donned(self._output, said[0])

    def close(self) -> None:
        """End the process; what it has not written is left out."""
        if self._process is not None:
            end_process(self._process, _GRACE)
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                if pipe is not None:
                    pipe.close()


def _lines(pipe: IO[str] | None) -> list[str]:
    """Return what a process that has ended wrote."""
    assert pipe is not None
    return [line for line in pipe.read().splitlines() if line.strip()]
