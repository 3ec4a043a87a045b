# %% [markdown]
# # What is a customer worth: in a log
#
# **After this lesson you can**
#
# 1. tell `t_x` from the recency of RFM, and say from a silence who is probably still there;
# 2. tell the story of BG/NBD with a die and a coin, and compute P(alive) by hand;
# 3. fit it to a log, and say what its four parameters mean and how sure they are;
# 4. see whether it fits, by frequency and over time;
# 5. test a forecast on days it has not seen, against rules of thumb that need no model;
# 6. estimate what a purchase will bring, and say why it is not what the customer spent so far;
# 7. give each customer and all of them together a value, discounted day by day, with an interval;
# 8. choose between models and methods, and say what the choice cannot rest on.
#
# - **Time:** 90 minutes
# - **Builds on:** [What is a customer worth: on paper](42_worth_on_paper.ipynb): retention, discount, the value of a stream
# - **Workbook:** [eight questions](../exercises/45_worth_in_a_log.ipynb); `uv run crm start worth_in_a_log` makes you a
#   copy
#
# Where it says **before you run the next cell**, write your guess down first. The next cell says which log is read.

# %% tags=["parameters"]
DATA = "cdnow"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "$"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# ## 1. Who is still there?
#
# On paper a customer has a retention rate. A log of purchases has none: nobody says goodbye, and whoever is silent may
# be gone or may come tomorrow. So the question becomes: **how probable is it that this customer still buys at all?**
# That is called P(alive), and it is about buying here, not about life.
#
# Six invented customers, all first seen 100 days ago. Three columns of the customer table are all we shall need:
#
# | column | what it is |
# |---|---|
# | `x` | repeat purchases: days with a purchase after the first one |
# | `t_x` | days from the first purchase to the last |
# | `T` | days from the first purchase to today |
#
# Mind `t_x`. The papers call it recency, and it is **not** the recency of RFM: that one is `T` - `t_x`, the silence. A
# large `t_x` is good, a large silence is bad.

# %%
import pandas as pd

six = pd.DataFrame({"customer": list("PQRSTU"), "x": [0, 2, 2, 8, 8, 2], "t_x": [0, 90, 20, 90, 20, 60], "T": 100})
six["silence"] = six["T"] - six["t_x"]
six

# %% [markdown]
# R bought twice again and T eight times, both within 20 days; then both were silent for 80. **Before you run the next
# cell:** which of the two is more probably still there? Compare the silence with the days from one purchase to the
# next.

# %% tags=["nbval-check-output"]
six["days_a_purchase"] = six["t_x"] / six["x"].where(six["x"] > 0)
six["silence_in_gaps"] = six["silence"] / six["days_a_purchase"]
shown = six[["customer", "x", "silence", "days_a_purchase", "silence_in_gaps"]]
print(shown.round(2).to_string(index=False, na_rep="-"))

# %% [markdown]
# For R the silence is 8 times as long as a usual gap, for T 32 times. So T is the more certainly gone, **because** T
# bought more. The papers call it the increasing frequency paradox: with equal silence more purchases can mean less hope.
# Yet of Q and S, who bought lately, S is the better customer. No score that adds points for recency and frequency says
# both.

# %% [markdown]
# ## 2. A die and a coin
#
# BG/NBD is a story in two parts. **Every day a living customer rolls a die**, and buys when it shows the right face.
# **After every repeat purchase the customer tosses a coin**, and on tails never comes back. We see the purchases, and
# neither the die nor the coin.
#
# By hand: a die with ten faces of which one means "buy", and a coin that comes down tails one time in four. A customer
# has just bought again, and is then silent for some days. Two things may have happened:
#
# - tails, and gone: chance 1/4, and silence is certain;
# - heads, and every day the wrong face: chance 3/4 times 9/10 for each day.
#
# P(alive) is the second, as a part of both. **Before you run the next cell:** after how many days is it below one half?

# %% tags=["nbval-check-output"]
import math

from crmlib import BGNBD

silent = pd.DataFrame({"days": [0, 5, 10, 20, 40]})
waiting = 3 / 4 * (9 / 10) ** silent["days"]
silent["by_hand"] = waiting / (waiting + 1 / 4)
many = 1e7  # everybody has the same die and the same coin
alike = BGNBD(r=-math.log(9 / 10) * many, alpha=many, a=1 / 4 * many, b=3 / 4 * many)
silent["crmlib"] = alike.p_alive(pd.DataFrame({"x": 1.0, "t_x": 10.0, "T": 10.0 + silent["days"]}))
print(silent.round(3).to_string(index=False))

# %% [markdown]
# Real customers have different dice and different coins. The model has two more ideas, and four numbers for them:
#
# - dice differ: the rates of buying follow a gamma distribution with `r` and `alpha`, `r / alpha` a day on average;
# - coins differ: the chances to stop follow a beta distribution with `a` and `b`, `a / (a + b)` on average.
#
# Then P(alive) of a customer whose die and coin we do not know is
#
# 1 / (1 + a / (b + x - 1) × ((alpha + T) / (alpha + t_x)) ^ (r + x)), and 1 for x = 0.
#
# Try it on the six, with four numbers that its authors published for a shop (in weeks there, in days here). **Before
# you run the next cell:** order R, T and U by P(alive). And which of the six gets a 1?

# %% tags=["nbval-check-output"]
paper = BGNBD(r=0.243, alpha=30.9, a=0.793, b=2.426)

x, growth = six["x"], (paper.alpha + six["T"]) / (paper.alpha + six["t_x"])
odds = paper.a / (paper.b + x - 1) * growth ** (paper.r + x)
six["by_hand"] = (1 / (1 + odds)).where(x > 0, 1.0)
six["p_alive"] = paper.p_alive(six)
six["next_90_days"] = paper.expected_purchases(six, horizon=90)
print(six[["customer", "x", "t_x", "by_hand", "p_alive", "next_90_days"]].round(3).to_string(index=False))

# %% [markdown]
# P, who never bought again, gets a 1: in this story the coin is only tossed after a *repeat* purchase. So a 1 of a
# one-time buyer is no good news, it is a blind spot; `next_90_days` shows how little is expected of P. Section 9 has
# models without the blind spot.
#
# The last column is what the forecast needs: P(alive) times what a living customer like this one will buy.
#
# One customer day by day: purchases on days 0, 12, 40, 44, 70 and 160. **Before you run the next cell:** draw the curve
# of P(alive). When does it fall fastest?

# %%
from crmlib import model_tables, plots
from crmlib.wording import count, money, percent

history = model_tables.alive_over_time([0, 12, 40, 44, 70, 160], paper, until=300)
lowest = history.loc[history["p_alive"].idxmin()]
title = f"Down to {percent(lowest['p_alive'], 0)} on day {lowest['day']:.0f}; a purchase takes nearly all doubt away"
ax = plots.alive_over_time(history, title=title)

# %% [markdown]
# For the business: with every silent day the doubt grows, and the more purchases there were before, the faster. A
# reminder belongs where the curve bends down, not where it has arrived. (The first repeat purchase *lowers* it: until
# then no coin had been tossed.)
#
# All customers at once, by `x` and `t_x`, each first seen 300 days ago. **Before you run the next cell:** in the column
# for the shortest `t_x`, does P(alive) rise or fall as `x` grows?

# %%
matrix = model_tables.frequency_recency(paper, T=300, horizon=90)
title = "Top right the best, top left the most certainly gone"
ax = plots.frequency_recency(matrix, title=title)

# %% [markdown]
# For the business: read a column upwards. On the right more purchases mean more hope, on the left less. Customers of
# the upper left are a list for a farewell, not for a voucher.

# %% [markdown]
# ## 3. Turn the knobs
#
# Run the next cell and turn the three knobs. (Without a running kernel you see one position of them.)
#
# - Leave the silence and raise `x`. Does hope rise or fall? Now shorten the silence, and raise `x` again.
# - Set `x` to 0. Why does no silence change P(alive)? What happens to the purchases that are expected?
# - For which silence is a customer with one repeat purchase below one half?

# %%
from ipywidgets import IntSlider, fixed, interact

from crmlib.explore_forecasts import knobs

x = IntSlider(value=6, min=0, max=20, description="x", continuous_update=False)
silent = IntSlider(value=60, min=0, max=360, step=5, description="silent", continuous_update=False)
seen = IntSlider(value=200, min=30, max=720, step=10, description="T", continuous_update=False)
_ = interact(knobs, model=fixed(paper), x=x, silent=silent, seen=seen)

# %% [markdown]
# For the business: where the two lines cross, the number of purchases changes its meaning. Left of it the frequent
# buyer is the better bet, right of it the rare one.

# %% [markdown]
# ## 4. Fit it to a log
#
# Now the log named at the top. If you left it as it was, it is [CDNOW](../datasets/cdnow/README.md), a shop for music.
# We cut it in halves. The model sees the first; the second is kept back for the test.

# %% tags=["nbval-check-output"]
from textwrap import fill

from crmlib import datasets
from crmlib.customers import until
from crmlib.explore_forecasts import past_of

log = datasets.admit_log(DATA, **OPTIONS)
as_of = AS_OF or f"{log.transactions['date'].max():%Y-%m-%d}"
tx = until(log.transactions, as_of)
past = past_of(tx, as_of=as_of)
if past.missing:  # a log without a second purchase, or of a few days, cannot carry the rest
    print(fill(f"{past.missing} From here on cdnow_sample is read.", 88))
    tx, CURRENCY, as_of = datasets.load("cdnow_sample"), "$", "1998-06-30"
    past = past_of(tx, as_of=as_of)
print(f"{count(len(past.customers), 'customer')} by {past.split}; the test goes on to {as_of}")

# %% [markdown]
# Fitting means: which four numbers make the histories of these customers most probable? **Before you run the next
# cell:** how many repeat purchases a year does a living customer of this log make on average? And is half of them above
# or below the average?

# %% tags=["nbval-check-output"]
from crmlib.explore_forecasts import parameters_said

model = past.model
print({name: round(number, 3) for name, number in vars(model).items()})
print(fill(parameters_said(model), 88))

# %% [markdown]
# `alpha` carries the unit of time: in weeks it would be a seventh. The others have no unit. Compare parameters only
# where the unit is the same.
#
# How sure are they? With other customers of the same kind we would have got other numbers. The curvature of the
# likelihood tells how much others: flat means unsure. **Before you run the next cell:** which is less sure, the rate of
# buying (`r`, `alpha`) or the coin (`a`, `b`)? Think of what we see, and what we never see.

# %%
from crmlib.explore_forecasts import attempt
from crmlib.uncertainty import uncertainty

sure = attempt(lambda: uncertainty(past.customers, model).intervals())
if sure.missing:
    print(fill(f"This log gives no standard errors. {sure.missing}", 88))
else:
    wide = (sure.found["high"] / sure.found["low"]).set_axis(sure.found["parameter"])
    title = f"Surest is {wide.idxmin()}, least sure {wide.idxmax()} (95 % intervals)"
    ax = plots.parameter_intervals(sure.found, title=title)

# %% [markdown]
# For the business: purchases are seen, departures are not, so what the model says of leaving rests on less. And the
# interval only knows that customers were few. It does not know whether the story is true. That is the next question.

# %% [markdown]
# ## 5. Does it fit?
#
# **By frequency.** The model says how many customers should have no repeat purchase by now, how many one, and so on.
# **Before you run the next cell:** four numbers against all those bars: will they be near?

# %%
from crmlib import diagnostics

found = diagnostics.by_frequency(past.customers, model)
title = f"{count(int(found['customers'][0]), 'customer')} without a repeat purchase, {found['expected'][0]:,.0f} expected"
ax = plots.purchases_by_frequency(found, title=title)

# %% [markdown]
# For the business: begin with the bar of those who have not come back. Where it is the tallest, a model that has it wrong
# has the base wrong, however well it knows the regulars.

# %% tags=["nbval-check-output"]
from crmlib.explore_forecasts import fit_said

print(fill(fit_said(found), 88))

# %% [markdown]
# **Over time.** The same model says how many repeat purchases each week should bring. It was fitted to the first half;
# behind the broken line it goes on alone. **Before you run the next cell:** will the curve follow the peaks of single
# weeks?

# %%
tracked = diagnostics.tracking(tx, model, as_of=as_of)
start = tx.loc[tx["amount"] >= 0, "date"].min()
weeks = int(((pd.Timestamp(past.split) - start).days + 1) // 7)  # whole weeks that the fit has seen
peak = tracked.loc[tracked["actual"].idxmax()]
title = f"Most repeat purchases in week {peak['period']:.0f}: {peak['actual']:,.0f}, {peak['expected']:,.0f} expected"
ax = plots.tracking_curves(tracked, fitted_to=weeks, title=title)

# %% [markdown]
# For the business: the model knows neither Christmas nor your campaigns. It draws the line that they stand out from,
# and that is a use of its own.
#
# Summed up, peaks and troughs even out. **Before you run the next cell:** at the end, will the model be above or below
# what came?

# %%
ending = tracked.iloc[-1]
title = f"By week {ending['period']:.0f}: {ending['actual_so_far']:,.0f} came, {ending['expected_so_far']:,.0f} expected"
ax = plots.tracking_curves(tracked, so_far=True, fitted_to=weeks, title=title)

# %% [markdown]
# For the business: a plan for the year hangs on this curve and not on the weekly one. Look where the two part: a
# gap before the broken line says that the model does not fit, a gap behind it that the times have changed.

# %% tags=["nbval-check-output"]
from crmlib.explore_forecasts import tracking_said

print(fill(tracking_said(tracked, fitted_to=weeks), 88))

# %% [markdown]
# ## 6. The only test that counts
#
# A model that fits the past has shown that it can bend. The test is the second half, customer by customer, and it needs
# an opponent: rules that anybody can apply without a model.
#
# | rule of thumb | what it expects of a customer |
# |---|---|
# | same again | as much as in as many days before the split |
# | own rate | `x / T` a day, as so far |
# | own rate, quiet 0 | the same, but nothing of whoever was silent for more than 180 days |
# | mean | of everybody the same |
#
# **Before you run the next cell:** two jobs. Who forecasts the sum best, and who finds most of the best tenth of the
# customers: the model, or one of the rules?

# %% tags=["nbval-check-output"]
from crmlib.explore_forecasts import held_out

test = held_out(tx, split=past.split, as_of=as_of)
if test.missing:  # nobody came back, or spend cannot be learnt: sections 6 to 10 need both
    print(fill(f"{test.missing} From here on cdnow_sample is read.", 88))
    tx, CURRENCY, as_of = datasets.load("cdnow_sample"), "$", "1998-06-30"
    past = past_of(tx, as_of=as_of)
    model, test = past.model, held_out(tx, split=past.split, as_of=as_of)
if test.notice:
    print(fill(test.notice, 88))
shown = test.holdout.methods[["method", "measure", "error", "mae", "rmse", "correlation", "found"]]
print(shown.round(2).replace(-0.0, 0.0).to_string(index=False, na_rep="-"))

# %% [markdown]
# `error` is of the sum, above or below what came; `mae` and `rmse` are how far off a customer is, in purchases or in
# money; `found` is the share of the best tenth, by what came, that is among as many by the forecast.

# %%
revenue = test.holdout.methods.query("measure == 'revenue'").reset_index(drop=True)
least = revenue["error"].abs().idxmin()
title = f"The sum of the revenue: nearest is {revenue['method'][least].replace('BGNBD', 'BG/NBD')}"
ax = plots.forecast_errors(test.holdout.methods, title=title)

# %% [markdown]
# For the business: a budget hangs on the bars. A rule that takes everybody for alive promises too much wherever some
# have left. An invitation hangs on the numbers on the right: look at them before you pay for a model to choose guests.

# %% tags=["nbval-check-output"]
from crmlib.explore_forecasts import forecast_said, found_said

for measure in ("purchases", "revenue"):
    print(fill(forecast_said(test.holdout.methods, measure), 88))
    print(fill(found_said(test.holdout.methods, measure), 88))

# %% [markdown]
# The best of four rules was chosen after the fact, which is hard on the model: before the test nobody knew which rule
# it would be. It is still the right opponent: Wübben and von Wangenheim (2008) found that simple rules of managers often
# do as well as such models at telling who is active.
#
# By frequency, as the papers show it. **Before you run the next cell:** of whom will the model expect too little: of
# those with no repeat purchase, or of those with many?

# %%
by_x = test.holdout.by_x
off = by_x["expected"] - by_x["actual"]
worst = by_x["x"][off.abs().idxmax()]
title = f"Furthest apart at x = {worst}: {by_x['actual'][off.abs().idxmax()]:.2f} came a customer"
ax = plots.holdout_by_x(by_x, title=title)

# %% [markdown]
# For the business: if all points lie below the bars the level is off, as it is after a campaign or before Christmas. If
# they cross, the model mistakes who is who, and that is worse.

# %% [markdown]
# ## 7. How much a purchase will bring
#
# A second model is for money. By hand: in a shop where a purchase brings 30 on average, V bought again once, for 200. W
# bought again ten times, for 200 each time. **Before you run the next cell:** what will the *next* purchase of each
# bring?

# %% tags=["nbval-check-output"]
from crmlib import GammaGamma

guess = GammaGamma(p=4.0, q=4.0, gamma=22.5)  # mean 4 * 22.5 / (4 - 1) = 30
vw = pd.DataFrame({"customer": ["V", "W"], "x": [1, 10], "mean_repeat_value": [200.0, 200.0]})
own = guess.p * vw["x"] / (guess.p * vw["x"] + guess.q - 1)  # how much the own mean weighs
vw["own_weight"], vw["by_hand"] = own, own * vw["mean_repeat_value"] + (1 - own) * 30
vw["crmlib"] = guess.expected_value(vw)
print(vw.round(2).to_string(index=False))

# %% [markdown]
# Both spent 200, and less is expected of both, of V much less: one purchase says little, and most of what is far from
# the mean once was luck. This is **regression to the mean**, and the model (Gamma-Gamma) weighs the own mean by the
# number of purchases behind it. `mean_repeat_value` leaves out the first purchase, which is often unlike the others.
#
# On the log it can be tested. Take the repeat buyers of the first half in thirds by what they spent a purchase.
# **Before you run the next cell:** what did the highest third spend a purchase in the *second* half: more, the same, or
# less than before?

# %% tags=["nbval-check-output"]
from crmlib.explore_forecasts import spend_again

thirds = spend_again(tx, past.customers, test.holdout.spend_model, split=past.split, as_of=as_of)
print(thirds.round(2).to_string(index=False) if len(thirds) else "None of them bought in the second half.")
doubt = ((thirds["after"] - thirds["expected"]).abs() < (thirds["after"] - thirds["before"]).abs()).sum()
print(f"What came was nearer to 'expected' than to 'before' in {doubt} of {count(len(thirds), 'third')}.")

# %% [markdown]
# `before` is what they had spent, `expected` what the model makes of it, `after` what came. Where `after` is nearer to
# `expected`, the model was right to doubt: part of what sorted these customers was luck, and luck does not come again.
#
# One assumption has to be looked at: that **how often and how much are unrelated**. If big spenders came more often, the
# product of two averages would be too small for them. **Before you run the next cell:** what would you expect of a shop?

# %% tags=["nbval-check-output"]
from crmlib.explore_forecasts import spend_said

print(fill(spend_said(test.customers), 88))

# %% [markdown]
# ## 8. What a customer is worth
#
# The test is over, so both models are fitted again, now to the whole log. **CLV** is then, for each customer, the
# purchases expected on each day to come, times what one brings, discounted from that day. By hand for one customer,
# over ten days at 10 % a year: a day's discount is 1.10 to the power of 1/365, not a twelfth of anything. **Before you
# run the next cell:** does the discount matter over ten days?

# %% tags=["nbval-check-output"]
from crmlib.clv import clv

one = test.customers.query("x > 0").sort_values(["x", "customer"]).tail(1)
upto = test.purchases.expected_purchases(one, horizon=list(range(11)))[0]  # by day 0, 1, ... 10
each_day = upto[1:] - upto[:-1]
value = test.spend.expected_value(one)[0]
by_hand = sum(each_day[day - 1] * value * 1.10 ** (-day / 365) for day in range(1, 11))
print(f"by hand {by_hand:.2f}, undiscounted {upto[10] * value:.2f}")
print(f"crmlib  {clv(one, test.purchases, test.spend, horizon=10, annual_discount=0.10)[0]:.2f}")

# %% [markdown]
# It is revenue. Multiply by your margin to get profit; a log does not know it.
#
# Now all customers, over a year. **Before you run the next cell:** which share of the value of the whole base is held
# by the best tenth?

# %% tags=["nbval-check-output"]
HORIZON, DISCOUNT = 365, 0.10  # days, and a year; yours may be others

values = clv(test.customers, test.purchases, test.spend, horizon=HORIZON, annual_discount=DISCOUNT)
worth = test.customers.assign(clv=values)
best = worth["clv"].nlargest(max(1, len(worth) // 10)).sum() / worth["clv"].sum()
print(f"{count(len(worth), 'customer')}, {money(worth['clv'].sum(), CURRENCY, 0)} in the next {HORIZON} days")
print(f"the mean is {money(worth['clv'].mean(), CURRENCY)}, the median {money(worth['clv'].median(), CURRENCY)}")
print(f"the best tenth holds {percent(best)}")

# %% [markdown]
# Mind who these are: everybody who ever bought, long gone or not. So the mean is no limit for what a *new* customer may
# cost, and where it lies far above the median, few customers hold it up.
#
# How sure is the sum? The interval comes from the parameters of both models (the delta method). **Before you run the
# next cell:** is the interval wider or narrower than the error you saw in the test of section 6?

# %% tags=["nbval-check-output"]
from functools import partial

each = partial(clv, test.customers, horizon=HORIZON, annual_discount=DISCOUNT)  # of any two models
sure = attempt(lambda: uncertainty(test.customers, test.purchases, test.spend))
ends = sure if sure.missing else attempt(lambda: sure.found.interval_of(lambda *models: each(*models).sum()))
if ends.missing:
    print(fill(f"This log gives no interval. {ends.missing}", 88))
else:
    low, high = ends.found.loc[0, ["low", "high"]]
    half = (high - low) / 2 / ends.found["estimate"][0]
    print(f"95 % interval: {money(low, CURRENCY, 0)} to {money(high, CURRENCY, 0)}, about {percent(half)} either way")
    print(f"in the test the revenue was off by {percent(abs(test.holdout.revenue_error) / 100)}")

# %% [markdown]
# The interval says how far the value moves if only chance picked other customers *and the story is true*. The test
# says how wrong the story was. Show both, and plan with the larger one.
#
# Where is the value? Customers of the same `T` and the same spend, by `x` and `t_x`; each curve joins those of equal
# value. **Before you run the next cell:** can a customer with *fewer* purchases be worth as much as one with many?

# %%
T = int(past.customers["T"].max())
options = {"T": T, "horizon": HORIZON, "annual_discount": DISCOUNT}
grid = attempt(lambda: model_tables.iso_values(test.purchases, test.spend, **options))
if grid.missing:
    print(fill(f"This log gives no curves. {grid.missing}", 88))
else:
    top = grid.found.loc[grid.found["value"].idxmax()]
    title = f"Seen for {T} days: the best is worth {money(top['value'], CURRENCY, 0)} in the next {HORIZON} days"
    ax = plots.iso_values(grid.found, currency=CURRENCY, title=title)

# %% [markdown]
# For the business: where a curve bends back, one more purchase long ago is worth less than none: the paradox of section
# 1 in money. A rule that pays a bonus for frequency alone pays it on the wrong side of the bend.

# %% [markdown]
# ## 9. Another model?
#
# BG/NBD gives every one-time buyer a P(alive) of 1. Two other models do not:
#
# - **MBG/NBD** tosses the coin after the *first* purchase as well;
# - **Pareto/NBD** has no coin: customers may stop at any moment, also between purchases.
#
# **Before you run the next cell:** they tell different stories of who is alive. Will their forecasts differ as much?

# %% tags=["nbval-check-output"]
from crmlib.explore_forecasts import models_compared

order = past.customers.merge(test.holdout.customers[["customer", "actual_purchases"]], on="customer", how="left")
days = (pd.Timestamp(as_of) - pd.Timestamp(past.split)).days
compared, unsettled = models_compared(past.customers, order["actual_purchases"].to_numpy(), horizon=days)
print(compared.round(2).to_string(index=False, na_rep="-"))
print("\n".join(fill(sentence, 88) for sentence in unsettled) or "All three settled.")

# %% [markdown]
# `alive_once` is P(alive) of those who bought once. There the stories differ most, and no log can say which is right:
# nobody sees the coin. What can be checked is `error` and `mae`. So use P(alive) to rank and to compare, never as the
# share that "is still a customer", and choose the model by the forecast that you need.
#
# ### The heaviest customers
#
# A few customers with very many purchases may be resellers, or two people with one number. **Before you run the next
# cell:** by how much do the parameters move without the ten heaviest?

# %% tags=["nbval-check-output"]
from crmlib.explore_forecasts import influence_said

heavy = attempt(lambda: diagnostics.influence(past.customers))
if heavy.missing:
    print(fill(f"This log is too small to leave customers out. {heavy.missing}", 88))
else:
    print(heavy.found.round(3).to_string(index=False, na_rep="-"))
    print(fill(influence_said(heavy.found), 88))

# %% [markdown]
# If a handful of customers move a parameter much, look at them one by one before you trust anything above.
#
# ### Chances once a period
#
# A purchase in a shop can come on any day. A donor is asked once a year, a member comes to the yearly meeting or does
# not. For such chances there is **BG/BB**: each period first the coin, then the die. The data set
# [donors](../datasets/donors/README.md) has it for people who were asked in six years. Beside it stands the same model
# without the coin. **Before you run the next cell:** can you tell the two stories apart by how many gave never, or every
# year?

# %% tags=["nbval-check-output"]
from crmlib import fit_beta_binomial, fit_bgbb

donors = datasets.load("donors", "histories")  # x, t_x, n, and in weight how many donors had this history
everybody = donors["weight"].sum()
never, always = (donors.loc[donors["x"] == times, "weight"].sum() for times in (0, 6))
print(f"{everybody:,} donors: {never:,} never gave again in six years, {always:,} in all six")
for name, fit in {"with a coin": fit_bgbb, "without": fit_beta_binomial}.items():
    fitted = fit(donors)
    none, six_times = everybody * fitted.pmf([0, 6], 6)
    likely = (fitted.log_likelihood(donors) * donors["weight"]).sum()
    print(f"{name}: {none:,.0f} and {six_times:,.0f} expected, log-likelihood {likely:,.0f}")

# %% [markdown]
# By these two counts one hardly can: each story bends until it has them. *When* donors fell silent tells them apart, and
# the log-likelihood knows it: the one nearer to 0 belongs to the story that fits better. Ask first how purchases *can*
# come in your trade, and choose the model by that.

# %% [markdown]
# ## 10. ABC, RFM or CLV?
#
# A Chinese course compares three ways to rank customers: RFM (最近、频率、金额) is easy, cheap and rough, ABC is in the
# middle, CLV (客户终身价值) is hard, costly and exact. Here each ranks the customers at the split, takes the best fifth,
# and waits for the second half. **Before you run the next cell:** which finds most of the customers who brought most?

# %% tags=["nbval-check-output"]
from crmlib.explore_forecasts import methods_said
from crmlib.method_comparison import compare_methods

three = attempt(lambda: compare_methods(tx, split=past.split, as_of=as_of))
if three.missing:
    print(fill(f"This log cannot compare them. {three.missing}", 88))
else:
    print(three.found.drop(columns="seconds").round(3).to_string(index=False, na_rep="-"))
    print(fill(methods_said(three.found), 88))

# %% [markdown]
# `needs` is the data, `estimated` how many numbers are learnt from it, `share_of_revenue` what the chosen fifth brought
# later. (`three.found["seconds"]` is the work on your machine.) "Chance" chooses blindly, "hindsight" cannot be beaten.
#
# What a ranking cannot give is an amount. Neither ABC nor RFM says what a customer may cost to win, what the base is
# worth, or what to expect next year. So the jobs decide:
#
# | job | what it takes |
# |---|---|
# | whom to invite, whom to visit | a ranking: the cheapest that finds as many |
# | what next year brings, what the base is worth | a model, and its error in a test |
# | what a new customer may cost | a value with a margin, and customers like the new ones |
# | whether a letter pays | none of these: a test with a group that gets none |

# %% [markdown]
# ## Recap
#
# 1. **`t_x`** is the age at the last purchase, the recency of RFM is the silence since. With equal silence, more
#    purchases can mean less hope.
# 2. **A die and a coin:** silence is either a wrong face many times or tails once. P(alive) weighs the two. A 1 for a
#    one-time buyer is a blind spot of BG/NBD.
# 3. **Four parameters:** how often, how different in it, how readily they stop, how different in that. The coin is less
#    sure than the die, because nobody sees it.
# 4. **Fit:** expected against actual by frequency, and the curve over time. A fit is no forecast.
# 5. **The test** is on days not seen, against rules of thumb, and for the job at hand: sums, or finding the best.
# 6. **Spend regresses to the mean.** Few purchases weigh little; look at whether number and size are related.
# 7. **CLV** is purchases times value, discounted day by day. Its interval assumes that the story is true; the test says
#    how wrong it was.
# 8. **Choose** by the forecast and by the job, look at the heaviest, and leave the ranking to the cheapest method that
#    does it as well.
#
# **Now you:** `uv run crm start worth_in_a_log` puts your copy of the [workbook](../exercises/45_worth_in_a_log.ipynb)
# into `work/`. It checks each answer at once.
