"""The demo: a study, an ensemble, a live graph of real processes, and one table.

It imports every room except ``nodes``, whose executables it starts as processes.
"""
