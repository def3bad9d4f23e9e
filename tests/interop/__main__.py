"""`python -m tests.interop`: what clients that others wrote see through the sidecar, compared with its records."""

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from exporter import __version__
from tests.bench import processes
from tests.bench.programs import machine
from tests.interop import environments, page, tiny
from tests.interop.clients.aiperf import AIPerf
from tests.interop.clients.guidellm import Guidellm
from tests.interop.clients.sdk import AnthropicSdk, OpenAISdk
from tests.interop.judge import MEDIAN_MS, P95_MS
from tests.interop.run import Pair, Result, measured
from tests.interop.servers.guidellm_mock import GuidellmMock
from tests.interop.servers.llama_cpp import LlamaCpp
from tests.interop.servers.messages import Messages
from tests.interop.servers.transformers_serve import TransformersServe

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "accuracy.md"
PAIRS = (
    Pair(TransformersServe(), OpenAISdk(), 1),
    Pair(LlamaCpp(), OpenAISdk(), 1),
    Pair(GuidellmMock(), OpenAISdk(), 1),
    Pair(GuidellmMock(), AIPerf(), 2),
    Pair(GuidellmMock(), Guidellm(), 2),
    Pair(Messages(), AnthropicSdk(), 1),
)


def main() -> int:
    """Measures all pairs; returns 1 where a bound is broken, a request lost or a client failed."""
    told = _told()
    if told.priority:
        with suppress(PermissionError):  # a session of our own, so that only this check gets it
            os.setsid()
        processes.prefer(os.getpid(), -19)
    shutil.rmtree(told.out / "runs", ignore_errors=True)
    wanted = [pair for pair in PAIRS if told.only.lower() in pair.name.lower()]
    model = _model(told.out)
    results = []
    for number, pair in enumerate(wanted):
        result = measured(pair, told.requests, told.warm_up, model, told.out / "runs" / str(number))
        print(_line(result), flush=True)
        results.append(result)
    text = page.markdown(results, _about(wanted))
    (told.out / "accuracy.md").write_text(text)
    if told.write:
        page.write(PAGE, text)
    broken = [each.pair.name for each in results if not each.met]
    if broken:
        print(f"Not within the bounds: {', '.join(broken)}. The logs are in {told.out / 'runs'}.", file=sys.stderr)
    return 1 if broken else 0


def _told() -> argparse.Namespace:
    parser = argparse.ArgumentParser("tests.interop", description=__doc__)
    parser.add_argument("--requests", type=int, default=60, help="requests of each client (60)")
    parser.add_argument("--warm-up", type=int, default=4, help="requests before them that do not count (4)")
    parser.add_argument("--only", default="", help="only pairs whose name has this text in it, such as aiperf")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "interop", help="folder for results")
    parser.add_argument("--write", action="store_true", help="also write the tables into docs/accuracy.md")
    parser.add_argument("--priority", action="store_true", help="take precedence over other programs (needs root)")
    told = parser.parse_args()
    if told.write and told.only:
        parser.error("--write needs all pairs, so it does not go with --only")
    return told


def _model(out: Path) -> Path:
    """The tiny model; only its path where the environment that makes it is missing, because nobody will ask for it."""
    if environments.missing(["engine"]):
        return out / "model" / "tiny"
    print("The tiny model …", file=sys.stderr)
    return tiny.made(out / "model")


def _line(result: Result) -> str:
    """One pair in a line of the terminal."""
    name = result.pair.name
    if result.verdict is None:
        return f"{name}: {'skipped, ' + result.skipped if result.skipped else 'failed, ' + str(result.failed)}"
    found = result.verdict
    counts = f"{found.equal} of {found.with_usage} counts equal" if found.with_usage else "no usage"
    figures = ", ".join(f"{each.name} {page.difference(each)} ({each.bias_ms:+.2f})" for each in found.differences)
    lost = f", {found.lost} lost, {found.strange} unexplained" if found.lost or found.strange else ""
    return f"{name}: {found.requests} requests, {counts}{lost}; {figures}"


def _about(pairs: Sequence[Pair]) -> dict[str, str]:
    """The bounds, the versions of all programs and the machine."""
    versions = {"tokentide": __version__, "Python": platform.python_version()}
    for part in [each for pair in pairs if not pair.missing for each in (pair.server, pair.client)]:
        if part.packages:
            versions |= environments.versions(part.environments[0], part.packages)
    told = machine()
    bounds = {"bounds": f"{MEDIAN_MS:g} ms at the median, {P95_MS:g} ms at the 95th percentile"}
    return bounds | versions | {"processor": f"{told['processor']}, {told['processors']} cores"}


if __name__ == "__main__":
    sys.exit(main())
