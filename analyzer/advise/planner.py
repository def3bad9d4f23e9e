"""Which profile to run in which slot of a cycle, given what each costs and what a change costs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """The cheapest way round the cycle: the profile of each slot, and the cost of all slots and changes."""

    profiles: tuple[int, ...]
    cost: float

    @property
    def switches(self) -> int:
        """How often the profile changes in one cycle, the change from the last slot to the first included."""
        return sum(own != self.profiles[slot - 1] for slot, own in enumerate(self.profiles))


def best_static(cost: FloatArray) -> Plan:
    """The one profile that is cheapest in all slots of `cost[slot, profile]`; raises `ValueError` if there is none."""
    totals = cost.sum(axis=0)
    best = int(np.argmin(totals))
    if not np.isfinite(totals[best]):
        raise ValueError("no profile can run in every slot")
    return Plan((best,) * len(cost), float(totals[best]))


def cheapest(cost: FloatArray, switch: FloatArray | float, least: int = 1) -> Plan:
    """The profiles that make `cost[slot, profile]` (inf where it cannot run) plus the cost of changes smallest.

    The slots are a cycle: the last one is followed by the first. `switch[i, j]` is the cost of changing from profile i
    to j, or one cost for all changes. Once changed to, a profile stays for `least` slots or more. Viterbi's algorithm
    for each state that the first slot can be in, a state being a profile and how long it has run, up to `least`:
    O(slots · K² · starts), with starts = least · (the profiles that can run in the slot where fewest can). Raises
    `ValueError` where no way round exists.
    """
    slots, profiles = cost.shape
    changes = np.broadcast_to(np.asarray(switch, dtype=np.float64), (profiles, profiles)).copy()
    np.fill_diagonal(changes, np.inf)
    first = int(np.argmin(np.isfinite(cost).sum(axis=1)))
    turned = np.roll(cost, -first, axis=0)
    starts = [(int(own), age) for own in np.flatnonzero(np.isfinite(turned[0])) for age in range(least)]
    # what has run longest comes first: of ways that cost the same, the one without a change is taken
    starts.sort(key=lambda start: (-start[1], start[0]))
    total, start = _best_start(turned, changes, starts, least)
    found = _traced(turned, changes, start, least)
    return Plan(tuple(found[(slot - first) % slots] for slot in range(slots)), total)


def _best_start(
    cost: FloatArray, changes: FloatArray, starts: list[tuple[int, int]], least: int
) -> tuple[float, tuple[int, int]]:
    """The cost of the cheapest cycle and the state (profile, age) of its first slot; all starts are tried at once."""
    if not starts:
        raise ValueError("there is a slot in which no profile can run")
    number = np.arange(len(starts))
    own, ages = np.array(starts).T
    reached = np.full((len(starts), cost.shape[1], least), np.inf)
    reached[number, own, ages] = cost[0, own]
    for slot in cost[1:]:
        reached = _step(reached, changes) + slot[:, None]
    totals = _step(reached, changes)[number, own, ages]
    best = int(np.argmin(totals))
    if not np.isfinite(totals[best]):
        raise ValueError("no way round the cycle exists: windows this long cannot avoid what cannot run")
    return float(totals[best]), starts[best]


def _step(reached: FloatArray, changes: FloatArray) -> FloatArray:
    """The least cost to be in each state (…, profile, age) one slot later, before that slot is paid for."""
    following = np.full_like(reached, np.inf)
    following[..., 1:] = reached[..., :-1]
    following[..., -1] = np.minimum(following[..., -1], reached[..., -1])
    changed = (reached[..., -1][..., :, None] + changes).min(axis=-2)
    following[..., 0] = np.minimum(following[..., 0], changed)
    return following


def _traced(cost: FloatArray, changes: FloatArray, start: tuple[int, int], least: int) -> list[int]:
    """The profiles of the cheapest cycle that begins and ends in the state `start`."""
    reached = np.full((cost.shape[1], least), np.inf)
    reached[start] = cost[0, start[0]]
    history = [reached]
    for slot in cost[1:]:
        history.append(_step(history[-1], changes) + slot[:, None])
    state, found = start, []
    for before in reversed(history):
        state = _came_from(before, changes, state)
        found.append(state[0])
    return found[::-1]


def _came_from(before: FloatArray, changes: FloatArray, state: tuple[int, int]) -> tuple[int, int]:
    """The state of the slot before from which `state` is reached at the least cost; staying wins where equal."""
    own, age = state
    oldest = before.shape[1] - 1
    candidates = [(own, oldest)] if age == oldest else []
    candidates += [(own, age - 1)] if age else []
    costs = [float(before[one]) for one in candidates]
    if age == 0:
        arriving = before[:, -1] + changes[:, own]
        candidates.append((int(np.argmin(arriving)), oldest))
        costs.append(float(arriving.min()))
    return candidates[int(np.argmin(costs))]
