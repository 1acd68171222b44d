# Values that few people have between those of all others. When a column is of whole
# numbers but for one person, the sum of its products with a variant is a whole
# number plus that person's fraction times the person's genotype: what the sum leaves
# over, modulo one, is the genotype. The same holds for any step (tenths, twelfths, 2.54), for
# sums and differences of two columns, and for dosages among calls. No leverage
# shows it, since the fraction may be as small as one likes.

# Who is off the grids of the columns of x, within each environment: a logical matrix
# with a column for each grid that most of an environment, but not all of it, lie on. `pairs`:
# the first columns of x, of whose sums and differences grids are looked for that are coarser
# than their own.
off_grids <- function(x, environment, pairs = 0) {
  found <- list()
  here <- split(seq_len(nrow(x)), environment)
  own <- matrix(0, ncol(x), length(here))
  look <- function(column, name, e, above = 0) {
    grids <- grids_of(column[here[[e]]], above)
    for (grid in grids$off) {
      label <- sprintf("%s between steps of %s that the others keep to", name, format(grid$step, digits = 6))
      found[[length(found) + 1]] <<- replace(logical(nrow(x)), here[[e]], grid$off)
      names(found)[length(found)] <<- label
    }
    grids$step
  }
  names <- paste0("`", colnames(x), "`")
  for (e in seq_along(here)) {
    for (j in seq_len(ncol(x))) own[j, e] <- look(x[, j], names[j], e)
    for (j in seq_len(pairs)) {
      for (i in seq_len(j - 1)) {
        above <- 1.01 * max(own[i, e], own[j, e])
        look(x[, i] - x[, j], sprintf("%s - %s", names[i], names[j]), e, above)
        look(x[, i] + x[, j], sprintf("%s + %s", names[i], names[j]), e, above)
      }
    }
  }
  matrix(as.logical(unlist(found)), nrow(x), length(found), dimnames = list(NULL, names(found)))
}

# The grids with steps larger than `above` that at least half of the values lie on, but not all
# of them: step, and who is off. A step counts when so many on it are no chance, given the
# finest step that all are on; those with the most common value say nothing. `step`: the largest
# that most lie on.
grids_of <- function(x, above = 0) {
  # The differences carry the rounding of the values, which may be much larger.
  noise <- 16 * .Machine$double.eps * max(abs(x))
  x <- x - x[which.max(tabulate(match(x, unique(x))))]
  if (max(abs(x)) <= noise) return(list(step = 0))
  few <- if (length(x) > 200) x[round(seq(1, length(x), length.out = 200))] else x
  steps <- candidate_steps(few, noise)
  steps <- Filter(function(step) mean(on_grid(few, step, noise)) >= .4, steps[steps > above])
  on <- lapply(steps, on_grid, x = x, noise = noise)
  share <- vapply(on, mean, 0)
  whole <- max(c(0, above, steps[share == 1]))
  moves <- sum(x != 0)
  off <- list()
  for (i in which(share >= .5 & share < 1)) {
    chance <- stats::pbinom(sum(!on[[i]]), moves, 1 - min(.5, whole / steps[i]))
    if (chance < 1e-9) off <- c(off, list(list(step = steps[i], off = !on[[i]])))
  }
  list(step = max(c(0, steps[share >= .9])), off = off)
}

# Whether the rest modulo the step is that of most.
on_grid <- function(x, step, noise) {
  rest <- x - step * round(x / step)
  rest <- ifelse(rest > step / 2 - noise, rest - step, rest) # one end of the circle
  bin <- order(rest)
  run <- cumsum(c(TRUE, diff(rest[bin]) > noise))
  on <- run == which.max(tabulate(run))
  on[bin] <- on
  on
}

# Decimal steps, and common measures of differences of the values: for numbers that lie on a grid
# two differences have its step as their common measure in six of ten cases.
candidate_steps <- function(x, noise) {
  values <- sort(unique(x))
  range <- values[length(values)] - values[1]
  if (range <= noise) return(numeric())
  top <- floor(log10(range))
  decimal <- as.vector(outer(c(1, 5), 10^seq(top, top - 9)))
  gaps <- unique(signif(diff(values), 12))
  gaps <- gaps[unique(round(seq(1, length(gaps), length.out = min(40, length(gaps)))))]
  common <- vapply(seq_along(gaps), function(i) {
    common_measure(gaps[i], gaps[(i * 7) %% length(gaps) + 1], max(noise, 1e-9 * range))
  }, 0)
  steps <- unique(signif(c(decimal, gaps, common), 10))
  steps <- steps[steps > 100 * noise & steps <= range]
  unique(vapply(steps, exact_step, 0, x = x))
}

# A step that is known to some digits, to all: from its multiples among the values, the large ones, in which rounding
# weighs least. What is a multiple is seen further out with every digit.
exact_step <- function(step, x) {
  for (pass in 1:3) {
    times <- round(x / step)
    near <- times != 0 & abs(x - times * step) < 1e-6 * step
    far <- near & abs(times) >= max(abs(times[near]), 0) / 2
    if (any(far)) step <- stats::median(x[far] / times[far])
  }
  step
}

# Euclid's, for numbers that are exact to `noise`.
common_measure <- function(a, b, noise) {
  while (b > noise) {
    rest <- a %% b
    a <- b
    b <- if (rest > b - noise) 0 else rest
  }
  a
}

# Dosages: how many of each column are off the calls, or off few decimals that the others have.
few_off <- function(x, least) {
  bad <- logical(ncol(x))
  for (step in c(1, .5, .1, .01, .001)) {
    off <- colSums(abs(x - step * round(x / step)) > 1e-12)
    bad <- bad | few(off, least)
  }
  bad
}
