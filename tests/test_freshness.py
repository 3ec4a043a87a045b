"""How old records are, by hand and by law."""

import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import DataError, freshness

FOUR = pd.DataFrame(
    {"record": ["R1", "R2", "R3", "R4"], "source": ["web", "web", "till", "till"],
     "updated": pd.to_datetime(["2024-12-31", "2024-01-01", "2023-12-31", "2025-02-01"]).astype("datetime64[us]")}
)  # fmt: skip
AS_OF = "2024-12-31"


def test_ages_by_hand():
    found = freshness.aged(FOUR, as_of=AS_OF)
    assert found["age_days"].tolist() == [0, 365, 366, 0]  # an update after as_of is as fresh as can be
    assert found["stale"].tolist() == [False, False, True, False]  # 365 days are still a year
    assert found["valid"].tolist() == pytest.approx([1, 0.5 ** (365 / 1095), 0.5 ** (366 / 1095), 1])


def test_summary_by_source():
    found = freshness.summary(FOUR, as_of=AS_OF, by="source").set_index("source")
    assert found.loc["till", ["records", "mean_age", "stale", "stale_share"]].tolist() == [2, 183, 1, 0.5]
    assert found.loc["web", ["records", "mean_age", "stale", "stale_share"]].tolist() == [2, 182.5, 0, 0]


def test_the_curve_falls_to_nothing():
    assert freshness.curve(FOUR, as_of=AS_OF, days=(0, 364, 365, 366))["older"].tolist() == [0.5, 0.5, 0.25, 0.0]


@EVERY_ENGINE
def test_every_engine(engine):
    native = build(engine, FOUR)
    for function, options in ((freshness.aged, {}), (freshness.summary, {}), (freshness.summary, {"by": "source"})):
        found = function(native, as_of=AS_OF, **options)
        assert kind(found) == kind(native) and rows(found) == rows(function(FOUR, as_of=AS_OF, **options))
    assert freshness.curve(native, as_of=AS_OF)["older"].tolist() == freshness.curve(FOUR, as_of=AS_OF)["older"].tolist()


@settings(max_examples=20)
@given(st.lists(st.integers(0, 2000), min_size=1, max_size=20), st.integers(0, 1500))
def test_a_later_limit_makes_nothing_stale_and_the_curve_agrees(ages, limit):
    records = pd.DataFrame({"updated": pd.Timestamp(AS_OF) - pd.to_timedelta(ages, unit="D")})
    strict, loose = (freshness.summary(records, as_of=AS_OF, limit=one)["stale"].iloc[0] for one in (limit, limit + 30))
    assert loose <= strict == sum(age > limit for age in ages)
    assert freshness.curve(records, as_of=AS_OF, days=[limit])["older"].iloc[0] == pytest.approx(strict / len(ages))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: freshness.summary(FOUR[:0], as_of=AS_OF), "The table of records is empty."),
        (lambda: freshness.aged(FOUR.assign(updated=FOUR["updated"].where(FOUR["source"] == "web")), as_of=AS_OF),
         "'updated' is missing in 2 of 4 records; fill it or leave them out first."),
        (lambda: freshness.aged(FOUR.assign(updated="2024-01-01"), as_of=AS_OF),
         "Column 'updated' of the table of records holds no days; make it dates first."),
        (lambda: freshness.aged(FOUR, as_of=AS_OF, half_life=0), "half_life is 0; it must be above 0."),
    ],
)  # fmt: skip
def test_what_is_refused(call, said):
    with pytest.raises(DataError) as raised:
        call()
    assert str(raised.value) == said
