"""A company as files: the same bytes for the same tables, a description that the standard takes, and what verify sees."""

import gzip
import json
import re
import shutil

import frictionless
import pandas as pd
import pytest
from tiny_company import made

from crmlib import datasets
from crmlib.company.generate import VERSION
from crmlib.company.package import csv_bytes, write, write_truth
from crmlib.company.schema import dictionary, tables, with_part
from crmlib.company.verify import verify
from crmlib.errors import DataError

ABOUT = {"title": "A shop", "description": "A shop of three customers."}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("company") / "shop"
    company = made()
    write(company, folder, name="shop", **ABOUT)
    write_truth(company, folder / "truth", name="shop-truth", **ABOUT)
    return folder


@pytest.fixture
def folder(whole, tmp_path):
    """A copy to break."""
    return shutil.copytree(whole, tmp_path / "shop")


# -- writing


def test_the_same_tables_give_the_same_bytes(whole, tmp_path):
    write(made(), tmp_path, name="shop", **ABOUT)
    write_truth(made(), tmp_path / "truth", name="shop-truth", **ABOUT)
    ours = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert ours == {path.relative_to(whole): path.read_bytes() for path in whole.rglob("*") if path.is_file()}
    for path, content in ours.items():
        assert path.suffix != ".gz" or (content[3] == 0 and content[4:8] == bytes(4))  # no name, no time


@pytest.mark.parametrize("place", [".", "truth"])
def test_the_standard_takes_it(whole, place):
    report = frictionless.validate(str(whole / place / "datapackage.json"))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "type", "message"])[:5]
    assert len(report.tasks) == len(json.loads((whole / place / "datapackage.json").read_text("utf-8"))["resources"])


def test_what_was_written_is_read_as_it_was(whole):
    company = made()
    for name, table in company.clean.items():
        if name == "transactions":
            continue
        read = datasets.load(whole, name)
        days = dict.fromkeys(table.select_dtypes("datetime"), "datetime64[s]")
        pd.testing.assert_frame_equal(read.astype(days), table.astype(days), check_dtype=False)
    assert datasets.load(whole, "customers")["employees"].dtype == "Int64"
    log = datasets.load(whole)
    assert list(log) == ["customer", "date", "amount", "order", "product", "quantity", "cost"]
    truth = datasets.load(datasets.truth(whole), "parameters")
    assert truth.to_dict("list") == {"parameter": ["claims.needs_differ", "wants.names"], "value": ["1.0", '["a", "ü"]']}


def test_the_package_says_what_it_was_made_with(whole):
    import numpy as np

    package = datasets.describe(whole)
    assert package["licenses"][0]["name"] == "CC0-1.0"
    assert package["crmlib"]["generator"] == VERSION and package["crmlib"]["numpy"] == np.__version__
    assert package["crmlib"]["currency"] == "€"


def test_money_has_cents_and_no_zero_is_below_zero():
    table = pd.DataFrame({"x": [1234567.891, -0.001, 5.0]})
    assert csv_bytes(table, [{"name": "x", "type": "number", "unit": "EUR a kg"}]) == b"x\n1234567.89\n0.00\n5.00\n"
    assert csv_bytes(table, [{"name": "x", "type": "number", "unit": "share"}]) == b"x\n1.23457e+06\n-0.001\n5\n"
    assert csv_bytes(table, [{"name": "x", "type": "number", "decimals": 1}]) == b"x\n1234567.9\n0.0\n5.0\n"


def test_tables_that_are_not_those_of_the_schema_are_refused(tmp_path):
    company = made()
    company.clean["horoscopes"] = company.clean["kano"]
    with pytest.raises(DataError, match=r"^schema\.toml does not describe the table 'horoscopes'; it describes 'customers', "):
        write(company, tmp_path, name="shop", **ABOUT)
    company = made()
    company.clean["needs"] = company.clean["needs"].drop(columns="why")
    with pytest.raises(DataError, match=r"The clean table 'needs' has the columns 'customer', 'what', .*, its schema "):
        write(company, tmp_path, name="shop", **ABOUT)


# -- the schema and the dictionary


@pytest.mark.parametrize("form", ["clean", "raw", "truth"])
def test_the_schema_has_all_that_the_standard_and_the_dictionary_need(form):
    for name, table in tables(form).items():
        assert re.fullmatch(r"[a-z_]+", name) and table["title"] and table["row"]
        columns = [field["name"] for field in table["fields"]]
        assert len(set(columns)) == len(columns) and set(table["key"]) <= set(columns)
        for field in table["fields"]:
            assert set(field) <= {"name", "type", "unit", "enum", "min", "max", "empty", "to", "text", "decimals"}, (name, field)
            assert field["type"] in ("string", "integer", "number", "boolean", "date")
            assert field["type"] in ("string", "boolean") or field.get("unit"), (name, field["name"])
            assert not (field["name"] in table["key"] and field.get("empty"))


def test_the_dictionary_has_a_line_for_every_column():
    text = dictionary("clean", "raw")
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(lines) == sum(len(table["fields"]) for form in ("clean", "raw") for table in tables(form).values())
    assert "| `discount` | number | share of the list price | 0 to 1 |" in text
    assert "| `referred_by` | string |  | in `customers.customer`; may be empty |" in text


def test_a_card_keeps_what_stands_around_a_part():
    marks = "<!-- counts: made by the generator; change it there -->", "<!-- end of counts -->"
    card = with_part(f"# Card\n{marks[0]}\nwhat was\n{marks[1]}\nThe end.\n", "counts", "three")
    assert card == f"# Card\n{marks[0]}\n\nthree\n{marks[1]}\nThe end.\n" and with_part(card, "counts", "three") == card


# -- the truth of a data set


def test_a_class_set_and_a_real_one_have_no_truth(whole, folder):
    assert datasets.truth(whole) == whole / "truth"
    shutil.rmtree(folder / "truth")
    for place, name in ((folder, "shop"), ("cdnow", "cdnow")):
        with pytest.raises(DataError) as caught:
            datasets.truth(place)
        why = "nobody knows it of real data, and a class set keeps it with the instructor"
        assert str(caught.value) == f"{name} has no truth: {why}."


# -- verify


def test_nothing_is_wrong_with_what_was_written(whole):
    assert verify(whole) == [] and verify(whole / "truth") == []


def rewrite(folder, place, change, *, hashed=True):
    """Change the text of a file; with ``hashed``, as if it had been made so."""
    path = folder / place
    before = gzip.decompress(path.read_bytes()).decode()
    content = change(before).encode()
    assert content.decode() != before
    path.write_bytes(gzip.compress(content))
    if hashed:
        package = json.loads((folder / "datapackage.json").read_text("utf-8"))
        for resource in package["resources"]:
            del resource["contentHash"]
        (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")


def columns(place, *given):
    return ", ".join(repr(field["name"]) for field in tables("clean")[place]["fields"] if field["name"] not in given)


BROKEN = {
    "a value of another type": (
        "clean/wallet.csv.gz", lambda text: re.sub(r",2,(?=super)|(?<=\"),2,", ",two,", text, count=1),
        "clean/wallet.csv.gz, row 2, column 'year': 'two' is no integer."),
    "a day that is not in the calendar": (
        "clean/products.csv.gz", lambda text: text.replace("2024-02-29", "2023-02-29"),
        "clean/products.csv.gz, row 2, column 'launched': '2023-02-29' is no date."),
    "a number in words": (
        "clean/products.csv.gz", lambda text: text.replace(",1.25,", ",1 EUR,", 1),
        "clean/products.csv.gz, row 2, column 'price': '1 EUR' is no number."),
    "a truth value of another kind": (
        "clean/offers.csv.gz", lambda text: text.replace("true", "yes"),
        "clean/offers.csv.gz, row 1, column 'contacted': 'yes' is no boolean (2 rows like that)."),
    "a value that does not occur": (
        "clean/stages.csv.gz", lambda text: text.replace("needs", "need"),
        "clean/stages.csv.gz, row 2, column 'stage': 'need' is not one of "
        "'first contact', 'needs', 'proposal', 'signed', 'paid'."),
    "a value too low": (
        "clean/payments.csv.gz", lambda text: text.replace("1.25", "-1.25"),
        "clean/payments.csv.gz, row 2, column 'amount': '-1.25' is below 0."),
    "a value too high": (
        "clean/orders.csv.gz", lambda text: text.replace("web,0,", "web,1.5,"),
        "clean/orders.csv.gz, row 1, column 'discount': '1.5' is above 1."),
    "a gap": (
        "clean/kano.csv.gz", lambda text: text.replace(",L,L", ",,L"),
        "clean/kano.csv.gz, row 1, column 'functional': it is empty."),
    "a column that is gone": (
        "clean/kano.csv.gz", lambda text: "\n".join(line.rsplit(",", 1)[0] for line in text.splitlines()) + "\n",
        f"clean/kano.csv.gz: the column 'dysfunctional' is missing; it has {columns('kano', 'dysfunctional')}."),
    "a column that nobody knows": (
        "clean/kano.csv.gz", lambda text: "\n".join(line + ",more" for line in text.splitlines()) + "\n",
        "clean/kano.csv.gz: the column 'more' is not described."),
    "a key twice": (
        "clean/service_costs.csv.gz", lambda text: text + text.splitlines()[2] + "\n",
        "clean/service_costs.csv.gz, row 4: the key customer 'customers, customer \"1\"', year '2', activity 'contacts' "
        "stands in row 2 too."),
    "a reference to nowhere": (
        "clean/key_accounts.csv.gz", lambda text: text.replace('customer ""2""', "customer C9"),
        "clean/key_accounts.csv.gz, row 3, column 'customer': 'customers, customer C9' is nowhere in customers.customer."),
    "a row that is too short": (
        "clean/kano.csv.gz", lambda text: text + "x\n",
        "clean/kano.csv.gz cannot be read as CSV: CSV parse error: Row #5: Expected 4 columns, got 1: x."),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_said_with_its_place(folder, name):
    place, change, sentence = BROKEN[name]
    rewrite(folder, place, change)
    assert verify(folder) == [sentence]


def test_a_file_that_is_not_what_was_made(folder):
    rewrite(folder, "clean/kano.csv.gz", lambda text: text.replace(",L,L", ",M,L"), hashed=False)
    (said,) = verify(folder)
    assert re.fullmatch(r"clean/kano\.csv\.gz does not hold what was made: its sha256 begins with \w{8}, not with \w{8}\.", said)


def test_files_that_are_gone_or_damaged(folder):
    (folder / "clean/kano.csv.gz").unlink()
    (folder / "clean/customers.csv.gz").write_bytes(b"customer")
    said = verify(folder)
    assert said[0].startswith("clean/customers.csv.gz cannot be unpacked: ")
    assert said[1:] == ["clean/kano.csv.gz is missing."]  # and nothing about those who refer to customers


def test_a_path_never_leads_out_of_the_folder(folder):
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    package["resources"][0]["path"] = "../secret.csv"
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    assert verify(folder)[0] == "datapackage.json: the table 'customers' has the path '../secret.csv', no file of the folder."
