"""What is lost when customers leave, what it may cost to hold or win them back, and what they bring by recommending.

All from the value of a customer (`crmlib.clv`, `crmlib.retention_value` and the others), as profit and not as revenue.
"""

from __future__ import annotations

import narwhals as nw
import numpy as np

from crmlib.arguments import AMOUNT, CHANCE, check_columns, check_numbers, check_share
from crmlib.classes import with_classes
from crmlib.errors import DataError, quote
from crmlib.frames import same_kind, table

__all__ = ["RESPONSES", "decline_responses", "lost_value", "referral_value", "win_back_ceiling"]

RESPONSES = ("invest", "let go")


def lost_value(customers, *, value, sunk=0.0) -> float:
    """The cost of defection: ``customers`` who left, each with the ``value`` still expected of them (narrow CLV).

    ``sunk``, what was spent to win one of them and not yet earned back, is lost with them; it is no reason to win
    somebody back.

    >>> lost_value(120, value=266.67), lost_value(10, value=50, sunk=20)
    (32000.4, 700.0)
    """
    check_numbers(customers=customers, value=value, sunk=sunk)
    if customers < 0:
        raise DataError(f"customers is {quote(customers)}; it is a number of customers from 0 up.")
    return float(customers * (value + sunk))


def win_back_ceiling(value, *, success, without=0.0) -> float:
    """The most that an attempt to win one customer back, or to hold one, may cost: (success - without) * value.

    ``success`` is the chance to have the customer afterwards, ``without`` the chance that they come or stay anyway. Where
    nothing is to be won, as with a value below zero, it is 0.

    >>> win_back_ceiling(266.67, success=0.25), win_back_ceiling(266.67, success=0.25, without=0.15)
    (66.6675, 26.667)
    """
    check_numbers(value=value)
    check_share(success=success, without=without)
    return round(max((success - without) * value, 0.0), 12)


@same_kind
def decline_responses(customers, *, value="value", success="success", cost="cost", without=None):
    """Invest in a customer in decline or let go, by expected value: the table with ceiling, expected_gain, response.

    ``value`` (what the customer is worth if held), ``success`` (the chance to hold or win back) and ``cost`` (of the
    attempt) name columns, or are numbers for all; so does ``without``, the chance that it happens anyway (None: 0).
    ceiling = max(0, (success - without) * value), expected_gain = (success - without) * value - cost, and ``response`` is
    "invest" if that is above 0, else "let go": at 0 the money is as good elsewhere.

    The same kind of table. Raises `DataError` for gaps, and for chances outside 0 to 1.

    >>> import pandas as pd
    >>> declining = pd.DataFrame({"customer": ["a", "b"], "value": [400.0, 100.0], "success": [0.3, 0.3]})
    >>> decline_responses(declining, cost=40)[["customer", "ceiling", "expected_gain", "response"]]
      customer  ceiling  expected_gain response
    0        a    120.0           80.0   invest
    1        b     30.0          -10.0   let go
    """
    given = {"value": value, "success": success, "cost": cost, "without": 0.0 if without is None else without}
    columns = [one for one in given.values() if isinstance(one, str)]
    frame = table(customers, columns, eager=False)
    number, rules = {}, {}
    for name, one in given.items():
        chance = name in ("success", "without")
        if isinstance(one, str):
            number[name], rules[one] = nw.col(one).cast(nw.Float64), CHANCE if chance else AMOUNT
        else:
            (check_share if chance else check_numbers)(**{name: one})
            number[name] = nw.lit(float(one))
    check_columns(frame, rules, of="customers")
    won = (number["success"] - number["without"]) * number["value"]
    ceiling, gain = nw.when(won > 0).then(won).otherwise(0.0), won - number["cost"]
    frame = frame.with_columns(ceiling.alias("ceiling"), gain.alias("expected_gain"))
    return with_classes(frame, "response", [(nw.col("expected_gain") > 0, RESPONSES[0])], RESPONSES[1]).to_native()


def referral_value(referrals, *, conversion, value, reward=0.0):
    """What recommendations are worth: referrals * conversion * (value - reward), in money a customer.

    ``referrals`` is how many people a customer recommends us to, a number or an array with one a customer;
    ``conversion`` the share of these who become customers *because of it*; ``value`` the CLV of such a customer;
    ``reward`` is paid for each who does. Who would have come anyway counts twice otherwise: in his own value and here.

    >>> referral_value(4, conversion=0.1, value=250, reward=20)
    92.0
    """
    check_share(conversion=conversion)
    check_numbers(value=value, reward=reward)
    try:
        many = np.asarray(referrals, dtype=float)
    except (TypeError, ValueError):
        many = np.array(np.nan)
    if not ((many >= 0) & np.isfinite(many)).all():
        raise DataError(f"referrals is {quote(referrals)}; it is a number from 0 up, or one for each customer.")
    found = many * conversion * (value - reward)
    return found if np.ndim(referrals) else float(found)
