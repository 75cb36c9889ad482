"""XDF, with files written chunk by chunk as the public specification says (pyxdf only reads)."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from emg_recognition.errors import RecordingError

pytest.importorskip("pyxdf", reason="the extra 'formats' is not installed")

FORMATS = {"int16": "h", "float32": "f", "double64": "d"}


def length(count):
    return struct.pack("<BI", 4, count)


def chunk(tag, content):
    content = struct.pack("<H", tag) + content
    return length(len(content)) + content


def header(number, name, kind, channels, rate, form, description=""):
    text = (
        f"<?xml version='1.0'?><info><name>{name}</name><type>{kind}</type>"
        f"<channel_count>{channels}</channel_count>"
        f"<nominal_srate>{rate}</nominal_srate><channel_format>{form}</channel_format><desc>{description}</desc></info>"
    )
    return chunk(2, struct.pack("<I", number) + text.encode())


def samples(number, stamps, values, form):
    if form == "string":
        rows = [b"".join(length(len(text.encode())) + text.encode() for text in row) for row in values]
    else:
        rows = [struct.pack(f"<{len(row)}{FORMATS[form]}", *row) for row in values]
    body = b"".join(struct.pack("<Bd", 8, at) + row for at, row in zip(stamps, rows, strict=True))
    return chunk(3, struct.pack("<I", number) + length(len(rows)) + body)


def described(*channels):
    entries = "".join(
        f"<channel><label>{name}</label><unit>{unit}</unit><type>{kind}</type></channel>"
        for name, unit, kind in channels
    )
    return f"<channels>{entries}</channels>"


EMG = described(("ch1", "microvolts", "EMG"), ("ch2", "microvolts", "EMG"), ("time", "s", "MISC"))


def xdf(*parts):
    return b"XDF:" + chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>") + b"".join(parts)


def stream(number, counts, begin, name="armband", rate=200):
    stamps = begin + np.arange(len(counts)) / rate
    return header(number, name, "EMG", 3, rate, "int16", EMG) + b"".join(
        samples(number, stamps[at : at + 40], counts[at : at + 40].tolist(), "int16")
        for at in range(0, len(counts), 40)
    )


def markers(number, *marks):
    times = [time for time, _ in marks]
    texts = [[text] for _, text in marks]
    return header(number, "cues", "Markers", 1, 0, "string") + samples(number, times, texts, "string")


def test_markers_label_the_emg_stream(tmp_path, counts, opened):
    path = tmp_path / "session.bin"
    path.write_bytes(
        xdf(
            markers(7, (101.0, "fist"), (103.0, "rest"), (105.0, "fist"), (106.0, "end")),
            stream(1, counts, 100.0),
        )
    )
    found = opened(path)
    assert (found.rate, found.unit, found.channels) == (200.0, "V", 2)
    assert found.label.tolist() == ["fist", "rest", "fist"]
    assert found.repetition.tolist() == [1, 1, 2]
    assert found.length.tolist() == [400, 400, 200]
    np.testing.assert_allclose(found.segment(0), counts[200:600, :2] * 1e-6, rtol=1e-6)


def test_a_gap_cuts_a_segment(tmp_path, counts, opened):
    early, late = counts[:600], counts[600:]
    body = stream(1, early, 100.0) + b"".join(
        samples(1, 104.0 + np.arange(at, at + 40) / 200, late[at : at + 40].tolist(), "int16")
        for at in range(0, 1000, 40)
    )
    path = tmp_path / "gap.xdf"
    path.write_bytes(xdf(body, markers(2, (100.0, "fist"), (106.0, "rest"))))
    found = opened(path)
    assert found.label.tolist() == ["fist", "fist", "rest"]
    assert found.length.tolist() == [600, 400, 600]
    np.testing.assert_allclose(found.segment(1), late[:400, :2] * 1e-6, rtol=1e-6)


def test_one_of_two_armbands_is_chosen_by_name(tmp_path, counts, opened):
    path = tmp_path / "two.xdf"
    body = stream(1, counts, 100.0, "left") + stream(2, counts + 1, 100.0, "right")
    path.write_bytes(xdf(body, markers(3, (100.0, "fist"), (104.0, "rest"))))
    with pytest.raises(
        RecordingError, match=r"2 streams that may be EMG: left \(EMG\), right \(EMG\).*--namespace"
    ):
        opened(path)
    right = opened(path, namespace="right")
    np.testing.assert_allclose(right.segment(0), (counts[:800, :2] + 1) * 1e-6, rtol=1e-6)
    (tmp_path / "study.yaml").write_text("files: two[.]xdf\nstream: left\n")
    np.testing.assert_allclose(opened(tmp_path / "study.yaml").segment(0), counts[:800, :2] * 1e-6, rtol=1e-6)


def test_a_wrong_nominal_rate_is_said(tmp_path, counts, opened):
    stamps = 100 + np.arange(len(counts)) / 190
    body = header(1, "armband", "EMG", 3, 200, "int16", EMG) + samples(1, stamps, counts.tolist(), "int16")
    (tmp_path / "slow.xdf").write_bytes(xdf(body, markers(2, (100.0, "fist"), (104.0, "rest"))))
    assert "its samples give 190 Hz, not 200 Hz" in opened(tmp_path / "slow.xdf").problems[0]


def test_without_markers_and_without_a_name_there_is_no_label(tmp_path, counts, opened):
    (tmp_path / "session.xdf").write_bytes(xdf(stream(1, counts, 100.0)))
    with pytest.raises(RecordingError, match="it has no labels"):
        opened(tmp_path / "session.xdf")
    (tmp_path / "session.xdf").write_bytes(xdf(markers(1, (1.0, "fist"))))
    with pytest.raises(RecordingError, match="it has no stream of samples, only cues"):
        opened(tmp_path / "session.xdf")


def test_what_is_damaged_is_left_out_and_said(tmp_path, counts, opened):
    content = xdf(markers(2, (100.0, "fist"), (100.5, "rest")), stream(1, counts, 100.0))
    # A later chunk of samples claims to be of another stream; no chunk marks where to go on.
    head = struct.pack("<HI", 3, 1)
    places = [at for at in range(len(content)) if content.startswith(head, at)]
    damaged = content[: places[20] + 2] + struct.pack("<I", 99) + content[places[20] + 6 :]
    (tmp_path / "damaged.xdf").write_bytes(damaged)
    found = opened(tmp_path / "damaged.xdf")
    assert found.length.tolist() == [100, 20 * 40 - 100]
    assert "XDF file corruption (99)" in " ".join(found.problems)
