import json

import pytest

from exporter.dialect.usage_option import only_usage, with_usage

OPTION = b'"stream_options":{"include_usage":true},'


@pytest.mark.parametrize(
    ("body", "amended"),
    [
        (b'{"stream":true}', b"{" + OPTION + b'"stream":true}'),
        (b' \n{ "a": "\xc3\xa9\\u00e9","stream" :true}', b" \n{" + OPTION + b' "a": "\xc3\xa9\\u00e9","stream" :true}'),
        (b'{"stream":true,"stream_options": null}', b'{"stream":true,"stream_options": {"include_usage":true}}'),
        (b'{"stream":true,"stream_options":{ }}', b'{"stream":true,"stream_options":{"include_usage":true }}'),
        (
            b'{"stream_options":{"include_obfuscation":false},"stream":true}',
            b'{"stream_options":{"include_usage":true,"include_obfuscation":false},"stream":true}',
        ),
        (
            b'{"tools":[{"stream_options":null}],"stream":true,"stream_options":null}',
            b'{"tools":[{"stream_options":null}],"stream":true,"stream_options":{"include_usage":true}}',
        ),
        (
            b'{"x":"\\"stream_options\\":null","stream":true,"stream_options":null}',
            b'{"x":"\\"stream_options\\":null","stream":true,"stream_options":{"include_usage":true}}',
        ),
    ],
)  # fmt: skip
def test_the_option_is_written_into_the_bytes_and_all_others_stay(body: bytes, amended: bytes) -> None:
    assert with_usage(body) == amended
    assert json.loads(amended)["stream_options"]["include_usage"] is True


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"stream":tru',
        b'{"model":"m"}',
        b'{"stream":false}',
        b'{"stream":"true"}',
        b'{"stream":true,"stream_options":{"include_usage":true}}',
        b'{"stream":true,"stream_options":{"include_usage":false}}',
        b'{"stream":true,"stream_options":{"continuous_usage_stats":true}}',
        b'{"stream":true,"stream_options":7}',
        b'{"stream":true,"stream\\u005foptions":null}',
        b"\xff\xfe{}",
    ],
)
def test_a_request_that_is_no_stream_or_says_what_it_wants_stays_as_it_is(body: bytes) -> None:
    assert with_usage(body) is None


def test_the_place_of_the_option_is_not_sought_for_ever() -> None:
    decoys = ",".join('{"stream_options":null}' for _ in range(10))
    assert with_usage(b'{"tools":[%b],"stream":true,"stream_options":null}' % decoys.encode()) is None


@pytest.mark.parametrize(
    ("event", "only"),
    [
        (b'{"choices":[],"usage":{"prompt_tokens":1}}', True),
        (b'{"choices": [ ], "usage": {}, "id": "x"}', True),
        (b'{"choices":[],"usage":null}', False),
        (b'{"choices":[],"prompt_filter_results":[]}', False),
        (b'{"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}}', False),
        (b'{"choices":[],"usage":{},"error":{"message":"m"}}', False),
        (b'{"usage":{}}', False),
        (b'["usage"]', False),
        (b'{"choices":[],"usage"', False),
        (b"[DONE]", False),
    ],
)
def test_only_the_event_without_choices_and_with_usage_is_the_one_that_was_added(event: bytes, only: bool) -> None:
    assert only_usage(event) is only
