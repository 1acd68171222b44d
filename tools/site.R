# Builds the site from the installed package into site/, without a network: help pages by task
# (_pkgdown.yml), the articles, a gallery of every picture. Mathematics becomes MathML.
#   Rscript tools/site.R [reference articles gallery]
if (!requireNamespace("rmarkdown", quietly = TRUE) || !rmarkdown::pandoc_available("2.0")) {
  stop("the site needs rmarkdown and pandoc (https://pandoc.org/installing.html)", call. = FALSE)
}
parts <- commandArgs(TRUE)
if (!length(parts)) parts <- c("reference", "articles", "gallery")
plan <- yaml::read_yaml("_pkgdown.yml")
for (folder in file.path("site", c("reference", "articles", "gallery"))) {
  dir.create(folder, recursive = TRUE, showWarnings = FALSE)
}
style <- normalizePath("tools/site-head.html")

# Markdown or HTML as a page of the site; `up`: the way to its root.
page <- function(text, file, title, from = "markdown", up = "../") {
  source <- tempfile(fileext = ".txt")
  bar <- tempfile(fileext = ".html")
  on.exit(unlink(c(source, bar)))
  writeLines(enc2utf8(text), source, useBytes = TRUE)
  links <- c(Start = "index.html", Reference = "reference/index.html", Articles = "articles/index.html", Gallery = "gallery/index.html")
  writeLines(c("<nav>", sprintf("<a href=\"%s%s\">%s</a>", up, links, names(links)), "</nav>"), bar)
  rmarkdown::pandoc_convert(source, to = "html5", from = from, output = file.path(getwd(), "site", file), options = c(
    "--standalone", "--mathml", "--no-highlight", "--include-before-body", bar, "--include-in-header", style,
    "--metadata", paste0("pagetitle=", title)
  ))
}

# The help pages, links between them as files of one folder.
reference <- function() {
  pages <- tools::Rd_db("LatentMR")
  names(pages) <- sub("[.]Rd$", "", names(pages))
  named <- unlist(lapply(plan$reference, `[[`, "contents"))
  if (!setequal(named, names(pages))) {
    stop(
      "_pkgdown.yml and the help pages differ: ", paste(c(setdiff(named, names(pages)), setdiff(names(pages), named)), collapse = ", "),
      call. = FALSE
    )
  }
  alias <- unlist(lapply(names(pages), function(topic) {
    names <- tools:::.Rd_get_metadata(pages[[topic]], "alias")
    stats::setNames(rep(topic, length(names)), names)
  }))
  links <- stats::setNames(paste0(alias, ".html"), names(alias))
  title <- vapply(pages, function(rd) trimws(paste(tools:::.Rd_get_metadata(rd, "title"), collapse = " ")), "")
  for (topic in names(pages)) {
    html <- tempfile()
    suppressWarnings(tools::Rd2HTML( # links to other packages' pages are none
      pages[[topic]], html, package = "LatentMR", Links = links, Links2 = character(), stylesheet = "",
      texmath = "mathjax", dynamic = FALSE
    ))
    text <- readLines(html, encoding = "UTF-8")
    text <- text[seq(grep("<h2", text)[1], grep("</div>\\s*</body>|</body>", text)[1] - 1)]
    # Links elsewhere than to these pages would leave the folder.
    text <- gsub("<a href=\"(?!(?:https?:|#|[^/\"]*[.]html))[^\"]*\">(.*?)</a>", "\\1", text, perl = TRUE)
    # pandoc's code holds no links, its links may hold code.
    text <- gsub("<code>(<a href=\"[^\"]*\">)([^<]*)</a></code>", "\\1<code>\\2</code></a>", text)
    # Formulas stand as code: for pandoc between \\( and \\).
    text <- gsub("(?s)<code class=\"reqn\">(.*?)</code>", "\\\\(\\1\\\\)", paste(text, collapse = "\n"), perl = TRUE)
    text <- sub("(?s)<hr ?/?><div[^>]*>\\[Package.*", "", text, perl = TRUE)
    page(text, file.path("reference", paste0(topic, ".html")), topic, "html+tex_math_single_backslash")
  }
  lines <- unlist(lapply(plan$reference, function(part) {
    c(paste("##", part$title), "", sprintf("- [`%s`](%s.html): %s", part$contents, part$contents, title[part$contents]), "")
  }))
  page(c("# Reference", "", lines), "reference/index.html", "Reference")
}

articles <- function() {
  named <- unlist(lapply(plan$articles, `[[`, "contents"))
  files <- sub("[.]Rmd$", "", list.files("vignettes", "[.]Rmd$"))
  odd <- setdiff(c(named, files), intersect(named, files))
  if (length(odd)) stop("_pkgdown.yml and vignettes/ differ: ", paste(odd, collapse = ", "), call. = FALSE)
  title <- vapply(named, function(name) rmarkdown::yaml_front_matter(file.path("vignettes", paste0(name, ".Rmd")))$title, "")
  for (name in named) {
    # Each in an R of its own, as a reader would run it.
    code <- sprintf(
      "rmarkdown::render('vignettes/%s.Rmd', 'md_document', output_file = '%s.md', output_dir = '%s', intermediates_dir = tempfile(), quiet = TRUE, output_options = list(variant = 'markdown+tex_math_dollars'))",
      name, name, folder <- tempfile("article")
    )
    if (system2(file.path(R.home("bin"), "Rscript"), c("-e", shQuote(code)), stdout = FALSE)) stop(name, " does not build", call. = FALSE)
    figures <- list.files(folder, "_files$", full.names = TRUE)
    file.copy(figures, "site/articles", recursive = TRUE)
    # Pictures are beside the page, not where they were made.
    text <- gsub(paste0(folder, "/"), "", readLines(file.path(folder, paste0(name, ".md")), encoding = "UTF-8"), fixed = TRUE)
    page(c(paste("#", title[name]), "", text), file.path("articles", paste0(name, ".html")), title[name])
  }
  lines <- unlist(lapply(plan$articles, function(part) {
    c(paste("##", part$title), "", sprintf("- [%s](%s.html)", title[part$contents], part$contents), "")
  }))
  page(c("# Articles", "", lines), "articles/index.html", "Articles")
}

# Every picture with the lines that make it; they are run here.
gallery <- function() {
  code <- readLines("tools/gallery.R")
  start <- grep("^#' ", code)
  scope <- new.env()
  eval(parse(text = code[seq_len(start[1] - 1)]), scope)
  lines <- c("# Gallery", "", "Every picture of the package. Each begins with:", "", "```r", grep("^library|<-|^ ", code[seq_len(start[1] - 1)], value = TRUE), "```", "")
  for (i in seq_along(start)) {
    block <- code[seq(start[i], c(start[-1] - 1, length(code))[i])]
    block <- block[nzchar(block)]
    picture <- eval(parse(text = block[-1]), scope)
    size <- attr(picture, "size")
    file <- sprintf("picture-%02d.png", i)
    ggplot2::ggsave(file.path("site/gallery", file), picture, width = size[[1]], height = size[[2]], dpi = 120)
    lines <- c(lines, paste("##", sub("^#' ", "", block[1])), "", "```r", block[-1], "```", "", sprintf("![%s](%s)", sub("^#' ", "", block[1]), file), "")
  }
  page(lines, "gallery/index.html", "Gallery")
}

for (part in parts) {
  seconds <- system.time(get(part)())[["elapsed"]]
  cat(sprintf("site/%s/index.html  %.1f s\n", part, seconds))
}
readme <- readLines("README.md", encoding = "UTF-8")
readme <- gsub("\\(vignettes/([A-Za-z]+)[.]Rmd\\)", "(articles/\\1.html)", readme)
dir.create("site/man/figures", recursive = TRUE, showWarnings = FALSE)
invisible(file.copy(list.files("man/figures", full.names = TRUE), "site/man/figures", overwrite = TRUE))
page(readme, "index.html", "LatentMR", "gfm", up = "")
