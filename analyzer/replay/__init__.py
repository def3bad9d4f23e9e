"""An engine with continuous batching, simulated on the real arrivals."""

from analyzer.replay.simulation import replay
from analyzer.replay.traffic import COMPLETED, REJECTED, TRUNCATED, Pool, Recorded, Replayed, Requests, Routing

__all__ = ["COMPLETED", "REJECTED", "TRUNCATED", "Pool", "Recorded", "Replayed", "Requests", "Routing", "replay"]
