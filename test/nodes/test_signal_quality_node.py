"""The signal quality node reports once a second what is wrong with which channel."""

import time
from array import array

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from emg_recognition.msg import EmgInfo, EmgSamples, SignalQuality
from std_msgs.msg import Float32MultiArray

from emg_recognition.ros import qos

RATE, CHANNELS, CHUNK, GAIN = 500.0, 4, 10, 4.0e6
NAMES = ["flexor", "extensor", "biceps", "triceps"]


class Armband:
    """Publishes samples in about real time, with true stamps, while the witness spins."""

    def __init__(self, witness, rng, rate_error=1.0):
        self.witness, self.rng, self.rate_error = witness, rng, rate_error
        self.qualities = witness.collect(SignalQuality, "emg/quality", qos.QUALITY)
        self.previews = witness.collect(Float32MultiArray, "emg/preview", qos.QUALITY)
        self.diagnostics = witness.collect(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
        self.info = witness.node.create_publisher(EmgInfo, "emg/info", qos.LATCHED)
        self.samples = witness.node.create_publisher(EmgSamples, "emg/samples", qos.SAMPLES)
        self.index = 0
        self.lose = 0
        self.restart = True
        self.fault = lambda samples, clock: None
        self.begin = time.monotonic()
        info = EmgInfo(device="band", channels=CHANNELS, channel_names=NAMES, gain=GAIN, rate=RATE, unit="V")
        self.info.publish(info)
        witness.spin_until(
            lambda: self.samples.get_subscription_count() and witness.node.count_publishers("emg/quality"),
            "the signal quality node",
        )
        witness.settle()

    def publish(self):
        codes = self.rng.normal(0.0, 40.0, (CHUNK, CHANNELS))
        self.fault(codes, (self.index + np.arange(CHUNK)) / RATE)
        message = EmgSamples(
            first_index=self.index + self.lose,
            rate=RATE,
            channels=CHANNELS,
            unit="V",
            dropped_before=self.lose,
            restart=self.restart,
            data=array("f", (np.rint(codes) / GAIN).astype(np.float32).tobytes()),
        )
        self.index += self.lose
        self.lose, self.restart = 0, False
        stamp = 10**18 + round(self.index / (RATE * self.rate_error) * 1e9)
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 10**9)
        message.header.frame_id = "left_arm"
        self.samples.publish(message)
        self.index += CHUNK

    def play_until(self, condition, what):
        begin, sent = time.monotonic(), 0

        def pump():
            nonlocal sent
            # A busy machine may delay the sender, but that must not look like a gap.
            while sent < (time.monotonic() - begin) * RATE:
                self.publish()
                sent += CHUNK
            return condition()

        self.witness.spin_until(pump, what)

    def newest(self, **wanted):
        """Play until the newest message satisfies a condition."""
        seen = len(self.qualities)

        def fits():
            new = self.qualities[seen:]
            return new and all(getattr(new[-1], name) == value for name, value in wanted.items())

        self.play_until(fits, f"a quality with {wanted}")
        return self.qualities[-1]

    def status(self, level, *words):
        def said():
            return any(
                status.level == level and all(word in status.message for word in words)
                for array_ in self.diagnostics
                for status in array_.status
                if status.name == "signal_quality"
            )

        self.play_until(said, f"a diagnosis with {words}")


@pytest.fixture
def armband(start_node, witness, rng):
    armband = Armband.__new__(Armband)
    node = start_node("signal_quality")
    armband.__init__(witness, rng)
    yield armband
    assert node.interrupt() == 0


def test_good_samples_are_good_and_each_fault_is_named(armband):
    found = armband.newest(samples=500)
    assert list(found.channel_names) == NAMES
    assert list(found.state) == [SignalQuality.GOOD] * CHANNELS
    assert list(found.advice) == [""] * CHANNELS
    assert list(found.flat) == [False] * CHANNELS
    for field in (found.rms, found.noise):
        assert list(field) == pytest.approx([40.0 / GAIN] * CHANNELS, rel=0.3)
    assert max(found.mains) < 0.2
    assert list(found.saturated) == [0.0] * CHANNELS
    assert found.rate_nominal == RATE
    assert found.lost == 0
    assert found.header.frame_id == "left_arm"
    assert found.header.stamp.sec + found.header.stamp.nanosec * 1e-9 == pytest.approx(
        1e9 + (armband.index - 1) / RATE, abs=2.0
    )
    armband.status(DiagnosticStatus.OK, "good")

    # Each fault is named with its channel.
    def fault(codes, clock):
        codes[:, 0] = 0.0
        codes[:, 1] = np.clip(3 * codes[:, 1], -100.0, 100.0)
        codes[:, 3] += 75.0 * np.sin(2.0 * np.pi * 50.0 * clock)

    armband.fault = fault
    found = armband.newest(state=array("B", [2, 2, 0, 1]), samples=500)
    assert found.flat[0]
    assert found.saturated[1] >= 0.05
    assert found.mains[3] >= 0.3
    for advice, words in zip(found.advice, ("no signal", "saturated", "", "mains hum"), strict=True):
        assert advice.startswith(words)
    armband.status(DiagnosticStatus.ERROR, "flexor: no signal", "2 more")


def test_gaps_and_silence_are_reported(armband):
    armband.newest(samples=500)
    # The loss is half-way between two messages, so that neither side of it fills a second.
    middle = time.monotonic() + 0.3
    armband.play_until(lambda: time.monotonic() > middle, "the middle of a second")
    armband.lose = 123
    found = armband.newest(lost=123)
    assert 250 <= found.samples < 500
    assert list(found.state) == [SignalQuality.GOOD] * CHANNELS
    armband.status(DiagnosticStatus.WARN, "123 samples lost in the last second")
    assert armband.newest(samples=500).lost == 123
    # A chunk of impossible samples is lost too.
    armband.fault = lambda codes, clock: codes.__setitem__((3, 1), np.nan)
    armband.publish()
    armband.fault = lambda codes, clock: None
    found = armband.newest(samples=500)
    assert found.lost == 123 + CHUNK
    assert list(found.state) == [SignalQuality.GOOD] * CHANNELS
    armband.witness.spin_until(lambda: armband.qualities[-1].samples == 0, "the end of the samples")
    silent = armband.qualities[-1]
    assert list(silent.channel_names) == NAMES
    assert list(silent.state) == [SignalQuality.BAD] * CHANNELS
    assert all("no samples" in advice for advice in silent.advice)
    armband.witness.spin_until(
        lambda: any(
            status.level == DiagnosticStatus.STALE and "no samples for" in status.message
            for message in armband.diagnostics
            for status in message.status
        ),
        "the diagnosis of silence",
    )
    armband.restart = True
    assert armband.newest(samples=500).lost == 123 + CHUNK


def test_the_preview_shows_the_strength_of_each_channel(armband):
    def fault(codes, clock):
        codes[:, 2] = 10_000.0 + 5.0 * codes[:, 2]

    armband.fault = fault
    armband.newest(samples=500)
    begin = len(armband.previews)
    armband.newest()
    armband.newest()
    rate = (len(armband.previews) - begin) / 2.0
    # 50 a second; the two clocks do not start together.
    assert 15 < rate <= 105
    strengths = np.array([message.data for message in armband.previews[begin:]])
    assert np.median(strengths, axis=0) == pytest.approx(np.array([40.0, 40.0, 200.0, 40.0]) / GAIN, rel=0.35)
    (dimension,) = armband.previews[-1].layout.dim
    assert dimension.label.split(",") == NAMES
    assert (dimension.size, dimension.stride) == (CHANNELS, CHANNELS)


def test_a_wrong_rate_is_reported(start_node, witness, rng):
    start_node("signal_quality")
    armband = Armband(witness, rng, rate_error=0.97)
    # Ten seconds of the device's time, published as fast as possible.
    while armband.index < 12 * RATE:
        for _ in range(10):
            armband.publish()
        witness.spin_for(0.01)
    found = armband.newest(samples=500)
    assert found.rate_measured == pytest.approx(0.97 * RATE, rel=1e-3)
    armband.status(DiagnosticStatus.WARN, "the rate is 485.0 Hz, not 500 Hz")


def test_without_an_armband_it_reports_that_there_are_no_samples(start_node, witness):
    node = start_node("signal_quality")
    qualities = witness.collect(SignalQuality, "emg/quality", qos.QUALITY)
    witness.spin_until(lambda: qualities, "the first quality")
    assert qualities[0].samples == 0
    assert not qualities[0].channel_names
    assert node.interrupt() == 0
