"""Nearest neighbours, pairs within reach and what is built on them: exact, in blocks, and on awkward data."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mintage.seeding import generator
from mintage.statistics import neighbours
from mintage.statistics.clusters import Cells
from mintage.statistics.intervals import Interval, normal
from mintage.statistics.manifolds import Manifold, Overlap, coverage_variance, held, share_interval
from mintage.statistics.modes import grid, hits, point_modes, reverse_kl, ring
from mintage.statistics.neighbours import nearest, within
from mintage.statistics.ranks import rank_sum


def cloud(count: int, features: int = 12, *, seed: int = 0) -> Tensor:
    return torch.randn(count, features, generator=generator(seed, "cloud"))


def all_distances(a: Tensor, b: Tensor) -> Tensor:
    return (a[:, None] - b).double().square().sum(2).sqrt().float()


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_nearest_are_those_of_all_distances(offset: float) -> None:
    queries, points = cloud(70) + offset, cloud(90, seed=1) + offset
    found, (distances, indices) = nearest(queries, points, 5), all_distances(queries, points).sort(1)
    assert torch.equal(found.distances, distances[:, :5])
    assert torch.equal(found.indices, indices[:, :5])


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, points = cloud(70), cloud(90, seed=1)
    whole = nearest(queries, points, 5)
    reach = whole.distances[:, -1]
    near = [torch.cat(each) for each in zip(*within(queries, points, of_queries=reach), strict=True)]
    monkeypatch.setattr(neighbours, "_BLOCK_BYTES", 4000)
    small = nearest(queries, points, 5)
    assert torch.equal(small.indices, whole.indices)
    cut = [torch.cat(each) for each in zip(*within(queries, points, of_queries=reach), strict=True)]
    assert all(torch.equal(a, b) for a, b in zip(near, cut, strict=True))


def test_a_copy_is_at_distance_zero_however_far_from_the_origin() -> None:
    points = cloud(60) * 0.01 + 1000
    found = nearest(points[10:20].clone(), points, 1)
    assert found.distances.eq(0).all()
    assert found.indices[:, 0].tolist() == list(range(10, 20))


def test_tight_clusters_that_lie_far_apart_are_resolved() -> None:
    points = cloud(80) * 1e-3 + torch.tensor([-1000.0, 1000.0]).repeat_interleave(40)[:, None]
    found, expected = nearest(points, points, 3, exclude_self=True), all_distances(points, points).fill_diagonal_(9e9)
    assert torch.equal(found.distances, expected.sort(1).values[:, :3])


def test_a_point_is_not_its_own_neighbour_but_its_twin_is() -> None:
    points = torch.cat([cloud(20), cloud(20)[:1]])
    found = nearest(points, points, 1, exclude_self=True)
    assert found.indices[0, 0] == 20
    assert found.indices[20, 0] == 0
    assert (found.indices[:, 0] != torch.arange(21)).all()


def test_more_neighbours_than_points_are_refused() -> None:
    with pytest.raises(ValueError, match="3 nearest of 2"):
        nearest(cloud(3), cloud(3), 3, exclude_self=True)


def test_within_finds_every_pair_nearer_than_either_reach() -> None:
    queries, points = cloud(50), cloud(40, seed=1)
    a, b = torch.linspace(2, 5, 50), torch.linspace(5, 2, 40)
    distances = all_distances(queries, points)
    expected = (distances < a[:, None]) | (distances < b)
    found = torch.zeros_like(expected)
    for pairs in within(queries, points, of_queries=a, of_points=b):
        found[pairs.queries, pairs.points] = True
        assert torch.equal(pairs.distances, distances[pairs.queries, pairs.points])
    assert torch.equal(found, expected)


def test_rank_sums_are_standard_normal_among_equals_and_their_interval_covers_among_unequals() -> None:
    rng = generator(0, "ranks")
    equals = [rank_sum(*torch.randn(2, 60, generator=rng)) for _ in range(400)]
    values = torch.tensor([z.value for z in equals])
    assert abs(float(values.mean())) < 0.15
    assert 0.85 < float(values.std()) < 1.15
    shifted = [rank_sum(torch.randn(60, generator=rng) - 0.7, torch.randn(80, generator=rng)) for _ in range(400)]
    mean = sum(z.value for z in shifted) / 400
    assert mean < -3
    assert 0.92 < sum(low <= mean <= high for low, high in (normal(*z) for z in shifted)) / 400 < 0.98


def test_cells_find_separate_clusters_and_do_so_again() -> None:
    points = cloud(90) + 20 * torch.eye(3, 12).repeat(30, 1)
    cells = [Cells(points, 3, generator(0, "cells"))(points) for _ in range(2)]
    assert torch.equal(*cells)
    assert len({tuple(cells[0][start::3].unique().tolist()) for start in range(3)}) == 3


def test_a_ring_and_a_grid_are_counted() -> None:
    rng = generator(0, "modes")
    points = ring().repeat(50, 1) + 0.02 * torch.randn(400, 2, generator=rng)
    found = point_modes(points, ring(), 0.02)
    assert found.hit == 8
    assert found.good > 0.97
    assert point_modes(points[points[:, 0] > 0], ring(), 0.02).hit < 8
    assert point_modes(torch.zeros(10, 2), grid(), 0.05)[:2] == (1, 1.0)
    assert point_modes(grid() + 1, grid(), 0.05)[:2] == (0, 0.0)


def test_mode_counts_have_the_divergence_of_their_shares() -> None:
    even, half = torch.full((10,), 100), torch.tensor([100] * 5 + [0] * 5)
    assert hits(half) == 5
    assert reverse_kl(even, even).value == pytest.approx(0.0, abs=1e-12)
    assert reverse_kl(half, even).value == pytest.approx(0.6931, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("features", "shift", "scale"), [(8, 0.15, 0.85), (16, 0.15, 0.85), (8, 0.5, 0.6)])
def test_intervals_of_overlaps_cover_what_they_say(features: int, shift: float, scale: float) -> None:
    rng, count, repeats = generator(features, "coverage", str(scale)), 1000, 200
    found: dict[str, list[tuple[float, Interval]]] = {}
    for _ in range(repeats):
        real = Manifold(torch.randn(count, features, generator=rng))
        fake = Manifold(scale * torch.randn(count, features, generator=rng) + shift)
        fakes, reals = held(real, fake.points), held(fake, real.points)
        spread = coverage_variance(fakes.covered, real, fake)
        assert spread is not None
        for name, share in (("precision", fakes.share), ("recall", reals.share), ("coverage", (fakes.covered, spread))):
            found.setdefault(name, []).append((share[0], share_interval(*share, count)))
        found.setdefault("density", []).append((fakes.depth.value, normal(*fakes.depth)))
    for name, repeated in found.items():
        truth = sum(value for value, _ in repeated) / repeats
        covered = sum(low <= truth <= high for _, (low, high) in repeated) / repeats
        print(f"F = {features}, {scale}: {name} {truth:.3f} is covered by {covered:.1%} of the intervals")
        assert 0.92 <= covered <= 0.98, name


def test_held_points_are_counted_as_overlaps_are() -> None:
    real, fake = Manifold(cloud(200, 4)), Manifold(cloud(200, 4, seed=1))
    whole, fakes, reals = Overlap.of(real, fake), held(real, fake.points), held(fake, real.points)
    assert fakes.share.value == pytest.approx(whole.precision, abs=1e-12)
    assert fakes.depth.value == pytest.approx(whole.density, abs=1e-6)
    assert fakes.covered == whole.coverage
    assert reals.share.value == pytest.approx(whole.recall, abs=1e-12)
