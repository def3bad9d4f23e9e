#!/bin/sh
# trtllm-build flags for nvidia/Llama-3.1-70B-Instruct-FP8.
# Advice from 5,000 requests of 2026-11-02 to 2026-11-08. No latency was promised.
# Names as of TensorRT-LLM 1.3.0rc5; yours is 9.0, in which they were not looked up: check them.
# The KV cache of one replica holds 600,000 tokens: 36 requests of 16,384 tokens at once, more of shorter
# ones.
# LEGACY: TensorRT-LLM removed trtllm-build and the TensorRT engine backend from its sources in 2026-07, after
# 1.3.0rc20; this is for older versions alone. Newer ones need no build: use trtllm/serve.yaml.
# Apply: CHECKPOINT_DIR=… ENGINE_DIR=… sh trtllm/legacy-build.sh; the engine has to be built anew for each change
set -eu
: "${CHECKPOINT_DIR:?a checkpoint made by convert_checkpoint.py or quantize.py}" "${ENGINE_DIR:?where the engine goes}"
# tp: 4; what runs today is not stated; effect: latency, memory. Not a flag of trtllm-build: set where the
# checkpoint is converted.
# pp: 1; what runs today is not stated; effect: latency, memory. Not a flag of trtllm-build: set where the
# checkpoint is converted.
# weights: fp8; what runs today is not stated; effect: latency, memory. Not a flag of trtllm-build: set where
# the checkpoint is converted.
# kv_cache: fp8; what runs today is not stated; effect: memory. Not a flag of trtllm-build: set where the
# checkpoint is converted.
set -- --checkpoint_dir "$CHECKPOINT_DIR" --output_dir "$ENGINE_DIR" "$@"
# max_num_seqs: 256; what runs today is not stated; effect: admission, latency.
set -- --max_batch_size 256 "$@"
# max_num_batched_tokens: 8,192; what runs today is not stated; effect: latency, memory.
set -- --max_num_tokens 8192 "$@"
# max_model_len: 16,384; what runs today is not stated; effect: admission.
set -- --max_seq_len 16384 "$@"
# The longest input alone, which the engine is built for; the default is 1,024.
set -- --max_input_len 12032 "$@"
# Chunked prefill and the reuse of prefixes both need it; they are turned on in config.pbtxt.
set -- --use_paged_context_fmha enable "$@"
exec trtllm-build "$@"
