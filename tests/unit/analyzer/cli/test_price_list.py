from pathlib import Path

import pytest

from analyzer.advise.prices import of_gpu, of_model
from analyzer.cli.price_list import load
from analyzer.engine import gpu_names
from analyzer.errors import BadSettings


def test_the_example_prices_name_where_and_when_each_was_published() -> None:
    prices = load(None)
    assert prices.currency == "USD"
    assert {price.kind for price in of_gpu(prices, "H100-SXM")} == {"on_demand", "reserved", "on_prem"}
    for source in [price.source for price in (*prices.gpus, *prices.apis)]:
        assert "(read 20" in source
        assert "an example price" in source


def test_every_example_price_is_of_a_gpu_that_is_known_by_that_name() -> None:
    assert {price.gpu for price in load(None).gpus} <= set(gpu_names())


@pytest.mark.parametrize("name", ["l4", "a10", "l40s", "a100-sxm-80gb", "h100-sxm", "h200-sxm", "b300-sxm", "mi300x"])
def test_a_usual_gpu_has_a_price_on_demand(name: str) -> None:
    assert next(price.kind for price in of_gpu(load(None), name)) == "on_demand"


def test_the_example_serves_the_model_of_the_documentation_under_either_name() -> None:
    prices = load(None)
    assert of_model(prices, "meta-llama/Llama-3.1-8B-Instruct") == of_model(prices, "meta-llama/Meta-Llama-3.1-8B")


def test_a_node_of_ones_own_is_spread_over_its_years_and_its_power(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        'currency = "EUR"\n[[on_prem]]\nname = "h100-sxm"\nnode_price = 262800\ngpus = 8\nyears = 3\nkilowatts = 10\n'
        'pue = 1.2\nprice_per_kwh = 0.5\nsource = "our invoice"\nread = 2026-11-01\n'
    )
    prices = load(file)
    # (262,800 / 26,280 h + 10 kW · 1.2 · 0.5) / 8
    assert prices.gpus[0].per_hour == pytest.approx((10 + 6) / 8)
    assert "our invoice (read 2026-11-01)" in prices.gpus[0].source
    assert "example" not in prices.gpus[0].source
    assert (prices.currency, prices.apis) == ("EUR", ())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("currency = ", "is not TOML"),
        ('[[gpu]]\nname = "h100"\nkind = "stolen"\nper_hour = 1\nsource = "x"\nread = 2026-01-01\n', "gpu.0.kind"),
        ('[[gpu]]\nname = "h100"\nkind = "reserved"\nper_hour = 1\n', "gpu.0.source: Field required"),
        ("colour = 1\n", "colour"),
    ],
)
def test_a_wrong_price_file_is_told_by_place(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(BadSettings, match=sentence):
        load(file)


def test_a_price_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read: No such file"):
        load(tmp_path / "none.toml")
