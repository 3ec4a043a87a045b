"""What the numbers say, in plain words: the conclusions of the report's first page. Pure functions, no side effects.

Every verdict changes with the data and stands next to its number. The thresholds are conventions, each with its reason.
Money comes in as text that is ready to be read; ``money`` is a function from an amount to such text.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import narwhals as nw

from crmlib import rfm
from crmlib.frames import rows_of
from crmlib.lifecycle import INACTIVE_AFTER
from crmlib.overview import Refused
from crmlib.small_groups import LEAST, is_small
from crmlib.wording import count, day, days, lines, number, percent, signed

__all__ = [
    "Finding", "activity", "carried", "concentration", "few", "holdout", "nothing", "once", "one_year", "panel",
    "quiet_segments", "read", "refunded", "share_of_top", "to_act_on", "value_by_segment",
]  # fmt: skip

NEAR_80 = 0.05  # within five points of 80 % the claim is taken as right
SHORT = INACTIVE_AFTER  # days; in less nobody has had the time to come back late, or to be inactive
USUAL_ONCE = (0.40, 0.70)  # customers of a cohort who buy once, where no contract binds; a rule of thumb from audits
STEADY = 0.05  # a change of revenue below five per cent is called steady
CLOSE, ROUGH = 10, 25  # per cent of error in a holdout: below the first plan with it, below the second rank with it
WORTH_AN_EFFORT = 0.02  # share of revenue below which a quiet segment is not the first thing to act on


class Finding(NamedTuple):
    """One conclusion: its number, short enough to stand large; the sentence with the verdict; what follows from it.

    ``question`` is what it answers, ``verdict`` what is said without the digits, ``link`` the key of its exhibit.
    """

    key: str
    figure: str
    sentence: str
    detail: str = ""
    question: str = ""
    verdict: str = ""
    link: str = ""


def concentration(share, half, customers) -> Finding:
    """Does the top fifth bring four fifths? ``half``: how many of ``customers`` bring half of the revenue."""
    if abs(share - 0.80) <= NEAR_80:
        verdict = "the 80/20 claim roughly holds here"
    elif share > 0.80:
        verdict = "revenue is more concentrated here than the 80/20 claim says"
    else:
        verdict = "the 80/20 claim does not hold here"
    return Finding(
        "concentration",
        percent(share),
        f"The top 20 % of customers bring {percent(share)} of revenue: {verdict}.",
        f"Half of the revenue comes from {_from(half, customers)}; know these first.",
    )


def _from(n, customers):
    return f"fewer than {LEAST} customers" if is_small(n) else f"{count(n, 'customer')} ({percent(n / customers)} of all)"


def once(facts) -> Finding:
    """How many bought once, against what is usual."""
    buyers = facts.customers - facts.never
    share = facts.once / buyers
    low, high = USUAL_ONCE
    usual = f"the {low * 100:.0f} to {high * 100:.0f} % that are usual where no contract binds"
    if buyers == 1:
        sentence = (
            "The only buyer bought once." if facts.once else f"The only buyer bought {number(facts.orders)} times."
        )
        return Finding("once", number(facts.orders), sentence)
    if facts.days < SHORT:
        verdict = f"The log covers {days(facts.days)}, which is too short to tell whether that is much."
    elif share > high:
        verdict = f"That is more than {usual}: win the second purchase before anything else."
    elif share >= low:
        verdict = f"That is within {usual}."
    else:
        verdict = f"That is less than {usual}: customers here come back."
    again = buyers - facts.once
    if is_small(buyers):
        return Finding("once", f"<{LEAST}", f"Fewer than {LEAST} customers bought; how often each of them did is not shown.")
    if is_small(facts.once):  # neither their number nor the money of the others, which gives theirs away
        return Finding("once", f"<{LEAST}", f"Fewer than {LEAST} of {number(buyers)} customers bought once.", verdict)
    if is_small(again):
        sentence = f"All but fewer than {LEAST} of {number(buyers)} customers bought once."
        return Finding("once", f"over {percent(1 - LEAST / buyers, 0)}" if buyers > LEAST else f"<{LEAST}", sentence, verdict)
    if facts.revenue > 0 and again:
        verdict += f" Those who bought again brought {percent(1 - facts.once_revenue / facts.revenue)} of revenue."
    return Finding(
        "once",
        percent(share),
        f"{percent(share)} of customers bought once ({number(facts.once)} of {number(buyers)}).",
        verdict,
    )


def quiet_segments(map=rfm.TEN_SEGMENTS) -> tuple[str, ...]:
    """Segments of former worth that have gone quiet: not among the recent, and among the frequent or the big spenders.

    >>> "champions" in quiet_segments(), "hibernating" in quiet_segments(), "need attention" in quiet_segments()
    (False, False, True)
    """
    r, f, m = ((best + 1) // 2 + 1 for best in map.bins)  # the lowest score above the middle

    def is_quiet(rule):
        return rule.r[1] < r and (rule.f[0] >= f or rule.m[0] >= m)

    return tuple(name for name in map.segments if all(is_quiet(rule) for rule in map.rules if rule.segment == name))


def to_act_on(summary, expected, money, order=None) -> Finding | None:
    """The quiet segment that brought most; if none brought much, the segment to look after.

    ``expected``: the expected value of the next year by segment, or nothing where there is none; ``order``: the money of an
    average order, beside which it is little or much. Segments of fewer than
    five customers are passed over; None where there is no other.
    """
    rows, names = [row for row in rows_of(summary) if not is_small(row["customers"])], quiet_segments()
    if not any(row["customers"] for row in rows):
        return None
    quiet = max((row for row in rows if row["segment"] in names), key=lambda row: row["revenue"], default=None)
    if quiet and (quiet["share_of_revenue"] or 0) >= WORTH_AN_EFFORT:
        sentence = (
            f"Gone quiet: “{quiet['segment']}”, {count(quiet['customers'], 'customer')} who brought "
            f"{money(quiet['revenue'])} ({percent(quiet['share_of_revenue'])} of revenue); half of them last bought "
            f"{days(quiet['median_days_since_last'])} ago or earlier."
        )
        detail = rfm.ACTIONS[quiet["segment"]]
        if expected:
            worth = expected[quiet["segment"]]
            each = worth / quiet["customers"]
            detail += (
                f" Try it on some of them first: they are expected to spend {money(worth)} in the next year, {money(each)} each, "
                "before refunds and costs, if they are contacted as they were so far."
            )
            if order is not None and each < order / 2:
                detail += (
                    f" That is less than half an order ({money(order)} on average), so a call or a letter by hand to each would have "
                    f"to cost less than what it adds to {money(each)}: begin with the cheapest channel."
                )
        return Finding("act", money(quiet["revenue"]), sentence, detail)
    best = max(rows, key=lambda row: row["revenue"])
    sentence = (
        f"No group of former worth has gone quiet. Look after “{best['segment']}”: "
        f"{count(best['customers'], 'customer')} who brought {money(best['revenue'])} "
        f"({percent(best['share_of_revenue'])} of revenue)."
    )
    return Finding("act", money(best["revenue"]), sentence, rfm.ACTIONS[best["segment"]])


def one_year(value, facts, money) -> Finding:
    """What the customers of today are expected to bring in the next year, and whether a test bears that out."""
    each = value.total / facts.customers
    sentence = (
        f"Today's customers are expected to spend {money(value.total)} in the next year, {money(each)} each on average "
        "(purchases before refunds, discounted; BG/NBD foretells how often, Gamma-Gamma how much)."
    )
    if (share := refunded(facts)) > 0:
        sentence += f" Refunds were {percent(share)} of purchases so far: take off as much for a plan of revenue."
    if carried(value.interval):
        low, high = map(money, value.interval)
        error = None if isinstance(value.holdout, Refused) else value.holdout.revenue_error
        sentence += (
            f" The 95 % interval, {low} to {high} (delta method), holds only how exactly these customers tell the parameters of the "
            "models, and neither next year's luck nor what the models leave out"
        )
        if error is not None and abs(error) < 1000:
            sentence += f"; how far next year may be off the error of the test, {signed(error / 100)}, tells better"
        sentence += "."
    return Finding("one_year", money(value.total), sentence, holdout(value, money))


def refunded(facts) -> float:
    """Refunds as a share of all purchases."""
    bought = facts.revenue - facts.refunds
    return -facts.refunds / bought if bought > 0 else 0.0


def holdout(value, money) -> str:
    """How the models did on days that they had not seen, and what that allows."""
    held = value.holdout
    if isinstance(held, Refused):
        return f"Nothing in this log tests that number: {lowered(held.why)} What would mend it: {held.mends}. The nearest view that is valid: {held.view}."
    error = held.revenue_error
    size = abs(error)
    if size <= CLOSE:
        verdict = "close enough to plan with"
    elif size <= ROUGH:
        verdict = "good for ranking customers, too rough for a budget"
    else:
        verdict = "do not plan with this number"
    direction = "too much" if error > 0 else "too little"
    missed = f"{number(size, 1)} % {direction}" if size < 1000 else f"many times {direction}"
    return (
        f"A test on the days from {held.split + dt.timedelta(days=1)} to {held.as_of}: from the days before, "
        f"{money(held.predicted_revenue)} were expected and {money(held.actual_revenue)} came (both before refunds), {missed}: {verdict}."
    )


def activity(stated, inactive_after, value, money) -> Finding:
    """How many have been silent, and what may be expected of them."""
    frame = nw.from_native(stated)
    silent = frame.filter(nw.col("state") == "inactive")
    share = len(silent) / len(frame)
    if share > 0.5:
        sentence = (
            f"{percent(share)} of customers have not bought for {inactive_after} days or more: most of the base is "
            "silent."
        )
    else:
        most = "half" if share == 0.5 else "most"
        sentence = (
            f"{percent(1 - share)} of customers bought within the last {inactive_after} days: {most} of the base is "
            "active."
        )
    detail = "Silence is not a goodbye: nobody tells a shop that they have left."
    if carried(value) and len(silent) and not is_small(len(silent)):
        rows = nw.from_native(value.customers)
        rows = rows.filter(nw.col("customer").is_in(silent["customer"].to_list()) & ~nw.col("value").is_null())
        worth, once = (float(part["value"].sum()) for part in (rows, rows.filter(nw.col("x") == 0)))
        detail += f" The silent ones are still expected to spend {money(worth)} in the next year, before refunds"
        if once > 0 and not is_small(len(rows.filter(nw.col("x") == 0))) and not is_small(len(rows.filter(nw.col("x") > 0))):
            detail += (
                f"; {percent(once / worth)} of it is expected of those with one purchase day, of whom the model (BG/NBD) takes it that "
                "all of them still buy, because in it nobody stops before a second purchase: that part is rather too high"
            )
        detail += "."
    return Finding("activity", percent(share if share > 0.5 else 1 - share), sentence, detail)


def panel(facts) -> tuple[str, str]:
    """Of a group that was formed early and is followed since: what it is, and what it cannot tell."""
    return (
        f"The log is a cohort panel: {percent(facts.panel)} of customers made their first purchase in the first quarter of the "
        f"period (the last of all on {day(facts.last_first)}).",
        "It follows one group; whoever came later is not in it, or nobody came. So fewer buyers from month to month say nothing about "
        "the growth of a firm. How this one group falls silent is what the log shows best; the lens on one cohort tells it.",
    )


def nothing(facts) -> list[Finding]:
    """All that can be said of a log without a purchase."""
    sentence = f"The log holds {lines(facts.lines)} and no purchase: there is nothing to conclude."
    return [Finding("nothing", "0", sentence)]


def read(facts, money) -> str:
    """What the log holds, in one sentence."""
    spent = f" Refunds of {money(-facts.refunds)} are taken off." if facts.refunds < 0 else ""
    return (
        f"{lines(facts.lines)}, {count(facts.orders, 'order')} of {count(facts.customers, 'customer')} from "
        f"{facts.first_day} to {facts.last_day}, worth {money(facts.revenue)} in all.{spent}"
    )


def value_by_segment(audit) -> dict[str, float]:
    """The expected value of the next year by segment; empty where the log carries no value."""
    if not (carried(audit.value) and carried(audit.segmented)):
        return {}
    segments = nw.from_native(audit.segmented).select("customer", "segment")
    both = segments.join(nw.from_native(audit.value.customers).select("customer", "value"), on="customer", how="left")
    summed = both.group_by("segment").agg(nw.col("value").sum())
    return dict(zip(summed["segment"].to_list(), summed["value"].to_list(), strict=True))


def few(n, one, *, start=True) -> str:
    """A number of customers in a sentence, at its ``start`` or not; of 1 to 4 only that they are fewer than five."""
    return f"{'F' if start else 'f'}ewer than {LEAST} {one}s" if is_small(n) else count(n, one)


def carried(part) -> bool:
    """Whether the log can carry this part."""
    return not isinstance(part, Refused)


def share_of_top(top, q) -> float:
    """The share of revenue of the best ``q`` in the table of top shares."""
    return next(row["share_of_revenue"] for row in rows_of(top) if abs(row["top"] - q) < 1e-9)


def lowered(sentence) -> str:
    """A sentence to stand after a colon; names that begin with two capitals keep them."""
    return sentence if sentence[1:2].isupper() or sentence[:1] == "“" else sentence[:1].lower() + sentence[1:]
