from dataclasses import replace

from analyzer.advise.bounds import LengthTarget
from analyzer.advise.capacity import Profile, StatedCapacity
from analyzer.advise.season import Asked

ASKED = Asked("m", 4096, None, LengthTarget(0.05))
STATED = StatedCapacity(rps_per_replica=1, gpu="H100", gpus_per_replica=2)


def test_of_a_stated_throughput_only_the_gpus_and_the_limit_are_known() -> None:
    assert ASKED.profile(STATED, 3) == Profile("m", "H100", 2, 4096, 3)


def test_a_chosen_profile_is_told_whole_with_the_replicas_of_the_season() -> None:
    own = Profile("org/m", "h100-sxm", 2, 8192, 9, tp=2, max_num_seqs=64)
    assert ASKED.profile(replace(STATED, profile=own), 3) == replace(own, replicas=3)
