# Moments of the people of a job. The products of genotypes of everybody are counted once; those of
# some people are the whole less the few who are missing, exactly, since they are whole numbers. Only products with
# the numeric columns are summed over the job's own people.

# Data with the components of their background variants, which are learned once: of everybody, and of all instruments.
scan_background <- function(data, control) {
  if (is.null(data$background)) return(data)
  p <- nrow(data$variants)
  if (p >= max_background) {
    abort_argument(
      "data", sprintf("without background variants where it has more than %s instruments", big(max_background)),
      sprintf("one of %s", big(p)), "Give components of the genome as `structure` of mr_data() instead."
    )
  }
  add_background(data, control)
}

# Products of genotypes over everybody by environment, where jobs can use them: list(parts, missing, environments);
# NULL elsewhere.
scan_total <- function(data, chunks, memory) {
  if (!inherits(data, "mr_data") || data$kind != "genotype") return(NULL)
  own <- vapply(unlist(chunks, recursive = FALSE), function(job) !is.null(job$variants), NA)
  if (any(own)) return(NULL)
  genotype_products(data, seq_along(data$environment), seq_len(nrow(data$variants)), memory)
}

genotype_products <- function(data, who, cols, memory) {
  environment <- data$environment[who]
  plain <- list(
    kind = "genotype", genotypes = pick(data$genotypes, who, cols), variants = data$variants[cols, , drop = FALSE]
  )
  blocks <- draw_blocks(environment, NULL, 1L, 1L)
  pass <- moments_pass(plain, blocks, memory)
  list(parts = pass$parts, missing = pass$missing, environments = as.character(blocks$table$environment))
}

# `part` of job_data().
part_moments <- function(part, data, asked) {
  plain <- part$data
  plain["family"] <- list(NULL)
  total <- asked$total
  gone <- seq_along(data$environment)[-part$who]
  if (is.null(total) || length(gone) > length(part$who)) {
    return(whole_moments(plain, 1L, asked$seed, asked$memory))
  }
  blocks <- draw_blocks(plain$environment, plain$cluster, 1L, asked$seed)
  pass <- moments_pass(plain, blocks, asked$memory, wide = NA)
  less <- if (length(gone)) genotype_products(data, gone, part$cols, asked$memory)
  at <- match(as.character(blocks$table$environment), total$environments)
  products <- total_part(total, nrow(data$variants), part$cols, pass$missing, at)
  if (!is.null(less)) products <- Map(`-`, products, embedded(less, length(part$cols), pass$missing, blocks$table))
  pass$parts[names(products)] <- products
  new_moments(plain, blocks, pass, asked$seed)
}

# gg, gm, mm of some variants (places among p) and environments; `missing`: which of these variants have missing
# calls.
total_part <- function(total, p, cols, missing, environments) {
  o <- match(cols[missing], total$missing)
  list(
    gg = total$parts$gg[triangle_rows(cols), environments, drop = FALSE],
    gm = total$parts$gm[as.vector(outer(cols, (o - 1) * p, "+")), environments, drop = FALSE],
    mm = total$parts$mm[as.integer(triangle_rows(o)), environments, drop = FALSE]
  )
}

# Products over few people in the layout of those of a job: other missing calls, and blocks where none of them is.
embedded <- function(less, p, missing, table) {
  from <- match(as.character(table$environment), less$environments)
  here <- which(!is.na(from))
  both <- which(missing %in% less$missing)
  own <- match(missing[both], less$missing)
  put <- function(rows, x, at, own_rows) {
    out <- matrix(if (is.integer(x)) 0L else 0, rows, nrow(table))
    out[at, here] <- x[own_rows, from[here]]
    out
  }
  columns <- function(k) as.vector(outer(seq_len(p), (k - 1) * p, "+"))
  pm <- length(missing)
  gg <- seq_len(p * (p + 1) / 2)
  list(
    gg = put(length(gg), less$parts$gg, gg, gg), gm = put(p * pm, less$parts$gm, columns(both), columns(own)),
    mm = put(pm * (pm + 1) / 2, less$parts$mm, as.integer(triangle_rows(both)), as.integer(triangle_rows(own)))
  )
}
