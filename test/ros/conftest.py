"""The same fixtures as for the nodes."""

from ..nodes.conftest import ros_environment, witness

__all__ = ["ros_environment", "witness"]
