from pathlib import Path

import pytest

from exporter.errors import BadSettings
from exporter.settings import host_port, load, tokenizer_settings


def test_defaults_are_those_of_the_contract() -> None:
    settings = load({"upstream": "http://engine:8000/"}, None)
    assert settings.upstream == "http://engine:8000"
    assert (settings.listen, settings.admin, settings.health) == (
        "127.0.0.1:8080",
        "127.0.0.1:9464",
        "127.0.0.1:9465",
    )
    assert (str(settings.records), settings.workers) == ("records", 1)
    assert (settings.isl_threshold, settings.osl_threshold) == (1024, 256)


def test_an_option_wins_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('upstream = "http://file:1"\nworkers = 2\ninstance = "file"\n')
    monkeypatch.setenv("TOKENTIDE_WORKERS", "3")
    monkeypatch.setenv("TOKENTIDE_INSTANCE", "environment")
    settings = load({"instance": "option", "workers": None}, file)
    assert (settings.upstream, settings.workers, settings.instance) == ("http://file:1", 3, "option")


def test_every_mistake_gets_its_sentence_at_once(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('upstreem = "http://x"\nlisten = "8080"\nworkers = 0\n')
    with pytest.raises(BadSettings) as error:
        load({}, file)
    sentences = error.value.sentences
    assert len(sentences) == 4
    text = str(error.value)
    assert "There is no setting `upstreem`; did you mean `upstream`?" in text
    assert "`upstream` is missing: give --upstream, TOKENTIDE_UPSTREAM" in text
    assert "`listen` is wrong: '8080' is not HOST:PORT" in text
    assert "`workers` is wrong" in text


@pytest.mark.parametrize(
    "url", ["engine:8000", "ftp://engine", "http://", "http://u:p@engine", "http://engine/?q=1", "http://engine:99999"]
)
def test_an_upstream_that_is_not_a_plain_url_is_refused(url: str) -> None:
    with pytest.raises(BadSettings, match="`upstream` is wrong"):
        load({"upstream": url}, None)


@pytest.mark.parametrize("address", ["8080", "localhost", ":80", "h:port", "h:70000"])
def test_an_address_is_host_and_port(address: str) -> None:
    with pytest.raises(BadSettings, match="`admin` is wrong"):
        load({"upstream": "http://e", "admin": address}, None)


def test_an_address_may_be_of_version_six() -> None:
    assert host_port("[::1]:80") == ("::1", 80)
    assert host_port("0.0.0.0:8080") == ("0.0.0.0", 8080)  # noqa: S104 - a value, nothing is bound


def test_a_file_that_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"nowhere.toml cannot be read: No such file"):
        load({}, tmp_path / "nowhere.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("a = = b")
    with pytest.raises(BadSettings, match=r"broken.toml is not valid TOML"):
        load({}, broken)


def test_tokenizers_are_chosen_by_pattern_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('upstream = "http://e"\n[[tokenizers]]\nmodels = "llama*"\nvocabulary = "/models/llama"\n')
    [choice] = load({}, file).tokenizers
    assert (choice.models, choice.vocabulary) == ("llama*", "/models/llama")


def test_several_engines_are_given_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(
        '[[upstreams]]\nname = "a"\nurl = "http://a:1/"\nprefix = "/a"\n'
        '[[upstreams]]\nname = "b"\nurl = "unix:/run/b.sock"\nmodels = ["llama*"]\n'
    )
    first, second = load({}, file).engines
    assert (first.name, first.url, first.prefix) == ("a", "http://a:1", "/a")
    assert (second.url, second.models) == ("unix:/run/b.sock", ("llama*",))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"upstream": "http://e", "upstreams": [{"name": "a", "url": "http://a"}]}, "either `upstream` or `upstreams`"),
        ({"upstreams": [{"name": "a", "url": "http://a"}] * 2}, "have the same name"),
        ({"upstreams": [{"name": "a", "url": "http://a", "prefix": "a/"}]}, "`upstreams.0.prefix` is wrong"),
    ],
)
def test_engines_that_contradict_each_other_are_refused(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadSettings, match=sentence):
        load(options, None)


def test_one_engine_is_called_engine() -> None:
    [engine] = load({"upstream": "http://e:1"}, None).engines
    assert (engine.name, engine.url, engine.prefix, engine.models) == ("engine", "http://e:1", "", ())


def test_our_own_counts_and_prefix_blocks_are_on_unless_switched_off() -> None:
    settings = load({"upstream": "http://engine:8000"}, None)
    assert (settings.own_counts, settings.prefix.enabled, settings.prefix.key_file) == (1.0, True, None)
    assert (str(settings.tokenizer_cache), settings.prefix.remembered) == ("vocabularies", 262_144)
    with pytest.raises(BadSettings, match="`own_counts` is wrong"):
        load({"upstream": "http://engine:8000", "own_counts": 1.5}, None)


def test_a_hash_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('upstream = "http://x"\n[[tokenizers]]\nmodels = "*"\nvocabulary = "bytes"\nsha256 = "abc"\n')
    with pytest.raises(BadSettings, match=r"`tokenizers\.0\.sha256` is wrong"):
        load({}, file)


def test_counting_needs_no_engine_and_minds_one_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('tokenizer_cache = "mine"\n')
    assert str(tokenizer_settings({}, file).tokenizer_cache) == "mine"
    assert str(tokenizer_settings({"tokenizer_cache": "given"}, file).tokenizer_cache) == "given"
    file.write_text('[[upstreams]]\nname = "a"\nurl = "http://a"\n')
    assert [engine.name for engine in tokenizer_settings({}, file).engines] == ["a"]
    monkeypatch.setenv("TOKENTIDE_UPSTREAM", "http://e:1")
    assert tokenizer_settings({}, None).upstream == "http://e:1"


def test_client_ids_without_the_key_of_their_hash_are_refused() -> None:
    with pytest.raises(BadSettings, match="`client_id` needs the secret key of its hash in `client_key_file`"):
        load({"upstream": "http://e", "client_id": "api_key"}, None)


def test_nobody_is_identified_nothing_uploaded_and_nothing_deleted_unless_asked_for() -> None:
    settings = load({"upstream": "http://e"}, None)
    assert (settings.client_id, settings.upload.target) == ("", "")
    assert (settings.retention.hours, settings.retention.bytes) == (0, 0)


@pytest.mark.parametrize("target", ["bucket", "http://bucket", "s3://", "s3://key:secret@bucket", "s3://bucket?x=1"])
def test_an_upload_target_is_a_bucket_and_a_prefix(target: str) -> None:
    with pytest.raises(BadSettings, match=r"`upload\.target` is wrong: it is not s3://BUCKET") as error:
        load({"upstream": "http://e", "upload": {"target": target}}, None)
    assert "secret" not in str(error.value)


def test_the_otlp_endpoint_is_given_in_the_file_and_its_secrets_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(
        'upstream = "http://e"\n[otlp]\nendpoint = "https://collector:4318/otlp"\ntraces = true\nsample_ratio = 0.1\n'
        '[[otlp.headers]]\nname = "authorization"\nfile = "/run/secrets/otlp"\n'
    )
    otlp = load({}, file).otlp
    assert (otlp.endpoint, otlp.protocol, otlp.sample_ratio) == ("https://collector:4318/otlp", "http", 0.1)
    assert [(header.name, header.file) for header in otlp.headers] == [("authorization", "/run/secrets/otlp")]


@pytest.mark.parametrize(
    ("otlp", "sentence"),
    [
        ({"endpoint": "collector:4317"}, "`otlp.endpoint` is wrong"),
        ({"endpoint": "http://user:word@collector"}, "`otlp.endpoint` is wrong"),
        ({"headers": [{"name": "x-key", "value": "secret"}]}, "no setting `otlp.headers.0.value`"),
        ({"headers": [{"name": "x-key"}]}, "give either `environment` or `file`, not the value itself"),
        ({"headers": [{"name": "x-key", "environment": "A", "file": "b"}]}, "give either `environment` or `file`"),
        ({"sample_ratio": 1.5}, "`otlp.sample_ratio` is wrong"),
    ],
)
def test_an_otlp_endpoint_that_cannot_be_used_is_refused_without_a_secret(
    otlp: dict[str, object], sentence: str
) -> None:
    with pytest.raises(BadSettings, match=sentence) as refused:
        load({"upstream": "http://e", "otlp": otlp}, None)
    assert "secret" not in str(refused.value)
    assert "word" not in str(refused.value).replace("password", "")
