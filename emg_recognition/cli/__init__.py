"""The command ``emg-recognition``: a file a verb, each with ``add_parser`` and ``run``."""
