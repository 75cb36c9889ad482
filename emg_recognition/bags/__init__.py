"""Bags of ROS 2 as columns, read and written without ROS."""
