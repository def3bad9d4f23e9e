"""Which prompts begin alike: keyed hashes of the prefixes, and a bounded memory of those seen before."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BLOCK: Final = 512
"""Tokens in a block, as in the public traces of Mooncake."""

_POSITIVE: Final = (1 << 63) - 1


class PrefixHashes:
    """Hashes prompts block by block, so that two prompts share as many leading hashes as they share blocks.

    A hash covers everything up to the end of its block and the model, and is keyed: without `key` (up to 64 bytes)
    nobody can find out whether a prompt that they guess was ever asked. Only whole blocks are hashed.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def blocks(self, model: str, prompts: "Iterable[npt.NDArray[np.uint32]]") -> tuple[int, ...]:
        """The hashes of the blocks of each prompt, given as the ids of its tokens; 63 bits each, one after another."""
        return tuple(block for ids in prompts for block in self._chain(model, ids))

    def _chain(self, model: str, ids: "npt.NDArray[np.uint32]") -> Iterable[int]:
        chain = blake2b(model.encode("utf-8", "replace") + b"\0", digest_size=8, key=self._key)
        octets = memoryview(ids.astype("<u4", copy=False).tobytes())
        step = 4 * BLOCK
        for end in range(step, len(octets) + 1, step):
            chain.update(octets[end - step : end])
            yield int.from_bytes(chain.copy().digest(), "little") & _POSITIVE


class SeenBefore:
    """Remembers the hashes offered last, `limit` of them; each takes about 124 bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._blocks: OrderedDict[int, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._blocks)

    def offer(self, blocks: Sequence[int]) -> int:
        """How many of a prompt's blocks were in memory when it came; it then remembers all of them.

        Where there is no room, the block goes that was offered the longest time ago.
        """
        known = self._blocks
        seen = 0
        for block in blocks:
            if block in known:
                seen += 1
                known.move_to_end(block)
            else:
                known[block] = None
                if len(known) > self._limit:
                    known.popitem(last=False)
        return seen
