"""Who counts the tokens of a request: the best source that there is, and its name."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from exporter.dialect.base import Prompt
from exporter.dialect.media import holds_media
from exporter.observe.observation import Observation, PromptTokens, TokenCounter
from exporter.observe.parts import part_tokens, shared_out
from exporter.observe.timeline import own_tokens


@dataclass(frozen=True, slots=True)
class Count:
    """A number of tokens and its source (one of the catalogue's SOURCES), both None where nobody could count.

    `own` is the tokenizer's count beside the server's; `own_per_event` is our own count of each content event, where it
    was made. `parts` are the input tokens of each part of the prompt, and `read` is the prompt as the counter read it,
    where it did.
    """

    tokens: int | None = None
    source: str | None = None
    own: int | None = None
    own_per_event: tuple[int, ...] | None = None
    parts: Mapping[str, int] = field(default_factory=dict)
    read: PromptTokens | None = None


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
    if prompt is None:
        return Count() if tokens is None else Count(tokens, source)
    read = None
    if counter is not None and prompt.texts and (tokens is None or (beside and _tokenizes(counter))):
        read = counter.read(prompt)
    own = _own_input(prompt, read)
    count = own or Count() if tokens is None else _beside(tokens, source, own)
    return replace(count, parts=_parts(prompt, tokens, read), read=read)


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


def _own_input(prompt: Prompt, read: PromptTokens | None) -> Count | None:
    """Nothing where a part of the input is with the engine. Ids need no tokenizer; a prompt with images or sounds can
    not be counted exactly.
    """
    if prompt.partial:
        return None
    if not prompt.texts:
        return Count(prompt.token_ids, "engine_ids") if prompt.token_ids else None
    if read is None:
        return None
    exact = read.exact and not (prompt.chat is not None and holds_media(prompt.chat.messages))
    return Count(prompt.token_ids + read.tokens, "tokenizer" if exact else "estimate")


def _parts(prompt: Prompt, stated: int | None, read: PromptTokens | None) -> Mapping[str, int]:
    """What was counted exactly; else the server's count, shared out; else what was estimated.

    Of a count that holds more than the texts that we know nothing is shared out.
    """
    if read is not None and (read.exact or stated is None or prompt.partial):
        return part_tokens(prompt, read.of_each)
    if stated is None or prompt.partial or not prompt.texts:
        return part_tokens(prompt, ()) if prompt.token_ids and not prompt.texts else {}
    return part_tokens(prompt, shared_out(max(stated - prompt.token_ids, 0), prompt.texts))


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
    longest = sum([len(content.text) for content in contents])
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
