"""What the SDKs are asked, and what is printed of each request: a line of JSON; runs in `sdk`."""

import argparse
import json
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wire import Wire

LENGTHS = (4, 200)
OUTPUTS = (8, 64)
SEED = 4
SYSTEM = "You say what comes next."


@dataclass(frozen=True, slots=True)
class Asked:
    """One request; three of four want a stream."""

    request_id: str
    prompt: str
    output: int
    stream: bool
    system: str = SYSTEM


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--requests", type=int, required=True)
    parser.add_argument("--warm-up", type=int, default=0, help="requests before them, which are not printed")
    parser.add_argument("--usage", action="store_true", help="ask for usage in streams")
    return parser.parse_args()


def ask(told: argparse.Namespace, wire: Wire, one: Callable[[Asked], dict[str, Any]]) -> None:
    """Sends all requests by `one`, one after the other, and prints what it tells of each."""
    chance = random.Random(SEED)  # noqa: S311 - the same requests each time
    for number in range(told.warm_up + told.requests):
        asked = Asked(str(uuid.uuid4()), prompt(chance), chance.randint(*OUTPUTS), number % 4 != 3)
        started = time.time()
        seen = one(asked)
        if number >= told.warm_up:
            seen |= {"id": asked.request_id, "started": started, "sent_ns": wire.sent_ns}
            print(json.dumps(seen), flush=True)


def prompt(chance: random.Random) -> str:
    """Invented words, another number of them each time."""
    return " ".join(f"{chance.choice('bdgkmnprst')}{chance.choice('aeiou')}" for _ in range(chance.randint(*LENGTHS)))
