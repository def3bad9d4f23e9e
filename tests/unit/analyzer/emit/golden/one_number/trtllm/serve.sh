#!/bin/sh
# The trtllm-serve command line for nvidia/Llama-3.1-70B-Instruct-FP8.
# Advice from 5,000 requests of 2026-11-02 to 2026-11-08. No latency was promised.
# Names as of TensorRT-LLM 1.3.0rc5; yours is 9.0, in which they were not looked up: check them.
# The KV cache of one replica holds 600,000 tokens: 36 requests of 16,384 tokens at once, more of shorter
# ones.
# Apply: sh trtllm/serve.sh --host 0.0.0.0 --port 8000; options of your own are handed on
exec trtllm-serve serve --extra_llm_api_options "$(dirname "$0")/serve.yaml" "$@" -- nvidia/Llama-3.1-70B-Instruct-FP8
