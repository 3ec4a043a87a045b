import warnings
from itertools import product

import pandas as pd
import pytest
from engines import BUILD, EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.errors import DataError, DataNotice
from crmlib.prospects import CHINESE, LAYERS, RELATIONS, by_channel, layers, not_customers, relations, validate

few = settings(max_examples=25, deadline=None)
BY_HAND = pd.DataFrame(
    {"customer": list("abcde"), "need": [True, True, False, False, True], "contact": [True, False, True, False, True]}
)
BUYERS = pd.DataFrame({"customer": ["e", "z"], "orders": [2, 1]})


def table(engine="pandas", **columns):
    return build(engine, pd.DataFrame({"customer": ["a", "b"], "need": True, "contact": [True, False]} | columns))


def named(native, column):
    names, found = rows(native)
    return {row[names.index("customer")]: row[names.index(column)] for row in found}


@EVERY_ENGINE
def test_need_and_contact_make_the_relation_and_the_layer(engine):
    related, layered = relations(build(engine, BY_HAND)), layers(build(engine, BY_HAND))
    assert kind(related) == kind(layered) == engine
    assert rows(related)[0] == ["customer", "need", "contact", "relation"]
    assert named(related, "relation") == {
        "a": "target", "b": "potential", "c": "non-customer", "d": "non-customer", "e": "target"
    }  # fmt: skip
    assert named(layered, "layer") == {
        "a": "prospect", "b": "suspect", "c": "rest of the world", "d": "rest of the world", "e": "prospect"
    }  # fmt: skip


@EVERY_ENGINE
def test_a_customer_is_left_out_and_counted(engine):
    prospects, customers = build(engine, BY_HAND), build(engine, BUYERS)
    said = r"^1 of 5 prospects is in the customer table and left out\.$"
    with pytest.warns(DataNotice, match=said) as notices:
        left = not_customers(prospects, customers)
    assert [one.filename for one in notices if one.category is DataNotice] == [__file__]
    assert kind(left) == engine and rows(left)[0] == list(BY_HAND)
    assert [row[0] for row in rows(left)[1]] == list("abcd")
    for function in (relations, layers):
        with pytest.warns(DataNotice, match=said) as notices:
            found = function(prospects, customers=customers)
        assert [one.filename for one in notices if one.category is DataNotice] == [__file__]
        assert kind(found) == engine and [row[0] for row in rows(found)[1]] == list("abcd")


@EVERY_ENGINE
def test_a_good_table_comes_back_as_it_was(engine):
    native = table(engine, city=["Bonn", None])
    found = validate(native)
    assert kind(found) == engine and rows(found) == rows(native)
    assert kind(validate(table(engine, customer=[1, 2]))) == engine


def test_without_customers_among_them_nothing_is_said():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(relations(BY_HAND, pd.DataFrame({"customer": ["z"]}))) == 5


@EVERY_ENGINE
def test_nobody_is_a_table_too(engine):
    nobody = build(engine, BY_HAND.iloc[:0].astype({"customer": "str"}))
    assert rows(relations(nobody, build(engine, BUYERS))) == (["customer", "need", "contact", "relation"], [])


def test_integer_ids_of_any_width_are_the_same_customers():
    customers = pd.DataFrame({"customer": pd.array([2], "int32")})
    with pytest.warns(DataNotice, match="^1 of 2"):
        assert not_customers(table(customer=[1, 2]), customers)["customer"].tolist() == [1]


def test_the_names_are_those_of_the_module():
    assert set(named(relations(BY_HAND), "relation").values()) == set(RELATIONS) == set(CHINESE)
    assert set(named(layers(BY_HAND), "layer").values()) == set(LAYERS)
    assert CHINESE["non-customer"] == "非客户"


# ---- laws

prospects_ = st.dictionaries(st.integers(0, 30).map("c{:02d}".format), st.tuples(st.booleans(), st.booleans()))
buyers_ = st.sets(st.integers(0, 30).map("c{:02d}".format))


def frame(answers):
    columns = {"customer": list(answers), "need": [need for need, _ in answers.values()]}
    columns |= {"contact": [contact for _, contact in answers.values()]}
    return pd.DataFrame(columns).astype({"customer": "str", "need": bool, "contact": bool})


@few
@given(prospects_, buyers_)
@pytest.mark.filterwarnings("ignore::crmlib.errors.DataNotice")
def test_everybody_is_a_customer_or_in_one_class_and_never_both(answers, buyers):
    customers = pd.DataFrame({"customer": sorted(buyers)}, dtype="str")
    found = relations(frame(answers), customers)
    assert set(found["customer"]) | buyers == answers.keys() | buyers
    assert not set(found["customer"]) & buyers and found["customer"].is_unique
    assert set(found["relation"]) <= set(RELATIONS)
    turned = relations(frame(answers).iloc[::-1, ::-1], customers)
    assert named(turned, "relation") == named(found, "relation")


@few
@given(prospects_)
def test_the_two_classifications_are_one(answers):
    pairs = dict(zip(RELATIONS, reversed(LAYERS), strict=True))
    assert [pairs[one] for one in relations(frame(answers))["relation"]] == list(layers(frame(answers))["layer"])


# ---- refusals


@EVERY_ENGINE
@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"customer": ["a", "a"]}, "The table of prospects has 2 rows for 1 ids; it needs one row an id."),
        ({"customer": ["a", None]}, "'customer' is missing for 1 of 2 prospects; fill it or leave them out first."),
        ({"customer": [1.5, 2.5]}, "Column 'customer' of the prospects holds Float64; make the ids text or integers."),
        ({"need": pd.array([None, True], "boolean")},
         "'need' is missing for 1 of 2 prospects; fill it or leave them out first."),
        ({"contact": [1, 0]}, "Column 'contact' of the prospects holds Int64, not true or false; compare it with what "
         "means yes, e.g. contact == 1."),
        ({"need": ["yes", "no"]}, "Column 'need' of the prospects holds String, not true or false; compare it with "
         "what means yes, e.g. need == 1."),
    ],
)  # fmt: skip
def test_refusals_say_what_was_found(engine, columns, said):
    for function in (validate, relations, layers):
        with pytest.raises(DataError) as refused:
            function(table(engine, **columns))
        assert str(refused.value) == said


@EVERY_ENGINE
def test_a_missing_column_and_other_ids_are_refused(engine):
    with pytest.raises(DataError, match=r"^The table of prospects has no column 'contact'; it has \["):
        validate(build(engine, BY_HAND[["customer", "need"]]))
    with pytest.raises(DataError, match=r"^The customer ids are text in the table of prospects and integers in "
                       r"the customer table; make them the same type\.$"):  # fmt: skip
        relations(table(engine), build(engine, pd.DataFrame({"customer": [1]})))


@pytest.mark.parametrize(
    ("one", "other"), [pair for pair in product(BUILD, BUILD) if len({*pair}) == 2 and "spark" not in pair]
)
def test_two_kinds_of_tables_are_refused(one, other):
    with pytest.raises(DataError, match=r"; pass two of one kind\.$"):
        not_customers(build(one, BY_HAND), build(other, BUYERS))


# ---- by channel


@EVERY_ENGINE
def test_conversion_by_channel_by_hand(engine):
    prospects = pd.DataFrame({"customer": list("abcdefg"), "channel": ["web", *["fair"] * 4, "shop", "shop"]})
    prospects = prospects.assign(need=[True, True, True, False, False, False, True], contact=True)
    customers = pd.DataFrame({"customer": ["b", "d", "z"]})  # d had no need when they were asked, and bought
    found = by_channel(build(engine, prospects), build(engine, customers))
    assert kind(found) == engine
    assert rows(found) == (["channel", "prospects", "customers", "conversion", "open", "expected"], [
        ("fair", 3, 2, 0.666666666667, 1, 0.666666666667), ("shop", 1, 0, 0.0, 1, 0.0), ("web", 1, 0, 0.0, 1, 0.0),
    ])  # fmt: skip
    with pytest.raises(DataError) as refused:
        by_channel(build(engine, prospects.replace("web", None)), build(engine, customers))
    said = "Column 'channel' of the prospects must be text without gaps; fill it or leave them out first."
    assert str(refused.value) == said
