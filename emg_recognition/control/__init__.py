"""From action estimates to safe joint commands: decisions, state machine, limits, trajectories; no ROS."""
