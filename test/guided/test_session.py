"""A session: times, keys and label events, judged by the reader of recorded bags."""

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


class Run:
    """A session with a simulated clock, and what it published when."""

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
        """The labels that a bag with 1000 samples a second keeps."""
        clock = SampleClock()
        clock.add(0, 0, 2_000_000, 0, 1000.0)
        events = [
            LabelEvent(event.name.lower(), action, number, "s", "p", "c", None, int(time * 1e9), 0)
            for event, action, number, time in self.said
        ]
        return [(i.action, i.repetition, i.first, i.last + 1) for i in label_intervals(events, clock)]


def test_no_prompt_before_the_signal_is_good():
    session = GuidedSession(PLAN)
    assert session.advance(100.0) == []
    assert session.phase is Phase.WAITING
    assert doing(session) == "waiting for a good signal"
    # Keys that have no meaning yet.
    for key in (Key.REPEAT, Key.DISCARD, Key.PAUSE):
        assert session.press(key, 100.0) == []
        assert session.phase is Phase.WAITING


def test_without_keys_every_label_is_where_the_plan_says():
    run = Run().end()
    # Rest 1, reaction 0.5, hold 2: 3.5 s from one label to the next.
    expected = [
        (action, number, 1500 + 3500 * i, 3500 + 3500 * i)
        for i, (action, number) in enumerate([("a", 1), ("b", 1), ("a", 2), ("b", 2)])
    ]
    assert run.labels == expected
    session = run.session
    assert (session.kept, session.dropped, session.total, session.prompt) == (4, 0, 4, None)


def test_late_ticks_do_not_add_up():
    plan = Plan(actions=(PlannedAction(name="a"),), repetitions=100, hold=1.0, pause=1.0, reaction=0.0)
    session, now, ends = GuidedSession(plan), 0.0, []
    session.press(Key.SKIP, 0.0)
    while session.phase is not Phase.ENDED:
        now += 0.04
        ends += [now for cue in session.advance(now) if cue.event is Event.END]
    assert ends[-1] == pytest.approx(200.0, abs=0.15)


def test_a_pause_of_the_machine_shortens_no_repetition():
    run = Run()
    run.until(2.0)
    assert run.session.phase is Phase.HOLDING
    run.now = 60.0
    run.end()
    lengths = [last - first for _, _, first, last in run.labels]
    assert len(lengths) == 4
    assert min(lengths) >= 2000 - 20


@pytest.mark.parametrize("at", [1.2, 2.0])
def test_a_repetition_discarded_while_performed_is_gone_for_good(at):
    run = Run()
    run.press(Key.DISCARD, at)
    assert run.session.note == "a 1 is discarded"
    run.end()
    assert [label[:2] for label in run.labels] == [("b", 1), ("a", 2), ("b", 2)]
    assert (run.session.kept, run.session.dropped) == (3, 1)
    discards = [said for said in run.said if said[0] is Event.DISCARD]
    assert len(discards) == (at == 2.0)  # before the label begins there is nothing to discard


def test_a_repetition_can_be_discarded_afterwards_but_once():
    run = Run()
    run.press(Key.DISCARD, 4.0)
    run.press(Key.DISCARD, 4.1)
    run.end()
    assert [label[:2] for label in run.labels] == [("b", 1), ("a", 2), ("b", 2)]
    assert (run.session.kept, run.session.dropped) == (3, 1)


@pytest.mark.parametrize("at", [1.2, 2.0, 4.0])
def test_a_repeated_one_keeps_its_number_and_only_the_second_counts(at):
    run = Run()
    run.press(Key.REPEAT, at)
    assert run.session.note == "a 1 is repeated"
    assert doing(run.session) == "a 1 is repeated; relax; in 1 s: a 1"
    run.end()
    assert [label[:2] for label in run.labels] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    first = run.labels[0]
    assert first[2] == pytest.approx((at + 1.5) * 1000, abs=25)
    assert first[3] - first[2] == pytest.approx(2000, abs=25)
    assert (run.session.kept, run.session.dropped) == (4, 0)


def test_a_discarded_repetition_can_still_be_repeated():
    run = Run()
    run.press(Key.DISCARD, 2.0)
    run.press(Key.REPEAT, 2.4)
    # It is asked for already.
    run.press(Key.REPEAT, 2.5)
    run.end()
    assert [label[:2] for label in run.labels] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert (run.session.kept, run.session.dropped) == (4, 0)


def test_the_last_one_can_be_repeated_before_the_end():
    run = Run()
    run.press(Key.REPEAT, 14.5)
    run.end()
    assert [label[:2] for label in run.labels] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert run.labels[-1][2] == pytest.approx(16000, abs=25)


@pytest.mark.parametrize("at", [0.5, 1.2, 2.0])
def test_a_pause_discards_the_repetition_and_goes_on_with_a_rest(at):
    run = Run()
    run.press(Key.PAUSE, at)
    assert run.session.phase is Phase.PAUSED
    assert doing(run.session) == "paused"
    run.press(Key.PAUSE, 100.0)
    run.end()
    assert [label[:2] for label in run.labels] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert run.labels[0][2] == pytest.approx(101_500, abs=25)


def test_in_a_pause_the_last_one_can_be_repeated():
    run = Run()
    run.press(Key.PAUSE, 4.0)
    run.press(Key.REPEAT, 5.0)
    assert run.session.phase is Phase.PAUSED
    run.press(Key.PAUSE, 6.0)
    run.end()
    assert [label[:2] for label in run.labels] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert run.labels[0][2] == pytest.approx(7500, abs=25)


def test_an_interruption_discards_the_repetition_and_says_why():
    run = Run()
    run.until(2.0)
    run.hear(run.session.interrupt(2.0, "the plug is out"))
    assert run.said[-1][:3] == (Event.DISCARD, "a", 1)
    assert doing(run.session) == "paused: the plug is out"
    run.press(Key.PAUSE, 3.0)
    run.end()
    assert [label[:2] for label in run.labels] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]


def test_quitting_discards_the_repetition_in_progress():
    run = Run()
    run.press(Key.QUIT, 6.0)
    assert run.session.phase is Phase.ENDED
    assert [label[:2] for label in run.labels] == [("a", 1)]
    assert run.session.press(Key.REPEAT, 7.0) == []
    assert run.session.advance(100.0) == []


def test_a_prompt_is_shown_for_reaction_and_hold():
    run = Run()
    shown = []
    for tick in range(1, 200):
        run.until(tick * TICK)
        shown.append(run.session.shown is not None)
    assert shown.index(True) == pytest.approx(1.0 / TICK, abs=2)
    assert sum(shown) == pytest.approx(2.5 / TICK, abs=2)
    assert run.session.following.action == "a"


def test_next_ends_the_rest_and_nothing_else():
    run = Run()
    run.until(0.3)
    run.press(Key.NEXT, 0.4)
    run.until(0.44)
    assert run.session.phase is Phase.REACTING
    run.press(Key.NEXT, 0.6)
    assert run.session.phase is Phase.REACTING
    run.until(1.0)
    run.press(Key.NEXT, 1.2)
    assert run.session.phase is Phase.HOLDING
    assert run.end().session.kept == 4


def test_the_time_that_remains_is_the_time_that_passes():
    run = Run()
    remains = {}
    run.session.press(Key.PAUSE, 0.2)
    assert run.session.remaining(0.3) == pytest.approx(4 * 3.5 + 1.0)
    run.session.press(Key.PAUSE, 0.4)
    while run.session.phase is not Phase.ENDED:
        remains[run.now] = run.session.remaining(run.now)
        run.until(run.now + TICK)
    end = run.session.since
    for now, left in remains.items():
        if now > 0.4:
            assert left == pytest.approx(end - now, abs=0.1 + TICK)
    assert run.session.remaining(end) == 0.0
