"""What a model is asked: which limits are wanted, and what one replica carries or is to be found to carry."""

from dataclasses import dataclass

from analyzer.advise.bounds import LengthTarget
from analyzer.advise.capacity import StatedCapacity
from analyzer.advise.sizing.hours import RecordedHour
from analyzer.advise.sizing.question import Sizing
from analyzer.advise.sizing.sample import Sample


@dataclass(frozen=True, slots=True)
class Questions:
    """What one model is asked: which limits are wanted, and what one replica delivers, if the user says so.

    `stated_for` names the model for which the one statement of the user is used, where it is not used for this one.
    With `sizing` what one replica carries is found by simulation: `stated` then holds the user's other wishes, and its
    `rps_per_replica` is not looked at. `hours` are recorded hours to replay, `sample` the
    recorded requests from which streams are drawn, `None` where only hourly counts are known.
    """

    target: LengthTarget
    stated: StatedCapacity | None
    stated_for: str | None = None
    sizing: Sizing | None = None
    hours: tuple[RecordedHour, ...] = ()
    sample: Sample | None = None
