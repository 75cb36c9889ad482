"""What the live view shows and how it looks, without ROS."""
