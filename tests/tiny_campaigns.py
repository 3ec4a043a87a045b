"""Three campaigns of eight customers, worked out by hand: what tests of the lesson and the workbook on campaigns share.

             M0 at random        M1 by marketing                    M2 at random
             2024-02-05          2024-03-04 (orders in 180 days)    2024-05-06 (contacts in 91 days before)
contacted    a 4.00, c           a 3.00 (2), e (2), b 2.00 (1)      a 10.00 and 6.00 (4), b 8.00 (2), c (2), d (1), e (0)
held back    b, d                g (2), c 1.00 (1), h 1.00 (1),     f 5.00 (0), g (0), h (0)
                                 d (1), f (0)
"""

import pandas as pd

CAMPAIGNS = pd.DataFrame(
    [("M0", "Zero", "2024-02-05", "letter", "at random", 7, 3.0), ("M1", "One", "2024-03-04", "letter", "by marketing", 7, 2.0),
     ("M2", "Two", "2024-05-06", "e-mail", "at random", 7, 1.0)],
    columns=["campaign", "name", "date", "channel", "chosen", "window", "contact_cost"],
).astype({"date": "datetime64[us]"})  # fmt: skip
OFFERS = pd.DataFrame(
    [(campaign, one, there) for campaign, yes, no in (("M0", "ac", "bd"), ("M1", "aeb", "gchdf"), ("M2", "abcde", "fgh"))
     for names, there in ((yes, True), (no, False)) for one in names],
    columns=["campaign", "customer", "contacted"],
)  # fmt: skip
RESPONSES = pd.DataFrame(
    [("M0", "a", "O13", 4.0), ("M1", "a", "O14", 3.0), ("M1", "b", "O15", 2.0), ("M1", "c", "O16", 1.0), ("M1", "h", "O17", 1.0),
     ("M2", "a", "O18", 10.0), ("M2", "a", "O19", 6.0), ("M2", "b", "O20", 8.0), ("M2", "f", "O21", 5.0)],
    columns=["campaign", "customer", "order", "margin"],
)  # fmt: skip
ORDERS = pd.DataFrame(
    [("O01", "a", "2023-12-01"), ("O02", "e", "2023-12-01"), ("O03", "e", "2023-12-20"), ("O04", "b", "2023-12-02"),
     ("O05", "g", "2023-12-03"), ("O06", "g", "2024-01-02"), ("O07", "c", "2024-01-03"), ("O08", "h", "2024-01-04"),
     ("O09", "d", "2024-01-05"), ("O10", "f", "2023-05-05"), ("O13", "a", "2024-02-06"), ("O14", "a", "2024-03-05"),
     ("O15", "b", "2024-03-06"), ("O16", "c", "2024-03-07"), ("O17", "h", "2024-03-08"), ("O18", "a", "2024-05-06"),
     ("O19", "a", "2024-05-13"), ("O20", "b", "2024-05-07"), ("O21", "f", "2024-05-08"), ("O22", "g", "2024-06-20"),
     ("O23", "a", "2024-06-30")],
    columns=["order", "customer", "date"],
).astype({"date": "datetime64[us]"})  # fmt: skip
# 2024-04-01 is a Monday. a: two weeks with two departments; b: Sunday and Monday; c: one department twice; d: one calls in
CONTACTS = pd.DataFrame(
    [("a", "2024-04-01", "sales", "out"), ("a", "2024-04-03", "marketing", "out"), ("a", "2024-04-15", "sales", "out"),
     ("a", "2024-04-16", "marketing", "out"), ("b", "2024-04-07", "sales", "out"), ("b", "2024-04-08", "service", "out"),
     ("c", "2024-04-02", "sales", "out"), ("c", "2024-04-04", "sales", "out"), ("d", "2024-04-02", "sales", "out"),
     ("d", "2024-04-03", "service", "in")],
    columns=["customer", "date", "department", "direction"],
).astype({"date": "datetime64[us]"}).assign(channel="phone", cost=6.5)  # fmt: skip
CUSTOMERS = pd.DataFrame({"customer": list("abcdefgh"), "price_attitude": pd.array([5, 5, 2, 2, 4, 1, 3, None], dtype="Int64")})
TABLES = {"campaigns": CAMPAIGNS, "offers": OFFERS, "responses": RESPONSES, "orders": ORDERS, "contacts": CONTACTS,
          "customers": CUSTOMERS}  # fmt: skip
TX = ORDERS[["customer", "date"]].assign(amount=20.0, order=ORDERS["order"])


def table(name):
    """As `datasets.load` reads one."""
    return TABLES[name].copy()
