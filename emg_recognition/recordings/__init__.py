"""Labelled EMG recordings: archives, bags, text files, formats of others and NumPy arrays.

Entry points are :func:`emg_recognition.recordings.open.open_recordings`,
:class:`emg_recognition.recordings.recordings.Recordings` and
:func:`emg_recognition.recordings.inspect.inspect`. Bags are read event by event with
:class:`emg_recognition.recordings.emg_bag.EmgBag`.
"""
