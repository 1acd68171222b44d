#!/bin/sh
# R CMD build and check on the tarball. Fails unless 0 errors, 0
# warnings and 0 notes, and the C code is clean for other systems (tools/cross.sh).
set -eu
cd "$(dirname "$0")/.."
source=$(pwd)
scratch=$source/.setup/check
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"
export MAKEFLAGS="-j$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)"

step() {
  log=$1
  shift
  "$@" </dev/null >"$log" 2>&1 || {
    tail -n 40 "$log" >&2
    echo "failed: $* (log: .setup/check/$log)" >&2
    exit 1
  }
}

twice=$(grep -hoE '^[[:alpha:].][[:alnum:]._]* <- ' "$source"/R/*.R | LC_ALL=C sort | uniq -d)
if [ -n "$twice" ]; then
  echo "defined twice in R/, so that one hides the other: $twice" >&2
  exit 1
fi

(cd "$source" && Rscript --no-init-file tools/layers.R)
(cd "$source" && Rscript --no-init-file tools/sizes.R)

"$source/tools/cross.sh"
"$source/tools/core.sh"

# Vignettes need pandoc; without it the code is checked all the same.
no_build=""
no_check=""
if ! Rscript --no-init-file -e 'quit(status = !rmarkdown::pandoc_available("1.14"))' >/dev/null 2>&1; then
  echo "pandoc is not installed: the vignettes are left out (Debian: apt-get install pandoc; else https://pandoc.org/installing.html)" >&2
  no_build=--no-build-vignettes
  no_check=--ignore-vignettes
fi

echo "R CMD build"
# shellcheck disable=SC2086
step build.log R CMD build $no_build "$source"
tarball=$(ls LatentMR_*.tar.gz)
echo "R CMD check --no-manual $tarball"
# The tests on all cores, as tools/test.R has them. Vignettes run once, when they are built again: what is wrong
# in them is a warning then and no note.
# shellcheck disable=SC2086
_R_CHECK_VIGNETTES_SKIP_RUN_MAYBE_=true TESTTHAT_PARALLEL=TRUE TESTTHAT_CPUS="$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)" _R_CHECK_FORCE_SUGGESTS_=false \
  _R_CHECK_PACKAGE_DEPENDS_IGNORE_MISSING_ENHANCES_=true R CMD check --no-manual $no_check "$tarball" </dev/null >check.log 2>&1 || true
if ! grep -q '^Status: OK' check.log; then
  cat check.log
  ! grep -q "whether package.*ERROR" check.log || tail -n 60 LatentMR.Rcheck/00install.out
  tail -n 60 LatentMR.Rcheck/tests/*.Rout.fail 2>/dev/null || true
  echo "R CMD check is not clean: the log is .setup/check/check.log" >&2
  exit 1
fi
echo "installed size: $(du -sk LatentMR.Rcheck/LatentMR | cut -f1) kB"
tail -n 1 check.log | grep . || grep '^Status' check.log
