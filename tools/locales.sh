#!/bin/sh
# The tests in other locales: C, German, Turkish (whose letters fold in their own way), and with
# options(OutDec = ","). An optional regular expression picks test files, a second argument
# one of C, de_DE.UTF-8, tr_TR.UTF-8, OutDec:
#   tools/locales.sh '^data|^plot' tr_TR.UTF-8
# Locales that the system lacks are made in .setup/locales (localedef, package locales).
set -u
cd "$(dirname "$0")/.."
filter=${1:-}
failed=""

make_locale() {
  folder=$(pwd)/.setup/locales
  locale -a 2>/dev/null | grep -qix "$(echo "$1" | sed 's/UTF-8/utf8/')" && return 0
  mkdir -p "$folder"
  [ -d "$folder/$1" ] || localedef -i "${1%%.*}" -f UTF-8 "$folder/$1" || return 1
  export LOCPATH="$folder"
}

run() {
  echo "== $1"
  shift
  env TEST_LOCALE=yes "$@" Rscript --no-init-file tools/test.R tests/testthat "$filter" || failed="$failed $name"
}

for name in ${2:-C de_DE.UTF-8 tr_TR.UTF-8 OutDec}; do
  case $name in
    C) run "$name" LC_ALL=C ;;
    OutDec) run "options(OutDec = \",\")" TEST_OUTDEC=, ;;
    *)
      make_locale "$name" || { echo "no locale $name: install the package locales" >&2; failed="$failed $name"; continue; }
      run "$name" LC_ALL="$name" TEST_LANGUAGE="${name%%_*}"
      ;;
  esac
done
[ -z "$failed" ] || { echo "failed in:$failed"; exit 1; }
