#!/bin/sh
{{ header }}
exec trtllm-serve serve --extra_llm_api_options "$(dirname "$0")/serve.yaml" "$@" -- {{ model | word }}
