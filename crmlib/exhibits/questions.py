"""The first page: fifteen questions that a customer-base audit answers, each with its number, its verdict and its exhibit.

A question that the log cannot carry is not answered: the page says what is missing and what would mend it. The questions
are those of Fader, Hardie and Ross, The Customer-Base Audit (2022), through its public companion; bands that turn a
number into a verdict are our convention.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import narwhals as nw

from crmlib import conclusions
from crmlib.all_cohorts import new_customers_needed
from crmlib.conclusions import STEADY, Finding, carried
from crmlib.errors import DataError
from crmlib.exhibits import one_period, products, two_periods
from crmlib.exhibits.parts import ratio, signed
from crmlib.frames import rows_of
from crmlib.inert import Findings
from crmlib.opened import Opened
from crmlib.overview import Refused
from crmlib.response import wilson
from crmlib.small_groups import LEAST, is_small
from crmlib.two_periods import BEFORE_ONLY, BOTH, NEW, RETURNING
from crmlib.two_rates import newcombe
from crmlib.wording import count, days, number, percent, several

__all__ = ["QUESTIONS", "Question", "answers", "first_page", "lens_order"]

_ONE, _TWO, _COHORT, _COMPARED, _ALL, _PRODUCTS = (
    "one period", "two periods", "one cohort", "cohorts compared", "all cohorts", "products",
)  # fmt: skip
MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Question(NamedTuple):
    """A question: its number, its words, the lens that answers it, and the function from the log to a finding."""

    number: int
    words: str
    lens: str
    answer: Callable


def lens_order(log: Opened) -> list[str]:
    """The lenses in the order in which this log tells them best: of a log that follows one group, the cohort first."""
    order = [_ONE, _TWO, _COHORT, _COMPARED, _ALL, _PRODUCTS]
    return [_COHORT, _COMPARED, _ONE, _TWO, _ALL, _PRODUCTS] if log.audit.facts.is_panel else order


def answers(log: Opened) -> list[tuple[Question, Finding | Refused]]:
    """Every question with its finding, or with why the log cannot answer it; in the order of `lens_order`."""
    order = lens_order(log)
    asked = sorted(QUESTIONS, key=lambda question: (order.index(question.lens), question.number))
    return [(question, _answer(log, question)) for question in asked]


def _answer(log, question):
    lens = getattr(log.lenses, question.lens.replace(" ", "_"))
    return question.answer(log, lens) if carried(lens) else lens


def first_page(log: Opened) -> Findings:
    """The questions that this log can answer, then those that it cannot, by reason."""
    said, unsaid = [], {}
    for question, found in answers(log):
        if carried(found):
            said.append(found._replace(key=f"question-{question.number}", question=question.words))
        else:
            unsaid.setdefault((found.why, found.mends), []).append(question)
    sentences = [
        f"{several([question.words for question in asked])} {why}{f' What would mend it: {mends}.' if mends else ''}"
        for (why, mends), asked in unsaid.items()
    ]
    return Findings(tuple(said), tuple(sentences))


def _interval(low, high) -> str:
    return f" (95 % interval {percent(low)} to {percent(high)})"


def _share(part, whole) -> str:
    """A share with its 95 % interval, as if the customers were a sample of all who could have come."""
    low, high = (float(end[0]) for end in wilson([part], [whole]))
    return f"{percent(part / whole)}{_interval(low, high)}"


def _banded(value, *bands) -> str:
    """The words of the first band whose end the value does not reach; the last band has no end."""
    return next(words for end, words in bands if end is None or value < end)


# ---- one period


def _how_many(log, lens):
    facts, n = log.audit.facts, lens.factors["customers"]
    ever = facts.customers - facts.never
    verdict = _banded(
        n / ever, (1 / 3, "fewer than a third of all who ever bought did so in the year"), (1 / 2, "fewer than half of all who ever "
        "bought did so in the year"), (2 / 3, "more than half of all who ever bought did so in the year"),
        (None, "two thirds or more of all who ever bought did so in the year"),
    )  # fmt: skip
    if facts.days <= 366:
        verdict = "the log covers no more than the year"
    sentence = f"{number(n)} customers bought from {lens.start} to {lens.end}, of {number(ever)} who ever did: {verdict}."
    detail = "A customer is an id with a purchase in these days."
    if facts.never:
        detail += f" {conclusions.few(facts.never, 'id')} with refunds only {'is' if facts.never == 1 else 'are'} not counted."
    return Finding("", number(n), sentence, detail, verdict=verdict, link="factors")


def _identified(log, lens):
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
    verdict = _banded(share, (0.5, "most of the log is anonymous"), (0.9, "a part of the log is anonymous"),
                      (None, "nearly all of the log is identified"))  # fmt: skip
    detail = "All that follows holds for the identified part only: find out who the others are before you speak of all customers."
    return Finding("", percent(share), f"{percent(share)} of {of} carries a customer: {verdict}.", detail, verdict=verdict, link="data")


def _half(log, lens):
    if not carried(lens.slices):
        return lens.slices
    n, share = one_period.half_of(lens)
    verdict = _banded(share, (0.05, "fewer than one in twenty bring half"), (0.1, "one in twenty to one in ten bring half"),
                      (0.15, "one in ten to three in twenty bring half"), (None, "the money is spread over many"))  # fmt: skip
    who = f"Fewer than {LEAST} customers bring" if is_small(n) else f"{count(n, 'customer')} ({percent(share)}) bring"
    sentence = f"{who} half of the {lens.money}: {verdict}."
    return Finding("", percent(share), sentence, _concentration(log), verdict=verdict, link="half")


def _concentration(log):
    if not carried(log.audit.top):
        return ""
    top = conclusions.share_of_top(log.audit.top, 0.20)
    found = conclusions.concentration(top, log.audit.half, log.audit.facts.customers)
    interval = log.audit.interval
    ends = _interval(interval.low, interval.high) if carried(interval) else ""
    return f"Over the whole log: {found.sentence.rstrip('.')}{ends}."


def _once(log, lens):
    facts = log.audit.facts
    buyers = facts.customers - facts.never
    found = conclusions.once(facts)
    low, high = conclusions.USUAL_ONCE
    share = facts.once / buyers
    verdict = (
        "too short to tell" if facts.days < conclusions.SHORT
        else _banded(share, (low, "fewer bought once than is usual"), (high, "as many bought once as is usual"), (None, "more bought once than is usual"))
    )  # fmt: skip
    sentence = f"{_share(facts.once, buyers)} of all customers have bought once so far."
    return Finding("", found.figure, sentence, found.detail, verdict=verdict, link="factors")


def _what_differs(log, lens):
    factor = one_period.what_lifts(rows_of(lens.deciles))
    if factor.others is None or not factor.best:
        return Refused("There is no second tenth of customers to hold the best one against.")
    write = factor.write(log)
    lead = _banded(factor.best / factor.others, (2, "somewhat"), (4, "by far"), (None, "by more than four times"))
    verdict = f"the best tenth is ahead in {factor.words}, {lead}"
    sentence = f"The best tenth differ from the others most in {factor.words}: {write(factor.best)} against {write(factor.others)}."
    return Finding("", write(factor.best), sentence, "Win and keep customers by that, rather than by what moves the other factors.",
                   verdict=verdict, link="deciles")  # fmt: skip


def _loss_makers(log, lens):
    if lens.money != "profit":
        profit = log.lenses.carried["profit"]
        return Refused(f"The log lacks {profit.missing}.", profit.mends, profit.view)
    people = nw.from_native(lens.people)
    losing = people.filter(nw.col("bought"), nw.col("profit") < 0)
    n, all_of_them = len(losing), lens.factors["customers"]
    if n == 0:
        return Finding("", "0", "No customer cost more than they brought.", "", verdict="nobody loses us money", link="spread")
    verdict = _banded(n / all_of_them, (0.02, "very few customers lose us money"), (0.05, "a few customers lose us money"),
                      (0.1, "many customers lose us money"), (None, "more than a tenth of customers lose us money"))  # fmt: skip
    if is_small(n):
        return Finding("", f"<{LEAST}", f"Fewer than {LEAST} customers cost more than they brought.", "", verdict=verdict, link="spread")
    cost = -losing["profit"].sum()
    sentence = f"{number(n)} customers ({percent(n / all_of_them)}) cost {log.round_money(cost)} more than they brought: {verdict}."
    detail = f"That is {percent(cost / lens.factors['profit'])} of all profit. " if lens.factors["profit"] > 0 else ""
    detail += "See what they bought and sent back before you stop serving anybody: a loss in one year may be a first order of many."
    return Finding("", number(n), sentence, detail, verdict=verdict, link="spread")


# ---- two periods


def _growth(log, lens):
    if log.audit.facts.is_panel:
        row = log.lenses.carried[_TWO]
        return Refused(f"The log lacks {row.missing}.", row.mends)
    first, second = two_periods.change_of(lens)
    if not (carried(lens.drivers) and first > 0):
        return lens.drivers if not carried(lens.drivers) else Refused(f"The {lens.money} before is not above zero.")
    change, most = second / first - 1, two_periods.largest_driver(lens)
    word = "is steady" if abs(change) < STEADY else "grew" if change > 0 else "shrank"
    name = two_periods.FACTORS[most["factor"]]
    verdict = f"{lens.money} {word}, moved most by {name} ({'up' if most['change'] > 0 else 'down'})"
    parts = [f"{two_periods.FACTORS[row['factor']]} {signed(row['change'], log.round_money)}" for row in rows_of(lens.drivers)[:-1]]
    sentence = f"{lens.money.capitalize()} {word} by {percent(abs(change))}: {several(parts)}."
    if word == "is steady":
        sentence = f"{lens.money.capitalize()} is steady ({signed(change)}): {several(parts)}."
    detail = "More customers is growth that has to be won again; more orders of the same customers is growth that stays."
    if not lens.same_season:
        detail = "The two periods lie in different seasons, so that a part of this is the season."
    return Finding("", signed(change), sentence, detail, verdict=verdict, link="drivers")


def _came_back(log, lens):
    groups = two_periods.groups_of(lens)
    both, gone, back = (groups[name]["customers"] for name in (BOTH, BEFORE_ONLY, RETURNING))
    verdict = _banded(lens.repeat_buying_rate, (0.25, "fewer than a quarter bought again"), (0.375, "a quarter to three eighths bought again"),
                      (0.5, "three eighths to half bought again"), (None, "half or more bought again"))  # fmt: skip
    sentence = f"Of {number(both + gone)} customers of the {count(lens.months, 'month')} before, {_share(both, both + gone)} bought again: {verdict}."
    detail = f"{conclusions.few(gone, 'customer')} did not; {conclusions.few(back, 'customer')} of earlier days came back, so silence is no goodbye."
    return Finding("", percent(lens.repeat_buying_rate), sentence, detail, verdict=verdict, link="overlap")


def _same_customers(log, lens):
    row = two_periods.groups_of(lens)[BOTH]
    first, second = row[f"{lens.money}_before"], row[f"{lens.money}_after"]
    if is_small(row["customers"]) or not row["customers"] or first <= 0:
        return Refused("Too few customers bought in both periods to follow them.")
    change = second / first - 1
    word = "as much as" if abs(change) < STEADY else "more than" if change > 0 else "less than"
    verdict = f"same customers bring {word} before"
    sentence = f"The {number(row['customers'])} customers of both periods bring {word} before: {log.round_money(second)} after {log.round_money(first)} ({signed(change)})."
    detail = (
        "They were frequent buyers in the first period and fall back towards their mean, so a small fall is no alarm."
        if change < STEADY
        else "They rise although such a group tends to fall back: something works; find out what, and for whom."
    )
    return Finding("", signed(change), sentence, detail, verdict=verdict, link="bridge")


# ---- one cohort


def _second_purchase(log, lens):
    rows = [row for row in rows_of(lens.next_orders) if row["order"] == 1 and row["share_repeated"] is not None]
    if not rows:
        return Refused(f"Nobody of the cohort {lens.cohort} was watched for a year.")
    last = rows[-1]
    half = next(row["weeks"] for row in rows if 2 * row["repeated"] >= last["repeated"]) if last["repeated"] else 0
    pace = _banded(half, (7, "half of them within six weeks"), (14, "half of them within a quarter"), (None, "half of them only after a quarter"))
    verdict = f"{_banded(last['share_repeated'], (0.4, 'fewer than four in ten buy twice'), (0.6, 'about half buy twice'), (None, 'most buy twice'))}, {pace}"
    quarter = next((row for row in rows if row["weeks"] == 13), None)
    sentence = f"{_share(last['repeated'], last['customers'])} of the cohort {lens.cohort} bought a second time within {last['weeks']} weeks: {verdict}."
    detail = f"Within 13 weeks it was {percent(quarter['share_repeated'])}. " if quarter else ""
    detail += f"Remind new customers before week {half}, when half of those who come back have done so." if half else ""
    return Finding("", percent(last["share_repeated"]), sentence, detail, verdict=verdict, link="next-orders")


def year_of(lens) -> dict | None:
    """The row of the age at whose end a cohort is a year old; None if that is not seen."""
    ages = {row["age"]: row for row in rows_of(lens.by_age) if row["complete"]}
    return ages.get(12 // MONTHS[lens.unit] - 1)


def _worth(log, lens):
    row, first = year_of(lens), rows_of(lens.by_age)[0]
    if row is None:
        return Refused(f"The cohort {lens.cohort} is not yet a year old.")
    name = f"{lens.money}_to_date"
    each, at_once = row[name], first[name]
    share = at_once / each if each > 0 else None
    verdict = "a member is worth nothing by then"
    if share is not None:
        verdict = _banded(share, (1 / 3, "most of it comes after the first period"), (1 / 2, "more than half of it comes after the first period"),
                          (2 / 3, "more than half of it comes in the first period"), (None, "most of it comes in the first period"))  # fmt: skip
    periods = count(12 // MONTHS[lens.unit], lens.unit)
    sentence = f"A member of the cohort {lens.cohort} has brought {log.money(each)} of {lens.money} by the end of {periods}: {verdict}."
    detail = f"All {number(lens.size)} members count, also those who never came back. Winning one may not cost more than what you wait for."
    return Finding("", log.money(each), sentence, detail, verdict=verdict, link="value-to-date")


# ---- cohorts compared


def _worse(log, lens):
    if not lens.same_season:
        row = log.lenses.carried[_COMPARED]
        return Refused(f"The log lacks {row.missing}.", row.mends, row.view)
    by_cohort = {cohort: {} for cohort in lens.pair}
    for row in rows_of(lens.second_purchase):
        if row["cohort"] in by_cohort and row["repeated"] is not None:
            by_cohort[row["cohort"]][row["weeks"]] = row
    shared = set(by_cohort[lens.pair[0]]) & set(by_cohort[lens.pair[1]])
    if not shared:
        return Refused(f"The cohorts {lens.pair[0]} and {lens.pair[1]} were not both watched for a quarter.")
    weeks = max(shared)
    old, new = (by_cohort[cohort][weeks] for cohort in lens.pair)
    low, high = (float(end) for end in newcombe(new["repeated"], new["size"], old["repeated"], old["size"]))
    word = "worse" if high < 0 else "better" if low > 0 else "not to be told apart from"
    difference = new["share_repeated"] - old["share_repeated"]
    points = lambda share: f"{100 * share:+.1f}"  # noqa: E731
    verdict = f"the newer cohort is {word}{' than' if word in ('worse', 'better') else ''} that of a year before"
    sentence = (
        f"{percent(new['share_repeated'])} of {lens.pair[1]} bought a second time within {weeks} weeks, {percent(old['share_repeated'])} of "
        f"{lens.pair[0]}: {points(difference)} points (95 % interval {points(low)} to {points(high)}); {verdict}."
    )
    detail = {"worse": "Look at where the newer customers come from, and at their first order.",
              "better": "Find out what was done differently for them, and keep it."}.get(word, "Nothing here asks for a change; look again when both are older.")  # fmt: skip
    return Finding("", f"{points(difference)} pts", sentence, detail, verdict=verdict, link="cohorts-compared")


# ---- all cohorts


def _new_share(log, lens):
    a_year = 12 // MONTHS[lens.unit]
    base = [row for row in rows_of(lens.base) if row["complete"]]
    name = lens.money
    last, earlier = base[-a_year:], base[-2 * a_year : -a_year]
    total = sum(row[name] for row in last)
    if total <= 0 or len(last) < a_year:
        return Refused(f"The log has no whole year of {name} above zero since {lens.since or 'it began'}.")
    share = sum(row[f"new_{name}"] for row in last) / total
    verdict = _banded(share, (0.25, "the money is in customers of before"), (0.5, "more than half is carried over"), (0.75, "more than half is new"), (None, "the money is in new customers"))
    trend = ""
    if len(earlier) == a_year and (before := sum(row[name] for row in earlier)) > 0:
        old = sum(row[f"new_{name}"] for row in earlier) / before
        word = "about as much as" if abs(share - old) < 0.02 else "more than" if share > old else "less than"
        verdict, trend = f"{verdict}, {word} the year before", f" In the year before it was {percent(old)}."
    sentence = f"{percent(share)} of {name} of the last {count(a_year, lens.unit)} came from customers in their first {lens.unit}: {verdict}.{trend}"
    carry = [row["carry_over" if name == "revenue" else "profit_carry_over"] for row in last]
    known = [value for value in carry if value is not None]
    detail = f"From {lens.unit} to {lens.unit}, customers of before carried over {percent(min(known))} to {percent(max(known))} of the {name}. " if known else ""
    detail += "If the total holds only because ever more are won, it falls when winning them gets dearer."
    return Finding("", percent(share), sentence, detail, verdict=verdict, link="all-cohorts")


def _needed(log, lens):
    a_year = 12 // MONTHS[lens.unit]
    base = [row for row in rows_of(lens.base) if row["complete"]]
    if len(base) < a_year + 1:
        return Refused(f"The log has too few whole {lens.unit}s since {lens.since or 'it began'} for a plan.")
    then = base[-a_year]  # a year before the next period
    years = [sum(row[lens.money] for row in some) for some in (base[-2 * a_year : -a_year], base[-a_year:])]
    pace = years[1] / years[0] if len(base) >= 2 * a_year and years[0] > 0 else 1.0
    target = then[lens.money] * pace
    try:
        plan = rows_of(new_customers_needed(lens.base, target=target, over=a_year, by=lens.money))[0]
    except DataError as error:
        return Refused(str(error))
    needed = plan["new_needed"]
    word = "fewer than" if needed < 0.95 * then["new"] else "more than" if needed > 1.05 * then["new"] else "about as many as"
    verdict = f"{word} a year before"
    aim = f"{then['period']} brought {log.round_money(then[lens.money])}"
    aim += f", and the last year changed by {signed(pace - 1)}" if pace != 1 else ""
    sentence = (
        f"To bring {log.round_money(target)} in the next {lens.unit} ({aim}), about {number(needed)} new customers are needed: {verdict} "
        f"({number(then['new'])})."
    )
    detail = (
        f"Planned with what the last {count(a_year, lens.unit)} showed: customers of before carry over {percent(plan['carry_over'])}, and a "
        f"new one brings {log.money(plan['per_new'])} in the first {lens.unit}. Put in your own target."
    )
    return Finding("", number(needed), sentence, detail, verdict=verdict, link="all-cohorts")


# ---- products


def _door(log, lens):
    if not carried(lens.entry):
        return lens.entry
    best = products.best_entry(lens)
    if best is None:
        return Refused("No two products opened the relationship of 30 customers each who were watched for a year.")
    verdict = f"{products.quoted(best)} opens the best relationships"
    sentence = f"Customers who began with {products.quoted(best)} bring {ratio(best['index'])} times what all bring in their first year: it opens the best relationships."
    detail = "It is no cause: whoever begins with it may differ in more. Try it with a part of the next new customers, by lot."
    return Finding("", f"{ratio(best['index'])}×", sentence, detail, verdict=verdict, link="entry")


QUESTIONS = (
    Question(1, "How many customers are there, by what definition?", _ONE, _how_many),
    Question(2, "What share of revenue is identified?", _ONE, _identified),
    Question(3, "Who makes half of the money?", _ONE, _half),
    Question(4, "How many bought once?", _ONE, _once),
    Question(5, "What sets the best apart: frequency, basket or margin?", _ONE, _what_differs),
    Question(6, "Who loses us money?", _ONE, _loss_makers),
    Question(7, "Does growth come from more or from better customers?", _TWO, _growth),
    Question(8, "Who did not come back, and who returned?", _TWO, _came_back),
    Question(9, "How do the same customers trend?", _TWO, _same_customers),
    Question(10, "How many buy twice, and how fast?", _COHORT, _second_purchase),
    Question(11, "What is a cohort worth by month 12?", _COHORT, _worth),
    Question(12, "Are new cohorts worse?", _COMPARED, _worse),
    Question(13, "What share is new, and what is carried over?", _ALL, _new_share),
    Question(14, "How many must we acquire to hit plan?", _ALL, _needed),
    Question(15, "Which products open good relationships?", _PRODUCTS, _door),
)
