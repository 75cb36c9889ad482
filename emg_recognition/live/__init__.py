"""Recognition without ROS: from a source of samples to programs that know nothing of it."""
