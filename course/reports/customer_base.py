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

# %% tags=["nbval-check-output"]
sections.first_page(log)

# %% tags=["nbval-check-output"]
sections.data_notes(log)

# %% tags=["nbval-check-output"]
sections.can_carry(log)

# %% [markdown]
# The five lenses and that of products, in the order in which this log tells them best.

# %%
sections.lens(log, 1)

# %%
sections.lens(log, 2)

# %%
sections.lens(log, 3)

# %%
sections.lens(log, 4)

# %%
sections.lens(log, 5)

# %%
sections.lens(log, 6)

# %% [markdown]
# What the log says of segments, tiers, states and value.

# %%
sections.section(log, "months")

# %%
sections.section(log, "concentration")

# %%
sections.section(log, "segments")

# %%
sections.section(log, "pyramid")

# %%
sections.section(log, "standing")

# %%
sections.section(log, "life-cycle")

# %%
sections.section(log, "next-year")

# %% tags=["nbval-check-output"]
sections.reconciliation(log)

# %%
sections.section(log, "definitions")
