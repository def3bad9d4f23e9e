#!/bin/sh
# The trtllm-serve command line for deepseek-ai/DeepSeek-R1.
# Advice from 99 requests of 2026-11-02 to 2026-11-08. Promised: E2E ≤ 20,000 ms.
# Names as of TensorRT-LLM 1.3.0rc5; which version you run is not stated.
# The advice was computed for SGLang. These are the same limits in the words of TensorRT-LLM, whose speed and
# memory were not looked at: measure before you rely on them.
# Apply: sh trtllm/serve.sh --host 0.0.0.0 --port 8000; options of your own are handed on
exec trtllm-serve serve --extra_llm_api_options "$(dirname "$0")/serve.yaml" "$@" -- deepseek-ai/DeepSeek-R1
