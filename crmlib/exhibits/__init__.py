"""The exhibits of the report: a module a lens, which gives a finding, its chart, what follows from it and its table.

`one_period`, `two_periods`, `one_cohort`, `cohorts_compared`, `all_cohorts` and `products` each have a function of that
name from an opened log to a `Section`; `questions` writes the first page from the same numbers, `reconciliation` shows
that they add up. Numbers come finished from `crmlib.lenses`; nothing here computes more than a share.
"""

__all__: list[str] = []
