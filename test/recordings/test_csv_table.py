"""Reading the columns of a text file; bad cells are refused with line and column."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.csv_description import CsvColumns, CsvDescription
from emg_recognition.recordings.csv_table import read_table


def described(samples=("a", "b"), **values):
    columns = {name: values.pop(name) for name in ("time", "label", "repetition") if name in values}
    pattern = r".*" if "label" in columns else r"(?P<label>.*)"
    return CsvDescription(
        files=pattern, columns=CsvColumns(samples=samples, **columns), **{"rate": 100.0, **values}
    )


@pytest.fixture
def read(tmp_path):
    def table(text, description):
        path = tmp_path / "file.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_table(path, description)

    return table


def texts(table, role):
    return [table.texts[role].at(row) for row in range(len(table.samples))]


def test_columns_by_name_in_the_order_of_the_description(read):
    table = read("t,b,x,a\n0,1,?,2\n10,3.5,,-4e-3\n", described(time="t", time_unit="ms"))
    np.testing.assert_array_equal(table.samples, np.float32([[2, 1], [-0.004, 3.5]]))
    assert table.time.tolist() == [0, 0.01]
    assert table.lines.tolist() == [2, 3]
    assert table.texts == {}


def test_columns_by_number_without_a_header(read):
    table = read("7;1;2\n8;3;4\n", described((3, 2), label=1, header=False, delimiter=";"))
    assert table.samples.tolist() == [[2, 1], [4, 3]]
    assert texts(table, "label") == ["7", "8"]
    assert table.lines.tolist() == [1, 2]


def test_spaces_quotes_byte_order_marks_and_empty_lines_are_accepted(read):
    text = b'\xef\xbb\xbfa , b,l\r\n1, 2, fist \r\n\r\n3,4,"a, b"\r\n5,6,NA\r\n\r\n'
    table = read(text, described(label="l"))
    assert table.samples.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert texts(table, "label") == ["fist", "a, b", "NA"]
    assert table.lines.tolist() == [2, 4, 5]


def test_names_that_look_like_exponents_are_names(read):
    rows = "".join(f"{row}.25,{row}.5\n" for row in range(20))
    table = read("e1,e2\n" + rows, described(("e2", "e1")))
    assert table.samples.shape == (20, 2)
    assert table.samples[0].tolist() == [0.5, 0.25]


def test_labels_are_kept_as_written(read):
    table = read("a,b,l,r\n1,2,01,1.0\n1,2,,2\n", described(label="l", repetition="r"))
    assert texts(table, "label") == ["01", ""]
    assert texts(table, "repetition") == ["1.0", "2"]


def test_a_file_with_only_a_header_has_no_rows(read):
    assert read("a,b\n", described()).samples.shape == (0, 2)


@pytest.mark.parametrize(
    ("text", "description", "said"),
    [
        ("a,b\n1,2\n1,x\n", {}, "line 3, column b is 'x'; write a finite number"),
        ("t,a,b\n0,1,2\n,1,2\n", {"time": "t"}, "line 3, column t is empty"),
        ("t,a,b\n0,1,2\nNaN,1,2\n", {"time": "t"}, "line 3, column t is 'NaN'"),
        ("a,b\n1,2\n1,inf\n", {}, "line 3, column b is 'inf'"),
        ("a,b\n1,2\n1,5,2\n", {}, "it cannot be read (line 3 has 3 cells, there are 2 columns)"),
        ("a,b\n1,5,2,0\n", {}, "it has no column 'a', only no header"),
        (
            "a;b\n1,5;2\n",
            {"delimiter": ";", "decimal": "."},
            "line 2, column a is '1,5'; write a finite number with the decimal sign '.'",
        ),
        ("a,c\n1,2\n", {}, "it has no column 'b', only a, c; correct the description or its delimiter"),
        ("a,b,b\n1,2,3\n", {}, "it has 2 columns 'b'"),
        ("1,2\n", {"header": False}, "it has no column 'a', only no header"),
        ("a;b\n1;2\n", {"delimiter": ","}, "it has no column 'a', only a;b"),
        ("a,b\n1,2\n", {"samples": (2, 3)}, "it has 2 columns, no column 3; the first column is 1"),
        ("", {}, "it holds no rows"),
        (b"a,b,l\n1,2,\xfc\n", {"encoding": "utf-8", "label": "l"}, "it cannot be read ('utf-8' codec"),
        ("a,b\n1,5,2\n", {}, "its lines have 3 cells, the line of names has 2"),
        ("a,b\n1,2\n1,1e39\n", {}, "line 3, column b is too large"),
    ],
)
def test_unusable_files_are_refused(read, tmp_path, text, description, said):
    with pytest.raises(RecordingError) as caught:
        read(text, described(**description))
    assert said in str(caught.value)
    assert str(tmp_path / "file.csv") in str(caught.value)
    assert "\n" not in str(caught.value)
