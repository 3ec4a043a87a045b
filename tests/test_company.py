"""The company: that its tables fit together, that its claims can be switched, and that estimates find the planted truth."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from companies import company

import crmlib
from crmlib import checkout, datasets
from crmlib.company import make
from crmlib.company.likeness import likeness
from crmlib.company.package import csv_bytes
from crmlib.company.parameters import bands, draw, load
from crmlib.company.schema import dictionary, resource_name, tables, with_part, wrong
from crmlib.transactions import admit

PUBLIC = company(raw=True)
LAST = pd.Timestamp("2025-12-31")
CLAIMS = load()["claims"]
ALLOWED = {name: entry["allowed"] for name, entry in load()["recovery"].items()}


def of_kind(tables, kind):
    customers = tables["customers"].set_index("customer")
    lines = tables["transactions"]
    return crmlib.customer_table(lines[lines["customer"].map(customers["kind"]) == kind], as_of=LAST)


class TestTables:
    def test_it_is_as_large_as_promised(self):
        customers = PUBLIC.clean["customers"]
        assert len(customers) == 4020
        assert customers["kind"].value_counts().to_dict() == {"consumer": 3660, "business": 360}
        assert customers["joined"].min() >= pd.Timestamp("2023-01-01")
        by_year = customers["joined"].dt.year.value_counts()
        assert by_year[2023] < by_year[2024] < by_year[2025]

    def test_transactions_pass_the_door_whole(self):
        lines = PUBLIC.clean["transactions"]
        options = {name: name for name in ("order", "product", "quantity", "cost")}
        admitted, notes = admit(lines, **options)
        assert len(admitted) == len(lines)
        assert {note.code for note in notes} <= {"columns", "refunds", "duplicates", "same_day", "zero_amounts"}
        assert admitted["amount"].sum() == pytest.approx(lines["amount"].sum(), abs=1e-6)

    def test_each_order_has_lines_of_its_customer_and_day(self):
        orders, lines = PUBLIC.clean["orders"].set_index("order"), PUBLIC.clean["transactions"]
        bought = lines[lines["amount"] >= 0]
        assert set(bought["order"]) == set(orders.index)
        assert (bought["customer"] == bought["order"].map(orders["customer"])).all()
        assert (bought["date"] == bought["order"].map(orders["date"])).all()
        assert orders["date"].is_monotonic_increasing

    def test_customers_joined_with_their_first_order(self):
        first = PUBLIC.clean["orders"].groupby("customer")["date"].min()
        joined = PUBLIC.clean["customers"].set_index("customer")["joined"]
        assert (first.reindex(joined.index) == joined).all()

    def test_what_comes_back_was_sold(self):
        lines = PUBLIC.clean["transactions"]
        back, sold = lines[lines["amount"] < 0], lines[lines["amount"] >= 0]
        assert len(back) > 300 and (back["quantity"] < 0).all()
        both = back.merge(sold, on=["order", "product"], suffixes=("", "_sold"))
        assert len(both) == len(back)
        assert (both["amount"] == -both["amount_sold"]).all() and (both["date"] > both["date_sold"]).all()

    def test_amounts_are_list_prices_less_the_discount_of_the_order(self):
        lines = PUBLIC.clean["transactions"].merge(PUBLIC.clean["products"], on="product", suffixes=("", "_one"))
        lines = lines.merge(PUBLIC.clean["orders"][["order", "discount"]], on="order")
        sold = lines[lines["amount"] >= 0]
        expected = sold["price"] * sold["quantity"] * (1 - sold["discount"])
        assert np.allclose(sold["amount"], expected, atol=0.006)
        assert np.allclose(sold["cost"], sold["cost_one"] * sold["quantity"], atol=0.006)

    def test_nobody_buys_what_is_not_on_sale(self):
        lines = PUBLIC.clean["transactions"].merge(PUBLIC.clean["products"], on="product")
        assert (lines["date"] >= lines["launched"]).all()

    def test_responses_are_the_orders_in_the_windows(self):
        tables = PUBLIC.clean
        listed = tables["offers"].merge(tables["campaigns"]).merge(tables["orders"], on="customer", suffixes=("_sent", ""))
        days = (listed["date"] - listed["date_sent"]).dt.days
        inside = listed[(days >= 0) & (days <= listed["window"])]
        assert set(zip(inside["campaign"], inside["order"], strict=True)) == set(
            zip(tables["responses"]["campaign"], tables["responses"]["order"], strict=True)
        )

    def test_only_those_who_agreed_are_on_a_list_and_each_contacted_is_in_the_contacts(self):
        tables = PUBLIC.clean
        customers = tables["customers"].set_index("customer")
        assert customers["consent"].reindex(tables["offers"]["customer"]).all()
        assert (customers["kind"].reindex(tables["offers"]["customer"]) == "consumer").all()
        sent = tables["offers"][tables["offers"]["contacted"]].merge(tables["campaigns"])
        reached = sent.merge(tables["contacts"], on=["customer", "date", "channel"])
        assert len(reached[["campaign", "customer"]].drop_duplicates()) == len(sent)

    def test_cost_to_serve_adds_up(self):
        tables, p = PUBLIC.clean, PUBLIC.parameters["service"]
        booked = tables["service_costs"].groupby("activity")["cost"].sum()
        assert booked["complaints"] == pytest.approx(p["complaint_cost"] * len(tables["complaints"]), abs=0.01)
        assert booked["orders"] == pytest.approx(
            (tables["orders"]["shipping"] + p["order_cost"]).sum(), abs=0.005 * len(tables["service_costs"])
        )
        assert booked["contacts"] + booked["visits"] == pytest.approx(
            tables["contacts"]["cost"].sum(), abs=0.005 * len(tables["service_costs"])
        )

    def test_complaints_come_after_delivery_and_are_solved_after_they_came(self):
        complaints = PUBLIC.clean["complaints"].merge(PUBLIC.clean["orders"], on="order", suffixes=("", "_order"))
        assert (complaints["customer"] == complaints["customer_order"]).all()
        assert ((complaints["opened"] - complaints["date"]).dt.days >= complaints["delivered"]).all()
        solved = complaints.dropna(subset="solved")
        assert (solved["solved"] >= solved["opened"]).all()
        assert ((solved["solved"] == solved["opened"]) == solved["first_contact"]).all()


class TestIds:
    """Ids are given by day and, within a day, by lot, so that they say nothing of whose they are."""

    def test_orders_of_a_day_do_not_follow_their_customers(self):
        orders = PUBLIC.clean["orders"].assign(number=lambda t: t["customer"].str[1:].astype(int))
        same = orders["date"] == orders["date"].shift()
        rising = (orders["number"] > orders["number"].shift())[same]
        assert abs(rising.mean() - 0.5) < 0.03

    def test_records_of_a_day_do_not_follow_their_customers(self):
        records = PUBLIC.raw["records"].merge(PUBLIC.truth["records"])
        joined = records["customer"].map(PUBLIC.clean["customers"].set_index("customer")["joined"])
        number, day = records["customer"].str[1:].astype(int), joined
        first = ~records.duplicated("customer")
        number, day = number[first], day[first]
        same = day == day.shift()
        assert abs((number > number.shift())[same].mean() - 0.5) < 0.05


class TestSeeds:
    def test_the_same_seed_makes_the_same_tables(self):
        again = make(seed=1901)
        for part in ("clean", "raw", "truth"):
            for name, table in getattr(again, part).items():
                pd.testing.assert_frame_equal(table, getattr(PUBLIC, part)[name])

    def test_another_seed_makes_others(self):
        assert not company(7).clean["transactions"].equals(PUBLIC.clean["transactions"])

    def test_a_change_in_one_part_leaves_the_others_alone(self):
        parameters = load()
        parameters["service"]["inquiries"] = 0.5
        other = make(parameters, 1901)
        assert len(other.clean["inquiries"]) > 3 * len(PUBLIC.clean["inquiries"])
        for name in ("customers", "orders", "transactions", "contacts", "offers"):
            pd.testing.assert_frame_equal(other.clean[name], PUBLIC.clean[name])

    def test_classes_draw_their_parameters_within_the_bands(self):
        assert {"buying.rate", "campaigns.persuaded"} <= set(bands())
        for seed in range(20):
            drawn = draw(np.random.default_rng(seed))
            for name, (low, high) in bands().items():
                section, key = name.split(".")
                assert low <= drawn[section][key] <= high
            assert sorted(map(sorted, (row.values() for row in drawn["wants"]["kano"].values()))) == sorted(
                map(sorted, (row.values() for row in load()["wants"]["kano"].values()))
            )
            assert len(drawn["wants"]["chains"]) == len(load()["wants"]["chains"]) - 1
            assert drawn["claims"] == CLAIMS and drawn["buying"]["consumer"] == load()["buying"]["consumer"]

    def test_what_customers_want_differs_between_classes(self):
        drawn = [draw(np.random.default_rng(seed))["wants"] for seed in range(6)]
        assert len({str(one["kano"]) for one in drawn}) == 6 and len({str(one["chains"]) for one in drawn}) > 3
        assert all(one["kano"] != load()["wants"]["kano"] for one in drawn)

    def test_the_public_values_lie_in_their_bands(self):
        for name, (low, high) in bands().items():
            section, key = name.split(".")
            assert low < load()[section][key] < high


class TestClaims:
    """Each claim of the textbook holds in one world and not in another."""

    def top_fifth(self, tables):
        revenue = np.sort(tables["transactions"].groupby("customer")["amount"].sum())[::-1]
        return revenue[: len(revenue) // 5].sum() / revenue.sum()

    def test_few_bring_most(self):
        assert 0.6 < self.top_fifth(PUBLIC.clean) < 0.75
        assert self.top_fifth(company(few_bring_most=0.0).clean) < self.top_fifth(PUBLIC.clean) - 0.1

    def margins(self, world):
        tables = world.clean
        size = tables["customers"].set_index("customer")["size"]
        money = tables["transactions"].groupby("customer")["amount"].sum()
        profit = world.truth["customers"].set_index("customer")["profit"]
        return profit.groupby(size).sum() / money.groupby(size).sum()

    def test_the_middle_size_is_the_most_profitable(self):
        margins = self.margins(PUBLIC)
        assert margins["middle"] > margins["small"] + 0.02 and margins["middle"] > margins["big"] + 0.05
        without = self.margins(company(middle_most_profitable=0.0))
        assert without["big"] > without["middle"]

    def test_profits_of_the_truth_follow_from_the_tables(self):
        lines, costs = PUBLIC.clean["transactions"], PUBLIC.clean["service_costs"]
        margin = (lines["amount"] - lines["cost"]).groupby(lines["customer"]).sum()
        profit = margin.sub(costs.groupby("customer")["cost"].sum(), fill_value=0.0)
        truth = PUBLIC.truth["customers"].set_index("customer")["profit"]
        assert np.allclose(profit.reindex(truth.index), truth, atol=0.006)
        assert 0.15 < (truth < 0).mean() < 0.40  # a tail that loses money

    def ordered_again(self, tables, complained_about):
        orders = tables["orders"].assign(again=lambda o: o.groupby("customer")["date"].shift(-1).notna())
        orders = orders[orders["date"] < "2025-06-30"]
        return orders["again"][orders["order"].isin(complained_about)].mean()

    def test_complaints_drive_away_the_more_the_longer_they_take(self):
        complaints = PUBLIC.clean["complaints"]
        days = (complaints["solved"].fillna(LAST) - complaints["opened"]).dt.days
        rest = self.ordered_again(PUBLIC.clean, set(PUBLIC.clean["orders"]["order"]) - set(complaints["order"]))
        fast = self.ordered_again(PUBLIC.clean, complaints["order"][days <= 2])
        slow = self.ordered_again(PUBLIC.clean, complaints["order"][days >= 8])
        assert slow < rest - 0.15
        assert slow < fast - 0.10
        assert fast > rest - 0.07

    def test_where_answers_repair_nothing_fast_ones_do_as_much_harm(self):
        assert PUBLIC.truth["complaints"]["extra_stop"].nunique() > 20
        world = company(fast_answers_repair=0.0)
        assert world.truth["complaints"]["extra_stop"].nunique() == 1
        assert world.truth["complaints"]["extra_stop"].iloc[0] == world.parameters["service"]["stop_after_complaint"]
        complaints = world.clean["complaints"]
        days = (complaints["solved"].fillna(LAST) - complaints["opened"]).dt.days
        rest = self.ordered_again(world.clean, set(world.clean["orders"]["order"]) - set(complaints["order"]))
        assert self.ordered_again(world.clean, complaints["order"][days <= 2]) < rest - 0.15

    def content_after_a_complaint(self, world):
        """Satisfaction of those asked after an order that went wrong, less that of the others."""
        answers, complaints = world.clean["surveys"], world.clean["complaints"]
        near = answers.merge(complaints, on="customer")
        near = near[(near["date"] - near["opened"]).dt.days.between(0, 25)]
        after = answers["survey"].isin(near["survey"])
        return answers["satisfaction"][after].mean() - answers["satisfaction"][~after].mean()

    def test_complaints_move_satisfaction_only_where_they_drive_away(self):
        assert self.content_after_a_complaint(PUBLIC) < -0.3
        assert self.content_after_a_complaint(company(complaints_drive_away=0.0)) > -0.2
        assert (company(complaints_drive_away=0.0).truth["complaints"]["mood"] == 0).all()

    def test_where_complaints_do_nothing_complainers_come_back_as_others_do(self):
        tables = company(complaints_drive_away=0.0).clean
        complained = set(tables["complaints"]["order"])
        rest = self.ordered_again(tables, set(tables["orders"]["order"]) - complained)
        assert self.ordered_again(tables, complained) == pytest.approx(rest, abs=0.04)

    def test_offers_drive_some_away_only_where_that_is_claimed(self):
        assert (PUBLIC.truth["uplift"]["uplift"] < -0.01).mean() > 0.02
        assert (company(contact_drives_some_away=0.0).truth["uplift"]["uplift"] >= 0).all()

    def test_satisfaction_follows_who_returns_only_where_that_is_claimed(self):
        def link(world):
            stop = world.truth["customers"].set_index("customer")["stop"]
            answers = world.clean["surveys"]
            return np.corrcoef(answers["satisfaction"], stop.reindex(answers["customer"]))[0, 1]

        assert link(PUBLIC) < -0.2
        assert abs(link(company(satisfied_return=0.0))) < 0.09


class TestRecovery:
    """Estimators find the planted truth as near as the file of parameters says."""

    @pytest.mark.parametrize("seed", [1901, 11, 12])
    def test_bgnbd_finds_the_planted_parameters_in_a_pure_world(self, seed):
        world = company(seed, without=("offers",), complaints_drive_away=0.0)
        planted = world.parameters["buying"]["consumer"]
        model = crmlib.fit_bgnbd(of_kind(world.clean, "consumer"))
        for name in ("r", "alpha", "a", "b"):
            assert abs(getattr(model, name) / planted[name] - 1) <= ALLOWED[f"bgnbd_{name}"], name
        stop = planted["a"] / (planted["a"] + planted["b"])
        assert abs(model.a / (model.a + model.b) - stop) <= ALLOWED["bgnbd_stop"]

    @pytest.mark.parametrize("seed", [1901, 11, 12])
    def test_bgnbd_finds_how_many_orders_are_to_come(self, seed):
        world = company(seed)
        customers = of_kind(world.clean, "consumer")
        model, truth = crmlib.fit_bgnbd(customers), world.truth["customers"].set_index("customer")
        truth = truth.reindex(customers["customer"])
        total = model.expected_purchases(customers, horizon=365).sum() / truth["orders_next_year"].sum()
        assert abs(total - 1) <= ALLOWED["bgnbd_orders"]
        assert abs(model.p_alive(customers).mean() - truth["alive"].mean()) <= ALLOWED["bgnbd_alive"]

    def test_the_randomised_campaigns_find_the_mean_uplift(self):
        tables, truth = PUBLIC.clean, PUBLIC.truth["uplift"]
        for campaign in tables["campaigns"]["campaign"][tables["campaigns"]["chosen"] == "at random"]:
            listed = tables["offers"][tables["offers"]["campaign"] == campaign]
            ordered = tables["responses"]["customer"][tables["responses"]["campaign"] == campaign]
            rate = listed["customer"].isin(ordered).groupby(listed["contacted"]).agg(["mean", "size"])
            error = np.sqrt((rate["mean"] * (1 - rate["mean"]) / rate["size"]).sum())
            found = rate["mean"][True] - rate["mean"][False]
            planted = truth["uplift"][truth["campaign"] == campaign].mean()
            assert abs(found - planted) < 3 * error

    def test_those_whom_marketing_chose_would_have_bought_anyway(self):
        tables, truth = PUBLIC.clean, PUBLIC.truth["uplift"]
        chosen = tables["campaigns"]["campaign"][tables["campaigns"]["chosen"] == "by marketing"]
        listed = tables["offers"][tables["offers"]["campaign"].isin(chosen)].merge(truth)
        listed = listed.merge(tables["responses"][["campaign", "customer"]].drop_duplicates(), how="left", indicator=True)
        naive = (listed["_merge"] == "both").groupby(listed["contacted"]).mean()
        assert naive[True] - naive[False] > 3 * listed["uplift"][listed["contacted"]].mean()

    def test_rates_and_stops_of_the_truth_have_the_planted_means(self):
        planted = PUBLIC.parameters["buying"]["consumer"]
        consumer = (PUBLIC.clean["customers"]["kind"] == "consumer").to_numpy()
        truth = PUBLIC.truth["customers"][consumer]
        assert truth["rate"].mean() == pytest.approx(planted["r"] / planted["alpha"], rel=0.06)
        assert truth["stop"].mean() == pytest.approx(planted["a"] / (planted["a"] + planted["b"]), rel=0.06)
        assert (truth["alive"] == truth["stopped"].isna()).all()


class TestPublicSet:
    """What lies in datasets/lighthouse is what the generator makes."""

    def test_the_files_hold_what_the_generator_makes(self):
        package = datasets.describe("lighthouse")
        if package["crmlib"]["numpy"] != np.__version__:
            pytest.skip(f"bytes are promised for numpy {package['crmlib']['numpy']}; this is {np.__version__}")
        truth = datasets.describe(datasets.truth("lighthouse"))
        for form, resources in (("clean", package["resources"]), ("raw", package["resources"]), ("truth", truth["resources"])):
            for name, table in getattr(PUBLIC, form).items():
                stated = next(one for one in resources if one["name"] == resource_name(form, name))
                content = csv_bytes(table, tables(form)[name]["fields"])
                assert stated["contentHash"] == f"sha256:{hashlib.sha256(content).hexdigest()}", (form, name)

    def test_it_is_small(self):
        files = [path for path in (checkout.datasets() / "lighthouse").rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in files) < 1_500_000

    def test_the_dictionary_in_the_card_is_that_of_the_schema(self):
        card = (checkout.datasets() / "lighthouse" / "README.md").read_text(encoding="utf-8")
        assert with_part(card, "the dictionary", dictionary("clean", "raw", "truth")) == card
        assert wrong() in card
        for name, table in PUBLIC.clean.items():
            assert f"| {name} | {len(table):,} |" in card

    def test_it_looks_like_a_real_log(self):
        ours, real = (likeness(datasets.load(name)).set_index("percentile") for name in ("lighthouse", "cdnow"))
        assert abs(ours["share"] - real["share"]).max() < 0.06
        for percentile in (25, 50, 75, 90):
            for column in ("gap", "basket"):
                assert 0.6 < ours.loc[percentile, column] / real.loc[percentile, column] < 1.6, (column, percentile)
