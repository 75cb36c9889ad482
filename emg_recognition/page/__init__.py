"""The page in the browser without ROS: its views, tests and drawings, and the server that offers them."""
