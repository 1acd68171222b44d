# Exchange files: data, never code. Three lines of text, a header in JSON, then numbers:
#
#   LatentMR-moments 1
#   md5 <sum of all bytes after the third line>
#   bytes <header> <numbers>
#
# The header has all names and whole numbers; `arrays` lists the matrices that follow (name, type
# "int32" or "float64", rows, columns), by columns, little-endian, one after the other. "family" is among them where
# `families` of the header is not null.

exchange_version <- 1L
exchange_magic <- sprintf("LatentMR-moments %d\n", exchange_version)
exchange_parts <- c("gg", "sg", "gx", "sx", "xx", "pilot", "gpilot")
max_header <- 16e6

exchange_arrays_of <- function(families) c(exchange_parts, if (families) "family")
exchange_matrix <- function(m, part) if (part == "family") m$family$cross else as.matrix(m[[part]])

exchange_bytes <- function(audit) {
  m <- audit$moments
  parts <- exchange_arrays_of(!is.null(m$family))
  arrays <- lapply(parts, function(part) {
    x <- exchange_matrix(m, part)
    list(name = part, type = if (is.integer(x)) "int32" else "float64", rows = nrow(x), columns = ncol(x))
  })
  header <- jsonlite::toJSON(
    c(exchange_header(audit), list(arrays = arrays)), auto_unbox = TRUE, null = "null", na = "null", digits = NA
  )
  header <- charToRaw(enc2utf8(as.character(header)))
  body <- do.call(c, lapply(parts, function(part) {
    x <- as.vector(exchange_matrix(m, part))
    writeBin(x, raw(), size = if (is.integer(x)) 4L else 8L, endian = "little")
  }))
  rest <- c(header, body)
  top <- sprintf("%smd5 %s\nbytes %.0f %.0f\n", exchange_magic, bytes_sum(rest), length(header), length(body))
  c(charToRaw(top), rest)
}

exchange_header <- function(audit) {
  m <- audit$moments
  blocks <- m$blocks
  list(
    format = "LatentMR-moments", version = exchange_version, package = m$version,
    fingerprint = as.list(fingerprint_of(m)),
    kind = m$kind, outcome = I(m$outcome), exposure = I(m$exposure), units = many(m$units), scaled = many(m$scaled),
    covariates = I(as.character(m$covariates)), structure = I(as.character(m$structure)),
    structure_includes_instruments = m$structure_includes_instruments, coding = columns_of(m$coding),
    environments = I(m$environments),
    blocks = list(environment = I(as.integer(blocks$environment)), fold = I(blocks$fold), n = I(blocks$n)),
    variants = columns_of(m$variants[c("snp", "chr", "pos", "effect_allele", "other_allele")]),
    ld_block = if (!is.null(m$block)) list(level = I(levels(m$block)), code = I(as.integer(m$block))),
    families = if (!is.null(m$family)) columns_of(m$family[c("people", "families")]), clustered = m$clustered,
    binary = I(m$binary), withheld = I(m$withheld), flow = columns_of(m$flow),
    disclosure = list(limits = audit$limits, suppressed = columns_of(audit$suppressed))
  )
}

# An array in the header, whatever its length.
many <- function(x) if (!is.null(x)) I(x)
columns_of <- function(frame) if (!is.null(frame)) lapply(as.list(frame), I)
