"""How numbers are written in sentences, tables and on axes: the same way everywhere.

Every function takes a number or nothing (None, NaN) and gives text; nothing is written as an en dash. The text of
`number`, `percent`, `signed`, `money` and `day` remembers what it was made of: it is a `Figure`.
"""

from __future__ import annotations

import datetime as dt

__all__ = [
    "MODELS", "Figure", "count", "day", "days", "lines", "money", "number", "percent", "several", "short_money",
    "short_number", "signed", "signed_money",
]  # fmt: skip

# as people write them
MODELS = {"BGNBD": "BG/NBD", "MBGNBD": "MBG/NBD", "ParetoNBD": "Pareto/NBD", "GammaGamma": "Gamma-Gamma"}

NOTHING = "–"


class Figure(str):
    """Text of a number or a day that remembers it, so that a table of such texts can become a sheet of numbers.

    ``value`` is the number, unrounded (a share of one for per cent), or the date; ``kind`` is "number", "percent",
    "change", "money" or "day"; ``decimals`` how many it is shown with; ``currency`` the sign in front of money. It is
    text in all else; what is made of it, joined or cut, is plain text.

    >>> shown = money(2500315.634, "$")
    >>> shown, shown.value, shown.kind, type(shown + "!").__name__
    ('$2,500,315.63', 2500315.634, 'money', 'str')
    """

    __slots__ = ("currency", "decimals", "kind", "value")

    def __new__(cls, text, *, value, kind, decimals=0, currency=""):
        found = super().__new__(cls, text)
        found.value = value.item() if hasattr(value, "item") else value  # a number of numpy's as one of Python's
        found.kind, found.decimals, found.currency = kind, decimals, currency
        return found

    def __getnewargs_ex__(self):
        kept = {name: getattr(self, name) for name in self.__slots__}
        return (str(self),), kept


def number(value, decimals=0) -> str:
    """With separators for thousands.

    >>> number(23570), number(1.25, 1), number(None)
    ('23,570', '1.2', '–')
    """
    if value is None or value != value:
        return NOTHING
    text = f"{value:,.{decimals}f}"
    text = text.removeprefix("-") if float(text.replace(",", "")) == 0 else text  # no "-0"
    return Figure(text, value=value, kind="number", decimals=decimals)


def count(value, one: str, many: str | None = None) -> str:
    """A number and what it counts, in its singular or plural.

    >>> count(1, "customer"), count(23570, "customer"), count(0, "day")
    ('1 customer', '23,570 customers', '0 days')
    """
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def day(date) -> str:
    """A date or a datetime as YYYY-MM-DD.

    >>> import datetime as dt
    >>> day(dt.datetime(1997, 3, 25)), day(None)
    ('1997-03-25', '–')
    """
    if date is None:
        return NOTHING
    return Figure(f"{date:%Y-%m-%d}", value=dt.date(date.year, date.month, date.day), kind="day")


def days(value) -> str:
    """A span: days below three months, otherwise months or years as well.

    >>> days(1), days(45), days(180), days(800)
    ('1 day', '45 days', '180 days (6 months)', '800 days (2.2 years)')
    """
    if value is None or value != value:
        return NOTHING
    text = count(round(value), "day")
    if value < 90:
        return text
    return f"{text} ({value / 365.25 * 12:.0f} months)" if value < 730 else f"{text} ({value / 365.25:.1f} years)"


def lines(value) -> str:
    """
    >>> lines(1), lines(69659)
    ('1 line', '69,659 lines')
    """
    return count(value, "line")


def percent(share, decimals=1) -> str:
    """A share of one as per cent. What is not wholly none or all is never written as none or all.

    >>> percent(0.678412), percent(0.99999), percent(0.00001), percent(1), percent(0.2, 0)
    ('67.8 %', 'over 99.9 %', 'under 0.1 %', '100.0 %', '20 %')
    """
    if share is None or share != share:
        return NOTHING
    text, least = f"{share:,.{decimals}%}"[:-1], 10.0**-decimals
    rounded = float(text.replace(",", ""))
    if share < 1 and rounded == 100:
        text = f"over {100 - least:.{decimals}f}"
    elif share > 0 and rounded == 0:
        text = f"under {least:.{decimals}f}"
    elif rounded == 0:
        text = text.removeprefix("-")
    return Figure(f"{text} %", value=share, kind="percent", decimals=decimals)


def signed(value, write=percent) -> str:
    """What ``write`` makes of a change, with a plus in front of what rose; a `Figure` remains one.

    >>> signed(0.123), signed(-0.05), signed(0), signed(0.0001), signed(1200, lambda amount: money(amount, "$", 0))
    ('+12.3 %', '-5.0 %', '0.0 %', 'under 0.1 %', '+$1,200')
    """
    text = write(value)
    rose = value is not None and value > 0 and not text.startswith(("under ", "over "))
    shown = "+" + text if rose else text
    if not isinstance(text, Figure):
        return shown
    kind = "change" if text.kind == "percent" else text.kind
    return Figure(shown, value=text.value, kind=kind, decimals=text.decimals, currency=text.currency)


def money(amount, currency="", decimals=2) -> str:
    """An amount with its sign in front; a sign of letters stands apart.

    >>> money(2500315.63, "$"), money(-5, "€"), money(1200, "CHF", 0), money(3.5)
    ('$2,500,315.63', '-€5.00', 'CHF 1,200', '3.50')
    """
    if amount is None or amount != amount:
        return NOTHING
    text = _signed(number(amount, decimals), currency)
    return Figure(text, value=amount, kind="money", decimals=decimals, currency=currency)


def signed_money(amount, currency="", decimals=0) -> str:
    """
    >>> signed_money(1200, "$"), signed_money(-5, "€", 2)
    ('+$1,200', '-€5.00')
    """
    return signed(amount, lambda one: money(one, currency, decimals))


def short_number(value) -> str:
    """Three digits are enough on an axis.

    >>> short_number(2_500_000), short_number(12_000), short_number(950), short_number(0.25)
    ('2.5M', '12k', '950', '0.25')
    """
    for size, letter in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def short_money(amount, currency="") -> str:
    """
    >>> short_money(-12_500, "$"), short_money(2_000_000, "CHF")
    ('-$12.5k', 'CHF 2M')
    """
    return _signed(short_number(amount), currency)


def several(names) -> str:
    """
    >>> several(["a"]), several(["a", "b"]), several(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    *some, last = names
    return f"{', '.join(some)} and {last}" if some else last


def _signed(text, currency):
    apart = " " if currency and (currency[-1].isalpha() or currency[-1] == ".") and currency[-1].isascii() else ""
    minus = "-" if text.startswith("-") else ""
    return f"{minus}{currency}{apart}{text.removeprefix('-')}"
