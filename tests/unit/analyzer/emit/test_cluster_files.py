"""The files of the clusters have the fields that were looked up, and no others."""

import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from analyzer.emit import Recommendation, SeasonPlan
from analyzer.emit.cluster_files import by_name, cluster_files, deployment, schedule_files
from analyzer.emit.names import names
from analyzer.emit.plan import plans
from tests.unit.analyzer.emit.cases import CASES, VLLM, one_number, over_the_week, two_nodes

SCHEMAS = Path(__file__).with_name("schemas")


def made(recommendation: Recommendation) -> dict[str, str]:
    return cluster_files(plans(recommendation, names())[0]) | schedule_files(recommendation)


def read(recommendation: Recommendation, path: str) -> Any:
    return yaml.safe_load(made(recommendation)[path])


def check(schema: str, files: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    places = []
    for number, text in enumerate(files.values()):
        places.append(folder / f"{number}.yaml")
        places[-1].write_text(text, encoding="utf-8")
    program = Path(sys.executable).with_name("check-jsonschema")
    command = [program, "--schemafile", SCHEMAS / f"{schema}.json", *places]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def with_case(path: str) -> dict[str, str]:
    """The file of each case that has it; a star stands for any season."""
    start, star, end = path.partition("*")
    return {
        f"{case} {name}": text
        for case, recommendation in CASES.items()
        for name, text in made(recommendation()).items()
        if (name.startswith(start) and name.endswith(end) if star else name == path)
    }


@pytest.mark.parametrize(
    ("schema", "path", "number"),
    [
        ("scaledobject", "kubernetes/keda.yaml", 2),
        ("hpa", "kubernetes/hpa-*.yaml", 4),
        ("nimservice", "nim/nimservice.yaml", 3),
        ("dynamographdeployment", "kubernetes/dynamo.yaml", 3),
        ("llm-d-values", "kubernetes/llm-d-values.yaml", 3),
    ],
)
def test_each_kind_has_the_fields_that_its_version_has(schema: str, path: str, number: int, tmp_path: Path) -> None:
    files = with_case(path)
    assert len(files) == number
    done = check(schema, files, tmp_path)
    assert done.returncode == 0, done.stdout


def test_a_field_that_does_not_exist_would_be_found(tmp_path: Path) -> None:
    wrong = with_case("kubernetes/keda.yaml")["over_the_week kubernetes/keda.yaml"].replace(
        "minReplicaCount", "minReplicas"
    )
    assert check("scaledobject", {"x": wrong}, tmp_path).returncode == 1


def test_keda_goes_from_the_fewest_to_the_most_replicas() -> None:
    spec = read(over_the_week(), "kubernetes/keda.yaml")["spec"]
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (1, 3)
    assert [trigger["metadata"] for trigger in spec["triggers"]] == [
        {"timezone": "Europe/Berlin", "start": "0 9 * * *", "end": "0 22 * * *", "desiredReplicas": "2"},
        {"timezone": "Europe/Berlin", "start": "0 9 * * 1-5", "end": "0 18 * * 1-5", "desiredReplicas": "3"},
    ]
    assert "advanced" not in spec


def test_where_an_autoscaler_may_stop_short_of_a_window_it_is_asked_for_no_tolerance() -> None:
    behavior = read(two_nodes(), "kubernetes/keda.yaml")["spec"]["advanced"]["horizontalPodAutoscalerConfig"][
        "behavior"
    ]
    assert behavior == {"scaleUp": {"tolerance": "0"}, "scaleDown": {"tolerance": "0"}}


def test_the_night_in_which_clocks_change_is_pointed_out_where_there_is_one() -> None:
    night = "clocks skip in spring"
    assert night in made(two_nodes())["kubernetes/keda.yaml"].replace("\n# ", " ")
    assert night not in made(replace(two_nodes(), timezone="UTC"))["kubernetes/keda.yaml"].replace("\n# ", " ")
    assert night not in made(over_the_week())["kubernetes/keda.yaml"].replace("\n# ", " ")


def test_keda_says_which_seasons_take_a_restart() -> None:
    assert "take a restart: nights." in made(over_the_week())["kubernetes/keda.yaml"].replace(
        "which takes", "which take"
    )
    assert "restart" not in made(two_nodes())["kubernetes/keda.yaml"]


def test_each_season_bounds_an_autoscaler_from_what_it_needs_to_what_the_busiest_needs() -> None:
    bounds = {
        name: (spec["minReplicas"], spec["maxReplicas"])
        for name in by_name(over_the_week())
        for spec in [read(over_the_week(), f"kubernetes/hpa-{name}.yaml")["spec"]]
    }
    assert bounds == {"working-days-9-18": (3, 3), "evenings-and-weekends": (2, 3), "nights": (1, 3)}


def test_one_number_of_replicas_needs_no_schedule() -> None:
    assert schedule_files(one_number()) == {}


def test_a_nim_service_is_patched_season_by_season() -> None:
    text = made(over_the_week())["nim/nimservice.yaml"]
    scale = yaml.safe_load(text)["spec"]["scale"]
    assert (scale["hpa"]["minReplicas"], scale["hpa"]["maxReplicas"]) == (3, 3)
    patches = [shlex.split(line.strip(" #"))[-1] for line in text.splitlines() if "--type merge -p" in line]
    assert [yaml.safe_load(patch)["spec"]["scale"]["hpa"]["minReplicas"] for patch in patches] == [3, 2, 1]
    assert read(one_number(), "nim/nimservice.yaml")["spec"]["replicas"] == 2


def test_a_replica_of_sixteen_gpus_lies_on_two_nodes() -> None:
    nim = read(two_nodes(), "nim/nimservice.yaml")["spec"]
    assert nim["multiNode"] == {"parallelism": {"tensor": 8, "pipeline": 2}}
    assert nim["resources"]["limits"]["nvidia.com/gpu"] == 8
    worker = read(two_nodes(), "kubernetes/dynamo.yaml")["spec"]["components"][1]
    assert worker["multinode"] == {"nodeCount": 2}
    assert worker["podTemplate"]["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "8"


@pytest.mark.parametrize(
    ("recommendation", "module", "some"),
    [
        (over_the_week, "dynamo.vllm", ["--max-model-len", "8192"]),
        (two_nodes, "dynamo.sglang", ["--max-running-requests", "256"]),
        (one_number, "dynamo.trtllm", ["--free-gpu-memory-fraction", "0.9"]),
    ],
)
def test_dynamo_runs_the_engine_that_the_advice_is_for(
    recommendation: Callable[[], Recommendation], module: str, some: list[str]
) -> None:
    worker = read(recommendation(), "kubernetes/dynamo.yaml")["spec"]["components"][1]
    container = worker["podTemplate"]["spec"]["containers"][0]
    assert container["command"][-1] == module
    place = container["args"].index(some[0])
    assert container["args"][place : place + 2] == some
    assert ("scalingAdapter" in worker) is (recommendation is not one_number)


def test_dynamo_says_which_options_of_tensorrt_llm_it_has_no_argument_for() -> None:
    text = made(one_number())["kubernetes/dynamo.yaml"]
    assert text.replace("\n          # ", " ").count("Not an argument of dynamo.trtllm") == 3


def test_nim_is_run_as_vllm_by_dynamo() -> None:
    nim = replace(one_number(), profile=replace(VLLM, engine="nim"))
    container = read(nim, "kubernetes/dynamo.yaml")["spec"]["components"][1]["podTemplate"]["spec"]["containers"][0]
    assert container["command"][-1] == "dynamo.vllm"


def test_llm_d_gets_replicas_and_parallelism_and_the_arguments_in_comments() -> None:
    text = made(over_the_week())["kubernetes/llm-d-values.yaml"]
    assert yaml.safe_load(text)["decode"] == {"replicas": 3, "parallelism": {"tensor": 1}}
    assert '\n  #   - "--max-model-len"\n  #   - "8192"\n' in text
    assert '--tensor-parallel-size"' not in text


def test_seasons_whose_names_come_out_alike_keep_files_of_their_own() -> None:
    alike = (SeasonPlan("Peak!", (1,), VLLM, 5), SeasonPlan("peak", (2,), VLLM, 4))
    recommendation = replace(one_number(), seasons=alike)
    assert list(by_name(recommendation)) == ["peak", "peak-2"]
    assert read(recommendation, "kubernetes/hpa-peak-2.yaml")["spec"]["minReplicas"] == 4


def test_a_workload_is_called_what_it_is_called_or_what_its_model_is_called() -> None:
    assert deployment(over_the_week()) == "llama-3-1-8b-instruct"
    assert deployment(two_nodes()) == "reasoner"
