#!/bin/sh
# The tests again, on a build whose C code (core and glue) runs under
# AddressSanitizer and UndefinedBehaviorSanitizer; a finding stops the R process, and so the
# run. An optional regular expression picks test files, as in
# `make sanitize FILTER=core`; an R script with its arguments runs in place of the
# tests. Afterwards the same build must catch an overflow
# made on purpose, or the run proves nothing; and the first calls of every C
# entry point run once more with a collection at each allocation (tools/torture.R).
# R's own BLAS, LAPACK and vectors of at most 128 bytes are not watched; the
# views of a work arena are (src/core/base/arena.c).
set -eu
cd "$(dirname "$0")/.."
source=$(pwd)
scratch=$source/.setup/sanitize
rm -rf "$scratch"
mkdir -p "$scratch/library"
cat >"$scratch/Makevars" <<'MAKE'
CFLAGS = -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS = -fsanitize=address,undefined
STRIP_DEBUG =
MAKE

echo "building with -fsanitize=address,undefined"
export MAKEFLAGS="-j$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)"
export R_MAKEVARS_USER="$scratch/Makevars"
mkdir "$scratch/package"
for part in DESCRIPTION NAMESPACE R src inst configure; do [ ! -e $part ] || cp -r $part "$scratch/package/"; done
cp sanitize/overflow.c "$scratch/"
{
  R CMD INSTALL --preclean --no-docs --no-byte-compile --no-test-load --library="$scratch/library" "$scratch/package" &&
    cd "$scratch" && PKG_CPPFLAGS="-Ipackage/src" R CMD SHLIB overflow.c package/src/core/base/arena.c
} >"$scratch/build.log" 2>&1 || {
  tail -n 30 "$scratch/build.log" >&2
  exit 1
}
cd "$source"

compiler=$(R CMD config CC | cut -d' ' -f1)
preload=$("$compiler" -print-file-name=libasan.so)
[ -e "$preload" ] || { echo "no AddressSanitizer library beside $compiler" >&2; exit 1; }
# Random addresses with many bits collide with the sanitizer's map: off if we may.
fixed=""
if setarch -R true 2>/dev/null; then fixed="setarch -R"; fi
run() {
  # shellcheck disable=SC2086
  LD_PRELOAD="$preload" ASAN_OPTIONS=detect_leaks=0:abort_on_error=0 \
    UBSAN_OPTIONS=print_stacktrace=1 R_ENABLE_JIT=0 R_LIBS="$scratch/library${R_LIBS:+:$R_LIBS}" LATENTMR_SANITIZE=1 \
    $fixed Rscript --no-init-file "$@"
}

for overflow in view block integer; do
  if run -e "dyn.load('$scratch/overflow.so'); .C('overflow_$overflow', $([ $overflow = integer ] && echo 1L || echo 1))" \
    >"$scratch/overflow.log" 2>&1 || ! grep -Eq "AddressSanitizer|runtime error" "$scratch/overflow.log"; then
    tail -n 20 "$scratch/overflow.log" >&2
    echo "the overflow made on purpose (overflow_$overflow) was not caught" >&2
    exit 1
  fi
done
echo "overflows made on purpose: caught"
case "${1:-}" in
  *.R)
    run "$@"
    exit
    ;;
esac
run tools/test.R tests/testthat "${1:-}"
run tools/torture.R "${1:-}"
