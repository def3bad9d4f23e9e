import platform
from pathlib import Path

import pytest

from exporter.memory import give_back


def resident() -> int:
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0])


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps what was freed")
def test_what_was_freed_below_something_still_held_goes_back_to_the_system() -> None:
    blocks = [bytes(20_000) for _ in range(2_000)]
    held = blocks[-1]
    before = resident()
    del blocks
    assert give_back()
    assert resident() < before - 20_000
    assert len(held) == 20_000
