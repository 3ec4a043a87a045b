"""The door for tables that stay with their engine: standard names and types, what is missing or wrong, what is said."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest
from engines import CONNECTION, EVERY_ENGINE, build, kind, rows

from crmlib import DataError, admit, transactions

LAZY = pytest.mark.parametrize("engine", ["polars lazy", "duckdb", "ibis", pytest.param("spark", marks=pytest.mark.spark)])
DAYS = [f"2024-{day} 00:00" for day in ("01-05", "02-01", "02-01", "02-03")]
NAMES = {"customer": "who", "date": "day", "amount": "paid"}


def raw(**changed):
    columns = {
        "who": ["a ", "b", "a", "c", "b"],
        "day": pd.to_datetime(["2024-01-05 09:30", *DAYS]),
        "paid": [10.0, 0.0, -2.5, 4.0, -1.0],
        "quantity": [1, 1, 2, 1, 1],
    }
    frame = pd.DataFrame(columns | changed)
    return frame if "day" in changed and isinstance(changed["day"][0], str) else frame.astype({"day": "datetime64[us]"})


def said(admission):
    return {note.code: (note.lines, note.sentence) for note in admission.notes}


def refusal(table, **options):
    with pytest.raises(DataError) as caught:
        admit(table, **NAMES | options)
    return str(caught.value)


@EVERY_ENGINE
def test_the_same_log_comes_through_every_door(engine):
    native = build(engine, raw())
    admission = admit(native, **NAMES)
    assert kind(admission.transactions) == kind(native)
    assert rows(admission.transactions) == rows(admit(raw(), **NAMES).transactions)
    notes = said(admission)
    assert notes["columns"][0] == 5
    assert notes["zero_amounts"] == (1, "1 line is of amount zero; zero counts as a purchase.")
    assert notes["refunds"] == (2, "2 lines are below zero, 3.50 in all: refunds, not orders.")
    assert notes["spaces"] == (1, "1 line is read without the spaces around the customer id.")


@LAZY
class TestLazy:
    def test_what_is_said_and_what_is_not_looked_for(self, engine):
        notes = said(admit(build(engine, raw()), **NAMES))
        assert notes["columns"][1] == "Read customer from 'who', date from 'day', amount from 'paid', quantity from 'quantity'."
        assert notes["time_of_day"] == (1, "1 line is with a time of day; only the day is kept.")
        assert "duplicates='drop' leaves such lines out." in notes["not_counted"][1]

    def test_repeats_go_only_when_asked_and_are_counted(self, engine):
        twice = pd.concat([raw(), raw().head(2)], ignore_index=True)
        admission = admit(build(engine, twice), **NAMES, duplicates="drop")
        assert said(admission)["duplicates"] == (2, "2 lines are left out as the exact repeat of another.")
        assert rows(admission.transactions) == rows(admit(raw(), **NAMES).transactions)

    @pytest.mark.parametrize("missing", [None, " NULL ", ""])
    def test_a_missing_customer_is_refused_or_left_out(self, engine, missing):
        log = build(engine, raw(who=["a", missing, "a", "c", missing]))
        assert refusal(log) == (
            "The customer is missing in 2 lines (column 'who'); fill it in, or leave such lines out with "
            "missing_customer='drop'."
        )
        admission = admit(log, **NAMES, missing_customer="drop")
        assert said(admission)["missing_customer"][0] == 2
        assert len(rows(admission.transactions)[1]) == 3

    def test_other_gaps_and_odd_values_are_refused(self, engine):
        assert refusal(build(engine, raw(paid=[1.0, None, 2.0, 3.0, 4.0]))) == (
            "The amount is missing in 1 line (column 'paid'); fill it in, or filter such lines out."
        )
        assert refusal(build(engine, raw(day=[pd.NaT, *raw()["day"][1:]]))) == (
            "The date is missing in 1 line (column 'day'); fill it in, or filter such lines out."
        )
        assert refusal(build(engine, raw(paid=[np.inf, 1.0, 2.0, 3.0, 4.0]))) == (
            "The amount is infinite or too large to be summed in 1 line (column 'paid'); correct it."
        )
        assert refusal(build(engine, raw(day=[dt.datetime(1899, 1, 1), *raw()["day"][1:]]))) == (
            "The date is before the year 1900 or after 9999 in 1 line (column 'day'); correct it."
        )
        assert refusal(build(engine, raw().head(0))) == "The purchase log is empty: it has a header but no rows."

    def test_text_is_not_guessed_at(self, engine):
        here = "in a table that stays with its engine. Cast it there, or pass a pandas or polars table, which may hold text."
        dates, amounts = raw(day=["05/01/2024"] * 5), raw(paid=["1,0"] * 5)
        assert refusal(build(engine, dates)) == f"The date column 'day' holds String and not dates {here}"
        assert refusal(build(engine, amounts)) == f"The amount column 'paid' holds String and not numbers {here}"
        assert refusal(build(engine, raw()), decimal=",") == (
            "decimal is for amounts and dates in text; a table that stays with its engine has types. Cast it there, or "
            "pass a pandas or polars table, which may hold text."
        )
        assert "customer column 'who' holds Float64, not text or whole numbers." in refusal(build(engine, raw(who=[1.5] * 5)))


def test_a_time_zone_is_not_guessed_at():
    zoned = pl.from_pandas(raw()).with_columns(pl.col("day").dt.replace_time_zone("Europe/Paris")).lazy()
    assert refusal(zoned) == (
        "The date column 'day' has the time zone Europe/Paris. Cast it to a DATE in the zone you mean."
    )


def test_nothing_runs_before_it_is_used():
    log = transactions(CONNECTION.sql("select 'a' customer, date '2024-01-05' date, 3.5 amount"))
    assert log.columns == ["customer", "date", "amount"]
    assert rows(log)[1] == [("a", dt.date(2024, 1, 5), 3.5)]
