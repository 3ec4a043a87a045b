"""The door: what it reads, what it says, and what it refuses with the row at fault."""

import datetime as dt
import uuid
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import crmlib
from crmlib import DataError, DataNotice, admit
from crmlib.parsing import nothing
from crmlib.transactions import Note

DAYS = ["2024-01-05", "2024-02-01", "2024-01-09"]
MISSING = "; fill it in, or delete the line if it is no purchase (a total, a note)."
GENERAL = "write digits with at most one decimal sign and a minus in front, without currency signs or words."


@pytest.fixture(params=["pandas", "polars"])
def make(request):
    """A table from columns: the good ones of three lines unless the test gives its own."""
    return {"pandas": pandas, "polars": polars}[request.param]


def pandas(columns=None, **own):
    return pd.DataFrame(good(own) if columns is None else columns)


def polars(columns=None, **own):
    return pl.DataFrame(good(own) if columns is None else columns, strict=False)


def good(own):
    columns = {"customer": ["a", "a", "b"], "date": DAYS, "amount": [10.0, 5.0, 8.5]} | own
    return {name: values for name, values in columns.items() if values is not None}


def rows(native):
    """The lines of a table as plain tuples, whatever its kind."""
    frame = native if isinstance(native, pl.DataFrame) else pl.from_pandas(native)
    return [tuple(v.date() if isinstance(v, dt.datetime) else v for v in row) for row in frame.rows()]


def read(raw, **options):
    return rows(admit(raw, **options).transactions)


def said(raw, **options):
    """Code -> (lines, sentence) of the notes but the first, which is always on the columns."""
    notes = admit(raw, **options).notes
    assert notes[0].code == "columns"
    return {note.code: (note.lines, note.sentence) for note in notes[1:]}


def refusal(raw, **options):
    with pytest.raises(DataError) as caught:
        admit(raw, **options)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 600
    assert message.endswith(".")
    return message


GOOD = [("a", dt.date(2024, 1, 5), 10.0), ("a", dt.date(2024, 2, 1), 5.0), ("b", dt.date(2024, 1, 9), 8.5)]


class TestWhatComesOut:
    def test_standard_names_and_types_in_the_same_kind_of_table(self):
        tx = admit(
            pandas(order=[1, 2, 3], product=["p", None, "q"], quantity=["1", "", "2"], cost=[1, 2, 3])
        ).transactions
        assert isinstance(tx, pd.DataFrame)
        assert list(tx.columns) == ["customer", "date", "amount", "order", "product", "quantity", "cost"]
        assert str(tx["date"].dtype) == "datetime64[us]"
        assert [str(tx[name].dtype) for name in ("amount", "quantity", "cost")] == ["float64"] * 3
        for name in ("customer", "order", "product"):
            assert {type(value) for value in tx[name].dropna()} == {str}
        assert tx["product"].isna().to_list() == [False, True, False]
        assert tx["quantity"].isna().to_list() == [False, True, False]

        tx = admit(polars(order=[1, 2, 3], product=["p", None, "q"], quantity=[1.0, float("nan"), None])).transactions
        assert tx.schema == {
            "customer": pl.String, "date": pl.Date, "amount": pl.Float64, "order": pl.String, "product": pl.String,
            "quantity": pl.Float64,
        }  # fmt: skip
        assert tx["quantity"].to_list() == [1.0, None, None]

    def test_rows_stay_in_their_order(self, make):
        assert read(make()) == GOOD

    def test_columns_are_named_by_the_caller_and_others_are_left(self, make):
        raw = make({"who": ["a"], "paid": [1], "x": [0], "day": ["2024-01-05"], "bill": [7], "made of": ["tin"]})
        tx = admit(raw, customer="who", date="day", amount="paid", order="bill", product="made of").transactions
        assert list(tx.columns) == ["customer", "date", "amount", "order", "product"]
        assert rows(tx) == [("a", dt.date(2024, 1, 5), 1.0, "7", "tin")]

    def test_the_first_note_says_what_was_read_from_where(self, make):
        raw = make({"who": ["a"], "day": ["2024-01-05"], "paid": [1], "order": [7]})
        assert admit(raw, customer="who", date="day", amount="paid").notes[0] == Note(
            "columns", 1, "Read customer from 'who', date from 'day', amount from 'paid', order from 'order'."
        )

    def test_an_optional_column_is_taken_by_its_name_unless_it_serves_already(self, make):
        raw = make({"customer": ["a"], "date": ["2024-01-05"], "cost": [1], "order": ["x"]})
        assert list(admit(raw, amount="cost").transactions.columns) == ["customer", "date", "amount", "order"]

    @pytest.mark.parametrize(
        "index", [[5, 5, 5], [2, 1, 0], ["x", "y", "z"], pd.MultiIndex.from_arrays([[1, 1, 2], [1, 2, 1]])]
    )
    def test_the_index_of_pandas_plays_no_part(self, index):
        raw = pandas().set_index(pd.Index(index))
        assert_frame_equal(admit(raw).transactions, admit(pandas()).transactions)
        assert refusal(raw.assign(amount=["1", "x", "1"])).startswith("The amount 'x' in row 2 ")

    @pytest.mark.parametrize("name", ["__row", "index", "row", "customer_", "level_0", "{x}"])
    def test_no_name_of_a_column_is_reserved(self, make, name):
        assert read(make(**{name: [1, 2, 3]})) == GOOD

    def test_the_input_is_left_alone(self, make):
        raw = make(customer=[" a", "a", "a"], amount=["1", "1", "2"], date=["2024-01-05 10:00"] * 3)
        copy = raw.copy() if isinstance(raw, pd.DataFrame) else raw.clone()
        admit(raw, duplicates="drop")
        assert raw.equals(copy)

    def test_a_table_that_is_none(self):
        for raw, kind in (
            (None, "NoneType"),
            ([1], "list"),
            ("log.csv", "str"),
            (pd.Series([1]), "Series"),
            (np.eye(3), "ndarray"),
        ):
            assert refusal(raw) == f"The purchase log is a {kind}; pass a table of pandas, polars, pyarrow, DuckDB, Spark or ibis."
        assert "holds String and not dates in a table that stays with its engine" in refusal(polars().lazy())

    def test_through_a_second_time_nothing_changes(self, make, other_log):
        for raw in (make(), make(other_log.to_dict("list"))):
            once = admit(raw).transactions
            again = admit(once)
            assert once.equals(again.transactions)
            assert not {note.code for note in again.notes} & {
                "spaces",
                "empty_rows",
                "missing_customer",
                "time_of_day",
                "time_zone",
            }


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"duplicates": "remove"}, "duplicates is 'remove'; it can be 'keep' or 'drop'."),
            ({"missing_customer": "skip"}, "missing_customer is 'skip'; it can be 'raise' or 'drop'."),
            ({"decimal": ";"}, "decimal is ';'; it can be '.' or ','."),
            ({"thousands": "x"}, "thousands is 'x'; it can be ',' or '.' or ' ' or \"'\" or '_'."),
            ({"decimal": ",", "thousands": ","}, "decimal and thousands are both ','; they must differ."),
            ({"order": "amount"}, "amount and order both name the column 'amount'; each needs its own."),
            ({"customer": "date"}, "customer and date both name the column 'date'; each needs its own."),
        ],
    )
    def test_wrong_options(self, make, options, message):
        assert refusal(make(), **options) == message

    @pytest.mark.parametrize("name", [None, 5, ["date"], ("a",)], ids=repr)
    def test_a_name_that_is_no_text(self, make, name):
        assert refusal(make(), customer=name).startswith(
            f"The purchase log has no column {name!r}; it has 'customer', "
        )

    def test_a_date_format_that_is_no_text(self, make):
        assert refusal(make(), date_format=5) == "date_format is 5; give it as text in codes, e.g. '%d.%m.%Y'."

    def test_an_option_that_does_not_exist(self):
        with pytest.raises(TypeError, match="currency"):
            crmlib.transactions(pandas(), currency="$")


class TestColumns:
    @pytest.mark.parametrize(
        ("role", "example"),
        [("customer", "CustomerID"), ("date", "InvoiceDate"), ("amount", "Total"), ("order", "Order")],
    )
    def test_missing(self, make, role, example):
        message = refusal(make(), **{role: "nope"})
        assert message == (
            "The purchase log has no column 'nope'; it has 'customer', 'date', 'amount'. "
            f"Name yours, e.g. {role}='{example}'."
        )

    def test_a_wide_log_is_not_listed_in_full(self, make):
        message = refusal(make({f"column {i}": [1] for i in range(500)}))
        assert message.startswith(
            "The purchase log has no column 'customer', 'date' or 'amount'; it has 'column 0', 'column 1', "
        )
        assert ", 'column 29', .... Name yours" in message

    def test_the_example_is_the_column_that_is_nearly_named(self, make):
        raw = make({"Customer": [1], "DATE ": ["2024-01-05"], "Total": [1]})
        assert refusal(raw).endswith("Name yours, e.g. customer='Customer', date='DATE ', amount='Total'.")

    def test_names_that_are_not_text_or_occur_twice(self):
        log = pandas()
        assert refusal(log.set_axis([0, 1, 2], axis=1)) == (
            "The purchase log has a column named 0, which is not text; give its columns names."
        )
        assert refusal(log.set_axis(["customer", "date", "date"], axis=1)) == (
            "The purchase log has two columns named 'date'; rename one."
        )
        assert "a column named ('a', 'b'), which is not text" in refusal(
            log.set_axis(pd.MultiIndex.from_tuples([("a", "b"), ("a", "c"), ("b", "c")]), axis=1)
        )


class TestEmpty:
    def test_no_rows(self, make):
        assert (
            refusal(make(customer=[], date=[], amount=[])) == "The purchase log is empty: it has a header but no rows."
        )

    def test_no_columns(self):
        assert "has no column 'customer', 'date' or 'amount'; it has none. Name yours" in refusal(pd.DataFrame())
        assert "has no column 'customer', 'date' or 'amount'; it has none. Name yours" in refusal(pl.DataFrame())

    @pytest.mark.parametrize("blank", [None, "", "  "])
    def test_wholly_empty_rows_are_left_out_and_counted(self, make, blank):
        raw = make(customer=["a", blank, "b"], date=["2024-01-05", blank, "2024-01-09"], amount=["10", blank, "8.5"])
        assert read(raw) == [GOOD[0], GOOD[2]]
        assert said(raw) == {"empty_rows": (1, "1 line is wholly empty and left out.")}

    def test_a_gap_in_every_kind_of_column_is_empty(self):
        raw = pandas(
            customer=["a", None, "b"], date=pd.to_datetime(["2024-01-05", None, "2024-01-09"]), amount=[10, np.nan,
            8.5],
            a=pd.array([1, None, 2], dtype="Int64"), b=pd.Categorical(["x", None, "y"]), c=[1, pd.NA, pd.NaT],
        )  # fmt: skip
        assert read(raw) == [GOOD[0], GOOD[2]]
        assert read(
            polars(customer=["a", None, "b"], amount=[10, float("nan"), 8.5], date=[DAYS[0], None, DAYS[2]])
        ) == [GOOD[0], GOOD[2]]

    def test_a_row_with_anything_in_it_is_not_empty(self, make):
        raw = make(
            customer=["a", None, "b"],
            date=["2024-01-05", None, "2024-01-09"],
            amount=[1.0, None, 2.0],
            note=[None, "x", None],
        )
        assert refusal(raw).startswith("The customer is empty in row 2 below the header (column 'customer');")

    def test_nothing_but_empty_rows(self, make):
        raw = make(customer=["", None, ""], date=["", "", None], amount=["", "", ""])
        assert refusal(raw) == "The purchase log is empty: all its rows are empty."

    def test_rows_are_counted_as_they_stand_in_the_raw_log(self, make):
        columns = {
            "customer": [None, "a", None, "b"],
            "date": [None, "2024-01-05", "2024-01-05", "x"],
            "amount": [None, "1", "2", "3"],
        }
        assert refusal(make(columns)).startswith("The customer is empty in row 3 below the header (column 'customer');")
        assert refusal(make(columns), missing_customer="drop").startswith(
            "The date 'x' in row 4 below the header (column 'date') "
        )


class TestCustomers:
    def test_missing_ids_raise_with_their_row_and_number(self, make):
        assert refusal(make(customer=["a", None, "b"])) == (
            "The customer is empty in row 2 below the header (column 'customer'); "
            "fill it in, or leave such lines out with missing_customer='drop'."
        )
        assert refusal(make(customer=["a", "", None])) == (
            "The customer is empty in row 2 below the header (column 'customer'; 2 lines are like that); "
            "fill it in, or leave such lines out with missing_customer='drop'."
        )

    def test_ids_that_a_spreadsheet_has_cut_short_are_noted(self, make):
        assert said(make(customer=["1.23457E+12", "1E+15", "E+1"]))["cut_ids"] == (
            2,
            "2 lines are of a customer with an id like 1.23E+12: such numbers are cut short by spreadsheets, and "
            "several "
            "customers may have become one.",
        )
        assert "cut_ids" not in said(make(customer=["1.2", "12E", "AE+2"]))

    @pytest.mark.parametrize("word", ["NaN", "nan", "NULL", "None", "N/A", "#N/A", "<NA>", "NaT"])
    def test_a_text_that_reads_like_a_missing_value_is_no_customer(self, make, word):
        message = refusal(make(customer=["a", "b", word]))
        assert message.startswith(
            f"The customer is {word!r}, which reads like a missing value, in row 3 below the header (column "
            "'customer');"
        )

    def test_a_gap_in_ids_that_are_numbers(self, make):
        assert "The customer is empty in row 2" in refusal(make(customer=[7, None, 8]))
        assert "The customer is empty in row 2" in refusal(make(customer=[7.0, float("nan"), 8.0]))

    def test_lines_without_a_customer_can_be_left_out_and_are_counted(self, make):
        raw = make(customer=["a", " ", "NULL"])
        assert read(raw, missing_customer="drop") == GOOD[:1]
        sentence = "2 lines are left out because the customer is missing."
        assert said(raw, missing_customer="drop") == {"missing_customer": (2, sentence)}
        assert refusal(make(customer=[None, "", "nan"]), missing_customer="drop") == (
            "No line of the purchase log has a customer in column 'customer'; name the column that has them, "
            "e.g. customer='CustomerID'."
        )

    def test_text_keeps_its_leading_zeros(self, make):
        assert [row[0] for row in read(make(customer=["00007", "7", "07"]))] == ["00007", "7", "07"]

    @pytest.mark.parametrize(
        "ids",
        [
            [7, 7, 8], [7.0, 7.0, 8.0], ["7", "7", "8"], [Decimal(7), Decimal(7), Decimal(8)],
            pd.array([7, 7, 8], dtype="Int64"), pd.array([7, 7, 8], dtype="uint8"), pd.array([7, 7, 8],
            dtype="int64[pyarrow]"),
            pd.array(["7", "7", "8"], dtype="string"), pd.array(["7", "7", "8"], dtype="string[pyarrow]"),
            pd.Categorical(["7", "7", "8"]), pd.Categorical([7, 7, 8]), pd.Series([7, "7", 8.0], dtype=object),
            pl.Series(["7", "7", "8"], dtype=pl.Categorical), pl.Series(["7", "7", "8"], dtype=pl.Enum(["8", "7"])),
            pl.Series([7, 7, 8], dtype=pl.UInt16), pl.Series([7, 7, 8], dtype=pl.Int128),
        ],
        ids=lambda ids: f"{type(ids).__name__}-{getattr(ids, 'dtype', type(ids[0]).__name__)}",
    )  # fmt: skip
    def test_ids_of_every_kind_become_the_same_text(self, ids):
        table = polars if isinstance(ids, pl.Series) else pandas
        assert [row[0] for row in read(table(customer=ids))] == ["7", "7", "8"]

    def test_long_ids_stay_exact_beside_a_gap(self):
        ids = [12345678901234567, None, 12345678901234569]
        for raw in (pandas(customer=pd.array(ids, dtype="Int64")), polars(customer=ids)):
            assert [row[0] for row in read(raw, missing_customer="drop")] == [str(ids[0]), str(ids[2])]

    def test_long_ids_that_were_rounded_are_refused(self):
        raw = pandas(customer=[1.0, 12345678901234567, np.nan])  # the float ends in 8
        assert refusal(raw, missing_customer="drop") == (
            "The customer 1.2345678901234568e+16 in row 2 below the header (column 'customer') was rounded when it "
            "was read as a "
            "floating-point number; read the column as text."
        )

    def test_spaces_around_an_id_are_cut_off_and_counted(self, make):
        raw = make(customer=["a", " a", "b\u00a0"])
        assert [row[0] for row in read(raw)] == ["a", "a", "b"]
        assert said(raw)["spaces"] == (2, "2 lines are read without the spaces around the customer id.")

    def test_a_number_and_a_text_that_become_one_customer_are_reported(self):
        raw = pandas(customer=pd.Series([7, "7", "8"], dtype=object))
        assert said(raw) == {
            "mixed_ids": (
                1,
                "1 line is with a customer id that is a number here and text elsewhere; both are one customer.",
            )
        }

    def test_ids_that_are_neither(self, make):
        assert read(
            make(
                customer=pd.Series([uuid.UUID(int=1)] * 3, dtype=object)
                if make is pandas
                else [str(uuid.UUID(int=1))] * 3
            )
        )
        assert refusal(make(customer=[b"a", b"b", b"c"])) == (
            "The customer b'a' in row 1 below the header (column 'customer') is bytes and not text; decode the column "
            "first."
        )
        assert refusal(make(customer=[["x"], ["y"], ["z"]])).startswith(
            "Column 'customer' holds lists or the like, e.g. "
        )

    def test_what_is_quoted_is_short_and_on_one_line(self, make):
        ids = ["<script>alert(1)</script>", "a\u202eb\n\x00", "x"]
        assert [row[0] for row in read(make(customer=ids))] == ids
        message = refusal(make(amount=["1", "<b>\n\x1b[31m\u202e" + "9" * 10_000, "2"]))
        assert message.startswith("The amount '<b>\\n\\x1b[31m\\u202e9") and "...9" in message
        assert len(message) < 300


class TestDates:
    @pytest.mark.parametrize(
        "dates",
        [
            DAYS, ["05.01.2024", "01.02.2024", "31.01.2024"], [20240105, 20240201, 20240109], ["5 Jan 2024",
            "1 Feb 2024", "9 Jan 2024"],
            [dt.date(2024, 1, 5)] * 3, [dt.datetime(2024, 1, 5, 23, 59)] * 3, pd.to_datetime(DAYS),
            pd.to_datetime(DAYS).astype("datetime64[ns]"), pd.to_datetime(DAYS).astype("datetime64[s]"),
            pd.array(pd.to_datetime(DAYS), dtype="timestamp[ms][pyarrow]"), pd.period_range("2024-01-05", periods=3),
            pd.array([dt.date(2024, 1, 5)] * 3, dtype="date32[pyarrow]"), np.array(DAYS,
            "datetime64[D]").astype(object),
            pd.Series([np.datetime64(day) for day in DAYS], dtype=object), pd.Categorical(DAYS),
            pd.Series(DAYS, dtype="string"), pd.Series([dt.date(2024, 1, 5), dt.datetime(2024, 2, 1),
            pd.Timestamp("2024-01-09")], dtype=object),
            pl.Series(DAYS).str.to_date(), pl.Series(DAYS).str.to_datetime(time_unit="ns"), pl.Series(DAYS,
            dtype=pl.Categorical),
        ],
        ids=lambda dates: f"{type(dates).__name__}-{getattr(dates, 'dtype', type(dates[0]).__name__)}",
    )  # fmt: skip
    def test_dates_of_every_kind(self, dates):
        table = polars if isinstance(dates, pl.Series) else pandas
        tx = admit(table(date=dates)).transactions
        assert rows(tx)[0][1] == dt.date(2024, 1, 5)
        assert tx["date"].dtype == (pl.Date if table is polars else np.dtype("datetime64[us]"))

    def test_an_unreadable_date_names_its_row(self, make):
        assert refusal(make(date=["2024-01-05", "2024-01-32", "2024-02-30"])) == (
            "The date '2024-01-32' in row 2 below the header (column 'date') is no day of the calendar; correct it."
        )
        assert refusal(make(date=["2024-01-05", "soon", "soon"])) == (
            "The date 'soon' in row 2 below the header (column 'date') is not a date that can be read; write "
            "YYYY-MM-DD or give "
            "date_format, e.g. date_format='%d.%m.%Y'."
        )

    def test_an_ambiguous_date_names_its_row(self, make):
        assert refusal(make(date=["05/05/2024", "03/04/2024", "03/04/2024"])) == (
            "The date '03/04/2024' in row 2 below the header (column 'date') could be day and month or month and day, "
            "and no date in the "
            "column decides it; give date_format='%d/%m/%Y' or date_format='%m/%d/%Y'."
        )
        raw = make(date=["05/05/2024 10:00", "03/04/2024 8:26", "03/04/2024 9:00"])
        assert "The date '03/04/2024 8:26' in row 2" in refusal(raw)
        assert [row[1].month for row in read(raw, date_format="%d/%m/%Y")] == [5, 4, 4]
        assert [row[1].month for row in read(raw, date_format="%m/%d/%Y %H:%M")] == [5, 3, 3]

    def test_mixed_forms_name_both_rows(self, make):
        assert refusal(make(date=["2024-01-05", "2024-01-05", "01/13/2024"])) == (
            "The date '2024-01-05' in row 1 below the header (column 'date') is written in another way than "
            "'01/13/2024' in row 3; "
            "write all dates one way, best YYYY-MM-DD."
        )
        assert refusal(make(date=["31/12/2010", "05/05/2010", "12/31/2010"])) == (
            "The date '31/12/2010' in row 1 below the header (column 'date') has the day first but '12/31/2010' in "
            "row 3 has the month "
            "first; write all dates one way."
        )

    def test_a_spreadsheets_mix_of_real_dates_and_text(self):
        raw = pandas(date=pd.Series([dt.datetime(2010, 1, 2), "13/01/2010", "14/01/2010"], dtype=object))
        assert refusal(raw) == (
            "The date '13/01/2010' in row 2 below the header (column 'date') is text in a column of real dates, where "
            "a spreadsheet may "
            "have swapped day and month in the others; write all dates one way, best YYYY-MM-DD."
        )

    def test_text_and_other_things_after_many_texts(self):
        values = ["2024-01-05 10:00"] * 150
        mixed = pd.DataFrame(
            {"customer": "a", "date": pd.Series([*values, dt.datetime(2024, 1, 5)], dtype=object), "amount": 1}
        )
        assert (
            "The date '2024-01-05 10:00' in row 1 below the header (column 'date') is text in a column of real dates"
            in refusal(mixed)
        )
        gap = pd.DataFrame({"customer": "a", "date": pd.Series([*values, None], dtype=object), "amount": 1})
        assert refusal(gap) == f"The date is missing in row 151 below the header (column 'date'){MISSING}"

    @pytest.mark.parametrize("gap", [None, "", "NaT", "null"])
    def test_missing(self, make, gap):
        assert (
            refusal(make(date=["2024-01-05", gap, gap]))
            == f"The date is missing in row 2 below the header (column 'date'; 2 lines are like that){MISSING}"
        )

    def test_missing_beside_real_dates(self, make):
        assert (
            refusal(make(date=[dt.datetime(2024, 1, 5), None, dt.datetime(2024, 1, 5)]))
            == f"The date is missing in row 2 below the header (column 'date'){MISSING}"
        )
        assert (
            refusal(make(date=[dt.date(2024, 1, 5), dt.date(2024, 1, 5), None]))
            == f"The date is missing in row 3 below the header (column 'date'){MISSING}"
        )
        assert (
            refusal(make(date=[None, None, None]))
            == f"The date is missing in row 1 below the header (column 'date'; 3 lines are like that){MISSING}"
        )

    def test_a_time_of_day_is_cut_off_and_counted(self, make):
        stamps = [dt.datetime(2024, 1, 5, 23, 59, 59), dt.datetime(2024, 2, 1), dt.datetime(2024, 1, 9, 0, 0, 1)]
        for dates in (
            stamps,
            [f"{stamp:%Y-%m-%d %H:%M:%S}" for stamp in stamps],
            [f"{stamp:%Y-%m-%dT%H:%M:%S}" for stamp in stamps],
        ):
            assert read(make(date=dates)) == GOOD
            assert said(make(date=dates)) == {"time_of_day": (3, "Dates carry a time of day; only the day is kept.")}
        assert said(make(date=[stamp.replace(hour=0, minute=0, second=0) for stamp in stamps])) == {}

    def test_the_order_of_day_and_month_is_said_where_one_date_decided_it(self, make):
        assert said(make(date=["05/01/2024", "01/02/2024", "25/01/2024"])) == {
            "dates": (3, "Dates are read as day/month/year, as 25/01/2024 in row 3 shows."),
        }
        american = make(date=["01-05-2024 10:00", "01-25-2024 10:00", "01-26-2024 10:00"])
        assert said(american)["dates"] == (3, "Dates are read as month-day-year, as 01-25-2024 in row 2 shows.")
        assert said(make(date=["05/01/2024", "01/02/2024", "25/01/2024"]), date_format="%d/%m/%Y") == {}
        assert said(make(date=["05/05/2024", "06/06/2024", "07/07/2024"])) == {}

    @pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
    def test_the_local_day_counts_whatever_the_time_zone(self, zone):
        late, early = (
            ["2024-01-05 23:30", "2024-02-01 00:30", "2024-01-09 12:00"],
            ["2024-01-05", "2024-02-01", "2024-01-09"],
        )
        for times, codes in ((late, {"time_zone", "time_of_day"}), (early, {"time_zone"})):
            stamps = pd.to_datetime(times).tz_localize(zone)
            series = (
                pl.Series(times)
                .str.to_datetime("%Y-%m-%d %H:%M" if " " in times[0] else "%Y-%m-%d")
                .dt.replace_time_zone(zone)
            )
            for raw in (pandas(date=stamps), pandas(date=stamps.astype(object)), polars(date=series)):
                assert read(raw) == GOOD
                assert set(said(raw)) == codes
        assert said(pandas(date=stamps))["time_zone"] == (
            3,
            "Dates carry a time zone; the day is taken as written, in that zone.",
        )

    def test_offsets_in_text_shift_nothing(self, make):
        raw = make(date=["2024-01-05T23:30:00-05:00", "2024-02-01T00:30:00+09:00", "2024-01-09T12:00Z"])
        assert read(raw) == GOOD
        assert set(said(raw)) == {"time_zone", "time_of_day"}

    def test_years_that_no_log_of_purchases_has(self, make):
        for year, dates in (
            (1899, ["2024-01-05", "1899-12-31", "2024-01-05"]),
            (1, [dt.date(2024, 1, 5), dt.date(1, 1, 1), dt.date(1, 1, 1)]),
        ):
            message = refusal(make(date=dates))
            day = "1899-12-31" if year == 1899 else "0001-01-01"
            assert message.startswith(
                f"The date {day} is before the year 1900 in row 2 below the header (column 'date'"
            )
            assert message.endswith("; correct it.")
        assert read(make(date=["1900-01-01", "9999-12-31", "2024-02-29"]))[1][1] == dt.date(9999, 12, 31)
        assert refusal(pandas(date=np.array(["2024-01-05", "2024-01-05", "12000-01-01"], "datetime64[s]"))) == (
            "The date 12000-01-01 is after the year 9999 in row 3 below the header (column 'date'); correct it."
        )

    @settings(max_examples=40)
    @given(
        st.lists(st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1)), min_size=1, max_size=5),
        st.sampled_from(["ns", "us", "ms", "s"]),
    )
    def test_any_moment_falls_on_its_day(self, stamps, unit):
        columns = {"customer": ["a"] * len(stamps), "amount": [1.0] * len(stamps)}
        days = [stamp.date() for stamp in stamps]
        for raw in (
            pd.DataFrame(columns | {"date": pd.Series(stamps, dtype=f"datetime64[{unit}]")}),
            pl.DataFrame(columns | {"date": pl.Series(stamps, dtype=pl.Datetime("ms" if unit == "s" else unit))}),
            pd.DataFrame(columns | {"date": [stamp.isoformat() for stamp in stamps]}),
        ):
            assert [row[1] for row in read(raw)] == days


class TestAmounts:
    @pytest.mark.parametrize(
        "amounts",
        [
            [10, 5, 8], ["10", " 5 ", "8.0"], [Decimal("10"), Decimal("5"), Decimal("8")], pd.array([10, 5, 8],
            dtype="Int64"),
            pd.array([10, 5, 8], dtype="Float64"), pd.array([10, 5, 8], dtype="double[pyarrow]"), pd.array([10, 5, 8],
            dtype="float32"),
            pd.Series([10, "5", 8.0], dtype=object), pd.Categorical(["10", "5", "8"]), pd.arrays.SparseArray([10.0,
            5.0, 8.0]),
            pl.Series([Decimal("10"), Decimal("5"), Decimal("8")]), pl.Series([10, 5, 8], dtype=pl.Int8),
        ],
        ids=lambda amounts: f"{type(amounts).__name__}-{getattr(amounts, 'dtype', type(amounts[0]).__name__)}",
    )  # fmt: skip
    def test_amounts_of_every_kind(self, amounts):
        table = polars if isinstance(amounts, pl.Series) else pandas
        tx = admit(table(amount=amounts)).transactions
        assert tx["amount"].to_list() == [10.0, 5.0, 8.0]
        assert tx["amount"].dtype == (pl.Float64 if table is polars else np.dtype("float64"))

    @pytest.mark.parametrize(
        ("text", "end"),
        [
            ("$5", "is not a number; take '$' out of the column, e.g. by find and replace."),
            ("5,00 €", "is not a number; take '€' out of the column, e.g. by find and replace."),
            ("five", f"is not a number; {GENERAL}"),
            ("1,23", "is not a number as it stands; give decimal=','."),
            ("1,234.50", "is not a number as it stands; give thousands=','."),
            ("1.234,50", "is not a number as it stands; give decimal=',' and thousands='.'."),
            ("1,234", "is not a number as it stands; give thousands=',' or decimal=',', whichever is meant."),
            ("(5.00)", "is not a number; write a negative amount with a minus in front, -5.00."),
            ("inf", f"is not a number; {GENERAL}"),
        ],
    )
    def test_text_that_is_no_number_names_its_row_and_what_to_type(self, make, text, end):
        assert (
            refusal(make(amount=["1", text, "x"]))
            == f"The amount {text!r} in row 2 below the header (column 'amount') {end}"
        )

    def test_decimal_and_thousands_apply_to_every_column_of_numbers(self, make):
        raw = make(amount=["1.234,50", "5,0", "-1"], cost=["2.000", "", "1,5"])
        tx = admit(raw, decimal=",", thousands=".").transactions
        assert tx["amount"].to_list() == [1234.5, 5.0, -1.0]
        assert rows(tx)[0][3] == 2000.0 and rows(tx)[2][3] == 1.5

    def test_three_digits_after_every_point(self, make):
        assert refusal(make(amount=["1.234", "2.500", "7"])) == (
            "The amount '1.234' in row 1 below the header (column 'amount') could be 1.234 or 1234, and no amount in "
            "the column decides "
            "it; give decimal='.' or thousands='.'."
        )

    @pytest.mark.parametrize("gap", [None, "", "NaN"])
    def test_missing(self, make, gap):
        assert (
            refusal(make(amount=["1", gap, "2"]))
            == f"The amount is missing in row 2 below the header (column 'amount'){MISSING}"
        )

    def test_missing_beside_numbers(self, make):
        for gap in (None, float("nan")):
            assert (
                refusal(make(amount=[1.0, gap, 2.0]))
                == f"The amount is missing in row 2 below the header (column 'amount'){MISSING}"
            )
        assert refusal(pandas(amount=pd.array([1, None, None], dtype="Int64"))) == (
            f"The amount is missing in row 2 below the header (column 'amount'; 2 lines are like that){MISSING}"
        )

    @pytest.mark.parametrize("endless", [float("inf"), float("-inf"), "1e400"])
    def test_infinite(self, make, endless):
        values = [1.0, endless, 2.0] if isinstance(endless, float) else ["1", endless, "2"]
        assert (
            refusal(make(amount=values))
            == "The amount is infinite in row 2 below the header (column 'amount'); correct it."
        )
        assert (
            refusal(make(cost=values)) == "The cost is infinite in row 2 below the header (column 'cost'); correct it."
        )

    @pytest.mark.parametrize("huge", [1.1e100, -1e308, "1e200"])
    def test_numbers_that_cannot_be_summed(self, make, huge):
        values = [1.0, huge, 2.0] if isinstance(huge, float) else ["1", huge, "2"]
        assert refusal(make(amount=values)) == (
            "The amount is too large to be summed in row 2 below the header (column 'amount'); correct it."
        )

    def test_truth_values_and_times_are_no_amounts(self, make):
        assert refusal(make(amount=[True, False, True])) == (
            "The amount True in row 1 below the header (column 'amount') is a true-or-false value and not a number."
        )
        assert "and not a number" in refusal(make(amount=[dt.timedelta(1)] * 3))
        assert "and not a number" in refusal(make(amount=[dt.date(2024, 1, 5)] * 3))
        assert "holds lists or the like" in refusal(make(amount=[[1], [2], [3]]))

    def test_zero_amounts_are_purchases_and_counted(self, make):
        assert said(make(amount=[0, 5, 0])) == {
            "zero_amounts": (2, "2 lines are of amount zero; zero counts as a purchase.")
        }

    def test_refunds_are_kept_and_counted(self, make):
        raw = make(amount=[10, -1200.5, -8])
        assert [row[2] for row in read(raw)] == [10.0, -1200.5, -8.0]
        assert said(raw) == {"refunds": (2, "2 lines are below zero, 1,208.50 in all: refunds, not orders.")}


@pytest.mark.parametrize(
    "text",
    [
        "1" + " " * 32_000 + "%",
        "9" * 32_000,
        "2024-01-05" + " " * 32_000 + ":",
        "T" * 32_000 + "1:5",
        "(" + "1," * 16_000,
    ],
)
@pytest.mark.parametrize("column", ["customer", "date", "amount"])
def test_a_cell_as_long_as_a_spreadsheet_allows_takes_no_time(make, column, text):
    # a pattern that looks at every pair of characters took over a minute here; the runner's own limit would end it
    raw = make(**{column: [text] * 3})
    if column == "customer":
        assert read(raw)[0][0] == text
    else:
        assert column in refusal(raw)


class TestOrders:
    def test_ids_become_text(self, make):
        assert [row[3] for row in read(make(order=[1.0, 2.0, 2.0]))] == ["1", "2", "2"]

    @pytest.mark.parametrize("gap", [None, "", "NaN"])
    def test_missing(self, make, gap):
        assert refusal(make(bill=["x", gap, gap]), order="bill") == (
            "The order is missing in row 2 below the header (column 'bill'; 2 lines are like that); fill it in, or "
            "rename the column, so that what a customer bought on one day counts as one order."
        )


class TestRepeats:
    def repeated(self, make, **own):
        day, amount = "2024-01-05", 3.0
        columns = {
            "customer": list("abaab"),
            "date": [day] * 5,
            "amount": [amount] * 5,
            "note": [None, "x", None, "y", "x"],
        }
        return make(columns | own)

    def test_kept_and_counted(self, make):
        raw = self.repeated(make)
        assert len(read(raw)) == 5
        assert said(raw)["duplicates"] == (
            2, "2 lines are the exact repeat of another and kept (duplicates='drop' leaves such lines out).",
        )  # fmt: skip

    def test_dropped_and_counted_but_for_the_first(self, make):
        raw = self.repeated(make, amount=[3.0, 4.0, 3.0, 3.0, 4.0])
        assert [row[2] for row in read(raw, duplicates="drop")] == [3.0, 4.0, 3.0]
        assert said(raw, duplicates="drop") == {
            "duplicates": (2, "2 lines are left out as the exact repeat of another."),
            "same_day": (1, "1 line is on a day when the customer had bought already: one order a customer and day."),
        }

    def test_every_column_of_the_raw_log_counts_also_those_not_read(self, make):
        assert "duplicates" not in said(self.repeated(make, note=[1, 2, 3, 4, 5]))
        assert "duplicates" not in said(self.repeated(make, date=[f"2024-01-05 0{hour}:00" for hour in range(5)]))

    def test_zeros_with_and_without_a_sign_are_one_amount(self, make):
        raw = self.repeated(make, amount=[0.0, 1.0, -0.0, 2.0, 3.0])
        assert said(raw)["duplicates"][0] == 1
        assert len(read(raw, duplicates="drop")) == 4

    def test_columns_of_lists_and_objects(self, make):
        lists = [["p"], ["q"], ["p"], ["r"], ["q"]]
        assert said(self.repeated(make, note=lists, more=lists))["duplicates"][0] == 2
        nested = [{"a": 1}, {"a": 2}, {"a": 1}, {"a": 3}, {"a": 2}]
        assert said(self.repeated(make, note=nested, more=lists))["duplicates"][0] == 2

    def test_lines_on_one_day_are_counted_unless_orders_are_named(self, make):
        raw = self.repeated(make)
        assert said(raw)["same_day"] == (
            3, "3 lines are on a day when the customer had bought already: one order a customer and day.",
        )  # fmt: skip
        assert "same_day" not in said(self.repeated(make, order=[1, 2, 3, 4, 5]))
        assert "same_day" not in said(self.repeated(make, amount=[1.0, 2.0, -3.0, -4.0, -5.0]))


class TestNotices:
    def test_one_warning_with_all_sentences(self, make):
        raw = make(customer=["a", "a", " b"], date=["2024-01-05"] * 3, amount=[1, 1, -2])
        with pytest.warns(DataNotice) as caught:
            tx = crmlib.transactions(raw)
        assert len(caught) == 1 and caught[0].filename == __file__
        assert str(caught[0].message) == (
            "1 line is read without the spaces around the customer id. 1 line is the exact repeat of another and kept "
            "(duplicates='drop' leaves such lines out). 1 line is on a day when the customer had bought already: one "
            "order "
            "a customer and day. 1 line is below zero, 2.00 in all: refunds, not orders."
        )
        assert rows(tx) == read(raw)

    def test_a_clean_log_passes_in_silence(self, make):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert rows(crmlib.transactions(make())) == GOOD


def test_cdnow(cdnow_log):
    notes = {note.code: note.lines for note in admit(cdnow_log).notes}
    assert notes == {"columns": 69_659, "duplicates": 255, "same_day": 2_068, "zero_amounts": 80}
    kept = admit(cdnow_log, duplicates="drop").transactions
    assert len(kept) == 69_659 - 255
    assert_frame_equal(kept, cdnow_log.drop_duplicates(ignore_index=True))


def test_cdnow_as_text_is_the_same_log(cdnow_log):
    text = cdnow_log.assign(
        date=cdnow_log["date"].dt.strftime("%m/%d/%Y 08:26"),
        amount=cdnow_log["amount"].map("{:,.2f}".format),
        customer=cdnow_log["customer"] + " ",
    )
    assert_frame_equal(admit(text, thousands=",").transactions, cdnow_log)
    assert_frame_equal(
        admit(pl.from_pandas(text), thousands=",").transactions.to_pandas(), cdnow_log, check_dtype=False
    )


cells = st.one_of(
    st.none(), st.text(max_size=8), st.integers(-(2**70), 2**70), st.floats(), st.booleans(), st.dates(),
    st.datetimes(), st.binary(max_size=4),
    st.decimals().filter(lambda d: not d.is_snan()), st.just(pd.NA), st.just(pd.NaT), st.lists(st.integers(-9, 9),
    max_size=2), st.timedeltas(dt.timedelta(-9), dt.timedelta(9)), st.complex_numbers(),
    st.sampled_from(["2024-01-05", "05/01/2024", "31.12.2023 10:00", "1,50", "$3", "7", "NaN", "2024-01-05T10:00Z",
    np.datetime64("2024-01-05")]),
    st.datetimes(timezones=st.timezones()),
)  # fmt: skip
columns_of_cells = st.integers(1, 5).flatmap(
    lambda n: st.fixed_dictionaries(
        {name: st.lists(cells, min_size=n, max_size=n) for name in ("customer", "date", "amount", "order", "cost")}
    )
)


@settings(max_examples=150, deadline=None)
@given(
    columns_of_cells,
    st.sampled_from([None, "%d.%m.%Y"]),
    st.sampled_from([None, ","]),
    st.sampled_from(["raise", "drop"]),
)
def test_the_messiest_table_ends_in_a_plain_sentence_or_a_right_table(columns, date_format, decimal, missing):
    for frame in (
        pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()}),
        polars_of(columns),
    ):
        try:
            tx = admit(
                frame, date_format=date_format, decimal=decimal, missing_customer=missing, duplicates="drop"
            ).transactions
        except DataError as error:
            assert "\n" not in str(error) and len(str(error)) < 600 and str(error).endswith(".")
        else:
            assert list(tx.columns)[:3] == ["customer", "date", "amount"]
            for who, day, amount, *_ in rows(tx):
                assert who == who.strip() and who and 1900 <= day.year and np.isfinite(amount)


def polars_of(columns):
    """A polars table: columns of one kind that polars knows as they are, all others as text."""
    series = []
    for name, values in columns.items():
        kinds = {type(value) for value in values if value is not None}
        values = (
            [None if value is None else str(value) for value in values]
            if len(kinds) > 1 or kinds <= STRANGE
            else values
        )
        series.append(pl.Series(name, values))
    return pl.DataFrame(series)


STRANGE = {type(pd.NA), type(pd.NaT), complex, np.datetime64, dt.datetime, int, Decimal}


good_cells = {
    "customer": st.one_of(
        st.sampled_from(["a", "b ", "007", "c\n", "<b>"]), st.text(max_size=3).filter(lambda text: not nothing(text))
    ),
    "date": st.dates(dt.date(2023, 1, 1), dt.date(2024, 12, 31)).map(str),
    "amount": st.integers(-500, 5000).map(lambda cents: f"{cents / 100:.2f}"),
    "order": st.integers(1, 9).map(str),
}
good_logs = st.lists(st.fixed_dictionaries(good_cells), min_size=1, max_size=12)


@settings(max_examples=50, deadline=None)
@given(good_logs, st.randoms(use_true_random=False), st.sampled_from(["keep", "drop"]))
def test_order_of_rows_and_columns_and_the_engine_change_nothing(lines, random, duplicates):
    mixed = random.sample(lines, len(lines))
    names = random.sample(list(good_cells), 4)
    tables = [
        pd.DataFrame(lines), pl.DataFrame(lines), pd.DataFrame(mixed)[names], pl.DataFrame(mixed)[names],
    ]  # fmt: skip
    found = [admit(table, duplicates=duplicates) for table in tables]
    assert len({tuple(sorted(rows(one.transactions))) for one in found}) == 1
    assert rows(found[0].transactions) == rows(found[1].transactions)
    counted = [{note.code: note.lines for note in one.notes} for one in found]
    assert all(one == counted[0] for one in counted)
    if duplicates == "keep":
        total = sum(Decimal(line["amount"]) for line in lines)
        assert sum(row[2] for row in rows(found[0].transactions)) == pytest.approx(float(total), abs=1e-9)
        assert len(found[0].transactions) == len(lines)


@pytest.mark.parametrize(("amounts", "money"), [(["5", "2.50", "1"], 3.5), (["5", "2.50", "?"], None)])
def test_the_money_of_lines_without_a_customer_is_known_where_it_can_be_read(amounts, money):
    raw = pd.DataFrame({"customer": ["a", None, None], "date": "2024-01-05", "amount": amounts})
    note = next(note for note in admit(raw, missing_customer="drop").notes if note.code == "missing_customer")
    assert (note.lines, note.money) == (2, money)
