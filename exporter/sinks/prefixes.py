"""What of the prompts was seen before: the potential of a prefix cache."""

from exporter.observe.observation import Measurement
from exporter.observe.prefix import SeenBefore
from exporter.sinks.facts import succeeded
from exporter.sinks.families import Counter
from exporter.sinks.snapshot import Labels


class Prefixes:
    """How many blocks of prompts were seen before, among the `remembered` ones that were offered last."""

    def __init__(self, remembered: int) -> None:
        self._seen_before = SeenBefore(remembered)
        self._blocks = Counter("tokentide_prefix_blocks")
        self.counters = (self._blocks,)

    def add(self, measurement: Measurement, labels: Labels) -> None:
        """Adds one request under the labels model and operation; one that was refused has filled no cache."""
        blocks = measurement.record.prefix_blocks
        if not blocks or not succeeded(measurement.record):
            return
        seen = self._seen_before.offer(blocks)
        self._blocks.add((*labels, "yes"), seen)
        self._blocks.add((*labels, "no"), len(blocks) - seen)
