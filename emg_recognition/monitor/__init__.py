"""The live view without ROS: what it shows, and how it is drawn."""
