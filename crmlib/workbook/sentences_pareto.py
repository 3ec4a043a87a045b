"""What the Pareto lesson says about the log at hand: windows, laws and chance, in words that change with the numbers.

Every sentence is true of any log that passed the door; its verdict is computed. Lessons wrap the text.
"""

from __future__ import annotations

from crmlib import pareto
from crmlib.errors import DataError, FitError
from crmlib.frames import collect, table
from crmlib.pareto_law import ParetoLaw, fit_pareto_law, pareto_exponent
from crmlib.wording import count, number, percent, several

__all__ = ["by_chance", "longer_is_steeper", "one_law", "two_exponents"]


def longer_is_steeper(windows) -> str:
    """Whether the top share rises with the window, one sentence on a table of `shares_by_window`.

    "Held" asks for a rise at every step.
    """
    frame = collect(table(windows, ["months", "top_share"], what="table of windows", eager=False)).sort("months")
    months, shares = frame["months"].to_list(), frame["top_share"].to_list()
    if len(months) < 2:
        carried = f"it carries only the one of {count(months[0], 'month')}" if months else "it carries none of them"
        return f"The log is too short to compare windows: {carried}."
    held = all(shorter < longer for shorter, longer in zip(shares, shares[1:], strict=False))
    steps = [f"{percent(share)} in {count(length, 'month')}" for length, share in zip(months, shares, strict=True)]
    return f"'The longer the window, the more the top brings' {_verdict(held)} here: {several(steps)}."


def one_law(customers, *, q=0.20, few=0.01) -> str:
    """What the Pareto law of 80/20, and the one through this log's own top share, say of Gini and the top ``few``."""
    share = pareto.top_share(customers, q)
    textbook = ParetoLaw(pareto_exponent(0.80, 0.20))
    law = f"In the Pareto law of 80/20 (alpha {textbook.alpha:.4f}) the Gini index is {textbook.gini():.3f}. "
    law += f"Measured here: the top {percent(q, 0)} bring {percent(share)}, Gini {pareto.gini(customers):.3f}"
    try:
        own = ParetoLaw(pareto_exponent(share, q))
    except DataError:
        return f"{law}; no Pareto law goes through that."
    return (
        f"{law}. The law through this top share (alpha {own.alpha:.4f}) has Gini {own.gini():.3f} and lets the "
        f"top {percent(few, 0)} bring {percent(own.top_share(few))}; here they bring "
        f"{percent(pareto.top_share(customers, few))}."
    )


def two_exponents(customers, *, q=0.20, higher=0.05) -> str:
    """Alpha from the share of the top ``q`` beside alpha by likelihood, from the top ``q`` up and from a ``higher`` top.

    The verdict: a law holds if the first fit is as near to the customers as chance would bring it, and if the second
    gives the same alpha within two of its standard errors.
    """
    share, top = pareto.top_share(customers, q), percent(q, 0)
    try:
        from_share = f"{pareto_exponent(share, q):.3f}"
    except DataError:
        from_share = "none"
    said = f"Alpha from the share of the top {top}: {from_share}. "
    try:
        law = fit_pareto_law(customers, top=q)
    except FitError as why:
        return f"{said}By likelihood: none. {why}"
    chance, holds = law.distance_by_chance(), law.distance <= law.distance_by_chance()
    said += (
        f"By likelihood, from {number(law.minimum, 2)} up ({count(law.customers, 'customer')}): {law.alpha:.3f}, "
        f"standard error {law.standard_error:.3f}. These customers lie up to {percent(law.distance)} from that law; "
        f"chance alone seldom gives more than {percent(chance)}. "
    )
    try:
        above = fit_pareto_law(customers, top=higher)
    except FitError:
        said += f"The top {percent(higher, 0)} are too few or too equal for a second fit. "
    else:
        holds = holds and abs(above.alpha - law.alpha) <= 2 * above.standard_error
        said += f"From the top {percent(higher, 0)} up: {above.alpha:.3f}, standard error {above.standard_error:.3f}. "
    return f"{said}'The top {top} follow a Pareto law' {_verdict(holds)} here."


def by_chance(customers, *, rng, q=0.20, claim=0.80) -> str:
    """The bootstrap interval of the top share, and whether chance in who came can explain its distance to ``claim``."""
    try:
        found = pareto.top_share_interval(customers, q, rng=rng)
    except DataError as why:
        return f"There is no interval here. {why}"
    inside = found.low <= claim <= found.high
    return (
        f"The top {percent(q, 0)} bring {percent(found.share)}; in {percent(found.level, 0)} of "
        f"{number(found.resamples)} resamples it was {percent(found.low)} to {percent(found.high)}. The claimed "
        f"{percent(claim, 0)} {'lie' if inside else 'do not lie'} in that interval, so chance in who came "
        f"{'can' if inside else 'does not'} explain the difference."
    )


def _verdict(held) -> str:
    return "held" if held else "did not hold"
