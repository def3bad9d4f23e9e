"""The one line that starts a replica with the advised settings."""

from analyzer.emit.engine_files import arguments, nim_environment
from analyzer.emit.names import names
from analyzer.emit.plan import plans
from analyzer.emit.quoting import escaped, shell_word
from analyzer.emit.recommendation import Recommendation
from analyzer.emit.settings import Setting


def command_line(recommendation: Recommendation) -> str:
    """How the engine of a recommendation is started for all hours: a line for a POSIX shell.

    TensorRT-LLM takes its options from a file: its keys stand behind the command, as they would stand in that file.
    NIM takes them from its environment.
    """
    plan, *_ = plans(recommendation, names())
    model, engine = shell_word(escaped(plan.profile.model)), plan.profile.engine
    if engine == "nim":
        settings = (f"-e {one.name}={shell_word(one.value)}" for one in nim_environment(plan) if one.value is not None)
        return f"docker run --gpus all {' '.join(settings)} IMAGE"
    set_ = plan.settings(engine)
    if engine == "trtllm":
        return f"trtllm-serve serve --extra_llm_api_options serve.yaml -- {model}  # serve.yaml: {_keys(set_)}"
    start = f"vllm serve {model}" if engine == "vllm" else f"python -m sglang.launch_server --model-path {model}"
    return " ".join([start, *(shell_word(word) for word in arguments(set_))])


def _keys(settings: tuple[Setting, ...]) -> str:
    return ", ".join(f"{one.name}: {_value(one)}" for one in settings if one.name is not None)


def _value(setting: Setting) -> str:
    if isinstance(setting.value, bool):
        return "true" if setting.value else "false"
    return f"{setting.value:g}" if isinstance(setting.value, float) else str(setting.value)
