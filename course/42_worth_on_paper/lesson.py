# %% [markdown]
# # What is a customer worth: on paper
#
# **After this lesson you can**
#
# 1. add up what one customer brings over the years, by the chance to be there and by discount;
# 2. compute the value of a customer without end, say which timing convention a number follows, and which question it
#    answers;
# 3. show why a constant retention rate is wrong for a cohort, and project a cohort with sBG;
# 4. value customers who come back after silence, and find the rule for when to stop writing to them;
# 5. list events for one customer, fit a profit curve to many, and say what each of the two rests on;
# 6. tell narrow from broad value, and hold the claim on five points of retention against its own arithmetic;
# 7. say what a lost customer costs, what winning one back may cost, and what a recommendation is worth;
# 8. place the customers of a log by what they have brought and will bring, and choose where to cut.
#
# - **Time:** 90 minutes
# - **Builds on:** [The customer life cycle](36_lifecycle.ipynb): silence and departure, contracts and shops
# - **Workbook:** [eight questions](../exercises/42_worth_on_paper.ipynb); `uv run crm start worth_on_paper` makes you a
#   copy
#
# Where it says **before you run the next cell**, write your guess down first. A log is read in section 11 only; the next
# cell says which.

# %% tags=["parameters"]
DATA = "cdnow"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "$"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# ## 1. A price for a relation
#
# What may it cost to win a customer? To keep one? The answer needs a number: what the customer will bring, in profit and
# in today's money. It is called **customer lifetime value**, CLV (客户生命周期价值). Three ideas make it:
#
# - the **margin**: what is left of the customer's payments after the cost of the goods and of serving them;
# - **retention** (客户保持率): the chance that a customer who is there in one period is there in the next as well;
# - the **discount**: a payment in a year is worth less than one today. At 10 % a year, 110 in a year are worth 100 now.
#
# Retention needs a contract: a subscription, an account, an insurance, something that somebody cancels. A log of a shop
# shows silence and no cancellation, so that nobody can read a retention rate from it. Sections 2 to 4 assume a contract;
# section 5 gives it up.

# %% [markdown]
# ## 2. By hand, in six rows
#
# A magazine earns 100 a year with each subscriber. Of those there in one year, 80 % are there in the next. The discount
# is 10 % a year, and the first payment comes today, in year 0. Six years of one subscriber:

# %%
import pandas as pd

six = pd.DataFrame({"year": range(6), "margin": 100.0})
six["still_there"] = 0.80 ** six["year"]
six["expected"] = six["margin"] * six["still_there"]
six["worth_today"] = six["expected"] / 1.10 ** six["year"]
six.round(2)

# %% [markdown]
# **Before you run the next cell:** six margins of 100 are 600. How much of it is left?

# %% tags=["nbval-check-output"]
from crmlib import retention_value

by_hand = six["worth_today"].sum()
found = retention_value.margins_value(six["margin"], retention=0.80, discount=0.10)
print(f"by hand: {by_hand:.2f}")
print(f"crmlib:  {found:.2f}")

# %% [markdown]
# Not one row says that *this* subscriber stays for 4 years, or for 5. The value is a mean over many like them: the right
# number for a price, and a poor one for a promise.

# %% [markdown]
# ## 3. Without end, and from when on
#
# Each row is the one above times *r* / (1 + *d*): retention over discount. Such a sum has a formula even without end,
# and in textbooks you find three of them, all called CLV:
#
# | timing in crmlib | first margin | formula | which question it answers |
# |---|---|---|---|
# | `now` | today, from everybody | m (1 + d) / (1 + d − r) | What is a **new** customer worth, who pays at once? |
# | `renewal` | in a period, from those who stay | m r / (1 + d − r) | What is at stake in one who **has just paid**? |
# | `arrears` | in a period, from everybody | m / (1 + d − r) | What is a new one worth who **pays at the end**? |
#
# **Before you run the next cell:** with a margin of 100, retention of 80 % and a discount of 10 %, by how much do `now`
# and `renewal` differ?

# %% tags=["nbval-check-output"]
m, r, d = 100, 0.80, 0.10
print(f"by hand: {m * (1 + d) / (1 + d - r):.2f}, {m * r / (1 + d - r):.2f}, {m / (1 + d - r):.2f}")
side_by_side = retention_value.conventions(m, retention=r, discount=d)
print(side_by_side[["timing", "first_margin", "value"]].round(2).to_string(index=False))

# %% [markdown]
# One customer, one set of assumptions, and more than a third between the smallest and the largest value. None is wrong.
# `now` less `renewal` is just the first margin: whoever has been paid it already must not count it again. So write down
# the timing with the number, and do not compare two firms' CLV before you know both.
#
# What it cost to **win** the customer is in none of the three. Take it off once, where the question is whether to win
# them (`acquisition=`): of an advertisement, that is its price for all who see it, over the share of them who subscribe.
#
# **Before you run the next cell:** where is one more point of retention worth the most, at 20 %, at 50 % or at 90 %?

# %%
from crmlib import plots

rates = [points / 100 for points in range(0, 96)]
curves = retention_value.conventions(100, retention=rates, discount=0.10)
ax = plots.timing_curves(curves, title="The last points of retention are worth the most, in every convention")

# %% [markdown]
# For the business: the curve is steep on the right. Where nearly everybody stays, one point more is worth a lot, and one
# point of error in the retention rate moves the value as much.
#
# ### The clock of the rates
#
# Margin, retention and discount must belong to the **same period**. Now the magazine earns 10 a month; in a month 97 %
# stay; the discount is 10 % a *year*. A month's discount is the one that makes 10 % when it is applied twelve times.
# **Before you run the next cell:** what happens to the value if somebody puts the 10 % in as they are?

# %% tags=["nbval-check-output"]
a_month = 1.10 ** (1 / 12) - 1
right = retention_value.retention_value(10, retention=0.97, discount=a_month, timing="now")
mixed = retention_value.retention_value(10, retention=0.97, discount=0.10, timing="now")
print(f"10 % a year is {a_month:.5f} a month; retention of 97 % a month is {0.97**12:.3f} a year")
print(f"months with a month's discount: {right:.2f}; months with a year's discount: {mixed:.2f}")

# %% [markdown]
# A year's discount on monthly payments is a discount of over 200 % a year. The number that comes out looks reasonable,
# and that is the danger.

# %% [markdown]
# ## 4. Turn the knobs
#
# Run the next cell and turn the four knobs. (If you read this without a running kernel you see one position of them.)
#
# - Which moves the value more: ten more of margin, or five points more of retention? Try it at 50 % and at 90 %.
# - Set the discount to 1 % and then to 30 %. Whom does a high discount punish: customers who stay short, or long?
# - Put retention to 0. Which convention still has a value, and what is it?

# %%
from ipywidgets import Dropdown, FloatSlider, fixed, interact

from crmlib.explore_value import worth_by_retention

retention = FloatSlider(value=0.80, min=0, max=0.99, step=0.01, continuous_update=False)
margin = FloatSlider(value=100, min=10, max=200, step=10, continuous_update=False)
discount = FloatSlider(value=0.10, min=0.01, max=0.30, step=0.01, continuous_update=False)
timing = Dropdown(options=list(retention_value.TIMINGS), value="now")
knobs = {"retention": retention, "margin": margin, "discount": discount, "timing": timing}
_ = interact(worth_by_retention, **knobs, currency=fixed(""))

# %% [markdown]
# For the business: margin moves the value in proportion, everywhere. Retention moves it little where many leave and much
# where few do. So the same effort belongs into the margin in the one firm, and into retention in the other.

# %% [markdown]
# ## 5. No cohort has one retention rate
#
# So far everybody had the same *r*, for ever. Fader and Hardie (2007) publish how many per cent of a cohort of
# subscribers, called Regular, were still there after 0, 1, 2 ... years. The *rate* of a year is the share of those there
# before it who are still there after it. **Before you run the next cell:** the rate of the first year is 63 %. What will
# that of the fifth be?

# %% tags=["nbval-check-output"]
regular = [100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1, 22.3, 20.7, 19.4, 18.3, 17.3]
cohort = pd.DataFrame({"period": range(13), "survivors": regular})
cohort["rate"] = cohort["survivors"] / cohort["survivors"].shift()
print(cohort.iloc[[1, 2, 3, 5, 8, 12]].round(3).to_string(index=False))

# %% [markdown]
# It rises, year after year. Do subscribers grow fonder of it? Perhaps; but it would rise if nobody ever changed. Take
# 50 customers of whom 90 % stay each year, and 50 of whom 50 % do. **Before you run the next cell:** the rate of the
# first year is 70 %. What is that of the sixth?

# %% tags=["nbval-check-output"]
two = pd.DataFrame({"year": range(7)})
two["loyal"], two["fickle"] = 50 * 0.9 ** two["year"], 50 * 0.5 ** two["year"]
two["all"] = two["loyal"] + two["fickle"]
two["rate"] = two["all"] / two["all"].shift()
print(two.round(3).to_string(index=False, na_rep="-"))

# %% [markdown]
# Nobody's loyalty has changed. The fickle leave first, and the loyal remain. A rate of the whole cohort is a mean over
# those still there, and these are other people every year.
#
# The model **sBG** (shifted beta geometric) says just that: each customer leaves with a chance of their own, the same
# every year. How the chances are spread between 0 and 1 is told by a curve with two numbers, *alpha* and *beta*, and
# these are learnt from the cohort. We show it the first seven years only. A constant rate may try as well: the one that
# leads from 100 to the survivors of year 7 in seven steps. **Before you run the next cell:** which of the two will come
# closer in year 12, and will the other be too high or too low?

# %% tags=["nbval-check-output"]
from crmlib.sbg import fit_sbg

seen, last = 7, 12
model = fit_sbg(cohort[cohort["period"] <= seen])
start = cohort["survivors"][0]
mean_rate = (cohort["survivors"][seen] / start) ** (1 / seen)
came, by_constant, by_sbg = cohort["survivors"][last] / start, mean_rate**last, model.survival(last)
print(f"alpha {model.alpha:.3f}, beta {model.beta:.3f}; constant rate {mean_rate:.3f}")
print(f"after year {last}: {came:.3f} came, {by_constant:.3f} by a constant rate, {by_sbg:.3f} by sBG")
verdict = "held" if abs(by_constant - came) <= 0.02 else "did not hold"
print(f"'One constant rate projects this cohort' (within two points) {verdict}.")

# %%
from crmlib.wording import percent

shown = pd.DataFrame({"period": cohort["period"], "actual": cohort["survivors"] / start})
shown["fitted"] = model.survival(shown["period"])
title = f"{percent(came)} came after year {last}: sBG expected {percent(by_sbg)}, a constant rate {percent(by_constant)}"
ax = plots.survival_fit(shown, fitted_to=seen, title=title)
_ = ax.plot(shown["period"], mean_rate ** shown["period"], color=plots.MUTED, linestyle=":", label="constant rate")
_ = ax.legend(loc="center right", frameon=False)

# %% [markdown]
# For the business: who puts one rate on everybody underestimates the customers who have been there for long, and
# overestimates the new ones. What are their renewals worth that are still to come? `derl` is the number of them,
# discounted to the day of the next one. **Before you run the next cell:** is it more for a new subscriber, or for one who
# has renewed seven times?

# %% tags=["nbval-check-output"]
for renewals in (0, 7):
    rate, worth = model.retention_rate(renewals + 1), 100 * model.derl(discount=0.10, renewals=renewals)
    print(f"{renewals} renewals: {percent(rate)} renew next time; margin of all renewals to come {worth:.2f}")

# %% [markdown]
# The constant model gives both the same value. And mind the word "next time": the old subscriber is worth more *because*
# of being among those who stay. Giving a discount to a new one does not make an old one of them.

# %% [markdown]
# ## 6. Customers who come back
#
# Give up the contract. Customers of a shop buy, fall silent, and buy again. Dwyer (1989) called them **always a share**,
# and subscribers **lost for good**; his way to value the first is the **migration model** (迁移模型). A customer is in a
# *recency state*: state 1 bought in this period, state 2 in the one before, and so on. Whoever buys goes back to state
# 1; whoever does not moves one state further, and out after the last.
#
# By hand, with two states. A purchase brings 40. Everybody in a state gets a catalogue for 4. After state 1, 30 % buy in
# the next period, after state 2, 20 %. The discount is 20 %. The value of a state is what it brings now, and the
# discounted value of the state that comes next. So the two values hang on one another: we begin with zero and repeat
# until nothing moves. **Before you run the next cell:** is a customer of state 2 worth a catalogue?

# %% tags=["nbval-check-output"]
from crmlib import migration_value

one = two = 0.0
for _ in range(100):
    one, two = 40 - 4 + (0.30 * one + 0.70 * two) / 1.20, -4 + 0.20 * one / 1.20
values = migration_value.recency_values([0.30, 0.20], margin=40, contact=4, discount=0.20)
print(f"by hand: {one:.3f} {two:.3f}")
print("crmlib: ", *values[:2].round(3))

# %% [markdown]
# Worth it: state 2 brings nothing now, but its chance of a return is worth more than the 4. Now four states, with
# chances of 30, 20, 15 and 5 %. A *rule* says after which state the catalogues stop (`contacts_until`; 0 sends none),
# and its `value` is that of a customer who has just bought. **Before you run the next cell:** more states, more chances
# of a return. Is it best to write to all four?

# %% tags=["nbval-check-output"]
chances = [0.30, 0.20, 0.15, 0.05]
values = migration_value.recency_values(chances, margin=40, contact=4, discount=0.20)
print("value of state 1 to 4, and of gone:", values.round(2).tolist())
rules = migration_value.stopping_rules(chances, margin=40, contact=4, discount=0.20)
best = rules[rules["best"]].iloc[0]
print(rules.round(2).to_string(index=False))

# %%
title = f"Stop after recency {best['contacts_until']}: writing to all four lowers the value"
ax = plots.stopping_values(rules, title=title)

# %% [markdown]
# For the business: the value of a state below zero is a list of addresses to leave out. Writing to fewer customers makes
# *each* customer worth more, because the cost of the last catalogue was in everybody's value.
#
# Look at the rule that stops after 1: there nobody comes back from silence. It is the retention model with a retention
# of 30 %: (40 − 4) · 1.2 / (1.2 − 0.3). So the lost-for-good model undervalues whoever may return, and the migration
# model with every state in it can do so too, by paying for catalogues that nobody answers.

# %% [markdown]
# ## 7. Two shorter ways
#
# ### Events, one customer at a time
#
# The **customer-event method** (客户事件法) lists what will happen with one customer: orders, service, complaints,
# recommendations. Each has a period, a probability, a benefit and a cost.

# %%
events = pd.DataFrame({
    "event": ["order", "order", "service call", "complaint", "recommendation"],
    "period": [1, 2, 1, 2, 2],
    "probability": [0.80, 0.60, 0.50, 0.10, 0.20],
    "benefit": [200.0, 200, 0, 0, 150],
    "cost": [120.0, 120, 20, 60, 0],
})  # fmt: skip
events

# %% [markdown]
# What is expected of an event is its probability times benefit less cost; discounted by its period, it is its worth
# today. **Before you run the next cell:** which of the five is worth most?

# %% tags=["nbval-check-output"]
from crmlib import event_value

valued = event_value.event_values(events, discount=0.10)
by_hand = (0.80 * 80 - 0.50 * 20) / 1.1 + (0.60 * 80 - 0.10 * 60 + 0.20 * 150) / 1.1**2
print(valued[["event", "period", "expected", "present_value"]].round(2).to_string(index=False))
print(f"by hand: {by_hand:.2f}; crmlib: {event_value.event_value(events, discount=0.10):.2f}")

bolder = events.assign(probability=events["probability"].replace(0.20, 0.40))
print(f"with a recommendation of 40 % instead of 20 %: {event_value.event_value(bolder, discount=0.10):.2f}")

# %% [markdown]
# It sees what no model of purchases sees: the call, the complaint, the recommendation. It rests on five judgements, and
# the last line shows what one of them can do. It suits a few large customers whom somebody knows well.
#
# ### A curve through many
#
# The **fitting method** (拟合法) takes customers whose life is over or long known, averages their profit by period, lays
# a curve through it and extends it. **Before you run the next cell:** four shapes of curve, eight periods of data. In
# period 8, the next one, how far will they be apart; and five periods on, in period 12?

# %% tags=["nbval-check-output"]
import numpy as np

from crmlib import profit_curve

history = pd.DataFrame({"period": range(8), "profit": [2.0, 5, 12, 24, 38, 48, 54, 57]})
shapes = profit_curve.compare_shapes(history)
print(shapes[["shape", "rmse", "next_profit", "ahead_profit", "chosen"]].round(1).to_string(index=False))
curve = profit_curve.fit_profit_curve(history)
slope, start = np.polyfit(history["period"], history["profit"], 1)
print(f"by hand, a straight line in period 8: {start + slope * 8:.1f}")
print(f"{curve.shape}: periods 8 to 12 are worth {curve.value(8, 12, discount=0.10):.2f} today")

# %% [markdown]
# Where there is data the shapes are close to one another; where there is none they part (`ahead_profit`). The data
# chooses the curve (`rmse` is how far it lies off the data), and still does not vouch for the years to come. Nor does
# it say whether the customers of today are like those of whom the curve was made.

# %% [markdown]
# ## 8. Narrow and broad
#
# Some texts count in the CLV only what is still to come: **narrow** value (狭义). Others add what the customer has
# brought already: **broad** value (广义), with interest, because money of last year could have earned some. By hand: a
# customer brought 100 a year ago and 100 today, and 80 are expected. **Before you run the next cell:** what are narrow
# and broad value, at 10 %?

# %% tags=["nbval-check-output"]
dates = pd.to_datetime(["2023-12-31", "2024-12-30"])
paid = pd.DataFrame({"customer": "a", "date": dates, "amount": 100.0})
past = retention_value.past_values(paid, as_of="2024-12-30", annual_discount=0.10)["past_value"][0]
print(f"by hand: narrow {80:.2f}, broad {100 * 1.10 + 100 + 80:.2f}")
narrow, broad = (retention_value.lifetime_value(past, 80.0, scope=scope) for scope in ("narrow", "broad"))
print(f"crmlib:  narrow {narrow:.2f}, broad {broad:.2f}")

# %% [markdown]
# The two rank customers differently, and they answer different questions. Nothing that you do now changes the past, so
# that a decision about money to be spent looks at the **narrow** value. The broad one says who has been good to us.

# %% [markdown]
# ## 9. Five points of retention
#
# "Keep 5 % more of your customers, and profit rises by 25 to 85 %." It comes from Reichheld and Sasser (1990), and it is
# quoted everywhere. What they computed was the *value of one customer's profit stream*, in nine industries, if
# retention rose by five **percentage points**. It is not the profit of the firm, and it is a calculation: it does not
# follow firms that raised their retention.
#
# We can do the calculation. **Before you run the next cell:** retention rises from 80 % to 85 %. Is that 25 %?

# %% tags=["nbval-check-output"]
before, after = (100 * 1.1 / (1.1 - rate) for rate in (0.80, 0.85))
print(f"by hand: {before:.2f} -> {after:.2f}, a rise of {percent(after / before - 1)}")
print(f"crmlib:  {percent(retention_value.lift(0.80, points=0.05, discount=0.10))}")
print(f"five per cent of 80 % are four points, and make {percent(retention_value.lift(0.80, points=0.80 * 0.05))}")

# %% [markdown]
# Points and per cent are two things, and the claim is often quoted with the wrong one. Now more cases: from which
# retention do the five points start, and do margins grow with the years a customer stays (`growth`)?
#
# **Before you run the next cell:** from which retention on will five points make 25 %, if margins do not grow? The last
# column says which part of all who leave the five points are.

# %% tags=["nbval-check-output"]
from textwrap import fill

from crmlib.explore_value import claim_says

bases = [points / 100 for points in range(50, 96, 5)]
lifts = retention_value.lifts(bases, growth=[0.0, 0.05, 0.09], discount=0.10)
wide = lifts.pivot(index="retention", columns="growth", values="lift")
print(wide.assign(share_of_all_defections=0.05 / (1 - wide.index)).round(2).to_string())
print(fill(claim_says(lifts), 88))

# %%
title = "25 % needs high retention; 85 % needs margins that grow as well"
ax = plots.lift_curves(lifts, title=title)

# %% [markdown]
# For the business: at a retention of 75 % and below, none of the three lines reaches even 25 %. And read the last column
# of the table: at 90 %, five points are *half* of all who leave. What it costs to halve them is not in the formula. So
# find out at which retention 25 % and 85 % begin. **Before you run the next cell:** can a constant margin reach 85 % at
# all?

# %% tags=["nbval-check-output"]
from crmlib import DataError

for wanted, growth in ((0.25, 0.0), (0.85, 0.0), (0.85, 0.09)):
    try:
        base = retention_value.retention_for_lift(wanted, growth=growth)
        print(f"{percent(wanted, 0)}, margins growing by {percent(growth, 0)} a year: from a retention of {percent(base)} on")
    except DataError as error:
        print(fill(str(error), 88))

# %% [markdown]
# The claim as stated, for any firm, did not hold. As a calculation for firms that keep nearly all customers, whose
# customers bring more each year, and who look far ahead, it does.

# %% [markdown]
# ## 10. What a lost customer costs
#
# The **cost of defection** (流失成本) is the value that was still to come: customers who left, times the narrow value of
# each. Which timing? Somebody cancels on the day on which the next payment is due. Had they stayed, they would have paid
# today, and perhaps again and again: that is `now`. (The day before, when nobody knew who would leave, each had
# `renewal` at stake.) An attempt to win somebody back may cost at most
#
# > (chance with the attempt − chance without it) × value
#
# **Before you run the next cell:** 120 subscribers left, each worth 366.67. With an offer 25 % come back, without it
# 15 %. How much may the offer cost for one?

# %% tags=["nbval-check-output"]
from crmlib import defection_value

print(f"lost with 120 customers: {defection_value.lost_value(120, value=366.67):,.2f}")
print(f"by hand: {(0.25 - 0.15) * 366.67:.2f}")
ceiling = defection_value.win_back_ceiling(366.67, success=0.25, without=0.15)
print(f"crmlib:  {ceiling:.2f}; who forgets the 15 % would pay up to {0.25 * 366.67:.2f}")

# %% [markdown]
# What it once cost to win them is spent, whatever you do now: it belongs into no ceiling. Two answers to a customer in
# decline stand in the textbooks, **invest more** (加大投入) or **let go** (放弃). Which, is arithmetic. **Before you run
# the next cell:** an attempt costs 30. In whom of the three do you invest?

# %% tags=["nbval-check-output"]
declining = pd.DataFrame({"customer": ["a", "b", "c"], "value": [400.0, 90, 400], "success": [0.30, 0.30, 0.90]})
declining["without"] = [0.05, 0.05, 0.85]  # c would stay anyway
answered = defection_value.decline_responses(declining, cost=30, without="without")
print(answered[["customer", "ceiling", "expected_gain", "response"]].round(2).to_string(index=False))

# %% [markdown]
# c has the best chance and is not worth the money, because there is nothing to win. And a customer brings more than
# payments: whom they recommend us to. **Before you run the next cell:** somebody tells 4 people, one in ten of them
# becomes a customer because of it, worth 366.67, and we thank with 20. What is it worth?

# %% tags=["nbval-check-output"]
worth = defection_value.referral_value(4, conversion=0.10, value=366.67, reward=20)
print(f"by hand: {4 * 0.10 * (366.67 - 20):.2f}; crmlib: {worth:.2f}")

# %% [markdown]
# "Because of it" is the hard part. Who would have come anyway is counted twice otherwise, here and in their own value.

# %% [markdown]
# ## 11. A log, in four quarters
#
# Now the log named at the top. If you left it as it was, it is [CDNOW](../datasets/cdnow/README.md), a shop for music.
# Two numbers for each customer: what they **have brought** (`past_value`, with interest) and what they are **expected to
# bring** in the next year (`clv`). The second comes from a model of purchases that the next lesson, *What is a customer
# worth: in a log*, opens; here we take it as it is. A log knows neither margin nor cost, so the next cell *assumes* both,
# and takes the cost off. Customers with refunds only are left out.

# %%
from crmlib import datasets
from crmlib.customers import until
from crmlib.explore_value import worth_by_model
from crmlib.wording import count, money

MARGIN, SERVE = 0.30, 0.25  # assumed: profit of a payment; cost of a customer a year, in margins of a mean order

log = datasets.admit_log(DATA, **OPTIONS)
as_of = AS_OF or f"{log.transactions['date'].max():%Y-%m-%d}"
worth = worth_by_model(until(log.transactions, as_of), as_of=as_of, margin=MARGIN, serve=SERVE)
if worth.table is None:  # a log without repeat purchases, for instance
    print(fill(f"{worth.said} From here on cdnow_sample is read.", 88))
    tx, as_of, CURRENCY = datasets.load("cdnow_sample"), "1998-06-30", "$"
    worth = worth_by_model(tx, as_of=as_of, margin=MARGIN, serve=SERVE)

# %% [markdown]
# **Before you run the next cell:** most customers of a shop have bought once. Will the *median* customer bring more in
# the next year than they cost?

# %% tags=["nbval-check-output"]
table = worth.table
print(f"{count(len(table), 'customer')} up to {as_of}; an order leaves {money(worth.order_margin, CURRENCY)}")
print(table[["past_value", "clv"]].describe().loc[["min", "50%", "mean", "max"]].round(2).to_string())
below = (table["past_value"] + table["clv"] < 0).mean()
print(f"below zero, past and next year together: {percent(below)}")

# %% [markdown]
# Peppers and Rogers look at the last line first: whoever is **below zero** (BZ, 负值型) has cost more than they will
# bring. The others are high or low on each axis:
#
# | | future low | future high |
# |---|---|---|
# | **past high** | maintain 维持型 | MVC 贵宾型, most valuable customers |
# | **past low** | abandon 放弃型 | MGC 改进型, most growable customers |
#
# Where is "high"? The course from which the names come gives no cuts. A usual choice is the median of those who are not
# below zero. **Before you run the next cell:** can a customer be called most valuable and still make a loss?

# %% tags=["nbval-check-output"]
from crmlib import value_matrix
from crmlib.explore_value import medians_say

by_median = value_matrix.value_types(table)
print(value_matrix.cuts(table)[["axis", "cut"]].round(2).to_string(index=False))
print(fill(medians_say(by_median), 88))

# %% [markdown]
# A median makes half of the customers "high", whatever they are worth: it compares them with one another, and not with
# what they cost. So cut by the business. High in the past: they have left at least what one mean order leaves. High in
# the future: they are expected to cover their cost, so the cut is 0. **Before you run the next cell:** which of the five
# groups will hold most of the customers, and which most of the future?

# %% tags=["nbval-check-output"]
cut = {"current_cut": worth.order_margin, "future_cut": 0.0}
typed = value_matrix.value_types(table, **cut)
summary = value_matrix.summary(typed)
print(summary.drop(columns=["share_of_past_value", "share_of_clv"]).round(2).to_string(index=False))

# %%
best = summary.set_index("value_type").loc["MVC"]
others = money(table["clv"].sum() - best["clv"], CURRENCY, 0)
brings = f"{money(best['clv'], CURRENCY, 0)} expected next year; the others {others}"
title = f"MVC: {percent(best['share_of_customers'])}, {brings}"
ax = plots.value_scatter(typed, value_matrix.cuts(table, **cut), currency=CURRENCY, title=title)

# %% [markdown]
# For the business: each group has its question. MVC: what would we lose with them, and do they get our best service?
# MGC: what would make them buy more of it from us? Maintain: keep them at little cost. Abandon and below zero: serve
# them more cheaply, by self-service or fewer catalogues, before anybody is turned away. Customers near a line are called
# one thing today and another next month; look at them before you act.
#
# Three cautions. Some names may have nobody: that is a result, and no fault. The one-year horizon is ours, and a longer
# one raises the future of the loyal. And "most growable" needs what *else* the customer spends elsewhere, which no log
# of one shop shows.

# %% [markdown]
# ## 12. What follows?
#
# The shop doubles its service: everybody costs twice as much a year from now on, and it hopes that customers buy more.
# **Before you run the next cell:** nobody buys more in the first year. How many are above their cost then?

# %% tags=["nbval-check-output"]
yearly = SERVE * worth.order_margin  # what a customer costs a year
now, doubled = (table["clv"] >= 0).mean(), (table["clv"] - yearly >= 0).mean()
needed = yearly * len(table) / MARGIN
print(f"expected to cover their cost: {percent(now)} of the customers now, {percent(doubled)} then")
print(f"to pay for itself, revenue must rise by {money(needed, CURRENCY, 0)} a year")

# %% [markdown]
# A cost for everybody is paid for all, and answered by few. What the quarters are good for is to spend it where there is
# something to win or to lose; and a test, some customers with and some without by lot, says if they answer.

# %% [markdown]
# ## Recap
#
# 1. **Six rows:** margin, times the chance to be there, over the discount, added up. It is a mean, and no promise.
# 2. **Timing:** `now` for a new customer, `renewal` for what is at stake in one who has paid, `arrears` for payment at
#    the end. All rates belong to one period.
# 3. **Retention rises with tenure** because the fickle leave first. sBG projects that; a constant rate does not.
# 4. **Coming back:** recency states and a chance to return. A state with a value below zero is not written to, and that
#    raises the value of all.
# 5. **Events** rest on judgement, and see what no log sees; a **fitted curve** rests on its shape where there is no data.
# 6. **Narrow** is the future, broad adds the past; decisions look at the narrow. **Five points** make 25 % only where
#    retention is high, and 85 % only if margins grow too.
# 7. **Defection** costs the value to come. A ceiling counts only whom the attempt *changes*, and no sunk cost. A
#    recommendation counts who came because of it.
# 8. **Quarters:** below zero first; then cuts that the business can name, because a median can call a loss most
#    valuable.
#
# **Now you:** `uv run crm start worth_on_paper` puts your copy of the [workbook](../exercises/42_worth_on_paper.ipynb)
# into `work/`. It checks each answer at once.
