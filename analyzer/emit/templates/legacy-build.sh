#!/bin/sh
{{ header }}
set -eu
: "${CHECKPOINT_DIR:?a checkpoint made by convert_checkpoint.py or quantize.py}" "${ENGINE_DIR:?where the engine goes}"
{% for sentence in elsewhere %}
{{ sentence | comment }}
{% endfor %}
set -- --checkpoint_dir "$CHECKPOINT_DIR" --output_dir "$ENGINE_DIR" "$@"
{% for flag in flags %}
{{ flag.sentence | comment }}
set -- {{ flag.name }} {{ flag.value | string | word }} "$@"
{% endfor %}
exec trtllm-build "$@"
