#!/usr/bin/env bash
# The one test command. On a bare Debian with the .NET SDK it installs what is missing, starts a MariaDB of its own, runs every test,
# stops what it started, and ends with "N passed, N failed". Everything needs Node 20.19 or newer too, which Debian 12 has not.
#
#   ./test.sh              everything
#   ./test.sh --fast       without MariaDB, without Node's tools and without the long fault tests
#   ./test.sh -- ARGS…     the rest goes to `dotnet test`, for example  ./test.sh -- --filter FullyQualifiedName~Parser
set -uo pipefail
cd "$(dirname "$0")"
. .ci/lib.sh

fast=false
while [ $# -gt 0 ]; do
  case $1 in
    --fast) fast=true ;;
    --) shift; break ;;
    *) echo "unknown option $1; see the head of test.sh" >&2; exit 2 ;;
  esac
  shift
done

command -v dotnet >/dev/null || { echo ".NET SDK $(sed -n 's/.*"version": "\([^"]*\)".*/\1/p' global.json) or newer is needed: https://dot.net/download" >&2; exit 2; }
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
configuration=${CONFIGURATION:-Debug}

filter=()
if $fast; then
  # By name: a Tidy test holds every test class that needs MariaDB, or starts processes for minutes, to one of these.
  filter=(--filter 'Category!=Slow&FullyQualifiedName!~MariaDb&FullyQualifiedName!~MySql&FullyQualifiedName!~Gateway.Tests.Faults.&FullyQualifiedName!~Gateway.Tests.Clients.')
else
  # What the tests need and is not to be had is a failure of the run, counted as one.
  missing() { echo "0 passed, 1 failed"; exit 1; }
  ci_need /usr/sbin/mariadbd mariadb-server || missing
  ci_node Gateway.Tests/Clients/openapi || missing
  ci_mariadb GATEWAY_TEST_MYSQL || missing
  export GATEWAY_TEST_MYSQL=$GATEWAY_TEST_MYSQL/mysql
fi

dotnet build Gateway.slnx -c "$configuration" -v quiet || { echo "0 passed, 1 failed"; exit 1; }

ci_folder results
# 25 minutes is the budget of the whole run on two cores; a hang must end as a failure, not as a stuck machine.
timeout --kill-after=30 "${TEST_TIMEOUT_SECONDS:-1500}" dotnet test Gateway.Tests -c "$configuration" --no-build \
  --logger "console;verbosity=minimal" --logger "trx;LogFileName=tests.trx" --results-directory "$results" "${filter[@]}" "$@" </dev/null
status=$?

trx=$results/tests.trx
if [ ! -s "$trx" ]; then
  echo "the test run ended with status $status and without results"
  echo "0 passed, 1 failed"
  exit 1
fi

count() { grep -o '<Counters [^>]*' "$trx" | tail -1 | sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p"; }
total=$(count total) executed=$(count executed) passed=$(count passed)
skipped=$((total - executed))
failed=$((executed - passed))
if [ "$skipped" -gt 0 ]; then
  echo "skipped:"
  grep -A4 'outcome="NotExecuted"' "$trx" | grep -E 'testName=|<Message>|StdOut' | sed -n 's/.*testName="\([^"]*\)".*/  \1/p; s/.*<\(Message\|StdOut\)>\([^<]*\).*/    \2/p'
fi
# A crash of the host after the last result, or a time-out, is a failure although no test says so.
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
  echo "the test run ended with status $status"
  failed=1
fi

echo "$passed passed, $failed failed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
[ "$failed" -eq 0 ]
