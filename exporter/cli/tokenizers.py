"""The options of the command `tokenizers`."""

import argparse
from pathlib import Path


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command to those of the program."""
    group = commands.add_parser(
        "tokenizers", help="list, fetch and try vocabularies", description="Vocabularies, and what they count."
    )
    verbs = group.add_subparsers(title="verbs", required=True, metavar="VERB", dest="verb")
    there = verbs.add_parser(
        "list",
        help="what is there",
        description="Lists each vocabulary: where it is, its hash, for which models it is.",
    )
    fetch = verbs.add_parser(
        "pull", help="fetch into the cache", description="Fetches tokenizers from the Hugging Face hub into the cache."
    )
    fetch.add_argument("names", nargs="+", metavar="NAME", help="model such as Qwen/Qwen3-8B; @REVISION may follow")
    count = verbs.add_parser("count", help="count a text", description="Counts the tokens of a text for a model.")
    count.add_argument("--model", required=True, metavar="M", help="name of the model, as clients give it")
    count.add_argument("file", nargs="?", type=Path, metavar="FILE", help="text in UTF-8; standard input unless given")
    group.set_defaults(run=_run)
    for verb in (there, fetch, count):
        verb.add_argument("--settings", metavar="FILE", type=Path, help="TOML file with any of the settings")
        verb.add_argument(
            "--cache", metavar="DIR", type=Path, help="folder of pulled tokenizers (default vocabularies)"
        )


def _run(given: argparse.Namespace) -> int:
    from exporter.cli import vocabularies  # noqa: PLC0415 - 30 MB that `serve` would keep

    return vocabularies.VERBS[given.verb](given)
