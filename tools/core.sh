#!/bin/sh
# The core without R, on other processors: compiled whole and linked for Windows and 64-bit ARM
# (BLAS and LAPACK, which are R's, as stubs), then tools/core/numbers.c run here at every
# level that the processor has, under qemu for ARM and for x86-64 without and with AVX2, and
# compared. What is not installed is left out, with a word.
set -eu
cd "$(dirname "$0")/.."
headers=$(Rscript --no-init-file -e 'cat(R.home("include"))')
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# zlib's headers are the same everywhere; theirs alone, not those of this system beside them.
mkdir "$scratch/zlib"
for header in zlib.h zconf.h; do
  cp "$(echo "#include <zlib.h>" | cc -E - | sed -n "s/^# 1 \"\(.*\/$header\)\".*/\1/p" | head -n 1)" "$scratch/zlib/"
done
failed=0
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)

# build NAME PACKAGE OUTPUT COMPILER...
build() {
  name=$1 package=$2 output=$scratch/$3
  shift 3
  if ! command -v "$1" >/dev/null 2>&1; then
    echo "$name: left out, $1 is not installed (Debian: apt-get install $package)"
    return 1
  fi
  objects=$scratch/objects
  rm -rf "$objects"
  mkdir -p "$objects"
  for file in src/core/*/*.c; do
    case $file in *.inc.c) ;; *) echo "$file" ;; esac
  done >"$scratch/files"
  # shellcheck disable=SC2016
  xargs -P "$jobs" -I FILE sh -c 'file=$1; to=$2; shift 2
    "$@" -std=gnu11 -O2 -Isrc -c "$file" -o "$to/$(echo "$file" | tr / _).o"' sh FILE "$objects" "$@" -isystem "$scratch/zlib" -isystem "$headers" \
    <"$scratch/files" || return 2
  # What R and zlib give stops the program when it is called.
  nm=$(echo "$1" | sed 's/gcc$/nm/; s/clang$/nm/')
  command -v "$nm" >/dev/null 2>&1 || nm=nm
  "$nm" -u "$objects"/*.o | sed -n 's/^ *U \([a-zA-Z0-9]*_\{0,1\}\)$/\1/p' | grep -E '^[dz][a-z0-9]*_$|^inflate' | sort -u |
    sed 's/.*/void &(void);\nvoid &(void) { abort(); }/' >"$scratch/names"
  { echo '#include <stdlib.h>'; cat "$scratch/names"; } >"$scratch/stub.c"
  "$@" -std=gnu11 -O2 -Isrc -isystem "$headers" tools/core/numbers.c "$scratch/stub.c" "$objects"/*.o -lm $libraries -o "$output" || return 2
  echo "$name: $(wc -l <"$scratch/files") files compiled and linked"
}

compare() {
  name=$1
  shift
  if ! command -v "$1" >/dev/null 2>&1 && [ ! -x "$1" ]; then
    echo "$name: left out, $1 is not installed (Debian: apt-get install qemu-user)"
    return
  fi
  printf '%s: ' "$name"
  "$@" "$scratch/reference" 2>"$scratch/said" || failed=1
  grep -v 'TCG doesn.t support' "$scratch/said" >&2 || true
}

libraries=""
build "this machine" gcc native gcc -fopenmp || failed=1
"$scratch/native" >"$scratch/reference" || failed=1
compare "this machine again" "$scratch/native"
build "this machine, no vector instructions" gcc plain gcc -DLMR_NO_SIMD && compare "no vector instructions" "$scratch/plain"
compare "x86-64 without AVX" qemu-x86_64 -cpu core2duo "$scratch/native"
compare "x86-64 with AVX2" qemu-x86_64 -cpu Haswell "$scratch/native"
if build "64-bit ARM" gcc-aarch64-linux-gnu arm aarch64-linux-gnu-gcc -static; then
  compare "64-bit ARM" qemu-aarch64 "$scratch/arm"
fi
build "Windows, UCRT" gcc-mingw-w64-x86-64 windows.exe x86_64-w64-mingw32-gcc -D_UCRT || [ $? = 1 ] || failed=1
command -v clang >/dev/null 2>&1 && { build "clang" clang clang_native clang && compare "clang" "$scratch/clang_native" || failed=1; }
[ $failed = 0 ] || { echo "the core differs between machines" >&2; exit 1; }
