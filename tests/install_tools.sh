#!/usr/bin/env bash
# Installs the programs that tests use and PyPI does not have; where that is not possible, says which are missing.
set -uo pipefail

programs=(prometheus promtool) # of Debian's package prometheus

missing() {
  for program in "${programs[@]}"; do
    command -v "$program" > /dev/null || echo "$program"
  done
}

if [ -n "$(missing)" ] && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  echo "Installing Prometheus for the tests …"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends prometheus; } > /dev/null 2>&1
fi

absent="$(missing | paste -sd ' ')"
if [ -n "$absent" ]; then
  if [ "${CI:-}" = true ]; then
    echo "CI must run every test, but these programs are missing and could not be installed: $absent" >&2
    exit 1
  fi
  echo "Not installed: $absent. The tests that need them are skipped; Debian's package prometheus has them."
fi
