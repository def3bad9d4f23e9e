#!/bin/sh
# trtllm-build flags for deepseek-ai/DeepSeek-R1.
# Advice from 99 requests of 2026-11-02 to 2026-11-08. Promised: E2E ≤ 20,000 ms.
# Names as of TensorRT-LLM 1.3.0rc5; which version you run is not stated.
# The advice was computed for SGLang. These are the same limits in the words of TensorRT-LLM, whose speed and
# memory were not looked at: measure before you rely on them.
# LEGACY: TensorRT-LLM removed trtllm-build and the TensorRT engine backend from its sources in 2026-07, after
# 1.3.0rc20; this is for older versions alone. Newer ones need no build: use trtllm/serve.yaml.
# Apply: CHECKPOINT_DIR=… ENGINE_DIR=… sh trtllm/legacy-build.sh; the engine has to be built anew for each change
set -eu
: "${CHECKPOINT_DIR:?a checkpoint made by convert_checkpoint.py or quantize.py}" "${ENGINE_DIR:?where the engine goes}"
# tp: 8, as today; effect: none. Not a flag of trtllm-build: set where the checkpoint is converted.
# pp: 2, as today; effect: none. Not a flag of trtllm-build: set where the checkpoint is converted.
# weights: int4, as today; effect: none. Not a flag of trtllm-build: set where the checkpoint is converted.
# kv_cache: nvfp4, as today; effect: none. Not a flag of trtllm-build: set where the checkpoint is converted.
set -- --checkpoint_dir "$CHECKPOINT_DIR" --output_dir "$ENGINE_DIR" "$@"
# max_num_seqs: 256, as today; effect: none.
set -- --max_batch_size 256 "$@"
# max_num_batched_tokens: 2,048, as today; effect: none.
set -- --max_num_tokens 2048 "$@"
exec trtllm-build "$@"
