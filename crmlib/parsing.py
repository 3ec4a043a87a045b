"""Text to days and numbers, without guessing.

Both functions get the distinct texts of a column and answer for all of them at once, because only the whole column
shows whether 03/04/2010 is in March or in April. What cannot be decided raises ``Unreadable``, which names one text;
the door knows in which row it stands.
"""

from __future__ import annotations

import datetime as dt
import re

__all__ = ["Unreadable", "days", "numbers"]

_TIME = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?(?P<zone> ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?")
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
_SPLIT = re.compile(r"[T ]+(?=\d{1,2}:)")


class Unreadable(Exception):
    """``text`` could not be read; ``why`` says what to do, ``other`` is a second text that it contradicts."""

    def __init__(self, text, why, other=None):
        super().__init__(text, why, other)
        self.text, self.why, self.other = text, why, other


def days(texts, date_format=None):
    """The calendar day of each text as ``(list of dates, any time of day?, any time zone?)``.

    Day-first or month-first is decided by the column: one value with a first number over 12 means day first. The local
    day is taken as written; a time zone shifts nothing.

    >>> days(["31/12/2010", "01/02/2010"])[0]
    [datetime.date(2010, 12, 31), datetime.date(2010, 2, 1)]
    """
    if date_format is not None:
        return _by_format(texts, date_format)
    parts = [_SPLIT.split(text, maxsplit=1) for text in texts]  # few days, many times: each is looked at once
    times = {time: _TIME.fullmatch(time) for time in {time for _, *rest in parts for time in rest}}
    example = {day: text for (day, *_), text in zip(parts, texts, strict=True)}
    for (_, *rest), text in zip(parts, texts, strict=True):
        if rest and not times[rest[0]]:
            raise Unreadable(text, "has a time of day that cannot be read; write it as 23:59 or leave it out")
    matches = {text: _match(day, text) for day, text in example.items()}
    forms = {}
    for text, (form, _) in matches.items():
        forms.setdefault(form, text)
    if len(forms) > 1:
        one, two = list(forms.values())[:2]
        raise Unreadable(one, "is written in another way than {other}; write all dates one way, best YYYY-MM-DD", two)
    day_first = _day_first(matches) if "year last" in forms else None
    found = {day: _date(text, matches[text][1], day_first) for day, text in example.items()}
    zoned = any(match.group("zone") for match in times.values())
    return [found[day] for day, *_ in parts], bool(times), zoned


def _by_format(texts, date_format):
    found = []
    for text in texts:
        try:
            found.append(dt.datetime.strptime(text, date_format).date())
        except (ValueError, re.error):
            raise Unreadable(text, f"does not fit date_format {date_format!r}") from None
    return found, any(code in date_format for code in ("%H", "%I", "%X", "%c", "%T")), "%z" in date_format


def _match(day, text):
    for form, pattern in _FORMS.items():
        if match := pattern.fullmatch(day):
            return form, match
    if re.fullmatch(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}", day):
        raise Unreadable(text, "has a year of two digits; say how to read it, e.g. date_format='%d/%m/%y'")
    raise Unreadable(text, "is not a date that can be read; write YYYY-MM-DD or give date_format, e.g. date_format='%d.%m.%Y'")


def _day_first(matches):
    """Whether the first number is the day: what one value shows holds for the column."""
    first = next((text for text, (_, match) in matches.items() if int(match["first"]) > 12), None)
    second = next((text for text, (_, match) in matches.items() if int(match["second"]) > 12), None)
    if first and second:
        raise Unreadable(first, "has the day first but {other} has the month first; write all dates one way", second)
    if first or second:
        return first is not None
    for text, (_, match) in matches.items():
        if int(match["first"]) != int(match["second"]):
            sign = match["s"]
            raise Unreadable(
                text,
                "could be day and month or month and day, and no date in the column decides it; "
                f"give date_format='%d{sign}%m{sign}%Y' or date_format='%m{sign}%d{sign}%Y'",
            )
    return True  # 05/05/2010 only: both readings are the same day


def _date(text, match, day_first):
    parts = match.groupdict()
    if "name" in parts:
        name = parts["name"].lower()
        month = _MONTHS.get(name[:3]) if len(name) == 3 or name in _FULL or name == "sept" else None
        if month is None:
            raise Unreadable(text, "has a month name that is not English; write YYYY-MM-DD or give date_format")
        day = parts["d"]
    elif "first" in parts:
        day, month = (parts["first"], parts["second"]) if day_first else (parts["second"], parts["first"])
    else:
        day, month = parts["d"], parts["m"]
    try:
        return dt.date(int(parts["y"]), int(month), int(day))
    except ValueError:
        raise Unreadable(text, "is no day of the calendar") from None


def numbers(texts, *, decimal=None, thousands=None):
    """Each text as a float. ``decimal`` is '.' or ','; ``thousands`` is what separates groups of three digits, if any.

    >>> numbers(["1,234.50", "-3"], thousands=",")
    [1234.5, -3.0]
    """
    point = decimal or ("," if thousands == "." else ".")
    group = r"[\s\u00a0\u202f]" if thousands == " " else re.escape(thousands) if thousands else None
    whole = rf"(?:\d{{1,3}}(?:{group}\d{{3}})+|\d+)" if group else r"\d+"
    pattern = re.compile(rf"([+-]?)({whole})?(?:{re.escape(point)}(\d*))?(?:[eE]([+-]?\d+))?")
    found, three_digits = [], []
    for text in texts:
        match = pattern.fullmatch(text)
        if not match or not (match[2] or match[3]):
            raise Unreadable(text, _why_no_number(text, point, thousands))
        sign, digits, fraction, power = match.groups()
        digits = re.sub(group, "", digits or "0") if group else digits or "0"
        found.append(float(f"{sign}{digits}.{fraction or '0'}e{power or '0'}"))
        if fraction is not None:
            three_digits.append(text if len(fraction) == 3 and len(digits) <= 3 and digits != "0" else None)
    if decimal is None and thousands is None and three_digits and all(three_digits):
        text = three_digits[0]
        raise Unreadable(
            text,
            f"could be {float(text):g} or {text.replace('.', '')}, and no amount in the column decides it; "
            "give decimal='.' or thousands='.'",
        )
    return found


def _why_no_number(text, point, thousands):
    if text.startswith("(") and text.endswith(")"):
        return f"is not a number; write a negative amount with a minus, e.g. -{text[1:-1]}"
    plain = re.fullmatch(r"[+-]?\d{1,3}(?:([.,' \u00a0\u202f])\d{3})*(?:([.,])\d+)?", text)
    if plain and "," in text and point == "." and thousands is None:
        return "has a comma; if it separates thousands give thousands=',', if it is the decimal sign decimal=','"
    if plain and "." in text and point == "," and thousands is None:
        return "has a point; if it separates thousands give thousands='.'"
    if plain and thousands is None:
        return f"has a sign between digits; if it separates thousands give thousands={plain[1]!r}"
    if re.search(r"\d", text) and re.search(r"[^\d.,'\s+-]", text):
        return "is not a number; take currency signs and words out of the column"
    return f"is not a number with the decimal sign {point!r}" + (f" and thousands {thousands!r}" if thousands else "")
