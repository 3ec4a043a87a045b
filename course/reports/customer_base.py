# %% [markdown]
# Rendered by `crm report`, which sets the parameters below and turns what the cells show into one HTML file. Every
# calculation, sentence and chart is a function of `crmlib`; run the cells one by one to see where a number comes from.

# %% tags=["parameters"]
DATA = "cdnow"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "$"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}
IDS = "none"  # pseudonym or real: a table of the best customers
PREPARED = ""  # where crm report has put the log that it has already read; empty: read DATA

# %%
from crmlib import sections

log = sections.open_log(DATA, as_of=AS_OF, currency=CURRENCY, ids=IDS, prepared=PREPARED, options=OPTIONS)

# %% tags=["nbval-check-output"]
sections.header(log)

# %% [markdown]
# ## What this customer base says

# %% tags=["nbval-check-output"]
sections.first_page(log)

# %% [markdown]
# ## What was read and done to the data

# %% tags=["nbval-check-output"]
sections.data_notes(log)

# %% [markdown]
# ## Customers and revenue over time

# %%
sections.chart(log, "revenue")

# %%
sections.meaning(log, "revenue")

# %%
sections.chart(log, "buyers")

# %%
sections.meaning(log, "buyers")

# %%
sections.chart(log, "orders")

# %%
sections.meaning(log, "orders")

# %% tags=["nbval-check-output"]
sections.periods(log)

# %% [markdown]
# ## Who brings the money

# %%
sections.chart(log, "lorenz")

# %%
sections.meaning(log, "lorenz")

# %% tags=["nbval-check-output"]
sections.top_shares(log)

# %%
sections.chart(log, "abc")

# %%
sections.meaning(log, "abc")

# %% tags=["nbval-check-output"]
sections.abc_classes(log)

# %% [markdown]
# ## Segments and what to do about each

# %%
sections.chart(log, "segments")

# %%
sections.meaning(log, "segments")

# %% tags=["nbval-check-output"]
sections.segment_actions(log)

# %% [markdown]
# ## The customer pyramid

# %%
sections.chart(log, "pyramid")

# %%
sections.meaning(log, "pyramid")

# %% tags=["nbval-check-output"]
sections.pyramid_tiers(log)

# %% tags=["nbval-check-output"]
sections.grading(log)

# %%
sections.chart(log, "moves")

# %%
sections.meaning(log, "moves")

# %% tags=["nbval-check-output"]
sections.moves(log)

# %% [markdown]
# ## Where customers stand

# %%
sections.chart(log, "states")

# %%
sections.meaning(log, "states")

# %% tags=["nbval-check-output"]
sections.states(log)

# %% tags=["nbval-check-output"]
sections.windows(log)

# %% [markdown]
# ## The life cycle

# %%
sections.chart(log, "stages")

# %%
sections.meaning(log, "stages")

# %% tags=["nbval-check-output"]
sections.stages(log)

# %% [markdown]
# ## Cohorts and rates

# %%
sections.chart(log, "cohorts")

# %%
sections.meaning(log, "cohorts")

# %% tags=["nbval-check-output"]
sections.cohorts(log)

# %% tags=["nbval-check-output"]
sections.rates(log)

# %% [markdown]
# ## What the next year may bring

# %% tags=["nbval-check-output"]
sections.one_year(log)

# %%
sections.chart(log, "value")

# %%
sections.meaning(log, "value")

# %%
sections.chart(log, "holdout")

# %%
sections.meaning(log, "holdout")

# %% tags=["nbval-check-output"]
sections.holdout(log)

# %% tags=["nbval-check-output"]
sections.forecasts(log)

# %% tags=["nbval-check-output"]
sections.forecasts_meaning(log)

# %%
sections.limits(log)

# %% tags=["nbval-check-output"]
sections.top_customers(log)

# %% [markdown]
# ## Definitions and limits

# %%
sections.definitions(log)
