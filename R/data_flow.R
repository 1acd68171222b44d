# The account of every participant and variant read, removed, kept or changed.

#' What happened to the participants and variants
#'
#' The account of a data set from what was read to what is analysed: one rule
#' after the other, how many participants and variants it removed, in which
#' environment, and how many were left. Items 4b and 10a of the STROBE-MR
#' statement ask for it.
#'
#' @param x An object that carries the account, such as one made by [mr_data()].
#' @param ... Nothing: an argument without a use is an error.
#' @return A data frame, one row per rule and environment, in the order in which
#'   the rules were applied: `step` (whole number), `unit` (`"participants"`,
#'   `"variants"`, `"background variants"`, `"covariates"`, `"values"`), `reason`,
#'   `action` (`"read"`, `"removed"`, `"noted"`: counted and kept, `"changed"`,
#'   `"analysed"`), `environment` (`"(all)"` is the total, `"(unknown)"` those
#'   whose environment is not known), `count` (how many the rule concerns) and
#'   `remaining` (how many are left after it; `NA` for rows that are not part of
#'   the way from read to analysed). Rules that removed nobody are listed too. It prints folded ([print.mr_table()]).
#' @references Skrivankova et al. (2021), Strengthening the reporting of
#'   observational studies in epidemiology using Mendelian randomisation
#'   (STROBE-MR), BMJ 375:n2233.
#' @examples
#' g <- matrix(rbinom(200 * 3, 2, .3), 200, 3)
#' x <- c(NA, rnorm(199))
#' data <- mr_data(g, x, rnorm(200), rep(c("a", "b"), 100), kind = "genotype")
#' flow(data)
#' @export
flow <- function(x, ...) {
  check_given("x")
  UseMethod("flow")
}

#' @rdname flow
#' @export
flow.default <- function(x, ...) {
  if (any(class(x) %in% names(object_rules()))) check_made(x)
  if (is.list(x) && is.data.frame(x$flow)) return(folded_flow(x$flow))
  abort_argument("x", "an object that carries a flow table, such as one made by mr_data()", describe(x))
}

# Prints as the way of every unit, rules that concerned nobody only counted.
folded_flow <- function(flow) {
  units <- unique(flow$unit)
  lines <- lapply(units, function(unit) c(sub("^(.)", "\\U\\1", unit, perl = TRUE), format_flow(flow, unit)))
  folded_table(flow, lines = unlist(lines))
}

flow_all <- "(all)"
flow_unknown <- "(unknown)"

new_flow <- function() {
  data.frame(
    step = integer(), unit = character(), reason = character(), action = character(),
    environment = character(), count = integer(), remaining = integer()
  )
}

# `concerned`, `left`: environments (factor or character, NA unknown) of those
# concerned and of those left; or counts named by environment, or one total.
flow_add <- function(log, unit, reason, action, concerned, left = NULL) {
  count <- flow_counts(concerned)
  remaining <- if (is.null(left)) NULL else flow_counts(left)
  where <- unique(c(flow_all, names(count), names(remaining)))
  where <- c(setdiff(where, flow_unknown), intersect(flow_unknown, where))
  pick <- function(x) {
    out <- unname(x[where])
    out[is.na(out)] <- 0L
    as.integer(out)
  }
  k <- length(where)
  rows <- list(
    step = rep(if (nrow(log)) max(log$step) + 1L else 1L, k), unit = rep(unit, k), reason = rep(reason, k),
    action = rep(action, k), environment = where, count = pick(count),
    remaining = if (is.null(left)) rep(NA_integer_, k) else pick(remaining)
  )
  # rbind() of data frames takes a quarter of a small data set's time.
  list2DF(Map(function(before, new) c(before, unname(new)), unclass(log), rows))
}

# Removed, by reason, of `total`: counts named by reason.
flow_add_each <- function(log, unit, counts, total) {
  for (reason in names(counts)) {
    total <- total - counts[[reason]]
    log <- flow_add(log, unit, reason, "removed", counts[[reason]], total)
  }
  log
}

flow_counts <- function(x) {
  if (is.numeric(x)) {
    if (is.null(names(x))) names(x) <- flow_all
    return(x)
  }
  counts <- if (is.factor(x) && !anyNA(x)) {
    stats::setNames(tabulate(x, nlevels(x)), levels(x))
  } else {
    tab <- table(x, useNA = "ifany")
    stats::setNames(as.integer(tab), names(tab))
  }
  names(counts)[is.na(names(counts))] <- flow_unknown
  c(stats::setNames(length(x), flow_all), counts)
}

# Lines of text for prints: the way of one unit, with a column for each
# environment while these are few; rules that concerned nobody are only counted.
format_flow <- function(flow, unit = "participants", max_environments = 6) {
  flow <- flow[flow$unit == unit, , drop = FALSE]
  rows <- flow[flow$environment == flow_all, , drop = FALSE]
  if (!nrow(rows)) return(character())
  idle <- rows$count == 0L & rows$action %in% c("removed", "noted", "changed")
  shown <- rows[!idle, , drop = FALSE]
  site <- if (is.null(shown$site)) "" else paste0("site ", shown$site, ": ")
  columns <- list(c("", paste0(site, shown$reason, ifelse(shown$action == "noted", " (kept)", ""))))
  columns$count <- c(
    "count", ifelse(shown$action == "removed", paste0("-", big_each(shown$count)), big_each(shown$count))
  )
  columns$left <- c("left", ifelse(is.na(shown$remaining), "", big_each(shown$remaining)))
  where <- setdiff(unique(flow$environment), c(flow_all, setdiff(flow$environment, flow$environment[flow$count > 0])))
  if (length(where) <= max_environments) {
    for (name in where) {
      here <- flow[flow$environment == name, , drop = FALSE]
      n <- here$count[match(paste(shown$site, shown$step), paste(here$site, here$step))]
      columns[[name]] <- c(
        name, ifelse(is.na(n) | n == 0, "", ifelse(shown$action == "removed", paste0("-", big_each(n)), big_each(n)))
      )
    }
  }
  lines <- paste_columns(columns)
  narrow <- length(columns) > 3 && max(nchar(lines, "width")) > page_width()
  if (narrow) lines <- c(paste_columns(columns[1:3]), "  (by environment: flow())")
  c(lines, if (any(idle)) sprintf("  (%d more %s concerned none)", sum(idle), if (sum(idle) == 1) "rule" else "rules"))
}
