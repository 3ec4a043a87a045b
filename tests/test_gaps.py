import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.errors import DataError
from crmlib.gaps import grouped_quantile, purchase_days, usual_gaps

few = settings(max_examples=50, deadline=None)


def log(*lines):
    """(customer, day of January 2024, amount) -> a log."""
    frame = pd.DataFrame(lines, columns=["customer", "date", "amount"])
    frame["date"] = (pd.Timestamp("2023-12-31") + pd.to_timedelta(frame["date"], unit="D")).astype("datetime64[us]")
    return frame


# two lines on one day; a refund on a day of its own, one on a day with a purchase; refunds only; a gift of 0
BY_HAND = log(
    ("b", 9, 2.0), ("b", 2, 1.5), ("b", 2, 0.5), ("b", 5, -1.0), ("a", 7, -9.0), ("c", 3, 0.0), ("c", 3, -4.0),
    ("b", 9, -1.0), ("b", 30, 4.0),
)  # fmt: skip
DAY = pd.Timestamp("2023-12-31").toordinal()


@EVERY_ENGINE
@pytest.mark.parametrize("ids", [dict(zip("abc", ids, strict=True)) for ids in ("abc", (3, 7, 9), (3, 7, 9**12))])
def test_days_gaps_and_silence_by_hand(engine, ids):
    found = purchase_days(build(engine, BY_HAND.assign(customer=BY_HAND["customer"].map(ids))))
    assert found.customers == list(ids.values())
    assert (found.seen - DAY).tolist() == [7, 2, 3]
    assert found.count.tolist() == [0, 3, 1]
    assert (found.day - DAY).tolist() == [2, 9, 30, 3]
    assert found.spent.tolist() == [2.0, 2.0, 4.0, 0.0]
    assert found.owner.tolist() == [1, 1, 1, 2]
    assert [part.tolist() for part in found.gaps()] == [[7, 21], [0, 0, 2, 2]]
    assert found.silence(DAY + 31)[1:].tolist() == [1, 28] and np.isnan(found.silence(DAY + 31)[0])
    early = found.until(DAY + 9)
    assert [part.tolist() for part in early.gaps()] == [[7], [0, 0, 1, 1]]
    assert early.silence(DAY + 9)[1:].tolist() == [0, 6]


@pytest.mark.parametrize("kind", ["date32[day]", "timestamp[us]"])
def test_dates_of_either_kind(kind):
    import pyarrow as pa

    native = pa.Table.from_pandas(BY_HAND)
    native = native.set_column(1, "date", native["date"].cast(kind))
    assert purchase_days(native).day.tolist() == purchase_days(BY_HAND).day.tolist()


def test_equal_amounts_in_another_order_are_equal_to_the_last_digit():
    amounts = [0.1, 0.2, 0.3]
    one = purchase_days(log(*(("a", 1, amount) for amount in amounts)))
    other = purchase_days(log(*(("a", 1, amount) for amount in amounts[::-1])))
    assert one.spent.tolist() == other.spent.tolist() == [0.6]


def test_a_log_of_refunds_has_no_gaps():
    with pytest.raises(DataError, match=r"^The log holds no purchase, only refunds; so there are no gaps between"):
        purchase_days(log(("a", 1, -1.0)))


def test_further_customers_change_nothing_for_the_others():
    days = purchase_days(BY_HAND)
    more = days.joined_by(["aa", "b", "z"])
    assert more.customers == ["a", "aa", "b", "c", "z"]
    assert more.count.tolist() == [0, 0, 3, 1, 0]
    assert more.seen[[0, 2, 3]].tolist() == days.seen.tolist()
    assert more.day.tolist() == days.day.tolist()
    assert [part.tolist() for part in more.gaps()] == [[7, 21], [0, 0, 0, 2, 2, 2]]


@few
@given(
    st.lists(st.lists(st.integers(0, 400), max_size=30), min_size=1, max_size=8),
    st.lists(st.sampled_from([0.1, 0.5, 0.9, 0.99, 1.0]), min_size=1, max_size=3),
    st.integers(1, 4),
)
def test_quantiles_are_those_of_numpy(groups, shares, at_least):
    start = np.r_[0, np.cumsum([len(group) for group in groups])]
    found = grouped_quantile(np.array(sum(groups, []), dtype=np.int64), start, shares, at_least=at_least)
    for place, group in enumerate(groups):
        expected = np.quantile(group, shares) if len(group) >= at_least else np.full(len(shares), np.nan)
        assert found[:, place] == pytest.approx(expected, abs=1e-8, nan_ok=True)


def test_usual_gaps_are_own_from_three_gaps_on():
    # a: gaps 10, 20, 30; b: gaps 2, 2
    days = purchase_days(log(*(("a", day, 1.0) for day in (1, 11, 31, 61)), *(("b", day, 1.0) for day in (1, 3, 5))))
    own, pooled = 28.0, 26.0  # 20 + 0.8 * 10; of 2, 2, 10, 20, 30: 20 + 0.6 * 10
    assert usual_gaps(days, [0.9]).tolist() == [[own, pooled]]
    assert usual_gaps(days, [0.9], own_gaps=4).tolist() == [[pooled, pooled]]
    assert usual_gaps(days, [0.9], own_gaps=2).tolist() == [[own, 2.0]]
    assert usual_gaps(days, [0.9, 0.5], population=[50, np.nan]).tolist() == [[own, 50.0], [20.0, 10.0]]
    assert np.isnan(usual_gaps(purchase_days(log(("a", 1, 1.0))), [0.9])).all()
    for wrong in ({"shares": [0.0]}, {"shares": [1.1]}, {"shares": [0.9], "own_gaps": 0}):
        with pytest.raises(DataError, match=r"give at least 1 gap and quantiles above 0 and up to 1"):
            usual_gaps(days, **wrong)
