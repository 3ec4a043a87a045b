"""Values to ids, days and numbers: what is read, and the advice where reading would be guessing."""

import datetime as dt
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import parsing
from crmlib.parsing import Unreadable

D = dt.date


def refusal(function, *values, **options):
    """Why the values cannot be read, as one text: the value, the reason, and the value that it contradicts."""
    with pytest.raises(Unreadable) as caught:
        function(list(values), **options)
    error = caught.value
    return error.value, error.why if error.other is None else error.why.format(other=error.other)


def only(values, **options):
    return parsing.days(list(values), **options)[0]


class TestNothing:
    @pytest.mark.parametrize(
        "value", [None, "", "  ", "NaN", "nan", "NULL", "None", "n/a", "#N/A", "<NA>", "NaT", float("nan"), np.nan]
    )
    def test_reads_as_nothing(self, value):
        assert parsing.nothing(value)

    @pytest.mark.parametrize("value", ["0", 0, 0.0, False, "-", "nano", "x", float("inf"), "unknown"])
    def test_is_something(self, value):
        assert not parsing.nothing(value)


class TestIds:
    def test_text_keeps_its_zeros_and_loses_the_spaces_around_it(self):
        assert parsing.ids([" 007", "7 ", "a b", "\u00a0x\t"]) == ["007", "7", "a b", "x"]

    def test_numbers_read_as_people_write_them(self):
        assert parsing.ids([12, 12.0, -3.0, 1.5, np.float32(8), Decimal("4")]) == ["12", "12", "-3", "1.5", "8", "4"]

    def test_other_things_become_their_text(self):
        number = uuid.UUID(int=5)
        assert parsing.ids([number, D(2024, 1, 5), ("a", 1)]) == [str(number), "2024-01-05", "('a', 1)"]

    def test_what_reads_as_nothing_is_none(self):
        assert parsing.ids(["", "NULL", None, "x"]) == [None, None, None, "x"]

    def test_a_long_id_that_a_float_has_rounded_is_refused(self):
        value, why = refusal(parsing.ids, "a", 2.0**53)
        assert value == 2.0**53
        assert why == "was rounded when it was read as a floating-point number; read the column as text"
        assert parsing.ids([2.0**53 - 1, 2**60 + 1]) == ["9007199254740991", "1152921504606846977"]

    def test_an_infinite_id(self):
        assert refusal(parsing.ids, float("inf"))[1].startswith(
            "was rounded when it was read as a floating-point number"
        )

    def test_bytes_are_not_text(self):
        assert refusal(parsing.ids, b"ab") == (b"ab", "is bytes and not text; decode the column first")


class TestDays:
    @pytest.mark.parametrize(
        ("text", "day"),
        [
            ("2024-02-29", D(2024, 2, 29)),
            ("2024/2/9", D(2024, 2, 9)),
            ("2024.02.09", D(2024, 2, 9)),
            ("20240209", D(2024, 2, 9)),
            ("19970101", D(1997, 1, 1)),
            ("31/12/2010", D(2010, 12, 31)),
            ("12/31/2010", D(2010, 12, 31)),
            ("31.12.2010", D(2010, 12, 31)),
            ("05-05-2010", D(2010, 5, 5)),
            ("5 Jan 2010", D(2010, 1, 5)),
            ("05-JAN-2010", D(2010, 1, 5)),
            ("5 january 2010", D(2010, 1, 5)),
            ("Jan 5, 2010", D(2010, 1, 5)),
            ("September 5 2010", D(2010, 9, 5)),
            ("Sept. 5, 2010", D(2010, 9, 5)),
            ("2010年1月5日", D(2010, 1, 5)),
            (" 2024-02-09 ", D(2024, 2, 9)),
            ("0001-01-01", D(1, 1, 1)),
            ("9999-12-31", D(9999, 12, 31)),
            ("２０２４-02-09", D(2024, 2, 9)),
        ],
    )
    def test_forms(self, text, day):
        assert parsing.days([text]) == ([day], False, False)

    @pytest.mark.parametrize(
        ("clock", "zoned"),
        [
            (" 09:30", False), ("T23:59:59", False), (" 23:59:59.123456", False), (" 8:26:00,5", False), (" 9:30 PM",
            False),
            (" 09:30 a.m.", False), ("T24:00", False), ("T23:59:59Z", True), ("T23:59:59.000+02:00", True),
            (" 23:59 UTC", True), (" 23:59:59-0800", True),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("day", ["2024-02-09", "9 Feb 2024"])
    def test_a_time_of_day_is_cut_off_and_the_day_stays_as_written(self, day, clock, zoned):
        assert parsing.days([day + clock]) == ([D(2024, 2, 9)], True, zoned)

    @pytest.mark.parametrize("clock", [" 25:00", " 9:60", " 9:5", "T", " noon:", " 12:00 Berlin"])
    def test_a_time_that_cannot_be_read(self, clock):
        value, why = refusal(parsing.days, "2024-02-09" + clock)
        expected = "has a time of day that cannot be read; write it as 23:59 or leave it out"
        assert why == expected if ":" in clock else why.startswith("is not a date that can be read")
        assert value == "2024-02-09" + clock

    def test_one_value_decides_the_order_of_day_and_month_for_the_column(self):
        assert only(["03/04/2010", "13/04/2010"]) == [D(2010, 4, 3), D(2010, 4, 13)]
        assert only(["03/04/2010", "04/13/2010"]) == [D(2010, 3, 4), D(2010, 4, 13)]

    @pytest.mark.parametrize(
        ("values", "shown"),
        [
            (["03/04/2010", None, "13/04/2010", "14/04/2010"], ("13/04/2010", "day/month/year")),
            ([" 04-13-2010 08:26"], (" 04-13-2010 08:26", "month-day-year")),
            (["13.04.2010T08:26Z"], ("13.04.2010T08:26Z", "day.month.year")),
            (["05/05/2010"], None), (["2010-04-13"], None), (["13 April 2010"], None), ([D(2010, 4, 13)], None),
            ([None], None),
        ],
    )  # fmt: skip
    def test_what_decided_the_order_can_be_asked(self, values, shown):
        parsing.days(values)
        assert parsing.order_shown(values) == shown

    def test_undecidable(self):
        value, why = refusal(parsing.days, "05/05/2010", "03/04/2010", None)
        assert value == "03/04/2010"
        assert why == (
            "could be day and month or month and day, and no date in the column decides it; "
            "give date_format='%d/%m/%Y' or date_format='%m/%d/%Y'"
        )

    @pytest.mark.parametrize("text", ["03.04.2010", "03-04-2010 08:26", "03/04/2010T08:26:00"])
    def test_the_formats_that_an_error_offers_work(self, text):
        _, why = refusal(parsing.days, text)
        offered = [part.split("'")[0] for part in why.split("date_format='")[1:]]
        assert [only([text], date_format=one)[0] for one in offered] == [D(2010, 4, 3), D(2010, 3, 4)]

    def test_contradictory(self):
        value, why = refusal(parsing.days, "31/12/2010", "12/31/2010")
        assert (value, why) == (
            "31/12/2010",
            "has the day first but 12/31/2010 has the month first; write all dates one way",
        )

    @pytest.mark.parametrize(
        ("one", "two"),
        [
            ("2010-12-31", "31/12/2010"),
            ("20101231", "2010-12-31"),
            ("31 Dec 2010", "31.12.2010"),
            ("31.12.2010", "01/02/2010"),
        ],
    )
    def test_mixed_forms(self, one, two):
        assert refusal(parsing.days, one, two) == (
            one, f"is written in another way than {two}; write all dates one way, best YYYY-MM-DD",
        )  # fmt: skip

    @pytest.mark.parametrize("sign", "-/.")
    def test_years_of_two_digits(self, sign):
        for text, ways in (
            ("31-12-10", ["%d-%m-%y"]),
            ("12-31-10", ["%m-%d-%y"]),
            ("03-04-10", ["%d-%m-%y", "%m-%d-%y"]),
            ("99-12-31", ["%y-%m-%d"]),
        ):
            text, ways = text.replace("-", sign), [way.replace("-", sign) for way in ways]
            offered = " or ".join(f"date_format={way!r}" for way in ways)
            assert refusal(parsing.days, text + " 8:26") == (
                text + " 8:26", f"has a year of two digits; say how to read it with {offered}",
            )  # fmt: skip
            assert only([text + " 8:26"], date_format=ways[0])[0].year in (1999, 2010)

    @pytest.mark.parametrize(
        "text", ["2023-02-29", "31/04/2023", "0000-01-01", "2024-13-01", "31/13/2023", "20240230", "0 Jan 2024"]
    )
    def test_no_day_of_the_calendar(self, text):
        assert refusal(parsing.days, text) == (text, "is no day of the calendar; correct it")

    @pytest.mark.parametrize(
        "text",
        ["yesterday", "441970", "14197", "2024-02", "5 Mai 2010 x", "1704412800", "2024-02_09", "Q1 2024", "x" * 500],
    )
    def test_no_date(self, text):
        _, why = refusal(parsing.days, text)
        assert (
            why == "is not a date that can be read; write YYYY-MM-DD or give date_format, e.g. date_format='%d.%m.%Y'"
        )

    @pytest.mark.parametrize("value", ["44197", 44197, 44197.0, "44197.5"])
    def test_day_numbers_of_spreadsheets_are_told(self, value):
        assert refusal(parsing.days, value) == (
            value, "is the number of a day, as spreadsheets keep it; format the column as a date there, best "
            "YYYY-MM-DD",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("dd/mm/yyyy", "%d/%m/%Y"),
            ("MM-DD-YYYY", "%m-%d-%Y"),
            ("yyyy.mm.dd", "%Y.%m.%d"),
            ("dd mm yy", "%d %m %y"),
            ("dmy", "%d.%m.%Y"),
        ],
    )
    def test_a_date_format_in_the_letters_of_spreadsheets_is_translated(self, typed, meant):
        assert refusal(parsing.days, "31/12/2010", date_format=typed)[1].endswith(f", e.g. date_format={meant!r}")

    @pytest.mark.parametrize("text", ["5 Mai 2010", "5 Juny 2010", "Mayo 5 2010"])
    def test_month_names_are_english(self, text):
        _, why = refusal(parsing.days, text)
        assert why == "has a month name that is not English; write YYYY-MM-DD"

    def test_numbers_and_gaps(self):
        assert only([20240209, 20240210.0, None, "", "NaT"]) == [D(2024, 2, 9), D(2024, 2, 10), None, None, None]

    def test_date_objects(self):
        values = [D(2024, 2, 9), dt.datetime(2024, 2, 10, 9, 30), pd.Timestamp("2024-02-11"), None]
        assert parsing.days(values) == ([D(2024, 2, 9), D(2024, 2, 10), D(2024, 2, 11), None], True, False)
        tokyo = pd.Timestamp("2024-02-09 00:00", tz="Asia/Tokyo")  # the 8th in London
        assert parsing.days([tokyo]) == ([D(2024, 2, 9)], False, True)

    def test_a_spreadsheets_mix_of_dates_and_text_is_refused(self):
        value, why = refusal(parsing.days, dt.datetime(2010, 1, 2), None, "13/01/2010")
        assert value == "13/01/2010"
        assert why == (
            "is text in a column of real dates, where a spreadsheet may have swapped day and month in the others; "
            "write all dates one way, best YYYY-MM-DD"
        )

    def test_date_format(self):
        assert parsing.days(["31.12.10"], "%d.%m.%y") == ([D(2010, 12, 31)], False, False)
        assert parsing.days(["31.12.10 09:30"], "%d.%m.%y") == ([D(2010, 12, 31)], True, False)
        assert parsing.days(["101231 0930"], "%y%m%d %H%M") == ([D(2010, 12, 31)], True, False)
        assert parsing.days(["101231 0930+0200"], "%y%m%d %H%M%z") == ([D(2010, 12, 31)], True, True)
        assert parsing.days([101231], "%y%m%d") == ([D(2010, 12, 31)], False, False)
        assert refusal(parsing.days, "31.12.10", "1.1.2010", date_format="%d.%m.%y") == (
            "1.1.2010", "does not fit date_format='%d.%m.%y'; correct the date or the format",
        )  # fmt: skip

    @pytest.mark.parametrize("bad", ["%d.%m", "%H:%M", "%Q", "%Y", "%", "%Y-%d", "DD.MM.YYYY", "%d.%m.%Y %"])
    def test_a_date_format_that_gives_no_day_is_not_filled_up_with_1900(self, bad):
        value, why = refusal(parsing.days, "31.12.2010", date_format=bad)
        assert value == "31.12.2010"
        assert why == (
            f"cannot be read with date_format={bad!r}; it must give year, month and day in codes, e.g. "
            "date_format='%d.%m.%Y'"
        )

    @settings(max_examples=60)
    @given(
        st.lists(st.dates(D(1900, 1, 1), D(2099, 12, 31)), min_size=1, max_size=8, unique=True),
        st.sampled_from(
            ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d %b %Y", "%B %d, %Y"]
        ),
        st.sampled_from(["", " 10:11", "T10:11:12.5Z"]),
    )
    def test_a_written_date_is_read_back_or_refused_never_misread(self, dates, form, clock):
        texts = [day.strftime(form) + clock for day in dates]
        try:
            found = only(texts)
        except Unreadable as error:
            assert form in ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y")
            assert "could be day and month" in error.why
        else:
            assert found == dates
        assert only(texts, date_format=form) == dates


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "options", "number"),
        [
            ("12.50", {}, 12.5), ("-3", {}, -3.0), ("+3", {}, 3.0), (".5", {}, 0.5), ("5.", {}, 5.0), ("0", {}, 0.0),
            ("1e3", {}, 1000.0), ("1.5E-2", {}, 0.015), (" 7 ", {}, 7.0), ("1234567.891", {}, 1234567.891),
            ("0.125", {}, 0.125), ("1e400", {}, float("inf")), ("007", {}, 7.0),
            ("1,234.50", {"thousands": ","}, 1234.5), ("1,234,567", {"thousands": ","}, 1234567.0), ("12.5",
            {"thousands": ","}, 12.5),
            ("1.234,50", {"decimal": ",", "thousands": "."}, 1234.5), ("1.234,50", {"thousands": "."}, 1234.5),
            ("1.234", {"thousands": "."}, 1234.0), ("1.234", {"decimal": "."}, 1.234), ("12,5", {"decimal": ","}, 12.5),
            ("-,5", {"decimal": ","}, -0.5), ("1 234,5", {"decimal": ",", "thousands": " "}, 1234.5),
            ("1\u00a0234", {"thousands": " "}, 1234.0), ("1\u202f234", {"thousands": " "}, 1234.0),
            ("1'234.5", {"thousands": "'"}, 1234.5), ("1_234", {"thousands": "_"}, 1234.0),
            ("１２", {}, 12.0), ("١٢", {}, 12.0), ("\u221212.5", {}, -12.5),
        ],
    )  # fmt: skip
    def test_reads(self, text, options, number):
        assert parsing.numbers([text], **options) == [number]

    def test_values_that_are_numbers_already(self):
        assert parsing.numbers([1, 2.5, Decimal("3.25"), np.float32(0.5), None, "", "NaN"]) == [
            1,
            2.5,
            3.25,
            0.5,
            None,
            None,
            None,
        ]
        # 1.234 as a number is no text that could mean 1234, and no decimal sign applies to it
        assert parsing.numbers([1.234, 2.5], decimal=",") == [1.234, 2.5]
        assert parsing.numbers([1.234]) == [1.234]

    @pytest.mark.parametrize(
        ("texts", "advice"),
        [
            (["1,23"], "give decimal=','"),
            (["1,234"], "give thousands=',' or decimal=',', whichever is meant"),
            (["1,234", "1,23"], "give decimal=','"),  # the column knows more than its first amount
            (["1,234", "12.50"], "give thousands=','"),
            (["1,234.50"], "give thousands=','"),
            (["1.234,50"], "give decimal=',' and thousands='.'"),
            (["1.234.567"], "give decimal=',' and thousands='.'"),
            (["1 234.50"], "give thousands=' '"),
            (["1 234,50"], "give decimal=',' and thousands=' '"),
            (["1'234.50"], 'give thousands="\'"'),
            (["1,23", "$5"], "give decimal=','"),  # no way reads the whole column; this one reads this amount
        ],
    )
    def test_advice_is_what_works(self, texts, advice):
        value, why = refusal(parsing.numbers, *texts)
        assert value in texts
        assert why == f"is not a number as it stands; {advice}"

    def test_advice_against_options_that_do_not_fit(self):
        assert refusal(parsing.numbers, "1.50", decimal=",")[1] == "is not a number as it stands; give decimal='.'"
        assert refusal(parsing.numbers, "1,50", decimal=".")[1] == "is not a number as it stands; give decimal=','"

    @pytest.mark.parametrize(
        "text",
        [
            "five", "12.5.3", "\u20135", "5x", "1,23,456", "0x1F", "1_000", "inf", "-inf", "Infinity",
            "5%", ".", "-", "+", "e5", "--5", "1 2", "<b>5</b>", "5\n6", "((5))", "(abc)", "1,2,3",
        ],
    )  # fmt: skip
    def test_no_number(self, text):
        value, why = refusal(parsing.numbers, text)
        assert value == text
        assert why == (
            "is not a number; write digits with at most one decimal sign and a minus in front, without currency signs "
            "or "
            "words"
        )

    @pytest.mark.parametrize("text", ["(5.00)", "( 5.00 )", "5.00-", "5.00 -"])
    def test_other_ways_of_accountants_to_write_a_minus(self, text):
        assert (
            refusal(parsing.numbers, text)[1] == "is not a number; write a negative amount with a minus in front, -5.00"
        )

    @pytest.mark.parametrize(
        ("text", "mark"),
        [("$5", "'$'"), ("5 €", "'€'"), ("-$5", "'$'"), ("$-5", "'$'"), ("USD 5.00", "'USD'"), ("Fr. 1'250.00",
        "'Fr.'"), ("12,50 zł", "'zł'"),
         ("￥1,250", "'￥'"), ("5元", "'元'"), ("US $5 (net)", None), ("$5 CAD", "'$' and 'CAD'")],
    )  # fmt: skip
    def test_currency_signs_are_named(self, text, mark):
        why = refusal(parsing.numbers, text)[1]
        if mark:
            assert why == f"is not a number; take {mark} out of the column, e.g. by find and replace"
        else:
            assert why.startswith("is not a number; write digits")

    @pytest.mark.parametrize(
        ("texts", "options"),
        [
            (["3", "1,234.50", "1.234,50"], {}), (["free", "12.50", "1.234,50"], {"decimal": ",", "thousands": "."}),
            (["1,234.50", "1.234,50"], {"thousands": ","}), (["1.5", "2,5"], {}),
        ],
    )  # fmt: skip
    def test_two_ways_in_one_column_are_not_answered_with_an_option(self, texts, options):
        """Or the one answer would lead to the other and back."""
        with pytest.raises(Unreadable) as caught:
            parsing.numbers([text for text in texts if text != "free"], **options)
        assert caught.value.why == "is written in another way than {other}; write all amounts one way"
        assert {caught.value.value, caught.value.other} <= set(texts)

    @pytest.mark.parametrize(
        ("value", "kind"),
        [(True, "true-or-false value"), (pd.Timedelta(1), "span of time"), (pd.Timestamp(0), "date"), (b"5", "bytes"), (dt.timedelta(1), "timedelta"), (5j, "complex"),
        (dt.date(2024, 1, 1), "date"),
         (dt.datetime(2024, 1, 1), "date")],
    )  # fmt: skip
    def test_other_things_are_no_numbers(self, value, kind):
        assert refusal(parsing.numbers, value) == (value, f"is a {kind} and not a number")

    def test_three_digits_after_the_point_everywhere_are_undecidable(self):
        value, why = refusal(parsing.numbers, "1.234", "12.500", "7")
        assert value == "1.234"
        assert why == (
            "could be 1.234 or 1234, and no amount in the column decides it; give decimal='.' or thousands='.'"
        )

    @pytest.mark.parametrize("other", ["1.5", "0.125", "1234.500", "1234", "12.00"])
    def test_one_amount_decides_the_point(self, other):
        assert parsing.numbers(["1.234", other])[0] == 1.234

    @settings(max_examples=60)
    @given(
        st.lists(st.decimals(-99_999_999, 99_999_999, places=2), min_size=1, max_size=6),
        st.sampled_from([(".", None), (",", None), (".", ","), (",", "."), (",", " "), (".", "'"), (".", "_")]),
    )
    def test_a_written_amount_is_read_back(self, amounts, style):
        decimal, thousands = style
        texts = [
            f"{amount:,.2f}".replace(",", "\0").replace(".", decimal).replace("\0", thousands or "")
            for amount in amounts
        ]
        assert parsing.numbers(texts, decimal=decimal, thousands=thousands) == [float(amount) for amount in amounts]

    @settings(max_examples=60)
    @given(st.lists(st.text("0123456789.,' -+e", min_size=1, max_size=9), min_size=1, max_size=4))
    def test_following_the_advice_reads_the_amount(self, texts):
        try:
            parsing.numbers(texts)
        except Unreadable as error:
            if "give " not in error.why:
                return
            for choice in error.why.split("give ")[1].split(", whichever")[0].split(" or "):
                options = {name: sign for name, sign in (part.split("=", 1) for part in choice.split(" and "))}
                options = {name: sign[1:-1] for name, sign in options.items()}
                assert isinstance(parsing.numbers([error.value], **options)[0], float)


@settings(max_examples=60)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=12),
            st.integers(),
            st.floats(),
            st.none(),
            st.booleans(),
            st.dates(),
            st.binary(max_size=3),
        ),
        max_size=5,
    )
)
@pytest.mark.parametrize("function", [parsing.ids, parsing.days, parsing.numbers])
def test_every_value_is_read_or_named(function, values):
    try:
        function(values)
    except Unreadable as error:
        assert any(value is error.value for value in values)
        assert error.other is None or any(value is error.other for value in values)
