# Participants in the report: their flow, and Table 1.

report_flow <- function(fit, units = "participants") {
  flow <- fit$flow
  if (is.null(flow)) return(html_p("The data came without an account of participants and variants."))
  parts <- lapply(
    intersect(units, flow$unit), function(unit) flow_table(flow, unit, paste("Flow of", unit))
  )
  paste(unlist(parts), collapse = "\n")
}

flow_table <- function(flow, unit, caption, max_environments = 8) {
  flow <- flow[flow$unit == unit, , drop = FALSE]
  rows <- flow[flow$environment == flow_all, , drop = FALSE]
  idle <- rows$count == 0L & rows$action %in% c("removed", "noted", "changed")
  shown <- rows[!idle, , drop = FALSE]
  if (!nrow(shown)) return(NULL)
  signed <- function(n, action) {
    ifelse(is.na(n) | n == 0, "0", paste0(ifelse(action == "removed", "-", ""), big_each(n)))
  }
  site <- if (is.null(shown$site)) "" else paste0("Site ", shown$site, ": ")
  frame <- data.frame(
    Step = paste0(site, shown$reason, ifelse(shown$action == "noted", " (kept)", "")),
    Count = signed(shown$count, shown$action), Left = ifelse(is.na(shown$remaining), "", big_each(shown$remaining))
  )
  where <- setdiff(unique(flow$environment[flow$count > 0]), flow_all)
  if (length(where) <= max_environments) {
    for (e in where) {
      here <- flow[flow$environment == e, , drop = FALSE]
      n <- here$count[match(paste(shown$site, shown$step), paste(here$site, here$step))]
      frame[[paste0(" ", e)]] <- ifelse(is.na(n), "", signed(n, shown$action))
    }
  }
  paste0(
    html_table(frame, caption, names(frame)[-1]),
    if (any(idle)) {
      html_p(
        sprintf("Rules that concerned none: %s.", html_text(paste(unique(rows$reason[idle]), collapse = "; "))), "note"
      )
    }
  )
}

report_description <- function(fit, data) {
  if (!is.null(fit$tables)) return(report_samples(fit$tables))
  if (is.null(data)) {
    return(
      html_p(
        "Table 1, of exposure, outcome and covariates by environment: given to <code>report(data = )</code>, the data are described here.",
        "note"
      )
    )
  }
  cells <- table_one_text(table_one(data), data)
  # Of many environments and few traits the environments are the rows.
  turned <- ncol(cells) > 8 && nrow(cells) <= 9
  if (turned) cells <- t(cells)
  frame <- data.frame(rownames(cells), cells, check.names = FALSE)
  names(frame) <- c(if (turned) "Environment" else "Trait", colnames(cells))
  paste0(
    html_table(frame, "Table 1. Exposure, outcome and covariates by environment", names(frame)[-1], "one"),
    html_p(
      "Mean (SD), or number (share) of traits with two values and of groups. Standardised difference: the largest between two environments, the difference of their means over the root of the mean of their variances.",
      "note"
    )
  )
}

# A list for each trait, coded covariate and group: name, `count` (a trait of two values, of which the larger is
# counted), n, mean and SD over everybody and in each environment, and the largest standardised difference.
table_one <- function(data) {
  traits <- c(exposure_columns(data$exposure), list(data$outcome))
  names(traits) <- c(data$exposure_name, data$outcome_name)
  traits <- c(traits, as.list(covariate_traits(data)))
  lapply(seq_along(traits), function(i) {
    v <- traits[[i]]
    two <- sort(unique(v))
    count <- length(two) == 2 || all(v %in% 0:1)
    name <- names(traits)[i]
    if (count && !all(two %in% 0:1)) {
      name <- sprintf("%s = %s", name, format(two[2]))
      v <- as.double(v == two[2])
    }
    groups <- c(list(v), split(v, data$environment))
    mean <- vapply(groups, mean, 0, USE.NAMES = FALSE)
    list(
      name = name, count = count, n = lengths(groups, use.names = FALSE), mean = mean,
      sd = vapply(groups, stats::sd, 0, USE.NAMES = FALSE),
      difference = largest_difference(mean[-1], vapply(groups[-1], spread_of, 0, count))
    )
  })
}

# The variance in a standardised difference: that of the values, of shares p (1 - p).
spread_of <- function(v, count) if (count) mean(v) * (1 - mean(v)) else stats::var(v)

largest_difference <- function(mean, variance) {
  apart <- abs(outer(mean, mean, "-"))
  scale <- sqrt(outer(variance, variance, "+") / 2)
  out <- ifelse(apart == 0, 0, apart / scale)
  out <- out[upper.tri(out) & is.finite(scale)]
  if (length(out)) max(out) else NA_real_
}

# The coded columns by name; of groups of three or more also the first level, which has no column.
covariate_traits <- function(data) {
  x <- as.data.frame(data$covariates, optional = TRUE)
  coding <- data$covariate_coding
  coding <- coding[coding$column %in% names(x), ]
  if (!isTRUE(nrow(coding) == ncol(x))) return(x)
  parts <- lapply(split(coding, factor(coding$variable, unique(coding$variable))), function(one) {
    own <- x[one$column]
    if (anyNA(one$level)) return(own)
    names(own) <- paste0(one$variable, ": ", one$level)
    if (nrow(one) == 1) return(own)
    first <- data.frame(1 - rowSums(own))
    names(first) <- paste0(one$variable[1], ": ", one$reference[1])
    cbind(first, own)
  })
  if (length(parts)) do.call(cbind, unname(parts)) else x
}

# Traits x (everybody, environments, difference) as text.
table_one_text <- function(table, data) {
  units <- data$units
  rows <- lapply(seq_along(table), function(i) {
    t <- table[[i]]
    value <- if (t$count) {
      sprintf("%s (%s)", big_each(round(t$mean * t$n)), percent(t$mean))
    } else {
      sd <- t$sd
      sd[!is.finite(sd)] <- NA
      sprintf("%s (%s)", format_estimates(t$mean, sd / 10), format_estimates(sd, sd / 10))
    }
    c(value, if (is.na(t$difference)) "" else sprintf("%.2f", t$difference))
  })
  name <- vapply(table, `[[`, "", "name")
  known <- seq_along(units)
  name[known] <- ifelse(is.na(units), name[known], sprintf("%s (%s)", name[known], units))
  called <- mr_counts(data)$called
  n <- table[[1]]$n
  missing <- 1 - c(sum(as.numeric(called)), colSums(called)) / (as.numeric(n) * nrow(called))
  cells <- do.call(rbind, c(list(c(big_each(n), "")), rows, list(c(percent(missing), ""))))
  rownames(cells) <- c("People", name, "Genotype calls missing")
  colnames(cells) <- c("All", levels(data$environment), "Standardised difference")
  cells
}
