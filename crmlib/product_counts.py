"""What `crmlib.products` counts, of a log in memory: the numpy way to what other engines find by queries."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from crmlib.customers import DECIMALS
from crmlib.numbering import changes

__all__ = ["ProductCounts"]


class ProductCounts:
    """Counts by product of a `counted.Counted` log.

    ``names`` are the products in order, and ``product`` and ``owner`` the product and the customer of each pair.
    """

    def __init__(self, log):
        self.log = log
        self.codes, self.names = log.log.products
        self.pairs, self.owner, self.product = log.split(self.codes, len(self.names))

    def by_product(self, products, weights=None):
        return np.bincount(products, weights, len(self.names))

    @cached_property
    def bought(self):
        return self.pairs.purchases > 0

    def pairs_since(self, start):
        """The pairs of customers and products that were bought on the day ``start`` or later."""
        pair = self.pairs.customer[self.bought & (self.pairs.day >= start)]
        return pair[changes(pair)]

    def totals(self, start):
        """Of each product with a line since the day ``start``, {name: {customers, sole_customers, orders, revenue,
        [profit], [units]}}; the numbers of customers and of orders."""
        pair = self.pairs_since(start)
        owner, product = self.owner[pair], self.product[pair]
        each = np.bincount(owner, minlength=self.log.size)
        rows, inside = self.pairs.day >= start, self.log.inside(start, self.log.as_of.toordinal())
        orders = self.by_product(self.product[self.pairs.customer[rows]], self.pairs.orders[rows])
        found = {"customers": self.by_product(product), "sole_customers": self.by_product(product[each[owner] == 1])}
        found |= {"orders": orders} | self.sums(inside)
        found = self.by_name(found, self.by_product(self.codes[inside]))
        return found, int(np.count_nonzero(each)), int(self.log.orders[self.log.day >= start].sum())

    def sums(self, lines):
        """Over some lines of the log, by product: revenue, profit if every line has a cost, units if there are such."""
        product, floats = self.codes[lines], self.log.log.floats
        amount = floats("amount")[lines]
        found = {"revenue": self.by_product(product, amount)}
        if self.log.profit is not None:
            found["profit"] = self.by_product(product, amount - floats("cost")[lines])
        if "quantity" in self.log.columns:
            found["units"] = self.by_product(product, np.nan_to_num(floats("quantity")[lines]))
        return found

    def by_name(self, columns, counts):
        """Of products with a count above 0, {name: {column: value}}."""
        there = np.flatnonzero(counts)
        return {self.names[one]: {name: values[one] for name, values in columns.items()} for one in there}

    def both(self, start, most):
        """The ``most`` products with most customers since the day ``start`` as {name: customers}; how many bought each
        two of them, by their names; the number of customers."""
        pair = self.pairs_since(start)
        owner, product = self.owner[pair], self.product[pair]
        top = self.top(self.by_product(product), most)
        both = {}
        for one in top:
            buyers = np.zeros(self.log.size, bool)
            buyers[owner[product == one]] = True
            shared = self.by_product(product[buyers[owner]])
            both |= {(self.names[one], self.names[two]): int(shared[two]) for two in top}
        everybody = int(np.count_nonzero(changes(owner)))
        return {self.names[one]: both[self.names[one], self.names[one]] for one in top}, both, everybody

    def top(self, customers, most):
        """The ``most`` products with most customers; of equal ones the first by name."""
        best = np.lexsort((np.arange(len(customers)), -customers))[:most]
        return best[customers[best] > 0]

    def entries(self, latest, days):
        """By entry product, of customers with a first purchase up to the day ``latest`` and in their first ``days``
        days: {name: {customers, orders, revenue, [profit], squares, later}}: the squares of what each brought, and of it
        what came after the first day."""
        first, pairs, log = self.log.first, self.pairs, self.log
        owner = self.owner[pairs.customer]
        at_first = np.flatnonzero(self.bought & (pairs.day == first[owner]))
        owner, spent = owner[at_first], pairs.spent[at_first].round(DECIMALS)
        begins = np.flatnonzero(changes(owner))
        most = np.repeat(np.maximum.reduceat(spent, begins), np.diff(begins, append=len(owner))) if len(owner) else spent
        best = at_first[spent == most]  # sorted by customer and product: the first one of a customer counts
        best = best[changes(self.owner[pairs.customer[best]])]
        entry = np.full(log.size, -1)
        entry[self.owner[pairs.customer[best]]] = self.product[pairs.customer[best]]
        entry[~(first <= latest)] = -1
        began = first[log.customer]
        rows = np.flatnonzero((entry[log.customer] >= 0) & (log.day >= began) & (log.day < began + days))
        entry_of = entry[log.customer[rows]]
        found = {"customers": self.by_product(entry[entry >= 0]), "orders": self.by_product(entry_of, log.orders[rows])}
        money = {"revenue": log.amount} | ({} if log.profit is None else {"profit": log.profit})
        found |= {name: self.by_product(entry_of, values[rows]) for name, values in money.items()}
        brought = [*money.values()][-1][rows]
        each = np.bincount(log.customer[rows], brought, log.size)
        found["squares"] = self.by_product(entry[entry >= 0], each[entry >= 0] ** 2)
        after = log.day[rows] > began[rows]
        found["later"] = self.by_product(entry_of[after], brought[after])
        return self.by_name(found, found["customers"])

    def first_times(self, latest, most):
        """Of customers with a first purchase up to the day ``latest``: their number, the names of the ``most`` products
        with most buyers, and a number for product (its place in these names), days until it was first bought, and how
        many customers that were; three arrays."""
        rows = np.flatnonzero(self.bought)
        rows = rows[changes(self.pairs.customer[rows])]
        pair = self.pairs.customer[rows]
        first = self.log.first[self.owner[pair]]
        watched = first <= latest
        product, gap = self.product[pair[watched]], (self.pairs.day[rows] - first)[watched].astype(np.int64)
        top = self.top(self.by_product(product), most)
        place = np.full(len(self.names), len(top))
        place[top] = np.arange(len(top))
        width = int(gap.max(initial=0)) + 1
        counts = np.bincount(place[product] * width + gap, minlength=(len(top) + 1) * width)[: len(top) * width]
        there = np.flatnonzero(counts)
        customers = int(np.count_nonzero(self.log.first <= latest))
        return customers, [self.names[one] for one in top], there // width, there % width, counts[there]
