#!/bin/sh
# trtllm-build flags for meta-llama/Llama-3.1-8B-Instruct.
# Advice from 120,345 requests of 2026-11-02 to 2026-11-08. Promised: TTFT ≤ 500 ms, ITL ≤ 50 ms at p95.
# Names as of TensorRT-LLM 1.3.0rc5; which version you run is not stated.
# The advice was computed for vLLM. These are the same limits in the words of TensorRT-LLM, whose speed and
# memory were not looked at: measure before you rely on them.
# LEGACY: TensorRT-LLM removed trtllm-build and the TensorRT engine backend from its sources in 2026-07, after
# 1.3.0rc20; this is for older versions alone. Newer ones need no build: use trtllm/serve.yaml.
# Apply: CHECKPOINT_DIR=… ENGINE_DIR=… sh trtllm/legacy-build.sh; the engine has to be built anew for each change
set -eu
: "${CHECKPOINT_DIR:?a checkpoint made by convert_checkpoint.py or quantize.py}" "${ENGINE_DIR:?where the engine goes}"
# tp: 1, as today; effect: none. Not a flag of trtllm-build: set where the checkpoint is converted.
# pp: 1, as today; effect: none. Not a flag of trtllm-build: set where the checkpoint is converted.
# weights: bf16, as today; effect: none. Not a flag of trtllm-build: set where the checkpoint is converted.
# kv_cache: bf16, as today; effect: none. Not a flag of trtllm-build: set where the checkpoint is converted.
set -- --checkpoint_dir "$CHECKPOINT_DIR" --output_dir "$ENGINE_DIR" "$@"
# max_num_seqs: 1,024 today → 256; effect: admission, latency.
set -- --max_batch_size 256 "$@"
# max_num_batched_tokens: 8,192 today → 2,048; effect: latency, memory.
set -- --max_num_tokens 2048 "$@"
# max_model_len: 131,072 today → 8,192; effect: admission. Fewer than 0.1 % of the requests are longer than
# 8,192 tokens (95 % sure).
set -- --max_seq_len 8192 "$@"
# Chunked prefill and the reuse of prefixes both need it; they are turned on in config.pbtxt.
set -- --use_paged_context_fmha enable "$@"
exec trtllm-build "$@"
