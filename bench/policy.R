# Offline policy evaluation: three simulators with public equations, logs of a behaviour policy, and the estimators of
# the value of a target policy. Logged (s, a, r, s', end): r = q(s, a) - gamma (1 - end) q(s', pi(s')) + u, E[u | s, a] = 0,
# which is a curve of the exposures (s, a, s', a') with the instruments (s, a). Sources: Chen and others (2022), JMLR;
# Chen, Nitanda, Gretton and Suzuki (2025), arXiv:2511.14710.
gamma <- .99

# Each: start(m) m states (rows), step(s, a) list(s, r, end), greedy(s) actions 0, 1, .., actions, cut (steps after which
# an episode is cut, which is no end).
tasks <- list(
  cartpole = list(
    actions = 2, cut = 500, start = function(m) matrix(runif(4 * m, -.05, .05), m),
    greedy = function(s) as.numeric(.03 * s[, 1] + .1 * s[, 2] + s[, 3] + .35 * s[, 4] > 0),
    step = function(s, a) {
      sin <- sin(s[, 3])
      cos <- cos(s[, 3])
      t <- (20 * a - 10 + .05 * s[, 4]^2 * sin) / 1.1
      turn <- (9.8 * sin - cos * t) / (.5 * (4 / 3 - .1 * cos^2 / 1.1))
      s <- s + .02 * cbind(s[, 2], t - .05 * turn * cos / 1.1, s[, 4], turn)
      list(s = s, r = rep(1, nrow(s)), end = abs(s[, 1]) > 2.4 | abs(s[, 3]) > 12 * pi / 180)
    }
  ),
  car = list(
    actions = 3, cut = 1000, start = function(m) cbind(runif(m, -.6, -.4), 0),
    greedy = function(s) ifelse(s[, 2] >= 0, 2, 0),
    step = function(s, a) {
      v <- pmin(pmax(s[, 2] + .001 * (a - 1) - .0025 * cos(3 * s[, 1]), -.07), .07)
      p <- pmin(pmax(s[, 1] + v, -1.2), .6)
      v[p <= -1.2 & v < 0] <- 0
      list(s = cbind(p, v), r = rep(-1, nrow(s)), end = p >= .5)
    }
  ),
  # ball column, ball row, paddle column
  catch = list(
    actions = 3, cut = 9, start = function(m) cbind(sample(0:4, m, TRUE), 0, 2), greedy = function(s) 1 + sign(s[, 1] - s[, 3]),
    step = function(s, a) {
      s[, 2] <- s[, 2] + 1
      s[, 3] <- pmin(pmax(s[, 3] + a - 1, 0), 4)
      end <- s[, 2] == 9
      list(s = s, r = ifelse(end, ifelse(s[, 1] == s[, 3], 1, -1), 0), end = end)
    }
  )
)

uniform_at <- function(task, a, probability) {
  change <- runif(length(a)) < probability
  a[change] <- sample(0:(task$actions - 1), sum(change), TRUE)
  a
}

# Episodes side by side. The logged action is the chosen one; the one that is taken is replaced by a uniform one with
# probability `noise`, and the policy explores with probability `epsilon`.
simulate_policy <- function(task, episodes, noise, epsilon, log = TRUE) {
  s <- task$start(episodes)
  first <- s
  value <- numeric(episodes)
  alive <- seq_len(episodes)
  rows <- list()
  for (t in seq_len(task$cut)) {
    a <- uniform_at(task, task$greedy(s), epsilon)
    after <- task$step(s, uniform_at(task, a, noise))
    value[alive] <- value[alive] + gamma^(t - 1) * after$r
    if (log) rows[[t]] <- list(s = s, a = a, r = after$r, s1 = after$s, end = after$end)
    s <- after$s[!after$end, , drop = FALSE]
    alive <- alive[!after$end]
    if (!length(alive)) break
  }
  if (!log) return(value)
  bind <- function(name) do.call(if (is.matrix(rows[[1]][[name]])) rbind else c, lapply(rows, `[[`, name))
  c(setNames(lapply(names(rows[[1]]), bind), names(rows[[1]])), list(first = first))
}

true_value <- function(task, noise, epsilon = 0, episodes = 2000) {
  v <- simulate_policy(task, episodes, noise, epsilon, log = FALSE)
  c(value = mean(v), se = sd(v) / sqrt(episodes))
}

# Exactly: where the paddle is after nine steps.
catch_value <- function(noise, epsilon = 0) {
  mix <- 1 - (1 - noise) * (1 - epsilon)
  each <- vapply(0:4, function(ball) {
    p <- c(0, 0, 1, 0, 0)
    for (t in 1:9) {
      to <- numeric(5)
      for (at in 0:4) for (move in -1:1) {
        share <- mix / 3 + (1 - mix) * (move == sign(ball - at))
        end <- min(max(at + move, 0), 4)
        to[end + 1] <- to[end + 1] + p[at + 1] * share
      }
      p <- to
    }
    2 * p[ball + 1] - 1
  }, 0)
  gamma^8 * mean(each)
}

# At most `most` rows, all ends among them, with weights that make up for it.
thin_log <- function(d, most = 60000) {
  n <- length(d$r)
  d$w <- rep(1, n)
  if (n <= most) return(d)
  other <- which(!d$end)
  keep <- sort(c(which(d$end), sample(other, most - sum(d$end))))
  d$w[other] <- length(other) / (most - sum(d$end))
  for (name in c("a", "r", "end", "w")) d[[name]] <- d[[name]][keep]
  for (name in c("s", "s1")) d[[name]] <- d[[name]][keep, , drop = FALSE]
  d
}

# For each action [1, s, s s', tanh units]; `units` 0 and square FALSE: the line.
policy_features <- function(task, s, units = 60, square = TRUE) {
  centre <- colMeans(s)
  scale <- pmax(apply(s, 2, sd), 1e-12)
  d <- ncol(s)
  direction <- matrix(rnorm(d * units), d)
  direction <- direction / rep(sqrt(colSums(direction^2)), each = d) * rep(exp(runif(units, log(.3), log(2))), each = d)
  knots <- sample(nrow(s), units, TRUE)
  standard <- function(s) (s - rep(centre, each = nrow(s))) / rep(scale, each = nrow(s))
  shift <- colSums(t(standard(s[knots, , drop = FALSE])) * direction)
  pairs <- which(upper.tri(diag(d), diag = TRUE), arr.ind = TRUE)
  function(s, a) {
    u <- standard(s)
    f <- cbind(
      1, u, if (square) u[, pairs[, 1]] * u[, pairs[, 2]],
      if (units) tanh(u %*% direction - rep(shift, each = nrow(u)))
    )
    do.call(cbind, lapply(seq_len(task$actions) - 1, function(k) f * (a == k)))
  }
}

# Two-stage least squares with the features as their own instruments (LSTD), its robust error; and least squares
# without instruments (the deterministic Bellman residual), which is confounded.
evaluate_closed <- function(task, d, features, ridge = 1e-7) {
  psi <- features(d$s, d$a)
  after <- psi - gamma * (1 - d$end) * features(d$s1, task$greedy(d$s1))
  n <- sum(d$w)
  q0 <- colMeans(features(d$first, task$greedy(d$first)))
  m <- crossprod(psi, d$w * after) / n + ridge * diag(ncol(psi))
  b <- solve(m, crossprod(psi, d$w * d$r) / n, tol = 1e-30)
  weight <- solve(t(m), q0, tol = 1e-30)
  u <- drop(d$r - after %*% b)
  ols <- solve(crossprod(after, d$w * after) / n + ridge * diag(ncol(psi)), crossprod(after, d$w * d$r) / n, tol = 1e-30)
  c(
    closed = sum(q0 * b), se = sqrt(sum((d$w * u * drop(psi %*% weight))^2)) / n, regression = sum(q0 * ols)
  )
}

# The three-net loop with its second row: tanh units, linear output, standardised states.
evaluate_loop <- function(task, d, seed, steps = 20000, batch = 32, lambda = .3) {
  centre <- colMeans(d$s)
  scale <- pmax(apply(d$s, 2, sd), 1e-12)
  input <- function(s, a) {
    cbind((s - rep(centre, each = nrow(s))) / rep(scale, each = nrow(s)), outer(a, seq_len(task$actions - 1), "==") * 2 - 1)
  }
  x <- input(d$s, d$a)
  everyone <- seq_along(d$r) - 1L
  options <- list(
    width = 50, batch = batch, steps = steps, inner = 10, rate = 1e-3, beta1 = .5, beta2 = .9, lambda = lambda, r1 = 1e-5,
    r2 = 1e-5, langevin = 0, mean_field = 0
  )
  fit <- .Call(
    LatentMR:::C_ffi_adam_fit, d$r, x, x, everyone, everyone, input(d$s1, task$greedy(d$s1)), gamma * (1 - d$end),
    lapply(options, as.double), seed, NULL, LatentMR:::cpu_level()
  )
  at <- input(d$first, task$greedy(d$first))
  mean(.Call(LatentMR:::C_ffi_adam_at, fit$theta, at + 0, 50L, 0L, 0L))
}
