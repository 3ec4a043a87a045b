"""The data sets are what their packages and cards say, and every log comes in by one way."""

import gzip
import hashlib
import importlib.util
import json
import re
import warnings
from datetime import date

import pandas as pd
import pytest

from crmlib import checkout, datasets
from crmlib.company.verify import verify
from crmlib.errors import DataError, DataNotice

CDNOW = ["cdnow", "cdnow_sample"]


def folder(name):
    return checkout.datasets() / name


@pytest.fixture(scope="module")
def raw():
    """The lines of each data set as text, read without crmlib."""
    return {name: [line.split(",") for line in content(name).splitlines()[1:]] for name in CDNOW}


def content(name):
    return gzip.decompress((folder(name) / "transactions.csv.gz").read_bytes()).decode("ascii")


# -- the data packages ----------------------------------------------------------------------------------------------


def test_names_are_the_folders_with_a_data_package():
    assert datasets.names() == sorted(path.name for path in checkout.datasets().iterdir() if path.is_dir())
    assert set(CDNOW) <= set(datasets.names())


@pytest.mark.parametrize("name", datasets.names())
def test_a_package_says_all_that_a_reader_needs(name):
    package = datasets.describe(name)
    assert package["name"] == name
    for key in ("title", "description", "licence_note", "sources", "version"):
        assert package[key], key
    for licence in package["licenses"]:
        assert licence.get("name") or licence.get("path")
    assert all(source["title"] for source in package["sources"])
    assert "currency" in package["crmlib"]
    for resource in package["resources"]:
        assert re.fullmatch(r"[a-z0-9._-]+", resource["name"])
        for key in ("path", "format", "encoding", "bytes", "hash", "schema", "title", "description"):
            assert resource[key], key
        for field in resource["schema"]["fields"]:
            for key in ("name", "type", "format", "title", "description", "constraints"):
                assert field[key], (field["name"], key)
            assert field["type"] in ("string", "boolean") or field["unit"], field["name"]


@pytest.mark.parametrize("name", datasets.names())
def test_files_have_the_bytes_and_the_hash_that_the_package_states(name):
    for resource in datasets.describe(name)["resources"]:
        stored = (folder(name) / resource["path"]).read_bytes()
        assert len(stored) == resource["bytes"]
        assert "sha256:" + hashlib.sha256(stored).hexdigest() == resource["hash"]


@pytest.mark.parametrize("name", datasets.names())
def test_the_standard_takes_every_package_and_its_files(name):
    import frictionless

    for place in sorted(folder(name).rglob("datapackage.json")):
        report = frictionless.validate(str(place))
        assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "type", "message"])[:5]
        assert verify(place.parent) == []


PARSERS = {"string": str, "integer": int, "number": float, "date": date.fromisoformat}


@pytest.mark.parametrize("name", CDNOW)
def test_every_value_has_the_type_and_keeps_the_constraints_of_its_field(name, raw):
    fields = datasets.describe(name)["resources"][0]["schema"]["fields"]
    assert content(name).splitlines()[0].split(",") == [field["name"] for field in fields]
    for field, values in zip(fields, zip(*raw[name], strict=True), strict=True):
        parse, rules = PARSERS[field["type"]], dict(field["constraints"])
        values = set(values)
        assert rules.pop("required") and "" not in values
        parsed = {parse(value) for value in values}
        if pattern := rules.pop("pattern", None):
            assert all(re.fullmatch(pattern, value) for value in values)
        if (least := rules.pop("minimum", None)) is not None:
            assert min(parsed) >= parse(least)
        if (most := rules.pop("maximum", None)) is not None:
            assert max(parsed) <= parse(most)
        assert not rules, f"constraints that nothing checks: {rules}"


@pytest.mark.parametrize("name", CDNOW)
def test_the_packed_file_carries_no_time_and_no_name(name):
    head = (folder(name) / "transactions.csv.gz").read_bytes()[:10]
    assert head[3] == 0 and head[4:8] == bytes(4)  # flags, then the time


# -- the cards ------------------------------------------------------------------------------------------------------


def facts(rows):
    """Every fact of a card, worked out from the lines in plain Python."""
    log = pd.DataFrame(rows, columns=["customer", "date", "quantity", "amount"])
    log["cents"] = [round(float(amount) * 100) for amount in log["amount"]]
    log["cds"] = log["quantity"].astype(int)
    revenue = log.groupby("customer")["cents"].sum().sort_values(ascending=False)
    days = log.drop_duplicates(["customer", "date"]).groupby("customer").size()
    one = int((days == 1).sum())
    early = log[log["date"] <= "1997-09-30"].drop_duplicates(["customer", "date"]).groupby("customer").size()

    def top(share):
        whole = int(share * len(revenue))
        part = (share * len(revenue) - whole) * revenue.iloc[whole]
        return f"{(revenue.iloc[:whole].sum() + part) / revenue.sum():.1%}".replace("%", " %")

    return {
        "lines": f"{len(log):,}",
        "customers": f"{len(revenue):,}",
        "first day": log["date"].min(),
        "last day": log["date"].max(),
        "last day on which a customer is new": log.groupby("customer")["date"].min().max(),
        "revenue": f"${revenue.sum() / 100:,.2f}",
        "CDs": f"{log['cds'].sum():,}",
        "share of revenue of the top 20 % of customers": top(0.20),
        "share of revenue of the top 1 % of customers": top(0.01),
        "purchase days (customer and day)": f"{days.sum():,}",
        "lines that share customer and day with an earlier line": f"{len(log) - days.sum():,}",
        "lines that repeat an earlier line exactly": f"{log.duplicated().sum():,}",
        "lines with amount zero": f"{(log['cents'] == 0).sum():,}",
        "lines with a negative amount": f"{(log['cents'] < 0).sum():,}",
        "largest amount of a line": f"${log['cents'].max() / 100:,.2f}",
        "most CDs in a line": f"{log['cds'].max():,}",
        "customers without revenue": f"{(revenue == 0).sum():,}",
        "customers with one purchase day": f"{one:,}",
        "share of customers with one purchase day": f"{one / len(days):.1%}".replace("%", " %"),
        "most purchase days of one customer": f"{days.max():,}",
        "customers with a second purchase day in the first 39 weeks": f"{(early > 1).sum():,}",
    }


def card(name):
    return (folder(name) / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CDNOW)
def test_the_fact_table_of_a_card_holds(name, raw):
    stated = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", card(name), flags=re.M))
    assert stated.pop("fact") == "figure"
    computed = facts(raw[name])
    assert len(stated) >= 16
    assert stated == {label: computed[label] for label in stated}


@pytest.mark.parametrize("name", CDNOW)
def test_no_number_in_the_prose_of_a_card_comes_from_elsewhere(name, raw):
    computed = facts(raw[name])
    prose = card(name).split("## Where it comes from")[0]
    prose = re.sub(r"```.*?```|`.*?`|^\|.*?$|1990s", "", prose, flags=re.S | re.M)
    prose = prose.replace(computed["first day"], "").replace(computed["last day on which a customer is new"], "")
    ids = [row[0] for row in raw[name]]
    days = pd.DataFrame(raw[name]).drop_duplicates([0, 1])[0].value_counts()
    known = {figure.strip("$ %") for figure in computed.values()} | {min(ids), max(ids), days.index[0]}
    if name == "cdnow_sample":  # the cut of the papers: 39 weeks and 39 weeks
        start, cut, end = date(1997, 1, 1), date(1997, 9, 30), date(1998, 6, 30)
        assert (cut - start).days + 1 == 39 * 7 == (end - cut).days
        known |= {"39"}
        prose = prose.replace("1997-09-30", "")
    prose = re.sub(r"\b199[78]\b", "", prose)
    found = {number.rstrip(".,") for number in re.findall(r"\d[\d.,]*", prose)}
    assert found <= known, found - known
    assert len(found) >= 3


def test_the_largest_line_is_the_one_of_the_card(raw):
    largest = max(raw["cdnow"], key=lambda row: float(row[3]))
    assert largest[2:] == ["99", "1286.01"] and "99 CDs for $1,286.01" in card("cdnow")


def test_the_sample_is_a_part_of_the_log_in_the_order_of_first_purchases(raw):
    chosen = {row[0] for row in raw["cdnow_sample"]}
    assert sorted(raw["cdnow_sample"]) == sorted(row for row in raw["cdnow"] if row[0] in chosen)
    log = pd.DataFrame(raw["cdnow_sample"])
    firsts = log.groupby(0, sort=False)[1].min()
    assert firsts.is_monotonic_increasing
    assert (log[0] != log[0].shift()).sum() == len(firsts)  # the lines of a customer stand together


def test_the_log_is_sorted_by_customer_and_day(raw):
    keys = [row[:2] for row in raw["cdnow"]]
    assert keys == sorted(keys)


@pytest.mark.parametrize("name", CDNOW)
def test_cards_and_packages_agree_on_counts_and_licence(name, raw):
    package = datasets.describe(name)
    counts = re.findall(r"\d+,\d+", package["title"] + package["description"])
    assert set(counts) <= {facts(raw[name])["customers"]} and counts
    assert "We know of no licence" in package["licence_note"]
    assert "licence" in card(name)


# -- the generator --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location("generate_cdnow", folder("cdnow") / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def published(name, rows):
    """The published file, written back from our copy."""
    lines, numbers = [], {}
    for customer, day, quantity, amount in rows:
        own = f" {numbers.setdefault(customer, len(numbers) + 1):04d}" if name == "cdnow_sample" else ""
        lines.append(f" {customer}{own} {day.replace('-', '')} {quantity:>2} {amount:>7}\r\n")
    heading = [] if name == "cdnow_sample" else [" customer_id  date number_of_cds  dollar_value\r\n"]
    return "".join(heading + lines).encode("ascii")


@pytest.mark.parametrize("name", CDNOW)
def test_our_copy_holds_every_character_of_the_published_file(name, raw, generator):
    original = published(name, raw[name])
    file, sha256, heading, ids = generator.PUBLISHED[name]
    assert hashlib.sha256(original).hexdigest() == sha256
    assert any(file in source["title"] and sha256 in source["title"] for source in datasets.describe(name)["sources"])
    assert generator.translate(original, heading=heading, ids=ids).decode() == content(name)


def test_the_generator_refuses_another_file(generator, tmp_path):
    with pytest.raises(SystemExit, match="is not there; it comes with lifetimes"):
        generator.published("cdnow", tmp_path)
    (tmp_path / "CDNOW_master.txt").write_bytes(b"00001 19970101 1 11.77\r\n")
    with pytest.raises(SystemExit, match="is not the published file: its sha256 does not begin with eff6889e"):
        generator.published("cdnow", tmp_path)


def test_the_generator_writes_the_same_bytes_and_describes_them(generator, raw, tmp_path):
    before = (folder("cdnow_sample") / "datapackage.json").read_text(encoding="utf-8")
    for round_ in ("a", "b"):
        (tmp_path / round_).mkdir()
        (tmp_path / round_ / "datapackage.json").write_text(before, encoding="utf-8")
        generator.write(tmp_path / round_, content("cdnow_sample").encode("ascii"))
    one, two = ((tmp_path / round_ / "transactions.csv.gz").read_bytes() for round_ in "ab")
    assert one == two
    package = json.loads((tmp_path / "a" / "datapackage.json").read_text(encoding="utf-8"))
    resource = package["resources"][0]
    assert resource["hash"] == "sha256:" + hashlib.sha256(one).hexdigest() and resource["bytes"] == len(one)
    resource |= {key: json.loads(before)["resources"][0][key] for key in ("bytes", "hash")}
    assert package == json.loads(before)  # nothing else has changed
    assert json.dumps(package, indent=2, ensure_ascii=False) + "\n" == before


# -- loading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CDNOW)
def test_a_loaded_log_has_passed_the_door_and_equals_the_file(name, raw):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        log = datasets.load(name)
    assert list(log) == ["customer", "date", "amount", "quantity"]
    assert log["date"].dtype == "datetime64[us]" and log["amount"].dtype == "float64"
    expected = pd.DataFrame(raw[name], columns=["customer", "date", "quantity", "amount"])
    assert log["customer"].to_list() == expected["customer"].to_list()
    assert log["date"].dt.strftime("%Y-%m-%d").to_list() == expected["date"].to_list()
    for column in ("quantity", "amount"):
        assert log[column].to_list() == [float(text) for text in expected[column]]


def test_admit_log_gives_the_same_log_with_what_was_found(cdnow_log):
    admission = datasets.admit_log("cdnow")
    pd.testing.assert_frame_equal(admission.transactions, cdnow_log)
    found = {note.code: note.lines for note in admission.notes}
    assert next(iter(found)) == "file"  # the reader's before those of the door
    assert found | {"duplicates": 255, "same_day": 2068, "zero_amounts": 80} == found
    assert admission.notes[0].sentence.startswith("Read the data set cdnow (CDNOW: ")


def test_a_name_a_folder_and_its_description_are_the_same_data_set(cdnow_sample_log):
    place = folder("cdnow_sample")
    for data in (place, str(place), place / "datapackage.json"):
        pd.testing.assert_frame_equal(datasets.load(data), cdnow_sample_log)
        pd.testing.assert_frame_equal(datasets.admit_log(data).transactions, cdnow_sample_log)
        assert datasets.describe(data) == datasets.describe("cdnow_sample")


def test_a_name_goes_before_a_file_of_the_same_name(tmp_path, monkeypatch, cdnow_sample_log):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cdnow_sample").write_text("customer,date,amount\na,2024-01-05,1\n")
    assert len(datasets.admit_log("cdnow_sample").transactions) == len(cdnow_sample_log)
    assert len(datasets.admit_log("./cdnow_sample").transactions) == 1


def test_options_go_to_the_door_and_none_means_not_given():
    dropped = datasets.admit_log("cdnow_sample", duplicates="drop", customer=None, decimal=None)
    assert len(dropped.transactions) == 6919 - 21
    with pytest.raises(DataError, match="no column 'CustomerID'"):
        datasets.admit_log("cdnow_sample", customer="CustomerID")


def test_a_file_goes_through_reader_and_door(tmp_path):
    path = tmp_path / "orders.txt"
    path.write_bytes("Kunde;Tag;Betrag\n007;31.12.2010;1.234,50\n\nRené;01.02.2010;-3\n".encode("cp1252"))
    admission = datasets.admit_log(
        path, encoding="cp1252", customer="Kunde", date="Tag", amount="Betrag", decimal=",", thousands="."
    )
    assert admission.transactions["customer"].to_list() == ["007", "René"]
    assert admission.transactions["amount"].to_list() == [1234.5, -3.0]
    assert [note.code for note in admission.notes] == ["file", "columns", "empty_rows", "dates", "refunds"]
    assert admission.notes[0].sentence.endswith("semicolons between the fields, cp1252.")


def test_row_numbers_of_the_door_count_blank_lines(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("customer,date,amount\na,2024-01-05,1\n\n\nb,2024-01-06,two\n")
    with pytest.raises(DataError, match="'two' in row 4 "):
        datasets.admit_log(path)


# -- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [datasets.load, datasets.describe, datasets.admit_log])
def test_an_unknown_name_is_refused_with_the_known_ones(function, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        function("cdnwo")
    assert str(caught.value) == (
        f"'cdnwo' is neither a data set ({', '.join(map(repr, datasets.names()))}) nor an existing file or folder. "
        "Did you mean 'cdnow'?"
    )
    with pytest.raises(DataError, match=r"nor an existing file or folder\.$"):
        function("no/such/file.csv")
    with pytest.raises(DataError, match="'' is neither"):
        function("")
    for odd in ("~nobody-of-that-name/log.csv", "x" * 5000, "a\0b"):
        with pytest.raises(DataError, match="nor an existing file or folder"):
            function(odd)
    with pytest.raises(DataError, match="The data is a DataFrame; give the name"):
        function(pd.DataFrame())


def test_load_sends_files_to_admit_log(tmp_path):
    (tmp_path / "log.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"log.csv is a file, not a data set; open it with datasets\.admit_log\("):
        datasets.load(tmp_path / "log.csv")


def test_reader_options_do_not_apply_to_data_sets():
    with pytest.raises(DataError, match="cdnow is a data set that says how it is read; leave out --encoding cp1252"):
        datasets.admit_log("cdnow", encoding="cp1252")
    with pytest.raises(DataError, match="leave out --sheet one"):
        datasets.admit_log("cdnow", sheet="one")


def test_an_unknown_table_is_refused_with_the_known_ones():
    with pytest.raises(DataError, match="The data set cdnow has no table 'products'; it has 'transactions'."):
        datasets.load("cdnow", table="products")


def field(name, kind="string", **more):
    return {"name": name, "type": kind, **more}


@pytest.fixture
def shop(tmp_path):
    """A writer of a small data package; ``change`` edits its description first."""

    def write(change=lambda package: None, log="Kunde;am;zahlt\n007;2024-01-05;2.5\n007;2024-01-05;2.5\n;;\n"):
        package = {
            "name": "shop",
            "crmlib": {"transactions": {"customer": "Kunde", "date": "am", "amount": "zahlt"}},
            "resources": [
                {
                    "name": "transactions",
                    "path": "log.csv",
                    "dialect": {"delimiter": ";"},
                    "schema": {"fields": [field("Kunde"), field("am", "date"), field("zahlt", "number")]},
                },
                {
                    "name": "products",
                    "path": "products.csv.gz",
                    "schema": {
                        "fields": [
                            field("product"),
                            field("sold", "integer"),
                            field("since", "datetime"),
                            field("live", "boolean"),
                        ],
                        "missingValues": ["", "-"],
                    },
                },
            ],
        }
        change(package)
        (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
        (tmp_path / "log.csv").write_text(log, encoding="utf-8")
        lines = b"product,sold,since,live\n007,3,2024-01-05 10:30:00,true\n-,4,-,false\n"
        (tmp_path / "products.csv.gz").write_bytes(gzip.compress(lines))
        return tmp_path

    return write


def test_a_folder_of_your_own_is_mapped_by_its_package_and_gives_notice(shop):
    place = shop()
    with pytest.warns(DataNotice, match="duplicates='drop'") as caught:
        log = datasets.load(place)
    assert len(caught) == 1
    assert log.to_dict("list") == {
        "customer": ["007", "007"],
        "date": [pd.Timestamp("2024-01-05")] * 2,
        "amount": [2.5, 2.5],
    }
    codes = [note.code for note in datasets.admit_log(place).notes]
    assert codes[:3] == ["file", "columns", "empty_rows"]
    assert len(datasets.admit_log(place, duplicates="drop").transactions) == 1


def test_other_tables_come_typed_and_without_the_door(shop):
    table = datasets.load(shop(), table="products")
    assert table["product"].isna().to_list() == [False, True] and table["product"][0] == "007"
    assert table["sold"].dtype == "int64" and table["live"].dtype == bool
    assert table["since"][0] == pd.Timestamp("2024-01-05 10:30") and table["since"].isna()[1]


def setting(*keys):
    """A change of the description that sets the value at the end of a path of keys."""

    def change(package):
        target = package
        for key in keys[:-2]:
            target = target[key]
        target[keys[-2]] = keys[-1]

    return change


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (("resources", []), "describes no tables"),
        (("resources", "log.csv"), "describes no tables; it needs a list 'resources'"),
        (("resources", [{"path": "log.csv"}]), "describes no tables"),
        (
            ("crmlib", {"transactions": {"buyer": "Kunde"}}),
            "maps 'buyer' under crmlib, transactions; possible are 'customer'",
        ),
        (("crmlib", {"transactions": "Kunde"}), "maps 'Kunde' under crmlib"),
        (("resources", 0, "path", "no.csv"), "is missing: there is no file"),
        (("resources", 0, "path", "../log.csv"), "it must be one file inside the folder"),
        (("resources", 0, "path", "/log.csv"), "it must be one file inside the folder"),
        (("resources", 0, "path", "https://a.b/log.csv"), "it must be one file inside the folder"),
        (("resources", 0, "path", ["log.csv"]), "it must be one file inside the folder"),
        (("resources", 0, "schema", {}), "has no schema with named fields"),
        (("resources", 0, "schema", "fields", 0, "type", "geopoint"), "has the type 'geopoint' in field 'Kunde'"),
        (("resources", 0, "schema", "fields", 1, "format", "%d.%m.%Y"), "has the format '%d.%m.%Y' in field 'am'"),
        (("resources", 0, "schema", "fields", 0, "type", "integer"), None),
        (("resources", 0, "schema", "fields", 0, "type", "date"), "does not fit its datapackage.json"),
        (
            ("resources", 0, "schema", "fields", 0, "name", "Name"),
            "has the columns 'Kunde', 'am', 'zahlt', its schema 'Name'",
        ),
        (("resources", 0, "dialect", "delimiter", ","), "has the columns"),
        (("resources", 0, "encoding", "klingon"), "does not fit its datapackage.json"),
    ],
)
def test_a_description_that_does_not_hold_is_refused(shop, keys, words):
    place = shop(setting(*keys))
    if words is None:  # a legal change: whole numbers as ids, which the door makes text
        assert datasets.admit_log(place).transactions["customer"].to_list() == ["7", "7"]
        return
    with pytest.raises(DataError) as caught:
        datasets.admit_log(place)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_row_that_does_not_fit_the_schema_is_refused(shop):
    place = shop(log="Kunde;am;zahlt\n007;2024-01-05;much\n")
    with pytest.raises(DataError) as caught:
        datasets.load(place)
    assert str(caught.value) == (
        f"The table 'transactions' of the data set {place.name} does not fit its datapackage.json: "
        "the field 'zahlt' holds 'much', which is no number."
    )
    place = shop(log="Kunde;am;zahlt\n007;2024-01-05\n")
    with pytest.raises(DataError, match=r"does not fit its datapackage\.json: .*Expected 3 columns, got 2"):
        datasets.load(place)


def test_a_folder_without_a_description_or_with_a_broken_one_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"The folder .* has no datapackage\.json; give the file in it"):
        datasets.admit_log(tmp_path)
    (tmp_path / "datapackage.json").write_text('{"name": ')
    with pytest.raises(DataError, match=r"datapackage\.json cannot be read as JSON: "):
        datasets.describe(tmp_path)
    (tmp_path / "datapackage.json").write_text("[]")
    with pytest.raises(DataError, match="describes no tables"):
        datasets.describe(tmp_path)
