"""The engine of the checks: four outcomes, mistakes by name, never the answer, never an exception."""

import datetime as dt
import html
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.errors import DataError
from crmlib.workbook.checks import Check, Choice, Labels, Material, Number, Outcome, Words, Wrong


def a_check(**questions):
    """A check on a tiny log; the right answers of these questions stand in the tests."""
    tx = pd.DataFrame({"customer": ["01", "02", "03"], "date": pd.to_datetime(["2024-01-05"] * 3), "amount": 1.0})
    return Check("made", questions, Material(tx, None, "2024-01-31", "$"))


def number(right, *, within=0.005, **options):
    return a_check(q=Number(lambda material: right, "Well done.", within, **options))


def labels(right, *, column="value", **options):
    return a_check(q=Labels(lambda material: right, "Well done.", column, **options))


ORDERS = pd.Series({"01": 2, "02": 1, "03": 5})


# not answered


@pytest.mark.parametrize("answer", [..., None, "", "  ", "...", " ... "])
@pytest.mark.parametrize(
    "question",
    [
        Number(lambda m: 1, "", 0),
        Choice(lambda m: "a", "", ("a", "b")),
        Labels(lambda m: ORDERS, "", "value"),
        Words(),
    ],
)
def test_a_stub_is_not_answered_whatever_the_question(question, answer):
    assert a_check(q=question)("q", answer) == Outcome(
        "not answered", "Put your answer in place of the three dots, or ask check.hint('q')."
    )


# numbers


@pytest.mark.parametrize(
    "answer",
    [
        0.5,
        0.505,  # 0.505 - 0.5 is a hair above 0.005 in floating point
        0.495,
        np.float32(0.5),
        np.array(0.5),
        np.array([[0.5]]),
        pd.Series([0.5]),
        pl.Series([0.5]),
        Fraction(1, 2),
        Decimal("0.5"),
    ],
)
def test_one_number_counts_in_whatever_it_comes(answer):
    assert number(0.5)("q", answer) == ("correct", "Well done.")


@pytest.mark.parametrize("answer", [3, 3.0, np.int64(3), pd.Series([3], dtype="Int64")])
def test_a_count_may_be_a_float_and_a_tolerance_of_zero_is_no_trap(answer):
    assert number(3, within=0)("q", answer).status == "correct"
    assert number(4, within=0)("q", answer) == ("not yet", "3 is not it.")


def test_a_large_sum_may_differ_in_its_last_digits_only():
    total = 2_500_315.63
    assert number(total, within=0)("q", total + 1e-4).status == "correct"
    assert number(total, within=0)("q", total + 0.01).status == "not yet"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("0.5", "The answer is one number, not '0.5'."),
        ("50 %", "The answer is one number, not '50 %'."),
        (True, "The answer is one number, not True."),
        (np.True_, "The answer is one number, not True."),
        ([0.5], "The answer is one number, not [0.5]."),
        (0.5j, "The answer is one number, not 0.5j."),
        (float("nan"), "The answer is one number, not nan."),
        (pd.NA, "The answer is one number, not <NA>."),
        (float("-inf"), "The answer is one number, not -inf."),
        (10**400, "The answer is one number, not inf."),
        (pd.Series([1.0, 2.0]), "The answer is one number, not 2 of them."),
        (np.zeros((3, 2)), "The answer is one number, not 6 of them."),
        (pd.DataFrame({"a": [1]}), "The answer is one number, not a DataFrame."),
        (dt.date(2024, 1, 5), "The answer is one number, not datetime.date(2024, 1, 5)."),
        (pd.Timedelta(days=5), "This is a span of time; the answer is a number of days, which .days gives."),
        (dt.timedelta(days=5), "This is a span of time; the answer is a number of days, which .days gives."),
        (np.timedelta64(5, "ns"), "This is a span of time; the answer is a number of days, which .days gives."),
        (pd.Series([pd.Timedelta(5)]), "This is a span of time; the answer is a number of days, which .days gives."),
        (print, "The answer is one number, not <built-in function print>."),
    ],
)
def test_what_is_no_number_is_said_to_be_none(answer, message):
    assert number(5)("q", answer) == ("could not compare", message)


def test_a_mistake_is_named():
    check = number(10, wrong=(Wrong(lambda m: 12, "You counted lines."),))
    assert check("q", 12.001) == ("not yet", "You counted lines.")
    assert check("q", 13) == ("not yet", "13 is not it.")


def test_a_mistake_that_gives_the_right_answer_on_this_log_is_no_mistake():
    assert number(10, wrong=(Wrong(lambda m: 10.002, "You counted lines."),))("q", 10.002).status == "correct"


def test_two_mistakes_with_the_same_answer_are_both_named():
    wrong = (Wrong(lambda m: 12, "You counted lines."), Wrong(lambda m: 12, "You kept refunds."))
    assert number(10, wrong=wrong)("q", 12) == ("not yet", "You counted lines. Or: You kept refunds.")
    assert number(10, wrong=wrong[:1] * 2)("q", 12) == ("not yet", "You counted lines.")


@pytest.mark.parametrize("error", [DataError("No refunds."), ZeroDivisionError(), KeyError("order"), ValueError()])
def test_a_mistake_that_nobody_can_make_on_this_log_is_passed_over(error):
    def impossible(material):
        raise error

    check = number(10, wrong=(Wrong(impossible, "Impossible."), Wrong(lambda m: 12, "You counted lines.")))
    assert check("q", 12) == ("not yet", "You counted lines.")
    assert check("q", 10).status == "correct"


def test_a_share_in_per_cent_is_told_apart():
    check = number(0.511, within=0.0005, share=True)
    assert check("q", 51.1) == ("not yet", "This is in per cent; the question asks for a share between 0 and 1.")
    assert check("q", 51.2) == ("not yet", "A share lies between 0 and 1; yours is 51.2.")
    assert check("q", -0.2) == ("not yet", "A share lies between 0 and 1; yours is -0.2.")
    assert check("q", 0.489) == ("not yet", "0.489 is not it.")
    assert number(51.1, share=False)("q", 0.511) == ("not yet", "0.511 is not it.")


def test_a_small_share_in_per_cent_is_told_apart_although_it_lies_below_one():
    message = number(0.004, within=0.0005, share=True)("q", 0.4).message
    assert message == "This is in per cent; the question asks for a share between 0 and 1."


def test_too_much_rounding_is_told_apart():
    check = number(0.51141, within=0.0005, share=True)
    assert check("q", 0.511).status == "correct"
    assert check("q", 0.51) == ("not yet", "You rounded too much: three decimals are needed.")
    assert check("q", 0.5) == ("not yet", "You rounded too much: three decimals are needed.")
    whole = number(12.34567, within=0)("q", 12.35)
    assert whole == ("not yet", "You rounded too much: give the number as it is computed.")
    assert check("q", 0.52) == ("not yet", "0.52 is not it.")
    assert number(0.3, within=0)("q", 0) == ("not yet", "0 is not it.")


def test_a_wrong_number_is_repeated_in_full():
    assert number(2_500_315.63, within=0)("q", 2_500_316.78) == ("not yet", "2,500,316.78 is not it.")


@pytest.mark.parametrize("right", [float("nan"), float("inf")])
def test_a_question_without_an_answer_on_this_log_says_so(right):
    expected = ("could not compare", "This log cannot carry the question. The answer is not defined on it.")
    assert number(right)("q", 3) == expected
    assert number(right)("q", float("nan")) == expected


@pytest.mark.parametrize(("kind", "option"), [(Number, 0), (Labels, "value"), (Choice, ("a", "b"))])
def test_a_question_that_the_log_cannot_carry_says_why_whatever_the_answer(kind, option):
    def cannot(material):
        raise DataError("Nobody is lapsed.")

    check = a_check(q=kind(cannot, "", option))
    for answer in (3, float("nan"), ORDERS, "text"):
        assert check("q", answer) == ("could not compare", "This log cannot carry the question. Nobody is lapsed.")


# choices


def test_a_choice_is_read_with_the_underscores_of_a_column():
    check = a_check(q=Choice(lambda m: "orders each", "Well done.", ("orders each", "order value")))
    assert check("q", "Orders_each").status == "correct" and check("q", "order_value").status == "not yet"


def test_a_choice_is_read_without_spaces_and_capitals():
    check = a_check(
        q=Choice(lambda m: "send", "Well done.", ("send", "wait", "never"), (Wrong(lambda m: "wait", "Compare."),))
    )
    assert check("q", " Send ") == ("correct", "Well done.")
    assert check("q", np.str_("send")).status == "correct"
    assert check("q", "wait") == ("not yet", "Compare.")
    assert check("q", "never") == ("not yet", "'never' does not follow from the numbers of this log.")
    for answer in ("perhaps", 1, ["send"], True):
        message = f"The answer is one of 'send', 'wait', 'never', not {answer!r}."
        assert check("q", answer) == ("could not compare", message)


# labels


@pytest.mark.parametrize(
    "answer",
    [
        ORDERS,
        ORDERS[::-1],
        ORDERS.astype(float),
        ORDERS.astype("Int64"),
        ORDERS.astype(object),
        ORDERS.rename("anything"),
        ORDERS.set_axis(pd.CategoricalIndex(["01", "02", "03"])),
        {"01": 2, "02": 1, "03": 5},
        pd.DataFrame({"customer": ["03", "01", "02"], "value": [5, 2, 1], "more": 0}),
        ORDERS.rename_axis("customer").to_frame("value"),
        pl.DataFrame({"customer": ["03", "01", "02"], "value": [5, 2, 1]}),
    ],
)
def test_one_value_a_customer_counts_in_whatever_it_comes(answer):
    assert labels(ORDERS)("q", answer) == ("correct", "Well done.")


def test_the_first_customer_that_differs_is_shown_with_the_answer_that_was_given():
    check = labels(ORDERS)
    assert check("q", ORDERS + [0, 1, 0]) == ("not yet", "1 of 3 customers differ, e.g. 02: you have 2.")
    assert check("q", ORDERS[::-1] * 1000) == ("not yet", "3 of 3 customers differ, e.g. 01: you have 2,000.")
    assert check("q", ORDERS.astype(str)) == ("not yet", "3 of 3 customers differ, e.g. 01: you have '2'.")
    assert check("q", ORDERS.astype("Int64").mask(ORDERS == 1)).message.endswith("e.g. 02: you have <NA>.")
    assert check("q", ORDERS.astype(float).mask(ORDERS == 1)).message.endswith("e.g. 02: you have nan.")
    assert check("q", ORDERS > 1).message == "3 of 3 customers differ, e.g. 01: you have True."
    assert (
        check("q", pd.Series({"01": [2], "02": 1, "03": 5})).message
        == "1 of 3 customers differ, e.g. 01: you have [2]."
    )


def test_values_that_are_all_off_by_the_same_number_are_said_to_be_so():
    check = labels(ORDERS)
    assert check("q", ORDERS + 40) == (
        "not yet",
        "3 of 3 customers differ, e.g. 01: you have 42. Every value is too high by the same number.",
    )
    assert check("q", ORDERS - 1.0).message.endswith("you have 1. Every value is too low by the same number.")
    assert labels(ORDERS[:1])("q", ORDERS[:1] + 1).message == "1 of 1 customer differ, e.g. 01: you have 3."


def test_dates_where_numbers_are_asked_for_are_said_to_be_dates():
    days = pd.Series(pd.Timestamp("2024-01-05"), index=ORDERS.index)
    message = "These are dates; the answer is a number for each customer."
    assert labels(ORDERS)("q", days) == ("could not compare", message)


def test_customers_who_only_gave_back_are_named_as_such():
    tx = pd.DataFrame({"customer": ["01", "02", "03", "03"], "amount": [1.0, 0.0, -1.0, -2.0]})
    right = pd.Series({"01": 2, "02": 1})
    check = Check("made", {"q": Labels(lambda m: right, "", "value")}, Material(tx, None, "2024-01-31", "$"))
    said = "1 customer should not be there, e.g. 03. Customers with refunds only never bought: leave them out."
    assert check("q", {**right, "03": 0}) == ("not yet", said)
    assert check("q", {**right, "03": 0, "04": 0}).message == "2 customers should not be there, e.g. 03."


def test_a_gap_equals_a_gap_and_nothing_else():
    right = pd.Series({"01": 2.0, "02": np.nan, "03": 5.0})
    check = labels(right)
    assert check("q", right.astype("Float64")).status == "correct"
    assert check("q", right.astype(object).where(right.notna(), None)).status == "correct"
    assert check("q", right.fillna(0)) == ("not yet", "1 of 3 customers differ, e.g. 02: you have 0.")
    assert labels(right.fillna(0))("q", right.astype("Float64")).status == "not yet"


def test_a_tolerance_holds_for_numbers():
    check = labels(ORDERS * 0.1, within=0.005)
    assert check("q", ORDERS * 0.1 + 0.005).status == "correct"
    assert check("q", ORDERS * 0.1 + 0.006).status == "not yet"
    assert labels(ORDERS * 0.1)("q", ORDERS / 10).status == "correct"  # 0.1 * 5 is not always 5 / 10


def test_words_and_categories_compare_as_words():
    right = pd.Series({"01": "A", "02": "B", "03": None})
    check = labels(right)
    assert check("q", right.astype("category")).status == "correct"
    assert check("q", right.astype("string")).status == "correct"
    assert check("q", right.str.lower()) == ("not yet", "2 of 3 customers differ, e.g. 01: you have 'a'.")


@pytest.mark.parametrize(
    "given_dates",
    [
        ["2024-01-05", "2024-01-06", "2024-01-07"],
        [dt.date(2024, 1, 5), dt.date(2024, 1, 6), dt.date(2024, 1, 7)],
        pd.to_datetime(["2024-01-05", "2024-01-06", "2024-01-07"]).astype("datetime64[ns]"),
    ],
)
def test_dates_compare_as_days_however_they_are_written(given_dates):
    right = pd.Series(pd.date_range("2024-01-05", periods=3), index=ORDERS.index).astype("datetime64[us]")
    assert labels(right)("q", pd.Series(given_dates, index=ORDERS.index)).status == "correct"
    assert labels(right)("q", right + pd.Timedelta(days=1)).status == "not yet"
    assert labels(right)("q", ORDERS).status == "not yet"
    assert labels(right)("q", pd.Series("soon", index=ORDERS.index)).message == (
        "3 of 3 customers differ, e.g. 01: you have 'soon'."
    )


def test_spans_of_time_are_no_numbers_of_days():
    spans = pd.to_timedelta(ORDERS, unit="D")
    message = "The values are spans of time; the answer is a number of days, which .dt.days gives."
    assert labels(ORDERS)("q", spans) == ("could not compare", message)


def test_ids_may_be_whole_numbers_where_the_log_has_whole_numbers():
    right = pd.Series({"7": 2, "12": 1})
    for index in ([7, 12], [7.0, 12.0]):
        assert labels(right)("q", pd.Series([2, 1], index=index)).status == "correct"


def test_lost_zeros_are_named():
    message = "The ids lost their leading zeros: '01' became '1'. Keep customer as text."
    assert labels(ORDERS)("q", ORDERS.set_axis([1, 2, 3])) == ("could not compare", message)


def test_positions_are_no_customers():
    message = "The index does not hold the customers of this log; index the Series by customer."
    assert labels(ORDERS)("q", ORDERS.reset_index(drop=True)) == ("could not compare", message)
    assert labels(ORDERS)("q", ORDERS.set_axis(["x", "y", "z"])) == ("could not compare", message)
    counted = ORDERS.set_axis(["1", "2", "3"])
    assert labels(counted)("q", counted.reset_index(drop=True)) == ("could not compare", message)
    assert labels(ORDERS)("q", ORDERS[:0]) == ("could not compare", message)


def test_missing_and_additional_customers_are_counted():
    check = labels(ORDERS)
    assert check("q", ORDERS[1:]) == ("not yet", "1 of 3 customers missing, e.g. 01.")
    assert check("q", {**ORDERS, "04": 0}) == ("not yet", "1 customer should not be there, e.g. 04.")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (3, "The answer is a Series with one value a customer, or a table with columns 'customer' and 'value', not 3."),
        (pd.DataFrame({"customer": ["01"]}), "The table needs a column 'value'; it has 'customer'."),
        (pd.DataFrame({"value": [1]}), "The table needs a column 'customer'; it has 'value'."),
        (pd.concat([ORDERS, ORDERS]), "Customer 01 stands there more than once; the answer has one value a customer."),
        (
            pd.Series(1, index=pd.MultiIndex.from_tuples([("01", 1)], names=["customer", "day"])),
            "The index has 2 parts (customer, day); the answer has one value a customer.",
        ),
    ],
)
def test_other_shapes_are_said_to_be_other_shapes(answer, message):
    assert labels(ORDERS)("q", answer) == ("could not compare", message)


def test_a_mistake_a_customer_is_named_even_if_it_has_other_customers():
    wrong = (
        Wrong(lambda m: ORDERS + 1, "You counted lines."),
        Wrong(lambda m: pd.Series({**ORDERS, "04": 0}), "The last one never bought."),
    )
    check = labels(ORDERS, wrong=wrong)
    assert check("q", ORDERS + 1) == ("not yet", "You counted lines.")
    assert check("q", {**ORDERS, "04": 0}) == ("not yet", "The last one never bought.")


# words


def test_an_argument_is_read_by_people():
    check = a_check(q=Words(at_least=5))
    assert check("q", "Send it, since 9 % answer.").status == "could not compare"
    said = check("q", "Send it, since 9 % answer.").message
    assert said.startswith("Your text is taken down. No program can judge an argument.")
    assert check("q", "Send it.") == (
        "not yet",
        "2 words are too few for a decision and its reason; write 5 or more.",
    )
    assert check("q", 5) == ("could not compare", "The answer is a text in quotes, not 5.")


def test_chinese_is_counted_without_spaces():
    check = a_check(q=Words(at_least=10))
    assert check("q", "不要发信,因为所需的回应率高于上一次的回应率。").status == "could not compare"
    assert check("q", "不要发信。").status == "not yet"


# the check itself


def test_progress_counts_what_is_right_and_what_is_argued():
    check = a_check(a=Number(lambda m: 1, "", 0), b=Number(lambda m: 2, "", 0), c=Words(at_least=2))
    assert check.progress() == "0 of 2 correct, 0 of 1 argued in words."
    check("a", 1), check("b", 1), check("c", 5)
    assert check.progress() == "1 of 2 correct, 0 of 1 argued in words."
    check("c", "because so"), check("unknown", 1)
    assert check.progress() == "1 of 2 correct, 1 of 1 argued in words."
    assert check("c", "because so").message.endswith("One way of arguing it: check.solution('c').")
    check("a", 7)
    assert check.progress() == "0 of 2 correct, 1 of 1 argued in words."


def test_progress_leaves_out_what_the_log_cannot_carry():
    def cannot(material):
        raise DataError("Nobody is lapsed.")

    check = a_check(
        a=Number(lambda m: 1, "", 0),
        b=Labels(lambda m: ORDERS, "", "value"),
        c=Number(cannot, "", 0),
        d=Choice(cannot, "", ("a",)),
        e=Labels(cannot, "", "value"),
        f=Number(lambda m: math.nan, "", 0),
    )
    check("a", 1), check("b", ORDERS), check("c", 1)
    assert check.progress() == "2 of 2 correct; this log cannot carry c, d, e and f."


def test_hints_come_in_steps_and_start_over():
    check = number(1, hints=("Look.", "Think."))
    assert [check.hint("q").message for _ in range(3)] == [
        "Hint 1 of 2: Look.",
        "Hint 2 of 2: Think.",
        "Hint 1 of 2: Look.",
    ]
    assert repr(check.hint("q")) == "Hint 2 of 2: Think."
    assert check("q", 2).message == "2 is not it. A hint: check.hint('q')."
    assert number(1).hint("q") == ("could not compare", "There is no hint for 'q'.")


@pytest.mark.parametrize("slug", ["other", 3, None, ["q"], ORDERS])
def test_an_unknown_question_lists_the_known_ones(slug):
    check = number(1)
    for outcome in (check(slug, 1), check.hint(slug), check.solution(slug)):
        assert outcome.status == "could not compare"
        assert outcome.message.startswith("There is no question ") and outcome.message.endswith("; there are q.")


def test_an_outcome_shows_itself_and_its_text_is_inert():
    outcome = a_check(q=Choice(lambda m: "a", "", ("a",)))("q", "<script>")
    assert repr(outcome) == "? Could not compare. The answer is one of 'a', not '<script>'."
    assert "<script>" not in outcome._repr_html_() and html.escape("'<script>'") in outcome._repr_html_()
    assert repr(number(1)("q", 1)) == "✓ Correct. Well done."


class Odd:
    """An answer that defends itself."""

    def __repr__(self):
        raise RuntimeError("no")

    __eq__ = __len__ = __iter__ = __float__ = __repr__


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=60),
    st.dates(),
    st.timedeltas(),
    st.lists(st.integers() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3) | st.integers(), st.integers() | st.none(), max_size=4),
    st.lists(st.floats(), max_size=4).map(np.array),
    st.lists(st.floats(), max_size=4).map(pd.Series),
    st.lists(st.text(max_size=2), max_size=4).map(
        lambda names: pd.Series(range(len(names)), index=names, dtype=object)
    ),
    st.lists(st.integers(0, 9), max_size=4).map(lambda x: pd.DataFrame({"customer": x, "value": x})),
    st.sampled_from([Odd(), object, pd.NaT, pd.DataFrame(), pl.DataFrame({"a": [1]}), np.array(["x"]), {1, 2}, b"x"]),
)


@settings(max_examples=60, deadline=None)
@given(anything)
def test_a_check_never_raises_and_never_calls_nonsense_correct(answer):
    check = a_check(
        number=Number(lambda m: np.pi, "Well done.", 1e-9, share=True),
        choice=Choice(lambda m: "no guess finds this", "Well done.", ("no guess finds this",)),
        labels=Labels(lambda m: ORDERS * np.pi, "Well done.", "value", 1e-9),
        words=Words(at_least=1000),
    )
    for slug in ("number", "choice", "labels", "words"):
        outcome = check(slug, answer)
        assert outcome.status in {"not answered", "not yet", "could not compare"}
        assert outcome.message and outcome.message[0].isprintable()


@settings(max_examples=60, deadline=None)
@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_no_message_holds_the_right_number(right, answer):
    outcome = number(right, within=0)("q", answer)
    if outcome.status != "correct":
        assert f"{right:.10g}" == f"{answer:.10g}" or f"{right:,.10g}" not in outcome.message.split()
