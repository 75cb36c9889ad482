"""Each kind of foreign message: ordinary ones pass, and whatever is wrong is named with its value."""

import math
from array import array
from types import SimpleNamespace as Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition import messages
from emg_recognition.errors import MessageError
from emg_recognition.types import Estimate, Model

HEADER = Message(stamp=Message(sec=7, nanosec=500_000_000), frame_id="left_arm")
ESCAPE = "\x1b[2J"
GOOD = {
    messages.check_samples: {
        "first_index": 100,
        "rate": 500.0,
        "channels": 2,
        "unit": "V",
        "dropped_before": 0,
        "restart": False,
        "data": array("f", [0.0, 1.0, 2.0, 3.0]),
    },
    messages.check_window: {
        "first_index": 100,
        "length": 2,
        "channels": 2,
        "rate": 500.0,
        "sequence": 3,
        "pipeline": "emg1: 2 ch",
        "data": array("f", [0.0, 1.0, 2.0, 3.0]),
    },
    messages.check_info: {
        "device": "band",
        "serial_number": "7",
        "channels": 2,
        "channel_names": ["a", "b"],
        "muscle_sites": [],
        "gain": 0.0,
        "rate": 500.0,
        "unit": "V",
    },
    messages.check_model: {
        "model": "m1",
        "sha256": "abc",
        "actions": ["rest", "fist"],
        "rate": 500.0,
        "channels": 2,
        "length": 100,
        "unit": "V",
        "pipeline": "emg1",
    },
    messages.check_estimate: {
        "first_index": 0,
        "last_index": 99,
        "status": 0,
        "action_id": 1,
        "action": "fist",
        "confidence": 1.0,
        "probabilities": array("f", [0.0, 1.0]),
        "activation": 0.5,
        "model": "m1",
        "inference_time": 1e-3,
    },
    messages.check_label: {
        "event": 1,
        "action": "fist",
        "repetition": 1,
        "session": "",
        "subject": "s",
        "cohort": "healthy",
        "index": 5,
        "has_index": True,
    },
    messages.check_quality: {
        "channel_names": ["a", "b"],
        "state": array("B", [0, 2]),
        "advice": ["", "wet it"],
        "rate_nominal": 500.0,
        "rate_measured": 0.0,
    },
    messages.check_bridge_state: {
        "state": 3,
        "reason": "x" * 5000,
        "action": "",
        "joint_names": ["elbow"],
        "signal_age": -1.0,
        "feedback_age": 0.1,
        "stop_input_age": 0.0,
    },
    messages.check_joints: {"name": ["elbow"], "position": array("d", [0.5])},
}
NOT_A_RATE = (math.nan, math.inf, -math.inf, 0.0, -200.0, 5e-324, 1e300)
UNREADABLE = (ESCAPE, "x" * 5_000_000, "\u202e")
BAD = [
    *(
        (check, "rate", value)
        for check in (messages.check_samples, messages.check_window)
        for value in NOT_A_RATE
    ),
    *(
        (check, "rate", value)
        for check in (messages.check_info, messages.check_model)
        for value in NOT_A_RATE
        if value
    ),
    (messages.check_samples, "channels", 0),
    (messages.check_samples, "channels", 3),
    (messages.check_samples, "channels", 65535),
    (messages.check_samples, "unit", "mV"),
    (messages.check_samples, "unit", ESCAPE),
    (messages.check_samples, "first_index", 2**64 - 1),
    (messages.check_samples, "dropped_before", 2**64 - 1),
    (messages.check_samples, "data", array("f", [math.nan, 0.0])),
    (messages.check_samples, "data", array("f", [0.0, math.inf])),
    (messages.check_samples, "data", array("f", [0.0, 1e35])),
    (messages.check_window, "channels", 0),
    (messages.check_window, "length", 0),
    (messages.check_window, "length", 3),
    (messages.check_window, "data", array("f")),
    (messages.check_window, "data", array("f", [0.0, 0.0, math.nan, 0.0])),
    (messages.check_window, "first_index", 2**64 - 1),
    (messages.check_window, "sequence", 2**64 - 1),
    *((messages.check_window, "pipeline", value) for value in UNREADABLE),
    (messages.check_info, "channels", 65535),
    (messages.check_info, "channel_names", ["a"]),
    (messages.check_info, "gain", math.nan),
    (messages.check_info, "gain", -1.0),
    (messages.check_info, "unit", "mV"),
    *((messages.check_info, "device", value) for value in UNREADABLE),
    *((messages.check_info, "channel_names", [value, "b"]) for value in UNREADABLE),
    (messages.check_model, "actions", []),
    (messages.check_model, "actions", ["rest", ""]),
    (messages.check_model, "actions", ["rest", "fist", "fist"]),
    (messages.check_model, "actions", [str(number) for number in range(5000)]),
    *((messages.check_model, "actions", [value]) for value in UNREADABLE),
    *((messages.check_model, "model", value) for value in UNREADABLE),
    *((messages.check_estimate, "confidence", value) for value in (math.nan, -0.1, 1.1)),
    *((messages.check_estimate, "activation", value) for value in (math.nan, math.inf, -0.1)),
    (messages.check_estimate, "probabilities", array("f", [math.nan])),
    (messages.check_estimate, "probabilities", array("f", bytes(4 * 100_000))),
    (messages.check_estimate, "status", 2),
    (messages.check_estimate, "last_index", 2**64 - 1),
    *((messages.check_estimate, "action", value) for value in UNREADABLE),
    (messages.check_label, "event", 3),
    *((messages.check_label, "subject", value) for value in UNREADABLE),
    (messages.check_quality, "channel_names", ["a"]),
    (messages.check_quality, "advice", []),
    (messages.check_quality, "rate_measured", math.nan),
    *((messages.check_quality, "advice", ["", value]) for value in UNREADABLE),
    (messages.check_bridge_state, "state", 4),
    (messages.check_bridge_state, "signal_age", math.nan),
    *((messages.check_bridge_state, "action", value) for value in UNREADABLE),
    (messages.check_joints, "position", array("d")),
    (messages.check_joints, "position", array("d", [math.nan])),
    *((messages.check_joints, "name", [value]) for value in UNREADABLE),
]


def made(check, **changes):
    return Message(header=HEADER, **{**GOOD[check], **changes})


@pytest.mark.parametrize("check", GOOD, ids=lambda check: check.__name__)
def test_ordinary_messages_pass(check):
    check(made(check))


def test_what_is_not_known_is_left_open():
    messages.check_info(made(messages.check_info, rate=0.0, channels=0, unit="", channel_names=["a"]))
    messages.check_model(made(messages.check_model, rate=0.0, channels=0, length=0, unit="", pipeline=""))
    messages.check_samples(made(messages.check_samples, data=array("f")))


@pytest.mark.parametrize(
    ("check", "field", "value"),
    BAD,
    ids=[f"{check.__name__}-{field}-{number}" for number, (check, field, _) in enumerate(BAD)],
)
def test_a_wrong_field_is_named_in_one_short_printable_line(check, field, value):
    with pytest.raises(MessageError) as found:
        check(made(check, **{field: value}))
    line = str(found.value)
    assert field.split("_")[0] in line or "data" in line
    assert "; " in line
    assert line.isprintable()
    assert len(line) < 400


# Few characters: the tables of all of Unicode cost seconds.
TEXTS = st.one_of(st.text("ab µ\x1b\u202e\n", max_size=20), st.just("x" * 300))
DATA = st.lists(st.floats(width=32), max_size=12).map(lambda values: array("f", values))
STRANGE = {
    "first_index": st.integers(0, 2**64 - 1),
    "last_index": st.integers(0, 2**64 - 1),
    "sequence": st.integers(0, 2**64 - 1),
    "dropped_before": st.integers(0, 2**64 - 1),
    "length": st.integers(0, 2**16 - 1),
    "channels": st.integers(0, 2**16 - 1),
    "rate": st.floats(),
    "unit": TEXTS,
    "pipeline": TEXTS,
    "model": TEXTS,
    "device": TEXTS,
    "data": DATA,
    "probabilities": DATA,
    "actions": st.lists(TEXTS, max_size=4),
    "channel_names": st.lists(TEXTS, max_size=4),
    "name": st.lists(TEXTS, max_size=4),
    "position": st.lists(st.floats(), max_size=4),
    "confidence": st.floats(width=32),
    "activation": st.floats(width=32),
}


@given(st.data())
def test_whatever_passes_can_be_used_and_everything_else_is_a_message_error(data):
    check = data.draw(st.sampled_from(list(GOOD)))
    fields = [field for field in GOOD[check] if field in STRANGE]
    changed = data.draw(st.lists(st.sampled_from(fields), unique=True)) if fields else []
    message = made(check, **{field: data.draw(STRANGE[field]) for field in changed})
    try:
        check(message)
    except MessageError:
        return
    if check in (messages.check_samples, messages.check_window):
        assert math.isfinite(1.0 / message.rate)
        assert len(message.data) % message.channels == 0
        assert all(map(math.isfinite, message.data))
        assert message.first_index + len(message.data) < 2**63
    if check is messages.check_model:
        assert messages.read_model(message).actions == tuple(message.actions)


def test_reading_gives_our_types():
    model = messages.read_model(made(messages.check_model))
    assert model == Model(
        model="m1",
        sha256="abc",
        actions=("rest", "fist"),
        rate=500.0,
        channels=2,
        length=100,
        unit="V",
        pipeline="emg1",
    )
    estimate = messages.read_estimate(made(messages.check_estimate))
    assert isinstance(estimate, Estimate)
    assert estimate.time == pytest.approx(7.5)
    assert (estimate.last_index, estimate.accepted, estimate.action) == (99, True, "fist")
    assert not messages.read_estimate(made(messages.check_estimate, status=1)).accepted
