#!/usr/bin/env bash
# Allocated bytes per operation (parse, commit, encode, fan-out).
#   ./bench.sh --check    compare with Gateway.Benchmarks/baseline.json, fail when above it (CI; some ten seconds)
#   ./bench.sh --update   write the baseline: look at the difference before committing it
#   ./bench.sh [ARGS]     BenchmarkDotNet with these arguments: times and allocations, minutes
set -euo pipefail
cd "$(dirname "$0")"
baseline="$PWD/Gateway.Benchmarks/baseline.json"
run=(dotnet run -c Release --project Gateway.Benchmarks --)
case "${1:-}" in
  --check | --update) exec "${run[@]}" allocations "$baseline" "$1" ;;
  *) exec "${run[@]}" "${@:---filter=*}" ;;
esac
