"""A file appears whole or not at all."""

from emg_recognition.files import write_file


def test_a_file_is_replaced_as_a_whole(tmp_path):
    write_file(tmp_path / "new" / "a.txt", b"one")
    write_file(tmp_path / "new" / "a.txt", b"two")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"two"
    assert len(list((tmp_path / "new").iterdir())) == 1
