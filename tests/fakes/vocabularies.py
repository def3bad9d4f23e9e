"""Small vocabularies of our own, and model folders as they lie beside weights."""

import base64
import json
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, processors, trainers

CHATML = (
    "{%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- endif %}"
)
SPECIAL = ("<|im_start|>", "<|im_end|>", "<s>")
_ALPHABET = pre_tokenizers.ByteLevel.alphabet()


def small_bpe() -> Tokenizer:
    """400 tokens trained on one sentence; a word of it is a token, and what it never saw are bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=_ALPHABET, show_progress=False)
    tokenizer.train_from_iterator(["the quick brown fox jumps over the lazy dog"] * 20, trainer)
    return tokenizer


def chat_bpe() -> Tokenizer:
    """The same with special tokens, of which `<s>` is put before what is no chat."""
    tokenizer = small_bpe()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    begin = tokenizer.token_to_id("<s>")
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", begin)])
    return tokenizer


def model_folder(folder: Path, template: str | None = CHATML, **config: object) -> Path:
    """A folder with `tokenizer.json`, its configuration, and a chat template where one is given."""
    folder.mkdir(parents=True, exist_ok=True)
    chat_bpe().save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", **config}))
    if template is not None:
        (folder / "chat_template.jinja").write_text(template)
    return folder


def tekken(**changes: object) -> dict[str, object]:
    """A `tekken.json` of 256 bytes, `th`, `the` and one that the model leaves out; ten special tokens, four named."""
    tokens = [bytes([byte]) for byte in range(256)] + [b"th", b"the", b"left out"]
    written: dict[str, object] = {
        "config": {
            "pattern": r"\p{L}+| ?[^\s\p{L}]+|\s+",
            "num_vocab_tokens": len(tokens),
            "default_vocab_size": 268,
            "default_num_special_tokens": 10,
            "version": "v11",
        },
        "vocab": [
            {"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": None}
            for rank, token in enumerate(tokens)
        ],
        "special_tokens": [
            {"rank": rank, "token_str": token, "is_control": True}
            for rank, token in enumerate(("<unk>", "<s>", "[INST]", "[/INST]"))
        ],
    }
    return {**written, **changes}


def word_tokenizer(path: Path, *, unknown: bool, models: str = "gpt-4o") -> str:
    """A tokenizer of words; without an entry for unknown ones it raises on each of them. Gives its setting."""
    vocabulary = {"[UNK]": 0, "apple": 1} if unknown else {"apple": 1}
    model = {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"}
    parts = dict.fromkeys(("truncation", "padding", "normalizer", "post_processor", "decoder"))
    whole = {"version": "1.0", **parts, "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"}, "model": model}
    path.write_text(json.dumps(whole))
    return f'[[tokenizers]]\nmodels = "{models}"\nvocabulary = "{path}"\n'
