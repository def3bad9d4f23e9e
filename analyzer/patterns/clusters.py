"""Slots of the week grouped by their mix of lengths, as long as resampled days give the same groups."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analyzer.histogram import IntArray
from analyzer.patterns.calendar import HOURS, WEEK_DAYS, BoolArray, FloatArray

LEAST_REQUESTS = 200  # a slot with fewer has no mix to speak of
GROUPS = range(2, 7)
STABLE = 0.8
RESAMPLES = 30


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """Slots in `k` groups: `labels` from 0 in the order in which groups first occur, −1 where requests are too few.

    `silhouette` (−1..1) says how well the groups are apart, `agreement` how much the groups of resampled days are the
    same ones (mean adjusted Rand index, 1 where they are). With `k` of 1 the slots are not divided: then both are those
    of the most stable division, that is not stable enough, or 0 where no division was possible.
    """

    k: int
    labels: IntArray
    silhouette: float
    agreement: float


def divide(grid: FloatArray, weekdays: IntArray, *, weekly: bool, seed: int = 0) -> Division:
    """The best stable division of the slots of `grid` (days × 24 × cells of the joint histogram).

    Slots are the 168 hours of the week, or with `weekly` false the 24 hours of the day. Each is described by the square
    roots of its shares, so that distances are Hellinger's. Ward's method gives 2 to 6 groups; of those that resampled
    days reproduce (30 resamples of whole days, within each day of the week where slots are weekly; mean adjusted Rand
    index ≥ 0.8, Hubert & Arabie 1985) the one with the largest silhouette (Rousseeuw 1987) counts. The resamples are
    the same on every call.
    """
    pooled = _slots(grid, weekdays, np.ones(len(grid)), weekly=weekly)
    used = np.flatnonzero(pooled.sum(axis=1) >= LEAST_REQUESTS)
    one = np.where(pooled.sum(axis=1) >= LEAST_REQUESTS, 0, -1)
    if len(used) <= GROUPS[-1]:
        return Division(1, one, 0.0, 0.0)
    features = _hellinger(pooled[used])
    cuts = dict(zip(GROUPS, _cuts(features), strict=True))
    agreements: dict[int, list[float]] = {k: [] for k in GROUPS}
    for weights in _resamples(weekdays, weekly=weekly, seed=seed):
        again = _slots(grid, weekdays, weights, weekly=weekly)[used]
        seen = again.sum(axis=1) > 0
        for k, labels in zip(GROUPS, _cuts(_hellinger(again[seen])), strict=True):
            agreements[k].append(_agreement(cuts[k][seen], labels))
    mean = {k: float(np.mean(found)) for k, found in agreements.items()}
    apart = {k: _silhouette(features, labels) for k, labels in cuts.items()}
    stable = [k for k in GROUPS if mean[k] >= STABLE]
    if not stable:
        nearest = max(GROUPS, key=lambda k: mean[k])
        return Division(1, one, apart[nearest], mean[nearest])
    best = max(stable, key=lambda k: apart[k])
    labels = one.copy()
    labels[used] = _in_order(cuts[best])
    return Division(best, labels, apart[best], mean[best])


def _slots(grid: FloatArray, weekdays: IntArray, weights: FloatArray, *, weekly: bool) -> FloatArray:
    """Slots × cells, each day counted as often as its weight says."""
    if not weekly:
        return np.tensordot(weights, grid, axes=1)
    days = [np.tensordot(weights[weekdays == day], grid[weekdays == day], axes=1) for day in range(WEEK_DAYS)]
    return np.concatenate(days)


def _hellinger(slots: FloatArray) -> FloatArray:
    found: FloatArray = np.sqrt(slots / slots.sum(axis=1, keepdims=True))
    return found


def _resamples(weekdays: IntArray, *, weekly: bool, seed: int) -> Iterator[FloatArray]:
    """How often each day is drawn, drawing as many days as there are, with replacement."""
    generator = np.random.default_rng(seed)
    kinds: list[BoolArray] = [weekdays == day for day in range(WEEK_DAYS)] if weekly else [weekdays >= 0]
    for _ in range(RESAMPLES):
        weights = np.zeros(len(weekdays))
        for kind in kinds:
            number = int(kind.sum())
            if number:
                weights[kind] = generator.multinomial(number, np.full(number, 1 / number))
        yield weights


def _cuts(features: FloatArray) -> Iterator[IntArray]:
    """The labels of each number of groups, from one tree of Ward's method."""
    from sklearn.cluster import AgglomerativeClustering  # noqa: PLC0415  takes a second to load, and few need it

    tree = AgglomerativeClustering(n_clusters=2, linkage="ward", compute_full_tree=True).fit(features)
    for k in GROUPS:
        yield _cut(tree.children_, len(features), k)


def _cut(children: IntArray, leaves: int, k: int) -> IntArray:
    """The labels where the last k − 1 merges of a tree are undone."""
    labels = np.arange(leaves)
    members = {leaf: [leaf] for leaf in range(leaves)}
    for step, (one, other) in enumerate(children[: leaves - k].tolist()):
        members[leaves + step] = members.pop(one) + members.pop(other)
    for number, found in enumerate(members.values()):
        labels[found] = number
    return labels


def _agreement(one: IntArray, other: IntArray) -> float:
    from sklearn.metrics import adjusted_rand_score  # noqa: PLC0415  the same

    return float(adjusted_rand_score(one, other))


def _silhouette(features: FloatArray, labels: IntArray) -> float:
    from sklearn.metrics import silhouette_score  # noqa: PLC0415  the same

    return float(silhouette_score(features, labels))


def _in_order(labels: IntArray) -> IntArray:
    """The same groups, numbered in the order in which they first occur."""
    order = list(dict.fromkeys(labels.tolist()))
    return np.array([order.index(label) for label in labels.tolist()], dtype=np.int64)


def hours_of_week(labels: IntArray) -> tuple[int, ...]:
    """168 labels from Monday 00:00, also where `labels` are those of the hours of the day."""
    repeated = labels if len(labels) == WEEK_DAYS * HOURS else np.tile(labels, WEEK_DAYS)
    return tuple(repeated.tolist())
