"""The command `check`: say what would keep the sidecar from working."""

import argparse
import contextlib
import os

from exporter.app import keys, plan, upkeep, usable
from exporter.app.check import findings
from exporter.app.headers import header_values
from exporter.cli import options
from exporter.errors import BadSettings
from exporter.settings import Settings
from exporter.supervisor import probe


def run(given: argparse.Namespace) -> int:
    """Prints a line for each finding; returns the exit status."""
    settings = options.settings(given)
    target = settings.upload.target
    trials = (
        ("records", f"can be written to {settings.records}", lambda: usable.folder(settings.records)),
        ("certificates", "can be used", lambda: usable.certificates(settings)),
        ("keys", "can be used", lambda: keys.prefix_hashes(settings.prefix)),
        ("addresses", "free", lambda: _free_addresses(settings)),
        *([("key for client ids", "can be used", lambda: usable.client_key(settings))] if settings.client_id else []),
        *([("upload", f"{target} can be reached", lambda: upkeep.try_bucket(settings, os.environ))] if target else []),
        ("headers for OTLP", "have values", lambda: _usable_headers(settings)),
    )

    def reach(url: str, timeout: float) -> str | None:
        return probe.once(url, timeout) or usable.handshake(settings, url, timeout)

    found = list(findings(settings, reach, trials))
    for finding in found:
        print(finding)  # noqa: T201 - the command's own output
    return 0 if all(finding.good for finding in found) else BadSettings.exit_code


def _free_addresses(settings: Settings) -> None:
    with contextlib.ExitStack() as bound:
        for name in ("listen", "admin", "health"):
            bound.enter_context(plan.listen(name, getattr(settings, name), shared=settings.share_port))


def _usable_headers(settings: Settings) -> None:
    if settings.otlp.endpoint:
        header_values(settings.otlp.headers)
