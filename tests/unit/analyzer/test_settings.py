from pathlib import Path

import pytest

from analyzer.errors import BadSettings
from analyzer.settings import load

EVERYTHING = """
timezone = "Asia/Shanghai"
isl_threshold = 2000
current_max_seq_len = 131072

[capacity]
rps_per_replica = 2.4

[models."big".capacity]
rps_per_replica = 0.5
gpus_per_replica = 4
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(EVERYTHING)
    return path


def test_without_a_file_the_defaults_hold() -> None:
    settings = load(None)
    assert (settings.isl_threshold, settings.osl_threshold) == (1024, 256)
    assert (settings.target_over_share, settings.confidence, settings.align_to) == (0.001, 0.95, 64)
    assert settings.capacity is None


def test_a_model_without_its_own_table_takes_what_holds_for_all(file: Path) -> None:
    settings = load(file)
    small, big = settings.of("small").capacity, settings.of("big").capacity
    assert small
    assert small.rps_per_replica == 2.4
    assert big
    assert (big.rps_per_replica, big.gpus_per_replica) == (0.5, 4)
    assert settings.of("big").current_max_seq_len == 131072


def test_the_environment_goes_before_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENTIDE_ISL_THRESHOLD", "3000")
    monkeypatch.setenv("TOKENTIDE_CAPACITY__RPS_PER_REPLICA", "7")
    monkeypatch.setenv("TOKENTIDE_UPSTREAM", "http://the.exporter.s")
    settings = load(file)
    assert settings.isl_threshold == 3000
    assert settings.capacity
    assert settings.capacity.rps_per_replica == 7


def test_every_mistake_is_told_at_once_in_one_sentence_each(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('isl_treshold = 5\nconfidence = 2\ntimezone = "Mars"\n[capacity]\npeak = "busy"\n')
    with pytest.raises(BadSettings) as caught:
        load(path)
    sentences = str(caught.value).splitlines()
    assert len(sentences) == 4
    assert all(str(path) in sentence and sentence.endswith(".") for sentence in sentences)
    told = "\n".join(sentences)
    for name in ("isl_treshold", "confidence", "timezone", "rps_per_replica"):
        assert name in told


def test_a_file_that_is_missing_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read: No such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("a = = 1")
    with pytest.raises(BadSettings, match="not TOML"):
        load(tmp_path / "bad.toml")


def test_a_gpu_is_enough_where_what_a_replica_carries_is_to_be_found(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[capacity]\ngpu = "h100"\nttft_ms = 500\nprofile = "today.toml"\n')
    capacity = load(path).capacity
    assert capacity
    assert (capacity.rps_per_replica, capacity.gpu, capacity.profile) == (None, "h100", Path("today.toml"))
