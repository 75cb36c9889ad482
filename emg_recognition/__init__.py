"""Surface-EMG upper-limb action recognition for rehabilitation exoskeletons.

The package is a set of rooms with one direction of dependence; ``docs/concepts/architecture.md``
shows them. Everything outside :mod:`emg_recognition.nodes` works without ROS.
"""

import pkgutil

# The generated messages live in the install space under the same package name. From the
# repository's root Python finds this folder first; extend_path joins the two halves.
__path__ = pkgutil.extend_path(__path__, __name__)
