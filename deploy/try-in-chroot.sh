#!/usr/bin/env bash
# The steps of the Dockerfile where no Docker engine runs: builds the native binary in a bare Debian root, puts the files of the final
# image (and no others) into a second root, and runs the program there as the image's user. As root, on Debian; about five minutes.
#
#   deploy/try-in-chroot.sh            build in the chroot, then run
#   deploy/try-in-chroot.sh BINARY_FOLDER   run only: take what `dotnet publish` left in that folder
#
# MIRROR names another Debian mirror. Ends with "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "chroot and mount need root" >&2; exit 2; }
# A mount namespace of its own: /proc in the roots goes away with this process, whatever happens.
[ -n "${GATEWAY_CHROOT_NAMESPACE:-}" ] || GATEWAY_CHROOT_NAMESPACE=1 exec timeout --foreground "${LIMIT_SECONDS:-1200}" unshare --mount --propagation private "$0" "$@"
. .ci/lib.sh
mirror=${MIRROR:-$(apt-get indextargets --format '$(SITE) $(RELEASE)' 2>/dev/null | sed -n 's/ bookworm$//p' | sort -u | head -1)}
mirror=${mirror:-http://deb.debian.org/debian}
passed=0 failed=0
ci_need debootstrap debootstrap; ci_need curl curl; ci_need jq jq
ci_folder work
# Unmounted before the folders are removed; the processes inside end first.
release() { for mounted in "$work"/*/proc; do umount "$mounted" 2>/dev/null || true; done; ci_cleanup; }
trap release EXIT

check() {
  if [ "$2" = "$3" ]; then passed=$((passed + 1)); echo "  ok      $1"
  else failed=$((failed + 1)); echo "  FAILED  $1: expected $2, got $3"; fi
}

devices() { # ROOT: what any container gets
  mkdir -p "$1/dev" "$1/proc" "$1/tmp"; chmod 1777 "$1/tmp"
  [ -e "$1/dev/null" ] || { mknod -m 666 "$1/dev/null" c 1 3; mknod -m 666 "$1/dev/urandom" c 1 9; mknod -m 666 "$1/dev/random" c 1 8; mknod -m 666 "$1/dev/zero" c 1 5; }
  mount -t proc proc "$1/proc"
}

build() { # stage "build": the SDK, clang and zlib on bare Debian
  local root=$work/build sdk
  sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")
  echo "== bare Debian with clang and zlib"
  debootstrap --variant=minbase --include=ca-certificates,clang,zlib1g-dev bookworm "$root" "$mirror" >"$work/debootstrap.log" 2>&1 \
    || { tail -20 "$work/debootstrap.log"; return 1; }
  echo "== the SDK and the packages are copied, not downloaded again"
  dotnet restore Gateway -r linux-x64 -v quiet
  mkdir -p "$root/usr/share" "$root/packages"
  cp -a "$sdk" "$root/usr/share/dotnet"
  cp -a "${NUGET_PACKAGES:-$HOME/.nuget/packages}/." "$root/packages"
  # What .dockerignore lets into the build context.
  mkdir -p "$root/src"
  git ls-files -z -- global.json Directory.Build.props Directory.Packages.props .editorconfig docs/event.schema.json Gateway | tar --null -T - -cf - | tar -xf - -C "$root/src"
  devices "$root"
  echo "== publish"
  chroot "$root" /usr/bin/env -i PATH=/usr/share/dotnet:/usr/bin:/bin HOME=/tmp NUGET_PACKAGES=/packages DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 \
    DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 \
    /bin/sh -c 'cd /src && dotnet restore Gateway -r linux-x64 --source /packages --ignore-failed-sources -v quiet && dotnet publish Gateway -c Release -r linux-x64 --no-restore -o /app -v quiet -nologo'
  published=$root/app
}

image() { # stage "final": the packages of distroless/cc-debian12, unpacked without their scripts, and the program
  local root=$work/image package
  echo "== the files of the final image"
  mkdir -p "$root" "$work/packages"
  ( cd "$work/packages" && apt-get download -qq base-files netbase tzdata libc6 libgcc-s1 libgomp1 libstdc++6 libssl3 2>/dev/null )
  for package in "$work"/packages/*.deb; do dpkg -x "$package" "$root"; done
  mkdir -p "$root/etc/ssl/certs" "$root/app" "$root/data"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >"$root/etc/passwd"
  printf 'root:x:0:\nnonroot:x:65532:\n' >"$root/etc/group"
  cp -a "$published/." "$root/app"
  rm -f "$root"/app/*.dbg "$root"/app/*.pdb
  chown -R 65532:65532 "$root/data"
  devices "$root"
  check "no shell in the image" "" "$(find "$root" -path "$root/proc" -prune -o -type f \( -name sh -o -name bash -o -name dash \) -print)"
}

run() {
  local root=$work/image port base secret key server
  inside() { chroot --userspec=65532:65532 "$root" /app/gateway "$@"; }
  ci_port port; base=http://127.0.0.1:$port
  echo "== the program as user 65532"
  chroot --userspec=65532:65532 "$root" /app/gateway serve --data /data --http "127.0.0.1:$port" >"$work/server.log" 2>&1 </dev/null &
  server=$!; ci_processes+=("$server")
  for _ in $(seq 100); do [ "$(curl -s -o /dev/null -w '%{http_code}' "$base/ready")" = 200 ] && break; sleep 0.1; done
  check "/ready" 200 "$(curl -s -o /dev/null -w '%{http_code}' "$base/ready")"
  [ "$failed" = 0 ] || tail -20 "$work/server.log"
  check "runs as" 65532 "$(stat -c %u "/proc/$server" 2>/dev/null || true)"
  inside health --data /data --http "127.0.0.1:$port" >/dev/null && check "health check" 0 0 || check "health check" 0 $?
  secret=$(inside bot add --token 123456789:AAHchroot-chroot-chroot-chroot-chro --no-verify --json --data /data | jq -r .webhook_secret)
  key=$(inside apikey create --name try --admin --json --data /data | jq -r .key)
  check "an update is stored" 200 "$(curl -s -o /dev/null -w '%{http_code}' --data-binary @examples/update.json "$base/telegram/webhook/$secret")"
  check "and read back" "Hello, gateway" "$(curl -s -H "X-API-Key: $key" "$base/api/v1/events?after=0&all=true&wait=5" | jq -r '.events[0].text')"
  kill -TERM "$server" 2>/dev/null || true
  if wait "$server"; then check "stops on SIGTERM" 0 0; else check "stops on SIGTERM" 0 $?; fi
}

if [ -n "${1:-}" ]; then published=$(realpath "$1"); else build; fi
image
run
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
