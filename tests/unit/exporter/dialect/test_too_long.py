import pytest

from exporter.dialect.failure import error_type
from exporter.dialect.too_long import TOO_LONG, too_long


@pytest.mark.parametrize(
    "error",
    [
        {"code": "context_length_exceeded", "type": "invalid_request_error", "message": ""},
        {"type": "exceed_context_size_error", "code": 400, "message": "the request exceeds the available context size"},
        {"type": "BadRequestError", "message": "This model's maximum context length is 4096 tokens. However, you …"},
        {
            "type": "BadRequestError",
            "message": "You passed 8193 input tokens and requested 0 output tokens. However, the model's context length"
            " is only 8192 tokens, resulting in a maximum input length of 8192 tokens. Please reduce …",
        },
        {"message": "The decoder prompt (length 5000) is longer than the maximum model length of 4096."},
        {"message": "The input (9000 tokens) is longer than the model's context length (8192 tokens)."},
        {"message": "Requested token count exceeds the model's maximum context length of 8192 tokens."},
        {"message": "The sum of prompt length (72417.0), query length (0) should not exceed max_num_tokens (69632)"},
        {"message": "prompt is too long: 210000 tokens > 200000 maximum"},
        "Prompt length (9000) exceeds maximum input length (8192).",
        "Input validation error: `inputs` must have less than 1024 tokens. Given: 2000",
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 1000 and 2000",
    ],
)
def test_engines_say_in_many_ways_that_a_request_is_too_long(error: object) -> None:
    assert too_long(error)
    assert error_type({"error": error}) == TOO_LONG


@pytest.mark.parametrize(
    "error",
    [
        {"type": "BadRequestError", "message": "max_tokens must be at least 1, got 0."},
        {"type": "NotFoundError", "message": "The model `nope` does not exist.", "code": 404},
        {"type": "rate_limit_error"},
        "Internal error",
        None,
        7,
        {"message": 7},
    ],
)
def test_other_errors_are_of_other_classes(error: object) -> None:
    assert not too_long(error)


def test_the_older_form_without_a_frame_is_read_as_well() -> None:
    event = {
        "object": "error",
        "message": "This model's maximum context length is 9 tokens.",
        "type": "BadRequestError",
    }
    assert error_type(event) == TOO_LONG


def test_no_more_than_the_start_of_a_message_is_searched() -> None:
    assert not too_long("x" * 5000 + "prompt is too long")
