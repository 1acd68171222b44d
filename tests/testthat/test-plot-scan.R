# A scan made by hand: what is drawn can be said beforehand.
hand_scan <- function() {
  p <- c(1e-12, .001, .03, .5, NA, 0)
  structure(
    data.frame(
      exposure = rep(c("ldl", "bmi"), each = 3), outcome = rep(c("chd", "stroke", "gout"), 2), b = c(.5, -.2, .1, 0, NA, 2),
      se = c(.1, .06, .05, .1, NA, .01), pval = p, p_holm = stats::p.adjust(p, "holm"), p_bh = stats::p.adjust(p, "BH"),
      objections = c("J", "", "", "", NA, ""), withheld = c(NA, NA, NA, "weak", NA, NA)
    ),
    class = c("latent_scan", "data.frame")
  )
}

drawn <- function(plot) {
  expect_s3_class(plot, "ggplot")
  file <- withr::local_tempfile(fileext = ".png")
  ggplot2::ggsave(file, plot, width = attr(plot, "size")[["width"]], height = attr(plot, "size")[["height"]], dpi = 40)
  expect_gt(file.size(file), 1000)
  plot$data
}

test_that("the volcano has every pair with an estimate, in its role", {
  data <- drawn(plot(hand_scan()))
  expect_identical(data$role, c("holm", "holm", "bh", "none", "holm"))
  expect_equal(data$minus[1:4], c(12, 3, -log10(.03), -log10(.5)))
  expect_true(is.finite(data$minus[5]))
  lines <- ggplot2::layer_data(plot(hand_scan()), 2)$yintercept
  expect_equal(sort(lines), sort(c(3, -log10(.03))))
  expect_identical(nrow(ggplot2::layer_data(plot(hand_scan(), labels = 2), 4)), 2L)
})

test_that("the QQ picture has the expected p-values and the band of order statistics", {
  data <- drawn(plot(hand_scan(), "qq"))
  expect_equal(data$expected, -log10((1:5) / 6))
  # The smallest of five uniform numbers is below u with probability 1 - (1 - u)^5.
  expect_equal(10^-data$high[1], 1 - .975^(1 / 5))
  expect_equal(10^-data$low[1], 1 - .025^(1 / 5))
  # The median p-value here is .001: its chi-squared is 10.83, that expected .4549.
  expect_match(plot(hand_scan(), "qq")$labels$caption, "expectation: 23.80")
})

test_that("the heat map has signed z-values, stars and crosses", {
  data <- drawn(plot(hand_scan(), "heat"))
  expect_equal(data$fill, c(5, -.2 / .06, 2, 0, 10))
  expect_identical(data$mark, c("*x", "*", "", "x", "*"))
  expect_identical(levels(data$y), c("bmi", "ldl"))
  expect_identical(levels(data$x), c("chd", "stroke", "gout"))
})

test_that("what cannot be drawn is said", {
  expect_error(plot(hand_scan(), "pie"), "`type` must be one of", class = "latentmr_error_argument")
  expect_error(plot(hand_scan()[5, ]), "no pair could be estimated", class = "latentmr_error_argument")
  expect_error(plot(hand_scan(), colour = 1), "Unknown argument", class = "latentmr_error_argument")
  expect_error(plot(hand_scan(), labels = -1), "`labels`", class = "latentmr_error_argument")
  none <- hand_scan()
  none$se <- NULL
  expect_error(plot(none), "one without \"se\"", class = "latentmr_error_argument")
})
