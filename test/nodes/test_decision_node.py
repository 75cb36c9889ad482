"""The decision node against the decider itself; the test is the classifier."""

import math
import time

import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from emg_recognition.msg import ActionDecision, ActionEstimate, ModelInfo

from emg_recognition.control.decision import Decider, DecisionSettings
from emg_recognition.ros import qos
from emg_recognition.ros.stamps import to_nanoseconds, to_time

from .conftest import PATIENCE

ACTIONS = ["rest", "elbow_flexion", "wrist_extension"]
#: Estimates that change the vote, keep it and break it; None is a rejected one.
SPOKEN = ["rest"] * 3 + ["elbow_flexion"] * 4 + [None, "elbow_flexion", None, None] + ["wrist_extension"] * 3
#: A little less than the pause after which the vote starts again, s.
PAUSE = 0.11


class Classifier:
    """Publishes estimates one by one, each after the decision on the one before."""

    def __init__(self, witness):
        self._witness = witness
        self.decisions = witness.collect(ActionDecision, "emg/decision", qos.DECISIONS)
        self._models = witness.node.create_publisher(ModelInfo, "emg/model", qos.LATCHED)
        self._publisher = witness.node.create_publisher(ActionEstimate, "emg/action", qos.ESTIMATES)
        self._models.publish(ModelInfo(model="m1", actions=ACTIONS))
        self._index = 0
        witness.spin_until(
            lambda: (
                self._publisher.get_subscription_count() and witness.node.count_publishers("emg/decision")
            ),
            "the decision node",
        )

    def now(self):
        return self._witness.node.get_clock().now().nanoseconds

    def say(self, spoken, **changes):
        self._index += 5
        message = ActionEstimate(
            first_index=self._index,
            last_index=self._index + 39,
            status=ActionEstimate.REJECTED if spoken is None else ActionEstimate.ACCEPTED,
            action_id=-1 if spoken is None else ACTIONS.index(spoken),
            action=spoken or "",
            confidence=0.75,
            activation=0.5,
            model="m1",
        )
        message.header.stamp = to_time(self.now())
        message.header.frame_id = "left_arm"
        for name, value in changes.items():
            setattr(message, name, value)
        self._publisher.publish(message)
        return message

    def hear(self, action):
        """Return an estimate and the decision after it, as often sent as a busy machine needs."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            before = len(self.decisions)
            message = self.say(action)
            try:
                self._witness.spin_until(lambda: len(self.decisions) > before, "a decision", 1.0)  # noqa: B023
            except AssertionError:
                continue
            return message, self.decisions[-1]
        raise AssertionError(f"no decision on {action}")

    def speak(self):
        """Return the estimates of SPOKEN and the decisions after them, without a pause between them."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self._index = 0  # a new stream, so that the vote starts again
            pairs, slowest, sent = [], 0.0, None
            for action in SPOKEN:
                sent, before = time.monotonic(), sent
                pairs.append(self.hear(action))
                if before is not None:
                    slowest = max(slowest, time.monotonic() - before)
            if slowest < PAUSE:
                return pairs
        raise AssertionError("this machine is too busy for estimates without a pause")


@pytest.fixture
def classifier(start_node, witness):
    start_node("decision", enter_votes=2, keep_votes=1)
    return Classifier(witness)


def test_the_decisions_are_those_of_the_bridges_decider(classifier):
    pairs = classifier.speak()
    decider = Decider(DecisionSettings(enter_votes=2, keep_votes=1))
    since, known = Time(), None
    for estimate, decision in pairs:
        stamp = to_nanoseconds(estimate.header.stamp) * 1e-9
        accepted = estimate.status == ActionEstimate.ACCEPTED
        decider.add(estimate.action, estimate.confidence, estimate.activation, accepted, stamp)
        expected = decider.decide(stamp)
        if expected.action != known:
            since, known = estimate.header.stamp, expected.action
        assert decision == ActionDecision(
            header=estimate.header,
            action=expected.action,
            since=since,
            speed=expected.speed,
            confidence=0.75,
            activation=0.5,
            first_index=estimate.first_index,
            last_index=estimate.last_index,
            model="m1",
        )
    assert {decision.action for _, decision in pairs} == {"", "rest", "elbow_flexion", "wrist_extension"}


def test_what_the_bridge_would_refuse_decides_nothing(classifier, witness):
    reports = witness.collect(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
    classifier.hear("rest")
    before = len(classifier.decisions)
    refused = [
        classifier.say("rest", model="m2"),
        classifier.say("rest", confidence=math.nan),
        classifier.say("rest", action="elbow_flexion"),
        classifier.say("rest", action_id=7),
    ]
    for seconds in (-1.0, 1.0):
        message = ActionEstimate().header
        message.stamp = to_time(classifier.now() + round(seconds * 1e9))
        refused.append(classifier.say("rest", header=message))
    classifier.hear("rest")
    indices = {decision.last_index for decision in classifier.decisions[before:]}
    assert indices.isdisjoint(message.last_index for message in refused)

    def refusals():
        # Some are refused on receipt, which is counted apart.
        statuses = [status for array in reports for status in array.status]
        counted = [[int(v.value) for v in one.values if v.key.startswith("refused_")] for one in statuses]
        return max(map(sum, counted), default=0)

    witness.spin_until(lambda: refusals() >= len(refused), "the diagnostics")
