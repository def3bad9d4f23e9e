import json
from datetime import timedelta

from analyzer.advise.bounds import LengthTarget
from analyzer.analysis import as_json as of_records
from analyzer.marginals import analyse, as_json
from analyzer.window import Window
from tests.fakes.marginals import marginals
from tests.fakes.recordings import MONDAY
from tests.unit.analyzer.report.analyses import analysis as records_analysis

MONDAY_US = int(MONDAY.timestamp()) * 1_000_000
WINDOW = Window(MONDAY, MONDAY + timedelta(days=1), "UTC")


def test_the_keys_are_those_of_an_analysis_of_records_and_what_is_not_known_is_null() -> None:
    found = as_json(analyse(WINDOW, {"m": marginals({MONDAY_US: ([50], [5000])})}, {"m": LengthTarget()}))
    said = json.loads(json.dumps(found, allow_nan=False))
    model = said["models"]["m"]
    (other,) = json.loads(json.dumps(of_records(records_analysis())))["models"].values()
    assert model.keys() - {"marginal"} <= other.keys()
    for part in ("isl", "osl", "rate", "lengths"):
        assert model[part].keys() <= other[part].keys(), part
    for unknown in ("total", "joint", "query_patterns", "clients", "latency", "capacity"):
        assert model[unknown] is None
    assert model["marginal"]["osl"] == {"edges": [100, 200, 500, 1000], "counts": [0, 0, 0, 0, 1]}
    assert (model["isl"]["p50"], model["osl"]["p50"], model["isl"]["min"]) == (100, None, None)


def test_the_window_has_the_keys_of_the_contract() -> None:
    said = as_json(analyse(WINDOW, {}, {}))
    assert said["models"] == {}
    assert said["schema"] == "tokentide.analysis/1"
    assert said["window"].keys() <= of_records(records_analysis())["window"].keys()  # type: ignore[attr-defined]
