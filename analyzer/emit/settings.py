"""A serving profile as an engine's own settings, each with the change that it makes."""

from dataclasses import dataclass

from analyzer.emit.changes import Change
from analyzer.emit.names import Names, same_family
from analyzer.emit.recommendation import Knob
from analyzer.engine import EngineName, ServingProfile, schedules_ahead

Value = str | int | float | bool

_LENGTH = "By itself it frees no KV cache and changes no throughput: it refuses and cuts what is longer."
_NOTES: tuple[tuple[EngineName, Knob, str], ...] = (
    ("vllm", "max_model_len", _LENGTH),
    ("sglang", "max_model_len", _LENGTH),
    (
        "trtllm",
        "max_model_len",
        "A request that names no max_tokens reserves all of it under GUARANTEED_NO_EVICT, the default policy.",
    ),
    ("sglang", "max_num_batched_tokens", "SGLang counts the tokens of prompts alone."),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of an engine's configuration: name and value, or `None` for both where nothing is to be set.

    `change` says what changes and why, `note` what else there is to know.
    """

    change: Change
    name: str | None
    value: Value | None
    note: str | None = None

    @property
    def sentence(self) -> str:
        """Change and note in words."""
        return f"{self.change.sentence} {self.note}" if self.note else self.change.sentence


def settings(
    profile: ServingProfile, changes: dict[Knob, Change], engine: EngineName, names: Names
) -> tuple[Setting, ...]:
    """The settings of `engine` that run `profile`, in the order of the knobs; replicas are not an engine's to set."""
    return tuple(
        _setting(knob, change, profile, engine, names) for knob, change in changes.items() if knob != "replicas"
    )


def _setting(knob: Knob, change: Change, profile: ServingProfile, engine: EngineName, names: Names) -> Setting:
    if knob in names.absent:
        return Setting(change, None, None, names.absent[knob])
    if knob == "gpu_memory_utilization":
        return _memory(change, profile, engine, names)
    if knob == "async_scheduling":
        return _async_scheduling(change, profile, engine, names)
    if knob == "kv_cache":
        return _kv_cache(change, profile, names)
    if engine == "sglang" and knob in {"max_num_batched_tokens", "chunked_prefill", "prefix_caching"}:
        return _sglang(knob, change, profile, names)
    return _plain(knob, change, getattr(profile, knob), engine, names)


def _plain(knob: Knob, change: Change, known: Value | None, engine: EngineName, names: Names) -> Setting:
    """A knob that the engine has under its own name and with our value."""
    if known is None:
        return Setting(change, None, None, "Nothing to set.")
    if known is False and knob in names.off:
        return _switched_off(change, names.off[knob])
    return Setting(change, names.of[knob], known, _note(engine, knob))


def _switched_off(change: Change, name: str) -> Setting:
    """A switch that is turned off by one of the opposite name, which every version reads from a file."""
    return Setting(change, name, True)  # noqa: FBT003 - the value of a setting


def _note(engine: EngineName, knob: Knob) -> str | None:
    return next((note for of, about, note in _NOTES if (of, about) == (engine, knob)), None)


def _memory(change: Change, profile: ServingProfile, engine: EngineName, names: Names) -> Setting:
    """The share of memory, which each engine counts in its own way, so that it is not carried over to another."""
    if same_family(profile.engine, engine):
        return Setting(change, names.of["gpu_memory_utilization"], profile.gpu_memory_utilization)
    note = f"Not set: {names.title} counts its share ({names.of['gpu_memory_utilization']}) in another way."
    return Setting(change, None, None, note)


def _async_scheduling(change: Change, profile: ServingProfile, engine: EngineName, names: Names) -> Setting:
    """Set only where the profile has it otherwise than the engine by itself, and not carried over to another engine."""
    if not same_family(profile.engine, engine):
        return Setting(change, None, None, f"Not set: {names.title} decides on it by itself.")
    version = profile.engine_version if engine == profile.engine else None
    if profile.async_scheduling == schedules_ahead(engine, version, profile.pp):
        return Setting(change, None, None, f"Nothing to set: it is the default of {names.title}.")
    if not profile.async_scheduling:
        return _switched_off(change, names.off["async_scheduling"])
    if "async_scheduling" not in names.of:
        return Setting(change, None, None, f"Not set: {names.title} has no switch that turns it on.")
    return Setting(change, names.of["async_scheduling"], True)  # noqa: FBT003 - the value of a setting


def _kv_cache(change: Change, profile: ServingProfile, names: Names) -> Setting:
    known = names.kv_cache.get(profile.kv_cache)
    if known is None:
        unknown = f"Not set: no value of {names.of['kv_cache']} was looked up for {profile.kv_cache}."
        return Setting(change, None, None, unknown)
    return Setting(change, names.of["kv_cache"], known, "auto is the format of the model." if known == "auto" else None)


def _sglang(knob: Knob, change: Change, profile: ServingProfile, names: Names) -> Setting:
    """SGLang says chunked prefill and its size in one argument, and caches prefixes unless told not to."""
    if knob == "prefix_caching":
        if profile.prefix_caching:
            return Setting(change, None, None, "Nothing to set: SGLang caches prefixes unless told not to.")
        return _switched_off(change, names.of[knob])
    if knob == "max_num_batched_tokens":
        name = names.of[knob] if profile.chunked_prefill else names.of["unchunked_tokens"]
        return Setting(change, name, profile.max_num_batched_tokens, _note("sglang", knob))
    if profile.chunked_prefill:
        return Setting(change, None, None, f"Nothing to set: {names.of[knob]} says it.")
    return Setting(change, names.of[knob], -1, "-1 turns chunked prefill off.")
