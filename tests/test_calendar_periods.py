import datetime as dt

import narwhals as nw
import pandas as pd
import polars as pl
import pytest
from engines import EVERY_ENGINE, build
from hypothesis import given
from hypothesis import strategies as st

from crmlib.calendar_periods import check_unit, complete, period_label, period_number, period_of, period_start
from crmlib.errors import DataError
from crmlib.frames import collect, table

UNITS = st.sampled_from(["month", "quarter", "year"])
DAYS = st.dates(dt.date(1, 1, 1), dt.date(9998, 12, 31))


@given(DAYS, UNITS)
def test_a_day_lies_in_its_period_and_in_no_other(day, unit):
    number = period_of(day, unit)
    assert period_start(number, unit) <= day < period_start(number + 1, unit)


@given(DAYS, DAYS, UNITS)
def test_labels_sort_as_periods_do(one, other, unit):
    numbers = period_of(one, unit), period_of(other, unit)
    labels = [period_label(number, unit) for number in numbers]
    assert (numbers[0] < numbers[1]) == (labels[0] < labels[1])
    assert (numbers[0] == numbers[1]) == (labels[0] == labels[1])


@given(DAYS, UNITS)
def test_a_period_is_complete_from_its_first_day_to_its_last(day, unit):
    number = period_of(day, unit)
    start, last = period_start(number, unit), period_start(number + 1, unit) - dt.timedelta(days=1)
    assert complete(number, unit, first=start, as_of=last)
    assert not complete(number, unit, as_of=last - dt.timedelta(days=1))
    assert not complete(number, unit, first=start + dt.timedelta(days=1), as_of=last)


@EVERY_ENGINE
@pytest.mark.parametrize("unit", ["month", "quarter", "year"])
def test_every_engine_numbers_days_as_python_does(engine, unit):
    days = [dt.date(1996, 12, 31), dt.date(1997, 1, 1), dt.date(1997, 3, 31), dt.date(2024, 2, 29)]
    native = build(engine, pd.DataFrame({"date": pd.to_datetime(days).astype("datetime64[us]")}))
    frame = table(pl.from_arrow(native) if engine == "pyarrow" else native, eager=False)
    found = collect(frame, period_number(nw.col("date"), unit))["date"].to_list()
    assert found == [period_of(day, unit) for day in days]


def test_an_unknown_unit_is_refused():
    with pytest.raises(DataError, match=r"^unit 'week' is not known; choose 'month', 'quarter' or 'year'\.$"):
        check_unit("week")
