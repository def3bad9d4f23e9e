"""How the input tokens of a request are shared among the parts of its prompt."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from exporter.dialect.base import Prompt, Text
from exporter.observe.timeline import spread

PARTS: Final = ("system", "history", "user", "tools")


def part_tokens(prompt: Prompt, of_each: Sequence[int]) -> dict[str, int]:
    """Tokens of each part from those of each text; parts that the prompt does not have are 0.

    What an engine's template writes around the texts belongs to no part, so that the sum may be less than the input.
    Ids without a text are the user's.
    """
    sums: Counter[str] = Counter(dict.fromkeys(PARTS, 0))
    for (part, _), tokens in zip(prompt.texts, of_each, strict=True):
        sums[part] += tokens
    sums["user"] += prompt.token_ids
    return dict(sums)


def shared_out(total: int, texts: Sequence[Text]) -> tuple[int, ...]:
    """The server's count shared among the texts in proportion to their bytes, where nobody counted them one by one."""
    sizes = [len(text.encode("utf-8", "surrogatepass")) for _, text in texts]
    written = [i for i, size in enumerate(sizes) if size]
    if not written:
        return (0,) * len(sizes)
    shares = dict(zip(written, spread(total, [sizes[i] for i in written]), strict=True))
    return tuple(shares.get(i, 0) for i in range(len(sizes)))
