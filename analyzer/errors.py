"""What can go wrong in the analyzer, each with the sentence that its user needs next."""

from dataclasses import dataclass

OUR_FAULT = 1


class AnalyzerError(Exception):
    """An error whose message is one sentence for the user: what was wrong and what to do."""


class BadSettings(AnalyzerError):
    """The command line or the settings cannot be used; the message holds one sentence per mistake, one a line."""


class UnknownEngine(AnalyzerError):
    """A model, a GPU or an engine that the analyzer has no figures for; the message lists the nearest names."""


class DoesNotFit(AnalyzerError):
    """The model or its context does not fit into the memory; the message says what is missing and what would fit."""


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """One file that could not be read as records, and why."""

    path: str
    reason: str


class UnreadableRecords(AnalyzerError):
    """Some records could not be read; `files` names each of them with its reason."""

    def __init__(self, files: tuple[UnreadableFile, ...]) -> None:
        """`files` are all that could not be read, in the order in which they were looked at."""
        super().__init__("\n".join(f"{file.path}: {file.reason}" for file in files))
        self.files = files


class NoTraffic(AnalyzerError):
    """The records hold no request that the window and the chosen model leave."""


class TooLittleTraffic(AnalyzerError):
    """There are requests, but too few even for a length bound."""


class Unreachable(AnalyzerError):
    """No number of replicas keeps the objectives; the message names them, and the best that can be reached."""


class NoThroughput(AnalyzerError):
    """A source of step times that has nothing to say here; the message is the reason."""


EXIT_CODES: dict[type[AnalyzerError], int] = {
    BadSettings: 2,
    UnknownEngine: 2,
    DoesNotFit: 2,
    UnreadableRecords: 3,
    NoTraffic: 4,
    TooLittleTraffic: 4,
    Unreachable: 4,
    NoThroughput: 4,
}


def exit_code(error: Exception) -> int:
    """The exit code of the contract for `error`: 2 usage, 3 unreadable, 4 nothing to say, else 1, a fault of ours."""
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), OUR_FAULT)
