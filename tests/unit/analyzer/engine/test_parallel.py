"""Over how many GPUs a replica can be split."""

from analyzer import engine


def refusals(model: str, gpu: str, weights: engine.NumberFormat | None = None) -> dict[tuple[int, int], str]:
    choices = engine.parallel_choices(engine.model(model), engine.gpu(gpu), weights)
    return {(each.tp, each.pp): each.refused or "" for each in choices}


def test_a_small_model_can_be_split_any_way() -> None:
    assert refusals("llama-3.1-8b", "h100") == {(1, 1): "", (2, 1): "", (4, 1): "", (8, 1): ""}


def test_weights_over_three_quarters_of_the_memory_are_refused() -> None:
    said = refusals("llama-3.1-70b", "h100")
    assert said[2, 1] == "tp 2 puts 65.7 GiB of weights on each GPU, over three quarters of its 79.6 GiB."
    assert said[4, 1] == said[8, 1] == ""


def test_no_group_of_more_than_two_is_made_without_nvlink() -> None:
    said = refusals("llama-3.1-8b", "l40s")
    assert said[1, 1] == said[2, 1] == ""
    assert said[4, 1].startswith("tp 4 needs NVLink, which l40s lacks")
    assert said[8, 1].startswith("tp 8 needs NVLink")


def test_no_group_spans_nodes() -> None:
    assert refusals("llama-3.1-8b", "gb200")[8, 1] == "tp 8 would span nodes: a node has 4 gb200."


def test_pipelines_come_only_where_no_node_holds_the_model() -> None:
    said = refusals("llama-3.1-405b", "h100")
    assert said[8, 1].startswith("tp 8 puts 94.5 GiB of weights")
    assert said[8, 2] == ""
    assert (8, 4) not in said
    assert all(pp == 1 for _, pp in refusals("llama-3.1-405b", "h100", "fp8"))


def test_pipelines_use_the_widest_group_that_can_be() -> None:
    assert refusals("llama-3.1-70b", "l40s")[2, 4] == ""


def test_heads_must_be_shared_evenly() -> None:
    assert refusals("qwen2.5-0.5b", "h100")[4, 1] == "tp 4 does not divide the 14 attention heads of Qwen/Qwen2.5-0.5B."
    assert "10 KV heads of microsoft/phi-4 do not divide" in refusals("phi-4", "h100")[4, 1]


def test_a_cache_too_small_to_serve_is_refused() -> None:
    choices = engine.parallel_choices(engine.model("mistral-large"), engine.gpu("h100"), engine="sglang")
    assert choices[2].refused == (
        "tp 4 leaves 8.1 GiB of each GPU for the KV cache, less than the 10.0 GiB that serving takes."
    )


def test_a_small_gpu_that_holds_few_requests_is_refused() -> None:
    assert refusals("llama-3.1-8b", "l4")[1, 1] == "tp 1 holds 9 requests of 4,096 tokens at once, less than 32."


def test_long_contexts_must_leave_room_for_32_requests() -> None:
    model = engine.model("llama-3.1-8b")
    choices = engine.parallel_choices(model, engine.gpu("h100"), context=100_000)
    assert choices[0].refused == "tp 1 holds 4 requests of 100,000 tokens at once, less than 32."
    assert [each.tp for each in engine.possible(choices)] == [8]
