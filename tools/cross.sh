#!/bin/sh
# The C code through compilers for other systems, syntax and warnings only: Windows
# (mingw-w64, with the runtime that R uses there since 4.2 and with the older one) and
# 64-bit ARM. A warning fails. A compiler that is not installed is left out, with a word.
set -eu
cd "$(dirname "$0")/.."
headers=$(Rscript --no-init-file -e 'cat(R.home("include"))')
log=$(mktemp)
zlib=$(mktemp -d)
trap 'rm -rf "$log" "$zlib"' EXIT
# zlib's headers are the same everywhere; theirs alone, not those of this system beside them.
for header in zlib.h zconf.h; do
  found=$(echo "#include <zlib.h>" | cc -E - | sed -n "s/^# 1 \"\(.*\/$header\)\".*/\1/p" | head -n 1)
  cp "$found" "$zlib/"
done
failed=0

pass() {
  name=$1
  package=$2
  shift 2
  if ! command -v "$1" >/dev/null 2>&1; then
    echo "$name: left out, $1 is not installed (Debian: apt-get install $package)"
    return
  fi
  files=0
  bad=0
  for file in src/core/*/*.c src/*.c; do
    case $file in *.inc.c) continue ;; esac
    files=$((files + 1))
    "$@" -std=gnu11 -O2 -fsyntax-only -Wall -Wextra -Wno-cast-function-type -Werror -Isrc -isystem "$zlib" -isystem "$headers" "$file" >"$log" 2>&1 && continue
    cat "$log" >&2
    bad=$((bad + 1))
  done
  echo "$name: $files files, $bad with errors or warnings"
  [ $bad = 0 ] || failed=1
}

pass "Windows, UCRT" gcc-mingw-w64-x86-64 x86_64-w64-mingw32-gcc -D_UCRT
pass "Windows, MSVCRT" gcc-mingw-w64-x86-64 x86_64-w64-mingw32-gcc
pass "64-bit ARM" gcc-aarch64-linux-gnu aarch64-linux-gnu-gcc
[ $failed = 0 ] || {
  echo "the C code does not compile cleanly for another system" >&2
  exit 1
}
