"""Logs as people send them: a few lines each, what is typed to read them, and what must come of it.

Here stands what must come through; corpus_wrong.py has what must be refused.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import shlex
import zipfile
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd

COLUMNS = ("customer", "date", "amount")
FOLDER = "a folder"
ANN, BOB = "Ann,2024-01-05,12.50", "Bob,2024-02-06,7.50"


@dataclass(frozen=True)
class Sent:
    """A file by its name and bytes (None: there is no such file), and the options typed after --data."""

    name: str
    content: bytes | str | None
    typed: str = ""

    def put(self, folder: Path) -> Path:
        path = folder / self.name
        if self.content == FOLDER:
            path.mkdir(parents=True)
        elif self.content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.content)
        return path

    @property
    def options(self) -> list[str]:
        return shlex.split(self.typed)

    def arguments(self, command: str, data, out) -> list[str]:
        return [command, "--data", str(data), "--out", str(out), *self.options]


@dataclass(frozen=True)
class Right(Sent):
    """Ends in a report. ``revenue`` as it is written there; ``days``: first and last; ``notes``: what stands in it."""

    customers: int = 2
    revenue: str = "20.00"
    days: tuple[str, str] = ("2024-01-05", "2024-02-06")
    notes: tuple[str, ...] = ()
    only_report: str = ""  # options that crm score does not have


@dataclass(frozen=True)
class Wrong(Sent):
    """Ends in one sentence. ``says``: words of it; ``helps``: whether what it tells to type makes the file readable."""

    says: tuple[str, ...] = ()
    helps: bool = False


def log(*lines, header="customer,date,amount", end="\n", encoding="utf-8") -> bytes:
    return (end.join([header, *lines]) + end).encode(encoding)


def excel(**sheets) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for title, rows in sheets.items():
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
    book.save(target)
    return target.getvalue()


def parquet(**columns) -> bytes:
    target = io.BytesIO()
    pd.DataFrame(columns).to_parquet(target)
    return target.getvalue()


def packed(**files) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def crowd(count, *lines) -> bytes:
    """``count`` customers with these lines each; a line is a function of the customer's number."""
    return log(*(f"C{number:02d},{line(number)}" for line in lines for number in range(count)))


D = dt.date
CHINESE = "客户,日期,金额\n王伟,2024年1月5日,12.50\n李娜,2024年2月6日,7.50\n"
CHINESE_NAMES = "--customer 客户 --date 日期 --amount 金额"
SHEET = [COLUMNS, (17, D(2024, 1, 5), 12.5), (18, D(2024, 2, 6), 7.5)]
SCRIPT = "<script>alert(1)</script>"
IMAGE = '<img src=x onerror="alert(2)">'
FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "'quoted")

RIGHT = {
    # how a text file is written
    "plain": Right(
        "orders.csv",
        log(ANN, BOB),
        notes=("Read orders.csv: 2 lines after the header, commas between the fields, UTF-8.",),
    ),
    "utf-8 with a byte order mark": Right(
        "orders.csv", log("René,2024-01-05,12.50", BOB, encoding="utf-8-sig"), notes=("UTF-8",)
    ),
    "utf-16 with tabs, Excel's Unicode text": Right(
        "Sales.txt",
        log(
            "René\t2024-01-05\t12.50",
            "李娜\t2024-02-06\t7.50",
            header="\t".join(COLUMNS),
            end="\r\n",
            encoding="utf-16",
        ),
        notes=("tabs between the fields, utf-16",),
    ),
    "cp1252, named": Right(
        "orders.csv", log("René,2024-01-05,12.50", BOB, encoding="cp1252"), "--encoding cp1252", notes=("cp1252",)
    ),
    "latin-1, named": Right(
        "orders.csv", log("René,2024-01-05,12.50", BOB, encoding="latin-1"), "--encoding latin-1", notes=("latin-1",)
    ),
    "gb18030, named, Chinese columns": Right(
        "订单.csv",
        CHINESE.encode("gb18030"),
        f"{CHINESE_NAMES} --encoding gb18030",
        notes=("gb18030", "Read customer from '客户', date from '日期', amount from '金额'."),
    ),
    "Chinese columns in utf-8": Right("订单.csv", CHINESE.encode(), CHINESE_NAMES, notes=("customer from '客户'",)),
    "spaces and umlauts in column names": Right(
        "Umsätze 2024.csv",
        log("1;31.01.2024;12,5", "2;05.02.2024;7,5", header="Kunden Nr;Datum der Bestellung;Betrag in €"),
        '--customer "Kunden Nr" --date "Datum der Bestellung" --amount "Betrag in €" --decimal ,',
        days=("2024-01-31", "2024-02-05"),
        notes=("Read Umsätze 2024.csv", "amount from 'Betrag in €'", "semicolons between the fields"),
    ),
    "semicolons": Right(
        "orders.csv",
        log("Ann;2024-01-05;12.50", "Bob;2024-02-06;7.50", header=";".join(COLUMNS)),
        notes=("semicolons",),
    ),
    "tabs": Right(
        "orders.tsv", log("Ann\t2024-01-05\t12.50", "Bob\t2024-02-06\t7.50", header="\t".join(COLUMNS)), notes=("tabs",)
    ),
    "vertical bars": Right(
        "orders.txt",
        log("Ann|2024-01-05|12.50", "Bob|2024-02-06|7.50", header="|".join(COLUMNS)),
        notes=("vertical bars",),
    ),
    "a letter of two signs in a column name": Right(
        "orders.csv", log(ANN, BOB, header="Ka\u0308ufer,date,amount"), "--customer K\u00e4ufer"
    ),
    "Windows line ends": Right("orders.csv", log(ANN, BOB, end="\r\n"), notes=("2 lines",)),
    "old Mac line ends": Right("orders.csv", log(ANN, BOB, end="\r"), notes=("2 lines",)),
    "blank lines": Right(
        "orders.csv", log("", ANN, "", ",,", BOB, ""), notes=("4 lines are wholly empty and left out.",)
    ),
    "quoted fields with separators and line breaks": Right(
        "orders.csv",
        log(
            '"Ann, née B.",2024-01-05,12.50,"say ""hi""\nplease"',
            "Bob,2024-02-06,7.50,",
            header="customer,date,amount,note",
        ),
        notes=("Read orders.csv: 2 lines",),
    ),
    "a very long field": Right("orders.csv", log(f"{'A' * 100_000},2024-01-05,12.50", BOB)),
    "spaces around ids": Right(
        "orders.csv",
        log(" Ann,2024-01-05,12.50", "Ann ,2024-02-06,7.50"),
        customers=1,
        notes=("2 lines are read without the spaces around the customer id.",),
    ),
    "ids with zeros in front": Right("orders.csv", log("007,2024-01-05,12.50", "7,2024-02-06,7.50")),
    "packed with gzip": Right("orders.csv.gz", gzip.compress(log(ANN, BOB)), notes=("Read orders.csv.gz",)),
    "alone in a zip": Right(
        "orders.zip", packed(**{"export/orders.csv": log(ANN, BOB)}), notes=("orders.csv in orders.zip",)
    ),
    # dates
    "day first, decided by the column": Right(
        "orders.csv",
        log("Ann,05/01/2024,12.50", "Bob,31/01/2024,7.50"),
        days=("2024-01-05", "2024-01-31"),
        notes=("Dates are read as day/month/year, as 31/01/2024 in row 2 shows.",),
    ),
    "month first, decided by the column": Right(
        "orders.csv",
        log("Ann,01/05/2024,12.50", "Bob,01/31/2024,7.50"),
        days=("2024-01-05", "2024-01-31"),
        notes=("Dates are read as month/day/year, as 01/31/2024 in row 2 shows.",),
    ),
    "undecidable, told day first": Right(
        "orders.csv", log("Ann,05/01/2024,12.50", "Bob,06/02/2024,7.50"), "--date-format %d/%m/%Y"
    ),
    "undecidable, told month first": Right(
        "orders.csv", log("Ann,01/05/2024,12.50", "Bob,02/06/2024,7.50"), "--date-format %m/%d/%Y"
    ),
    "time of day and time zones": Right(
        "orders.csv",
        log("Ann,2024-01-05T23:30:00-08:00,12.50", "Bob,2024-02-06T00:10:00Z,7.50"),
        notes=(
            "Dates carry a time zone; the day is taken as written, in that zone.",
            "Dates carry a time of day; only the day is kept.",
        ),
    ),
    "a twelve-hour clock": Right(
        "orders.csv",
        log("Ann,1/5/2024 3:05 PM,12.50", "Bob,1/31/2024 11:00 AM,7.50"),
        days=("2024-01-05", "2024-01-31"),
    ),
    "years of two digits, told": Right(
        "orders.csv", log("Ann,05.01.24,12.50", "Bob,06.02.24,7.50"), "--date-format %d.%m.%y"
    ),
    "names of months": Right("orders.csv", log("Ann,5-Jan-2024,12.50", "Bob,6-FEB-2024,7.50")),
    # amounts
    "thousands, told": Right("orders.csv", log('Ann,2024-01-05,"1,012.50"', BOB), "--thousands ,", revenue="1,020.00"),
    "thousands with points and decimal commas, told": Right(
        "orders.csv",
        log("Ann;2024-01-05;1.012,50", "Bob;2024-02-06;7,50", header=";".join(COLUMNS)),
        "--decimal , --thousands .",
        revenue="1,020.00",
    ),
    "thousands with hard spaces, told": Right(
        "ventes.csv",
        log("Ann;2024-01-05;1\u00a0012,50", "Bob;2024-02-06;1\u202f007,50", header=";".join(COLUMNS)),
        '--decimal , --thousands " "',
        revenue="2,020.00",
    ),
    "decimal commas, told": Right(
        "orders.csv", log("Ann;2024-01-05;12,50", "Bob;2024-02-06;7,50", header=";".join(COLUMNS)), "--decimal ,"
    ),
    "negative and zero amounts": Right(
        "orders.csv",
        log(ANN, "Ann,2024-01-09,-2.50", "Bob,2024-02-06,0"),
        revenue="10.00",
        notes=(
            "1 line is of amount zero; zero counts as a purchase.",
            "1 line is below zero, 2.50 in all: refunds, not orders.",
            "Refunds of 2.50 are taken off.",
        ),
    ),
    "everything refunded": Right(
        "orders.csv",
        log(ANN, "Ann,2024-01-09,-12.50", BOB, "Bob,2024-02-06,-7.50"),
        revenue="0.00",
        notes=("2 lines are below zero, 20.00 in all: refunds",),
    ),
    "refunds only": Right(
        "returns.csv",
        log("Ann,2024-01-05,-12.50", "Bob,2024-02-06,-7.50"),
        revenue="-20.00",
        notes=("2 lines are below zero", "no purchase"),
    ),
    "all amounts zero": Right(
        "samples.csv",
        log("Ann,2024-01-05,0", "Bob,2024-02-06,0.00"),
        revenue="0.00",
        notes=("2 lines are of amount zero",),
    ),
    # customers
    "missing ids, left out": Right(
        "orders.csv",
        log(ANN, ",2024-01-06,99", "NULL,2024-01-06,99", BOB),
        "--missing-customer drop",
        notes=("2 lines are left out because the customer is missing.",),
    ),
    "a line of totals without a customer, left out": Right(
        "orders.csv",
        log(ANN, BOB, ",,20.00"),
        "--missing-customer drop",
        notes=("1 line is left out because the customer is missing.",),
    ),
    "one customer": Right("orders.csv", log(ANN, "Ann,2024-02-06,7.50"), customers=1),
    "one purchase": Right(
        "orders.csv",
        log(ANN),
        customers=1,
        revenue="12.50",
        days=("2024-01-05", "2024-01-05"),
        notes=("1 line,", "The log lacks 20 or more customers."),
    ),
    "two customers": Right("two.csv", log(ANN, BOB), notes=("2 customers", "fewer than 20")),
    "one day": Right(
        "day.csv",
        crowd(30, lambda n: f"2024-01-05,{n + 1}"),
        customers=30,
        revenue="465.00",
        days=("2024-01-05", "2024-01-05"),
        notes=("The log covers 1 day",),
    ),
    "nobody bought twice": Right(
        "orders.csv",
        crowd(30, lambda n: f"2024-{n % 6 + 1:02d}-05,{n + 1}"),
        customers=30,
        revenue="465.00",
        days=("2024-01-05", "2024-06-05"),
        notes=("obody bought twice",),
    ),
    "everybody the same": Right(
        "orders.csv",
        crowd(25, *[lambda _, month=month: f"2024-{month:02d}-05,10" for month in range(1, 7)]),
        customers=25,
        revenue="1,500.00",
        days=("2024-01-05", "2024-06-05"),
    ),
    # lines and orders
    "duplicated lines, kept": Right(
        "orders.csv",
        log(ANN, ANN, BOB),
        revenue="32.50",
        notes=("1 line is the exact repeat of another and kept (--duplicates drop leaves such lines out).",),
    ),
    "duplicated lines, dropped": Right(
        "orders.csv",
        log(ANN, ANN, BOB),
        "--duplicates drop",
        notes=("1 line is left out as the exact repeat of another.",),
    ),
    "orders, products and quantities under names of their own": Right(
        "lines.csv",
        log(
            "A1,Ann,2024-01-05,10,tea,2",
            "A1,Ann,2024-01-05,2.5,cup,1",
            "A2,Bob,2024-02-06,7.5,tea,",
            header="bill,customer,date,amount,item,pieces",
        ),
        "--order bill --product item --quantity pieces",
        notes=("order from 'bill', product from 'item', quantity from 'pieces'",),
    ),
    # time
    "lines of the future, cut off": Right(
        "orders.csv",
        log(ANN, BOB, "Cleo,2199-01-05,99"),
        "--as-of 2024-02-06",
        notes=("1 line lies after 2024-02-06 and is left out.",),
    ),
    "a report of the past": Right(
        "orders.csv",
        log(ANN, BOB),
        "--as-of 2024-01-31",
        customers=1,
        revenue="12.50",
        days=("2024-01-05", "2024-01-31"),
        notes=("1 line lies after 2024-01-31",),
    ),
    "a report of the future": Right(
        "orders.csv",
        log(ANN, BOB),
        "--as-of 2050-12-31",
        days=("2024-01-05", "2050-12-31"),
        notes=("The date of the report, 2050-12-31, lies in the future",),
    ),
    # text that could become something else
    "markup in ids, products and the name of the file": Right(
        "a&b {{x}} ${y}$.csv",
        log(
            f'"{SCRIPT}",2024-01-05,12.50,<b>tea',
            f'"{IMAGE.replace(chr(34), chr(34) * 2)}",2024-02-06,7.50,</td>',
            header="customer,date,amount,product",
        ),
        only_report="--ids real --currency <b>",
        revenue="<b>20.00",
    ),
    "ids that spreadsheets run as formulas": Right(
        "orders.csv",
        log(*(f'"{formula}",2024-01-05,4' for formula in FORMULAS)),
        customers=5,
        days=("2024-01-05", "2024-01-05"),
    ),
    "signs of mathematics as a currency": Right(
        "orders.csv",
        crowd(25, lambda n: "2024-01-05,4", lambda n: "2024-03-05,4"),
        customers=25,
        only_report="--currency $x^2",
        revenue="$x^2200.00",
        days=("2024-01-05", "2024-03-05"),
    ),
    # other kinds of files
    "Excel with real dates and numbers as ids": Right(
        "orders.xlsx", excel(Sheet1=SHEET), notes=("Read sheet 'Sheet1' of orders.xlsx: 2 lines",)
    ),
    "Excel with several sheets, one named": Right(
        "orders.xlsx", excel(January=SHEET, February=SHEET[:2]), "--sheet January", notes=("Read sheet 'January'",)
    ),
    "Excel with text dates": Right(
        "orders.xlsx",
        excel(S=[COLUMNS, ("A", "05.01.2024", "12.5"), ("B", "31.01.2024", 7.5)]),
        days=("2024-01-05", "2024-01-31"),
    ),
    "Parquet": Right(
        "orders.parquet",
        parquet(customer=[1, 2], date=pd.to_datetime(["2024-01-05", "2024-02-06"]), amount=[12.5, 7.5]),
        notes=("Parquet",),
    ),
}
