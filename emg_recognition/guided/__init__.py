"""Guided recording without ROS: what to ask for, when, and what the operator may do about it."""
