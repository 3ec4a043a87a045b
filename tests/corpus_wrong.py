"""Files that cannot be read without a guess, and words of the one sentence in which each must end."""

from __future__ import annotations

import datetime as dt

from corpus import ANN, BOB, CHINESE, CHINESE_NAMES, COLUMNS, FOLDER, SHEET, D, Wrong, excel, log, parquet

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256))

WRONG = {
    # encodings
    "cp1252, not named": Wrong(
        "orders.csv",
        log(ANN, "René,2024-01-05,3", encoding="cp1252"),
        says=("orders.csv is not UTF-8", "line 3", "--encoding cp1252 for Western Europe"),
        helps=True,
    ),
    "gb18030, not named": Wrong(
        "订单.csv",
        CHINESE.encode("gb18030"),
        CHINESE_NAMES,
        says=("订单.csv is not UTF-8", "line 1", "gb18030 for Chinese"),
    ),
    "utf-8 declared as latin-1": Wrong(
        "orders.csv",
        log("René,2024-01-05,3"),
        "--encoding latin-1",
        says=("orders.csv is UTF-8 and would be garbled as latin-1", "leave out --encoding latin-1"),
    ),
    "cp1252 declared as utf-8": Wrong(
        "orders.csv",
        log("René,2024-01-05,3", encoding="cp1252"),
        "--encoding utf-8",
        says=("is not UTF-8", "line 2", "--encoding cp1252"),
        helps=True,
    ),
    "utf-8 declared as utf-16": Wrong(
        "orders.csv", log(ANN), "--encoding utf-16", says=("orders.csv is not utf-16", "leave out --encoding utf-16")
    ),
    "a byte order mark that was not believed": Wrong(
        "orders.csv",
        log(ANN, encoding="utf-8-sig"),
        "--encoding cp1252",
        says=("begins with the mark of UTF-8", "leave out --encoding cp1252"),
    ),
    "no such encoding": Wrong(
        "orders.csv", log(ANN), "--encoding utf8-excel", says=("There is no encoding 'utf8-excel'", "--encoding cp1252")
    ),
    "utf-16 without a mark": Wrong(
        "orders.txt",
        log(ANN, encoding="utf-16-le"),
        says=("orders.txt holds NUL bytes", "--encoding utf-16"),
        helps=True,
    ),
    "a NUL byte": Wrong(
        "orders.csv",
        log(ANN, "B\0b,2024-01-05,3"),
        says=("orders.csv holds NUL bytes", "line 3", "export the log again, as CSV"),
    ),
    # headers
    "no header": Wrong(
        "orders.csv",
        b"17,2024-01-05,3\n18,2024-01-06,4\n",
        says=("The first line of orders.csv looks like data", "'customer,date,amount'"),
    ),
    "no header, names in front": Wrong(
        "orders.csv", log(BOB, header=ANN), says=("The first line of orders.csv looks like data", "'Ann'")
    ),
    "the same name twice": Wrong(
        "orders.csv",
        log("Ann,2024-01-05,3,4", header="customer,date,amount,amount"),
        says=("'amount' more than once (columns 3 and 4)", "rename one"),
    ),
    "other column names": Wrong(
        "orders.csv",
        log(ANN, header="CustomerID,InvoiceDate,Total"),
        says=("no column 'customer'", "'CustomerID', 'InvoiceDate', 'Total'", "--customer CustomerID"),
    ),
    "a wrong column name": Wrong(
        "orders.csv",
        log(ANN, header="Kunde,Datum,Betrag"),
        "--customer Kunde --date Tag --amount Betrag",
        says=("no column 'Tag'", "'Kunde', 'Datum', 'Betrag'", "--date "),
    ),
    "a column for two things": Wrong(
        "orders.csv", log(ANN), "--order customer", says=("--customer and --order both name the column 'customer'",)
    ),
    "a title above the header": Wrong(
        "report.csv",
        b"Sales report 2024\n\n" + log(ANN),
        says=("'Sales report 2024'", "delete the lines above the column names"),
    ),
    "lines quoted as a whole": Wrong(
        "orders.csv",
        b'"customer,date,amount"\n"Ann,2024-01-05,3"\n',
        says=("quotation marks", "take the quotation marks around the lines away"),
    ),
    # dates
    "day first and month first mixed": Wrong(
        "orders.csv",
        log("Ann,01/02/2010,1", "Ann,31/12/2010,3", "Bob,12/31/2010,4"),
        says=(
            "'31/12/2010' in row 2 below the header (column 'date')",
            "'12/31/2010' in row 3",
            "write all dates one way",
        ),
    ),
    "undecidable dates": Wrong(
        "orders.csv",
        log("Ann,05/05/2010,3", "Bob,03/04/2010,4"),
        says=(
            "'03/04/2010' in row 2 below the header (column 'date')",
            "--date-format %d/%m/%Y or --date-format %m/%d/%Y",
        ),
        helps=True,
    ),
    "ISO and German dates mixed": Wrong(
        "orders.csv",
        log(ANN, "Bob,06.02.2024,4"),
        says=("'2024-01-05' in row 1", "another way than '06.02.2024' in row 2", "YYYY-MM-DD"),
    ),
    "years of two digits": Wrong(
        "orders.csv",
        log("Ann,05.01.24,3", "Bob,06.02.24,4"),
        says=("'05.01.24' in row 1", "year of two digits", "--date-format %d.%m.%y"),
        helps=True,
    ),
    "a day that is not": Wrong(
        "orders.csv",
        log(ANN, "Bob,2024-02-30,4"),
        says=("'2024-02-30' in row 2 below the header (column 'date')", "no day of the calendar"),
    ),
    "zeros for no date": Wrong(
        "orders.csv", log("Ann,0000-00-00,3"), says=("'0000-00-00' in row 1", "no day of the calendar")
    ),
    "words for a date": Wrong(
        "orders.csv",
        log(ANN, "Bob,yesterday,4"),
        says=("'yesterday' in row 2 below the header (column 'date')", "YYYY-MM-DD"),
    ),
    "German month names": Wrong(
        "orders.csv",
        log("Ann,5-Mai-2024,3"),
        says=("'5-Mai-2024' in row 1", "month name that is not English", "YYYY-MM-DD"),
    ),
    "a missing date": Wrong(
        "orders.csv", log(ANN, "", "Bob,,4"), says=("The date is missing in row 3 below the header (column 'date')",)
    ),
    "the year 10": Wrong(
        "orders.csv",
        log(ANN, "Bob,0010-12-31,4"),
        says=("before the year 1900", "row 2 below the header (column 'date')", "correct it"),
    ),
    "day numbers of Excel": Wrong(
        "orders.csv", log("Ann,45296,3"), says=("45296", "row 1 below the header (column 'date')", "YYYY-MM-DD")
    ),
    "a format that does not fit": Wrong(
        "orders.csv",
        log("Ann,03/04/2010,3", "Bob,25/06/2010,4"),
        "--date-format %m/%d/%Y",
        says=("'25/06/2010' in row 2", "does not fit --date-format %m/%d/%Y"),
    ),
    "a format that is none": Wrong(
        "orders.csv",
        log("Ann,25/06/2010,3"),
        "--date-format dd/mm/yyyy",
        says=("cannot be read with --date-format dd/mm/yyyy", "year, month and day", "--date-format %d"),
    ),
    "a format without a year": Wrong(
        "orders.csv",
        log("Ann,25/06/2010,3"),
        "--date-format %d/%m",
        says=("--date-format %d/%m", "year, month and day"),
    ),
    "no such hour": Wrong(
        "orders.csv", log("Ann,2024-01-05 25:00,3"), says=("'2024-01-05 25:00' in row 1", "time of day", "23:59")
    ),
    # amounts
    "thousands": Wrong(
        "orders.csv",
        log(BOB, 'Ann,2024-01-05,"1,012.50"'),
        says=("'1,012.50' in row 2 below the header (column 'amount')", "--thousands"),
        helps=True,
    ),
    "thousands or decimals": Wrong(
        "orders.csv",
        log("Ann,2024-01-05,1.234"),
        says=("'1.234' in row 1", "could be 1.234 or 1234", "--decimal", "--thousands"),
        helps=True,
    ),
    "thousands with points and decimal commas": Wrong(
        "orders.csv",
        log("Ann;2024-01-05;1.234,50", header=";".join(COLUMNS)),
        says=("'1.234,50' in row 1", "--decimal , and --thousands"),
        helps=True,
    ),
    "decimal commas": Wrong(
        "orders.csv",
        log("Ann;2024-01-05;12,50", header=";".join(COLUMNS)),
        says=("'12,50' in row 1 below the header (column 'amount')", "--decimal"),
        helps=True,
    ),
    "decimal commas between commas": Wrong(
        "orders.csv",
        log("Ann,2024-01-05,12,50"),
        says=("Line 2 of orders.csv has 4 fields where the header has 3", "quotation marks"),
    ),
    "English and German amounts mixed": Wrong(
        "orders.csv",
        log('Ann,2024-01-05,"1,234.50"', 'Bob,2024-01-05,"1.234,50"'),
        says=("'1,234.50' in row 1", "'1.234,50' in row 2", "one way"),
    ),
    "currency signs": Wrong(
        "orders.csv",
        log(BOB, "Ann,2024-01-05,$12.50"),
        says=("'$12.50' in row 2 below the header (column 'amount')", "take '$' out"),
    ),
    "currency signs behind": Wrong(
        "orders.csv",
        log("Ann;2024-01-05;12,50 €", header=";".join(COLUMNS)),
        "--decimal ,",
        says=("'12,50 €' in row 1", "take '€' out"),
    ),
    "brackets of accountants": Wrong(
        "orders.csv", log(ANN, "Ann,2024-01-06,(2.50)"), says=("'(2.50)' in row 2", "with a minus in front, -2.50")
    ),
    "a minus behind": Wrong(
        "orders.csv", log(ANN, "Ann,2024-01-06,2.50-"), says=("'2.50-' in row 2", "with a minus in front, -2.50")
    ),
    "words for an amount": Wrong(
        "orders.csv",
        log(ANN, "Bob,2024-01-06,free"),
        says=("'free' in row 2 below the header (column 'amount')", "is not a number"),
    ),
    "an amount beyond all money": Wrong(
        "orders.csv", log(ANN, "Ann,2024-01-05,1e308"), says=("too large to be summed in row 2", "correct it")
    ),
    "a missing amount": Wrong(
        "orders.csv",
        log(ANN, "Bob,2024-01-06,"),
        says=("The amount is missing in row 2 below the header (column 'amount')",),
    ),
    "words for a quantity": Wrong(
        "orders.csv",
        log("Ann,2024-01-05,3,two", header="customer,date,amount,quantity"),
        says=("The quantity 'two' in row 1 below the header (column 'quantity')", "not a number"),
    ),
    # customers, orders, whole rows
    "missing ids": Wrong(
        "orders.csv",
        log(ANN, ",2024-01-06,2", BOB),
        says=("The customer is empty in row 2 below the header (column 'customer')", "--missing-customer drop"),
        helps=True,
    ),
    "ids NaN": Wrong(
        "orders.csv",
        log(ANN, "NaN,2024-01-06,2"),
        says=("'NaN', which reads like a missing value, in row 2", "--missing-customer drop"),
        helps=True,
    ),
    "no ids at all": Wrong(
        "orders.csv",
        log(",2024-01-06,2"),
        "--missing-customer drop",
        says=("No line of the purchase log has a customer in column 'customer'", "e.g. --customer CustomerID"),
    ),
    "gaps among orders": Wrong(
        "orders.csv",
        log(f"{ANN},", f"{BOB},7", header="customer,date,amount,order"),
        says=("The order is missing in row 1 below the header (column 'order')",),
    ),
    "a line of totals": Wrong(
        "orders.csv",
        log(ANN, BOB, "Total,,20.00"),
        says=("The date is missing in row 3 below the header (column 'date')", "total"),
    ),
    "a line of totals without a customer": Wrong(
        "orders.csv",
        log(ANN, BOB, ",,20.00"),
        says=("The customer is empty in row 3", "--missing-customer drop"),
        helps=True,
    ),
    "a word at the end": Wrong(
        "orders.csv",
        log(ANN, BOB, "end of report"),
        says=("Line 4 of orders.csv has 1 field where the header has 3", "delete the line"),
    ),
    "a row too short": Wrong(
        "orders.csv",
        log(ANN, "Bob,2024-02-06"),
        says=("Line 3 of orders.csv has 2 fields where the header has 3", "add what is missing"),
    ),
    "a separator at the end of lines": Wrong(
        "orders.csv",
        log(f"{ANN},", f"{BOB},"),
        says=("Line 2 of orders.csv has 4 fields where the header has 3", "at the end of the lines"),
    ),
    "an open quotation mark": Wrong(
        "orders.csv",
        log(ANN, '"Bob,2024-02-06,3', ANN),
        says=("Line 3 of orders.csv opens a quotation mark that is never closed",),
    ),
    "a field beyond all measure": Wrong(
        "orders.csv",
        log(ANN, f"{'B' * 140_000},2024-02-06,3"),
        says=("Line 3 of orders.csv has a field of more than 131,072 characters",),
    ),
    "no separator that is known": Wrong(
        "orders.csv",
        log("Ann^2024-01-05^3", header="customer^date^amount"),
        says=("no separator in its first line", "a comma, a semicolon, a tab"),
    ),
    "two separators": Wrong("orders.csv", b"a,b;c\n1,2;3\n", says=("semicolons or commas", "one of them only")),
    # time
    "lines of the future": Wrong(
        "orders.csv",
        log(ANN, BOB, "Cleo,2199-01-05,99"),
        says=("1 line is dated after today", "2199-01-05", "--as-of 2024-02-06"),
        helps=True,
    ),
    "lines of the future only": Wrong(
        "orders.csv",
        log("Cleo,2199-01-05,99", "Dan,2199-01-06,99"),
        says=("2 lines are dated after today", "2199-01-06; correct them."),
    ),
    "as of before the first purchase": Wrong(
        "orders.csv",
        log(ANN),
        "--as-of 2023-12-31",
        says=("--as-of 2023-12-31 is before the first purchase (2024-01-05)", "a later one"),
    ),
    "as of far beyond": Wrong(
        "orders.csv", log(ANN), "--as-of 9999-12-31", says=("--as-of 9999-12-31 is more than a hundred years after",)
    ),
    "as of in another way": Wrong(
        "orders.csv", log(ANN), "--as-of 31.12.2024", says=("--as-of '31.12.2024' is not a date", "YYYY-MM-DD")
    ),
    "as of on no day": Wrong(
        "orders.csv", log(ANN), "--as-of 2024-02-30", says=("--as-of '2024-02-30' is not a date",)
    ),
    # other kinds of files
    "Excel with data in several sheets": Wrong(
        "orders.xlsx",
        excel(January=SHEET, February=SHEET),
        says=("data in 2 sheets ('January', 'February')", "--sheet January"),
        helps=True,
    ),
    "no such sheet": Wrong(
        "orders.xlsx", excel(January=SHEET), "--sheet March", says=("no sheet 'March'", "'January'")
    ),
    "Excel with real and text dates": Wrong(
        "orders.xlsx",
        excel(S=[*SHEET, ("19", "13/02/2024", 3)]),
        says=("'13/02/2024' in row 3", "text in a column of real dates", "YYYY-MM-DD"),
    ),
    "Excel with times without days": Wrong(
        "orders.xlsx",
        excel(S=[COLUMNS, (17, dt.time(9, 30), 3)]),
        says=("The date '09:30:00' in row 1", "time of day that cannot be read"),
    ),
    "Excel with a title": Wrong(
        "orders.xlsx",
        excel(S=[("Sales 2024",), (), *SHEET]),
        says=("Row 3 of sheet 'S'", "delete the rows above the column names"),
    ),
    "Excel with a truth for an amount": Wrong(
        "orders.xlsx",
        excel(S=[*SHEET, (19, D(2024, 1, 6), True)]),
        says=("True in row 3 below the header (column 'amount')", "not a number"),
    ),
    "Excel named .csv": Wrong(
        "orders.csv", excel(S=SHEET), says=("orders.csv is an Excel workbook; rename it to orders.xlsx",)
    ),
    "text named .xlsx": Wrong("orders.xlsx", log(ANN), says=("orders.xlsx is named .xlsx", "rename it to orders.csv")),
    "a web page named .xls": Wrong(
        "orders.xls",
        b"<html><table><tr><td>customer</td></tr></table></html>",
        says=("HTML", "save the log as CSV, .xlsx or Parquet"),
    ),
    "a picture": Wrong("orders.csv", PNG, says=("orders.csv is a picture", "save the log as CSV")),
    "bytes of no kind": Wrong(
        "orders.dat", bytes(range(256)) * 4, says=("orders.dat holds NUL bytes", "which no text does")
    ),
    "JSON": Wrong("orders.json", b'[{"customer": "Ann"}]', says=("orders.json is JSON", "save the log as CSV")),
    "a cut Parquet file": Wrong(
        "orders.parquet",
        parquet(customer=[1], date=["2024-01-05"], amount=[1.0])[:-9],
        says=("orders.parquet is a damaged Parquet file",),
    ),
    "an empty file": Wrong("orders.csv", b"", says=("orders.csv is empty.",)),
    "blank lines only": Wrong("orders.csv", b"\r\n \r\n", says=("orders.csv is empty.",)),
    "a header only": Wrong("orders.csv", log(), says=("orders.csv has a header line but no lines of data.",)),
    "a folder": Wrong("exports", FOLDER, says=("exports has no datapackage.json", "give the file in it")),
    "no file": Wrong(
        "ordres.csv", None, says=("ordres.csv' is neither a data set ('cdnow', 'cdnow_sample', 'donors', 'lighthouse') nor an existing file",)
    ),
    # what was typed
    "an unknown option": Wrong(
        "orders.csv",
        log(ANN),
        "--delimiter ;",
        says=("No such option: --delimiter (Possible options: --decimal, --duplicates). See crm ", " --help"),
    ),
    "an option without a value": Wrong(
        "orders.csv", log(ANN), "--customer", says=("--customer", "requires an argument", "--help")
    ),
    "an unknown way with duplicates": Wrong(
        "orders.csv", log(ANN), "--duplicates remove", says=("--duplicates is 'remove'; it can be 'keep' or 'drop'.",)
    ),
    "a word for a sign": Wrong(
        "orders.csv", log(ANN), "--decimal comma", says=("--decimal is 'comma'; it can be '.' or ','.",)
    ),
    "one sign for two": Wrong(
        "orders.csv",
        log(ANN),
        "--decimal , --thousands ,",
        says=("--decimal and --thousands are both ','; they must differ.",),
    ),
    "a sheet of a text file": Wrong(
        "orders.csv", log(ANN), "--sheet January", says=("orders.csv is no Excel workbook; leave out --sheet January.",)
    ),
    "an encoding of a workbook": Wrong(
        "orders.xlsx",
        excel(S=SHEET),
        "--encoding cp1252",
        says=("orders.xlsx is an Excel workbook; leave out --encoding cp1252.",),
    ),
}

# of crm report alone
WRONG_REPORT = {
    "a currency in words": Wrong(
        "orders.csv",
        log(ANN),
        "--currency EUROS",
        says=("--currency 'EUROS' is not a sign of at most 4 characters", "--currency CHF"),
    ),
    "an unknown way with ids": Wrong(
        "orders.csv", log(ANN), "--ids all", says=("--ids is 'all'; it can be none, pseudonym or real.",)
    ),
}
