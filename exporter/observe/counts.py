"""Who counts the tokens of a request: the best source that there is, and its name."""

from dataclasses import dataclass

from exporter.dialect.base import Prompt
from exporter.observe.observation import Observation, TokenCounter
from exporter.observe.timeline import own_tokens


@dataclass(frozen=True, slots=True)
class Count:
    """A number of tokens and its source (one of the catalogue's SOURCES), both None where nobody could count.

    `own` is the tokenizer's count beside the server's; `own_per_event` is our own count of each content event, where it
    was made.
    """

    tokens: int | None = None
    source: str | None = None
    own: int | None = None
    own_per_event: tuple[int, ...] | None = None


def input_count(observation: Observation, counter: TokenCounter | None, *, beside: bool) -> Count:
    """Input tokens of a request; the prompt counts once, however many completions were asked for.

    With `beside` the prompt is also counted by a tokenizer where the server has counted it.
    """
    prompt = observation.prompt
    usage = observation.usage
    tokens = usage.input_tokens if usage is not None else None
    if tokens == 0 and prompt is not None and (any(text for _, text in prompt.texts) or prompt.token_ids):
        tokens = None  # a server that states zero for a prompt that is not empty has not counted
    source = "continuous_usage" if observation.continuous else "usage"
    if observation.input_token_ids and (tokens is None or observation.continuous):
        tokens, source = observation.input_token_ids, "engine_ids"
    own = None
    if prompt is not None and (tokens is None or (beside and _tokenizes(counter))):
        own = _own_input(prompt, counter)
    return own or Count() if tokens is None else _beside(tokens, source, own)


def output_count(observation: Observation, counter: TokenCounter | None, *, beside: bool) -> Count:
    """Output tokens of a request, as far as they were seen; `beside` as for the input."""
    contents = observation.contents
    usage = observation.usage
    tokens = usage.output_tokens if usage is not None else None
    if tokens == 0 and contents:
        tokens = None  # the same for an answer that is not empty
    source = "continuous_usage" if observation.continuous else "usage"
    if observation.output_token_ids and (tokens is None or observation.continuous):
        tokens, source = observation.output_token_ids, "engine_ids"
    own = None
    if tokens is None or (beside and _tokenizes(counter)):
        own = _own_output(observation, counter)
    return own or Count() if tokens is None else _beside(tokens, source, own)


def _beside(tokens: int, source: str, own: Count | None) -> Count:
    if own is None or own.source != "tokenizer":
        return Count(tokens, source)
    return Count(tokens, source, own.tokens, own.own_per_event)


def _tokenizes(counter: TokenCounter | None) -> bool:
    return counter is not None and counter.source == "tokenizer"


def _source(counter: TokenCounter, longest: int) -> str:
    return "estimate" if longest > counter.exact_up_to else counter.source


def _own_input(prompt: Prompt, counter: TokenCounter | None) -> Count | None:
    """Nothing where a part of the input is with the engine. Ids need no tokenizer; messages are counted apart, as a
    chat template's special tokens keep them apart.
    """
    if prompt.partial:
        return None
    if not prompt.texts:
        return Count(prompt.token_ids, "engine_ids") if prompt.token_ids else None
    if counter is None:
        return None
    tokens = prompt.token_ids + sum(counter.count(text) for _, text in prompt.texts)
    return Count(tokens, _source(counter, max(len(text) for _, text in prompt.texts)))


def _own_output(observation: Observation, counter: TokenCounter | None) -> Count | None:
    if counter is None or observation.operation == "other":
        return None
    contents = observation.contents
    if not contents:
        return Count(0, counter.source) if _nothing_written(observation) else None
    prompt = observation.prompt
    if prompt is not None and prompt.echo and prompt.token_ids:
        return None  # nobody knows where the echo of a prompt of ids ends
    per_event = own_tokens(contents, counter)
    longest = sum(len(content.text) for content in contents)
    return Count(sum(per_event), _source(counter, longest), own_per_event=tuple(per_event))


def _nothing_written(observation: Observation) -> bool:
    """Whether an answer without content is known to be empty, rather than not seen, not readable or not given."""
    if observation.outcome in {"refused", "upstream_error"}:
        return False  # an engine's outage must not look like short answers
    if any(not failure.startswith("request_") for failure in observation.failures):
        return False
    if observation.streamed or (observation.prompt is not None and observation.prompt.stream):
        return True
    return observation.http_status is not None and observation.outcome not in {"client_disconnect", "mid_stream_error"}
