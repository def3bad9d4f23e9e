from dataclasses import replace

from analyzer import engine
from analyzer.advise.bounds import LengthTarget
from analyzer.advise.capacity import Deployment, Profile
from analyzer.advise.seasons import Season, Seasons
from analyzer.analysis import Analysis, Coverage, ModelAnalysis, Questions
from analyzer.cli.advice_files import files, recommendation
from tests.unit.analyzer.advise.sizing.questions import fixed
from tests.unit.analyzer.report.analyses import CAPACITY, SIZED, WEEK, model

SERVING = engine.complete(engine.model("Llama-3.1-8B-Instruct"), engine.gpu("h100"))
ASKED = Questions(LengthTarget(0.001), None)


def sized() -> ModelAnalysis:
    return replace(model(capacity=SIZED), serving=SERVING)


def analysis(**models: ModelAnalysis) -> Analysis:
    return Analysis(WEEK, Coverage(1, {}, 0, 0), models)


def test_the_profile_is_written_with_the_advised_limit_and_replicas() -> None:
    found = recommendation(sized(), WEEK, ASKED)
    assert found is not None
    assert (found.profile.max_model_len, found.profile.replicas, found.replicas) == (6592, 3, 3)
    assert (found.current, found.kv_pool_tokens, found.timezone) == (None, 443_438, "UTC")


def test_what_runs_today_is_what_the_profile_file_says() -> None:
    asked = replace(ASKED, sizing=fixed(max_num_seqs=64))
    today = replace(sized(), capacity=replace(SIZED, current=Deployment(5, 5, None)))
    found = recommendation(today, WEEK, asked)
    assert found is not None
    assert found.current is not None
    assert (found.current.max_num_seqs, found.current.replicas) == (64, 5)


def test_seasons_become_a_schedule() -> None:
    plan = tuple(
        Season(name, hours, Profile("m", "h100-sxm", 1, None, number), number, number)
        for name, hours, number in (("days", tuple(range(84)), 3), ("nights", tuple(range(84, 168)), 1))
    )
    seasons = Seasons("replicas", "It pays.", plan, 0.3, 0.3, None, (0.2, 0.4), None, 3)
    said = files(analysis(m=replace(sized(), seasons=seasons)), {"m": ASKED})
    assert "kubernetes/keda.yaml" in said


def test_a_season_with_a_profile_of_its_own_has_files_of_its_own() -> None:
    day = Profile("m", "h100-sxm", 1, None, 3)
    night = replace(day, replicas=1, tp=2, max_num_batched_tokens=2048)
    plan = (Season("days", tuple(range(84)), day, 3, 3), Season("nights", tuple(range(84, 168)), night, 1, 2))
    seasons = Seasons("profiles", "It pays.", plan, 0.3, 0.3, None, (0.2, 0.4), None, 3)
    found = recommendation(replace(sized(), seasons=seasons), WEEK, ASKED)
    assert found is not None
    days, nights = (one.profile for one in found.seasons)
    assert days == replace(found.profile, replicas=3)
    assert nights == replace(found.profile, replicas=1, tp=2, max_num_batched_tokens=2048)
    said = files(analysis(m=replace(sized(), seasons=seasons)), {"m": ASKED})
    assert "max-num-batched-tokens: 2048" in said["seasons/nights/vllm.yaml"]


def test_one_model_has_the_folder_to_itself_and_several_have_one_each() -> None:
    assert "vllm.yaml" in files(analysis(m=sized()), {"m": ASKED})
    both = files(analysis(**{"org/a b": sized(), "c": sized()}), {"org/a b": ASKED, "c": ASKED})
    assert {"org-a-b/vllm.yaml", "c/vllm.yaml"} <= set(both)


def test_models_whose_names_come_out_alike_keep_folders_of_their_own() -> None:
    models = {"qwen3:8b": sized(), "qwen3-8b": sized(), "Qwen3 8B": sized(), "模型": sized(), "型": sized()}
    said = files(analysis(**models), dict.fromkeys(models, ASKED))
    folders = {"qwen3-8b", "qwen3-8b-2", "Qwen3-8B-3", "model", "model-2"}
    assert {path.partition("/")[0] for path in said} == folders


def test_a_number_that_was_only_stated_makes_no_files() -> None:
    assert files(analysis(m=model(capacity=CAPACITY)), {"m": ASKED}) == {}
    assert recommendation(model(), WEEK, ASKED) is None
