"""What the first two lenses answer: functions from an opened log and its lens to a finding, or why there is none."""

from __future__ import annotations

import narwhals as nw

from crmlib import conclusions
from crmlib.audit import FEW
from crmlib.conclusions import STEADY, Finding, carried
from crmlib.exhibits import growth as moved
from crmlib.exhibits import one_period, two_periods
from crmlib.exhibits.parts import banded, interval, ratio, sampled
from crmlib.frames import rows_of
from crmlib.overview import YEAR, Refused
from crmlib.small_groups import LEAST, is_small
from crmlib.two_periods import BEFORE_ONLY, BOTH, RETURNING
from crmlib.wording import count, number, percent, several, signed

__all__ = [
    "came_back",
    "growth",
    "half",
    "how_many",
    "identified",
    "loss_makers",
    "once",
    "same_customers",
    "what_differs",
]


def how_many(log, lens):
    """Who bought in the period, and who ever did."""
    facts, n = log.audit.facts, lens.factors["customers"]
    ever = facts.customers - facts.never
    verdict = banded(
        n / ever, (1 / 3, "fewer than a third of all who ever bought did so in the year"), (1 / 2, "fewer than half of all who ever "
        "bought did so in the year"), (2 / 3, "more than half of all who ever bought did so in the year"),
        (None, "two thirds or more of all who ever bought did so in the year"),
    )  # fmt: skip
    if facts.days <= 366:
        verdict = "the log covers no more than the year"
    sentence = (
        f"{number(n)} customers bought from {lens.start} to {lens.end}, of {number(ever)} who ever did: {verdict}."
    )
    detail = "A customer is an id with a purchase in these days."
    if facts.never:
        detail += f" {conclusions.few(facts.never, 'id')} with refunds only {'is' if facts.never == 1 else 'are'} not counted."
    return Finding("", number(n), sentence, detail, verdict=verdict, link="factors")


def identified(log, lens):
    """The share of the log that carries a customer."""
    facts = log.audit.facts
    dropped = next((note for note in log.notes if note.code == "missing_customer"), None)
    if dropped is None:
        return Finding(
            "", "100 %", "All revenue in the log carries a customer: each line has an id.",
            "Sales that never got into the log are not seen here; ask the till or the books for them.",
            verdict="all of the log is identified", link="data",
        )  # fmt: skip
    if dropped.money is None or facts.revenue + dropped.money <= 0:
        share, of = facts.lines / (facts.lines + dropped.lines), "lines"
    else:
        share, of = facts.revenue / (facts.revenue + dropped.money), "revenue"
    verdict = banded(share, (0.5, "most of the log is anonymous"), (0.9, "a part of the log is anonymous"),
                      (None, "nearly all of the log is identified"))  # fmt: skip
    detail = "All that follows holds for the identified part only: find out who the others are before you speak of all customers."
    return Finding(
        "",
        percent(share),
        f"{percent(share)} of {of} carries a customer: {verdict}.",
        detail,
        verdict=verdict,
        link="data",
    )


def half(log, lens):
    """How few bring half of the money."""
    if not carried(lens.slices):
        return lens.slices
    n, share = one_period.half_of(lens)
    verdict = banded(share, (0.05, "the money hangs on a few, to be looked after one by one"), (0.1, "a small group carries it, worth a service of its own"),
                      (0.15, "a larger group carries it, too many for a service of its own"), (None, "the money is spread over many"))  # fmt: skip
    who = f"Fewer than {LEAST} customers bring" if is_small(n) else f"{count(n, 'customer')} ({percent(share)}) bring"
    sentence = f"{who} half of the {lens.money}: {verdict}."
    return Finding("", percent(share), sentence, _concentration(log), verdict=verdict, link="half")


def _concentration(log):
    if not carried(log.audit.top):
        return ""
    top = conclusions.share_of_top(log.audit.top, 0.20)
    found = conclusions.concentration(top, log.audit.half, log.audit.facts.customers)
    sure = log.audit.interval
    ends = interval(sure.low, sure.high) if carried(sure) else ""
    return f"Over the whole log: {conclusions.lowered(found.sentence).rstrip('.')}{ends}."


def once(log, lens):
    """The share that has bought once: of all, and of those who were watched for a year, which alone is held against what is usual."""
    facts = log.audit.facts
    found = conclusions.once(facts)
    buyers = facts.customers - facts.never
    own = nw.from_native(log.audit.customers).filter(nw.col("orders") > 0, nw.col("T") >= YEAR)
    watched, alone = len(own), len(own.filter(nw.col("orders") == 1))
    sentence = found.sentence
    if watched < FEW:
        detail = f"Fewer than {FEW} customers were watched for a year, too few to hold against what is usual."
        return Finding("", found.figure, sentence, detail, verdict="too short to tell", link="factors")
    share, (low, high) = alone / watched, conclusions.USUAL_ONCE
    verdict = banded(share, (low, "fewer bought once than is usual"), (high, "as many bought once as is usual"),
                     (None, "more bought once than is usual"))  # fmt: skip
    told = not any(map(is_small, (facts.once, buyers - facts.once, alone, watched - alone, facts.once - alone)))
    if watched < buyers and told:
        sentence += (
            f" That counts customers of yesterday: of the {number(watched)} who first bought a year or longer ago, "
            f"{percent(share)} have bought once."
        )
    word = {"fewer": "less than", "as": "within", "more": "more than"}[verdict.split()[0]]
    detail = (
        f"That is {word} the {100 * low:.0f} to {100 * high:.0f} % of a cohort that are usual where no contract binds: a rule of thumb, second-hand, "
        "from public notes on The Customer-Base Audit (Fader, Hardie and Ross, 2022)."
    )
    if share > high:
        detail += " Work on the second purchase before anything else."
    return Finding("", percent(share) if told else found.figure, sentence, detail, verdict=verdict, link="factors")


def what_differs(log, lens):
    """The factor in which the best tenth is ahead most, or the two that are; of a loss there is no best tenth."""
    if not lens.factors[lens.money] > 0:
        why = f"The {lens.money} of all customers is not above zero, so that the best are those who cost least."
        return Refused(why, "prices above costs, or costs that are right", "how many customers lose us money", "spread")
    factors = one_period.leads(rows_of(lens.deciles))
    if not factors:
        return Refused(
            "There is no second tenth of customers to hold the best one against.",
            "more customers",
            "the deciles of the period",
            "deciles",
        )
    first, *rest = factors
    size = banded(first.lead, (2, "somewhat"), (4, "by far"), (None, "by more than four times"))
    what = f"{first.words} and {rest[0].words} alike" if one_period.tied(factors) else first.words
    sentence = f"The best tenth are ahead of the others {one_period.set_apart(log, factors)}."
    return Finding("", f"{ratio(first.lead)}×", sentence, one_period.CHOSEN, verdict=f"the best tenth is ahead in {what}, {size}", link="deciles")


def loss_makers(log, lens):
    """Customers whose costs exceed what they paid; needs costs."""
    if lens.money != "profit":
        profit = log.lenses.carried["profit"]
        return Refused(f"The log lacks {profit.missing}.", profit.mends, profit.view, "factors")
    people = nw.from_native(lens.people)
    losing = people.filter(nw.col("bought"), nw.col("profit") < 0)
    n, all_of_them = len(losing), lens.factors["customers"]
    if n == 0:
        return Finding(
            "", "0", "No customer cost more than they brought.", one_period.WITHOUT, verdict="nobody loses us money", link="spread"
        )
    verdict = banded(n / all_of_them, (0.02, "very few customers lose us money"), (0.05, "a few customers lose us money"),
                      (0.1, "many customers lose us money"), (None, "more than a tenth of customers lose us money"))  # fmt: skip
    if is_small(n):
        return Finding(
            "",
            f"<{LEAST}",
            f"Fewer than {LEAST} customers cost more than they brought.",
            one_period.WITHOUT,
            verdict=verdict,
            link="spread",
        )
    cost = -losing["profit"].sum()
    sentence = f"{number(n)} customers ({percent(n / all_of_them)}) cost {log.round_money(cost)} more than they brought: {verdict}."
    detail = f"That is {percent(cost / lens.factors['profit'])} of all profit. " if lens.factors["profit"] > 0 else ""
    detail += "See what they bought and sent back before you stop serving anybody: a loss in one year may be a first order of many. "
    detail += one_period.WITHOUT
    return Finding("", number(n), sentence, detail, verdict=verdict, link="spread")


# ---- two periods


def growth(log, lens):
    """How the money changed, with new or with earlier customers, and which factor moved it; a log of one group has no growth."""
    if log.audit.facts.is_panel:
        row = log.lenses.carried["two periods"]
        return Refused(f"The log lacks {row.missing}.", row.mends, row.view, "two-periods")
    first, second = moved.change_of(lens)
    if not (carried(lens.drivers) and first > 0):
        missing = Refused(f"The {lens.money} before is not above zero.", "a log in which it is", "the bridge by group of customers", "bridge")
        return lens.drivers if not carried(lens.drivers) else missing
    change, most = second / first - 1, moved.largest_driver(lens)
    word = "is steady" if abs(change) < STEADY else "grew" if change > 0 else "shrank"
    told = moved.story(log, lens)
    by = f"{word}, {told.verdict}" if told else word
    verdict = f"{lens.money} {by}; moved most by {moved.FACTORS[most['factor']]} ({'up' if most['change'] > 0 else 'down'})"
    how = f"is steady ({signed(change)})" if word == "is steady" else f"{word} by {percent(abs(change))}"
    sentence = f"{lens.money.capitalize()} {how}{f', {told.verdict}' if told else ''}."
    if told:
        sentence += f" {told.sentence}"
    parts = [
        f"{moved.FACTORS[row['factor']]} {signed(row['change'], log.round_money)}" for row in rows_of(lens.drivers)[:-1]
    ]
    detail = f"By factor: {several(parts)}."
    if told and told.advice:
        detail += f" {told.advice}"
    elif most["factor"] != "customers":
        detail += " That lies with what customers do and not with how many there are: find out who changed, and why."
    if not lens.same_season:
        detail += " The two periods lie in different seasons, so that a part of this is the season."
    return Finding("", signed(change), sentence, detail, verdict=verdict, link="bridge" if told else "drivers")


def came_back(log, lens):
    """The repeat-buying rate, and who returned after a silence."""
    groups = moved.groups_of(lens)
    both, gone, back = (groups[name]["customers"] for name in (BOTH, BEFORE_ONLY, RETURNING))
    verdict = banded(lens.repeat_buying_rate, (0.25, "plan with few of them"), (0.375, "plan with a minority of them"),
                      (0.5, "plan with a good part of them, and not with most"), (None, "plan with half of them or more"))  # fmt: skip
    sentence = f"Of {number(both + gone)} customers of the {count(lens.months, 'month')} before, {sampled(both, both + gone)} bought again: {verdict}."
    detail = f"{conclusions.few(gone, 'customer')} did not. "
    detail += (
        f"{conclusions.few(back, 'customer')} of earlier days came back: silence is no goodbye."
        if back
        else (
            "None of earlier days came back."
            if log.audit.facts.days > 1100
            else "The log is too short to see anybody of earlier days return."
        )
    )
    return Finding("", percent(lens.repeat_buying_rate), sentence, detail, verdict=verdict, link="overlap")


def same_customers(log, lens):
    """The money of customers of both periods, of those whose both periods were seen whole."""
    same = lens.same
    if same["customers"] >= FEW and same["low"] is None:
        why = f"The customers of both periods who had bought before them brought no {lens.money} above zero before."
        return Refused(why, "a log in which they did", "how many of them had as much or more", "same-customers")
    if same["customers"] < FEW:
        why = f"Fewer than {FEW} customers bought in both periods and before them; who began inside the first had only a part of it."
        return Refused(why, "a log that begins a period earlier", "the bridge by group of customers", "bridge")
    change, low, high = (same[name] - 1 for name in ("ratio", "low", "high"))
    word = "more than" if low > 0 else "less than" if high < 0 else "about as much as"
    verdict = f"same customers bring {word} before"
    who = "customers" if two_periods.began_few(lens) else f"{number(same['customers'])} customers"
    sentence = f"The {who} of both periods who had bought before them bring {two_periods.same_in_words(lens)}."
    detail = two_periods.too_few_to_tell(lens) + {
        "less than": "They were frequent buyers and fall back towards their mean; a fall beyond a tenth or so asks what else changed for them.",
        "more than": "They rise although such a group tends to fall back: something works; find out what, and for whom.",
        "about as much as": "Neither praise nor alarm follows from it: look again when more customers have been there for two whole periods.",
    }[word]
    if word == "less than" and change > -0.1:
        detail = "They were frequent buyers and fall back towards their mean, so that a fall of this size is no alarm."
    return Finding("", signed(change), sentence, detail, verdict=verdict, link="same-customers")
