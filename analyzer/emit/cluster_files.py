"""A plan as files that clusters read: NIM operator, Dynamo, llm-d, KEDA and the horizontal pod autoscaler."""

import math
from dataclasses import dataclass

from analyzer.emit.engine_files import arguments, nim_environment
from analyzer.emit.header import header
from analyzer.emit.levels import Level, at_night, levels, replicas, within_tolerance
from analyzer.emit.pages import render
from analyzer.emit.plan import Plan, differs
from analyzer.emit.quoting import kubernetes_name
from analyzer.emit.recommendation import Recommendation, SeasonPlan
from analyzer.emit.settings import Setting
from analyzer.engine import EngineName

_GPUS_PER_NODE = 8
_SUGGESTION = (
    "A suggestion, not a measurement: the sidecar's count of requests in flight, as your metrics adapter serves it. "
    "Beyond max_num_seqs requests wait. The engines' own are vllm:num_requests_waiting and sglang:num_queue_reqs; "
    "GPU utilisation says nothing, it is near 100 % at any load."
)
_CLOSE = (
    "An autoscaler stops within 10 % of what a window asks for unless told otherwise: from 10 replicas on there "
    "may be too few or too many (kedacore/keda #7900). The field takes effect from Kubernetes 1.33 on, where the "
    "feature HPAConfigurableTolerance is on."
)
_SKIPPED = (
    "Some windows begin or end between 0 and 4 o'clock. If that is the hour which clocks skip in spring, cron leaves "
    "it out, and KEDA goes by the time after it on the list: set the replicas by hand in that night."
)
_RUNTIMES = {"vllm": "vllm-runtime", "sglang": "sglang-runtime", "trtllm": "tensorrtllm-runtime"}
_DYNAMO_TRTLLM = {"max_seq_len", "max_batch_size", "max_num_tokens", "tensor_parallel_size", "pipeline_parallel_size"}
_SHARE = "kv_cache_config.free_gpu_memory_fraction"


@dataclass(frozen=True, slots=True)
class _Part:
    """Some words of a command line and what they change."""

    words: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class _Switch:
    """A season, and the command that goes over to it."""

    name: str
    patch: str


def cluster_files(plan: Plan) -> dict[str, str]:
    """The files that run the plan in a cluster, by path."""
    return {
        "nim/nimservice.yaml": _nim_service(plan),
        "kubernetes/dynamo.yaml": _dynamo(plan),
        "kubernetes/llm-d-values.yaml": _llm_d(plan),
    }


def schedule_files(recommendation: Recommendation) -> dict[str, str]:
    """The files that change replicas over the week, by path; none where one number serves all hours."""
    found = levels(recommendation)
    if not found:
        return {}
    made = {"kubernetes/keda.yaml": _keda(recommendation, found)}
    for name, season in by_name(recommendation).items():
        made[f"kubernetes/hpa-{name}.yaml"] = _hpa(recommendation, season)
    return made


def by_name(recommendation: Recommendation) -> dict[str, SeasonPlan]:
    """Seasons by a name that files and clusters take, each its own."""
    named: dict[str, SeasonPlan] = {}
    for number, season in enumerate(recommendation.seasons, start=1):
        name = kubernetes_name(season.name.replace("/", " "))
        named[name if name not in named else f"{name}-{number}"] = season
    return named


def deployment(recommendation: Recommendation) -> str:
    """What the workload is called in the cluster."""
    return kubernetes_name(recommendation.deployment or recommendation.profile.model)


def _nim_service(plan: Plan) -> str:
    recommendation, name = plan.recommendation, deployment(plan.recommendation)
    found = levels(recommendation) if plan.season is None else ()
    whole_list = (
        "A merge patch replaces the list env as a whole: add what else you set. KEDA cannot scale a NIMService: the "
        "operator sets the replicas of its Deployment itself, and the resource has no scale of its own."
    )
    apply = f"kubectl patch nimservice {name} --type merge --patch-file nim/nimservice.yaml"
    checked = "Fields as of the NIM operator 3.1.2 (apps.nvidia.com/v1alpha1)."
    return render(
        "nimservice.yaml",
        header=plan.header("Patch of a NIMService", "nim", apply, checked, whole_list),
        name=name,
        seasons=_season_patches(recommendation, name) if found else (),
        **_common(plan),
        gpus=f"{plan.changes['tp'].sentence} {plan.changes['pp'].sentence}",
        suggestion=_SUGGESTION,
        in_flight=plan.profile.max_num_seqs,
        variables=nim_environment(plan),
    )


def _season_patches(recommendation: Recommendation, name: str) -> tuple[_Switch, ...]:
    """How to go over to each season by hand or from a CronJob."""
    return tuple(
        _Switch(
            f"To go over to {season.name} ({replicas(season.replicas)}):",
            f"kubectl patch nimservice {name} --type merge "
            f'-p \'{{"spec":{{"scale":{{"hpa":{{"minReplicas":{max(season.replicas, 1)}}}}}}}}}\'',
        )
        for season in recommendation.seasons
    )


def _dynamo(plan: Plan) -> str:
    recommendation, name = plan.recommendation, deployment(plan.recommendation)
    engine: EngineName = "vllm" if plan.profile.engine == "nim" else plan.profile.engine
    scaled = None
    if plan.season is None and levels(recommendation):
        scaled = (
            "The adapter owns the replicas: point keda.yaml at it with scaleTargetRef apiVersion nvidia.com/v1beta1, "
            f"kind DynamoGraphDeploymentScalingAdapter, name {name}-worker."
        )
    checked = (
        "Fields as of Dynamo 1.6.1 (nvidia.com/v1beta1). Fill in the tag of your release; names of components are "
        "yours to change."
    )
    return render(
        "dynamo.yaml",
        header=plan.header(
            "DynamoGraphDeployment", engine, "kubectl apply -f kubernetes/dynamo.yaml, merged into yours", checked
        ),
        name=name,
        model=plan.profile.model,
        module=f"dynamo.{engine}",
        image=f"nvcr.io/nvidia/ai-dynamo/{_RUNTIMES[engine]}:my-tag",
        scaled=scaled,
        **_common(plan),
        parts=_dynamo_arguments(plan, engine),
    )


def _dynamo_arguments(plan: Plan, engine: EngineName) -> list[_Part]:
    """Dynamo hands vLLM's and SGLang's arguments on; of TensorRT-LLM's it has only some."""
    settings = plan.settings(engine)
    if engine != "trtllm":
        return _parts(settings)
    made = []
    for setting in settings:
        flag = "free_gpu_memory_fraction" if setting.name == _SHARE else setting.name
        if setting.name in _DYNAMO_TRTLLM or setting.name == _SHARE:
            words = (f"--{str(flag).replace('_', '-')}", f"{setting.value:g}")
            made.append(_Part(words, setting.sentence))
        elif setting.name is None:
            made.append(_Part((), setting.sentence))
        else:
            said = "Not an argument of dynamo.trtllm: hand trtllm/serve.yaml on with --extra-engine-args."
            made.append(_Part((), f"{setting.sentence} {said}"))
    return made


def _llm_d(plan: Plan) -> str:
    chart = (
        "Values as of the chart llm-d-modelservice 0.4.12. It adds --tensor-parallel-size itself, and has no value for "
        "pipeline parallelism."
    )
    apply = "helm upgrade RELEASE llm-d-modelservice/llm-d-modelservice --reuse-values -f kubernetes/llm-d-values.yaml"
    rest = tuple(one for one in plan.settings("vllm") if one.change.knob != "tp")
    return render(
        "llm-d-values.yaml",
        header=plan.header("Values of llm-d", "vllm", apply, chart),
        model=plan.profile.model,
        **_common(plan),
        tensor=plan.changes["tp"].sentence,
        parts=_parts(rest),
    )


def _parts(settings: tuple[Setting, ...]) -> list[_Part]:
    return [_Part(tuple(arguments((one,))), one.sentence) for one in settings]


def _common(plan: Plan) -> dict[str, object]:
    """What several files need: replicas of the busiest hours, and how the GPUs of a replica lie on nodes."""
    gpus = plan.profile.gpus_per_replica
    nodes = math.ceil(gpus / _GPUS_PER_NODE)
    by_hour = plan.recommendation.replicas_by_hour()
    return {
        "profile": plan.profile,
        "replicas": plan.changes["replicas"].sentence,
        "most": max(by_hour) if plan.season is None else int(plan.changes["replicas"].then.replace(",", "")),
        "nodes": nodes,
        "gpus_per_node": math.ceil(gpus / nodes),
    }


def _keda(recommendation: Recommendation, found: tuple[Level, ...]) -> str:
    by_hour, name = recommendation.replicas_by_hour(), deployment(recommendation)
    checked = "Fields as of KEDA 2.20.2. Windows are hours of the local clock; KEDA follows summer time."
    loading = (
        "A replica serves only when its model is loaded: begin windows earlier by that time, for example at minute 50 "
        "of the hour before. Use either this or a HorizontalPodAutoscaler, never both on one workload."
    )
    night = (_SKIPPED,) if at_night(found) and recommendation.timezone not in {"UTC", "Etc/UTC"} else ()
    other = [one.name for one in recommendation.seasons if differs(one.profile, recommendation.profile)]
    profiles = (
        f"KEDA changes replicas alone. These seasons run another profile, which takes a restart: {', '.join(other)}.",
    )
    return render(
        "keda.yaml",
        header=header(
            recommendation,
            "Replicas over the week",
            "kubectl apply -f kubernetes/keda.yaml; scaleTargetRef is a Deployment of this name unless you change it",
            (checked, loading, *night, *(profiles if other else ())),
        ),
        name=name,
        rest=f"{replicas(min(by_hour))}.",
        fewest=min(by_hour),
        most=max(by_hour),
        close=_CLOSE if within_tolerance(found) else None,
        timezone=recommendation.timezone,
        levels=found,
    )


def _hpa(recommendation: Recommendation, season: SeasonPlan) -> str:
    what = f"Bounds of a HorizontalPodAutoscaler in the season {season.name}"
    schedule = (
        "autoscaling/v2, which every supported Kubernetes serves. It has no schedule: apply each season's file when it "
        "begins, or let KEDA do it (keda.yaml). Use either, never both on one workload."
    )
    bounds = f"minReplicas is what the season needs, {replicas(season.replicas)}; maxReplicas what the busiest needs."
    name = next(name for name, one in by_name(recommendation).items() if one is season)
    return render(
        "hpa.yaml",
        header=header(recommendation, what, f"kubectl apply -f kubernetes/hpa-{name}.yaml", (schedule, bounds)),
        name=deployment(recommendation),
        fewest=max(season.replicas, 1),
        most=max(*recommendation.replicas_by_hour(), 1),
        suggestion=_SUGGESTION,
        in_flight=season.profile.max_num_seqs,
    )
