"""How many files a process may have open."""

import contextlib
import resource


def allow_files() -> None:
    """Raises the limit as far as may be: each exchange of a relay needs two, and many systems start with 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
