quiet <- function(code) suppressWarnings(suppressMessages(code))
device_fit <- quiet(latent_mr(simulate_mr("snp", cell = 3, n = 300, seed = 2), seed = 1))

text_layers <- function(p) Filter(function(l) inherits(l$geom, "GeomText"), p$layers)
title_letters <- function(p) max(nchar(strsplit(p$labels$title, "\n")[[1]]))

test_that("a picture at its own size is drawn as it is", {
  p <- plot(device_fit)
  expect_identical(fit_picture(p, attr(p, "size")), p)
  expect_identical(fit_picture(p, attr(p, "size") + 3), p)
})

test_that("on a smaller device letters shrink to 7 points at the least and titles fit", {
  p <- plot(device_fit)
  p$labels$title <- strrep("estimates of the effect ", 6)
  middle <- fit_picture(p, attr(p, "size") * .85)
  expect_equal(middle$theme$text$size, 11 * .85)
  expect_type(middle$labels$caption, "character")
  small <- fit_picture(p, c(3.5, 3))
  expect_equal(small$theme$text$size, 7)
  expect_gte(small$theme$axis.text$size, 6)
  expect_null(small$labels$caption)
  # Half a letter's height is more than the width of most letters of Helvetica.
  expect_lte(title_letters(small) * .5 * small$theme$plot.title$size / 72, 3.5)
  expect_identical(gsub("\n", " ", small$labels$title), trimws(p$labels$title))
})

test_that("the column of numbers stands beside the intervals, or goes where there is no room", {
  p <- plot(device_fit)
  limits <- attr(p, "column")$limits
  before <- text_layers(p)[[1]]$aes_params
  fitted <- fit_picture(p, c(7, 5))
  at <- text_layers(fitted)[[1]]$aes_params
  expect_gt(at$x, limits[2])
  expect_equal(fitted$coordinates$limits$x[2], at$x)
  # What the letters need of the axis: the inches of 22 letters beside the labels, at the width of Helvetica.
  axis <- fitted$coordinates$limits$x
  labels <- max(nchar(p$scales$get_scales("y")$labels))
  panel <- 7 - (labels + 12) * .5 * .85 * fitted$theme$text$size / 72
  expect_gt((at$x - limits[2]) / diff(axis) * panel, 22 * .5 * .8 * fitted$theme$text$size / 72)
  expect_length(text_layers(fit_picture(p, c(3.5, 3))), 0)
  # The picture that is kept has not changed.
  expect_identical(text_layers(p)[[1]]$aes_params, before)
  expect_false(identical(p$coordinates$limits$x, fitted$coordinates$limits$x))
})

test_that("every picture is drawn on a small device, labels without overprint", {
  data <- simulate_mr("snp", cell = 3, n = 300, seed = 2)
  file <- withr::local_tempfile(fileext = ".png")
  for (type in setdiff(fit_pictures, c("history", "mask"))) {
    p <- plot(device_fit, type, data = data)
    expect_silent(ggplot2::ggsave(file, p, width = 3.5, height = 3, dpi = 72))
    expect_gt(file.size(file), 500)
  }
  expect_true(text_layers(fit_picture(plot(device_fit), c(7, 4)))[[1]]$geom_params$check_overlap)
})

test_that("a forest where environments have no set, and environments without estimates", {
  fit <- device_fit
  fit$diagnostics$set_environments[1] <- list(NULL)
  first <- names(fit$diagnostics$set_environments)[1]
  sets <- forest_data(fit)
  expect_false(first %in% sets$label[sets$kind == "set"])
  expect_s3_class(plot(fit), "ggplot")
  for (i in seq_along(fit$by_environment[[first]])) fit$by_environment[[first]][[i]][c("b", "se", "lo", "up", "pval")] <- NA_real_
  p <- plot(fit, "environments")
  expect_false(any(startsWith(levels(droplevels(p$data$panel)), first)))
  expect_match(gsub("\n", " ", p$labels$caption), sprintf("Not estimated in \"%s\".", first), fixed = TRUE)
})
