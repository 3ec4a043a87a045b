"""A company with known truth: tables on one customer id, made by readable code from a seed and a file of parameters.

`make` gives the whole company: clean tables, raw ones with defects, and the truth behind both.
"""

from crmlib.company.generate import Company, make

__all__ = ["Company", "make"]
