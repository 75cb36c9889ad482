"""When each message of a bag is due, to the nanosecond and without a clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.ros.playback import Timeline, with_jumps

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


def due_times(rate, times, jumps=()):
    timeline = Timeline(rate, 100.0, times[0])
    return [timeline.advance(time, jump=i in jumps) for i, time in enumerate(times)]


@given(
    st.floats(0.01, 100.0),
    st.lists(st.integers(0, SECOND), min_size=1, max_size=50),
)
def test_recorded_differences_are_kept_at_every_rate(rate, steps):
    times = [START]
    for step in steps:
        times.append(times[-1] + step)
    for time, due in zip(times, due_times(rate, times), strict=True):
        assert due == pytest.approx(100.0 + (time - START) / SECOND / rate, abs=1e-6)


def test_a_step_back_of_the_clock_takes_no_time():
    times = [START, START + SECOND, START - 3600 * SECOND, START - 3599 * SECOND]
    assert due_times(1.0, times) == [100.0, 101.0, 101.0, 102.0]


def test_two_messages_received_in_the_other_order_do_not_delay_the_rest():
    ms = SECOND // 1000
    times = [START, START + 5 * ms, START + 2 * ms, START + 10 * ms]
    assert due_times(1.0, times) == pytest.approx([100.0, 100.005, 100.005, 100.010])


def test_a_jump_takes_no_time_and_moves_the_clock():
    timeline = Timeline(1.0, 100.0, START)
    timeline.advance(START)
    assert timeline.advance(START + 3600 * SECOND, jump=True) == 100.0
    assert timeline.time(100.0) == START + 3600 * SECOND


def test_the_clock_runs_between_two_messages_and_no_further():
    timeline = Timeline(2.0, 100.0, START)
    timeline.advance(START)
    assert timeline.advance(START + SECOND) == 100.5
    assert timeline.time(99.0) == START
    assert timeline.time(100.25) == START + SECOND // 2
    # The player is late: time does not pass until the message is published.
    assert timeline.time(107.0) == START + SECOND
    # The next message is due as if the player had not been late.
    assert timeline.advance(START + 2 * SECOND) == 101.0


def test_a_pause_delays_everything():
    timeline = Timeline(1.0, 100.0, START)
    timeline.advance(START)
    timeline.advance(START + SECOND)
    before = timeline.time(100.4)
    timeline.shift(60.0)
    assert timeline.time(160.4) == before
    assert timeline.advance(START + 2 * SECOND) == 162.0


def jumps(*messages):
    """Return which messages follow a jump; samples are (first index, index after the last)."""
    recorded = [(topic, START + int(time * SECOND), content) for topic, time, content in messages]
    return [moment.jump for moment in with_jumps(recorded, "samples", lambda content: content)]


def test_contiguous_samples_over_a_long_pause_are_a_clock_step():
    assert jumps(("samples", 0, (0, 5)), ("samples", 9.0, (5, 10)), ("samples", 9.1, (10, 15))) == [
        False,
        True,
        False,
    ]


def test_a_label_in_the_pause_follows_a_jump_too():
    found = jumps(("samples", 0, (0, 5)), ("label", 5, None), ("label", 9, None), ("samples", 9.1, (5, 10)))
    assert found == [False, True, True, False]


@pytest.mark.parametrize(
    "messages",
    [
        # Samples are missing, so the pause was real.
        [("samples", 0, (0, 5)), ("samples", 9, (9005, 9010))],
        # As after a restart of acquisition,
        [("samples", 0, (5, 10)), ("samples", 9, (0, 5))],
        # and before the first samples and after the last, where it is not known.
        [("label", 0, None), ("samples", 9, (0, 5)), ("label", 60, None)],
        # A short pause.
        [("samples", 0, (0, 5)), ("samples", 0.9, (5, 10))],
    ],
)
def test_other_pauses_take_their_time(messages):
    assert not any(jumps(*messages))


def test_nothing_is_lost_or_swapped():
    messages = [("samples", 0, (0, 5)), ("label", 3, "a"), ("info", 6, "b"), ("samples", 9, (5, 10))]
    recorded = [(topic, START + time * SECOND, content) for topic, time, content in messages]
    moments = list(with_jumps(recorded, "samples", lambda content: content))
    assert [(moment.topic, moment.time, moment.message) for moment in moments] == recorded
