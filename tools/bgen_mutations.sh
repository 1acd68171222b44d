#!/bin/sh
# tools/core/bgen_mutations.c under AddressSanitizer and UndefinedBehaviorSanitizer on the BGEN fixtures of the tests, once
# with zlib and, where libdeflate is, once with it.
#   sh tools/bgen_mutations.sh [COUNT [SEED]]     10,000 files unless said otherwise
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
files=$(ls tests/testthat/fixtures/zlib*.bgen inst/extdata/small.bgen)
zstd=""
if echo '#include <zstd.h>' | cc -E - >/dev/null 2>&1; then
  zstd="-DLMR_ZSTD -lzstd"
  files="$files $(ls tests/testthat/fixtures/zstd*.bgen)"
fi
unpackers="zlib"
if echo '#include <libdeflate.h>' | cc -E - >/dev/null 2>&1; then unpackers="zlib libdeflate"; fi
for unpacker in $unpackers; do
  echo "$unpacker:"
  library="-lz"
  if [ "$unpacker" = libdeflate ]; then library="-DLMR_DEFLATE -ldeflate"; fi
  # shellcheck disable=SC2086
  cc -std=gnu11 -O1 -g -fno-sanitize-recover=all -fsanitize=address,undefined -Isrc tools/core/bgen_mutations.c \
    src/core/genotype/bgen_block.c src/core/genotype/bgen_file.c src/core/genotype/bgen_unpack.c src/core/base/*.c \
    $zstd $library -lm -o "$scratch/bgen_mutations"
  # shellcheck disable=SC2086
  "$scratch/bgen_mutations" "${1:-10000}" "${2:-1}" "$scratch/x.bgen" $files
done
