"""Quality of service of every topic; ``docs/reference/topics.md`` lists the topics."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy


def _reliable(depth: int, durability: DurabilityPolicy = DurabilityPolicy.VOLATILE) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=durability,
    )


#: A lost chunk restarts the stream, so a late subscriber gets 10 s (2000 chunks of 5 ms) to catch up.
SAMPLES = _reliable(2000)
WINDOWS = _reliable(200)
#: Fast replay makes estimates in bursts, and a recorder must not miss any.
ESTIMATES = _reliable(200)
#: Who decides or follows a decision needs only the newest.
LATEST_ESTIMATES = _reliable(10)
DECISIONS = _reliable(10)
STATE = _reliable(1)
#: The state as asked for now and then: without acknowledgements, because the next one comes in 20 ms.
GLANCE = QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
#: Commands and joint states: only the newest counts.
COMMANDS = _reliable(1)
#: Joint states as received: best effort matches every driver, and a lost position is followed by a newer one.
#: A driver may publish its joints one by one, so that the newest message alone would starve the others.
JOINT_STATES = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=100, reliability=ReliabilityPolicy.BEST_EFFORT
)
#: The stop input, 20 times a second: an old message must never arrive after a newer one.
ENABLE = _reliable(1)
#: Labels may follow each other quickly, and the current one must reach late subscribers.
LABELS = _reliable(50, DurabilityPolicy.TRANSIENT_LOCAL)
#: Device and model, which late subscribers need too.
LATCHED = _reliable(1, DurabilityPolicy.TRANSIENT_LOCAL)
#: The robot's URDF: every publisher's latest, to see whether they agree.
LATCHED_OF_SEVERAL = _reliable(10, DurabilityPolicy.TRANSIENT_LOCAL)
DIAGNOSTICS = _reliable(10)
#: Signal quality once a second and the preview 50 times a second, to be looked at.
QUALITY = _reliable(10)
#: For nodes that count every message, even on a busy machine.
WITNESS = _reliable(10_000)


def latest_windows(depth: int) -> QoSProfile:
    """Return the profile of the classifier's subscription.

    It keeps few windows, so that a late classifier drops whole windows instead of falling behind: four
    windows at a stride of 25 ms are 100 ms, less than the 120 ms after which a signal is stale. Replay
    keeps many, because it need not be in time.
    """
    return _reliable(depth)
