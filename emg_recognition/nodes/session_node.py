"""A guided recording or donning: prompts in the terminal, ``emg/label``, and a bag."""

from __future__ import annotations

import itertools
import math
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.node import Node
from std_srvs.srv import Trigger

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.guided.donning import Donned, Donning, donning_plan
from emg_recognition.guided.plan import load_plan
from emg_recognition.guided.script import ScriptedOperator, load_script
from emg_recognition.guided.session import Cue, GuidedSession, Key, Phase, doing
from emg_recognition.guided.state import state_of
from emg_recognition.msg import ActionLabel, SessionState
from emg_recognition.nodes.settings import SessionNodeSettings
from emg_recognition.resources import config_path, shell_command
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.donning import LiveDonning
from emg_recognition.ros.keyboard import Keyboard
from emg_recognition.ros.parameters import declare, parameter_error
from emg_recognition.ros.publishers import count_publishers
from emg_recognition.ros.recording import Recording
from emg_recognition.ros.runner import run
from emg_recognition.ros.session_screen import Screen, View
from emg_recognition.ros.signal_watch import SignalWatch

LABELS_TOPIC = "emg/label"
STATE_TOPIC = "emg/session"

#: Time between two steps of the session, between two redraws, and at most between two states, s.
_TICK = 0.02
_DRAWN = 0.1
_STATED = 1.0
#: The signal must be good for this long before the first prompt, s.
_GOOD_FOR = 3.0
#: Without a person to fix it, a missing signal ends the session after this, s.
_PATIENCE = 60.0
#: How long to wait for the last label to reach the bag, s.
_LAST_WORD = 1.0

#: Sequences that a terminal sends for keys without a character (ECMA-48).
_SEQUENCES = re.compile(rb"\x1b(\[[0-9;]*[A-Za-z~]|O[A-Z])?")
_KEYS = {b"s": Key.SKIP, b"n": Key.NEXT, b"r": Key.REPEAT, b"d": Key.DISCARD, b" ": Key.PAUSE, b"q": Key.QUIT}


class SessionNode(Node):
    """Prompts, publishes on ``emg/label`` what is performed, and records everything.

    Labels carry their time and no sample index, because the sample of that moment has not arrived yet.
    A reader of the bag places the stamp between the samples before and after it.

    With a model, the wearer dons it first: its two gestures and rest come before the plan, and their labels
    have a session of their own.

    Parameters
    ----------
    keyboard : Keyboard
        Where keys come from, if there is one.
    """

    def __init__(self, keyboard: Keyboard) -> None:
        super().__init__("session")
        self.failure: EmgRecognitionError | None = None
        self._error: EmgRecognitionError | None = None
        self.finished = False
        settings = declare(self, SessionNodeSettings)
        for name in ("subject", "cohort"):
            if not getattr(settings, name).strip():
                raise parameter_error(self, name, getattr(settings, name), "name it; the labels carry it")
        planned = bool(settings.plan) or not settings.model
        plan = load_plan(settings.plan or config_path("session.yaml")) if planned else None
        known = plan or donning_plan(Path(settings.model))
        script = load_script(settings.script, known) if settings.script else None
        self._who = {name: getattr(settings, name).strip() for name in ("subject", "cohort", "session")}
        self._path = Path(settings.output or f"session_{datetime.now():%Y%m%d_%H%M%S}").absolute()
        self._operator = None if script is None else ScriptedOperator(script)
        self._donnings = itertools.count(1)
        first = self._new_donning() if settings.model else None
        #: What is planned; without a plan there is a donning only.
        self._planned = None if plan is None else GuidedSession(plan)
        self._labels = self.create_publisher(ActionLabel, LABELS_TOPIC, qos.LABELS)
        self._states = self.create_publisher(SessionState, STATE_TOPIC, qos.LATCHED)
        self._stated = (-_STATED, "")
        self._recording = Recording(self, self._path, [""], self._fail)
        self._watch = SignalWatch(self, self._recording)
        self._donning = None if first is None else LiveDonning(self, first, self._path)
        self._donned: Donned | None = None
        self._found = ""
        self._turn = math.nan
        self._skip = False
        self._rivals = 0
        self._usable = self._drawn = time.monotonic()
        self._shown = (Phase.WAITING, "")
        for key in Key:
            self.create_service(Trigger, f"~/{key.value}", self._service(key))
        self.create_service(Trigger, "~/don", self._don)
        self._typed: deque[bytes] = deque()
        self._woken = self.create_guard_condition(self._on_keys)
        self._diagnostics = diagnostics.Diagnostics(self, self._report)
        self.create_timer(_TICK, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._screen = Screen()
        if keyboard.present and self._operator is None:
            keyboard.listen(self._type)
        repetitions = "" if self._planned is None else f" {self._planned.total} repetitions,"
        self.get_logger().info(f"{self._title}:{repetitions} into {self._path}")

    def close(self) -> None:
        """Discard the current repetition, close the bag and log what is in it."""
        session = self._session
        if session.phase is not Phase.ENDED:
            self._say(session.press(Key.QUIT, time.monotonic()))
        self._publish_state(time.monotonic())
        self._labels.wait_for_all_acked(Duration(seconds=_LAST_WORD))
        self._screen.close()
        self._recording.close()
        if self._donning is not None:
            self._donning.close()
        if self._donned is not None:
            run = shell_command(f"emg-recognition run --model {self._donned.bundle}")
            self.get_logger().info(f"{self._found}; {run} --port PORT")
        if self._planned is not None:
            session = self._planned
            dropped = f", {session.dropped} discarded" if session.dropped else ""
            self.get_logger().info(
                f"{self._path}: {session.kept} of {session.total} repetitions{dropped};"
                f" {shell_command(f'emg-recognition train --data {self._path}')}"
            )

    @property
    def _session(self) -> GuidedSession:
        """What is asked for now."""
        if self._donning is not None:
            return self._donning.session
        assert self._planned is not None
        return self._planned

    @property
    def _title(self) -> str:
        session = f"Session {self._who['session']}" if self._who["session"] else "Session"
        session = session if self._donning is None else "Donning"
        return f"{session} of {self._who['subject']} ({self._who['cohort']})"

    def _fail(self, error: EmgRecognitionError) -> None:
        self._error = error

    def _tick(self) -> None:
        """Advance the session with signal, operator and clock."""
        if self._error is not None:
            # The error line must remain in the terminal after the screen has closed.
            self._screen.close()
            self.failure = self._error
            return
        now = time.monotonic()
        session = self._session
        self._watch.look()
        if self._operator is not None and (self._watch.flowing or session.phase is not Phase.PAUSED):
            pressed = self._operator.act(session, now)
            if pressed is not None:
                self._press(*pressed)
        if self._donning is None or not self._donning.doing:
            self._guide(session, now)
        if self._donning is not None:
            self._conclude(self._donning, now)
        self._show(now)
        self._publish_state(now)
        if self._session.phase is Phase.ENDED:
            self.finished = True
        elif self._operator is not None:
            self._give_up(now)

    def _guide(self, session: GuidedSession, now: float) -> None:
        """Begin when the signal is good, pause while there is none, and go on with the prompts."""
        if session.phase is Phase.WAITING:
            if self._watch.flowing and (self._skip or self._watch.good_for >= _GOOD_FOR):
                self._say(session.press(Key.SKIP, now))
        elif session.phase not in (Phase.PAUSED, Phase.ENDED) and not self._watch.flowing:
            self._say(session.interrupt(now, self._watch.missing))
        self._say(session.advance(now))

    def _new_donning(self) -> Donning:
        model, bundle = (str(self.get_parameter(name).value) for name in ("model", "bundle"))
        if not model:
            raise parameter_error(self, "model", model, "name the directory of the bundle to don")
        output = Path(bundle or f"{self._path}_bundle").absolute()
        return Donning(Path(model), output, self._who["subject"], next(self._donnings))

    def _don(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Ask for the gestures of a donning; the plan goes on after it."""
        try:
            if self._donning is not None:
                raise EmgRecognitionError(f"a donning is in progress: {self._doing()}")
            if self._session.shown is not None:
                raise EmgRecognitionError("an action is being performed: don during the rest after it")
            self._donning = LiveDonning(self, self._new_donning(), self._path)
        except EmgRecognitionError as error:
            response.message = str(error)
            return response
        response.success, response.message = True, self._doing()
        return response

    def _conclude(self, donning: LiveDonning, now: float) -> None:
        """Follow a donning; one that fails is asked for again."""
        try:
            if not donning.advance(now):
                return
        except EmgRecognitionError as error:
            self._not_donned(donning, error, now)
            return
        assert donning.donned is not None
        self._donned, self._found, self._turn = donning.donned, donning.text, donning.donned.turn
        self.get_logger().info(self._found)
        if self._planned is None:
            self.finished = True
        else:
            self._donning = None
            self._resume(self._planned, self._found, now)

    def _not_donned(self, donning: LiveDonning, error: EmgRecognitionError, now: float) -> None:
        donning.close()
        if self._operator is not None or (self._planned is None and not donning.doing):
            self._fail(error)
            return
        self.get_logger().error(str(error))
        if donning.doing:
            self._donning = LiveDonning(self, self._new_donning(), self._path)
            self._donning.session.interrupt(now, str(error))
        elif self._planned is not None:
            self._donning = None
            self._resume(self._planned, str(error), now)

    def _resume(self, session: GuidedSession, note: str, now: float) -> None:
        """Go on with the plan after a donning."""
        if session.phase is Phase.READY:  # with a whole rest
            session.interrupt(now, "")
            session.press(Key.PAUSE, now)
        session.note = note

    def _give_up(self, now: float) -> None:
        """End a scripted session whose signal does not arrive or does not become good."""
        if self._session.phase is not Phase.WAITING and self._watch.flowing:
            self._usable = now
        if now - self._usable > _PATIENCE:
            waited = f"the session waited {_PATIENCE:g} s for the signal"
            self._fail(EmgRecognitionError(f"{waited}: {self._watch.line()}"))

    def _publish_state(self, now: float) -> None:
        """Publish the state at each change, and once a second."""
        session = self._session
        said = f"{session.phase} {session.since} {session.length} {session.kept} {self._doing()}"
        if said == self._stated[1] and now - self._stated[0] < _STATED:
            return
        self._stated = (now, said)
        state = SessionState(
            **state_of(session, now),
            **self._who,
            signal=self._watch.line(),
            bag=str(self._path),
            donning=self._donning is not None,
            turn=self._turn,
        )
        if self._donning is not None and self._donning.doing:
            state.note = self._donning.doing
        state.header.stamp = self.get_clock().now().to_msg()
        self._states.publish(state)

    def _press(self, key: Key, at: float) -> None:
        if self._donning is not None and self._donning.doing and key is not Key.QUIT:
            return  # the gestures have been performed
        if key is Key.SKIP:
            # Skipping needs a signal, even if a bad one.
            self._skip = True
        else:
            self._say(self._session.press(key, at))

    def _say(self, cues: Iterable[Cue]) -> None:
        who = self._who if self._donning is None else {**self._who, "session": self._donning.label}
        for cue in cues:
            label = ActionLabel(
                event=cue.event.value, action=cue.prompt.action, repetition=cue.prompt.repetition, **who
            )
            label.header.stamp = self.get_clock().now().to_msg()
            self._labels.publish(label)

    def _type(self, keys: bytes) -> None:
        """Take keys from the keyboard's thread."""
        self._typed.append(keys)
        self._woken.trigger()

    def _on_keys(self) -> None:
        while self._typed:
            keys = self._typed.popleft()
            if not keys:
                self._fail(EmgRecognitionError("the terminal of the session is gone"))
                continue
            # Arrows and other special keys are ignored.
            for key in re.findall(rb"[ -~]", _SEQUENCES.sub(b"", keys)):
                if key in _KEYS:
                    self._press(_KEYS[key], time.monotonic())

    def _service(self, key: Key) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
        def answer(_request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            self._press(key, time.monotonic())
            response.success, response.message = True, self._doing()
            return response

        return answer

    def _show(self, now: float) -> None:
        """Draw ten times a second and at each change of phase; without a terminal, log the changes."""
        shown = (self._session.phase, self._doing())
        if shown == self._shown and now - self._drawn < _DRAWN:
            return
        if self._screen.present:
            working = "" if self._donning is None else self._donning.doing
            view = View(self._title, self._watch.line(), self._watch.quality, self._rivalry(), working)
            self._screen.show(self._session, view, now)
        elif shown[1] != self._shown[1]:
            self.get_logger().info(shown[1])
        self._shown, self._drawn = shown, now

    def _doing(self) -> str:
        working = "" if self._donning is None else self._donning.doing
        return working or doing(self._session)

    def _rivalry(self) -> str:
        if not self._rivals:
            return ""
        topic = self.resolve_topic_name(LABELS_TOPIC)
        return f"{self._rivals} more publish {topic}, and their labels reach the bag too: end them"

    def _report(self) -> diagnostics.Report:
        rivals = max(0, count_publishers(self, LABELS_TOPIC) - 1)
        if rivals != self._rivals:
            self._rivals = rivals
            if rivals and not self._screen.present:
                self.get_logger().warning(self._rivalry())
        session = self._session
        values = {
            "phase": session.phase.value,
            "kept": session.kept,
            "discarded": session.dropped,
            "planned": session.total,
            "donned": self._found,
            **self._recording.counts,
        }
        if rivals:
            return diagnostics.WARN, self._rivalry(), values
        if not self._watch.flowing:
            return diagnostics.WARN, self._watch.missing, values
        return diagnostics.OK, self._doing(), values


def main() -> int:
    """Run the node."""
    with Keyboard() as keyboard:
        return run("session", lambda: SessionNode(keyboard))


if __name__ == "__main__":
    sys.exit(main())
