import numpy as np
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from analyzer.patterns.clusters import GROUPS, STABLE, Division, _cut, divide, hours_of_week

CELLS = 12


def grid(kinds: list[int], weekdays: np.ndarray[tuple[int], np.dtype[np.int64]], noise: float = 0.0) -> Division:
    """Days on which the hour h has the mix number `kinds[h]`, on weekends the first one; `noise` blurs each block."""
    generator = np.random.default_rng(3)
    mixes = np.random.default_rng(5).dirichlet(np.full(CELLS, 0.3), size=max(kinds) + 1)
    blocks = np.zeros((len(weekdays), 24, CELLS))
    for day, weekday in enumerate(weekdays.tolist()):
        for hour, kind in enumerate(kinds):
            mix = mixes[kind if weekday < 5 else kinds[0]]
            if noise:
                mix = generator.dirichlet(mix / noise + 1e-3)
            blocks[day, hour] = generator.multinomial(400, mix)
    return divide(blocks, weekdays, weekly=len(weekdays) >= 14)


WEEK = np.arange(7)
MONTH = np.arange(28) % 7


def test_hours_of_one_mix_are_one_group_and_groups_are_numbered_as_they_come() -> None:
    kinds = [0] * 8 + [1] * 9 + [2] * 7
    found = grid(kinds, np.zeros(7, dtype=np.int64))
    assert (found.k, found.labels.tolist()) == (3, kinds)
    assert found.agreement >= STABLE
    assert found.silhouette > 0.5


def test_with_weeks_the_slots_are_the_hours_of_the_week() -> None:
    found = grid([0] * 8 + [1] * 16, MONTH)
    assert found.k == 2
    assert found.labels.tolist() == ([0] * 8 + [1] * 16) * 5 + [0] * 48


def test_hours_whose_mix_is_another_every_day_are_not_divided() -> None:
    found = grid([0] * 24, WEEK, noise=2.0)
    assert found.k == 1
    assert set(found.labels.tolist()) == {0}
    assert found.agreement < STABLE


def test_hours_with_few_requests_belong_nowhere() -> None:
    blocks = np.random.default_rng(1).multinomial(400, np.full(CELLS, 1 / CELLS), size=(7, 24)).astype(float)
    blocks[:, 3:5] = 1
    assert divide(blocks, WEEK, weekly=False).labels.tolist()[2:6] == [0, -1, -1, 0]


def test_too_few_hours_are_not_divided_at_all() -> None:
    blocks = np.zeros((7, 24, CELLS))
    blocks[:, :5] = 100
    found = divide(blocks, WEEK, weekly=False)
    assert (found.k, found.agreement) == (1, 0)
    assert (found.labels >= 0).sum() == 5


def test_cutting_one_tree_gives_the_groups_that_ward_gives_for_each_number() -> None:
    features = np.random.default_rng(8).normal(size=(40, 5))
    tree = AgglomerativeClustering(n_clusters=2, linkage="ward", compute_full_tree=True).fit(features)
    for k in GROUPS:
        labels = AgglomerativeClustering(n_clusters=k, linkage="ward").fit_predict(features)
        assert adjusted_rand_score(labels, _cut(tree.children_, len(features), k)) == 1


def test_the_same_days_give_the_same_groups() -> None:
    first, second = (grid([0] * 8 + [1] * 16, WEEK, noise=0.05) for _ in range(2))
    assert (first.labels.tolist(), first.silhouette, first.agreement) == (
        second.labels.tolist(),
        second.silhouette,
        second.agreement,
    )


def test_labels_of_the_day_hold_for_every_day_of_the_week() -> None:
    assert hours_of_week(np.arange(24)) == tuple(range(24)) * 7
    assert hours_of_week(np.arange(168)) == tuple(range(168))
