"""Guided recording without ROS: what to ask the wearer for and when, and the operator's keys."""
