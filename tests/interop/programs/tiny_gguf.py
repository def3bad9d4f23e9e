"""Writes the model of `tiny_llama.py` once more, as the one GGUF file that llama.cpp reads; runs in `engine`."""

import json
import sys
from pathlib import Path

import gguf
import numpy as np
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM, PreTrainedTokenizerFast

SPLITTING = "gpt-2"
"""llama.cpp's name for how the vocabulary cuts text before it merges: as `ByteLevel` of `tokenizers` does."""


def interleaved(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of a query or key projection in the order of llama.cpp, which rotates neighbours and not halves."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def write_sizes(file: gguf.GGUFWriter, model: LlamaForCausalLM) -> None:
    """The shape of the network."""
    config = model.config
    file.add_context_length(config.max_position_embeddings)
    file.add_embedding_length(config.hidden_size)
    file.add_block_count(config.num_hidden_layers)
    file.add_feed_forward_length(config.intermediate_size)
    file.add_head_count(config.num_attention_heads)
    file.add_head_count_kv(config.num_key_value_heads)
    file.add_rope_dimension_count(config.head_dim)
    file.add_layer_norm_rms_eps(config.rms_norm_eps)
    file.add_vocab_size(config.vocab_size)
    file.add_file_type(gguf.LlamaFileType.ALL_F32)


def write_vocabulary(file: gguf.GGUFWriter, tokens: PreTrainedTokenizerFast) -> None:
    """The tokens with their kinds, the merges, and the chat template."""
    told = json.loads(tokens.backend_tokenizer.to_str())
    special = set(tokens.all_special_ids) | {each["id"] for each in told["added_tokens"]}
    words = tokens.convert_ids_to_tokens(range(len(tokens)))
    kinds = [gguf.TokenType.CONTROL if each in special else gguf.TokenType.NORMAL for each in range(len(words))]
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre(SPLITTING)
    file.add_token_list(words)
    file.add_token_types(kinds)
    file.add_token_merges([" ".join(pair) for pair in told["model"]["merges"]])
    file.add_bos_token_id(tokens.bos_token_id)
    file.add_eos_token_id(tokens.eos_token_id)
    file.add_pad_token_id(tokens.pad_token_id)
    file.add_add_bos_token(False)  # the template writes it
    file.add_chat_template(tokens.chat_template)


def write_weights(file: gguf.GGUFWriter, model: LlamaForCausalLM) -> None:
    """The weights under llama.cpp's names; the last layer is the first one, so it is not written again."""
    config = model.config
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for name, parameter in model.named_parameters():
        weight = parameter.detach().numpy()
        layer = name.split(".")[-2]
        if layer in heads:
            weight = interleaved(weight, heads[layer])
        file.add_tensor(names.get_name(name, try_suffixes=(".weight",)), np.ascontiguousarray(weight))


def main(folder: str, target: str) -> None:
    """Reads the model in `folder` and writes `target`."""
    tokens, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    file = gguf.GGUFWriter(Path(target), gguf.MODEL_ARCH_NAMES[gguf.MODEL_ARCH.LLAMA])
    file.add_name("tiny")
    write_sizes(file, model)
    write_vocabulary(file, tokens)
    write_weights(file, model)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
