# Known answers of the simulators behind bench/bench-policy.R, which are not in the built package.
path <- test_path("../../bench/policy.R")
skip_if_not(file.exists(path))
bench <- new.env()
sys.source(path, bench)
greedy <- c(.922745, .820856, .710920, .590485, .456785, .307949) # by dynamic programming, noise 0 to .5
exploring <- c(.820856, .722339, .615549, .498430, .369344, .227819)

test_that("Catch is worth what dynamic programming says, and its simulator agrees", {
  expect_equal(vapply(0:5 / 10, bench$catch_value, 0), greedy, tolerance = 1e-6)
  expect_equal(vapply(0:5 / 10, bench$catch_value, 0, epsilon = .1), exploring, tolerance = 1e-5)
  expect_equal(bench$catch_value(0), .99^8)
  set.seed(1)
  for (noise in c(0, .3)) {
    v <- bench$true_value(bench$tasks$catch, noise, episodes = 4000)
    expect_lt(abs(v[["value"]] - bench$catch_value(noise)), 4 * v[["se"]] + 1e-9)
  }
})

test_that("CartPole without noise never ends; Mountain car takes as long as published", {
  set.seed(2)
  pole <- bench$simulate_policy(bench$tasks$cartpole, 5, 0, 0, log = FALSE)
  expect_equal(pole, rep((1 - .99^500) / .01, 5))
  car <- bench$true_value(bench$tasks$car, .3, episodes = 300)
  expect_lt(abs(car[["value"]] + 80.810), 4 * car[["se"]])
})

chain <- list(
  actions = 1, greedy = function(s) numeric(nrow(s)),
  features = function(s, a) outer(drop(s), 1:3, "==") + 0
)
chain_log <- function(n) {
  set.seed(3)
  move <- rbind(c(.1, .6, .3), c(.5, .2, .3), c(.2, .2, .6))
  s <- sample(3, n, TRUE)
  s1 <- vapply(s, function(i) sample(3, 1, prob = move[i, ]), 0L)
  list(
    s = matrix(s), a = numeric(n), r = s1^2 + rnorm(n), s1 = matrix(s1), end = s == 3 & s1 == 3, first = matrix(1:3),
    w = rep(1, n)
  )
}

test_that("on a chain of three states 2SLS solves the Bellman equations", {
  d <- chain_log(2000)
  moves <- table(d$s, d$s1) / as.vector(table(d$s))
  moves[3, 3] <- 0 # ends there
  q <- solve(diag(3) - .99 * moves, tapply(d$r, drop(d$s), mean))
  expect_equal(bench$evaluate_closed(chain, d, chain$features, ridge = 0)[["closed"]], mean(q), tolerance = 1e-10)
  # F2BMLD with exact inner nets on the basis of the features: min |Q'(A b - r)|, which is 0 there
  psi <- chain$features(d$s)
  basis <- qr.Q(qr(psi))
  after <- psi - .99 * (1 - d$end) * chain$features(d$s1)
  b <- qr.solve(crossprod(basis, after), crossprod(basis, d$r))
  expect_equal(mean(b), mean(q), tolerance = 1e-8)
})

test_that("without instruments CartPole stays confounded, with them it does not", {
  set.seed(4)
  task <- bench$tasks$cartpole
  d <- bench$thin_log(bench$simulate_policy(task, 60, .2, .1), 12000)
  expect_equal(length(d$r), 12000)
  v <- bench$evaluate_closed(task, d, bench$policy_features(task, d$s))
  expect_gt(abs(v[["regression"]] - 99.04), 20)
  expect_lt(abs(v[["closed"]] - 99.04), 8)
})

test_that("the loop with its second row finds the value of the chain", {
  d <- chain_log(2000)
  d$end <- d$end | runif(2000) < .3 # short horizons: few steps are enough
  task <- chain
  task$actions <- 2
  task$greedy <- function(s) numeric(nrow(s))
  exact <- bench$evaluate_closed(chain, d, chain$features, ridge = 0)[["closed"]]
  loop <- bench$evaluate_loop(task, d, 1L, steps = 4000)
  expect_lt(abs(loop - exact), .1 * exact)
})
