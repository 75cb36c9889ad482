"""ROS 2 bags without ROS: a reader that returns messages as columns, and a writer.

Entry points are :func:`emg_recognition.bags.reader.open_bag`,
:class:`emg_recognition.bags.columns.Decoder` and :class:`emg_recognition.bags.writer.BagWriter`.
Nothing here knows what the messages mean.
"""
