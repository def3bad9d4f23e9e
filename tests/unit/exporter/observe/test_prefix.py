"""Prompts that begin alike have the same leading hashes, and the memory of them is bounded."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from exporter.observe.prefix import BLOCK, PrefixHashes, SeenBefore

TRACES = Path(__file__).parents[5] / "shared" / "traces"
HASHES = PrefixHashes(b"key")


def ids(tokens: int, changed: int | None = None) -> Any:
    sequence = np.arange(tokens, dtype=np.uint32)
    if changed is not None:
        sequence[changed] += 1
    return sequence


@pytest.mark.parametrize(("tokens", "blocks"), [(0, 0), (511, 0), (512, 1), (1023, 1), (1024, 2), (5000, 9)])
def test_only_whole_blocks_are_hashed(tokens: int, blocks: int) -> None:
    assert len(HASHES.blocks("m", [ids(tokens)])) == blocks


@given(st.integers(0, 4 * BLOCK - 1))
def test_prompts_share_the_hashes_before_the_block_in_which_they_part(changed: int) -> None:
    one, other = HASHES.blocks("m", [ids(4 * BLOCK)]), HASHES.blocks("m", [ids(4 * BLOCK, changed)])
    same = [a == b for a, b in zip(one, other, strict=True)]
    assert same == [block < changed // BLOCK for block in range(4)]


def test_a_longer_prompt_goes_on_from_the_hashes_of_the_shorter() -> None:
    assert HASHES.blocks("m", [ids(3000)])[:2] == HASHES.blocks("m", [ids(1100)])


def test_equal_blocks_at_different_places_are_different() -> None:
    twice = np.concatenate((ids(BLOCK), ids(BLOCK)))
    first, second = HASHES.blocks("m", [twice])
    assert first != second


def test_another_model_or_another_key_has_other_hashes() -> None:
    hashes = {
        HASHES.blocks("m", [ids(BLOCK)]),
        HASHES.blocks("m2", [ids(BLOCK)]),
        PrefixHashes(b"other").blocks("m", [ids(BLOCK)]),
    }
    assert len(hashes) == 3


def test_each_of_several_prompts_begins_anew() -> None:
    assert HASHES.blocks("m", [ids(BLOCK), ids(BLOCK)]) == 2 * HASHES.blocks("m", [ids(BLOCK)])


def test_a_hash_fits_its_column() -> None:
    assert all(0 <= block < 2**63 for block in HASHES.blocks("m", [ids(400 * BLOCK)]))


def test_a_block_is_seen_from_the_second_time_on() -> None:
    memory = SeenBefore(10)
    assert [memory.offer(blocks) for blocks in ((1, 2), (1, 2, 3), (1, 3), ())] == [0, 2, 2, 0]


def test_the_block_offered_longest_ago_is_forgotten_first() -> None:
    memory = SeenBefore(3)
    memory.offer((1, 2, 3))
    memory.offer((1,))
    memory.offer((4,))
    assert len(memory) == 3
    assert memory.offer((1, 3, 4)) == 3
    assert memory.offer((2,)) == 0


def mooncake() -> tuple[Any, list[list[int]]]:
    if not TRACES.is_dir():
        pytest.skip("the public traces are not beside this checkout, in ../shared/traces")
    truth = json.loads((TRACES / "truth" / "mooncake_conversation.truth.json").read_text())["prefix_cache"]
    table = parquet.read_table(TRACES / "mooncake_conversation.parquet", columns=["hash_ids"])
    return truth, table["hash_ids"].to_pylist()


def test_the_share_seen_before_is_the_truth_of_the_mooncake_trace() -> None:
    truth, prompts = mooncake()
    memory = SeenBefore(1 << 20)
    seen = sum(memory.offer(prompt) for prompt in prompts)
    blocks = sum(map(len, prompts))
    assert (blocks, len(memory)) == (truth["blocks"], truth["unique_blocks"]) == (288_500, 182_790)
    assert seen / blocks == truth["seen_before_infinite_cache_share"] == pytest.approx(0.3664, abs=5e-5)


@pytest.mark.parametrize("capacity", ["1000", "5000", "10000", "30000", "50000", "100000"])
def test_a_bounded_memory_sees_what_a_cache_of_its_size_would(capacity: str) -> None:
    truth, prompts = mooncake()
    memory = SeenBefore(int(capacity))
    seen = sum(memory.offer(prompt) for prompt in prompts)
    assert seen / truth["blocks"] == truth["lru_leading_prefix_share_by_capacity_blocks"][capacity]
