"""What is wrong with settings, one sentence for each mistake."""

import difflib
import json
import os
from collections.abc import Iterator
from typing import Final, get_args

from pydantic import BaseModel

NO_UPSTREAM: Final = (
    "The setting `upstream` is missing: give --upstream, TOKENTIDE_UPSTREAM or a key in the settings file."
)
_LIST, _TABLE = "a list is expected, such as [] with what it holds", "a table of keys and values is expected"
_EXPECTED: Final = {"tuple_type": _LIST, "dict_type": _TABLE, "model_type": _TABLE, "model_attributes_type": _TABLE}
"""What stands in place of pydantic's words, which name types of Python."""


def sentence(detail: dict[str, object], settings: type[BaseModel]) -> str:
    """The sentence for one of pydantic's error details."""
    location = detail["loc"]
    path = ".".join(str(part) for part in location) if isinstance(location, tuple) else str(location)
    if detail["type"] == "no_upstream":
        return NO_UPSTREAM
    if not path:
        return f"The settings contradict each other: {detail['msg']}."
    if detail["type"] == "missing":
        return f"The setting `{path}` is missing in the settings file."
    if detail["type"] == "extra_forbidden":
        return f"There is no setting `{path}`{_near(path.split('.'), settings)}"
    expected = _EXPECTED.get(str(detail["type"]))
    message = expected or str(detail["msg"]).removeprefix("Value error, ")
    return f"The setting `{path}` is wrong: {message[:1].lower()}{message[1:]}."


def no_json(settings: type[BaseModel], prefix: str) -> Iterator[str]:
    """A sentence for each table or list in the environment that cannot be read; variables begin with `prefix`."""
    for name, field in settings.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        if variable not in os.environ or not isinstance(field.default, BaseModel | tuple):
            continue
        try:
            json.loads(os.environ[variable])
        except ValueError as error:
            form = "[…]" if isinstance(field.default, tuple) else '{"name": …}'
            yield f"The variable {variable} is not JSON such as {form}: {error}."


def _near(path: list[str], table: type[BaseModel]) -> str:
    """What may have been meant by a name that its table does not have."""
    for part in path[:-1]:
        if not part.isdigit():
            field = table.model_fields[part]
            table = type(field.default) if isinstance(field.default, BaseModel) else get_args(field.annotation)[0]
    near = difflib.get_close_matches(path[-1], table.model_fields, n=1, cutoff=0.5)
    return f"; did you mean `{'.'.join([*path[:-1], near[0]])}`?" if near else "."
