"""The exhibits on periods and products and the answers on the first page: worked by hand on small logs, both sides of
each verdict."""

import dataclasses
import re

import pandas as pd
import pytest

from crmlib import datasets, sections
from crmlib.conclusions import carried
from crmlib.exhibits import all_cohorts, growth, one_period, parts, products, questions, reconciliation, two_periods
from crmlib.exhibits.answers_on_periods import identified
from crmlib.frames import rows_of
from crmlib.inert import Exhibit, Picture, Table
from crmlib.opened import open_log
from crmlib.raw_log import Note

BUYERS = 40


@pytest.fixture(autouse=True)
def unseen(monkeypatch):
    """Charts are not drawn here, which takes most of the time."""
    for module in (parts, sections):
        monkeypatch.setattr(module, "picture", lambda ax, *, words: Picture(b"", 760, words))


def two_years(before=10.0, after=10.0, orders=1, joined=0, cost=None, product=None):
    """40 customers with an order of ``before`` in June 2023 and ``orders`` of ``after`` in 2024, ``joined`` new ones."""
    rows = [(f"c{n}", "2023-06-15", before) for n in range(BUYERS)]
    rows += [(f"c{n}", f"2024-{3 + k:02d}-15", after) for n in range(BUYERS) for k in range(orders)]
    rows += [(f"n{n}", "2024-08-15", after) for n in range(joined)]
    frame = pd.DataFrame([("a0", "2022-01-01", 1.0), *rows], columns=["customer", "date", "amount"])
    if cost is not None:
        frame["cost"] = cost
    if product is not None:
        frame["product"] = product(frame)
    return frame


@pytest.fixture
def opened(tmp_path):
    def make(frame, as_of="2024-12-31", **options):
        frame.to_csv(tmp_path / "log.csv", index=False)
        return open_log(str(tmp_path / "log.csv"), as_of=as_of, currency="€", **options)

    return make


def exhibits(section):
    return {part.key: part for part in section.parts if isinstance(part, Exhibit)}


def tables(exhibit):
    return [part for part in exhibit.parts if isinstance(part, Table)]


def answer(log, number):
    return next(found for question, found in questions.answers(log) if question.number == number)


# ---- one period


def test_the_factors_of_a_year_and_the_share_that_ordered_once(opened):
    found = exhibits(one_period.one_period(opened(two_years(after=10.0, orders=2, joined=10))))
    assert found["factors"].title == "50 customers × 1.80 orders × €10.00 an order make €900.00"
    assert "20.0 % of them ordered once in the period." in repr(found["factors"])


def test_half_of_the_money_is_counted_from_the_best_down(opened):
    frame = two_years()
    frame.loc[frame["customer"].isin([f"c{n}" for n in range(8)]) & (frame["date"] > "2024"), "amount"] = 40.0
    found = opened(frame)  # 8 x 40 + 32 x 10 = 640: the eight bring half
    assert exhibits(one_period.one_period(found))["half"].title == "Half of the revenue comes from 8 customers (20.0 %)"
    assert answer(found, 3).verdict == "the money is spread over many"


def test_few_customers_are_not_counted_out(opened):
    frame = two_years()
    frame.loc[frame["customer"].isin(["c0", "c1"]) & (frame["date"] > "2024"), "amount"] = 900.0
    found = opened(frame)
    assert (
        exhibits(one_period.one_period(found))["half"].title == "Half of the revenue comes from fewer than 5 customers"
    )
    assert answer(found, 3).sentence.startswith("Fewer than 5 customers bring half of the revenue")
    assert answer(found, 3).verdict == "a small group carries it, worth a service of its own"


@pytest.mark.parametrize(
    ("losing", "said"),
    [
        (0, "No customer cost more than they brought."),
        (3, "Fewer than 5 customers cost more than they brought."),
        (5, "5 customers (12.5 %) cost €25.00 more than they brought: more than a tenth of customers lose us money."),
    ],
)
def test_who_loses_us_money(opened, losing, said):
    frame = two_years(cost=4.0)
    frame.loc[frame["customer"].isin([f"c{n}" for n in range(losing)]) & (frame["date"] > "2024"), "cost"] = 15.0
    assert answer(opened(frame), 6).sentence == said


def test_of_a_loss_there_is_no_best_tenth(opened):
    """Everybody pays less than what they cost: whoever buys least would be the best."""
    frame = two_years()
    log = opened(frame.assign(cost=2 * frame["amount"]))
    refused = answer(log, 5)
    assert not carried(refused) and refused.why.startswith("The profit of all customers is not above zero")
    assert "The best tenth" not in " ".join(str(part) for part in one_period.one_period(log).parts)
    assert answer(log, 6).sentence.startswith("40 customers (100.0 %) cost")


def losing():
    """40 customers who lose 5 in each of three years, and 25 new ones in each quarter, who lose 5 in the next one too."""
    frame = two_years(product=lambda rows: "A")
    earlier = frame[frame["date"] == "2023-06-15"].assign(date="2022-06-15")
    quarters = [str(day.date()) for day in pd.date_range("2022-02-15", "2025-03-15", freq="3MS") + pd.Timedelta(days=14)]
    rows = [(f"q{k}-{n}", quarters[k + later], 10.0, "A") for k in range(12) for n in range(25) for later in (0, 1)]
    joined = pd.DataFrame(rows, columns=["customer", "date", "amount", "product"])
    return pd.concat([frame, earlier, joined]).assign(cost=15.0)


def test_a_log_that_makes_a_loss_is_told_what_it_lacks_and_gets_no_advice_for_profits(opened):
    log = opened(losing())
    assert {number: answer(log, number).mends for number in (7, 9, 13, 14, 15)} == {
        7: "a log in which it is",
        9: "a log in which they did",
        13: "a log in which profit is above zero",
        14: "a log with profit above zero in its last two years",
        15: "more customers or a longer log",  # all began with one product
    }
    assert answer(log, 9).why == "The customers of both periods who had bought before them brought no profit above zero before."
    shown = exhibits(two_periods.two_periods(log))
    assert "Where profit is below zero a factor that grows makes the loss larger" in repr(shown["drivers"])
    changes = {row[0]: row[3] for row in tables(shown["drivers"])[0].rows}
    assert changes["profit"] == changes["the margin"] == "–" != changes["the number of customers"]
    assert "selection" not in repr(shown["bridge"]) and "New customers brought" in repr(shown["bridge"])
    chart = exhibits(all_cohorts.all_cohorts(log))["all-chart"]
    assert chart.title.startswith("In 2024 Q4 all customers together cost €")
    assert "Whether old layers hold cannot be said: they brought no profit above zero" in repr(chart)


@pytest.mark.parametrize(("began", "said"), [(0, "The 40 customers"), (3, "The customers"), (6, "The 40 customers")])
def test_the_number_of_the_same_customers_does_not_give_a_few_away_who_began_inside(opened, began, said):
    frame = two_years(joined=10)
    earlier = frame[frame["date"] == "2023-06-15"].assign(date="2022-06-15")
    inside = frame[frame["customer"].isin([f"c{n}" for n in range(began)])].assign(customer=lambda one: "i" + one["customer"])
    log = opened(pd.concat([frame, earlier, inside]))
    shown = exhibits(two_periods.two_periods(log))["same-customers"]
    assert shown.title.startswith(f"{said} of both periods") and answer(log, 9).sentence.startswith(f"{said} of both periods")
    assert ("40" in f"{shown} {answer(log, 9).sentence} {answer(log, 9).detail}") == (said == "The 40 customers")


def test_two_products_that_open_losses_are_not_compared(opened):
    frame = two_years(joined=40, product=lambda rows: rows["customer"].str[1:].map(lambda n: "AB"[int(n) % 2]))
    log = opened(pd.concat([frame, frame.assign(customer="x" + frame["customer"])]).assign(cost=15.0))
    assert answer(log, 15).why.startswith("All customers together brought no profit above zero in their first year")
    assert "To compare what they began with takes a log in which profit is above zero." in repr(exhibits(products.products(log))["entry"])


def test_without_costs_nobody_is_said_to_lose_money(opened):
    refused = answer(opened(two_years()), 6)
    assert refused.why == "The log lacks a column 'cost'." and refused.mends == "the cost of every line"


@pytest.mark.parametrize(
    ("frequent", "dear", "words"),
    [
        (6, 10.0, "in how often they order, by more than four times"), (1, 90.0, "in the value of an order, by more than four times"),
        (3, 30.0, "in how often they order and the value of an order alike, by far"), (3, 27.0, "in how often they order, by far"),
    ],
)
def test_what_sets_the_best_apart(opened, frequent, dear, words):
    frame = two_years()
    best = frame["customer"].isin([f"c{n}" for n in range(4)])
    frame.loc[best & (frame["date"] > "2024"), "amount"] = dear
    more = [frame[best & (frame["date"] > "2024")].assign(date=f"2024-{5 + k:02d}-01") for k in range(frequent - 1)]
    assert words in answer(opened(pd.concat([frame, *more])), 5).verdict


@pytest.mark.parametrize(
    ("note", "figure", "verdict"),
    [
        (None, "100 %", "all of the log is identified"),
        (Note("missing_customer", 9, "", 8000.0), "9.1 %", "most of the log is anonymous"),
        (Note("missing_customer", 9, "", 200.0), "80.0 %", "a part of the log is anonymous"),
        (Note("missing_customer", 9, "", 10.0), "98.8 %", "nearly all of the log is identified"),
        (Note("missing_customer", 27, "", None), "75.0 %", "a part of the log is anonymous"),
    ],
)
def test_how_much_is_identified(opened, note, figure, verdict):
    log = opened(two_years())  # 81 lines worth 801
    log = dataclasses.replace(log, notes=(*log.notes, *([note] if note else [])))
    found = identified(log, log.lenses.one_period)
    assert (found.figure, found.verdict) == (figure, verdict)
    assert ("lines" in found.sentence) == (note is not None and note.money is None)


@pytest.mark.parametrize(
    ("dear", "said"),
    [
        # the best four of forty order three times, the others once for 10
        (30.0, "in how often they order, 3.00 times (3.00 against 1.00), and in the value of an order, 3.00 times (€30.00 against €10.00): within 10 % of each other, which we call a tie."),
        (27.0, "most in how often they order, 3.00 times (3.00 against 1.00), then in the value of an order, 2.70 times (€27.00 against €10.00)."),
    ],
)  # fmt: skip
def test_both_leads_of_the_best_tenth_are_told_and_nothing_is_taught(opened, dear, said):
    frame = two_years()
    best = frame["customer"].isin([f"c{n}" for n in range(4)]) & (frame["date"] > "2024")
    frame.loc[best, "amount"] = dear
    log = opened(pd.concat([frame, *(frame[best].assign(date=f"2024-{5 + k:02d}-01") for k in range(2))]))
    found = answer(log, 5)
    assert found.sentence == f"The best tenth are ahead of the others {said}" and found.figure == "3.00×"
    assert "describes it and does not show what to teach" in found.detail
    assert said in repr(exhibits(one_period.one_period(log))["deciles"])


@pytest.mark.parametrize(
    ("silent", "verdict", "figure"),
    [(15, "fewer bought once than is usual", "39.0 %"), (16, "as many bought once as is usual", "41.5 %"), (30, "more bought once than is usual", "75.6 %")],
)  # fmt: skip
def test_who_was_watched_for_a_year_is_held_against_what_is_usual(opened, silent, verdict, figure):
    frame = two_years(joined=10)  # a0 of 2022 bought once too, and so did the ten who joined in August 2024
    found = answer(opened(frame[~(frame["customer"].isin([f"c{n}" for n in range(silent)]) & (frame["date"] > "2024"))]), 4)
    assert (found.verdict, found.figure) == (verdict, figure)
    once = silent + 11
    assert found.sentence == (
        f"{100 * once / 51:.1f} % of customers bought once ({once} of 51). That counts customers of yesterday: of the 41 who first bought a year or "
        f"longer ago, {figure} have bought once."
    )
    assert "rule of thumb, second-hand, from public notes" in found.detail and "interval" not in repr(found)


def test_who_came_lately_is_not_held_against_what_is_usual(opened):
    late = answer(opened(two_years().query("date > '2024'").assign(date="2024-08-15")), 4)
    assert late.verdict == "too short to tell" and late.detail.startswith("Fewer than 20 customers were watched for a year")
    few = answer(opened(two_years(joined=10)), 4)  # a0 alone of those watched
    assert few.figure == "21.6 %" and "41" not in few.sentence and few.verdict == "fewer bought once than is usual"


def test_profit_is_said_to_be_before_shipping_and_service(opened):
    log = opened(two_years(cost=4.0))
    words = "amount less cost as the log has the cost: before shipping, service and contacts"
    assert words in one_period.one_period(log).parts[0].sentences[0] and words in answer(log, 6).detail
    assert words not in repr(one_period.one_period(opened(two_years())))


# ---- two periods


FEWER_NEW = "by customers of before, with fewer new ones"

@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        # all 40 are new in 2023, and 0 or 20 in 2024
        ({"after": 10.2}, "revenue is steady, with less from new customers and more from earlier ones; moved most by revenue an order (up)"),
        ({"after": 13.0}, f"revenue grew, {FEWER_NEW}; moved most by revenue an order (up)"),
        ({"orders": 2}, f"revenue grew, {FEWER_NEW}; moved most by orders a customer (up)"),
        ({"joined": 20}, f"revenue grew, {FEWER_NEW}; moved most by the number of customers (up)"),
        ({"after": 7.0}, "revenue shrank, mostly by fewer new customers; moved most by revenue an order (down)"),
        ({"cost": 4.0, "after": 10.0, "joined": 20}, f"profit grew, {FEWER_NEW}; moved most by the number of customers (up)"),
    ],
)
def test_growth_and_what_moved_it(opened, changed, verdict):
    log = opened(two_years(**changed))
    assert answer(log, 7).verdict == verdict
    drivers = rows_of(log.lenses.two_periods.drivers)
    assert sum(row["change"] for row in drivers[:-1]) == pytest.approx(drivers[-1]["change"], abs=1e-9)


def intakes(earlier=30, earlier_each=(10.0, 10.0), new=(40, 40), each=(10.0, 10.0), began="2022-01-01"):
    """``earlier`` customers since ``began`` who buy in 2023 and 2024 too; ``new`` ones of 2023 and of 2024, who buy once."""
    rows = [(f"e{n}", day, amount) for n in range(earlier)
            for day, amount in zip((began, "2023-06-15", "2024-06-15"), (1.0, *earlier_each), strict=True)]  # fmt: skip
    rows += [(f"n{year}{n}", f"{year}-05-15", amount) for year, count, amount in zip((2023, 2024), new, each, strict=True) for n in range(count)]
    return pd.DataFrame(rows, columns=["customer", "date", "amount"])


@pytest.mark.parametrize(
    ("made", "verdict", "advice"),
    [
        # 300 + 400 to 300 + 800
        ({"new": (40, 80)}, "grew, mostly by more new customers", "has to be won again every year: see whether they buy again."),
        # 300 + 400 to 300 + 1,200
        ({"each": (10.0, 30.0)}, "grew, mostly by new customers who bring more each", "whether price, range or where they come from has changed."),
        # 300 + 400 to 600 + 420; 30 known, then 70, of whom each brought 300 / 30 and 600 / 70
        (
            {"earlier_each": (10.0, 20.0), "new": (40, 42)},
            "grew, mostly by customers of earlier years",
            "The log knew 30 customers when the first year began and 70 when the second did, who brought €10.00 and €8.57 each: there are more "
            "of them, and not better ones. As it begins on 2022-01-01 with nobody known, such a stock builds up by itself at first.",
        ),
        # 300 + 400 to 1,200 + 200; 1,200 / 70
        (
            {"earlier_each": (10.0, 40.0), "new": (40, 20)},
            "grew, by customers of before, with fewer new ones",
            "Fewer new customers came (20 after 40), and so fewer are there to buy again in the years to come: find out why. The log knew 30 "
            "customers when the first year began and 70 when the second did, who brought €10.00 and €17.14 each: there are more of them, and they bring more.",
        ),
        ({"earlier_each": (20.0, 10.0)}, "shrank, mostly by customers of earlier years", "Customers of earlier years bring less"),
        ({"each": (10.0, 5.0)}, "shrank, mostly by new customers who bring less each", "look at where they come from"),
        ({"new": (40, 20)}, "shrank, mostly by fewer new customers", "Fewer new customers came (20 after 40)"),
        # one more of 10 then 20: 1 x 15 by their number, 100.5 x 10 by what each brings; the other way round the same
        ({"new": (100, 101), "each": (10.0, 20.0)}, "grew, mostly by new customers who bring more each", "whether price, range or where they come from"),
        ({"new": (100, 99), "each": (20.0, 10.0)}, "shrank, mostly by new customers who bring less each", "look at where they come from"),
        # 100 x 20 to 80 x 10: 20 x 15 by their number, 90 x 10 by what each brings
        ({"new": (100, 80), "each": (20.0, 10.0)}, "shrank, mostly by new customers who bring less each", "first order. Fewer new customers came (80 after 100)"),
        # 100 x 10 to 150 x 11: 50 x 10.5 by their number, 125 x 1 by what each brings
        ({"new": (100, 150), "each": (10.0, 11.0)}, "grew, mostly by more new customers", "mostly because more of them came"),
        ({}, "is steady, by new and earlier customers alike", "By factor: "),
        (
            {"began": "2022-11-01", "new": (40, 80)},
            "grew, mostly by more new customers",
            "The log begins on 2022-11-01, less than a year before the first of the two: some of the new customers of the first may have bought "
            "before, if the business is older than the log, and then the first seems richer in new ones than it was.",
        ),
        (
            {"began": "2023-01-02", "new": (40, 80)},
            "grew, but new and earlier customers cannot be told apart",
            "a stock of earlier customers builds up by itself: it takes a log that begins a year earlier",
        ),
    ],
)  # fmt: skip
def test_growth_is_that_of_new_or_of_earlier_customers(opened, made, verdict, advice):
    log = opened(intakes(**made))
    found = answer(log, 7)
    assert found.verdict.startswith(f"revenue {verdict}; moved most by ") and found.sentence.startswith("Revenue ")
    assert advice in found.detail
    assert ("won again" in found.detail) == (verdict == "grew, mostly by more new customers")


@pytest.mark.parametrize(
    ("new", "verdict"),
    [((100, 50), "grew, mostly by fewer new customers, each at a loss"), ((50, 100), "shrank, mostly by more new customers, each at a loss")],
)
def test_new_customers_who_bring_a_loss_are_not_said_to_bring_more_or_less_each(opened, new, verdict):
    frame = intakes(earlier=200, new=new)  # each new one loses 5 in both years
    found = answer(opened(frame.assign(cost=[15.0 if name[0] == "n" else 0.0 for name in frame["customer"]])), 7)
    assert found.verdict.startswith(f"profit {verdict}; moved most by ")
    assert "New customers bring a loss: see which products and which customers cost more than they bring" in found.detail


@pytest.mark.parametrize(("customers", "money"), [((100, 101), (1000.0, 2020.0)), ((80, 20), (-160.0, 90.0)), ((0, 30), (0.0, 300.0)), ((30, 0), (300.0, 0.0))])
def test_the_change_of_new_customers_is_that_of_their_number_and_of_each(customers, money):
    side = growth.Side(customers, money)
    assert sum(side.parts) == pytest.approx(side.change, rel=1e-12)
    assert 0 not in customers or side.parts == (side.change, 0.0)


@pytest.mark.parametrize(
    ("each", "said"),
    [
        # nobody is new in 2023, so that 30 are known when either year begins
        ((10.0, 14.0), "The log knew 30 customers when the first year began and 30 when the second did, who brought €10.00 and €14.00 each: there are "
         "not more of them, and they bring more."),
        ((10.0, 10.0001), None),
    ],
)  # fmt: skip
def test_earlier_customers_are_said_to_be_more_only_if_they_are(opened, each, said):
    detail = answer(opened(intakes(new=(0, 30), earlier_each=each)), 7).detail
    assert "builds up by itself" not in detail and "there are more of them" not in detail
    assert said in detail if said else "The log knew" not in detail


def test_a_loss_that_turned_into_a_profit_is_not_called_one_that_grows(opened):
    frame = intakes()
    costs = {"2023": 5.0, "2024": -4.0}  # 70 x -5 to 70 x 4
    log = opened(frame.assign(cost=[amount + costs.get(day[:4], 0.0) for day, amount in zip(frame["date"], frame["amount"], strict=True)]))
    lens, advice = log.lenses.two_periods, "The loss has turned into a profit: see which products and which customers turned it."
    assert growth.change_of(lens) == pytest.approx((-350.0, 280.0))
    assert growth.story(log, lens).advice == advice
    shown = repr(growth.drivers(log, lens))
    assert advice in shown and "makes the loss larger" not in shown

    lost = opened(frame.assign(cost=frame["amount"] + 5.0))
    assert growth.story(lost, lost.lenses.two_periods).advice.startswith("The profit before was not above zero: see which products")


def test_revenue_that_was_all_refunded_is_not_called_a_loss(opened):
    back = pd.DataFrame([(f"e{n}", "2023-07-01", -50.0) for n in range(30)], columns=["customer", "date", "amount"])
    log = opened(pd.concat([intakes(), back]))
    told = growth.story(log, log.lenses.two_periods)
    assert told.advice == "The revenue was not above zero before and is after: see which products and which customers turned it."


def test_new_and_earlier_customers_stand_beside_each_other_in_both_years(opened):
    log = opened(intakes(new=(40, 80)))
    assert growth.sources(log, log.lenses.two_periods) == (((40, 80), (400.0, 800.0)), ((30, 30), (300.0, 300.0)), (30, 70))
    said = "New customers brought €800.00 after €400.00 (80 of them after 40), customers of earlier years €300.00 after €300.00 (30 bought after 30): a change of +€400.00 and of €0.00."
    assert answer(log, 7).sentence == f"Revenue grew by 57.1 %, mostly by more new customers. {said}"
    shown = exhibits(two_periods.two_periods(log))["bridge"]
    assert "The largest step is new customers: +€800.00. It is all that they brought, as nobody is new twice; the new of the period before had brought €400.00 in it." in repr(shown)
    assert tables(shown)[1].rows == (
        ("new in the period", "40", "80", "€400.00", "€800.00", "+€400.00"), ("of earlier days", "30", "30", "€300.00", "€300.00", "€0.00"),
    )  # fmt: skip


@pytest.mark.parametrize("made", [{"earlier": 3}, {"new": (40, 3)}, {"new": (4, 40)}])
def test_few_new_or_earlier_customers_are_not_told_apart(opened, made):
    log = opened(intakes(**made))
    assert growth.sources(log, log.lenses.two_periods) is None and growth.story(log, log.lenses.two_periods) is None
    assert re.fullmatch(r"revenue (grew|shrank|is steady); moved most by .*", answer(log, 7).verdict)
    assert len(tables(exhibits(two_periods.two_periods(log))["bridge"])) == 1


def test_a_part_of_a_change_may_be_more_than_the_whole(opened):
    # 40 x 10 to 20 x 30: half as many customers, three times the order; by logarithms 200 x ln 3 / ln 1.5
    frame = two_years(after=30.0)
    frame = frame[~(frame["customer"].isin([f"c{n}" for n in range(20)]) & (frame["date"] > "2024"))]
    found = exhibits(two_periods.two_periods(opened(frame)))["drivers"]
    assert found.title == "What moved revenue most is revenue an order: +€541.90, more than the whole change of +€200.00"


def test_a_part_that_is_written_as_the_whole_is_not_more_than_it():
    euros = lambda amount: f"{'-' if amount < 0 else ''}€{abs(amount):.2f}"  # noqa: E731
    assert growth.part_of(-9.550000000000011, -9.55, euros) == "-€9.55 of -€9.55"
    assert growth.part_of(-9.56, -9.55, euros) == "-€9.56, more than the whole change of -€9.55"


def of_both_periods(settled, began, gone=0, each=((10.0, 10.0), (10.0, 30.0))):
    """``settled`` customers since 2022 and ``began`` of 2023 who buy in both years, what ``each`` of them says; ``gone`` of 2022
    and 2023 alone, 30 of 2022 alone and 40 new ones of 2024."""
    bought = [("s", settled, ("2022-03-01", "2023-03-01", "2024-03-01"), (10.0, *each[0])), ("b", began, ("2023-09-01", "2024-02-01"), each[1]),
              ("g", gone, ("2022-04-01", "2023-04-01"), (10.0, 10.0)), ("z", 30, ("2022-06-01",), (10.0,)), ("n", 40, ("2024-05-01",), (10.0,))]  # fmt: skip
    rows = [(f"{one}{n}", day, amount) for one, count, days, amounts in bought for n in range(count) for day, amount in zip(days, amounts, strict=True)]
    return pd.DataFrame(rows, columns=["customer", "date", "amount"])


@pytest.mark.parametrize(
    ("made", "who"),
    [
        ({"settled": 30, "began": 20}, "20 customers"),
        ({"settled": 3, "began": 27}, "some"),  # 27 beside 30 of both would tell of three
        ({"settled": 27, "began": 3}, "some"),
        ({"settled": 20, "began": 10, "gone": 3}, "some"),  # 10 and the 20 below, beside 33 in one row of the table
    ],
)
def test_those_who_began_inside_the_first_period_are_counted_where_no_few_are_given_away(opened, made, who):
    shown = repr(exhibits(two_periods.two_periods(opened(of_both_periods(**made))))["bridge"])
    assert f"Part of what customers of both periods bring more is no growth: {who} began inside the first period" in shown
    assert who != "some" or not re.search(rf"\b{made['began']} customers", shown)


@pytest.mark.parametrize(
    ("each", "both"),
    [
        (((10.0, 40.0), (30.0, 10.0)), "€1,400.00"),  # 30 x 30 more, 20 x 20 less
        (((10.0, 20.0), (10.0, 10.0)), "€800.00"),  # those who began bring what they brought
        (((10.0, 10.0), (10.0, 10.0)), "€500.00"),  # nobody brings more
    ],
)
def test_who_began_inside_the_first_period_and_brings_no_more_is_not_blamed(opened, each, both):
    shown = exhibits(two_periods.two_periods(opened(of_both_periods(30, 20, each=each))))["bridge"]
    assert tables(shown)[0].rows[0][3] == both and "is no growth" not in repr(shown)


def test_overlap_by_hand(opened):
    frame = two_years(joined=10)
    frame = frame[~(frame["customer"].isin([f"c{n}" for n in range(10)]) & (frame["date"] > "2024"))]
    frame = pd.concat([frame, frame.iloc[:1].assign(date="2024-02-01")])  # a0 of 2022 comes back
    log = opened(frame)
    found = exhibits(two_periods.two_periods(log))
    assert (
        found["overlap"].title
        == "75.0 % of the 40 customers before bought again after: the repeat-buying rate of 12 months"
    )
    (table,) = tables(found["overlap"])
    # one returning customer is not shown alone
    assert [row[:2] for row in table.rows] == [
        ("bought in both", "30"), ("bought before only", "10"), ("new and others (fewer than 5 each)", "11"),
    ]  # fmt: skip
    assert "Fewer than 5 customers of earlier days came back" in answer(log, 8).detail


def long_standing(after, spread=0.0):
    """40 customers since 2022, who brought 10 each in 2023 and ``after`` each in 2024, every other one ``spread`` more or
    less; and 20 who began in the middle of 2023 and bought twice in 2024."""
    frame = two_years(after=after)
    frame.loc[frame["date"] == "2024-03-15", "amount"] += [spread if n % 2 else -spread for n in range(BUYERS)]
    before = frame[frame["date"] == "2023-06-15"].assign(date="2022-05-01")
    began = [(f"m{n}", day, 10.0) for n in range(20) for day in ("2023-07-01", "2024-03-01", "2024-09-01")]
    return pd.concat([frame, before, pd.DataFrame(began, columns=["customer", "date", "amount"])])


@pytest.mark.parametrize(
    ("after", "spread", "verdict", "figure"),
    [
        (10.2, 5.0, "about as much as", "+2.0 %"),
        (13.0, 1.0, "more than", "+30.0 %"),
        (7.0, 1.0, "less than", "-30.0 %"),
    ],
)
def test_same_customers_are_those_whose_both_periods_were_seen_whole(opened, after, spread, verdict, figure):
    log = opened(long_standing(after, spread))  # with the 20 who began in 2023 it would be far more
    found = answer(log, 9)
    assert (found.verdict, found.figure) == (f"same customers bring {verdict} before", figure)
    same = log.lenses.two_periods.same
    assert (same["customers"], same["before"]) == (BUYERS, 400.0)
    # a ratio of means: sd of after - ratio x before, by hand spread x sqrt(40 / 39)
    half = 1.959964 * spread * (BUYERS / (BUYERS - 1)) ** 0.5 / (10.0 * BUYERS**0.5)
    assert same["high"] - same["ratio"] == pytest.approx(half, rel=1e-6)
    assert "20 customers began inside the first period" in repr(two_periods.two_periods(log)) or after < 10


@pytest.mark.parametrize(
    ("after", "spread", "words"),
    [
        # a ratio of means of 1.02; half the interval is 1.96 x 5 x sqrt(40 / 39) / (10 x sqrt(40)) = 15.7 %
        (10.2, 5.0, "40 customers are too few to tell a fall of 14 % from a rise of 18 %. Neither praise nor alarm follows"),
        (13.0, 1.0, "They rise although"),
    ],
)
def test_an_interval_on_both_sides_of_no_change_tells_nothing(opened, after, spread, words):
    log = opened(long_standing(after, spread))
    assert answer(log, 9).detail.startswith(words)
    shown = exhibits(two_periods.two_periods(log))["same-customers"]
    assert ("too few to tell" in repr(shown)) == (spread == 5.0)
    # every other one brings more; the order is their only one, so that its value moves alike
    if spread == 5.0:
        least = "Of orders and revenue an order, revenue an order held up least often (50.0 % had as much or more); revenue did for 50.0 %."
        assert least in repr(shown)
        assert next(part for part in shown.parts if isinstance(part, Picture)).words.endswith("half of them are 20.")


def test_without_earlier_days_no_trend_is_read_from_the_same_customers(opened):
    refused = answer(opened(two_years(after=13.0)), 9)  # all began in 2023
    assert not carried(refused) and "had only a part of it" in refused.why and refused.mends and refused.view


def test_what_is_refused_says_what_mends_it_and_what_is_valid(opened):
    found = questions.answers(opened(two_years().head(30)))
    refused = {question.number: one for question, one in found if not carried(one)}
    assert len(refused) >= 8
    for number, one in refused.items():
        assert one.why.endswith(".") and "as_of" not in one.why and one.mends and one.view, number


def test_deciles_of_both_years_have_the_same_cuts(opened):
    log = opened(two_years(after=20.0))  # all are above the cuts of the year before
    title = exhibits(two_periods.two_periods(log))["decile-change"].title
    assert title == "Of the best tenth before, 100.0 % are there again, 0.0 % bought nothing after"


# ---- products


def openers(frame):
    """The first twenty customers, and those who joined, began with beans; beans bring more later."""
    return ["beans" if name[1:].isdigit() and int(name[1:]) < 20 else "cups" for name in frame["customer"]]


def test_too_few_openers_are_not_compared(opened):
    refused = answer(opened(two_years(product=openers)), 15)
    assert not carried(refused) and "30 customers" in refused.why


def test_the_best_opener_is_named(opened):
    frame = pd.concat([two_years(), two_years().replace({"customer": r"^c"}, {"customer": "d"}, regex=True)])
    frame["product"] = ["beans" if name[0] == "c" else "cups" for name in frame["customer"]]
    frame.loc[(frame["product"] == "beans") & (frame["date"] == "2023-06-15"), "amount"] = 30.0
    found = answer(opened(frame), 15)
    # first year: beans 30 + 10, cups 10 + 10, and a0 one; 40 against (40 x 40 + 40 x 20 + 1) / 81
    assert (found.figure, found.verdict) == ("1.35×", "“beans” opens the best relationships")


def test_no_opener_is_named_where_all_bring_the_same(opened):
    frame = pd.concat([two_years(), two_years().replace({"customer": r"^c"}, {"customer": "d"}, regex=True)])
    frame["product"] = ["beans" if name[0] == "c" else "cups" for name in frame["customer"]]
    assert answer(opened(frame), 15).verdict == "no product opens clearly better relationships"


def test_product_names_are_text(opened):
    frame = two_years()
    frame["product"] = ["<b>beans</b>" if n % 2 else "=1+1" for n in range(len(frame))]
    shown = products.products(opened(frame))
    assert "<b>" not in "".join(part._repr_html_() for part in shown.parts)


def of_products(bought):
    """Each of 80 customers buys once what ``bought`` says."""
    rows = [(f"c{n}", f"2024-{1 + n % 12:02d}-05", amount, product) for n in range(80) for product, amount in bought(n)]
    return pd.DataFrame(rows, columns=["customer", "date", "amount", "product"])


def test_a_product_of_two_buyers_is_not_told_of(opened):
    dear = of_products(
        lambda n: [("tea", 5.0), *([("cups", 4.0)] if n % 2 else []), *([("pots", 900.0)] if n < 2 else [])]
    )
    found = exhibits(products.products(opened(dear)))["penetration"]
    assert found.title == (
        "100.0 % of customers buy “tea”; “tea” brings most revenue of those with 5 buyers or more (16.9 %)"
    )
    assert "pots" not in repr(found).replace("cups and others", "")
    assert " 2 " not in repr(found)


def test_a_share_that_tells_of_two_others_is_said_in_words(opened):
    alone = of_products(
        lambda n: [("tea", 5.0)] if n < 69 else [("tea", 5.0), ("cups", 4.0)] if n < 71 else [("cups", 4.0)]
    )
    found = exhibits(products.products(opened(alone)))["penetration"]
    (table,) = tables(found)
    assert [row[:4] for row in table.rows] == [
        ("tea", "71", "88.8 %", "over 93.0 %"),
        ("cups", "11", "13.8 %", "over 54.5 %"),
    ]
    assert "“tea”: over 93.0 % of them buy nothing else" in repr(found) and "97.2 %" not in repr(found)


def test_a_pair_that_tells_of_two_others_is_hidden(opened):
    pairs = of_products(
        lambda n: (
            [("tea", 5.0)] * (n < 40)
            + [("cups", 4.0)] * (n < 38)
            + [("pots", 3.0)] * (20 <= n < 60)
            + [("milk", 1.0)] * (n >= 60)
        )
    )
    found = exhibits(products.products(opened(pairs)))["together"]
    (table,) = tables(found)
    by_pair = {frozenset(row[:2]): row for row in table.rows}
    assert by_pair[frozenset({"tea", "cups"})][3:5] == ("hidden", "hidden")
    assert "hidden" not in by_pair[frozenset({"tea", "pots"})]
    assert "cups" not in found.title or "pots" in found.title


def returning(frame, n):
    """``n`` customers of 2022 who buy again in 2024, and not in between."""
    came = [(f"r{k}", day, 500.0) for k in range(n) for day in ("2022-02-01", "2024-05-01")]
    return pd.concat([frame, pd.DataFrame(came, columns=["customer", "date", "amount"])])


def test_three_who_came_back_are_told_by_nothing(opened):
    frame = returning(two_years(joined=10), 3)
    frame = frame[~(frame["customer"].isin([f"c{n}" for n in range(10)]) & (frame["date"] > "2024"))]
    found = exhibits(two_periods.two_periods(opened(frame)))
    said = repr(found["overlap"])
    assert "fewer than 5 such customers of earlier days came back" in said
    assert "30.2 % of the customers after are new or came back from earlier days" in said  # 13 of 43; 23.3 % are new
    assert "23.3 %" not in said and not re.search(r"\b3\b", said)
    assert "The largest step is the group “new and others (fewer than 5 each)”: +€1,600" in repr(found["bridge"])
    assert "1,500.00" not in repr(found["bridge"])


def test_the_three_of_before_who_did_not_come_join_those_who_did(opened):
    frame = two_years(joined=10)
    frame = frame[~(frame["customer"].isin(["c0", "c1", "c2"]) & (frame["date"] > "2024"))]
    found = exhibits(two_periods.two_periods(opened(frame)))
    assert found["overlap"].title.startswith("over 87.5 % of the 40 customers before")
    assert "Fewer than 5 customers did not buy in the second period" in repr(found["overlap"])
    assert [row[:2] for row in tables(found["overlap"])[0].rows] == [
        ("bought in both and others (fewer than 5 each)", "40"),
        ("new", "10"),
        ("returning", "0"),
    ]
    assert (
        found["same-customers"].title == "No customers were seen whole in both periods"
    )  # all but one began in the first


def test_two_means_of_money_are_told_apart(opened):
    frame = two_years(cost=4.0)
    refund = frame.iloc[:1].assign(date="2024-02-01", amount=-5.0, cost=0.0)
    found = exhibits(one_period.one_period(opened(pd.concat([frame, refund]))))
    # a0 bought in 2022: 40 x 6 of the others, and the refund of 5
    assert "The mean here, €6.00, is of those who bought; the €5.88 a customer above is all profit" in repr(
        found["spread"]
    )
    assert "“no order” is no tenth: it holds the refunds of fewer than 5 persons who bought before the period" in repr(
        found["deciles"]
    )
    plain = exhibits(one_period.one_period(opened(frame)))
    assert "The mean here" not in repr(plain["spread"]) and "no tenth" not in repr(plain["deciles"])


# ---- the whole page


@pytest.fixture(scope="module")
def real_logs():
    return {
        "lighthouse": open_log("lighthouse", currency="€"), "cdnow": open_log("cdnow", currency="$"),
        "cdnow_sample": open_log("cdnow_sample", currency="$"),
    }  # fmt: skip


def test_every_identity_holds_on_every_data_set(real_logs):
    for name, log in real_logs.items():
        found = reconciliation.identities(log)
        assert len(found) >= 18, name
        assert not [one for one in found if not one.holds], name


def test_an_identity_that_fails_is_said(real_logs, monkeypatch):
    log = real_logs["cdnow_sample"]
    wrong = dataclasses.replace(
        log.lenses.one_period, in_log={"revenue": log.lenses.one_period.in_log["revenue"] + 0.01}
    )
    log = dataclasses.replace(log, lenses=dataclasses.replace(log.lenses, one_period=wrong))
    assert [one.what for one in reconciliation.identities(log) if not one.holds] == [
        "revenue of the period",
        "revenue from its factors",
    ]
    assert "2 identities do not hold: do not use this report" in repr(reconciliation.reconciliation(log))


def test_new_and_earlier_customers_of_the_company_line_by_line(real_logs):
    tx, _ = datasets.admit_log("lighthouse")
    first, found = {}, {}
    lines = sorted(tx[["date", "customer", "amount", "cost"]].itertuples(index=False, name=None))
    for day, customer, amount, _ in lines:
        if amount >= 0:
            first.setdefault(customer, day.year)
    for day, customer, amount, cost in lines:
        who = "new" if first.get(customer) == day.year else "earlier"
        people, money = found.setdefault((who, day.year), (set(), []))
        money.append(amount - cost)
        if amount >= 0:
            people.add(customer)
    log = real_logs["lighthouse"]
    told = growth.sources(log, log.lenses.two_periods)
    for who, side in (("new", told.new), ("earlier", told.earlier)):
        assert side.customers == tuple(len(found[who, year][0]) for year in (2024, 2025))
        assert side.money == pytest.approx([sum(found[who, year][1]) for year in (2024, 2025)], rel=1e-9)
    assert told.known == tuple(sum(year < now for year in first.values()) for now in (2024, 2025))


def test_cdnow_leads_with_the_cohort_and_refuses_what_it_cannot_carry(real_logs):
    log = real_logs["cdnow"]
    assert sections.lens(log, 1).key == "one-cohort"
    page = questions.first_page(log)
    assert [finding.key for finding in page.findings][:2] == ["question-10", "question-11"]
    asked = {question.number for question, found in questions.answers(log) if not carried(found)}
    assert asked == {6, 7, 12, 13, 14, 15}
    assert not re.search("grew|shrank|new share|healthy", " ".join(finding.sentence for finding in page.findings))
    refused = repr(sections.lens(log, 5))
    assert "customers who join after the beginning" in refused and "one cohort" in refused
    # audit.md: 6,421 and 5,374 active, 3,463 in both, -19.7 % of revenue
    drivers = repr(two_periods.two_periods(log))
    for figure in ("6,421", "3,463", "-19.7 %"):
        assert figure in drivers


def test_the_company_answers_all_fifteen(real_logs):
    answers = questions.answers(real_logs["lighthouse"])
    assert sorted(question.number for question, _ in answers) == list(range(1, 16))
    for question, found in answers:
        assert carried(found), question
        assert re.search(r"\d|No |All ", found.sentence) and found.verdict and found.figure


def test_links_of_the_first_page_lead_to_what_is_on_the_page(real_logs):
    for log in real_logs.values():
        sections_shown = [sections.data_notes(log), *(sections.lens(log, place) for place in range(1, 7))]
        keys = {one.key for one in sections_shown} | {key for one in sections_shown for key in exhibits(one)}
        links = {finding.link for finding in questions.first_page(log).findings}
        assert links <= keys


def test_every_exhibit_has_one_figure_with_words(real_logs):
    for name in ("lighthouse", "cdnow_sample"):
        for place in (1, 2, 6):
            for key, found in exhibits(sections.lens(real_logs[name], place)).items():
                pictures = [part for part in found.parts if isinstance(part, Picture)]
                assert len(pictures) == 1 and pictures[0].words.endswith("."), (name, key)


def test_alt_texts_say_numbers(real_logs):
    """Whoever does not see a chart is told at least two numbers of it."""
    log = real_logs["lighthouse"]
    shown = [
        *(sections.lens(log, place) for place in range(1, 7)),
        *(sections.section(log, name) for name in sections.SECTIONS),
    ]
    words = {
        exhibit.key: part.words
        for one in shown
        for exhibit in exhibits(one).values()
        for part in exhibit.parts
        if isinstance(part, Picture)
    }
    assert len(words) > 15
    assert not [
        key for key, said in words.items() if len(re.findall(r"\d[\d,.]*", said)) < 2 or "in the tables" in said
    ]
