import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.page.fitts import along_axis, index_of_difficulty, path_efficiency, throughput

# The worked example in the documentation of MacKenzie and Soukoreff's Throughput (GoFitts): one-dimensional,
# serial, distance 312, width 130; where each movement ended, and how long it took (ms).
SELECTED = [
    218,
    529,
    195,
    533,
    209,
    607,
    231,
    540,
    231,
    560,
    207,
    524,
    239,
    515,
    180,
    501,
    215,
    571,
    215,
    521,
]
TIMES = [262, 268, 248, 233, 251, 252, 283, 214, 301, 266, 258, 258, 248, 242, 241, 252, 243, 255, 252, 210]


def test_the_published_example_of_the_authors():
    centres = (227.0, 540.0)
    moved, deviation = [], []
    for number, x in enumerate(SELECTED):
        start, target = (centres[1 - number % 2], 592.0), (centres[number % 2], 592.0)
        along, off = along_axis(start, target, (float(x), 592.0))
        # A serial movement starts where the one before ended.
        moved.append(along + (deviation[-1] if deviation else 0.0))
        deviation.append(off)
    found = throughput(moved, deviation, [time / 1000 for time in TIMES])
    assert index_of_difficulty(312, 130) == pytest.approx(1.765535, abs=1e-6)
    assert statistics.fmean(deviation) == pytest.approx(6.55)
    assert found.movements == 20
    assert found.effective_distance == pytest.approx(327.05)
    assert found.effective_width == pytest.approx(105.692130, abs=1e-5)
    assert found.effective_difficulty == pytest.approx(2.033640, abs=1e-6)
    assert found.movement_time == pytest.approx(0.25185)
    assert found.throughput == pytest.approx(8.074805, abs=1e-5)


def test_a_miss_beside_the_line_does_not_count_along_it():
    assert along_axis((0, 0), (3, 4), (3, 4)) == pytest.approx((5, 0))
    assert along_axis((0, 0), (3, 4), (3 - 4, 4 + 3)) == pytest.approx((5, 0))  # five to the side
    assert along_axis((1, 1), (1, 3), (9, 2)) == pytest.approx((1, -1))


@pytest.mark.parametrize(
    ("moved", "deviation", "time"),
    [
        ([], [], []),
        ([1.0], [0.1], [1.0]),
        ([1.0, 1.0], [0.1, 0.1], [1.0, 1.0]),  # no spread: infinitely narrow
        ([1.0, 1.1], [0.0, 0.1], [0.0, 0.0]),
        ([-1.0, -1.1], [-2.0, -2.1], [1.0, 1.0]),
    ],
)
def test_no_throughput_where_it_is_not_defined(moved, deviation, time):
    assert throughput(moved, deviation, time) is None


lengths = st.floats(0.01, 100)


@given(st.lists(st.tuples(lengths, lengths), min_size=2, max_size=20), lengths)
def test_the_unit_of_length_does_not_matter(movements, scale):
    moved, seconds = zip(*movements, strict=True)
    found = throughput(moved, [one - 50 for one in moved], seconds)
    scaled = throughput([scale * one for one in moved], [scale * (one - 50) for one in moved], seconds)
    if found is not None and found.effective_width > 1e-6:
        assert scaled.throughput == pytest.approx(found.throughput, rel=1e-6)
        assert found.throughput * found.movement_time == pytest.approx(found.effective_difficulty)


places = st.tuples(st.floats(-1, 1), st.floats(-1, 1))


@given(st.lists(places, min_size=1, max_size=20))
def test_no_path_is_better_than_the_shortest(corners):
    path = [corners[0]]
    for x, y in corners[1:]:
        path += [(x, path[-1][1]), (x, y)]  # along one axis at a time
    found = path_efficiency(path)
    assert found is None or 0 <= found <= 1


def test_efficiency_of_known_paths():
    assert path_efficiency([(0, 0), (1, 0), (1, 1)]) == 1.0
    assert path_efficiency([(0, 0), (2, 0), (1, 0)]) == pytest.approx(1 / 3)
    assert path_efficiency([(0, 0), (0, 0)]) is None
    assert math.isclose(path_efficiency([(0, 0), (0, 1), (0, 0.5), (0, 1)]), 0.5)
