"""How often customers are contacted: by hand, on every engine."""

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import DataError
from crmlib.contact_pressure import before, by_week, channels, colliding, collisions, over_contacted

few = settings(max_examples=12, deadline=None)

# 2024-01-01 is a Monday
CONTACTS = pd.DataFrame(
    [
        ("a", "2024-01-01", "sales", "phone", "out", 6.0),
        ("a", "2024-01-03", "marketing", "letter", "out", 2.0),
        ("a", "2024-01-07", "sales", "phone", "out", 6.0),
        ("a", "2024-01-08", "sales", "visit", "out", 40.0),
        ("a", "2024-01-08", "service", "web", "in", 0.0),
        ("b", "2024-01-02", "service", "phone", "out", 6.0),
        ("b", "2024-01-31", "service", "letter", "out", 2.0),
        ("b", "2024-01-31", "marketing", "letter", "out", 2.0),
        ("c", "2024-01-02", "service", "phone", "in", 3.0),
    ],
    columns=["customer", "date", "department", "channel", "direction", "cost"],
).astype({"date": "datetime64[us]"})


def plain(native):
    names, made = rows(native)
    return [dict(zip(names, row, strict=True)) for row in made]


@EVERY_ENGINE
def test_weeks_by_hand_on_every_engine(engine):
    found = by_week(build(engine, CONTACTS))
    assert kind(found) == engine and rows(found)[0] == ["customer", "week", "first", "contacts", "departments"]
    made = {(row["customer"], str(row["first"])): (row["contacts"], row["departments"]) for row in plain(found)}
    assert made == {("a", "2024-01-01"): (3, 2), ("a", "2024-01-08"): (1, 1), ("b", "2024-01-02"): (1, 1), ("b", "2024-01-31"): (2, 2)}
    weeks = [row["week"] for row in plain(found) if row["customer"] == "a"]
    assert max(weeks) - min(weeks) == 1
    both = plain(by_week(build(engine, CONTACTS), direction=None))
    assert [row["departments"] for row in both if str(row["first"]) == "2024-01-08"] == [2]


@EVERY_ENGINE
def test_collisions_by_hand_on_every_engine(engine):
    found = collisions(build(engine, CONTACTS))
    assert kind(found) == engine
    assert sorted((row["customer"], str(row["first"])) for row in plain(found)) == [("a", "2024-01-01"), ("b", "2024-01-31")]
    pairs = colliding(build(engine, CONTACTS))
    assert kind(pairs) == engine
    assert rows(pairs)[1] == [("marketing", "sales", 1, 1), ("marketing", "service", 1, 1)]
    assert plain(collisions(build(engine, CONTACTS), least=3)) == []


@EVERY_ENGINE
def test_over_contacted_by_hand_on_every_engine(engine):
    found = over_contacted(build(engine, CONTACTS))
    assert kind(found) == engine
    assert rows(found)[0] == ["customer", "weeks", "contacts", "most_in_a_week", "weeks_over", "over"]
    assert rows(found)[1] == [("a", 2, 4, 3, 1, True), ("b", 2, 3, 2, 0, False)]
    assert [row["over"] for row in plain(over_contacted(build(engine, CONTACTS), most=1))] == [True, True]


@EVERY_ENGINE
def test_the_scorecard_of_channels_by_hand_on_every_engine(engine):
    found = channels(build(engine, CONTACTS), build(engine, pd.DataFrame({"customer": list("abcd")})))
    assert kind(found) == engine
    made = {row["channel"]: row for row in plain(found)}
    assert set(made) == {"letter", "phone", "visit"}
    assert made["letter"] == {"channel": "letter", "contacts": 3, "customers": 2, "reach": 0.5, "cost": 6.0,
                              "cost_per_contact": 2.0, "cost_per_customer": 3.0}  # fmt: skip
    assert (made["phone"]["contacts"], made["phone"]["cost_per_customer"]) == (3, 9.0)


@EVERY_ENGINE
def test_pressure_before_a_day_by_hand_on_every_engine(engine):
    """28 days before 2024-01-31 begin on 2024-01-03; the day itself does not count."""
    listed = build(engine, pd.DataFrame({"customer": list("abcd")}))
    found = before(listed, build(engine, CONTACTS), day="2024-01-31")
    assert kind(found) == engine
    assert rows(found)[1] == [("a", 3), ("b", 0), ("c", 0), ("d", 0)]
    assert rows(before(listed, build(engine, CONTACTS), day="2024-01-31", days=30))[1] == [("a", 4), ("b", 1), ("c", 0), ("d", 0)]


@few
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60), st.sampled_from(["sales", "service", "marketing"])), max_size=40))
def test_contacts_are_conserved(made):
    frame = pd.DataFrame(made, columns=["customer", "date", "department"]).assign(direction="out")
    frame["date"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["date"].astype("int64"), unit="D")
    weeks = by_week(frame)
    assert weeks["contacts"].sum() == len(frame) == over_contacted(frame)["contacts"].sum()
    assert weeks["departments"].between(1, 3).all() and (weeks["departments"] <= weeks["contacts"]).all()
    assert len(collisions(frame, least=1)) == len(weeks)
    pairs = (weeks["departments"] * (weeks["departments"] - 1) // 2).sum()
    assert colliding(frame)["weeks"].sum() == pairs
    calendar = frame["date"].dt.strftime("%G-%V")
    assert len(weeks) == len(frame.assign(week=calendar)[["customer", "week"]].drop_duplicates())


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: by_week(CONTACTS.drop(columns="department")), "The table of contacts has no column 'department'; it has "
         "['customer', 'date', 'channel', 'direction', 'cost']."),
        (lambda: by_week(CONTACTS.assign(date="2024-01-01")), "Column 'date' of the contacts holds no days; make it dates first."),
        (lambda: by_week(CONTACTS, direction="both"), "direction is 'both'; it can be 'out', 'in' or None for both."),
        (lambda: over_contacted(CONTACTS, most="two"), "most is 'two'; it must be a number."),
        (lambda: before(CONTACTS, CONTACTS, day="31/01/2024"), "day '31/01/2024' is not a date; write it as YYYY-MM-DD, e.g. "
         "1998-06-30."),
        (lambda: channels(CONTACTS.assign(cost=np.where(CONTACTS["cost"] > 5, -1, CONTACTS["cost"])), CONTACTS),
         "'cost' is not an amount of 0 or more for 4 of 7 contacts."),
        (lambda: before(pd.DataFrame({"customer": [1]}), CONTACTS, day="2024-01-31"), "The customer ids are integers in the "
         "list of the campaign and text in the table of contacts; make them the same type."),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_says_why(call, said):
    with pytest.raises(DataError) as error:
        call()
    assert str(error.value) == said
