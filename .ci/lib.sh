# Sourced by test.sh and the scripts in this folder. Whatever it starts is remembered by process id and stopped on exit, on
# failure too; temporary folders likewise.

ci_processes=()
ci_folders=()

ci_cleanup() {
  local status=$? process folder
  trap - EXIT INT TERM
  for process in "${ci_processes[@]}"; do kill "$process" 2>/dev/null || true; done
  for process in "${ci_processes[@]}"; do
    for _ in $(seq 100); do kill -0 "$process" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$process" 2>/dev/null || true
  done
  for folder in "${ci_folders[@]}"; do rm -rf -- "$folder"; done
  exit "$status"
}
trap ci_cleanup EXIT
trap 'exit 130' INT TERM

# ci_folder VARIABLE: a temporary folder that goes away with the script.
ci_folder() {
  local made; made=$(mktemp -d "${TMPDIR:-/tmp}/gateway-ci.XXXXXX")
  ci_folders+=("$made")
  printf -v "$1" %s "$made"
}

# ci_port VARIABLE: a loopback port that was free a moment ago, below the ephemeral range so that no client takes it meanwhile.
ci_port() {
  local candidate
  for _ in $(seq 100); do
    candidate=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null; then printf -v "$1" %s "$candidate"; return 0; fi
  done
  echo "no free port found" >&2; return 1
}

# ci_need COMMAND PACKAGE…: installs the Debian packages unless the command (or file) is there.
ci_need() {
  local wanted=$1; shift
  if command -v "$wanted" >/dev/null 2>&1 || [ -e "$wanted" ]; then return 0; fi
  local sudo=""
  [ "$(id -u)" = 0 ] || sudo="sudo -n"
  echo "installing $* (for $wanted)"
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null
  # The package would start a server of its own on the standard port: the tests bring theirs.
  $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# ci_node FOLDER: installs what its package-lock.json names, unless that is there already.
ci_node() {
  ci_need npm nodejs npm || return 1
  # The tools need it (their package.json says so): with an older one they fail in ways that say nothing. Debian 12 has 18.
  local needed=20.19.0 has; has=$(node --version | tr -d v)
  if [ "$(printf '%s\n' "$needed" "$has" | sort -V | head -1)" != "$needed" ]; then
    echo "Node $needed or newer is needed for the tests of the OpenAPI document, here is $has: https://nodejs.org, or ./test.sh --fast, which needs none" >&2
    return 1
  fi
  [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] && return 0
  echo "installing the packages of $1"
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
}

# ci_mariadb VARIABLE: starts a MariaDB on a free port with every commit synced; the variable gets mysql://user:password@host:port (no name).
ci_mariadb() {
  local folder port user=() log
  ci_folder folder; ci_port port; log=$folder/log
  [ "$(id -u)" != 0 ] || user=(--user=root)
  mariadb-install-db --no-defaults "${user[@]}" --datadir="$folder/data" --auth-root-authentication-method=normal --skip-test-db >"$log" 2>&1 \
    || { cat "$log" >&2; return 1; }
  "$(command -v mariadbd || echo /usr/sbin/mariadbd)" --no-defaults "${user[@]}" --datadir="$folder/data" --port="$port" --bind-address=127.0.0.1 \
    --socket="$folder/socket" --pid-file="$folder/pid" --innodb-flush-log-at-trx-commit=1 --skip-name-resolve --max-connections=500 \
    >>"$log" 2>&1 </dev/null &
  ci_processes+=($!)
  ci_mariadb_process=$!
  for _ in $(seq 300); do
    if mariadb --no-defaults -h127.0.0.1 -P"$port" -uroot -e "CREATE USER IF NOT EXISTS gateway@'%' IDENTIFIED BY 'pass word'; GRANT ALL PRIVILEGES ON *.* TO gateway@'%'" 2>/dev/null; then
      printf -v "$1" %s "mysql://gateway:pass%20word@127.0.0.1:$port"
      return 0
    fi
    sleep 0.1
  done
  cat "$log" >&2; return 1
}
