"""The raw form of the company: text as exported, every planted defect by row, and nothing else changed."""

import gzip
import tomllib

import numpy as np
import pandas as pd
import pytest
from made_company import made

from crmlib.checkout import root
from crmlib.company import parameters
from crmlib.company.defects import DATES, YES, defects
from crmlib.company.people import people
from crmlib.company.spellings import SPELLINGS, old_telephone


@pytest.fixture(scope="module")
def company():
    return made()


def schema(name):
    return tomllib.loads((root() / f"crmlib/company/{name}.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "place"), [("raw", 1), ("truth", 2)])
def test_the_tables_are_those_of_the_schema(company, name, place):
    for table, described in schema(name).items():
        frame = company[place].get(table)
        if frame is None:
            continue  # the truth of other parts
        assert list(frame) == [field["name"] for field in described["fields"]]
        assert all(isinstance(value, str) for value in frame.to_numpy().ravel())
        assert not frame.duplicated(described["key"]).any()
        for field in described["fields"]:
            assert field.get("empty") or (frame[field["name"]] != "").all(), field["name"]
            assert set(frame[field["name"]]) <= set(field.get("enum", frame[field["name"]]))


def test_every_record_has_its_customer_and_a_tenth_have_several(company):
    clean, raw, truth = company
    assert truth["records"]["record"].tolist() == raw["records"]["record"].tolist()
    assert set(truth["records"]["customer"]) == set(clean["customers"]["customer"])
    sizes = truth["records"].groupby("customer").size()
    assert 0.09 < (sizes > 1).mean() < 0.12 and sizes.max() == 3


def read(frame, column, source, lines=True):
    """A column of text as the clean form has it."""
    text = frame[column].copy()
    if column in ("date", "created", "updated"):
        for name, form in DATES.items():
            text[source == name] = pd.to_datetime(frame[column][source == name], format=form).dt.strftime("%Y-%m-%d")
    if column == "consent":
        text = pd.Series(["true" if value == YES[name][0] else "false" for value, name in zip(text, source, strict=True)], text.index)
    return text


def test_what_has_no_defect_is_as_in_the_clean_records(company):
    clean, raw, truth = company
    records = raw["records"].set_index("record")
    customers = clean["customers"].set_index("customer").loc[truth["records"]["customer"]].set_axis(records.index)
    wrong = truth["defects"][truth["defects"]["table"] == "records"]
    for column in ("name", "company", "street", "postcode", "city", "email", "phone", "consent"):
        found = read(records, column, records["source"])
        should = customers[column].fillna("").astype(str)
        should = should.str.lower() if column == "consent" else should
        told = wrong[wrong["column"] == column].set_index("row")
        if column == "consent":  # a second record of those who had said no says no as well
            assert set(found[found != should].index) == set(told.index)
            continue
        assert set(found.index[found != should]) == set(told.index), column
        assert (told["value"] == should[told.index]).all()


def test_what_has_no_defect_is_as_in_the_clean_lines(company):
    clean, raw, truth = company
    lines, log = raw["lines"].set_index("line"), clean["transactions"]
    wrong = truth["defects"][truth["defects"]["table"] == "lines"]
    again = set(wrong["row"][wrong["kind"] == "duplicate"])
    once = lines[~lines.index.isin(again)]
    assert len(once) == len(log)
    source = raw["records"].set_index("record")["source"]
    home = source.reindex(once["record"]).set_axis(once.index)
    given = wrong[wrong["kind"] == "missing record"].set_index("row")["value"]
    home[given.index] = source[given].to_numpy()
    dates = read(once, "date", home)
    should = {"order": log["order"], "date": log["date"].dt.strftime("%Y-%m-%d"), "product": log["product"],
              "quantity": log["quantity"].astype(str), "cost": log["cost"].map("{:.2f}".format)}  # fmt: skip
    found = {"order": once["order"], "date": dates, "product": once["product"], "quantity": once["quantity"], "cost": once["cost"]}
    for column, values in should.items():
        values = values.set_axis(once.index)
        told = wrong[wrong["column"] == column].set_index("row")["value"]
        assert set(once.index[found[column] != values]) == set(told.index), column
        assert (told == values[told.index]).all()
    amount = pd.to_numeric(once["amount"].str.replace(",", "."))
    told = wrong[wrong["column"] == "amount"].set_index("row")
    assert set(once.index[~np.isclose(amount, log["amount"])]) == set(told.index)
    cents = told[told["kind"] == "cents"]
    assert np.allclose(amount[cents.index], 100 * cents["value"].astype(float))
    foreign = told[told["kind"] == "foreign currency"]
    assert set(once.index[once["currency"] != "EUR"]) == set(foreign.index)
    rates = raw["rates"].set_index(["currency", "year"])["rate"].astype(float)
    rate = [rates[once["currency"][line], f"{dates[line]:.4}"] for line in foreign.index]
    assert np.allclose(amount[foreign.index] * rate, foreign["value"].astype(float), atol=0.01)


def test_a_line_is_booked_on_a_record_of_its_customer_that_existed(company):
    clean, raw, truth = company
    owner = truth["records"].set_index("record")["customer"]
    orders = clean["orders"].set_index("order")
    lines = raw["lines"][(raw["lines"]["record"] != "") & (raw["lines"]["order"] != "")]
    assert (owner[lines["record"]].to_numpy() == orders.loc[lines["order"], "customer"].to_numpy()).all()
    records = raw["records"].set_index("record")
    created = read(records, "created", records["source"])
    assert (created[lines["record"]].to_numpy() <= orders.loc[lines["order"], "date"].dt.strftime("%Y-%m-%d").to_numpy()).all()


def test_a_line_has_one_defect_at_most_and_every_kind_occurs(company):
    wrong = company[2]["defects"]
    lines = wrong[wrong["table"] == "lines"]
    assert lines["row"].is_unique
    assert set(lines["kind"]) == {
        "day and month swapped", "year 1970", "year 2052", "before the company", "foreign currency", "cents", "grams",
        "missing record", "return without an order", "duplicate",
    }  # fmt: skip
    copies = lines[lines["kind"] == "duplicate"]
    raw = company[1]["lines"].set_index("line")
    assert (raw.loc[copies["row"]].to_numpy() == raw.loc[copies["value"]].to_numpy()).all()
    assert not raw.index.isin(copies["row"]).sum() == 0


def test_the_same_seed_gives_the_same_tables():
    one, other = (made.__wrapped__(5, 200) for _ in range(2))
    for first, second in zip(one[1:], other[1:], strict=True):
        for name, frame in first.items():
            pd.testing.assert_frame_equal(frame, second[name])


def test_the_clean_tables_are_left_as_they_were():
    clean, _, _ = made(5, 200)
    before = {name: table.copy() for name, table in clean.items()}
    defects(parameters.load(), np.random.default_rng(1), clean)
    for name, table in clean.items():
        pd.testing.assert_frame_equal(table, before[name])


def test_relatives_share_a_home_and_branches_a_name_and_nobody_is_there_twice():
    chosen = parameters.load()
    customers = people(chosen, np.random.default_rng(3))
    consumers = customers[customers["kind"] == "consumer"]
    assert 0.025 < consumers.duplicated(["street", "postcode", "phone"]).mean() < 0.045
    assert not consumers.duplicated(["name", "street", "postcode", "phone"]).any()
    assert customers["email"].is_unique
    firms = customers[customers["kind"] == "business"]
    assert firms.duplicated("company").mean() > 0.04


def test_raw_form_and_its_truth_are_small():
    """For 900 customers; the whole company is about five times as large."""
    _, raw, truth = made()
    size = {name: len(gzip.compress(frame.to_csv(index=False).encode(), 9)) for name, frame in [*raw.items(), *truth.items()]}
    assert sum(size.values()) < 150_000


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_spelling_changes_the_text_or_cannot_apply(name):
    columns, _, change = SPELLINGS[name]
    given = {"name": "Jörg Günther", "street": "Hafenstraße 7", "city": "Südermark", "company": "Möwen-Bistro GmbH",
             "email": "joerg.guenther@web.example", "phone": "0200 555 0123"}  # fmt: skip
    for column in columns.split():
        for seed in range(20):
            text = change(given[column], np.random.default_rng(seed))
            assert isinstance(text, str)
            assert text != given[column] or name.startswith("typo")
            if column == "phone" and text:
                assert "555" in text


def test_what_cannot_be_shortened_stays():
    rng = np.random.default_rng(1)
    assert SPELLINGS["short_street"][2]("Am Hafen 3", rng) is None
    assert SPELLINGS["company_form"][2]("Klinik", rng) is None
    assert old_telephone("0200 555 9999", rng).startswith("0200 555 ")
