"""A recommendation as all its files: for all hours, for seasons with a profile of their own, and what is in which."""

import re
from collections.abc import Mapping

from analyzer.emit.changes import moves
from analyzer.emit.cluster_files import by_name, cluster_files, schedule_files
from analyzer.emit.engine_files import engine_files
from analyzer.emit.header import objectives
from analyzer.emit.names import names
from analyzer.emit.pages import render
from analyzer.emit.plan import Plan, plans
from analyzer.emit.quoting import escaped
from analyzer.emit.recommendation import Recommendation

_PURPOSES = (
    ("vllm.yaml", "vLLM, `vllm serve --config`"),
    ("sglang.yaml", "SGLang, `--config`"),
    ("trtllm/serve.yaml, trtllm/serve.sh", "TensorRT-LLM, `trtllm-serve`"),
    ("trtllm/legacy-build.sh", "TensorRT engines of versions before the removal of `trtllm-build`"),
    ("triton/model.yaml", "Triton with the LLM API of TensorRT-LLM"),
    ("triton/legacy-config.pbtxt", "Triton with TensorRT engines"),
    ("nim/nim.env", "NIM as a container"),
    ("nim/nimservice.yaml", "NIM under the NIM operator"),
    ("kubernetes/dynamo.yaml", "NVIDIA Dynamo"),
    ("kubernetes/llm-d-values.yaml", "llm-d"),
)
_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&#]")
_ONE_NUMBER = (
    "There is no schedule: one number of replicas serves the whole week, so neither KEDA nor an autoscaler has "
    "anything to change."
)


def files(recommendation: Recommendation) -> Mapping[str, str]:
    """All files of a recommendation: path below `emit/` → text. The same recommendation gives the same text."""
    whole, *seasons = plans(recommendation, names())
    made = engine_files(whole) | cluster_files(whole) | schedule_files(recommendation)
    folders = {season.name: name for name, season in by_name(recommendation).items()}
    for plan in seasons:
        folder = f"seasons/{folders[plan.season or '']}"
        made |= {f"{folder}/{path}": text for path, text in (engine_files(plan) | cluster_files(plan)).items()}
    return {"README.md": _readme(whole, seasons, sorted(made))} | made


def _readme(whole: Plan, seasons: list[Plan], paths: list[str]) -> str:
    recommendation = whole.recommendation
    index = list(_PURPOSES)
    if "kubernetes/keda.yaml" in paths:
        index.append(("kubernetes/keda.yaml", "replicas over the week, by KEDA"))
        index.extend(
            (path, "bounds of a HorizontalPodAutoscaler for one season")
            for path in paths
            if path.startswith("kubernetes/hpa-")
        )
    if seasons:
        index.append(("seasons/", "the same for each season that runs another profile"))
    return render(
        "README.md",
        model=_plain(recommendation.profile.model),
        basis=_plain(recommendation.basis),
        objectives=objectives(recommendation.objectives),
        changes=[_plain(said) for said in (*moves(recommendation), *(one.sentence for one in whole.changes.values()))],
        index=index,
        notes=() if "kubernetes/keda.yaml" in paths else (_ONE_NUMBER,),
    )


def _plain(text: str) -> str:
    """Text on one line in which nothing is Markdown or HTML."""
    return _SPECIAL.sub(lambda found: "\\" + found[0], escaped(text))
