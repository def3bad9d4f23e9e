"""Writes a Llama with random weights, its own 4k BPE vocabulary and a chat template into a folder; runs in `engine`."""

import sys
import sysconfig
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

VOCABULARY = 4096
CONTEXT = 8192
SEED = 20
SPECIAL = ("<s>", "</s>", "<pad>", "<turn>", "<end>")
TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}<turn>{{ message['role'] }}: {{ message['content'] }}<end>{% endfor %}"
    "{% if add_generation_prompt %}<turn>assistant: {% endif %}"
)


def vocabulary() -> PreTrainedTokenizerFast:
    """A byte-level BPE, learnt from the modules of Python's standard library, which every machine here has."""
    learnt = Tokenizer(BPE())
    learnt.pre_tokenizer = ByteLevel(add_prefix_space=False)
    learnt.decoder = ByteLevelDecoder()
    trainer = BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL),
        initial_alphabet=ByteLevel.alphabet(),
        show_progress=False,
    )
    learnt.train([str(path) for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))], trainer)
    begin, _, padding, _, end = SPECIAL
    return PreTrainedTokenizerFast(
        tokenizer_object=learnt,
        bos_token=begin,
        eos_token=end,
        pad_token=padding,
        chat_template=TEMPLATE,
        model_max_length=CONTEXT,
    )


def model(tokens: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """Two layers of 128, about 800,000 parameters, the same ones each time."""
    torch.manual_seed(SEED)
    config = LlamaConfig(
        vocab_size=len(tokens),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=tokens.bos_token_id,
        eos_token_id=tokens.eos_token_id,
        pad_token_id=tokens.pad_token_id,
    )
    made = LlamaForCausalLM(config).to(torch.float32)
    made.generation_config.do_sample = True  # else it says the same token for ever
    return made


def main(folder: str) -> None:
    """Writes vocabulary and model into `folder`."""
    tokens = vocabulary()
    tokens.save_pretrained(folder)
    model(tokens).save_pretrained(folder)


if __name__ == "__main__":
    main(sys.argv[1])
