"""Two related tables are learned as one, and come out as two whose keys match."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mintage.codecs.table import Table
from mintage.contracts import DataSpec
from mintage.data.grouping import split_by_number
from mintage.errors import ConfigError, DataError
from mintage.judging.related import likeness_of_related, related_scores
from mintage.relating import draw_related, relation_of, write_related
from mintage.sources.related import Related
from mintage.tabular.relation import Relation

pd = pytest.importorskip("pandas")

RELATION = Relation("orders", "customer_id")


def shop(n: int = 400, seed: int = 0) -> tuple[Any, Any]:
    """Customers of two kinds; firms order more often, dearer things, and each order is dearer than the one before."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["firm", "person"], n, p=[0.3, 0.7])
    customers = pd.DataFrame({"customer_id": [f"C{k:05d}" for k in rng.permutation(n)], "kind": kind,
                              "age": rng.integers(18, 90, n).astype(str)})  # fmt: skip
    counts = np.where(kind == "firm", rng.integers(2, 5, n), rng.integers(0, 3, n))
    rows = []
    for key, what, count in zip(customers["customer_id"], kind, counts, strict=True):
        price = 0
        for _ in range(count):
            price += int(rng.integers(1, 9)) * (10 if what == "firm" else 1)
            rows.append((key, str(price), "bulk" if what == "firm" else str(rng.choice(["post", "shop"]))))
    orders = pd.DataFrame(rows, columns=["customer_id", "price", "by"]).sample(frac=1, random_state=1)
    orders.insert(0, "order_id", np.arange(len(orders)).astype(str))
    orders["price"] = orders["price"].astype(str)
    return customers, orders.sort_values("price", key=lambda one: one.astype(int))


def test_children_lie_below_their_parents_and_know_the_one_before() -> None:
    customers = pd.DataFrame({"customer_id": ["a", "b", "c"], "kind": ["x", "y", "x"]})
    orders = pd.DataFrame({"price": ["5", "6", "7", "8"], "customer_id": ["c", "a", "lost", "c"]})
    joined = RELATION.join(customers, orders)
    assert joined.num_orphans == 1
    assert joined.parents.tolist() == [0, 0, 1, 2, 2, 2]
    found = joined.frame
    assert found["number of orders"].tolist() == ["1", "", "0", "2", "", ""]
    assert found["orders in all"].tolist() == ["", "1", "", "", "2", "2"]
    assert found["place in orders"].tolist() == ["0", "1", "0", "0", "1", "2"]
    assert found["orders.price"].tolist() == ["", "6", "", "", "5", "8"]
    assert found["orders.price before"].tolist() == ["", "", "", "", "", "5"]
    assert found["customer_id"].tolist() == ["a", "", "b", "c", "", ""]
    assert found["kind"].tolist() == ["x", "x", "y", "x", "x", "x"]
    assert RELATION.names(list(found.columns)) == (["customer_id", "kind"], ["price"])


def test_tables_that_are_not_related_are_refused(tmp_path: Path) -> None:
    customers, orders = shop(30)
    with pytest.raises(ConfigError, match="orders has no column 'customer_id'"):
        RELATION.join(customers, orders.drop(columns="customer_id"))
    with pytest.raises(DataError, match="Two parents have the key"):
        RELATION.join(pd.concat([customers, customers]), orders)
    with pytest.raises(DataError, match="No record of orders names a parent"):
        RELATION.join(customers, orders.assign(customer_id="nobody"))
    with pytest.raises(ConfigError, match=r"data.child=orders.csv"):
        Related(tmp_path / "customers.csv")


def test_a_parent_is_held_out_with_all_its_children() -> None:
    groups = np.repeat(np.arange(300), np.random.default_rng(0).integers(1, 6, 300))
    parts = split_by_number(groups, 0.2, 0, most=10_000)
    owners = [set(groups[part.rows]) for part in parts]
    assert sum(map(len, owners)) == len(set().union(*owners)) == 300
    assert len(owners[1]) + len(owners[2]) == 60
    assert sum(len(part) for part in parts) == len(groups)
    assert sum(len(part) for part in split_by_number(groups, 0.5, 0, most=40)[1:]) <= 40
    assert [*split_by_number(groups, 0.2, 0, most=10_000)[2].rows] == [*parts[2].rows]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run of two tables, opened as `opening` would: its rows are those of the source, its parts by `groups`."""
    from types import SimpleNamespace

    import torch

    from mintage.games.any_order import AnyOrder
    from mintage.models.tabular_ar import TabularAR
    from mintage.numbers import Numbers
    from mintage.recipe import DataSettings

    folder = tmp_path_factory.mktemp("shop")
    customers, orders = shop()
    customers.to_csv(folder / "customers.csv", index=False)
    orders.to_csv(folder / "orders.csv", index=False)
    settings = DataSettings(path=folder / "customers.csv", child=folder / "orders.csv", key="customer_id")
    source = Related(settings.path, child=settings.child, key=settings.key)
    codec = Table(key="customer_id, orders.order_id").fit(source.frames())
    for part in source.frames():
        codec = codec.beyond(part)
    codes = torch.from_numpy(np.concatenate([codec.encode_frame(part) for part in source.frames()]))
    torch.manual_seed(0)
    game: AnyOrder = TabularAR(width=48, hidden=48).build(DataSpec(x=codec.spec))
    optimizer = torch.optim.Adam(game.parameters(), lr=0.01)
    decay = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / 500)
    for _ in range(500):
        rows = torch.randint(len(codes), (256,))
        order = torch.rand(256, len(codec.spec.columns))
        loss = game.sampler.network(codes[rows], order).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        decay.step()
    return SimpleNamespace(
        recipe=SimpleNamespace(data=settings, model={"name": "tabular_ar"}), sampler=game.sampler.eval(), codec=codec,
        spec=DataSpec(x=codec.spec), run=SimpleNamespace(path=folder), numbers=Numbers(),
    )  # fmt: skip


def test_keys_match_exactly_and_none_is_real(trained: Any, tmp_path: Path) -> None:
    real = shop()
    paths = write_related(trained, 300, tmp_path, seed=1)
    assert [path.name for path in paths] == ["customers.csv", "orders.csv"]
    customers, orders = (pd.read_csv(path, dtype=str) for path in paths)
    assert list(customers.columns) == list(real[0].columns)
    assert {*orders.columns} == {*real[1].columns}
    assert customers["customer_id"].is_unique
    assert len(customers) == 300
    assert orders["customer_id"].isin(customers["customer_id"]).all()
    assert not customers["customer_id"].isin(real[0]["customer_id"]).any()
    assert orders["order_id"].is_unique
    assert not orders["order_id"].isin(real[1]["order_id"]).any()


def test_the_first_parents_of_a_seed_have_the_same_children_however_many_are_made(trained: Any) -> None:
    few, many = draw_related(trained, 20, seed=3), draw_related(trained, 50, seed=3)
    assert few[0].equals(many[0].iloc[:20])
    theirs = many[1][many[1]["customer_id"].isin(few[0]["customer_id"])]
    assert few[1].equals(theirs.iloc[: len(few[1])])
    assert len(few[1]) == len(theirs)


def test_children_are_like_those_of_their_parents(trained: Any) -> None:
    customers, orders = draw_related(trained, 800, seed=2)
    beside = orders.merge(customers, on="customer_id")
    assert ((beside["by"] == "bulk") == (beside["kind"] == "firm")).mean() > 0.95
    counts = orders["customer_id"].value_counts().reindex(customers["customer_id"], fill_value=0)
    kinds = customers.set_index("customer_id")["kind"]
    assert abs(counts[kinds == "firm"].mean() - 3.0) < 0.4
    assert abs(counts[kinds == "person"].mean() - 1.0) < 0.3
    rises = orders.groupby("customer_id")["price"].diff().dropna()
    assert (rises > 0).mean() > 0.8  # what stands before a child is known to it
    share = (shop()[0]["kind"] == "firm").mean()
    assert abs((customers["kind"] == "firm").mean() - share) < 0.12  # by the number of children it would be 0.27 more


def test_scores_tell_good_tables_from_torn_ones(trained: Any) -> None:
    scores = {score.name: score for score in related_scores(trained)}
    for name, score in scores.items():
        assert score.low <= score.value <= score.high
        assert score.value > (0.7 if name == "child_pairs" else 0.85)
        assert score.floor > 0.85
    real = _real(trained)
    torn = real[1].assign(customer_id=np.random.default_rng(0).permutation(real[1]["customer_id"]))
    found = likeness_of_related(RELATION, real, (real[0], torn), trained.codec.kinds_of)
    assert found.counts == 1.0
    assert found.pairs["kind & orders.by"] < 0.2
    fewer = likeness_of_related(RELATION, real, (real[0], real[1].iloc[::3]), trained.codec.kinds_of)
    assert fewer.counts < 0.7


def _real(trained: Any) -> tuple[Any, Any]:
    customers, orders = shop()
    return customers.assign(age=customers["age"].astype(int)), orders.assign(price=orders["price"].astype(int))


def test_one_table_has_no_children() -> None:
    from types import SimpleNamespace

    from mintage.recipe import DataSettings

    alone = SimpleNamespace(recipe=SimpleNamespace(data=DataSettings()), run=SimpleNamespace(path="RUN"))
    assert relation_of(alone) is None  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="learned from one table"):
        draw_related(alone, 3)  # type: ignore[arg-type]
