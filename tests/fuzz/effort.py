"""How long the fuzz tests look: the same few examples in `make test`, many random ones with FUZZ_EXAMPLES set."""

import os
from collections.abc import Callable

from hypothesis import HealthCheck, settings

EXAMPLES = "FUZZ_EXAMPLES"


def effort(few: int) -> Callable[..., object]:
    """Settings for a test that looks at `few` examples, or at as many as the environment asks for."""
    asked = os.environ.get(EXAMPLES)
    return settings(
        max_examples=int(asked) if asked else few,
        derandomize=not asked,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
