test_that("flow counts factors, missing environments and bare numbers", {
  f <- flow_add(new_flow(), "participants", "read", "read", c("a", NA, "a"), c("a", NA, "a"))
  f <- flow_add(f, "participants", "gone", "removed", NA_character_, c("a", "a"))
  f <- flow_add(f, "variants", "read", "read", 7, 7)
  expect_identical(f$environment, c("(all)", "a", "(unknown)", "(all)", "a", "(unknown)", "(all)"))
  expect_identical(f$count, c(3L, 2L, 1L, 1L, 0L, 1L, 7L))
  expect_identical(f$remaining, c(3L, 2L, 1L, 2L, 2L, 0L, 7L))
  expect_identical(f$step, c(1L, 1L, 1L, 2L, 2L, 2L, 3L))
})

test_that("flow() wants an object with a flow table", {
  expect_conditions(flow(1))
  f <- flow(known_data())
  expect_identical(flow(list(flow = f)), f)
  expect_identical(names(f), c("step", "unit", "reason", "action", "environment", "count", "remaining"))
})

test_that("the printed flow leaves out what concerned nobody, and environments when there are many", {
  e <- rep(sprintf("site%02d", 1:8), each = 3)
  f <- flow_add(new_flow(), "participants", "read", "read", e, e)
  f <- flow_add(f, "participants", "no reason", "removed", e[0], e)
  f <- flow_add(f, "participants", "lost", "removed", e[1:4], e[-(1:4)])
  expect_snapshot(cat(format_flow(f), sep = "\n"))
  expect_identical(format_flow(f, "variants"), character())
})
