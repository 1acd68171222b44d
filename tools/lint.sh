#!/bin/sh
# The C code under stricter eyes than a build's: warnings of gcc and clang, as C11 and as C23; one warning fails.
#   tools/lint.sh        about 100 seconds of processor time
#   tools/lint.sh deep   also gcc's analyzer on src/core, and clang-tidy's bugprone and cert checks
# What is not installed is left out, with a word.
set -eu
cd "$(dirname "$0")/.."
headers=$(Rscript --no-init-file -e 'cat(R.home("include"))')
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
include="-Isrc -isystem $headers"
# Off: R_CallMethodDef needs functions cast to one type; signs change where a count becomes an index, everywhere.
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wvla
  -Wno-cast-function-type -Wno-sign-conversion"
# Off in clang-tidy, each read in every place where it speaks:
#   parameters that could be swapped; _POSIX_C_SOURCE and its kind; code in .inc.c files; arguments of macros that
#   are types and names; products of two constants that are used as a size; loops over whole numbers in doubles
#   (Hardy-Weinberg's sums, steps of a search); int to char and int16_t after a check of its range; memcmp() of
#   doubles, where the question is whether the bits have changed; sizeof of a table of pointers; memcmp() as a truth.
checks="-*,bugprone-*,cert-*,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,-cert-dcl37-c"
checks="$checks,-cert-dcl51-cpp,-bugprone-suspicious-include,-bugprone-macro-parentheses"
checks="$checks,-bugprone-implicit-widening-of-multiplication-result,-cert-flp30-c,-bugprone-narrowing-conversions"
checks="$checks,-bugprone-suspicious-memory-comparison,-cert-exp42-c,-cert-flp37-c,-bugprone-sizeof-expression"
checks="$checks,-bugprone-suspicious-string-compare"

files() { find "$1" -name '*.c' ! -name '*.inc.c' | LC_ALL=C sort; }

# pass NAME PACKAGE FOLDER COMMAND ...: the command with files of the folder behind it.
pass() {
  name=$1
  package=$2
  folder=$3
  shift 3
  if ! command -v "$1" >/dev/null 2>&1; then
    echo "$name: left out, $1 is not installed (Debian: apt-get install $package)"
    return
  fi
  files "$folder" | xargs -P "$jobs" -n 1 "$@" >"$log" 2>&1 || true
  found=$(grep -cE '(warning|error): ' "$log" || true)
  echo "$name: $(files "$folder" | wc -l) files, $found warnings"
  [ "$found" = 0 ] && return
  grep -E '(warning|error): ' "$log" | LC_ALL=C sort -u >&2
  failed=1
}

# shellcheck disable=SC2086
for standard in gnu11 gnu2x; do
  for compiler in gcc clang; do
    pass "$compiler, $standard" $compiler src $compiler -std=$standard -O2 -fsyntax-only $include $warnings
  done
done
if [ "${1-}" = deep ]; then
  # Its shifts are counted wrongly where vectors of lanes are filled (code_rbf_lanes.h).
  # shellcheck disable=SC2086
  pass "gcc's analyzer" gcc src/core gcc -std=gnu11 -O2 -fanalyzer -Wno-analyzer-shift-count-overflow $include -c -o /dev/null
  command -v clang-tidy >/dev/null 2>&1 || {
    echo "clang-tidy: left out, it is not installed (Debian: apt-get install clang-tidy)"
    exit $failed
  }
  tidy=$(mktemp)
  # Options before the files, the compiler's behind them: xargs puts files last.
  printf '#!/bin/sh\nexec clang-tidy -quiet "-checks=%s" "$@" -- -std=gnu11 %s\n' "$checks" "$include" >"$tidy"
  pass "clang-tidy" clang-tidy src sh "$tidy"
  rm -f "$tidy"
fi
exit $failed
