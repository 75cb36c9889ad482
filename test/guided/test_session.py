"""The course of a session: times, keys, and what they say on emg/label; the bag's reader is the judge."""

import pytest

from emg_recognition.guided.plan import Plan, PlannedAction
from emg_recognition.guided.session import Event, GuidedSession, Key, Phase, doing
from emg_recognition.recordings.events import LabelEvent
from emg_recognition.recordings.labels import label_intervals
from emg_recognition.recordings.sample_clock import SampleClock

PLAN = Plan(
    actions=(PlannedAction(name="a"), PlannedAction(name="b")),
    repetitions=2,
    hold=2.0,
    pause=1.0,
    reaction=0.5,
)
TICK = 0.02


class Course:
    """A session on a clock of its own, and what it said when."""

    def __init__(self, plan=PLAN):
        self.session = GuidedSession(plan)
        self.now = 0.0
        self.said = []
        self.session.press(Key.SKIP, 0.0)

    def hear(self, cues):
        self.said += [(cue.event, cue.prompt.action, cue.prompt.repetition, self.now) for cue in cues]

    def until(self, time):
        while self.now < time - 1e-9:
            self.now = round(self.now + TICK, 6)
            self.hear(self.session.advance(self.now))

    def press(self, key, at):
        self.until(at)
        self.hear(self.session.press(key, self.now))

    def end(self):
        while self.session.phase is not Phase.ENDED:
            assert self.now < 200.0
            self.until(self.now + TICK)
        return self

    @property
    def labels(self):
        """What is left of it in a bag with 1000 samples a second."""
        clock = SampleClock()
        clock.add(0, 0, 2_000_000, 0, 1000.0)
        events = [
            LabelEvent(event.name.lower(), action, number, "s", "p", "c", None, int(time * 1e9), 0)
            for event, action, number, time in self.said
        ]
        return [(i.action, i.repetition, i.first, i.last + 1) for i in label_intervals(events, clock)]


def test_nobody_is_prompted_before_the_signal_is_good():
    session = GuidedSession(PLAN)
    assert session.advance(100.0) == []
    assert session.phase is Phase.WAITING
    assert doing(session) == "waiting for a good signal"
    # Keys that mean nothing yet.
    for key in (Key.REPEAT, Key.DISCARD, Key.PAUSE):
        assert session.press(key, 100.0) == []
        assert session.phase is Phase.WAITING


def test_undisturbed_every_label_stands_where_the_plan_says():
    course = Course().end()
    # Rest 1, reaction 0.5, hold 2: 3.5 s from one to the next.
    expected = [
        (action, number, 1500 + 3500 * i, 3500 + 3500 * i)
        for i, (action, number) in enumerate([("a", 1), ("b", 1), ("a", 2), ("b", 2)])
    ]
    assert course.labels == expected
    session = course.session
    assert (session.kept, session.dropped, session.total, session.prompt) == (4, 0, 4, None)


def test_ticks_that_come_late_do_not_add_up():
    plan = Plan(actions=(PlannedAction(name="a"),), repetitions=100, hold=1.0, pause=1.0, reaction=0.0)
    session, now, ends = GuidedSession(plan), 0.0, []
    session.press(Key.SKIP, 0.0)
    while session.phase is not Phase.ENDED:
        now += 0.04
        ends += [now for cue in session.advance(now) if cue.event is Event.END]
    assert ends[-1] == pytest.approx(200.0, abs=0.15)


def test_a_machine_that_stood_still_cuts_no_repetition_short():
    course = Course()
    course.until(2.0)
    assert course.session.phase is Phase.HOLDING
    course.now = 60.0
    course.end()
    lengths = [last - first for _, _, first, last in course.labels]
    assert len(lengths) == 4
    assert min(lengths) >= 2000 - 20


@pytest.mark.parametrize("at", [1.2, 2.0])
def test_a_repetition_that_is_discarded_while_performed_is_gone_for_good(at):
    course = Course()
    course.press(Key.DISCARD, at)
    assert course.session.note == "a 1 is discarded"
    course.end()
    assert [label[:2] for label in course.labels] == [("b", 1), ("a", 2), ("b", 2)]
    assert (course.session.kept, course.session.dropped) == (3, 1)
    discards = [said for said in course.said if said[0] is Event.DISCARD]
    assert len(discards) == (at == 2.0)  # before the label begins there is nothing to take back


def test_a_repetition_is_discarded_afterwards_once():
    course = Course()
    course.press(Key.DISCARD, 4.0)
    course.press(Key.DISCARD, 4.1)
    course.end()
    assert [label[:2] for label in course.labels] == [("b", 1), ("a", 2), ("b", 2)]
    assert (course.session.kept, course.session.dropped) == (3, 1)


@pytest.mark.parametrize("at", [1.2, 2.0, 4.0])
def test_a_repeated_one_keeps_its_number_and_only_the_second_counts(at):
    course = Course()
    course.press(Key.REPEAT, at)
    assert course.session.note == "a 1 comes again"
    assert doing(course.session) == "a 1 comes again; relax; in 1 s: a 1"
    course.end()
    assert [label[:2] for label in course.labels] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    first = course.labels[0]
    assert first[2] == pytest.approx((at + 1.5) * 1000, abs=25)
    assert first[3] - first[2] == pytest.approx(2000, abs=25)
    assert (course.session.kept, course.session.dropped) == (4, 0)


def test_what_was_discarded_can_still_be_repeated():
    course = Course()
    course.press(Key.DISCARD, 2.0)
    course.press(Key.REPEAT, 2.4)
    # There is no second one to repeat.
    course.press(Key.REPEAT, 2.5)
    course.end()
    assert [label[:2] for label in course.labels] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert (course.session.kept, course.session.dropped) == (4, 0)


def test_the_last_one_can_be_repeated_before_the_end():
    course = Course()
    course.press(Key.REPEAT, 14.5)
    course.end()
    assert [label[:2] for label in course.labels] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert course.labels[-1][2] == pytest.approx(16000, abs=25)


@pytest.mark.parametrize("at", [0.5, 1.2, 2.0])
def test_a_pause_discards_what_runs_and_begins_with_a_rest(at):
    course = Course()
    course.press(Key.PAUSE, at)
    assert course.session.phase is Phase.PAUSED
    assert doing(course.session) == "paused"
    course.press(Key.PAUSE, 100.0)
    course.end()
    assert [label[:2] for label in course.labels] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert course.labels[0][2] == pytest.approx(101_500, abs=25)


def test_in_a_pause_the_last_one_can_be_repeated():
    course = Course()
    course.press(Key.PAUSE, 4.0)
    course.press(Key.REPEAT, 5.0)
    assert course.session.phase is Phase.PAUSED
    course.press(Key.PAUSE, 6.0)
    course.end()
    assert [label[:2] for label in course.labels] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert course.labels[0][2] == pytest.approx(7500, abs=25)


def test_an_interruption_discards_and_says_why():
    course = Course()
    course.until(2.0)
    course.hear(course.session.interrupt(2.0, "the plug is out"))
    assert course.said[-1][:3] == (Event.DISCARD, "a", 1)
    assert doing(course.session) == "paused: the plug is out"
    course.press(Key.PAUSE, 3.0)
    course.end()
    assert [label[:2] for label in course.labels] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]


def test_quitting_leaves_no_half_repetition():
    course = Course()
    course.press(Key.QUIT, 6.0)
    assert course.session.phase is Phase.ENDED
    assert [label[:2] for label in course.labels] == [("a", 1)]
    assert course.session.press(Key.REPEAT, 7.0) == []
    assert course.session.advance(100.0) == []


def test_what_is_shown_covers_reaction_and_hold():
    course = Course()
    shown = []
    for tick in range(1, 200):
        course.until(tick * TICK)
        shown.append(course.session.shown is not None)
    assert shown.index(True) == pytest.approx(1.0 / TICK, abs=2)
    assert sum(shown) == pytest.approx(2.5 / TICK, abs=2)
    assert course.session.following.action == "a"
