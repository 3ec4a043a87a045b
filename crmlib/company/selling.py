"""What the company's selling to businesses leaves behind: leads, deals, forecasts, invoices, wallets, key accounts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlib.company.accounts import key_accounts, wallet
from crmlib.company.credit import credit, payers
from crmlib.company.deals import deals
from crmlib.company.leads import leads

__all__ = ["selling"]


def selling(
    parameters: dict,
    rng: np.random.Generator,
    customers: pd.DataFrame,
    orders: pd.DataFrame,
    transactions: pd.DataFrame,
) -> tuple[dict, dict]:
    """Eight tables of schema.toml and, of truth.toml, what is behind them.

    Each part draws from a generator of its own, so a change in one leaves the others as they are.
    """
    for_leads, for_deals, for_payers, for_credit, for_wallet, for_accounts = rng.spawn(6)
    lead, chances = leads(parameters, for_leads, customers)
    pipeline, truth = deals(parameters, for_deals, customers, orders)
    payer = payers(parameters, for_payers, customers)
    billed = credit(
        parameters, for_credit, customers, orders, transactions, pipeline["opportunities"], pipeline["stages"], payer
    )  # fmt: skip
    spent, wallets = wallet(parameters, for_wallet, customers, transactions)
    scores, cells = key_accounts(parameters, for_accounts, customers, transactions, payer)
    tables = {"leads": lead} | pipeline | billed | {"wallet": spent, "key_accounts": scores}
    truth |= {"lead_chances": chances, "credit": payer, "wallets": wallets, "account_cells": cells}
    return tables, truth
