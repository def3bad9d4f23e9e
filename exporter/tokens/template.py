"""A model's chat template: Jinja in a sandbox, which may not run for longer than it is worth."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from time import perf_counter
from typing import NoReturn

from jinja2 import Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from exporter.dialect.base import Conversation
from exporter.dialect.reading import text
from exporter.tokens.conversation import for_template
from exporter.tokens.vocabulary import UnusableVocabulary

LONGEST_SECONDS = 0.5
REST_SECONDS = 60.0
"""How long a template that took too long is not tried again: one monstrous prompt must not cost all others for good."""
_TICK = "tokentide_tick"
_GENERATION = re.compile(r"\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}")


class Unrendered(Exception):
    """A template made no prompt of a chat; `reason` is a fixed word, never a part of the text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TookTooLong(TemplateError):
    """A template ran out of its time."""


class ChatTemplate:
    """Makes one text of a chat, as the engine does.

    `sources` are the templates by name: `default`, and `tool_use` where a model has one of its own for requests with
    tools. `special` are the special tokens by the names that templates know, such as `bos_token`. Raises
    UnusableVocabulary for what is no template; `name` is for that sentence. A template that takes longer than
    `longest_seconds` is not tried again for a minute.
    """

    def __init__(
        self,
        name: str,
        sources: Mapping[str, str],
        special: Mapping[str, str],
        longest_seconds: float = LONGEST_SECONDS,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._special = dict(special)
        self._longest = longest_seconds
        self._clock = clock
        self._rests_until = float("-inf")
        environment = _environment()
        try:
            self._templates = {key: _compiled(environment, source) for key, source in sources.items()}
        except TemplateError as error:
            raise UnusableVocabulary(
                f"The chat template of {name} cannot be read ({error.message}); mend it or remove it."
            ) from None

    def render(self, chat: Conversation) -> str:
        """The prompt as one text, special tokens included. Raises Unrendered."""
        if self._clock() < self._rests_until:
            raise Unrendered("template_too_slow")
        template, parts = self._templates["tool_use" if chat.tools and "tool_use" in self._templates else "default"]
        given = self._arguments(chat, parts=parts)
        try:
            rendered = template.render(given, **{_TICK: self._stopwatch()})
        except TookTooLong:
            self._rests_until = self._clock() + REST_SECONDS
            raise Unrendered("template_too_slow") from None
        except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError):
            # what Python raises where a template takes an absent key for a string, and the like
            raise Unrendered("template_failed") from None
        return _continued(rendered, given) if chat.arguments.get("continue_final_message") is True else rendered

    def _arguments(self, chat: Conversation, *, parts: bool) -> dict[str, object]:
        return {
            "add_generation_prompt": True,
            "documents": None,
            **self._special,
            **chat.arguments,
            "messages": for_template(chat.messages, parts=parts),
            "tools": chat.tools or None,
        }

    def _stopwatch(self) -> Callable[[], str]:
        ends = self._clock() + self._longest

        def tick() -> str:
            if self._clock() > ends:
                raise TookTooLong("it took too long")
            return ""

        return tick


def _environment() -> ImmutableSandboxedEnvironment:
    """What templates find in transformers: the same options, `tojson`, `raise_exception` and `strftime_now`."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = _strftime_now
    return environment


def _compiled(environment: ImmutableSandboxedEnvironment, source: str) -> tuple[Template, bool]:
    """The template with a look at the clock in each round of a loop and each call of a macro, and whether it goes
    through the parts of a message's content itself.
    """
    # transformers marks what the assistant says by a block of its own, which changes nothing in the text
    plain = _GENERATION.sub(lambda tag: f"{{%{tag[1]} {'endif' if tag[2] else 'if true'} {tag[3]}%}}", source)
    tree = environment.parse(plain)
    parts = any(_reads_content(loop.iter) for loop in tree.find_all(nodes.For))
    bodies = [*(loop.body for loop in tree.find_all(nodes.For)), *(macro.body for macro in tree.find_all(nodes.Macro))]
    for repeated in bodies:
        call = nodes.Call(nodes.Name(_TICK, "load"), [], [], None, None)
        repeated.insert(0, nodes.ExprStmt(call).set_lineno(tree.lineno).set_environment(environment))
    return environment.from_string(tree), parts


def _reads_content(looped: nodes.Node) -> bool:
    """Whether a loop goes through `message.content`, `message["content"]` or a variable of that name."""
    names = (looped, *looped.find_all((nodes.Getattr, nodes.Getitem, nodes.Name)))
    return any(
        (isinstance(node, nodes.Getattr) and node.attr == "content")
        or (isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and node.arg.value == "content")
        or (isinstance(node, nodes.Name) and node.name == "content")
        for node in names
    )


def _continued(rendered: str, given: Mapping[str, object]) -> str:
    """The prompt up to the end of the last message, which the model is asked to go on with."""
    messages = given["messages"]
    last = text(messages[-1]["content"]).strip() if isinstance(messages, list) and messages else ""
    at = rendered.rfind(last) if last else -1
    return rendered if at < 0 else rendered[: at + len(last)]


def _to_json(
    value: object,
    ensure_ascii: bool = False,  # noqa: FBT001, FBT002 - templates call it in this way
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,  # noqa: FBT001, FBT002 - the same
) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _raise_exception(message: str) -> NoReturn:
    raise TemplateError(message)


def _strftime_now(form: str) -> str:
    return datetime.now().astimezone().strftime(form)
