# The package in a container: docker build -t emg_recognition . && docker run -it --network host emg_recognition
# Nobody has built this file yet: tell us if it does not work.
ARG ROS_DISTRO=jazzy
FROM ros:${ROS_DISTRO}-ros-base

# What rosdep takes from pip goes beside the system's packages, here and nowhere else.
ENV PIP_BREAK_SYSTEM_PACKAGES=1
WORKDIR /workspace/src/emg_recognition
COPY . .
# A robot that only runs: neither TensorFlow nor Matplotlib. Without "-t ..." it can train as well.
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3-pip \
    && rosdep update --rosdistro "$ROS_DISTRO" \
    && rosdep install -y --from-paths . --ignore-src -t buildtool -t build -t exec \
    && pip install --no-cache-dir -c requirements/numpy1.txt ai-edge-litert \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /workspace
RUN . "/opt/ros/$ROS_DISTRO/setup.sh" && colcon build --packages-select emg_recognition --cmake-args -DBUILD_TESTING=OFF
RUN printf '%s\n' '#!/bin/sh' '. /workspace/install/setup.sh' 'exec "$@"' > /entrypoint && chmod +x /entrypoint
ENTRYPOINT ["/entrypoint"]
CMD ["bash"]
