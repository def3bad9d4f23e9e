"""`python -m tests.gpu.make_model FOLDER`: a model of Llama-3.1-8B's shape for random weights, with words as tokens."""

import json
import sys
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer, models, pre_tokenizers

_WORDS: Final = 128_256
_CONFIG: Final = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": _WORDS,
    "max_position_embeddings": 131_072,
    "rms_norm_eps": 1e-5,
    "rope_theta": 500_000.0,
    "hidden_act": "silu",
    "tie_word_embeddings": False,
    "dtype": "bfloat16",
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_TOKENIZER: Final = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "model_max_length": 131_072,
    "bos_token": "w1",
    "eos_token": "w2",
    "unk_token": "w0",
}


def main(folder: Path) -> None:
    """Writes what an engine needs of a model but its weights: vLLM draws these with --load-format dummy."""
    folder.mkdir(parents=True, exist_ok=True)
    words = Tokenizer(models.WordLevel({f"w{number}": number for number in range(_WORDS)}, unk_token="w0"))  # noqa: S106
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps(_CONFIG))
    (folder / "tokenizer_config.json").write_text(json.dumps(_TOKENIZER))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
