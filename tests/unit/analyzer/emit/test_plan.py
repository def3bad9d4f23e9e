"""Which profiles get files."""

from dataclasses import replace

from analyzer.emit import SeasonPlan
from analyzer.emit.names import names
from analyzer.emit.plan import differs, plans
from tests.unit.analyzer.emit.cases import VLLM, over_the_week, two_nodes


def test_all_hours_come_first_and_then_each_season_that_runs_another_profile() -> None:
    whole, night = plans(over_the_week(), names())
    assert whole.season is None
    assert night.season == "nights"
    assert night.profile.max_num_seqs == 64
    assert night.changes["max_num_seqs"].sentence == "max_num_seqs: 1,024 today → 64; effect: admission, latency."
    assert night.changes["replicas"].then == "1"


def test_a_season_with_other_replicas_alone_needs_no_files() -> None:
    more = replace(over_the_week(), seasons=(SeasonPlan("busy", (1,), replace(VLLM, replicas=9), 9),))
    assert len(plans(more, names())) == 1
    assert not differs(VLLM, replace(VLLM, replicas=9))
    assert differs(VLLM, replace(VLLM, tp=2))


def test_a_header_says_for_which_engine_the_advice_was_computed() -> None:
    (plan,) = plans(two_nodes(), names())
    own, other = plan.header("Arguments", "sglang", "x"), plan.header("Arguments", "vllm", "x")
    assert "yours is 0.5.10" in own
    assert "computed for" not in own
    assert "which version you run is not stated" in other
    assert "computed for SGLang" in other


def test_the_cache_is_told_for_the_engine_that_it_was_computed_for() -> None:
    whole, night = plans(over_the_week(), names())
    assert "448,675 tokens" in whole.header("Arguments", "vllm", "x")
    assert "448,675 tokens" in whole.header("Arguments", "nim", "x")
    assert "448,675 tokens" not in whole.header("Arguments", "sglang", "x")
    assert "448,675 tokens" not in night.header("Arguments", "vllm", "x")
    assert "For the season nights alone." in night.header("Arguments", "vllm", "x")
