# Sums within families: cross products of all columns (variants, then numeric ones) less the mean of the
# siblings of one environment, a column for each block. They add up over blocks and sites; what is partialled
# out and estimated from them is as from other moments (R/latent_family_moments.R).

family_sums <- function(data, blocks) {
  if (is.null(data$family)) return(NULL)
  sib <- sibships(data)
  block <- block_of(blocks)
  numeric <- do.call(cbind, numeric_columns(data))
  parts <- lapply(seq_along(blocks$table$n), function(b) {
    who <- which(!is.na(sib) & block == b)
    family <- match(sib[who], unique(sib[who]))
    columns <- cbind(
      autosomes(decode(data$genotypes, NULL, who), data$variants$chr), numeric[who, , drop = FALSE]
    )
    left <- .Call(C_ffi_family_center, unname(columns), family, max(family, 0L))
    cross <- crossprod(left)
    list(people = length(who), families = max(family, 0L), cross = cross[upper.tri(cross, TRUE)])
  })
  list(
    people = vapply(parts, `[[`, 0L, "people"), families = vapply(parts, `[[`, 0L, "families"),
    cross = matrix(unlist(lapply(parts, `[[`, "cross")), ncol = length(parts))
  )
}

# The sibship of everybody in their environment: a number, NA for who has no sibling there or both parents genotyped.
sibships <- function(data) {
  group <- interaction(data$family, data$environment, drop = TRUE)
  out <- as.integer(group)
  out[!in_sibship(group, !has_parents(data))] <- NA
  out
}

# Of some variants and some blocks.
keep_family <- function(family, p, q, variants = seq_len(p), blocks = TRUE) {
  family$cross <- family$cross[triangle_rows(c(variants, p + seq_len(q))), blocks, drop = FALSE]
  family$people <- family$people[blocks]
  family$families <- family$families[blocks]
  family
}

merge_family <- function(family, target) {
  add <- function(x) as.integer(rowsum(x, target)[, 1])
  list(people = add(family$people), families = add(family$families), cross = add_columns(family$cross, target))
}

# The whole matrix over these blocks.
family_cross <- function(m, blocks) {
  w <- nrow(m$variants) + nrow(m$sx)
  out <- matrix(0, w, w)
  out[upper.tri(out, TRUE)] <- rowSums(m$family$cross[, blocks, drop = FALSE])
  out[lower.tri(out)] <- t(out)[lower.tri(out)]
  out
}

# A site without them leaves all without.
say_family_lost <- function(sites) {
  lost <- vapply(sites, function(m) is.null(m$family), NA)
  reason <- lapply(sites, `[[`, "withheld_families")
  if (!any(lost) || all(lost) && !length(unlist(reason))) return(invisible())
  first <- c(which(lengths(reason) > 0), which(lost))[1]
  why <- if (length(reason[[first]])) sprintf(" (%s)", reason[[first]]) else ""
  inform(
    sprintf("Sums within families are left out, as site %d has none%s.", first, why), "latentmr_message_families",
    site = first
  )
}

joined_reasons <- function(sites) {
  why <- unique(unlist(lapply(sites, `[[`, "withheld_families")))
  if (length(why)) paste(why, collapse = "; ")
}

# Of several sites, in the order and coding of the first; NULL where one has none. `recodings` and `blocks` of
# R/moments_combine.R.
combined_family <- function(sites, recodings, blocks) {
  if (any(vapply(sites, function(m) is.null(m$family), NA))) return(NULL)
  q <- nrow(sites[[1]]$sx)
  p <- length(recodings[[1]]$from)
  w <- p + q
  out <- list(people = integer(blocks), families = integer(blocks), cross = matrix(0, w * (w + 1) / 2, blocks))
  for (k in seq_along(sites)) {
    m <- sites[[k]]
    at <- c(recodings[[k]]$from, nrow(m$variants) + seq_len(q))
    sign <- c(recodings[[k]]$c, rep(1, q))
    for (b in seq_along(recodings[[k]]$target)) {
      to <- recodings[[k]]$target[b]
      cross <- family_cross(m, b)[at, at] * outer(sign, sign)
      out$cross[, to] <- out$cross[, to] + cross[upper.tri(cross, TRUE)]
      out$people[to] <- out$people[to] + m$family$people[b]
      out$families[to] <- out$families[to] + m$family$families[b]
    }
  }
  out
}
