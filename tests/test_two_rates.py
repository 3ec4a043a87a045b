"""Two shares compared, against published intervals and the sample sizes that R prints."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib import DataError
from crmlib.two_rates import newcombe, power, sample_size, shrink

# Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10
NEWCOMBE = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0),
    (10, 10, 0, 10, 0.6075, 1.0),
]


@pytest.mark.parametrize(("x", "n", "y", "m", "low", "high"), NEWCOMBE)
def test_the_intervals_are_those_of_newcombe(x, n, y, m, low, high):
    assert [float(end) for end in newcombe(x, n, y, m)] == pytest.approx([low, high], abs=6e-5)


def test_an_empty_group_has_no_interval():
    assert np.isnan(newcombe(0, 0, 3, 10)).all()


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_the_interval_holds_the_difference_and_turns_with_the_groups(n, m, data):
    x, y = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    low, high = newcombe(x, n, y, m)
    assert -1 - 1e-12 <= low <= x / n - y / m <= high <= 1 + 1e-12
    assert [float(-end) for end in newcombe(y, m, x, n)[::-1]] == pytest.approx([float(low), float(high)], abs=1e-12)
    wider = newcombe(x, n, y, m, level=0.99)
    assert wider[0] <= low and high <= wider[1]


def test_the_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(5)
    x, y = rng.binomial(400, 0.16, 4000), rng.binomial(400, 0.10, 4000)
    low, high = newcombe(x, 400, y, 400)
    assert ((low <= 0.06) & (0.06 <= high)).mean() == pytest.approx(0.95, abs=0.012)


def test_sizes_are_those_of_r():
    """R: power.prop.test(p1=.50, p2=.75, power=.90) has n = 76.7 a group, power.prop.test(n=50, p1=.50, p2=.75) 0.740;
    power.prop.test(p1=.05, p2=.06, power=.8) has n = 8158 a group."""
    assert sample_size(0.50, 0.25, power=0.90) == 154  # 2 * 76.65 upwards
    assert power(100, 0.50, 0.25) == pytest.approx(0.740, abs=5e-4)
    assert sample_size(0.05, 0.01) == pytest.approx(2 * 8158, abs=2)


def test_a_size_is_the_smallest_that_reaches_the_power():
    for rate, uplift, contacted in ((0.1, 0.05, 0.5), (0.3, -0.04, 0.8), (0.02, 0.004, 0.25)):
        needed = sample_size(rate, uplift, contacted=contacted)
        assert power(needed, rate, uplift, contacted=contacted) >= 0.80 > power(needed - 2, rate, uplift, contacted=contacted)


def test_the_power_is_how_often_a_test_finds_it():
    rng = np.random.default_rng(3)
    n, m = 600, 200  # 75 % contacted
    x, y = rng.binomial(n, 0.19, 20_000), rng.binomial(m, 0.11, 20_000)
    mean = (x + y) / (n + m)
    z = (x / n - y / m) / np.sqrt(mean * (1 - mean) * (1 / n + 1 / m))
    assert power(n + m, 0.11, 0.08, contacted=0.75) == pytest.approx((np.abs(z) > 1.959964).mean(), abs=0.03)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"uplift": 0}, "uplift is 0; no test is large enough to notice nothing."),
        ({"rate": 0.05, "uplift": -0.06}, "rate 0.05 and uplift -0.06 make a rate of -0.01, which is no share."),
        ({"rate": 5}, "rate is 5; it is a share of 0 to 1, e.g. 0.80 for 80 %."),
        ({"power": 1.0}, "power is 1.0; it is a share above 0 and below 1, e.g. 0.80 for 80 %."),
        ({"contacted": 0}, "contacted is 0; it is a share above 0 and below 1, e.g. 0.80 for 80 %."),
        ({"uplift": "much"}, "uplift is 'much'; it must be a number."),
    ],
)
def test_what_cannot_be_planned_says_why(wrong, said):
    with pytest.raises(DataError) as error:
        sample_size(**{"rate": 0.1, "uplift": 0.02} | wrong)
    assert str(error.value) == said


def test_shrinking_by_hand():
    """Two estimates 0.1 and 0.3 with variance 0.0004: Q = 2 * 0.01 / 0.0004 = 50; spread (50 - 1) / (5000 - 2500) = 0.0196;
    each keeps 0.0196 / 0.02 = 98 % of its distance to 0.2."""
    assert shrink([0.1, 0.3], [0.0004, 0.0004]) == pytest.approx([0.102, 0.298])
    assert shrink([0.1, 0.3, np.nan], [0.04, 0.04, 0.1]) == pytest.approx([0.2, 0.2, np.nan], nan_ok=True)
    assert shrink([0.25], [0.01]) == pytest.approx([0.25])
    assert np.isnan(shrink([np.nan], [np.nan])).all()


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0.001, 0.5)), min_size=1, max_size=12))
def test_shrinking_moves_towards_the_others_and_keeps_the_order_of_equals(pairs):
    value, variance = map(np.array, zip(*pairs, strict=True))
    drawn = shrink(value, variance)
    assert (value.min() - 1e-9 <= drawn).all() and (drawn <= value.max() + 1e-9).all()
    even = shrink(value, np.full(len(value), 0.01))
    assert (np.diff(even[np.argsort(value, kind="stable")]) >= -1e-12).all()
