"""The audit turned and tested: the log of the lesson, its small tables by hand, the explorer's callback."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from crmlib import DataError, one_cohort, two_periods
from crmlib.customers import until
from crmlib.explore_audit import (
    agree, audited, both_ways, by_birth, cohort_of, counted_ages, drivers_by_window, known_new,
)  # fmt: skip


def a_log(*lines):
    """(customer, date, amount) a line."""
    found = pd.DataFrame(lines, columns=["customer", "date", "amount"])
    return found.astype({"date": "datetime64[us]", "amount": float})


# the log of the lesson


@pytest.fixture(scope="module")
def lighthouse():
    return audited("lighthouse", currency="€")


def test_the_public_set_is_compared_year_by_year_and_a_cohort_born_inside_is_followed(lighthouse):
    assert lighthouse.said == "" and lighthouse.data == "lighthouse" and lighthouse.as_of == "2025-12-31"
    assert (lighthouse.months, lighthouse.unit, lighthouse.cohort) == (12, "quarter", "2024 Q1")
    assert (lighthouse.by, lighthouse.since, lighthouse.compared_by) == ("profit", "2024-01-01", "quarter")


def test_a_panel_is_halved_and_its_one_cohort_followed():
    panel = audited("cdnow", currency="$")
    assert (panel.months, panel.unit, panel.cohort, panel.by) == (6, "quarter", "1997 Q1", "revenue")
    assert panel.since is None and panel.compared_by == "month"


def test_an_earlier_day_is_kept():
    panel = audited("cdnow_sample", as_of="1998-03-31")
    assert panel.as_of == "1998-03-31" and panel.tx["date"].max() <= pd.Timestamp("1998-03-31")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([("a", "2024-05-01", 5)], "This log cannot carry the lens 'one period': it lacks 20 or more customers."),
        ([("a", "2024-05-01", -5)], "This log holds refunds and no purchase."),
        ([(f"c{n}", f"2024-0{1 + n % 6}-05", 0) for n in range(150)], "In one of its last two periods this log has no revenue above zero"),
        ([(f"c{n}", f"2024-0{1 + n % 6}-05", 5) for n in range(120)], "Fewer than 20 customers of this log bought in both"),
        ([(f"c{n}", "2024-05-01", 5) for n in range(40)], "This log cannot carry the lens 'one period': it lacks a whole year"),
    ],
)  # fmt: skip
def test_a_log_that_cannot_carry_it_says_why_and_another_is_read(lines, said, tmp_path):
    a_log(*lines).to_csv(tmp_path / "log.csv", index=False)
    found = audited(str(tmp_path / "log.csv"), currency="CHF")
    assert found.said.startswith(said) and found.said.endswith("From here on lighthouse is read.")
    assert (found.data, found.currency, found.as_of) == ("lighthouse", "€", "2025-12-31")


def test_a_file_that_is_not_there_is_no_reason_to_read_another():
    with pytest.raises(DataError):
        audited("no-such.csv")


def test_a_cohort_needs_twenty_customers_and_four_ages(cdnow_sample_log):
    few = cdnow_sample_log[cdnow_sample_log["customer"].isin(sorted(cdnow_sample_log["customer"].unique())[:5])]
    with pytest.raises(DataError, match="^No cohort of this log has 20 customers and 4 complete periods.$"):
        cohort_of(few, as_of="1998-06-30", unit="quarter")


# the small tables


def test_a_silent_period_has_an_age(other_log):
    """The wrong count can only fall, the right one is that of the lens."""
    cohort = cohort_of(other_log, as_of="2024-12-30", unit="quarter")
    found = counted_ages(other_log, as_of="2024-12-30", unit="quarter", cohort=cohort)
    ages = one_cohort.by_age(other_log, as_of="2024-12-30", unit="quarter", cohort=cohort)
    assert found["active"].tolist() == ages.loc[ages["complete"], "active"].tolist()
    assert (np.diff(found["wrong_active"]) <= 0).all()
    assert found["wrong_active"].sum() == found["active"].sum()  # the same purchases, put elsewhere
    assert found["wrong_share"][1] > found["share_active"][1]


def test_new_by_how_much_of_the_log_is_known_by_hand():
    """a since January and in both; b back after a pause; c new; as of 30 April the last period is April."""
    days = ["2024-01-05", "2024-03-05", "2024-04-05", "2024-01-20", "2024-04-20", "2024-04-25"]
    log = a_log(*zip("aaabbc", days, [5] * 6, strict=True))
    found = known_new(log, as_of="2024-04-30", months=1).set_index("log_begins")
    assert found.loc["2024-01-05"].tolist() == [1, 1, 0.5]
    assert found.loc["2024-03-01"].tolist() == [2, 0, 1.0]
    assert found.loc["2024-04-01"].tolist() == [3, 0, 1.0]


def test_the_best_of_each_period_by_hand():
    people = pd.DataFrame({"group": ["both"] * 4 + ["new"], "revenue_before": [10.0, 8, 2, 4, 0],
                           "revenue_after": [4.0, 9, 12, 4, 99]})  # fmt: skip
    rows = both_ways(people, share=0.25).set_index("chosen_by")
    assert rows.loc["before", ["before", "after"]].tolist() == [10, 4]
    assert rows.loc["after", ["before", "after"]].tolist() == [2, 12]
    assert rows.loc["both", ["before", "after"]].tolist() == [6, 7.25]


def test_time_turned_round_turns_the_rows_round(other_log):
    people = two_periods.changes(other_log, as_of="2024-12-30", months=6)
    turned = people.rename(columns={"revenue_before": "revenue_after", "revenue_after": "revenue_before"})
    one, other = both_ways(people).set_index("chosen_by"), both_ways(turned).set_index("chosen_by")
    assert one.loc["before", "after"] == other.loc["after", "before"]


def test_births_by_hand():
    """Of January's two one came again after 10 days, one after 200; December's one after 20 days, in the new year."""
    log = a_log(("a", "2023-01-10", 5), ("a", "2023-01-20", 5), ("b", "2023-01-10", 5), ("b", "2023-07-29", 5),
                ("c", "2023-12-20", 5), ("c", "2023-12-20", 5), ("c", "2024-01-09", 5))  # fmt: skip
    found = by_birth(log, as_of="2024-06-30", weeks=12).set_index("born")
    assert found["customers"].tolist() == [2, 1]
    assert found["by_year_end"].tolist() == [1.0, 0.0] and found["in_weeks"].tolist() == [0.5, 1.0]
    assert found["days_watched"].tolist() == [355, 11]
    assert by_birth(log, as_of="2024-01-31", weeks=12) is None  # December's was not watched for 12 weeks


def test_a_purchase_after_exactly_the_weeks_counts():
    log = a_log(("a", "2023-01-02", 5), ("a", "2023-01-16", 5), ("b", "2023-02-01", 5), ("b", "2023-02-16", 5))
    assert by_birth(log, as_of="2023-12-31", weeks=2)["in_weeks"].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("orders", [True, False])
def test_all_tables_agree(other_log, orders):
    log = other_log if orders else other_log.drop(columns="order")
    found = agree(log, as_of="2024-12-30", months=6, unit="quarter")
    assert (found["differ"] == "0.00").all() and len(found) == 6


def test_the_tables_of_a_log_with_products_agree(lighthouse):
    found = agree(lighthouse.tx, as_of=lighthouse.as_of, months=12, unit="quarter")
    assert (found["differ"] == "0.00").all() and found["and"].iloc[-1] == "products"


# the explorer


KNOBS = {"shift": 0, "months": 6, "as_of": "2024-12-30", "currency": "$"}


def test_the_explorer_shows_the_factors_and_says_what_each_brought(other_log):
    view = drivers_by_window(other_log, **KNOBS)
    parts = two_periods.drivers(two_periods.changes(other_log, as_of="2024-12-30", months=6)).set_index("factor")["change"]
    assert view.sentence.startswith("2024-06-30 to 2024-12-30 against ")
    most = parts.drop("revenue").abs().idxmax().replace("_", " ")
    (ax,) = view.figure.axes
    assert ax.get_title(loc="left") == f"6 months, 0 back: {most} moved revenue most"
    assert f"orders each {'+' if parts['orders_each'] > 0 else ''}${parts['orders_each']:,.0f}".replace("$-", "-$") in view.sentence
    assert len(ax.patches) == 5 and view.png().startswith(b"\x89PNG")


def test_shifted_it_reads_no_later_line(other_log):
    view = drivers_by_window(other_log, **KNOBS | {"shift": 6})
    earlier = until(other_log, "2024-06-29")
    assert view.sentence == drivers_by_window(earlier, **KNOBS | {"as_of": "2024-06-29"}).sentence


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ({"shift": 24}, "the log begins on 2023-01-04, so it does not cover both periods."),
        ({"months": 24}, "so it does not cover both periods."),
    ],
)
def test_a_position_that_the_log_does_not_cover_says_so(other_log, knobs, said):
    view = drivers_by_window(other_log, **KNOBS | knobs)
    assert view.sentence.endswith(said) and not view.figure.axes[0].patches


def test_a_period_without_a_purchase_says_so():
    log = a_log(("a", "2024-01-05", 5), ("a", "2024-06-20", 5))
    said = drivers_by_window(log, shift=0, months=1, as_of="2024-06-30").sentence
    assert said.endswith("Nobody bought from 2024-05-01 to 2024-05-31; choose another as_of or other months.")


@pytest.mark.parametrize("shift", [0, 1, 7, 23])
@pytest.mark.parametrize("months", [1, 5, 12])
def test_every_position_of_the_knobs_has_a_view(cdnow_sample_log, shift, months):
    view = drivers_by_window(cdnow_sample_log, shift=shift, months=months, as_of="1998-06-30")
    assert "nan" not in view.sentence and "inf" not in view.sentence


def test_moves_of_a_slider_that_overlap_share_nothing(other_log):
    from matplotlib import pyplot

    open_before = pyplot.get_fignums()

    def picture(months):
        return drivers_by_window(other_log, **KNOBS | {"months": months}).png()

    alone = [picture(months) for months in (1, 3, 6)]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(picture, (1, 3, 6))) == alone
    assert pyplot.get_fignums() == open_before
