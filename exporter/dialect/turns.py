"""Which part of a prompt each message of a chat belongs to."""

from collections.abc import Sequence

from exporter.dialect.reading import Fields, text

_SYSTEM = ("system", "developer")


def parts(messages: Sequence[Fields]) -> list[str]:
    """The part (see `Text`) of each message, told by its role."""
    roles = [text(message.get("role")) for message in messages]
    found = ["system" if role in _SYSTEM else "history" for role in roles]
    last = len(roles) - 1
    while last >= 0 and roles[last] != "user":
        last -= 1
    while last >= 0 and roles[last] == "user":
        found[last] = "user"
        last -= 1
    return found
