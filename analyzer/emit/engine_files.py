"""A plan as files that engines read: vLLM, SGLang, TensorRT-LLM with Triton, NIM."""

from dataclasses import dataclass

from analyzer.emit.pages import render
from analyzer.emit.plan import Plan
from analyzer.emit.settings import Setting, Value
from analyzer.engine import EngineName

_REMOVED = (
    "LEGACY: TensorRT-LLM removed trtllm-build and the TensorRT engine backend from its sources in 2026-07, after "
    "1.3.0rc20; this is for older versions alone. Newer ones need no build: use trtllm/serve.yaml."
)


@dataclass(frozen=True, slots=True)
class _Nested:
    """A setting of the LLM API with the section that it stands in, if any, and its key there."""

    name: str | None
    section: str | None
    key: str | None
    value: Value | None
    sentence: str


@dataclass(frozen=True, slots=True)
class _Flag:
    """One option with its value and what it changes."""

    name: str
    value: Value
    sentence: str


@dataclass(frozen=True, slots=True)
class _Variable:
    """One variable of the environment; without a value there is only something to say."""

    name: str
    value: str | None
    sentences: tuple[str, ...]


def engine_files(plan: Plan) -> dict[str, str]:
    """The files of all engines, by path."""
    return {
        "vllm.yaml": _flat(plan, "vllm", "vllm serve --config vllm.yaml"),
        "sglang.yaml": _flat(plan, "sglang", "python -m sglang.launch_server --config sglang.yaml"),
        "trtllm/serve.yaml": _llm_api(plan),
        "trtllm/serve.sh": _serve(plan),
        "trtllm/legacy-build.sh": _build(plan),
        "triton/model.yaml": _triton_model(plan),
        "triton/legacy-config.pbtxt": _triton_legacy(plan),
        "nim/nim.env": _nim(plan),
    }


def arguments(settings: tuple[Setting, ...]) -> list[str]:
    """Settings as arguments of a command line, switches without a value."""
    words = []
    for setting in settings:
        if setting.name is not None and setting.value is not False:
            words.append(f"--{setting.name}")
            if setting.value is not True:
                words.append(f"{setting.value:g}" if isinstance(setting.value, float) else str(setting.value))
    return words


def nim_environment(plan: Plan) -> tuple[_Variable, ...]:
    """NIM's variables: the length limit by its own name, the rest as arguments of the vLLM inside."""
    names = plan.names["nim"]
    settings = plan.settings("vllm")
    length = tuple(one for one in settings if one.change.knob == "max_model_len")
    rest = tuple(one for one in settings if one not in length and one.change.knob != "weights")
    limit = plan.profile.max_model_len
    return (
        _Variable(
            names.of["max_model_len"], None if limit is None else str(limit), tuple(one.sentence for one in length)
        ),
        _Variable(names.of["passthrough"], " ".join(arguments(rest)), tuple(one.sentence for one in rest)),
        _Variable("", None, (f"{plan.changes['weights'].sentence} {names.absent['weights']}",)),
    )


def _flat(plan: Plan, engine: EngineName, apply: str) -> str:
    names = plan.names[engine]
    return render(
        "flat.yaml",
        header=plan.header(f"{names.title} arguments", engine, apply),
        model_name=names.of["model"],
        model=plan.profile.model,
        settings=plan.settings(engine),
    )


def _nested(plan: Plan) -> list[_Nested]:
    made = []
    for setting in plan.settings("trtllm"):
        section, _, key = (setting.name or "").rpartition(".")
        made.append(_Nested(setting.name, section or None, key or None, setting.value, setting.sentence))
    return made


def _llm_api(plan: Plan) -> str:
    what = "Options of the TensorRT-LLM LLM API"
    return render(
        "llmapi.yaml",
        header=plan.header(what, "trtllm", "sh trtllm/serve.sh, or trtllm-serve with --extra_llm_api_options"),
        model=None,
        settings=_nested(plan),
    )


def _serve(plan: Plan) -> str:
    apply = "sh trtllm/serve.sh --host 0.0.0.0 --port 8000; options of your own are handed on"
    return render(
        "trtllm-serve.sh",
        header=plan.header("The trtllm-serve command line", "trtllm", apply),
        model=plan.profile.model,
    )


def _triton_model(plan: Plan) -> str:
    apply = "as tensorrt_llm/1/model.yaml in a copy of triton_backend/all_models/llmapi of TensorRT-LLM"
    return render(
        "llmapi.yaml",
        header=plan.header("model.yaml of Triton's TensorRT-LLM backend (LLM API)", "trtllm", apply),
        model=plan.profile.model,
        settings=_nested(plan),
    )


def _build(plan: Plan) -> str:
    apply = "CHECKPOINT_DIR=… ENGINE_DIR=… sh trtllm/legacy-build.sh; the engine has to be built anew for each change"
    profile, changes = plan.profile, plan.changes
    flags = [
        _Flag("--max_batch_size", profile.max_num_seqs, changes["max_num_seqs"].sentence),
        _Flag("--max_num_tokens", profile.max_num_batched_tokens, changes["max_num_batched_tokens"].sentence),
    ]
    if profile.max_model_len is not None:
        flags.append(_Flag("--max_seq_len", profile.max_model_len, changes["max_model_len"].sentence))
    if plan.recommendation.max_input_len is not None:
        sentence = "The longest input alone, which the engine is built for; the default is 1,024."
        flags.append(_Flag("--max_input_len", plan.recommendation.max_input_len, sentence))
    if profile.chunked_prefill or profile.prefix_caching:
        sentence = "Chunked prefill and the reuse of prefixes both need it; they are turned on in config.pbtxt."
        flags.append(_Flag("--use_paged_context_fmha", "enable", sentence))
    elsewhere = [
        f"{changes[knob].sentence} Not a flag of trtllm-build: set where the checkpoint is converted."
        for knob in ("tp", "pp", "weights", "kv_cache")
    ]
    return render(
        "legacy-build.sh",
        header=plan.header("trtllm-build flags", "trtllm", apply, _REMOVED),
        flags=flags,
        elsewhere=elsewhere,
    )


def _triton_legacy(plan: Plan) -> str:
    apply = "merge into tensorrt_llm/config.pbtxt of triton_backend/all_models/inflight_batcher_llm"
    fixed = (
        "max_input_len, max_seq_len and max_num_tokens cannot be set here: they are fixed when the engine is built "
        "(tensorrtllm_backend #402)."
    )
    profile, changes = plan.profile, plan.changes
    parameters = [
        _Flag("enable_chunked_context", _lower(profile.chunked_prefill), changes["chunked_prefill"].sentence),
        _Flag("enable_kv_cache_reuse", _lower(profile.prefix_caching), changes["prefix_caching"].sentence),
    ]
    if profile.engine == "trtllm":
        share = f"{profile.gpu_memory_utilization:g}"
        sentence = changes["gpu_memory_utilization"].sentence
        parameters.append(_Flag("kv_cache_free_gpu_mem_fraction", share, sentence))
    return render(
        "legacy-config.pbtxt",
        header=plan.header("Fragment of Triton's config.pbtxt (TensorRT engines)", "trtllm", apply, _REMOVED, fixed),
        profile=profile,
        max_num_seqs=f"{changes['max_num_seqs'].sentence} The engine's own max_batch_size decides if it is lower.",
        parameters=parameters,
    )


def _nim(plan: Plan) -> str:
    inside = (
        "Since 2.0 NIM for LLMs runs vLLM; some images run SGLang, and take NIM_PASSTHROUGH_ARGS in its words "
        "(sglang.yaml). Versions before 2.0 were not looked into."
    )
    return render(
        "nim.env",
        header=plan.header("NIM environment", "nim", "docker run --env-file nim/nim.env …", inside),
        variables=nim_environment(plan),
    )


def _lower(known: bool) -> str:  # noqa: FBT001 - a value of a file, not a switch of ours
    return "true" if known else "false"
