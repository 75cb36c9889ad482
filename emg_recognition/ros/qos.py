"""Quality of service of each topic, in one place (the table of messages in ``docs/reference/topics.md``)."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy


def _reliable(depth: int, durability: DurabilityPolicy = DurabilityPolicy.VOLATILE) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=durability,
    )


#: A lost chunk restarts the stream, so a late subscriber rather catches up: 2000 chunks of 5 ms are 10 s.
SAMPLES = _reliable(2000)
WINDOWS = _reliable(200)
#: Fast replay makes estimates in bursts; whoever records them must get every one.
ESTIMATES = _reliable(200)
#: The bridge wants the newest only.
LATEST_ESTIMATES = _reliable(10)
STATE = _reliable(1)
#: Commands and joint states: only the newest counts.
COMMANDS = _reliable(1)
#: The stop input, 20 times a second: an old word must never come after a new one.
ENABLE = _reliable(1)
#: Labels of a session: one may follow the other quickly, and the current one must reach late subscribers.
LABELS = _reliable(50, DurabilityPolicy.TRANSIENT_LOCAL)
#: What a late subscriber must still learn: device and model.
LATCHED = _reliable(1, DurabilityPolicy.TRANSIENT_LOCAL)
DIAGNOSTICS = _reliable(10)
#: The signal's quality once a second, and the preview 50 times a second: for eyes.
QUALITY = _reliable(10)
#: A witness must not lose what it counts, even on a busy machine.
WITNESS = _reliable(10_000)


def latest_windows(depth: int) -> QoSProfile:
    """Return what the classifier subscribes with.

    It keeps few windows, so that a late one drops whole windows instead of falling behind: four
    windows of 25 ms are 100 ms, less than the 120 ms after which the bridge calls a signal stale.
    Replay has no such hurry and keeps many.
    """
    return _reliable(depth)
