# Reading what a stranger sent. Nothing is believed: lengths before anything is allocated,
# the sum, the depth of the JSON before it is parsed, every name and number of the header by a
# table of what it must be, then the moments as any others (R/moments_validate.R), and what
# their header says of disclosure control against the sums.

#' @rdname export_moments
#' @export
read_moments <- function(file, ...) {
  check_dots(...)
  check_given()
  check_string(file, "file")
  check_file(file, "file")
  moments_of_bytes(file_bytes(path.expand(file), "file"), file)
}

abort_exchange <- function(where, why, hint = NULL, class = NULL) {
  abort(
    sprintf("%s: %s.", where, why),
    c(class, "latentmr_error_exchange", "latentmr_error_format", "latentmr_error_file"),
    hint = if (is.null(hint)) "Ask for the file again: it was changed on the way, or export_moments() did not write it." else hint
  )
}

moments_of_bytes <- function(bytes, where) {
  parts <- split_exchange(bytes, where)
  header <- parse_header(parts$header, where)
  m <- with_exchange_class(check_moments(built_moments(header, parts$body, where), "file"))
  check_positive(m, where)
  audit <- check_header_claims(m, header, where)
  structure(m, audit = audit)
}

with_exchange_class <- function(expr) {
  tryCatch(expr, latentmr_error_object = function(e) {
    class(e) <- c("latentmr_error_exchange", class(e))
    stop(e)
  })
}

# ---- the three lines, and the lengths they claim ----

split_exchange <- function(bytes, where) {
  top <- bytes[seq_len(min(length(bytes), 200))]
  if (!starts_with(top, as.integer(charToRaw("LatentMR-moments ")))) {
    abort_exchange(where, paste("no file of export_moments()", other_kind(top)))
  }
  ends <- which(top == as.raw(10))
  if (length(ends) < 3 || any(top[seq_len(ends[3])] > as.raw(126))) abort_exchange(where, "cut short")
  lines <- strsplit(rawToChar(top[seq_len(ends[3])]), "\n", fixed = TRUE)[[1]]
  if (paste0(lines[1], "\n") != exchange_magic) {
    abort_exchange(
      where, sprintf("written in a format that this version does not read (\"%s\")", lines[1]),
      "Use the version of the package that wrote it."
    )
  }
  sizes <- regmatches(lines[3], regexec("^bytes ([0-9]{1,12}) ([0-9]{1,15})$", lines[3]))[[1]]
  sum <- regmatches(lines[2], regexec("^md5 ([0-9a-f]{32})$", lines[2]))[[1]]
  if (length(sizes) != 3 || length(sum) != 2) abort_exchange(where, "damaged in its first lines")
  sizes <- as.numeric(sizes[2:3])
  rest <- length(bytes) - ends[3]
  if (sum(sizes) != rest || sizes[1] > max_header) {
    abort_exchange(
      where, sprintf("its lines say that %s bytes follow, and %s do", big(sum(sizes)), big(rest)),
      class = "latentmr_error_checksum"
    )
  }
  bytes <- bytes[ends[3] + seq_len(rest)]
  if (bytes_sum(bytes) != sum[2]) {
    abort_exchange(where, "its bytes do not have the MD5 sum that it says", class = "latentmr_error_checksum")
  }
  list(header = bytes[seq_len(sizes[1])], body = bytes[sizes[1] + seq_len(sizes[2])])
}

other_kind <- function(top) {
  known <- list(
    "(an R object: such files can run code when they are read)" = charToRaw("RDX"),
    "(an R object: such files can run code when they are read)" = charToRaw("X\n"),
    "(compressed, as R objects are: such files can run code when they are read)" = as.raw(gzip_magic),
    "(compressed)" = charToRaw("BZh"), "(compressed)" = as.raw(c(0xfd, 0x37)), "(a zip file)" = charToRaw("PK")
  )
  found <- vapply(known, function(magic) starts_with(top, as.integer(magic)), NA)
  if (any(found)) names(known)[found][1] else "by its first bytes"
}

# ---- the header ----

parse_header <- function(bytes, where) {
  if (any(bytes < as.raw(32)) || header_depth(bytes) > 6) {
    abort_exchange(where, "its header has control characters or is nested too deeply")
  }
  text <- rawToChar(bytes)
  Encoding(text) <- "UTF-8"
  if (!validUTF8(text)) abort_exchange(where, "its header is not UTF-8")
  header <- tryCatch(jsonlite::parse_json(text, simplifyVector = FALSE), error = function(e) {
    if (is_time_limit(e)) stop(e)
    abort_exchange(where, "its header is not JSON")
  })
  if (typeof(header) != "list") abort_exchange(where, "its header is not an object")
  check_header(header, where)
  header
}

# How deeply brackets are nested outside of texts; Inf where they do not close.
header_depth <- function(bytes) {
  at <- seq_along(bytes)
  slash <- bytes == as.raw(0x5c)
  last <- cummax(ifelse(slash, 0L, at))
  run <- c(0L, at - last)[at]
  text <- cumsum(bytes == as.raw(0x22) & run %% 2 == 0) %% 2 == 1
  step <- (bytes %in% charToRaw("[{")) - (bytes %in% charToRaw("]}"))
  depth <- cumsum(step * !text)
  if (!length(depth) || min(depth) < 0 || depth[length(depth)] != 0) Inf else max(depth)
}

# What each field must be: "text", "whole", "number", "flag", or several of them; ? where null may stand.
header_fields <- list(
  format = "text", version = "whole", package = "text?", kind = "text", outcome = "texts", exposure = "texts",
  units = "texts?", scaled = "texts?", covariates = "texts", structure = "texts",
  structure_includes_instruments = "flag?",
  environments = "texts", ld_block = list(level = "texts", code = "wholes"),
  fingerprint = list(variants = "text", columns = "text", version = "text?"),
  coding = list(column = "texts?", variable = "texts", level = "texts?", reference = "texts?"),
  blocks = list(environment = "wholes", fold = "wholes", n = "wholes"),
  variants = list(
    snp = "texts", chr = "texts?", pos = "numbers?", effect_allele = "texts?", other_allele = "texts?"
  ),
  families = list(people = "wholes", families = "wholes"), clustered = "flag", binary = "flags", withheld = "texts",
  flow = list(
    step = "wholes", unit = "texts", reason = "texts", action = "texts", environment = "texts?", count = "numbers?",
    remaining = "numbers?"
  ),
  disclosure = list(
    limits = list(
      min_people = "whole", min_carriers = "whole", max_columns = "number", min_cell = "whole", max_power = "number"
    ),
    suppressed = list(what = "texts", name = "texts", environment = "texts", count = "wholes", reason = "texts")
  ),
  arrays = "arrays"
)
array_fields <- list(name = "text", type = "text", rows = "whole", columns = "whole")
null_fields <- c("flow", "coding", "ld_block", "families")

check_header <- function(x, where, fields = header_fields, path = "header") {
  # Files written before there were sums within families.
  if (path == "header" && !"families" %in% names(x)) x["families"] <- list(NULL)
  if (!setequal(names(x), names(fields)) || anyDuplicated(names(x))) {
    odd <- c(setdiff(names(fields), names(x)), setdiff(names(x), names(fields)), names(x)[duplicated(names(x))])
    odd <- quote_all(printable(odd), 3)
    abort_exchange(where, sprintf("the fields of its %s are not those of the format (%s)", path, odd))
  }
  for (name in names(fields)) {
    rule <- fields[[name]]
    value <- x[[name]]
    here <- paste0(path, "$", name)
    if (is.null(value) && name %in% null_fields) next
    if (is.list(rule)) {
      if (typeof(value) != "list") abort_exchange(where, sprintf("`%s` is not an object", here))
      check_header(value, where, rule, here)
    } else if (rule == "arrays") {
      parts <- length(exchange_arrays_of(!is.null(x$families)))
      if (typeof(value) != "list" || length(value) != parts) {
        abort_exchange(where, sprintf("`%s` are not the %d of the format", here, parts))
      }
      for (part in value) check_header(as.list(part), where, array_fields, here)
    } else {
      check_header_value(value, rule, here, where)
    }
  }
}

printable <- function(x) ifelse(unprintable(x), "?", x)

check_header_value <- function(value, rule, path, where) {
  null <- endsWith(rule, "?")
  rule <- sub("[?]$", "", rule)
  each <- endsWith(rule, "s")
  must <- if (each) paste("an array of", rule) else paste("a", rule)
  fault <- function() abort_exchange(where, sprintf("`%s` is not %s", path, must))
  if (null && is.null(value)) return(invisible())
  parts <- if (each) value else list(value)
  if (each && (typeof(parts) != "list" || !is.null(names(parts)))) fault()
  empty <- vapply(parts, is.null, NA)
  if (any(empty) && !(each && null)) fault()
  parts <- parts[!empty]
  if (any(lengths(parts) != 1L) || any(vapply(parts, is.list, NA))) fault()
  flat <- unlist(parts)
  if (length(flat) && !(length(flat) == length(parts) && good_values(flat, parts, sub("s$", "", rule)))) fault()
}

good_values <- function(x, parts, rule) {
  if (rule == "text") return(is.character(x) && !any(unprintable(x)) && all(nchar(x, "bytes") <= 1000))
  if (rule == "flag") return(is.logical(x))
  # unlist() makes TRUE among numbers 1.
  if (!is.numeric(x) || any(vapply(parts, is.logical, NA)) || !all(is.finite(x))) return(FALSE)
  rule == "number" || all(x == round(x)) && all(abs(x) <= .Machine$integer.max)
}

flat_texts <- function(x) vapply(x, function(v) if (is.null(v)) NA_character_ else v, "")
flat_numbers <- function(x) vapply(x, function(v) if (is.null(v)) NA_real_ else as.numeric(v), 0)
flat_flags <- function(x) vapply(x, isTRUE, NA)
flat_wholes <- function(x) as.integer(flat_numbers(x))

# ---- the moments ----

built_moments <- function(header, body, where) {
  v <- header$variants
  p <- length(v$snp)
  e <- flat_texts(header$environments)
  b <- lapply(header$blocks, flat_wholes)
  covariates <- flat_texts(header$covariates)
  structure <- flat_texts(header$structure)
  own <- header$structure_includes_instruments
  exposure <- flat_texts(header$exposure)
  outcome <- flat_texts(header$outcome)
  q <- length(covariates) + length(structure) + length(exposure) + length(outcome)
  even <- function(x, what) {
    if (length(unique(lengths(x))) > 1) abort_exchange(where, sprintf("its %s differ in length", what))
  }
  even(v, "columns of variants")
  even(b, "columns of blocks")
  if (anyNA(match(b$environment, seq_along(e)))) abort_exchange(where, "a block is of no environment")
  if (anyDuplicated(e)) abort_exchange(where, "an environment is there twice")
  f <- lapply(header$families, flat_wholes)
  parts <- exchange_arrays(header$arrays, body, c(p = p, q = q, b = length(b$n)), length(f) > 0, where)
  none <- matrix(0, 0, length(b$n))
  no_pairs <- parts$gg[0, , drop = FALSE]
  new_object("mr_moments", list(
    kind = header$kind, outcome = outcome, exposure = exposure, units = texts_or_null(header$units),
    scaled = texts_or_null(header$scaled), covariates = if (length(covariates)) covariates,
    structure = if (length(structure)) structure,
    structure_includes_instruments = if (is.null(own)) NA else own,
    coding = header_frame(header$coding, where, "coding"), environments = e,
    blocks = data.frame(environment = factor(e[b$environment], e), fold = b$fold, n = b$n),
    variants = data.frame(
      snp = flat_texts(v$snp), chr = flat_texts(v$chr), pos = flat_numbers(v$pos),
      effect_allele = flat_texts(v$effect_allele), other_allele = flat_texts(v$other_allele)
    ),
    block = ld_blocks(header$ld_block, p, where), pilot = as.vector(parts$pilot), gpilot = as.vector(parts$gpilot),
    missing = integer(),
    gg = parts$gg, gm = no_pairs, mm = no_pairs, sg = parts$sg, sm = none, gx = parts$gx, mx = none,
    sx = parts$sx, xx = parts$xx, background = NULL, flow = header_frame(header$flow, where, "flow"), seed = NULL,
    clustered = header$clustered, binary = flat_flags(header$binary), disclosure = TRUE,
    withheld = flat_texts(header$withheld),
    family = if (length(f)) c(f[c("people", "families")], list(cross = parts$family)),
    withheld_families = lost_families(header$disclosure$suppressed), version = header$package
  ))
}

# Why there are no sums within families.
lost_families <- function(suppressed) {
  why <- flat_texts(suppressed$reason)[flat_texts(suppressed$what) == "families"]
  if (length(why)) why[1]
}

texts_or_null <- function(x) if (!is.null(x)) flat_texts(x)

header_frame <- function(x, where, what, fields = header_fields[[what]]) {
  if (is.null(x)) return(NULL)
  if (length(unique(lengths(x))) > 1) abort_exchange(where, sprintf("the columns of its %s differ in length", what))
  text <- startsWith(unlist(fields), "text")
  plain <- function(column, text) if (text) flat_texts(column) else flat_wholes(column)
  as.data.frame(Map(plain, x[names(fields)], text))
}

ld_blocks <- function(x, p, where) {
  if (is.null(x)) return(NULL)
  code <- flat_wholes(x$code)
  levels <- flat_texts(x$level)
  if (length(code) != p || anyNA(match(code, seq_along(levels))) || anyDuplicated(levels)) {
    abort_exchange(where, "its LD blocks do not fit its variants")
  }
  factor(levels[code], levels)
}

# The sizes follow from the names of the header; what `arrays` claims must be these, and the bytes too.
exchange_arrays <- function(arrays, body, size, families, where) {
  p <- size[["p"]]
  q <- size[["q"]]
  b <- size[["b"]]
  rows <- c(gg = p * (p + 1) / 2, sg = p, gx = p * q, sx = q, xx = q * (q + 1) / 2, pilot = q, gpilot = p)
  rows <- c(rows, family = (p + q) * (p + q + 1) / 2)[exchange_arrays_of(families)]
  columns <- c(b, b, b, b, b, 1, 1, b)[seq_along(rows)]
  claimed <- vapply(arrays, `[[`, "", "name")
  type <- vapply(arrays, `[[`, "", "type")
  width <- c(int32 = 4, float64 = 8)[type]
  whole <- claimed == "gg"
  good <- identical(claimed, names(rows)) && !anyNA(width) && all(whole | type == "float64") &&
    all(vapply(arrays, `[[`, 0, "rows") == rows) && all(vapply(arrays, `[[`, 0, "columns") == columns)
  if (!good || sum(rows * columns * width) != length(body)) {
    abort_exchange(where, "its arrays are not as large as its names say")
  }
  at <- c(0, cumsum(rows * columns * width))
  out <- lapply(seq_along(rows), function(i) {
    bytes <- body[at[i] + seq_len(at[i + 1] - at[i])]
    kind <- if (type[i] == "int32") integer() else double()
    matrix(readBin(bytes, kind, rows[i] * columns[i], size = width[[i]], endian = "little"), rows[i], columns[i])
  })
  stats::setNames(out, claimed)
}

# ---- what the numbers cannot be ----

# Sums of squares are never negative, of any combination of the columns.
check_positive <- function(m, where) {
  p <- nrow(m$variants)
  q <- length(m$pilot)
  for (b in seq_len(nrow(m$blocks))) {
    sum <- c(m$sg[, b], m$sx[, b])
    gx <- matrix(m$gx[, b], p, q)
    a <- rbind(cbind(unpack(m$gg[, b], p), gx), cbind(t(gx), unpack(m$xx[, b], q))) - outer(sum, sum) / m$blocks$n[b]
    d <- sqrt(pmax(diag(a), 0))
    d[d == 0] <- Inf
    a <- a / outer(d, d)
    within <- if (!is.null(m$family)) family_cross(m, b) / outer(d, d)
    own <- diag(within) > 0
    if (is_positive(a) && (is.null(within) || is_positive(within) && is_positive((a - within)[own, own]))) next
    abort_exchange(
      where, sprintf(
        "the cross products of fold %d of %s are not positive semidefinite: they are of no people", m$blocks$fold[b],
        quote_all(as.character(m$blocks$environment[b]))
      ), class = "latentmr_error_moments"
    )
  }
}

# What a Cholesky factor with pivoting leaves over of a correlation matrix is rounding, or it has none.
is_positive <- function(a) {
  if (!length(a)) return(TRUE)
  factor <- suppressWarnings(chol(a, pivot = TRUE))
  rank <- attr(factor, "rank")
  pivot <- attr(factor, "pivot")
  left <- a[pivot, pivot] - crossprod(factor[seq_len(rank), , drop = FALSE])
  max(abs(left)) < 1e-6
}

check_header_claims <- function(m, header, where) {
  limits <- lapply(header$disclosure$limits, as.numeric)
  limits <- tryCatch(do.call(check_release_limits, limits), latentmr_error_argument = function(e) {
    abort_exchange(where, sprintf("its limits are not allowed (%s)", sub("\n.*", "", conditionMessage(e))))
  })
  moments_fault <- function(why) abort_exchange(where, why, class = "latentmr_error_moments")
  least <- release_least(m, limits)
  if (min(m$blocks$n) < least) {
    moments_fault(sprintf("its limits ask for %s people in a block, and one has %s", big(least), big(min(m$blocks$n))))
  }
  for (b in seq_len(nrow(m$blocks))) {
    short <- nzchar(release_short(keep_variants(m, TRUE, b), limits))
    if (any(short)) {
      moments_fault(sprintf("its limits do not allow %s", quote_all(m$variants$snp[short], 3)))
    }
  }
  short <- if (!is.null(m$family)) families_short(m, limits) else ""
  if (nzchar(short)) moments_fault(sprintf("its limits do not allow sums within families: %s", short))
  own <- fingerprint_of(m)
  said <- vapply(header$fingerprint, function(x) if (is.null(x)) NA_character_ else x, "")[names(own)]
  if (!identical(unname(own), unname(said))) {
    odd <- quote_all(names(own)[!mapply(identical, own, said)])
    moments_fault(sprintf("it has another fingerprint than it says (%s)", odd))
  }
  header_frame(header$disclosure$suppressed, where, "account", header_fields$disclosure$suppressed)
}
