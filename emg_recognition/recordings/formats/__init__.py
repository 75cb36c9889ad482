"""Readers of the file formats in which others record and publish EMG, one module a format.

A reader turns a file into :class:`~emg_recognition.recordings.formats.take.Take` objects. It runs in a child
process with bounded memory (:mod:`~emg_recognition.recordings.formats.worker`), because the libraries that
parse these formats trust what a file claims; :mod:`~emg_recognition.recordings.formats.files` makes
recordings from what the child sends back.
"""
