"""The node programs: parameters, topics, timers and diagnostics around the package's other modules.

Each module whose name ends in ``_node`` is one executable in ``lib/emg_recognition``.
"""
