#!/bin/sh
# Makes this machine ready; does nothing, in about a second, when it is.
#   tools/setup.sh packages   R, a compiler, the packages of DESCRIPTION
#   tools/setup.sh install    the same, then LatentMR itself when its sources changed
#   tools/setup.sh docs       the packages of Config/Needs/docs
#   tools/setup.sh peers      those of Config/Needs/peers, as far as they install
# Debian packages are preferred; what Debian lacks comes from R's configured
# mirror. Root installs for everybody, others into their own R library.
set -eu
cd "$(dirname "$0")/.."
what=${1:-install}
mkdir -p .setup
log=.setup/setup.log
: >"$log"

say() { echo "setup: $*"; }

fail() {
  say "$*" >&2
  if [ -s "$log" ]; then
    echo "--- the end of $log:" >&2
    tail -n 30 "$log" >&2
  fi
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_apt() {
  command -v apt-get >/dev/null 2>&1 || return 1
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; }
}

updated=no
apt_update() {
  [ $updated = yes ] && return
  as_root apt-get -o Acquire::Retries=3 -qq update >>"$log" 2>&1 || fail "apt-get update failed."
  updated=yes
}

apt_install() {
  apt_update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
    -y -qq --no-install-recommends install "$@" </dev/null >>"$log" 2>&1 ||
    fail "apt-get install $* failed."
}

# R and a compiler. g++ and gfortran serve packages that R builds from source.
need=""
command -v Rscript >/dev/null 2>&1 || need="r-base-core"
if ! command -v cc >/dev/null 2>&1 || ! command -v make >/dev/null 2>&1 || [ -n "$need" ]; then
  need="$need gcc g++ gfortran libc6-dev make libblas-dev liblapack-dev"
fi
# Headers of zlib, of zstd, which BGEN files may need, and of libdeflate, which is faster than zlib.
if ! echo '#include <zlib.h>' | cc -E - >/dev/null 2>&1; then need="$need zlib1g-dev libzstd-dev libdeflate-dev"; fi
if [ -n "$need" ]; then
  can_apt || fail "R, a C compiler or zlib is missing and apt-get cannot be run here: install them (Debian: $need) and try again."
  say "installing R and a compiler (a minute or two)"
  # shellcheck disable=SC2086
  apt_install $need
fi

# Packages that are declared and not installed, one a line.
missing() { Rscript --no-init-file tools/missing.R "$1" 2>>"$log"; }

# Debian's R takes Debian's packages; another R builds its own.
debian_r() { can_apt && dpkg -S "$(command -v Rscript)" >/dev/null 2>&1; }

get_packages() {
  list=$(missing "$1") || fail "R does not start."
  [ -n "$list" ] || return 0
  say "installing R packages:" $list
  if debian_r; then
    apt_update
    debs=""
    for package in $(echo "$list" | tr '[:upper:]' '[:lower:]'); do
      for name in "r-cran-$package" "r-bioc-$package"; do
        apt-cache pkgnames "$name" | grep -qx "$name" && debs="$debs $name"
      done
    done
    # shellcheck disable=SC2086
    [ -z "$debs" ] || apt_install $debs
    list=$(missing "$1")
  fi
  # shellcheck disable=SC2086
  [ -z "$list" ] || Rscript tools/packages.R $list </dev/null >>"$log" 2>&1 || true
  list=$(missing "$1")
  [ -z "$list" ] && return 0
  [ "$1" = peers ] || fail "could not install:" $list
  say "not available here, left out:" $list
}

# The sources by content (but for what configure found), and the build that they gave: an installed copy that
# another tree has replaced since does not pass for ours.
sources() {
  set -- DESCRIPTION NAMESPACE
  for part in R src man inst; do [ ! -d $part ] || set -- "$@" $part; done
  find "$@" -type f ! -name '*.o' ! -name '*.so' ! -name 'Makevars.*' -exec cksum {} + | LC_ALL=C sort -k 3 | cksum
}
built() { Rscript --no-init-file -e 'cat(utils::packageDescription("LatentMR")[["Built"]])' 2>/dev/null || true; }

# Debian's rmarkdown brings pandoc; another R's does not. The vignettes and the
# report need it, nothing else does.
get_pandoc() {
  command -v pandoc >/dev/null 2>&1 && return 0
  [ -z "${RSTUDIO_PANDOC:-}" ] || return 0
  if can_apt; then
    say "installing pandoc"
    apt_install pandoc
  else
    say "pandoc is not there: no vignettes and no report until it is (https://pandoc.org/installing.html)"
  fi
}

install_package() {
  now=$(sources)
  if [ -f .setup/installed ] && [ "$(cat .setup/installed)" = "$now $(built)" ]; then return 0; fi
  say "building and installing LatentMR"
  # make does not follow headers: after a change in one, nothing old is kept.
  preclean=--preclean
  if [ -f .setup/installed ] && [ -z "$(find src -name '*.h' -newer .setup/installed)" ]; then preclean=; fi
  library=$(Rscript tools/library.R) || fail "no R library can be written."
  jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
  # shellcheck disable=SC2086
  MAKEFLAGS="-j$jobs" R CMD INSTALL $preclean --library="$library" . </dev/null >>"$log" 2>&1 ||
    fail "R CMD INSTALL failed."
  echo "$now $(built)" >.setup/installed
}

case $what in
packages)
  get_packages package
  get_pandoc
  ;;
install)
  get_packages package
  get_pandoc
  install_package
  ;;
docs | peers) get_packages "$what" ;;
*) fail "unknown: $what (packages, install, docs or peers)" ;;
esac
