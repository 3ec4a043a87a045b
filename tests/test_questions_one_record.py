"""The questions of *One customer, one record*: right answers from three sides, every mistake by its name."""

import ast

import pandas as pd
import pytest
from made_company import made
from workbooks import Workbook

from crmlib import DataError, checkout, cleaning, customer_table, exposure, freshness, link_quality, linkage
from crmlib.workbook.checks import Material
from crmlib.workbook.questions import one_record as module
from crmlib.workbook.questions.one_record import QUESTIONS

PLACE = "course/20_one_record/workbook.py"

TINY = pd.DataFrame(
    [("ann", "2024-12-30", 10.0, "O1"), ("bob", "2024-12-31", 5.0, "O2")], columns=["customer", "date", "amount", "order"]
).astype({"date": "datetime64[us]"})
# R1 and R4 share an address, R4 and R2 a telephone, R3 has neither; R5 has R2's telephone in another form and R6's address
TINY_TABLES = {
    "raw_records": pd.DataFrame(
        [
            ("R1", "a@x.org", "0200 555 0001", "2024-11-05", "2024-07-03"),  # 181 days before: stale
            ("R2", "b@x.org", "0200 555 0002", "01.02.2023", "04.07.2024"),  # 180 days: not yet
            ("R3", "", "", "2023-01-05", "2024-12-01"),
            ("R4", "A@x.org", "+49 200 5550002", "03/04/2023", "02/11/2024"),  # 11 February: stale; 2 November would not be
            ("R5", "c@x.org", "0049 2005550002", "06/07/2024", "12/24/2024"),  # 24 December, whichever way
            ("R6", "c@x.org", "", "2024-06-01", "2023-06-01"),  # stale, also after a year
            ("R7", "", "0200 555 0009", "2022-06-01", "2024-11-30"),
            ("R8", "d@x.org", "0200 555 0001", "2022-06-01", "2024-12-01"),
        ],
        columns=["record", "email", "phone", "created", "updated"],
    ),
    "raw_lines": pd.DataFrame(
        [("L1", "O1", "2024-12-30"), ("L2", "O1", "1970-01-01"), ("L3", "O2", "31.12.2052"), ("L4", "O2", "31.12.2052"), ("L5", "O3", "05/06/2014")],
        columns=["line", "order", "date"],
    ),
    "raw_rates": pd.DataFrame({"currency": ["EUR", "EUR"], "year": ["2023", "2024"], "rate": ["1.00", "1.00"]}),
    "customers": pd.DataFrame(
        {"customer": list("abcdefg"), "kind": ["consumer"] * 6 + ["business"], "postcode": ["1", "1", "1", "2", "2", "2", "3"],
         "birth_year": [1980, 1980, None, None, 1990, 1990, None], "gender": ["f", "f", "f", "m", "m", "f", None]}
    ),
}  # fmt: skip


def material(tx, tables):
    def table(name):
        if name not in tables:
            raise DataError(f"It has no table {name!r}.")
        return tables[name].copy()

    as_of = f"{tx['date'].max():%Y-%m-%d}"
    return Material(tx, customer_table(tx, as_of=as_of), as_of, "$", table)


def of_company(seed, customers):
    clean, raw, _ = made(seed, customers)
    tables = {f"raw_{name}": frame for name, frame in raw.items()} | {"customers": clean["customers"]}
    tx = clean["transactions"][["customer", "date", "amount", "order"]].astype({"date": "datetime64[us]"})
    return material(tx, tables)


def made_logs(cdnow_sample_log, other_log):
    return {"made": of_company(1, 900), "small": of_company(5, 200), "tiny": material(TINY, TINY_TABLES)}


WORKBOOK = Workbook(
    "20_one_record", QUESTIONS, made_logs, lambda logs: {"tiny": TINY},
    set("0 1 2 3 4 5 6 7 8 9 10 14 15 20 49 180 303 304 1970 20010 0200 555 0303 0304".split()), ("stale", "alone"), TINY, "decision",
    blurred=True, a_word="merge",
)  # fmt: skip


def answers(of):
    return {slug: question.answer(of) for slug, question in QUESTIONS.items() if slug != "decision"}


def test_the_answers_are_those_worked_out_by_hand():
    """Addresses a, b, c, d and three without... R3, R7: six customers. Links: R1 R4 R2 R5 R6 and R8 are one, R3, R7."""
    found = answers(material(TINY, TINY_TABLES))
    assert found["same_mail"] == 4 + 2
    assert found["chained"] == 3
    assert found["evidence"] == 2 + 6.5 + 9 - 1.5
    assert found["recall"] == 2 / 5
    assert found["impossible"] == 4
    assert found["stale"] == 3 / 8  # R1, R4 and R6
    assert found["alone"] == 4 / 6  # a and b hide behind each other


@pytest.mark.parametrize("seed", [1, 5])
def test_the_answers_are_those_of_crmlib(seed):
    some = of_company(seed, {1: 900, 5: 200}[seed])
    found, records, lines = answers(some), some.table("raw_records"), some.table("raw_lines")
    normal = linkage.normalised(records)
    for slug, blocks in (("same_mail", [("email",)]), ("chained", [("email",), ("phone",)])):
        assert found[slug] == linkage.linked(records, linkage.candidates(normal, blocks=blocks))["customer"].nunique()
    assert found["impossible"] == ((cleaning.read_days(lines["date"]) < pd.Timestamp("2023-01-01")) | (cleaning.read_days(lines["date"]) > pd.Timestamp("2025-12-31"))).sum()
    typed = cleaning.read_records(records)
    assert found["stale"] == pytest.approx(freshness.summary(typed, as_of=some.as_of, limit=180)["stale_share"].iloc[0])
    people = some.table("customers")
    shown = exposure.anonymity(people[people["kind"] == "consumer"], module.HIDING)
    assert found["alone"] == pytest.approx(shown.unique_share)


def test_the_fixed_questions_are_those_of_crmlib():
    two = pd.DataFrame({"record": ["A", "B"], "name": ["Paula Brandt", "P. Brandt"], "street": ["Norderstraße 15", "Norderstr. 15"],
                        "postcode": "20010", "email": ["paula.brandt@web.example", ""], "phone": ["0200 555 0303", "+49 200 5550304"]})  # fmt: skip
    assert linkage.scored(linkage.normalised(two))["evidence"].tolist() == [module.evidence()]
    points = linkage.WEIGHTS
    assert list(module.POINTS.values()) == [points["given"]["initial"], points["family"]["same"], points["address"]["same"], points["phone"]["differ"]]
    links, truth = (pd.DataFrame({"record": list(of), "customer": list(of.values())}) for of in (module.FOUND, module.TRUE))
    score = link_quality.quality(links, truth).iloc[0]
    assert (score["recall"], score["precision"]) == (module.recall(), module._precision())


def test_data_without_the_tables_says_so():
    with pytest.raises(DataError, match="It has no table 'raw_records'"):
        QUESTIONS["same_mail"].answer(material(TINY, {}))


def test_the_workbook_states_what_the_checks_ask():
    source = (checkout.root() / PLACE).read_text(encoding="utf-8")
    asked = " ".join(source.replace("\n#", "").split())
    for words in ("same e-mail address **or** the same telephone", "**recall of pairs**", "before `first` or after `last`", "On how many **lines**",
                  "more than 180 days before `as_of`", "share of the **records**", "share of the **consumers**"):  # fmt: skip
        assert words in asked, words
    source = source[source.index("judged = ") :]
    columns = {name: ast.literal_eval(source.split(f'"{name}": ')[1].split("],")[0] + "]") for name in ("record", "true", "found")}
    assert dict(zip(columns["record"], columns["true"], strict=True)) == module.TRUE
    assert dict(zip(columns["record"], columns["found"], strict=True)) == module.FOUND
