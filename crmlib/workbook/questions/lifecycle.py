"""The questions of *The customer life cycle: who is active, who is silent, and what comes next*.

Right answers are plain pandas and numpy on the log alone; nothing of the modules under study is used.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlib.errors import DataError
from crmlib.workbook.checks import Number, Words, Wrong
from crmlib.workbook.questions._relations import RELATIONS, last_day_of, purchases_of, second_half_of, silence_of

__all__ = ["QUESTIONS"]

WINDOW = 90  # days of silence, of the first question
OWN_GAPS, OWN_SHARE = 3, 0.90


def _gaps(lines):
    """Completed gaps in days between the days of each customer, indexed by customer."""
    days = lines[["customer", "date"]].drop_duplicates().sort_values(["customer", "date"])
    return days.assign(gap=days.groupby("customer")["date"].diff().dt.days).dropna().set_index("customer")["gap"]


# 1 active_share


def _active(material, window=WINDOW):
    return silence_of(purchases_of(material), last_day_of(material)) < window


def active_share(material):
    return _active(material).mean()


def _since_first(material):
    first = purchases_of(material).groupby("customer")["date"].min()
    return ((last_day_of(material) - first).dt.days < WINDOW).mean()


def _refunds_are_life(material):
    purchases_of(material)
    return (silence_of(material.tx, last_day_of(material)) < WINDOW).mean()


# 2 came_back


def _window(material):
    """The window that the workbook prints: a third of the first half, and a day at least."""
    return max(1, (second_half_of(material) - purchases_of(material)["date"].min()).days // 3)


def _half_way(material):
    """Silences at the end of the first half, and who bought in the second."""
    bought, start = purchases_of(material), second_half_of(material)
    silence = silence_of(bought[bought["date"] < start], start - pd.Timedelta(days=1))
    return silence, silence.index.isin(bought.loc[bought["date"] >= start, "customer"])


def _called(material):
    silence, again = _half_way(material)
    called = (silence >= _window(material)).to_numpy()
    if not called.any():
        raise DataError("Half-way nobody had been silent that long.")
    return silence, again, called


def came_back(material):
    _, again, called = _called(material)
    return again[called].mean()


def _mean(marks):
    if not len(marks):  # no mean of nobody, and no warning of numpy's in a notebook
        raise DataError("On this log it is a share of nobody.")
    return marks.mean()


def _active_came_back(material):
    _, again, called = _called(material)
    return _mean(again[~called])


def _came_back_of_all(material):
    _, again, called = _called(material)
    return (again & called).mean()


def _called_of_back(material):
    _, again, called = _called(material)
    return _mean(called[again])


def _came_back_longer(material):
    silence, again, _ = _called(material)
    return _mean(again[(silence > _window(material)).to_numpy()])


def _called_by_today(material):
    """Called inactive by what is known on the last day of the log."""
    _called(material)
    bought, start = purchases_of(material), second_half_of(material)
    silence = silence_of(bought, last_day_of(material))
    called = silence.index[silence >= _window(material)]
    return called.isin(bought.loc[bought["date"] >= start, "customer"]).mean()


# 3 own_silent


def _beyond(material, *, share=OWN_SHARE, at_least=OWN_GAPS, gaps=None):
    """Who of those with enough gaps has been silent for longer than that share of them; a mask."""
    gaps = _gaps(purchases_of(material)) if gaps is None else gaps
    usual = gaps.groupby(level=0).quantile(share)[gaps.groupby(level=0).size() >= at_least]
    if usual.empty:
        raise DataError(f"Nobody in it has {OWN_GAPS} gaps between purchases.")
    return silence_of(purchases_of(material), last_day_of(material))[usual.index] > usual.round(9)


def own_silent(material):
    return int(_beyond(material).sum())


def _line_gaps(material):
    """Gaps between lines, so that lines of one day make gaps of zero."""
    lines = purchases_of(material).sort_values(["customer", "date"], kind="stable")
    gaps = lines.groupby("customer")["date"].diff().dt.days
    return gaps.set_axis(lines["customer"]).dropna()


# 4 gaps_ended


def _both_kinds(material):
    gaps = _gaps(purchases_of(material)).to_numpy()
    still_open = silence_of(purchases_of(material), last_day_of(material)).to_numpy()
    if not len(gaps):
        raise DataError("Nobody in it bought on two days.")
    if max(gaps.max(), still_open.max()) < _window(material):
        raise DataError("No gap in it is that long.")
    return gaps, still_open


def gaps_ended(material, *, strict=False):
    gaps, still_open = _both_kinds(material)
    going_on = 1.0
    for length in np.unique(gaps[gaps < _window(material) if strict else gaps <= _window(material)]):
        at_risk = (gaps >= length).sum() + (still_open >= length).sum()
        going_on *= 1 - (gaps == length).sum() / at_risk
    return 1 - going_on


def _completed_only(material):
    return (_both_kinds(material)[0] <= _window(material)).mean()


def _open_never_ends(material):
    gaps, still_open = _both_kinds(material)
    return (gaps <= _window(material)).sum() / (len(gaps) + len(still_open))


def _open_has_ended(material):
    return (np.concatenate(_both_kinds(material)) <= _window(material)).mean()


QUESTIONS = {
    "active_share": Number(
        answer=active_share,
        praise="Quote the window with it: with another one, the same customers give another share.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(lambda m: (~_active(m)).mean(), "This is the share that is inactive."),
            Wrong(lambda m: _active(m, WINDOW + 1).mean(), "A silence of exactly 90 days is inactive: active is less."),
            Wrong(lambda m: _active(m).sum() / m.tx["customer"].nunique(),
                  "Customers with refunds only are in your denominator. They never bought: leave them out."),
            Wrong(_refunds_are_life, "Refunds end a silence in yours. Only purchases do."),
            Wrong(_since_first, "You counted from the first purchase. Silence begins with the last one."),
            Wrong(lambda m: _active(m, 180).mean(), "Your window has 180 days."),
            Wrong(lambda m: _active(m, 30).mean(), "Your window has 30 days."),
            Wrong(lambda m: _active(m).sum(), "This is the number of active customers; the question asks for a share."),
        ),
        hints=(
            "`customers` has the silence of each: look for the days since the last purchase.",
            "Which of them are below the window? The mean of true and false is a share.",
        ),
    ),
    "came_back": Number(
        answer=came_back,
        praise="So many would have got a farewell too early. Nobody knows how many of the others come later still.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(lambda m: 1 - came_back(m), "This is the share that stayed silent."),
            Wrong(_active_came_back, "These are the customers called active, and the question is about the others."),
            Wrong(_came_back_of_all, "You divided by all customers of that day. Divide by those called inactive."),
            Wrong(_called_of_back, "You divided by those who bought later. Divide by those called inactive."),
            Wrong(_came_back_longer, "A silence of exactly `window` days is inactive too."),
            Wrong(_called_by_today, "You called them inactive by what is known today. Use lines before `start`."),
            Wrong(lambda m: int(came_back(m) * _called(m)[2].sum() + 0.5), "This is their number; what share is it?"),
        ),
        hints=(
            "Two steps: who had been silent for `window` days on the day before `start`, and who bought from then on?",
            "For the first step keep only the lines before `start`, and make a customer table as of the day before it.",
            "For the second, ask of each customer called inactive whether their id is among the later lines.",
        ),
    ),
    "own_silent": Number(
        answer=own_silent,
        praise="They are silent for longer than is usual for them, whatever a window says.",
        within=0,
        wrong=(
            Wrong(lambda m: int((~_beyond(m)).sum()), "These are the ones within their rhythm."),
            Wrong(lambda m: int(_beyond(m, at_least=1).sum()), "Yours has customers with fewer than three gaps."),
            Wrong(lambda m: int(_beyond(m, at_least=2).sum()),
                  "Yours has customers with two gaps. Three purchase days make two gaps; three gaps are asked for."),
            Wrong(lambda m: int(_beyond(m, at_least=4).sum()), "You left out those with just three gaps."),
            Wrong(lambda m: int(_beyond(m, share=0.5).sum()), "You took the median, not the 90th percentile."),
            Wrong(lambda m: int(_beyond(m, share=1.0).sum()), "You took the longest gap, not the 90th percentile."),
            Wrong(lambda m: int(_beyond(m, gaps=_line_gaps(m)).sum()),
                  "Lines of one day make gaps of zero in yours. A gap lies between two days with a purchase."),
            Wrong(lambda m: _beyond(m).mean(), "This is a share; the question asks how many they are."),
        ),
        hints=(
            "Days with a purchase, sorted, their differences within each customer: these are the gaps.",
            "Group the gaps by customer: `size` says who has three, `quantile(0.90)` what is usual.",
            "Then compare with the silence on the last day: longer than usual counts, exactly as long does not.",
        ),
    ),
    "gaps_ended": Number(
        answer=gaps_ended,
        praise="With the open gaps in, as gaps of at least so many days.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(_completed_only, "These are the completed gaps alone. The open ones count as long as they are seen."),
            Wrong(_open_never_ends, "You took open gaps for endless. One leaves when it is no longer seen."),
            Wrong(_open_has_ended, "You took the open gaps for completed ones. They have not ended."),
            Wrong(lambda m: 1 - gaps_ended(m), "This is the share that still goes on."),
            Wrong(lambda m: gaps_ended(m, strict=True), "Gaps of exactly `window` days have ended too."),
        ),
        hints=(
            "Every customer has one open gap: from the last purchase to the last day.",
            "At each length at which a gap ended: which share of those that got so far ended? Multiply what goes on.",
            "The library has a module for it, and its result a method `ended`.",
        ),
    ),
    **RELATIONS,
    "reminder": Words(
        at_least=40,
        hints=(
            "Name two numbers of one row: who would be written to although they come anyway, and who would be missed?",
            "What does each of the two mistakes cost this shop, and does the log know it?",
            "Say what you would measure before you make the window shorter or longer.",
        ),
    ),
}
