"""What stands in a column to ids, days and numbers, without guessing.

Each function gets the distinct values of a column and answers for all of them at once, because only the whole column
shows whether 03/04/2010 is in March or in April. What reads as nothing (an empty text, NaN, null) becomes None. What
cannot be decided raises `Unreadable`, which names one value; the door knows in which row it stands.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from numbers import Real

from crmlib.errors import quote

__all__ = ["CLOCK", "NOTHING", "ZONED", "Unreadable", "days", "ids", "nothing", "numbers", "order_shown", "tells_time"]

NOTHING = {"", "nan", "nat", "null", "none", "n/a", "na", "#n/a", "<na>"}  # case does not matter

_TIME = r"[T ]{1,9}(?:[01]?[0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?(?: ?[AaPp]\.?[Mm]\.?)?"
_ZONE = r" ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})"
CLOCK = rf"{_TIME}(?:{_ZONE})?$"  # a time of day at the end of a text, for any engine's regular expressions
ZONED = rf"{_TIME}{_ZONE}$"

_MONTHS = {m: i for i, m in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_FULL = "january february march april may june july august september october november december sept".split()
_FORMS = {  # the ways of writing a day; years have four digits
    "year first": re.compile(r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})"),
    "eight digits": re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})"),
    "year last": re.compile(r"(?P<first>\d{1,2})(?P<s>[-/.])(?P<second>\d{1,2})(?P=s)(?P<y>\d{4})"),
    "month name": re.compile(r"(?P<d>\d{1,2})[ -](?P<name>[A-Za-z]{3,9})\.?,?[ -](?P<y>\d{4})"),
    "month name first": re.compile(r"(?P<name>[A-Za-z]{3,9})\.? (?P<d>\d{1,2}),? (?P<y>\d{4})"),
    "Chinese": re.compile(r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日"),
}


class Unreadable(Exception):
    """``value`` could not be read; ``why`` says what to do, ``other`` is a second value that it contradicts."""

    def __init__(self, value, why, other=None):
        super().__init__(value, why, other)
        self.value, self.why, self.other = value, why, other


def nothing(value) -> bool:
    """Whether a value stands for "nothing": None, NaN, or a text such as '' or 'NULL'.

    >>> nothing("NaN"), nothing(" "), nothing(0)
    (True, True, False)
    """
    if isinstance(value, str):
        return value.strip().lower() in NOTHING
    return value is None or (isinstance(value, float) and value != value)


def ids(values):
    """Each id as text without spaces around it; whole numbers as people write them, 12 and not 12.0.

    >>> ids(["007 ", 12.0, "NULL"])
    ['007', '12', None]
    """
    return [None if nothing(value) else _text(value) for value in values]


def _text(value):
    if isinstance(value, bytes):
        raise Unreadable(value, "is bytes and not text; decode the column first")
    if isinstance(value, float) and abs(value) >= 2**53:
        raise Unreadable(value, "was rounded when it was read as a floating-point number; read the column as text")
    if isinstance(value, Real) and value % 1 == 0:  # how pandas keeps whole numbers beside a gap
        return str(int(value))
    return str(value).strip()


def days(values, date_format=None):
    """The calendar day of each value as ``(list of dates, any time of day?, any time zone?)``.

    Day-first or month-first is decided by the column: one value with a first number over 12 means day first. The local
    day is taken as written; a time zone shifts nothing. ``date_format`` (strptime codes) reads text only.

    >>> days(["31/12/2010", "01/02/2010 09:30"])
    ([datetime.date(2010, 12, 31), datetime.date(2010, 2, 1)], True, False)
    """
    dates = [value for value in values if isinstance(value, dt.date)]
    texts = [None if isinstance(value, dt.date) or nothing(value) else _text(value) for value in values]
    strange = next((value for value, text in zip(values, texts, strict=True) if text is not None), None)
    if dates and strange is not None:
        why = "is text in a column of real dates, where a spreadsheet may have swapped day and month in the others; "
        raise Unreadable(strange, why + "write all dates one way, best YYYY-MM-DD")
    if dates:
        stamps = [value for value in dates if isinstance(value, dt.datetime)]
        known = [value if isinstance(value, dt.date) else None for value in values]
        found = [value and dt.date(value.year, value.month, value.day) for value in known]
        return found, any(stamp.time() != dt.time() for stamp in stamps), any(stamp.tzinfo for stamp in stamps)
    lookup = {text: value for text, value in zip(texts, values, strict=True) if text is not None}
    read, timed, zoned = _by_format(lookup, date_format) if date_format else _by_form(lookup)
    return [None if text is None else read[text] for text in texts], timed, zoned


def _by_format(lookup, date_format):
    """``lookup`` leads from each text to the value that it comes from, which errors quote."""
    probe = dt.datetime(2003, 11, 29, 13, 45, 59, tzinfo=dt.timezone.utc)
    try:
        complete = dt.datetime.strptime(probe.strftime(date_format), date_format).date() == probe.date()
    except (TypeError, ValueError, re.error):
        complete = False
    if not complete:  # without a year, strptime would make it 1900
        letters = re.split(r"([-/. ])", str(date_format).lower())  # dd/mm/yyyy is how spreadsheets write it
        codes = [{"dd": "%d", "mm": "%m", "yy": "%y", "yyyy": "%Y"}.get(part, part) for part in letters]
        meant = "".join(codes) if sorted(codes[::2]) in (["%Y", "%d", "%m"], ["%d", "%m", "%y"]) else "%d.%m.%Y"
        advice = f"it must give year, month and day in codes, e.g. date_format={meant!r}"
        why = f"cannot be read with date_format={date_format!r}; {advice}"
        raise Unreadable(next(iter(lookup.values()), None), why)
    if not tells_time(date_format):
        short, timed, zoned = _without_clock(lookup)
    else:
        short, timed, zoned = {text: text for text in lookup}, True, "%z" in date_format.lower()
    read = {}
    for text, value in lookup.items():
        try:
            read[text] = dt.datetime.strptime(short[text], date_format).date()
        except ValueError:
            why = f"does not fit date_format={date_format!r}; correct the date or the format"
            raise Unreadable(value, why) from None
    return read, timed, zoned


def tells_time(date_format) -> bool:
    """Whether a format in strptime codes reads the time of day itself, so that it must see the whole text.

    >>> tells_time("%d.%m.%Y"), tells_time("%d.%m.%Y %H:%M")
    (False, True)
    """
    return any(code in date_format for code in ("%H", "%I", "%X", "%c"))


def order_shown(values):
    """The value that decided whether the day or the month comes first, and the order; None if nothing was to decide.

    ``values`` are those that `days` has read without a date_format.

    >>> order_shown(["01/02/2010", "31/12/2010 09:30"]), order_shown(["2010-12-31"])
    (('31/12/2010 09:30', 'day/month/year'), None)
    """
    for value in values:
        if nothing(value):
            continue
        match = _FORMS["year last"].fullmatch(re.sub(CLOCK, "", value.strip())) if isinstance(value, str) else None
        if not match:
            return None  # the column is written in another form
        if max(int(match["first"]), int(match["second"])) > 12:
            order = ("day", "month", "year") if int(match["first"]) > 12 else ("month", "day", "year")
            return value, match["s"].join(order)
    return None


def _without_clock(texts):
    clock, zoned = re.compile(CLOCK), re.compile(ZONED)
    short = {text: clock.sub("", text) for text in texts}
    return short, any(text != day for text, day in short.items()), any(map(zoned.search, texts))


def _by_form(lookup):
    short, timed, zoned = _without_clock(lookup)
    example = {day: lookup[text] for text, day in short.items()}
    matches = {day: _match(day, value) for day, value in example.items()}
    forms = {}
    for day, (form, match) in matches.items():
        # 31.12.2010 beside 12/31/2010 comes from two places: one must not decide how the other is read
        forms.setdefault((form, match["s"]) if form == "year last" else form, example[day])
    if len(forms) > 1:
        one, two = list(forms.values())[:2]
        raise Unreadable(one, "is written in another way than {other}; write all dates one way, best YYYY-MM-DD", two)
    year_last = any("first" in match.groupdict() for _, match in matches.values())
    day_first = _day_first(matches, example) if year_last else None
    found = {day: _date(match, day_first, example[day]) for day, (_, match) in matches.items()}
    return {text: found[day] for text, day in short.items()}, timed, zoned


def _match(day, value):
    for form, pattern in _FORMS.items():
        if match := pattern.fullmatch(day):
            return form, match
    if two := re.fullmatch(r"\d{1,2}([-/.])\d{1,2}\1\d{2}", day):
        ways = [two[1].join(codes) for codes in (("%d", "%m", "%y"), ("%m", "%d", "%y"), ("%y", "%m", "%d"))]
        ways = [way for way in ways[:2] if _fits(day, way)] or ways[2:]
        ways = " or ".join(f"date_format={way!r}" for way in ways)
        raise Unreadable(value, f"has a year of two digits; say how to read it with {ways}")
    if re.fullmatch(r"[2-7]\d{4}(?:\.\d+)?", day):  # 1954 to 2119 as spreadsheets count
        why = "is the number of a day, as spreadsheets keep it; format the column as a date there, best YYYY-MM-DD"
        raise Unreadable(value, why)
    if ":" in day:
        raise Unreadable(value, "has a time of day that cannot be read; write it as 23:59 or leave it out")
    why = "is not a date that can be read; write YYYY-MM-DD or give date_format, e.g. date_format='%d.%m.%Y'"
    raise Unreadable(value, why)


def _fits(day, date_format):
    try:
        return bool(dt.datetime.strptime(day, date_format))
    except ValueError:
        return False


def _day_first(matches, example):
    """Whether the first number is the day: what one value shows holds for the column."""
    first = next((day for day, (_, match) in matches.items() if int(match["first"]) > 12), None)
    second = next((day for day, (_, match) in matches.items() if int(match["second"]) > 12), None)
    if first and second and first != second:  # one text with both is no day at all, which `_date` says
        why = "has the day first but {other} has the month first; write all dates one way"
        raise Unreadable(example[first], why, example[second])
    if first or second:
        return first is not None
    for day, (_, match) in matches.items():
        if int(match["first"]) != int(match["second"]):
            sign = match["s"]
            raise Unreadable(
                example[day],
                "could be day and month or month and day, and no date in the column decides it; "
                f"give date_format='%d{sign}%m{sign}%Y' or date_format='%m{sign}%d{sign}%Y'",
            )
    return True  # 05/05/2010 only: both readings are the same day


def _date(match, day_first, value):
    parts = match.groupdict()
    if "name" in parts:
        name = parts["name"].lower()
        month = _MONTHS.get(name[:3]) if len(name) == 3 or name in _FULL else None
        if month is None:
            raise Unreadable(value, "has a month name that is not English; write YYYY-MM-DD")
        day = parts["d"]
    elif "first" in parts:
        day, month = (parts["first"], parts["second"]) if day_first else (parts["second"], parts["first"])
    else:
        day, month = parts["d"], parts["m"]
    try:
        return dt.date(int(parts["y"]), int(month), int(day))
    except ValueError:
        raise Unreadable(value, "is no day of the calendar; correct it") from None


def numbers(values, *, decimal=None, thousands=None):
    """Each value as a float. ``decimal`` is '.' or ','; ``thousands`` is what separates groups of three digits, if any.

    Without options the decimal sign is '.', unless every amount could as well have a '.' between thousands.

    >>> numbers(["1,234.50", "-3", ""], thousands=",")
    [1234.5, -3.0, None]
    """
    texts = {value: value.strip() for value in values if isinstance(value, str) and not nothing(value)}
    read = _reader(decimal, thousands)
    found, undecided, decided = [], None, decimal is not None or thousands is not None
    for value in values:
        if value in texts:
            number = read(texts[value])
            if number is None:
                raise Unreadable(value, *_why_no_number(texts[value], texts))
            if decided:
                pass
            elif re.fullmatch(r"[+-]?[1-9]\d{0,2}\.\d{3}", texts[value]):
                undecided = value if undecided is None else undecided
            else:
                decided = "." in texts[value] or re.search(r"\d{4}", texts[value])
        elif nothing(value):
            number = None
        elif isinstance(value, Real | Decimal) and not isinstance(value, bool):
            number = float(value)
        else:
            kind = type(value).__name__
            kind = {"bool": "true-or-false value", "datetime": "date", "Timestamp": "date", "Timedelta": "span of time"}.get(kind, kind)
            raise Unreadable(value, f"is a {kind} and not a number")
        found.append(number)
    if undecided is not None and not decided:
        text = texts[undecided]
        why = f"could be {float(text):g} or {text.replace('.', '')}, and no amount in the column decides it; "
        raise Unreadable(undecided, why + "give decimal='.' or thousands='.'")
    return found


def _reader(decimal, thousands):
    """A function from a text to a float, or to None where it is no number under these options."""
    point = re.escape(decimal or ("," if thousands == "." else "."))
    group = r"\s" if thousands == " " else re.escape(thousands or "")
    whole = rf"\d{{1,3}}(?:{group}\d{{3}})+|\d+" if thousands else r"\d+"
    pattern = re.compile(rf"([+\-\N{{MINUS SIGN}}]?)({whole})?(?:{point}(\d*))?([eE][+-]?\d+)?")

    def read(text):
        match = pattern.fullmatch(text)
        if not match or not (match[2] or match[3]):
            return None
        sign, digits, fraction, power = match.groups(default="")
        sign = "-" if sign == "\N{MINUS SIGN}" else sign
        return float(f"{sign}{re.sub(group, '', digits) if group else digits}.{fraction}{power}")

    return read


_STYLES = ((".", None), (None, ","), (",", None), (",", "."), (None, " "), (",", " "), (None, "'"), (",", "'"))


# digits with something in front or behind, such as €, EUR or Fr.
_MARKED = re.compile(
    r"[+-]?\s*(?P<front>[^\d\s.,'()%<>+-]{1,4}\.?)?\s*[+-]?\d[\d.,'\s]*?\s*(?P<behind>[^\d\s.,'()%<>+-]{1,4}\.?)?"
)
_NEGATIVE = re.compile(r"\(\s*([\d.,]+)\s*\)|([\d.,]*\d)\s*-")


def _why_no_number(text, texts):
    """What to type, found by trying: on the whole column first, then on this text alone; or what to mend in the file.

    ``texts`` leads from each value to its text. Returns the reason, and the value that it contradicts or None.
    """
    for column in (texts.values(), [text]):
        readings = {}  # several ways that come to the same are one
        for style in _STYLES:
            read = _reader(*style)
            numbers = tuple(read(one) for one in column)
            if None not in numbers:
                readings.setdefault(numbers, style)
        if readings and len(column) == 1 and (other := _otherwise(text, texts)) is not None:
            return "is written in another way than {other}; write all amounts one way", other
        options = []
        for style in readings.values():
            pairs = zip(("decimal", "thousands"), style, strict=True)
            options.append(" and ".join(f"{name}={sign!r}" for name, sign in pairs if sign))
        if options:
            meant = ", whichever is meant" if len(options) > 1 else ""
            return f"is not a number as it stands; give {' or '.join(options)}{meant}", None
    if found := _NEGATIVE.fullmatch(text):
        return f"is not a number; write a negative amount with a minus in front, -{found[1] or found[2]}", None
    found = _MARKED.fullmatch(text) if len(text) <= 60 else None  # no use, and slow, on a page of text
    marks = [mark for mark in found.groups() if mark] if found else []
    if marks and all(len(mark) > 1 or mark in "元円" or unicodedata.category(mark) == "Sc" for mark in marks):
        taken = " and ".join(map(quote, marks))
        return f"is not a number; take {taken} out of the column, e.g. by find and replace", None
    advice = "write digits with at most one decimal sign and a minus in front, without currency signs or words"
    return f"is not a number; {advice}", None


def _otherwise(text, texts):
    """A value that can be read, but in no way in which ``text`` can be read."""
    readers = [_reader(*style) for style in _STYLES]
    same = [read for read in readers if read(text) is not None]
    for value, other in texts.items():
        if all(read(other) is None for read in same) and any(read(other) is not None for read in readers):
            return value
    return None
