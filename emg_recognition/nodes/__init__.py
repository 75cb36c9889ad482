"""The node programs: parameters, topics, timers and diagnostics around the package's other modules.

Each module but ``settings`` is one executable in ``lib/emg_recognition``.
"""
