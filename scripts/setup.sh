#!/usr/bin/env bash
# Brings everything that `make demo`, `make test` or `make bench` needs, and says what it does.
# Usage: scripts/setup.sh demo|test|bench
# On Debian or Ubuntu as root it installs what is missing; anywhere else it names what to install.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:?usage: scripts/setup.sh demo|test|bench}

say() { printf '\033[1msetup:\033[0m %s\n' "$*"; }
fail() { printf '\nsetup: %s\n' "$*" >&2; exit 1; }

# What is needed -> the Debian package that brings it.
declare -A package_of=(
  [cc]=gcc [ffmpeg]=ffmpeg [ffprobe]=ffmpeg [pocketsphinx_continuous]=pocketsphinx
  [c++]=g++ [cmake]=cmake [chromium]=chromium [espeak-ng]=espeak-ng [prlimit]=util-linux
  [redis-server]=redis-server
)
commands=(cc ffmpeg ffprobe pocketsphinx_continuous prlimit)
if [ "$purpose" = test ]; then commands+=(c++ cmake chromium espeak-ng redis-server); fi

missing=()
for command in "${commands[@]}"; do
  command -v "$command" >/dev/null 2>&1 || missing+=("${package_of[$command]}")
done
[ -d /usr/share/pocketsphinx/model/en-us ] || missing+=(pocketsphinx-en-us)
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing+=(python3 python3-venv)

if [ "${#missing[@]}" -gt 0 ]; then
  mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "installing system packages: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  elif command -v apt-get >/dev/null 2>&1; then
    fail "these packages are missing. Install them, then run the same command again:
  sudo apt-get install -y --no-install-recommends ${missing[*]}"
  else
    fail "these are missing (named as Debian packages): ${missing[*]}
Install your system's packages of the same programs, then run the same command again."
  fi
fi

command -v cargo >/dev/null 2>&1 || fail "cargo is missing. Install Rust from https://rustup.rs (the version in rust-toolchain.toml is fetched by itself), then run the same command again."
filters=$(ffmpeg -hide_banner -filters 2>/dev/null)
[[ $filters == *' flite '* ]] || fail "this ffmpeg has no 'flite' voice, with which the sample reels are spoken. Debian's and Ubuntu's package 'ffmpeg' has it."

# yt-dlp: pinned, every file checked against its SHA-256, in an environment of its own.
pin=$(sed -n 's/^yt-dlp==\([^ ]*\).*/\1/p' tools/yt-dlp/requirements.txt)
venv=.tools/yt-dlp
if [ "$("$venv/bin/yt-dlp" --version 2>/dev/null || true)" != "$pin" ]; then
  say "installing yt-dlp $pin into $venv"
  rm -rf "$venv"
  mkdir -p .tools
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r tools/yt-dlp/requirements.txt
  got=$("$venv/bin/yt-dlp" --version)
  [ "$got" = "$pin" ] || fail "yt-dlp says it is $got, but the pin is $pin. Remove $venv and try again."
fi
# What the contract's tests run: the second document's own Python, a fuzzer and a TypeScript compiler, all pinned.
if [ "$purpose" = test ]; then
  venv=.tools/contract
  pins=$(cat tools/contract/requirements.txt tools/contract/package-lock.json | sha256sum | cut -d' ' -f1)
  if [ "$(cat "$venv/installed" 2>/dev/null || true)" != "$pins" ]; then
    say "installing the contract's test tools (requests, schemathesis, FastAPI, Node, TypeScript) into $venv"
    rm -rf "$venv"
    mkdir -p .tools
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r tools/contract/requirements.txt
    cp tools/contract/package.json tools/contract/package-lock.json tools/contract/.npmrc "$venv/"
    (cd "$venv" && PATH="$PWD/bin:$PATH" npm ci --ignore-scripts --loglevel=error >/dev/null)
    echo "$pins" > "$venv/installed"
  fi
fi
say "ready for $purpose: $(ffmpeg -version | sed -n '1s/ Copyright.*//p'), yt-dlp $pin, $(rustc --version)"
