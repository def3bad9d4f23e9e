"""What changes from today's profile to the recommended one, knob by knob, in sentences."""

from dataclasses import dataclass
from typing import get_args

from analyzer.emit.names import spoken
from analyzer.emit.recommendation import Knob, Recommendation
from analyzer.engine import ServingProfile

_EFFECTS: tuple[tuple[Knob, str], ...] = (
    ("max_model_len", "admission"),
    ("max_num_seqs", "admission, latency"),
    ("max_num_batched_tokens", "latency, memory"),
    ("chunked_prefill", "latency"),
    ("prefix_caching", "latency, memory"),
    ("async_scheduling", "latency"),
    ("gpu_memory_utilization", "memory"),
    ("kv_cache", "memory"),
    ("weights", "latency, memory"),
    ("tp", "latency, memory"),
    ("pp", "latency, memory"),
    ("replicas", "latency"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One knob: its value today (`None` where nothing is stated), the recommended one, what the change affects, why.

    `effect` is none, or which of admission, latency and memory the knob works on.
    """

    knob: Knob
    now: str | None
    then: str
    effect: str
    reason: str | None

    @property
    def sentence(self) -> str:
        """The change, its effect and its reason in words."""
        if self.now == self.then:
            return self._with_reason(f"{self.knob}: {self.then}, as today; effect: none.")
        if self.now is None:
            return self._with_reason(f"{self.knob}: {self.then}; what runs today is not stated; effect: {self.effect}.")
        return self._with_reason(f"{self.knob}: {self.now} today → {self.then}; effect: {self.effect}.")

    def _with_reason(self, what: str) -> str:
        return f"{what} {self.reason}" if self.reason else what


def changes(recommendation: Recommendation, profile: ServingProfile, replicas: int) -> dict[Knob, Change]:
    """Each knob's change to `profile`, run with `replicas`, in the order in which files list them."""
    current, effects = recommendation.current, dict(_EFFECTS)
    found = {}
    for knob in get_args(Knob):
        then = str(replicas) if knob == "replicas" else value(profile, knob)
        now = None if current is None else value(current, knob)
        effect = "none" if now == then else effects[knob]
        found[knob] = Change(knob, now, then, effect, recommendation.reasons.get(knob))
    return found


def moves(recommendation: Recommendation) -> tuple[str, ...]:
    """What is another engine, model or GPU than today, in sentences; no file of an engine can say that."""
    current, profile = recommendation.current, recommendation.profile
    if current is None:
        return ()
    pairs = (
        ("model", current.model, profile.model),
        ("gpu", current.gpu, profile.gpu),
        ("engine", spoken(current.engine), spoken(profile.engine)),
    )
    return tuple(f"{what}: {now} today → {then}; effect: latency, memory." for what, now, then in pairs if now != then)


def value(profile: ServingProfile, knob: Knob) -> str:
    """A knob's value in words."""
    known: object = getattr(profile, knob)
    if known is None:
        return "the model's own limit"
    if isinstance(known, bool):
        return "on" if known else "off"
    return f"{known:,}" if isinstance(known, int) else f"{known:g}" if isinstance(known, float) else str(known)
