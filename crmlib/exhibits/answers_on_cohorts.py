"""What the lenses on cohorts and products answer: functions from an opened log and its lens to a finding, or why there
is none."""

from __future__ import annotations

from crmlib.calendar_periods import periods_a_year
from crmlib.conclusions import Finding, carried
from crmlib.exhibits import acquisition, all_cohorts, cohorts_compared, products
from crmlib.exhibits.cohort_repeats import second_within, week_of_half
from crmlib.exhibits.one_cohort import value_in_first_year
from crmlib.exhibits.parts import banded, ratio, sampled
from crmlib.overview import Refused
from crmlib.wording import count, number, percent, signed

__all__ = ["door", "needed", "new_share", "second_purchase", "worse", "worth"]

_WORDS = {
    cohorts_compared.BETTER: "better",
    cohorts_compared.WORSE: "worse",
    cohorts_compared.UNTOLD: "not to be told apart from",
}


def second_purchase(log, lens):
    """How many of the cohort bought again within a year, and how soon."""
    second = second_within(lens)
    if not second:
        return Refused(
            f"Nobody of the cohort {lens.cohort} was watched for a year.", "a longer log", "the share active by age", "one-cohort"
        )
    weeks = max(second)
    repeated, members = second[weeks]
    half = week_of_half(second)
    pace = banded(
        half or 0,
        (7, "half of them or more within six weeks"),
        (14, "half of them or more within a quarter"),
        (None, "fewer than half of them within a quarter"),
    )
    many = banded(
        repeated / members,
        (0.4, "fewer than four in ten buy twice"),
        (0.6, "about half buy twice"),
        (None, "most buy twice"),
    )
    verdict = f"{many}, {pace}" if half else "nobody bought twice"
    sentence = f"{sampled(repeated, members)} of the cohort {lens.cohort} bought a second time within {weeks} weeks: {verdict}."
    detail = f"Within 13 weeks it was {percent(second[13][0] / members)}. " if 13 in second else ""
    if half:
        detail += (
            f"Half of those who come back have done so by week {half}. Whether a reminder before then brings anybody is not in the log: test it "
            "on new customers chosen by lot."
        )
    return Finding("", percent(repeated / members), sentence, detail, verdict=verdict, link="next-orders")


def worth(log, lens):
    """What a member has brought when the cohort is a year old."""
    age, each = value_in_first_year(lens)
    if age < periods_a_year(lens.unit) - 1:
        return Refused(
            f"The cohort {lens.cohort} is not yet a year old.", "a longer log", "its value to date at the last age seen", "value-to-date"
        )
    year = periods_a_year(lens.unit)
    verdict = "a member has cost more than they brought by then" if each < 0 else "a member has brought nothing by then"
    if each > 0:
        share = lens.on_first_day / each
        verdict = banded(share, (1 / 3, "most of it comes after the first day"), (1 / 2, "more than half of it comes after the first day"),
                          (2 / 3, "more than half of it comes on the first day"), (None, "most of it comes on the first day"))  # fmt: skip
    least = 12 - 12 // year  # whoever came on the last day of the period has had one period less
    months = f"{least} to 12 months" if least else "up to 12 months"
    sentence = (
        f"A member of the cohort {lens.cohort} has brought {log.money(each)} of {lens.money} by the end of "
        f"{count(year, f'calendar {lens.unit}')}, {months} after their first purchase, {log.money(lens.on_first_day)} of it on the first day: {verdict}."
    )
    detail = f"All {number(lens.size)} members count, also those who never came back. "
    if lens.money == "revenue":
        detail += "It is revenue: only the margin in it may be spent on winning one."
    elif each > 0:
        detail += (
            "Who spends less than that to win one has it back within the year; shipping, service and contacts come off first, "
            "unless the log's costs hold them."
        )
    else:
        detail += "What winning a member costs is not earned back by then."
    return Finding("", log.money(each), sentence, detail, verdict=verdict, link="value-to-date")


# ---- cohorts compared


def worse(log, lens):
    """The newest cohort against that of a year before, by second purchases within equal windows."""
    if not lens.same_season:
        row = log.lenses.carried["cohorts compared"]
        return Refused(f"The log lacks {row.missing}.", row.mends, row.view, "cohorts-compared")
    found = cohorts_compared.seconds(lens)
    if found is None:
        return Refused(
            f"The cohorts {lens.pair[0]} and {lens.pair[1]} were not both watched for a quarter.",
            "a longer log",
            "their factors by age",
            "cohorts-compared",
        )
    old, new = (repeated / size for repeated, size in (found.before, found.after))
    word, difference = _WORDS[found.verdict], new - old
    points = lambda share: f"{100 * share:+.1f}"  # noqa: E731
    verdict = f"the newer cohort is {word}{' than' if word in ('worse', 'better') else ''} that of a year before"
    sentence = (
        f"{percent(new)} of {found.second} bought a second time within {found.weeks} weeks, {percent(old)} of {found.first}: "
        f"{points(difference)} points (95 % interval {points(found.low)} to {points(found.high)}); {verdict}."
    )
    detail = {"worse": "Look at where the newer customers come from, and at their first order.",
              "better": "Find out what was done differently for them, and keep it."}.get(word, "Nothing here asks for a change; look again when both are older.")  # fmt: skip
    return Finding("", f"{points(difference)} pts", sentence, detail, verdict=verdict, link="cohorts-compared")


# ---- all cohorts


def new_share(log, lens):
    """The share of the money that new customers brought in the last year."""
    years, name, a_year = all_cohorts.new_in_year(lens), lens.money, periods_a_year(lens.unit)
    if years is None:
        since = f"since {lens.since}" if lens.since else f"after its first {lens.unit}, in which everybody counts as new"
        why = f"The log has no whole year of {name} above zero {since}."
        short = len(acquisition.seen_before(lens)) < a_year
        return Refused(why, "a longer log" if short else f"a log in which {name} is above zero", "the cohort chart", "all-cohorts")
    share, old = years
    verdict = banded(
        share,
        (0.25, "the money is in customers of before"),
        (0.5, "more than half is carried over"),
        (0.75, "more than half is new"),
        (None, "the money is in new customers"),
    )
    trend = ""
    if old is not None:
        word = "about the same as" if abs(share - old) < 0.02 else "higher than" if share > old else "lower than"
        verdict, trend = (
            f"{verdict}; the new share is {word} the year before",
            f" In the year before it was {percent(old)}.",
        )
    sentence = f"{percent(share)} of {name} of the last {count(a_year, lens.unit)} came from customers in their first {lens.unit}: {verdict}.{trend}"
    known = all_cohorts.carry_over_of_year(lens)
    detail = (
        f"From {lens.unit} to {lens.unit}, customers of before carried over {percent(min(known))} to {percent(max(known))} of the {name}. "
        if known
        else ""
    )
    detail += (
        "If the total holds only because ever more are won, it falls when winning them gets dearer."
        if share > 0.4
        else "What older customers bring again carries the base, so protect them first."
    )
    if changed := acquisition.intake_said(acquisition.intake(lens)):
        detail += f" {changed}, which moves the new share too."
    return Finding("", percent(share), sentence, detail, verdict=verdict, link="all-new")


def needed(log, lens):
    """New customers that the next period needs to keep the pace of the last year."""
    plan = acquisition.plan(lens)
    if not carried(plan):
        return plan
    needed, won = plan.needed["new_needed"], plan.won_then
    verdict = f"{acquisition.against_last(plan)} a year before"
    aim = f"{plan.year_before} brought {log.round_money(plan.money_then)}"
    aim += f", and {plan.paced} changed by {signed(plan.pace - 1)} on the year before"
    sentence = (
        f"To bring {log.round_money(plan.target)} in the next {lens.unit} ({aim}), about {number(needed)} new customers are needed: {verdict} "
        f"({number(won)})."
    )
    detail = (
        f"{acquisition.turn_said(plan)}Planned with the season of {plan.year_before}: customers of before carried over "
        f"{percent(plan.needed['carry_over'])}, and a new one brought {log.money(plan.needed['per_new'])}. {acquisition.range_said(plan)} "
        f"{acquisition.each_more(log, plan, lens.unit)}"
    )
    return Finding("", number(needed), sentence, detail, verdict=verdict, link="all-plan")


# ---- products


def door(log, lens):
    """The product that the best customers began with."""
    if not carried(lens.entry):
        return lens.entry
    best = products.best_entry(lens)
    if best is None:
        why, mends = products.no_index(lens)
        return Refused(why, mends, "the products by penetration", "penetration")
    name, index, later = products.quoted(best.row), ratio(best.row["index"]), best.row["later_index"]
    if not best.stands_out:
        verdict = "no product opens clearly better relationships"
        detail = "So do not steer new customers towards one product for what they bring later."
    elif products.first_basket(best):
        verdict = f"{name} opens the largest first baskets"
        detail = "After the first day its customers bring no more than others do, so that it opens no better relationship."
    else:
        verdict = f"{name} opens the best relationships"
        detail = f"After the first day they bring {ratio(later)} times what all bring then. It shows no cause: whoever begins with it "
        detail += "may differ in more. Try it with a part of the next new customers, by lot."
    sentence = (
        f"Of the {best.among} products that {products.ENOUGH} or more customers began with, {name} stands highest: its customers bring "
        f"{index} times what all bring in their first year (95 % interval, as the best of {best.among}: {ratio(best.low)} to "
        f"{ratio(best.high)}); {verdict}."
    )
    return Finding("", f"{index}×", sentence, detail, verdict=verdict, link="entry")
