# Pictures on a device smaller than their own size: smaller letters (7 points at the least), texts wrapped anew, labels
# left out where they would overprint, and on a small device no captions.

# The picture with the size, in inches, at which it reads well. `column`: the limits of a picture that has a column of
# texts beside them, and the letters of the longest. `legend`: the aesthetics that its legend explains.
sized <- function(plot, width, height, column = NULL, legend = NULL) {
  attr(plot, "size") <- c(width = width, height = height)
  attr(plot, "column") <- column
  attr(plot, "legend") <- legend
  class(plot) <- c("latent_picture", class(plot))
  plot
}

#' @export
print.latent_picture <- function(x, newpage = is.null(vp), vp = NULL, ...) {
  check_dots(...)
  fitted <- if (is.null(vp)) fit_picture(x, grDevices::dev.size("in")) else x
  class(fitted) <- setdiff(class(fitted), "latent_picture")
  print(fitted, newpage = newpage, vp = vp)
  invisible(x)
}

#' @export
plot.latent_picture <- print.latent_picture

SMALL_DEVICE <- 5

fit_picture <- function(x, space) {
  size <- attr(x, "size")
  share <- min(space / size)
  if (is.null(size) || share >= .99) return(x)
  points <- min(11, max(7, 11 * share))
  narrow <- space[1] < SMALL_DEVICE
  x <- fit_words(x, space, points)
  x <- fit_layers(x, space, points, narrow)
  guide <- ggplot2::guide_axis(check.overlap = TRUE)
  strips <- !inherits(x$theme$strip.text, "element_blank")
  x <- x + ggplot2::guides(x = guide, y = guide) + fit_theme(points, narrow, strips)
  legend <- attr(x, "legend")
  if (!narrow || is.null(legend)) return(x)
  one <- ggplot2::guide_legend(ncol = 1)
  x + do.call(ggplot2::guides, stats::setNames(rep(list(one), length(legend)), legend))
}

fit_theme <- function(points, narrow, strips) {
  text <- function(share, ...) ggplot2::element_text(size = max(6, share * points), ...)
  theme <- ggplot2::theme(
    text = ggplot2::element_text(size = points), plot.title = text(1.1), axis.title = text(1), axis.text = text(.85),
    plot.caption = text(.8), legend.text = text(.85)
  )
  if (strips) theme <- theme + ggplot2::theme(strip.text = text(.85))
  if (!narrow) return(theme)
  # The title of the axis may go on below its labels, and the names of groups give way.
  theme + ggplot2::theme(
    axis.title.x = text(1, hjust = 1), strip.text.y = ggplot2::element_blank(), legend.margin = ggplot2::margin(),
    legend.key.height = ggplot2::unit(points, "pt"), panel.spacing.x = ggplot2::unit(1.8 * points, "pt"),
    plot.margin = ggplot2::margin(2, points, 2, 2)
  )
}

# Letters that stand side by side in so many inches; their width is half their height or somewhat more.
letters_in <- function(inches, points) max(10, floor(72 * inches / (.55 * points)))

fit_words <- function(x, space, points) {
  anew <- function(name, width) {
    text <- x$labels[[name]]
    if (is.character(text)) x$labels[[name]] <<- wrap_words(gsub("\n", " ", text), width)
  }
  anew("title", letters_in(space[1] - .2, 1.1 * points))
  anew("x", letters_in(if (space[1] < SMALL_DEVICE) .9 * space[1] else .65 * space[1], points))
  anew("y", letters_in(.75 * space[2], points))
  anew("caption", letters_in(space[1] - .2, .8 * points))
  if (min(space) < .8 * SMALL_DEVICE) x$labels$caption <- NULL
  x
}

# Layers and coordinates are shared with the picture that is kept: changed ones are new. (ggproto() looks its parent up
# by name, later.)
changed <- function(parent, ...) ggplot2::ggproto(NULL, parent, ...)

fit_layers <- function(x, space, points, narrow) {
  texts <- vapply(x$layers, function(l) inherits(l$geom, "GeomText"), NA)
  limits <- attr(x, "column")$limits
  place <- if (!is.null(limits)) column_place(x, attr(x, "column"), space[1], points, narrow)
  for (i in which(texts)) {
    layer <- changed(x$layers[[i]])
    layer$aes_params$size <- max(2.1, layer$aes_params$size * points / 11)
    layer$geom_params$check_overlap <- TRUE
    if (!is.null(place)) layer$aes_params$x <- place
    x$layers[[i]] <- layer
  }
  if (narrow && !is.null(x$facet$params$labeller)) x$facet <- narrow_strips(x$facet)
  if (is.null(limits)) return(x)
  if (is.null(place)) x$layers <- x$layers[!texts]
  right <- if (is.null(place)) limits[2] + .02 * diff(limits) else place
  at <- list(x = c(limits[1] - .02 * diff(limits), right), y = NULL)
  x$coordinates <- changed(x$coordinates, limits = at)
  x
}

narrow_strips <- function(facet) {
  labeller <- facet$params$labeller
  changed(facet, params = utils::modifyList(facet$params, list(labeller = function(labels) {
    lapply(match.fun(labeller)(labels), function(x) vapply(as.character(x), wrap_words, "", 13, USE.NAMES = FALSE))
  })))
}

# Where the column of texts ends: it takes its inches from what labels and groups leave; NULL: no room.
column_place <- function(x, column, width, points, narrow) {
  if (narrow) return(NULL)
  inches <- function(letters, share) letters * .52 * share * points / 72
  labels <- max(nchar(x$scales$get_scales("y")$labels))
  share <- inches(column$letters + 4, .8) / (width - .4 - inches(labels, .85) - inches(12, .85))
  if (share > .55 || share < 0) return(NULL)
  column$limits[2] + diff(column$limits) * share / (1 - share)
}
