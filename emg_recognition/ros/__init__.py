"""What the nodes share: parameters, quality of service, diagnostics, recording, outputs. Needs rclpy."""
