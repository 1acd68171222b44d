# Slow twins of the BGEN reader, written from the format's description
# (https://www.chg.ox.ac.uk/~gav/bgen_format/spec/latest.html): a writer, and a reader of one
# probability at a time.

little <- function(x, bytes) as.raw(x %/% 256^(seq_len(bytes) - 1) %% 256)
from_little <- function(bytes) sum(as.numeric(as.integer(bytes)) * 256^(seq_along(bytes) - 1))
text_16 <- function(x) c(little(length(charToRaw(x)), 2), charToRaw(x))
text_32 <- function(x) c(little(length(charToRaw(x)), 4), charToRaw(x))

# Whole numbers of `bits` bits each, the lowest first, as bytes.
pack_fields <- function(x, bits) {
  all <- unlist(lapply(x, function(v) v %/% 2^(seq_len(bits) - 1) %% 2))
  all <- c(all, rep(0, -length(all) %% 8))
  as.raw(colSums(matrix(all, 8) * 2^(0:7)))
}

# A variant: alleles, ploidy (a number for each person), missing (logical), phased, bits, and `fields`, a
# list with the stored numerators of each person.
bgen_genotypes <- function(v) {
  n <- length(v$ploidy)
  c(
    little(n, 4), little(length(v$alleles), 2), as.raw(range(v$ploidy)), as.raw(v$ploidy + 128 * v$missing), as.raw(v$phased),
    as.raw(v$bits), pack_fields(unlist(v$fields), v$bits)
  )
}

bgen_variant_bytes <- function(v, packing) {
  body <- bgen_genotypes(v)
  packed <- if (packing == 1) c(little(length(body), 4), memCompress(body, "gzip")) else body
  c(
    text_16(v$id), text_16(v$rsid), text_16(v$chr), little(v$pos, 4), little(length(v$alleles), 2),
    unlist(lapply(v$alleles, text_32)), little(length(packed), 4), packed
  )
}

write_bgen_file <- function(path, variants, ids = NULL, packing = 1, free = raw()) {
  n <- length(variants[[1]]$ploidy)
  names <- unlist(lapply(ids, text_16))
  samples <- if (!is.null(ids)) c(little(8 + length(names), 4), little(n, 4), names)
  header <- c(
    little(20 + length(free), 4), little(length(variants), 4), little(n, 4), charToRaw("bgen"), free,
    little(packing + 4 * 2 + (!is.null(ids)) * 2^31, 4)
  )
  writeBin(c(little(length(header) + length(samples), 4), header, samples,
             unlist(lapply(variants, bgen_variant_bytes, packing))), path)
  path
}

# list(ids, variants: a list with id, rsid, chr, pos, alleles, start, bytes, copies: people x alleles).
reference_bgen <- function(path) {
  bytes <- readBin(path, "raw", file.size(path))
  at <- 0
  take <- function(k) {
    stopifnot(k >= 0, at + k <= length(bytes))
    at <<- at + k
    bytes[at - k + seq_len(k)]
  }
  number <- function(k) from_little(take(k))
  word <- function(k) {
    text <- take(number(k))
    stopifnot(!any(text < as.raw(0x20) & text != as.raw(9)), validUTF8(rawToChar(text)))
    enc2utf8(rawToChar(text))
  }
  offset <- number(4)
  length <- number(4)
  p <- number(4)
  n <- number(4)
  magic <- take(4)
  stopifnot(length >= 20, offset >= length, n > 0, p > 0, identical(magic, charToRaw("bgen")) || all(magic == 0))
  take(length - 20)
  flags <- number(4)
  packing <- flags %% 4
  stopifnot(flags %/% 4 %% 16 == 2, packing < 2)
  ids <- NULL
  if (flags >= 2^31) {
    block <- number(4)
    stopifnot(block <= offset - length, number(4) == n)
    before <- at
    ids <- vapply(seq_len(n), function(i) word(2), "")
    stopifnot(at - before <= block - 8)
  }
  at <- offset + 4
  variants <- lapply(seq_len(p), function(j) {
    start <- at
    out <- list(start = start, id = word(2), rsid = word(2), chr = word(2), pos = number(4))
    k <- number(2)
    stopifnot(k >= 2)
    out$alleles <- vapply(seq_len(k), function(a) word(4), "")
    size <- number(4)
    body <- if (packing) {
      unpacked <- number(4)
      reference_inflate(take(size - 4), unpacked)
    } else {
      take(size)
    }
    out$copies <- reference_copies(body, n, k)
    out$bytes <- at - start
    out
  })
  stopifnot(at == length(bytes))
  list(ids = ids, variants = variants)
}

reference_inflate <- function(packed, size) {
  body <- suppressWarnings(memDecompress(packed, "gzip"))
  stopifnot(length(body) == size)
  body
}

# Expected copies of each allele.
reference_copies <- function(body, n, k) {
  head <- as.integer(body)
  stopifnot(from_little(body[1:4]) == n, from_little(body[5:6]) == k, head[7] <= head[8], head[8] <= 63)
  ploidy <- head[8 + seq_len(n)]
  stopifnot(bitwAnd(ploidy, 64L) == 0)
  missing <- ploidy >= 128
  ploidy <- ploidy %% 64
  phased <- head[9 + n]
  bits <- head[10 + n]
  stopifnot(phased %in% 0:1, bits %in% 1:32, ploidy >= head[7], ploidy <= head[8], ploidy <= 2)
  stream <- as.numeric(unlist(lapply(head[-seq_len(10 + n)], function(b) b %/% 2^(0:7) %% 2)))
  at <- 0
  one <- function() {
    at <<- at + bits
    sum(stream[at - bits + seq_len(bits)] * 2^(seq_len(bits) - 1))
  }
  all <- 2^bits - 1
  out <- matrix(NA_real_, n, k)
  for (i in seq_len(n)) {
    copies <- numeric(k)
    if (ploidy[i] == 2 && !phased) {
      pairs <- do.call(rbind, lapply(seq_len(k), function(b) cbind(seq_len(b), b)))
      p <- c(vapply(seq_len(nrow(pairs) - 1), function(g) one(), 0), 0)
      if (!missing[i]) stopifnot(sum(p) <= all)
      p[nrow(pairs)] <- all - sum(p)
      for (g in seq_len(nrow(pairs))) for (a in pairs[g, ]) copies[a] <- copies[a] + p[g]
    } else {
      for (h in seq_len(ploidy[i])) {
        p <- c(vapply(seq_len(k - 1), function(g) one(), 0), 0)
        if (!missing[i]) stopifnot(sum(p) <= all)
        p[k] <- all - sum(p)
        copies <- copies + p * (if (ploidy[i] == 1) 2 else 1)
      }
    }
    if (!missing[i] && ploidy[i] > 0) out[i, ] <- copies / all
  }
  stopifnot(length(stream) == ceiling(at / 8) * 8)
  out
}

# The matrix of second alleles.
reference_second <- function(path) do.call(cbind, lapply(reference_bgen(path)$variants, function(v) v$copies[, 2]))

# A variant with everything drawn: probabilities that are few steps of 1 / (2^bits - 1) and many.
drawn_variant <- function(j, n, bits, phased, alleles = c("A", "G"), ploidy = rep(2, n)) {
  all <- 2^bits - 1
  k <- length(alleles)
  missing <- runif(n) < .1
  part <- function(count) {
    cut <- sort(floor(runif(count, 0, all + 1)))
    if (runif(1) < .3) cut[] <- sample(c(0, all), 1)
    diff(c(0, pmin(cut, all)))
  }
  fields <- lapply(seq_len(n), function(i) {
    copies <- ploidy[i]
    if (copies == 0) return(numeric())
    count <- if (phased || copies == 1) rep(k - 1, copies) else k * (k + 1) / 2 - 1
    p <- unlist(lapply(count, part))
    if (missing[i]) p * 0 else p
  })
  list(
    id = paste0("v", j), rsid = paste0("rs", j), chr = "01", pos = 1000 * j, alleles = alleles, ploidy = ploidy, missing = missing,
    phased = as.integer(phased), bits = bits, fields = fields
  )
}
