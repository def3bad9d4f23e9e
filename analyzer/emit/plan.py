"""One profile to write files for: as recommended at all hours, or for a season that runs another one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from analyzer.emit.changes import Change, changes
from analyzer.emit.header import cache, header
from analyzer.emit.names import Names, same_family, spoken
from analyzer.emit.recommendation import Knob, Recommendation
from analyzer.emit.settings import Setting, settings
from analyzer.engine import EngineName, ServingProfile


@dataclass(frozen=True, slots=True)
class Plan:
    """A profile with what it changes; `season` is the name of the season it is for, `None` for all hours."""

    recommendation: Recommendation
    profile: ServingProfile
    season: str | None
    changes: dict[Knob, Change]
    names: Mapping[str, Names]

    def settings(self, engine: EngineName) -> tuple[Setting, ...]:
        """The profile in the words of one engine."""
        return settings(self.profile, self.changes, engine, self.names[engine])

    def header(self, what: str, engine: EngineName, apply: str, *more: str) -> str:
        """The first lines of a file for one engine."""
        season = () if self.season is None else (f"For the season {self.season} alone.",)
        version = self.profile.engine_version if self.profile.engine == engine else None
        known = (self.names[engine].as_of(version),)
        return header(
            self.recommendation,
            what,
            apply,
            (*season, *known, *self._computed(engine), *more),
        )

    def _computed(self, engine: EngineName) -> tuple[str, ...]:
        """What the KV cache holds, or that the advice was not computed for this engine."""
        if same_family(self.profile.engine, engine):
            return cache(self.recommendation, self.profile)
        computed = f"The advice was computed for {spoken(self.profile.engine)}."
        carried = f"These are the same limits in the words of {spoken(engine)}, whose speed and memory were not"
        return (f"{computed} {carried} looked at: measure before you rely on them.",)


def plans(recommendation: Recommendation, names: Mapping[str, Names]) -> tuple[Plan, ...]:
    """The plan for all hours, then one for each season whose profile differs from it in more than replicas."""
    whole = recommendation.profile
    made = [Plan(recommendation, whole, None, changes(recommendation, whole, recommendation.replicas), names)]
    for season in recommendation.seasons:
        if differs(season.profile, whole):
            changed = changes(recommendation, season.profile, season.replicas)
            made.append(Plan(recommendation, season.profile, season.name, changed, names))
    return tuple(made)


def differs(one: ServingProfile, other: ServingProfile) -> bool:
    """Whether two profiles differ in more than replicas, so that going from one to the other takes a restart."""
    return replace(one, replicas=0) != replace(other, replicas=0)
