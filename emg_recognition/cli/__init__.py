"""The command ``emg-recognition``; each module adds its commands with ``add_parsers``."""
