import math

import pandas as pd
import polars as pl
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_customers import columns_of_customers

from crmlib import customer_table
from crmlib.activity import CHINESE, RULES, STATUSES, WINDOWS, activity, counts, sensitivity
from crmlib.errors import DataError, DataNotice

few = settings(max_examples=25, deadline=None)
AS_OF = pd.Timestamp("2024-12-31")


def log(customers, amount=10.0):
    """{customer: [days before AS_OF ...]} -> a log."""
    lines = [(customer, ago, amount) for customer, days in customers.items() for ago in days]
    frame = pd.DataFrame(lines, columns=["customer", "date", "amount"])
    frame["date"] = (AS_OF - pd.to_timedelta(frame["date"], unit="D")).astype("datetime64[us]")
    return frame


# own gaps of a: 10, 20, 30, 40, so 37 and 39.7 days; the others have the quantiles of all gaps, 20 of them are 10
MANY = {f"m{i:02d}": [0, 10] for i in range(20)}
BY_HAND = pd.concat(
    [log(MANY | {"a": [38, 78, 108, 128, 138], "b": [179], "c": [180], "d": [364], "e": [365]}), log({"r": [9]}, -5.0)]
)
CONTACTS = log({"c": [3, 300], "d": [-1, 364], "e": [179], "r": [1], "stranger": [1]})[["customer", "date"]]
NARROW = {"comes_back": (0.5, 0.1), "within": 10, "at_risk": 1}


def found_for(found, customers):
    names, values = rows(found)
    by_customer = {row[0]: dict(zip(names, row, strict=True)) for row in values}
    return [by_customer[customer] for customer in customers]


@EVERY_ENGINE
@pytest.mark.filterwarnings("ignore::crmlib.errors.DataNotice")
def test_three_rules_side_by_side(engine):
    native = build(engine, pd.concat([BY_HAND, log({"later": [-3]})]))
    found = activity(native, as_of="2024-12-31", **NARROW)
    assert kind(found) == engine
    assert rows(found)[0] == ["customer", "days_since_last", "usual_gap", *RULES]
    # by survival: 24 completed gaps (10: 21 of them, 20, 30, 40); see the test below for what they say
    a, b, c, d, e, r, m = found_for(found, ["a", "b", "c", "d", "e", "r", "m00"])
    assert [one["days_since_last"] for one in (a, b, c, d, e, r, m)] == [38, 179, 180, 364, 365, None, 0]
    assert [one["by_window"] for one in (a, b, c, d, e, r, m)] == [
        "active", "active", "inactive", "inactive", "silent", "no purchase", "active",
    ]  # fmt: skip
    assert [one["usual_gap"] for one in (a, r)] == [37, None]
    assert [one["by_own_gaps"] for one in (a, b, c, d, e, r, m)] == [
        "inactive", *["silent"] * 4, "no purchase", "active",
    ]  # fmt: skip
    assert [one["by_survival"] for one in (a, b, c, d, e, r, m)] == [
        "inactive", *["silent"] * 4, "no purchase", "active",
    ]  # fmt: skip
    assert len(rows(found)[1]) == 26
    compared = counts(found)
    assert kind(compared) == engine
    assert rows(compared, sort=False) == (
        ["status", *RULES],
        [("active", 22, 20, 20), ("inactive", 2, 1, 1), ("silent", 1, 4, 4), ("no purchase", 1, 1, 1)],
    )


def test_the_limits_by_survival_are_those_of_the_curve():
    """24 completed gaps and the open ones, by hand: who is silent for d days, and buys in the 10 days after."""
    found = activity(BY_HAND, as_of=AS_OF, **NARROW)
    assert dict(found["by_survival"].value_counts()) == {"active": 20, "silent": 4, "inactive": 1, "no purchase": 1}
    # after 30 days 6 gaps are open, 1 of them ends by day 40: 1/6; after 40 days 5 are, and none ends
    after = {ago: log({"z": [ago]}) for ago in (20, 29, 30, 39, 40)}
    for ago, status in ((20, "inactive"), (29, "inactive"), (39, "inactive"), (40, "silent")):
        one = activity(pd.concat([BY_HAND, after[ago]]), as_of=AS_OF, **NARROW)
        assert found_for(one, ["z"])[0]["by_survival"] == status


@EVERY_ENGINE
@pytest.mark.filterwarnings("ignore::crmlib.errors.DataNotice")
def test_a_contact_breaks_the_silence_of_the_window_only(engine):
    native, contacts = build(engine, BY_HAND), build(engine, CONTACTS)
    found = activity(native, as_of=AS_OF, contacts=contacts, **NARROW)
    assert kind(found) == engine
    assert rows(found)[0] == ["customer", "days_since_last", "days_since_contact", "usual_gap", *RULES]
    told = found_for(found, ["a", "b", "c", "d", "e", "r"])
    assert [one["days_since_contact"] for one in told] == [None, None, 3, 364, 179, 1]
    assert [one["by_window"] for one in told] == ["active", "active", "active", "inactive", "active", "no purchase"]
    without = activity(native, as_of=AS_OF, **NARROW)
    for name in ("by_own_gaps", "by_survival", "days_since_last"):
        assert [one[name] for one in told] == [one[name] for one in found_for(without, ["a", "b", "c", "d", "e", "r"])]


def test_silent_without_a_contact_is_what_the_texts_call_churned():
    """No purchase and no interaction within the window: both are needed."""
    native, contacts = log({"x": [400], "y": [400], "z": [10, 400]}), log({"x": [20], "y": [500]})[["customer", "date"]]
    found = activity(native, as_of=AS_OF, contacts=contacts)
    assert found["by_window"].tolist() == ["active", "silent", "active"]


def test_integer_ids_of_another_width_are_found_among_the_contacts():
    contacts = pd.DataFrame({"customer": pd.array([8, 7], "int32"), "date": [AS_OF, AS_OF]})
    found = activity(log({7: [400], 9: [400]}), as_of=AS_OF, contacts=contacts)
    assert found["days_since_contact"].tolist()[0] == 0 and math.isnan(found["days_since_contact"].tolist()[1])


def test_what_the_log_cannot_say_is_unknown():
    once = activity(log({"a": [10], "b": [400]}), as_of=AS_OF)
    assert once["by_window"].tolist() == ["active", "silent"]
    assert once["by_own_gaps"].tolist() == once["by_survival"].tolist() == ["unknown"] * 2
    assert counts(once)["status"].tolist() == [*STATUSES, "unknown"]
    assert counts(once)["by_own_gaps"].tolist() == [0, 0, 0, 2]
    short = activity(log(MANY), as_of=AS_OF)  # 10 days of log say nothing on the 180 days after a silence
    assert set(short["by_survival"]) == {"unknown"} and set(short["by_own_gaps"]) == {"active"}


def test_rules_are_parameters():
    def status(rule, **options):
        return found_for(activity(BY_HAND, as_of=AS_OF, **(NARROW | options)), ["a"])[0][rule]

    assert status("by_window", window=(38, 39)) == "inactive"
    assert status("by_window", window=(38, 38)) == "silent"
    assert status("by_own_gaps", quantiles=(0.94, 0.99)) == "active"  # 30 + 0.82 * 10 = 38.2
    assert status("by_own_gaps", quantiles=(0.5, 0.8)) == "silent"
    assert status("by_own_gaps", own_gaps=5, population=(38, 99)) == "active"
    assert status("by_survival", comes_back=(0.6, 0.2)) == "silent"
    assert status("by_survival", at_risk=9) == "unknown"  # 8 gaps reach 20 days: too few to judge from 10 on


def test_cdnow_is_judged_in_three_ways(cdnow_log, cdnow):
    found = activity(cdnow_log, as_of="1998-06-30")
    assert found["customer"].tolist() == cdnow["customer"].tolist()
    compared = counts(found)
    assert compared["status"].tolist() == [*STATUSES]
    assert compared[list(RULES)].sum().tolist() == [23570] * 3
    window = sensitivity(cdnow, windows=[180, 365])
    assert window["active"].tolist() == [compared["by_window"][0], 23570 - compared["by_window"][2]]


# ---- sensitivity to the window


@EVERY_ENGINE
def test_sensitivity_by_hand(engine):
    native = build(engine, pd.DataFrame({"customer": list("abcde"), "days_since_last": [5.0, 30.0, 59.0, 400.0, None]}))
    found = sensitivity(native, windows=[365, 30, 31, 1])
    assert kind(found) == engine
    assert rows(found, sort=False) == (
        ["window_days", "active", "inactive", "share_active"],
        [(1, 0, 4, 0), (30, 1, 3, 0.25), (31, 2, 2, 0.5), (365, 3, 1, 0.75)],
    )
    assert [row[0] for row in rows(sensitivity(native), sort=False)[1]] == [*WINDOWS]


def test_sensitivity_to_contacts_too():
    found = activity(BY_HAND, as_of=AS_OF, contacts=CONTACTS)
    assert sensitivity(found, windows=[4], by="days_since_contact")["active"].tolist() == [2]


@few
@given(columns_of_customers(), st.sets(st.integers(1, 600), min_size=1))
def test_a_longer_window_never_has_fewer_active_customers(columns, windows):
    found = sensitivity(pd.DataFrame(columns), windows=windows)
    assert found["window_days"].tolist() == sorted(windows)
    assert found["active"].is_monotonic_increasing and found["share_active"].between(0, 1).all()
    buyers = sum(orders > 0 for orders in columns["orders"])
    assert set(found["active"] + found["inactive"]) == {buyers}
    for window, active in zip(found["window_days"], found["active"], strict=True):
        assert active == sum(days is not None and days < window for days in columns["days_since_last"])


# ---- laws

histories = st.dictionaries(
    st.sampled_from([f"c{i}" for i in range(8)]), st.sets(st.integers(0, 500), min_size=1, max_size=9), min_size=1
)


@few
@given(histories, st.randoms(use_true_random=False))
def test_order_of_lines_and_money_play_no_part_and_everybody_has_one_status_a_rule(lines, random):
    native = log(lines)
    order = list(range(len(native)))
    random.shuffle(order)
    options = {"as_of": AS_OF, "within": 30, "at_risk": 1}
    found, other = activity(native, **options), activity(native.iloc[order].assign(amount=77.0), **options)
    assert found.equals(other)
    assert found["customer"].tolist() == sorted(lines)
    customers = customer_table(native, as_of=AS_OF)
    assert found["days_since_last"].equals(customers["days_since_last"])
    for name in RULES:
        assert set(found[name]) <= {*STATUSES, "unknown"}
        # by one yardstick for all, more silence never makes more active
        if name != "by_own_gaps":
            ranks = found.sort_values("days_since_last")[name].map([*STATUSES, "unknown"].index)
            assert ranks.is_monotonic_increasing
    assert counts(found)[list(RULES)].sum().tolist() == [len(lines)] * 3


# ---- refusals


def test_refusals_say_what_to_type():
    native = log({"a": [5, 30]})
    for options, said in (
        ({"population": 60}, "population is 60; give two numbers of days, e.g. population=(60, 180)."),
        ({"window": 180}, "window is 180; give two numbers above 0, the smaller first."),
        ({"quantiles": 0.9}, "quantiles is 0.9; give two numbers above 0, the smaller first."),
        ({"comes_back": 0.1}, "comes_back is 0.1; give two shares between 0 and 1, the larger first."),
        ({"window": (365, 180)}, "window is (365, 180); give two numbers above 0, the smaller first."),
        ({"quantiles": (0.9, 1.5)}, "quantiles is (0.9, 1.5); give two numbers above 0, the smaller first."),
        ({"comes_back": (0.1, 0.25)}, "comes_back is (0.1, 0.25); give two shares between 0 and 1, the larger first."),
        ({"as_of": "2024-01-01"}, "as_of 2024-01-01 is before the first purchase (2024-12-01); choose that day or a "
         "later one."),
        ({"contacts": native[["customer"]]}, "The table of contacts has no column 'date'; it has ['customer']."),
        ({"contacts": native.assign(date=1)}, "Column 'date' of the contacts holds no days; make it dates first."),
        ({"contacts": native.assign(date=native["date"].dt.tz_localize("America/New_York"))},
         "Column 'date' of the contacts has the time zone America/New_York; make it dates first."),
        ({"contacts": native.assign(date=pd.NaT)}, "Column 'date' of the contacts has gaps; fill it or leave those "
         "lines out first."),
        ({"contacts": native.assign(customer=7)}, "The customer ids are text in the table of transactions and integers "
         "in the table of contacts; make them the same type."),
        ({"contacts": pl.from_pandas(native)}, "the table of transactions is a pandas table and the table of contacts "
         "a polars one; pass two of one kind."),
    ):  # fmt: skip
        with pytest.raises(DataError) as refused:
            activity(native, **({"as_of": AS_OF} | options))
        assert str(refused.value) == said
    for windows in ([], [0], [30.5], ["30"]):
        with pytest.raises(DataError, match=r"^windows must be whole numbers of days above 0, e\.g\. windows=\[30, 90"):
            sensitivity(pd.DataFrame({"days_since_last": [1.0]}), windows=windows)
    with pytest.raises(DataError, match=r"^The status 'gone' in 'by_window' is not among \['active', 'inactive', "):
        counts(pd.DataFrame(dict.fromkeys(RULES, ["gone"])))


def test_lines_after_as_of_are_counted_where_the_caller_stands():
    with pytest.warns(DataNotice, match=r"^1 line after as_of 2024-12-31 left out\.$") as notices:
        activity(log({"a": [5, 30, -1]}), as_of=AS_OF)
    assert [one.filename for one in notices if one.category is DataNotice] == [__file__]


def test_every_status_has_a_chinese_name():
    assert [*CHINESE] == [*STATUSES] and CHINESE["silent"] == "流失客户"
