# %% [markdown]
# # The customer life cycle: who is active, who is silent, and what comes next
#
# **After this lesson you can**
#
# 1. call customers active or inactive by a window, and show how far the count moves with it;
# 2. say what silence in a log means, and what it does not, and price a window that is too short;
# 3. measure a customer against the rhythm of their own;
# 4. estimate how long gaps between purchases last while many of them are still open;
# 5. place everybody in the seven relation states and in the five stages, and say whose rules decide;
# 6. write down how customers move from stage to stage, and test what such a matrix predicts;
# 7. read a cohort table by calendar age;
# 8. name the denominator of a rate before you quote it, and decide what to do about silent customers.
#
# - **Time:** 75 minutes
# - **Builds on:** [From purchases to customers](10_customers.ipynb): the customer table, `as_of`, days since the last
#   purchase
# - **Workbook:** [eight questions](../exercises/36_lifecycle.ipynb); `uv run crm start lifecycle` makes you a copy
#
# Where it says **before you run the next cell**, write your guess down first. The next cell says which log is read.

# %% tags=["parameters"]
DATA = "cdnow"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "$"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# ## 1. Silence is not departure
#
# A relation with a customer begins, grows, matures, declines and ends: the customer life cycle (客户生命周期). Texts on it
# speak of active customers (活跃客户), who bought or were in touch "within a certain time", and of lost ones (流失客户).
#
# With a contract, one day is the last: the subscription is cancelled, the account closed. A shop has no such day.
# Nobody tells it that they are gone. What its log shows is **silence**: no purchase for so many days. A silent customer
# may be gone, or buy again next week. So in this course a customer of a shop is *inactive*, and never "lost"; and
# nothing that we compute from a log without contracts is called retention.
#
# Two things follow. Somebody has to choose the "certain time", and the choice is a decision and not a finding. And it
# can be tested: wait, and see who comes back.

# %% [markdown]
# ## 2. By hand, on six customers
#
# Six invented customers, and the days since the last purchase of each. A customer is active when the silence is **less
# than** the window.

# %%
import pandas as pd

six = pd.DataFrame({"customer": list("PQRSTU"), "days_since_last": [10.0, 25, 40, 90, 100, 200]})
six["active_90"] = six["days_since_last"] < 90
six

# %% [markdown]
# **Before you run the next cell:** how many are active with a window of 30, of 90 and of 180 days? Mind S.

# %% tags=["nbval-check-output"]
from crmlib import activity

by_hand = [int((six["days_since_last"] < window).sum()) for window in (30, 90, 180)]
counted = activity.sensitivity(six, windows=[30, 90, 180])
print("by hand:", by_hand)
print("crmlib: ", counted["active"].tolist())

# %% [markdown]
# The same six customers on the same day: one third of them active, or almost all. Nobody has bought or gone away
# between the first number and the last; only the definition has changed.

# %% [markdown]
# ## 3. The window on real customers
#
# Now the log named at the top. If you left it as it was, it is [CDNOW](../datasets/cdnow/README.md), a shop for music.
# A refund is no purchase and ends no silence, so `bought` leaves refunds out.

# %%
from crmlib import customer_table, datasets
from crmlib.customers import until
from crmlib.explore_activity import nobody_bought

log = datasets.admit_log(DATA, **OPTIONS)
as_of = AS_OF or f"{log.transactions['date'].max():%Y-%m-%d}"
tx = until(log.transactions, as_of)
if why := nobody_bought(tx):  # a log of refunds alone cannot carry the rest
    print(why)
    tx, CURRENCY = datasets.load("cdnow_sample"), "$"
    as_of = f"{tx['date'].max():%Y-%m-%d}"

# %% tags=["nbval-check-output"]
from crmlib.wording import count, money, percent

bought = tx[tx["amount"] >= 0]
customers = customer_table(bought, as_of=as_of)
print(f"{count(len(customers), 'customer')} bought between {bought['date'].min():%Y-%m-%d} and {as_of}")
print(f"{count(tx['customer'].nunique() - len(customers), 'customer')} with refunds only left out")

# %% [markdown]
# **Before you run the next cell:** which share of the customers is active with a window of 30 days, and which with one
# of 365?

# %% tags=["nbval-check-output"]
by_window = activity.sensitivity(customers, windows=[30, 60, 90, 180, 365])
print(by_window.to_string(index=False, float_format="{:.3f}".format))

# %%
from crmlib import plots

shares = by_window["share_active"].map(percent)
title = f"Active: {shares.iloc[0]} with a window of 30 days, {shares.iloc[-1]} with one of 365"
ax = plots.activity_by_window(by_window, title=title)

# %% [markdown]
# For the business: "so many of our customers are active" is half a sentence; the window is the other half. A shop that
# moves from 90 to 180 days in its report has not become better.
#
# ### Looking back from half-way
#
# Which window is right? The log can say. Go back to the middle of it, call customers inactive by what was known on that
# day, and then look at what they did in the second half. There are two mistakes:
#
# - **too early:** `called` inactive, and bought again (`came_back`). A short window makes many of these;
# - **too late:** `kept` as active, and bought nothing more (`stayed_away`). A long window makes many of these.
#
# Each is shown as a share of its group. And a rule, set before we look: "whoever is silent for 180 days does not come
# back" has held if at most a tenth did. **Before you run the next cell:** of those silent for 30 days or more half-way,
# which share bought again? And of those silent for 180?

# %% tags=["nbval-check-output"]
from textwrap import fill

from crmlib.explore_activity import silent_stay_silent, windows_checked

checked = windows_checked(bought, as_of=as_of, windows=[30, 60, 90, 180])
shown = checked[["window_days", "called", "came_back", "share_back", "kept", "stayed_away", "share_away"]]
print(shown.to_string(index=False, float_format="{:.3f}".format, na_rep="-"))
print(fill(silent_stay_silent(checked), 88))

# %% [markdown]
# Where it did not hold, the window called customers inactive who were on their way to the next purchase. And mind what
# the comparison cannot see: the second half ends too, and some of those who stayed away will come later still.

# %% [markdown]
# ## 4. Turn the knob
#
# Run the next cell and move the slider. (If you read this without a running kernel you see one position of it.)
#
# - Make the window short. How many of those it called inactive came back? Each of them would have got a "we miss you"
#   that they did not need.
# - Make it long. What does it do to the number of active customers, and to the last number in the sentence?
# - Is there a point from which the broken curve hardly falls any more? A longer window then buys you little.

# %%
from ipywidgets import IntSlider, fixed, interact

from crmlib.explore_activity import activity_window, longest_silence

longest = longest_silence(bought, as_of=as_of)
window = IntSlider(value=min(60, longest), min=1, max=longest, description="days", continuous_update=False)
_ = interact(activity_window, tx=fixed(bought), as_of=fixed(as_of), window=window)

# %% [markdown]
# For the business: a window is the price of one mistake against the price of the other. If a reminder costs next to
# nothing, a short window does little harm; if it is a call, or a discount that whoever comes anyway takes too, wait
# longer.

# %% [markdown]
# ## 5. Everybody has a rhythm of their own
#
# One window for all treats the weekly buyer like the one who buys twice a year. Two customers by hand; both have been
# silent for 40 days. **Before you run the next cell:** which of them would worry you?

# %%
quick = ["2024-03-17", "2024-03-27", "2024-04-06", "2024-04-20"]  # gaps of 10, 10 and 14 days
slow = ["2023-10-03", "2023-12-02", "2024-02-20", "2024-04-20"]  # gaps of 60, 80 and 60 days
two = pd.DataFrame({"customer": ["quick"] * 4 + ["slow"] * 4, "date": pd.to_datetime(quick + slow), "amount": 10.0})
two["gap"] = two.groupby("customer")["date"].diff().dt.days
two

# %% [markdown]
# Take the day by which 90 % of a customer's *own* gaps had ended. Silent for longer than that is unusual *for them*.
# (The 90th percentile is an idea of software vendors and no law, and three gaps are few for it.) `crmlib` has three
# words: *active* up to that day, *inactive* after it, and *silent* after the day by which 99 % had ended. **Before you
# run the next cell:** what is the day for each of the two, and which word do they get?

# %% tags=["nbval-check-output"]
usual = two.groupby("customer")["gap"].quantile(0.90)
print("by hand:", usual.round(2).to_dict())
rules = activity.activity(two, as_of="2024-05-30").set_index("customer")
print("crmlib: ", rules["usual_gap"].round(2).to_dict(), rules["by_own_gaps"].to_dict())
for days in (30, 90):
    named = (rules["days_since_last"] < days).map({True: "active", False: "not"})
    print(f"by a window of {days} days:", named.to_dict())

# %% [markdown]
# No window tells the two apart; their own gaps do. The rule needs gaps: with fewer than three of their own, crmlib
# takes those of all customers.
#
# Now the log, by three rules side by side: by a window (active below 180 days, silent from 365 on), by each customer's
# own gaps, and by how many with such a silence still buy in the next 180 days (active while more than a quarter do,
# silent when at most a tenth do; the next section has the tool for it). **Before you run the next cell:** which rule
# calls the fewest active?

# %% tags=["nbval-check-output"]
rules = activity.activity(bought, as_of=as_of)
print(activity.counts(rules).to_string(index=False))
own = customers.set_index("customer")["x"].reindex(rules["customer"]).to_numpy() >= 3
print(f"with three gaps or more of their own: {count(int(own.sum()), 'customer')}, {percent(own.mean())} of all")

# %% [markdown]
# Three honest rules, three counts. `silent` is the far end of inactive, and again not a departure. Where a log cannot
# judge by a rule it says `unknown`. The last line says on how many customers the second rule really stands.

# %% [markdown]
# ## 6. Gaps that are still open
#
# How long does it take until a customer buys again? The obvious answer is the mean of all gaps between purchases, or
# their median. It leaves something out: on the last day of the log every customer has one gap that is **still open**.
# Nobody knows how long it gets; all we know is that it is *at least* so long. Statisticians call it censored.
#
# Six purchases of three customers make six gaps: a bought 60 and 50 days before the last day, so that one gap of 10
# days is completed and one of 50 days open. Of b and c it is 20 and 30, 40 and 15.

# %%
last = pd.Timestamp("2024-06-30")
ago = {"a": (60, 50), "b": (50, 30), "c": (55, 15)}  # days before the last day
lines = [(who, last - pd.Timedelta(days=days)) for who, pair in ago.items() for days in pair]
small = pd.DataFrame(lines, columns=["customer", "date"]).assign(amount=10.0)
gaps = pd.DataFrame({"days": [10, 20, 40, 15, 30, 50], "ended": [True] * 3 + [False] * 3}).sort_values("days")
gaps.T

# %% [markdown]
# Kaplan and Meier (1958) found how to use both kinds. Go through the lengths at which a gap ended. How many gaps had
# got that far, completed or open? Of these, one ended. Multiply the shares that went on.
#
# **Before you run the next cell:** of the completed gaps, two of three had ended by day 20. Which share of *all* gaps
# has ended by then: more or less?

# %% tags=["nbval-check-output"]
from crmlib import survival

going_on, by_hand = 1.0, {}
for day in gaps.loc[gaps["ended"], "days"]:
    going_on *= 1 - 1 / (gaps["days"] >= day).sum()  # one of those that had got so far ended
    by_hand[int(day)] = round(float(1 - going_on), 3)
curve = survival.gap_survival(small, as_of=last)
print("by hand:       ", by_hand)
print("crmlib:        ", {day: round(curve.ended(day), 3) for day in by_hand})
print("completed only:", dict(zip(by_hand, [0.333, 0.667, 1.0], strict=True)))

# %% [markdown]
# Completed gaps alone look too short, because of two gaps that begin on one day the shorter one is completed first.
# They also promise that every gap ends, which nobody has seen. (`crmlib` lets the package lifelines do the sum.)
#
# **Before you run the next cell:** by which day has half of the completed gaps of the log ended, and by which half of
# all?

# %% tags=["nbval-check-output"]
from crmlib.explore_activity import gaps_say

again = (customers["x"] > 0).any()  # otherwise there is no gap at all
curve = survival.gap_survival(bought, as_of=as_of) if again else None
print(fill(gaps_say(curve), 88))
if curve:
    for silence in (30, 90, 180):
        print(f"silent for {silence} days: {percent(curve.comes_back(silence, within=180))} buy in the next 180 days")

# %% [markdown]
# The last lines are what a shop needs: not how long a gap is, but what to expect of somebody who has been silent for so
# long already. (A dash stands where the log is too short to say.) One warning remains. Every gap counts once here, so
# those who buy often speak loudest. Both curves, over all days:

# %%
if curve:
    day = min(90, int(curve.table["day"].max()))
    both = curve.table.loc[day, ["ended_completed", "ended"]].map(percent)
    title = f"By day {day} {both.iloc[0]} of the completed gaps had ended, and {both.iloc[1]} of all"
    ax = plots.gap_curves(curve.table, title=title)
else:
    print("Without a gap there is no curve.")

# %% [markdown]
# For the business: plan a reminder by the dark curve; the band around it is what chance can do. The broken one promises
# customers back sooner than they come, and makes whoever is merely slow look gone.

# %% [markdown]
# ## 7. Seven states of a relation
#
# Texts on customer relations, as Shao Bingjia's (邵兵家), put everybody into one of seven states, from people who will
# never need us to those who fell silent:
#
# - **non-customer** (非客户): no need for what we sell; **potential** (潜在客户): a need; **target** (目标客户): a need,
#   and we are in touch. A log cannot know these three: they have not bought. They need a table of prospects.
# - **first-time** (初次购买者): one order; **repeat** (重复购买者): two or more; **loyal** (忠实客户): many.
# - **inactive** (流失客户): no order for a long time. The text says lost; we say what a log can show.
#
# "Many" and "long" are left open. In `crmlib` they are parameters: 4 orders and 180 days, unless you say otherwise. By
# hand, on the six of section 2. **Before you run the next cell:** U has nine orders. Which state?

# %% tags=["nbval-check-output"]
import numpy as np

from crmlib import lifecycle

six["orders"], six["revenue"] = [1, 2, 5, 1, 4, 9], [10.0, 30, 80, 15, 60, 200]
silent, orders = six["days_since_last"] >= 180, six["orders"]
six["by_hand"] = np.select([silent, orders >= 4, orders >= 2], ["inactive", "loyal", "repeat"], "first-time")
six["crmlib"] = lifecycle.states(six)["state"].to_numpy()
print(six[["customer", "orders", "days_since_last", "by_hand", "crmlib"]].to_string(index=False))

# %% [markdown]
# Silence is asked first, so that nine orders long ago are no loyalty today.
#
# Add three people who have not bought, from an invented table of prospects. Another text that this course follows makes
# four types of the seven: potential (潜在顾客), consumer (消费者), loyal (忠实顾客) and lost (失去顾客), here again
# inactive. **Before you run the next cell:** which of the seven states has no type?

# %% tags=["nbval-check-output"]
prospects = pd.DataFrame({"customer": list("XYZ"), "need": [False, True, True], "contact": [False, False, True]})
everybody = lifecycle.types(lifecycle.states(six, prospects))
everybody["Chinese"] = everybody["state"].map(lifecycle.CHINESE)
print(everybody[["customer", "state", "Chinese", "type"]].to_string(index=False))

# %% [markdown]
# The log brings four of the seven; it has no prospects. **Before you run the next cell:** which of the four is the
# largest, and which brings most of the revenue?

# %%
states = lifecycle.states(customers)
by_state = lifecycle.summary(states)
by_state.round(3)

# %%
row = by_state.set_index("state").loc["inactive"]
title = f"Inactive: {percent(row['share_of_customers'])} of the customers, {percent(row['share_of_revenue'])} of the past"
ax = plots.share_bars(by_state, label="state", title=title + " revenue")

# %% [markdown]
# For the business: the revenue is what each state has brought *so far*, and no forecast. First-time buyers are the ones
# to work on, where there are any: the next order makes them repeat customers, or silence makes them inactive. (A log
# that follows one group and ends long after its first orders has none left.)

# %% [markdown]
# ## 8. Five stages
#
# The life cycle has five stages: acquisition (潜在获取期), first as a potential customer (潜在客户期) and then under
# development (客户开发期); growth (客户成长期), maturity (客户成熟期), decline (客户衰退期) and termination (客户终止期).
# The texts give no numbers. These rules stand for their words, and the first that fits decides. *g* is the silence so
# far; a *slope* is the change of what a customer spends from one purchase day to the next, and *t* is that slope
# divided by its uncertainty: beyond 2 or -2 it is hardly chance.
#
# - *g* above *e*: **termination**. *e* is the day by which 99 % of the own gaps had ended, or 3 times the median gap,
#   or 90 days, whichever is longest;
# - *g* above *u*, the day by which 90 % of the own gaps had ended: **decline**;
# - one purchase day: **acquisition**, under development;
# - spending falls (*t* of -2 or less), while that of all customers does not: **decline**;
# - four purchase days or more and no rising trend (*t* below 2): **maturity**; anything else: **growth**.
#
# Customers with fewer than three gaps have no *u* and *e* of their own and are judged by the completed gaps of all
# customers, pooled. Those are too short where many never come back: a gap that is still open is not among them
# (censored, as above), and frequent buyers have most of them. So these customers come to decline and termination too
# early. `stages.Rules(population=(u, e))` puts days of your own in their place, for instance from the curve above that
# counts open gaps; whoever has three gaps is judged as before.
#
# Four customers, each with a purchase every 30 days; the next cell shows one of them. `level` spends about the same
# every time, `quiet` and `over` do too, but their last purchases lie 50 and 110 days further back. **Before you run the
# cell after it:** which stages do they have?

# %%
days = pd.Timestamp("2024-06-30") - pd.to_timedelta([100, 70, 40, 10], unit="D")
spent = {"up": [10, 20, 31, 40], "level": [10, 11, 9, 10], "quiet": [10, 11, 9, 10], "over": [10, 11, 9, 10]}
later = {"quiet": 50, "over": 110}  # days by which these two bought earlier
parts = [pd.DataFrame({"customer": who, "date": days - pd.Timedelta(days=later.get(who, 0)), "amount": amounts})
         for who, amounts in spent.items()]
four = pd.concat(parts, ignore_index=True).astype({"amount": float})
four.head(4)

# %% tags=["nbval-check-output"]
from crmlib import stages

found = stages.stages(four, as_of="2024-06-30").set_index("customer")
for who, lines in four.groupby("customer"):
    gap = lines["date"].diff().dt.days
    u, e = gap.quantile(0.90), max(gap.quantile(0.99), 3 * gap.median(), 90)
    g = (pd.Timestamp("2024-06-30") - lines["date"].max()).days
    slope = np.polyfit([1, 2, 3, 4], lines["amount"], 1)[0]
    print(f"{who}: g {g}, u {u:g}, e {e:g}, slope {slope:.2f}; crmlib: slope {found['slope'][who]:.2f}, "
          f"t {found['t'][who]:.1f}, {found['stage'][who]}")

# %% [markdown]
# The seven states count orders; the stages ask each customer's own gaps and trend. **Before you run the next cell:** in
# which stage are most customers of the log, and which one placed most of the purchases?

# %%
now = stages.stages(bought, as_of=as_of)
by_phase = stages.summary(now)
by_phase.round(3)

# %% [markdown]
# Growth is what is left over: whoever is active without a proven decline and not yet mature. That includes customers
# whose few orders shrink, and with two purchase days there is no slope at all. **Before you run the next cell:** how
# many of those in growth spend more each time?

# %% tags=["nbval-check-output"]
slope = now.loc[now["stage"] == "growth", "slope"]
signs = {"above zero": slope > 0, "below zero": slope < 0, "zero": slope == 0, "none (two purchase days)": slope.isna()}
print(f"{count(len(slope), 'customer')} in growth, by slope: "
      + ", ".join(f"{sign} {inside.sum():,}" for sign, inside in signs.items()))
few = now["purchase_days"].between(1, 3).sum()
print(f"Fewer than three gaps, judged by the gaps of all: {few:,} of {count(len(now), 'customer')}")

# %%
row = by_phase.set_index("phase")[["share_of_customers", "share_of_purchase_days"]].loc["maturity"]
title = f"Maturity: {percent(row.iloc[0])} of the customers, {percent(row.iloc[1])} of the purchase days"
ax = plots.share_bars(by_phase, label="phase", value="purchase_days", title=title)

# %% [markdown]
# For the business: each stage asks for something else. Development needs a second purchase, growth a reason for more,
# maturity care, and decline a question: what has changed? The last stage is a rule's name for a long silence. In a log
# that follows one group of customers everybody grows old together, and `potential` is empty without prospects.
#
# ### Steady, please
#
# A rule with a threshold flickers: a customer near *u* declines, buys, and is mature again. A sales department that
# gets a new list each month and sees half of it go back stops reading it. So a stage changes only when **two snapshots
# in a row agree** on the new one (hysteresis). By hand, on one customer. **Before you run the next cell:** when does
# the steadied stage follow?

# %% tags=["nbval-check-output"]
one = pd.DataFrame({"customer": "a", "date": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-21", "2024-02-24"])})
dates = ["2024-01-31", "2024-02-04", "2024-02-25", "2024-03-05"]
steadied = stages.snapshots(one.assign(amount=10.0), dates=dates)
by_hand = [steadied["raw"][0]]
for before, raw in zip(steadied["raw"], steadied["raw"][1:], strict=False):
    by_hand.append(raw if raw == before else by_hand[-1])
print(steadied.assign(by_hand=by_hand).to_string(index=False))

# %% [markdown]
# The price is a delay of one snapshot. Now the log, every 90 days back from its last day. **Before you run the next
# cell:** by how much does it cut the number of changes?

# %% tags=["nbval-check-output"]
from crmlib.explore_activity import snapshot_dates

snapshots = stages.snapshots(bought, dates=snapshot_dates(bought, as_of=as_of))
ordered = snapshots.sort_values(["customer", "as_of"], ignore_index=True)
same = ordered["customer"].eq(ordered["customer"].shift())
raw, steady = ((ordered[name].ne(ordered[name].shift()) & same).sum() for name in ("raw", "stage"))
print(f"{count(snapshots['as_of'].nunique(), 'snapshot')}: {count(raw, 'change')} of the raw stage, {steady:,} steadied")

# %%
counted = pd.crosstab(snapshots["as_of"].astype(str), snapshots["stage"]).reindex(columns=stages.STAGES, fill_value=0)
over = (counted["termination"] / counted.sum(axis=1)).map(percent)
title = f"In termination: {over.iloc[0]} of the customers on {over.index[0]}, {over.iloc[-1]} on {over.index[-1]}"
by_date = counted.rename_axis(columns="state").stack().rename("customers").reset_index()
ax = plots.occupancy(by_date, x="as_of", steps="snapshot", title=title)

# %% [markdown]
# For the business: the height of the bars is everybody known by then, and only what is not the top block is a base to
# work with. A base that grows by the top block alone is not growing.
#
# ## 9. From stage to stage
#
# Count who went from which stage to which between two snapshots, and divide each row by its sum: a **transition
# matrix**. By hand on six customers, A in acquisition, G in growth, D in decline. **Before you run the next cell:**
# which share of those in G moved to D?

# %% tags=["nbval-check-output"]
from crmlib import periods, transitions

before = pd.DataFrame({"customer": list("abcdef"), "stage": list("AAGGGD")})
after = pd.DataFrame({"customer": list("abcdef"), "stage": list("GDGGDD")})
moved = pd.crosstab(before["stage"], after["stage"]).reindex(index=list("AGD"), columns=list("AGD"), fill_value=0)
by_hand = moved.div(moved.sum(axis=1), axis=0)
print("by hand:", by_hand.round(2).to_string(), sep="\n")
chain = transitions.from_moves(periods.moves(before, after, column="stage"), order=list("AGD"))
print("crmlib:", chain.probabilities.round(2).to_string(), sep="\n")

# %% [markdown]
# From a matrix follows what to **expect**: the customers in each stage, times the matrix, are the customers after one
# more step, if they go on moving like that. **Before you run the next cell:** two of the six are in A, three in G, one
# in D. How many will be in D one step later?

# %% tags=["nbval-check-output"]
start = {"A": 2, "G": 3, "D": 1}
expected = chain.expected(start, steps=1).query("step == 1")["customers"]
print("by hand:", (pd.Series(start) @ by_hand).round(2).tolist())
print("crmlib: ", expected.round(2).tolist())

# %% [markdown]
# Now the log, all steps between two snapshots that are 90 days apart. **Before you run the next cell:** in which stage
# do most customers stay?

# %% tags=["nbval-check-output"]
enough = snapshots["as_of"].nunique() > 1
chain = transitions.from_snapshots(snapshots, column="stage", order=stages.STAGES) if enough else None
print(chain.probabilities.round(2).to_string(na_rep="-") if enough else "One snapshot only, so there is no step.")

# %%
if enough:
    stay = pd.Series(np.diag(chain.probabilities), chain.states).dropna()
    most, least = (f"{name} ({percent(stay[name])})" for name in (stay.idxmax(), stay.idxmin()))
    title = f"Most stay in {most}, fewest in {least}"
    ax = plots.transition_heatmap(chain.table(), start="stage", end="90 days later", title=title)
else:
    print("Without a step there is no picture of it.")

# %% [markdown]
# Read a row: where those in that stage stand 90 days later. (A dash, or an empty row: nobody was seen there.)
#
# For the business: the row of decline is the one to read first. What goes back from there to growth and maturity is
# what winning back amounts to so far, with whatever was done for it; what goes on to termination is the loss to expect.
#
# Is it good for a forecast? Take the matrix of all steps but the last, and let it say where everybody should stand at
# the last snapshot, with as many newcomers as before. We call it held if at most one in twenty stands elsewhere.
# **Before you run the next cell:** will it?

# %% tags=["nbval-check-output"]
from crmlib.explore_activity import stages_expected

print(fill(stages_expected(snapshots), 88))

# %% [markdown]
# Nothing keeps anybody from going on: the customers of the last snapshot, times the matrix, four times over. Newcomers
# are left out here. **Before you run the next cell:** which stage fills up?

# %%
from crmlib.explore_activity import stages_ahead

ahead = stages_ahead(snapshots, steps=4)
print(fill(ahead.said, 88))
if ahead.table is not None:
    ax = plots.occupancy(ahead.table, steps="steps of 90 days from now", title=ahead.title)

# %% [markdown]
# For the business: it is what becomes of the base if nobody new comes and nothing is done otherwise than so far. The
# plan of a budget for new customers begins with it, if the next test is passed.
#
# Many steps ahead rest on a further claim, which has the name of Markov: **the stage alone tells where a customer goes
# next**, whatever came before. It can be tested. If it is true, going two steps by the matrix is the same as counting
# both steps at once; again we allow one in twenty to stand elsewhere. **Before you run the next cell:** will it be?

# %% tags=["nbval-check-output"]
from crmlib.explore_activity import stage_has_no_memory

print(fill(stage_has_no_memory(snapshots, np.random.default_rng(36)), 88))
if snapshots["as_of"].nunique() > 2:
    both = transitions.two_steps(snapshots, column="stage", order=stages.STAGES).table()
    both["apart"] = (both["observed"] - both["expected"]).round(2) + 0.0  # no "-0.00"
    print("observed minus expected after two steps:")
    apart = both.pivot(index="from", columns="to", values="apart").reindex(index=chain.states, columns=chain.states)
    print(apart.to_string(na_rep="-"))

# %% [markdown]
# For the business: where it did not hold, customers in one stage are not alike. Some have just come into it, others
# have been there for long, and they go different ways. A steadied stage has a memory of its own on top: it waits for a
# second opinion. Expect one step ahead, and measure again, before you multiply a matrix by itself ten times.

# %% [markdown]
# ## 10. Cohorts by age
#
# A **cohort** (同期群) is everybody whose first purchase lies in one month. Its **age** is the number of calendar months
# since then. By hand, on six lines. **Before you run the next cell:** a bought in January and in March. What stands at
# age 1?

# %% tags=["nbval-check-output"]
from crmlib import cohorts

dates = ["2024-01-05", "2024-03-25", "2024-01-20", "2024-02-09", "2024-02-15", "2024-03-01"]
lines = pd.DataFrame({"customer": list("aabbcc"), "date": pd.to_datetime(dates), "amount": 5.0})
month = lines["date"].dt.month  # all in one year
lines["cohort"] = month.groupby(lines["customer"]).transform("min")
lines["age"] = month - lines["cohort"]
by_hand = lines.groupby(["cohort", "age"])["customer"].nunique().unstack()
print("by hand:", by_hand.to_string(), sep="\n")
print("crmlib:", cohorts.wide(cohorts.cohort_table(lines, as_of="2024-03-31"), "active").to_string(), sep="\n")

# %% [markdown]
# In January's cohort a was silent in February; so one of two was active at age 1. A silent month counts: who numbers
# the months *with* a purchase instead has every customer active at every age. And the lower right of the table is
# empty: it lies in the future.
#
# Now the log. A month that `as_of` cuts short is masked, because half a month looks like a decline. **Before you run
# the next cell:** does the share of the first cohort that is active fall from each age to the next?

# %% tags=["nbval-check-output"]
from crmlib.explore_activity import ages_say

table = cohorts.cohort_table(bought, as_of=as_of)
triangle = cohorts.wide(table).iloc[:6, :7]
print((100 * triangle).round(1).to_string(na_rep=""))
print(fill(ages_say(table), 88))

# %% [markdown]
# These are the first cohorts and ages, in per cent. All of them, the more active the darker:

# %%
from crmlib.explore_activity import ages_title

ax = plots.cohort_heatmap(table, title=ages_title(table))

# %% [markdown]
# For the business: read along a row for one group as it ages, down a column to compare groups at the same age. A column
# that gets paler from one cohort to the next says that newer customers come back less than older ones did.
#
# It is the share of a cohort that is *active*, and no share that is left: whoever is silent in one month can be active
# in the next, which is why it can rise. The same numbers as lines:

# %%
later = table[table["age"] > 0].dropna(subset="share_active")
if len(later):
    low, high = later["share_active"].min(), later["share_active"].max()
    title = f"After the month of the first purchase {percent(low)} to {percent(high)} of a cohort are active"
    ax = plots.cohort_curves(table, title=title)
else:
    print("No cohort is wholly seen at a later age, so there is no line to draw.")

# %% [markdown]
# For the business: lines that lie on each other say that age alone decides, and a new cohort can be planned by an old
# one. A line apart from the others asks what was different: the offer, the season, or who was won.

# %% [markdown]
# ## 11. Rates and what they divide by
#
# "Our repeat rate is 60 %." Of what? Two rates that sound alike:
#
# - **repeat rate:** of the *customers* who bought in a period, those with two orders or more in it;
# - **repurchase rate** (重复购买率): of the *orders* of a period, those that were not the customer's first ever.
#
# By hand, three customers and six orders. **Before you run the next cell:** what are the two rates?

# %% tags=["nbval-check-output"]
from crmlib import rates

days = pd.date_range("2024-01-01", periods=6, freq="D")
orders = pd.DataFrame({"customer": list("abcccc"), "date": days, "amount": 5.0})
per_customer = orders.groupby("customer").size()
print(f"by hand: repeat rate {(per_customer >= 2).mean():.3f}, repurchase rate {(len(orders) - 3) / len(orders):.3f}")
value = rates.rates(orders, as_of="2024-01-06").set_index("rate")["value"]
print(f"crmlib:  repeat rate {value['repeat rate']:.3f}, repurchase rate {value['repurchase rate']:.3f}")

# %% [markdown]
# One regular among three makes half of all orders repeat orders. Both numbers are right; quoted without the
# denominator, neither is worth anything.
#
# The second half of the log against the first. The **inactive rate** (which texts call churn rate, 流失率) is the share
# of those active in the first half who bought nothing in the second; **gross growth** (客户增长率) divides new customers
# by the same number, and **net growth** takes off who fell silent. **Before you run the next cell:** which of the five
# rates is the largest?

# %% tags=["nbval-check-output"]
from crmlib.concentration import halfway

split = pd.Timestamp(halfway(bought, as_of=as_of))
before = (split - bought["date"].min()).days  # days in the first half; a log of one day has none
period = {"since": split, "active_within": before} if before else {}
five = rates.rates(bought, as_of=as_of, **period)
print(five[["rate", "numerator", "denominator", "value"]].round(3).to_string(index=False, na_rep="-"))
for row in five.itertuples():
    print(f"{row.rate}: {row.numerator_is}, of {row.denominator_is}")

# %% [markdown]
# 1 minus the inactive rate is the share that bought again. Change the window and it changes: section 3 once more. If
# new customers fall to zero in your log, look whether it follows one cohort before you call it a decline.

# %% [markdown]
# ## 12. What follows?
#
# The shop wants to write to everybody who has been silent for 90 days, with a voucher. A log does not know what that
# costs and changes, so the next cell *assumes* it. Of those silent half-way, section 3 counted who came back
# **without** any voucher that we know of; they will take the voucher too.
#
# **Before you run the next cell:** which part of the cost goes to people who would have come anyway?

# %% tags=["nbval-check-output"]
VOUCHER, MARGIN, LIFTED = 5.0, 10.0, 0.03  # assumed: its cost when used, margin of an order, share won by it

row = checked.set_index("window_days").loc[90]
anyway, won = row["came_back"], LIFTED * (row["called"] - row["came_back"])
if not row["called"]:
    print("Half-way nobody had been silent for 90 days, so there is nobody to write to.")
else:
    print(f"Vouchers to {count(row['called'], 'customer')}: {anyway:,.0f} used by who comes anyway, {won:,.0f} won.")
    result = won * (MARGIN - VOUCHER) - anyway * VOUCHER
    print(f"Result: {money(result, CURRENCY, 0)}. By these assumptions it {'pays' if result > 0 else 'does not pay'}.")

# %% [markdown]
# Who counts every returning customer as a success of the voucher has not looked at those who come back by themselves.
# The honest way is to leave some out by lot, and compare.

# %% [markdown]
# ## Recap
#
# 1. **Active** is a silence below a window; exactly the window is inactive. Quote the window with the count.
# 2. **Silence is not departure.** Look back from half-way: too short a window calls inactive who comes back, too long a
#    one keeps who stays away. What a mistake costs decides.
# 3. **The own rhythm:** beyond the 90th percentile of a customer's own gaps silence is unusual for them; it needs gaps
#    to stand on.
# 4. **Open gaps count.** Kaplan-Meier takes them as at least so long; completed gaps alone look too short.
# 5. **Seven states** count orders and silence, three of them need prospects; **five stages** use own gaps and trend,
#    and are steadied over two snapshots. Every threshold is somebody's choice.
# 6. **A transition matrix** gives the expected shares after a step. That the stage alone decides is a claim to be
#    tested.
# 7. **Cohorts** are read by calendar age: silent months stay in, cut months are masked.
# 8. **A rate** is a numerator and a denominator; repurchase counts orders, repeat counts customers. A campaign to the
#    silent is measured against those who come back anyway.
#
# **Now you:** `uv run crm start lifecycle` puts your copy of the [workbook](../exercises/36_lifecycle.ipynb) into
# `work/`. It checks each answer at once.
