"""The upper-limb actions of the paper, and rest.

Source: Gao, Guo, Bu, *Convolution Neural Network (CNN)-based Upper Limb Action Recognition*,
which records five actions. Rest is an action too: the exoskeleton must hold still when the wearer
does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

REST = "rest"


@dataclass(frozen=True)
class Action:
    """One action of the paper.

    Attributes
    ----------
    name : str
        The name used on topics and in recordings.
    paper_label : str
        The label in the paper's figures; empty for rest.
    description : str
        What the wearer does, in plain words.
    """

    name: str
    paper_label: str
    description: str


PAPER_ACTIONS: tuple[Action, ...] = (
    Action(REST, "", "the arm is relaxed"),
    Action("wrist_internal_rotation", "Wrist_joint_01", "the palm turns inwards (pronation)"),
    Action("wrist_extension", "Wrist_joint_02", "the back of the hand moves towards the forearm"),
    Action("wrist_rotation", "Wrist_joint_03", "the palm turns outwards (supination)"),
    Action("elbow_flexion", "Elbow_joint_01", "the elbow bends"),
    Action("elbow_extension", "Elbow_joint_02", "the elbow stretches"),
)

PAPER_ACTION_NAMES: tuple[str, ...] = tuple(action.name for action in PAPER_ACTIONS)


def ordered(names: Iterable[str]) -> list[str]:
    """Sort action names: the paper's first, in its order (rest, wrist, elbow), then the others as given."""
    given = list(names)
    paper = [name for name in PAPER_ACTION_NAMES if name in given]
    return paper + [name for name in given if name not in paper]
