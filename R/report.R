#' Report of an analysis
#'
#' Writes one HTML file (or a `.docx` document) that needs nothing else: no network, pictures inside; its only script
#' sorts the table of variants. The first screen holds the verdict ([verdict()]), the forest and the estimates.
#' Below: the question,
#' the flow of participants and Table 1, the variants (provenance, quality, associations, also as a CSV file),
#' the environments, the families where there are any, the encoder, what each test says and cannot
#' see, sensitivity analyses, the dose-response curve when one is given, the STROBE-MR
#' checklist ([strobe_mr()]) with links to where it is answered, and software, settings and code. It prints on
#' paper, reads on a telephone and with a screen reader, in light and dark.
#'
#' @param fit A [latent_mr()] fit, or a result of [summary_mr()] (a page of its estimates, variants and harmonising).
#'   With several exposures the page has a row of estimates for each
#'   and its conditional F; what is for one exposure alone (tables and pictures of single variants, the direction
#'   test) is left out, and the page says so.
#' @param file Path of the file to write; its folder must exist, and a file of that
#'   name is replaced. Ending in `.docx`: the same as a document for word processors, with fewer columns in the table of
#'   variants and without its CSV file. On paper or as PDF: print the page from the browser, it has a style for that.
#' @param data `NULL`, or the `mr_data` object of the fit: adds Table 1 (exposure, outcome and covariates by
#'   environment), call rates and frequencies of the variants, the call that made the data and the pictures of the
#'   latents.
#' @param curve `NULL`, or the [iv_curve()] of the same exposure and outcome; `NULL` with several exposures.
#' @param question `NULL`, or the question in one or two sentences.
#' @param units `NULL`: those of the data, if known; or the units of exposure (exposures) and outcome, such as
#'   `c("mmol/L", "mmHg")`.
#' @param code `NULL`: the call that made `data`; or the lines of R to show in its place (character vector), before
#'   the call of [latent_mr()].
#' @param ... Nothing: an argument without a use is an error.
#' @return The path, invisibly.
#' @section Errors: `latentmr_error_package` when rmarkdown, knitr or pandoc (2.0 or later) is
#'   not there, with how to install them; `latentmr_error_argument` for a wrong argument;
#'   `latentmr_error_io` when the file cannot be written: then what was there is unchanged.
#' @section Names: Everything that comes from the data (names of traits, environments and
#'   variants) is shown as text, whatever it holds.
#' @references Skrivankova et al. (2021), BMJ 375:n2233 (STROBE-MR).
#' @examples
#' if (requireNamespace("rmarkdown", quietly = TRUE) && rmarkdown::pandoc_available("2.0")) {
#'   data <- simulate_mr("snp", cell = 3, n = 300, seed = 1)
#'   fit <- latent_mr(data, seed = 1)
#'   file <- tempfile(fileext = ".html")
#'   report(fit, file, data = data)
#'   file.size(file)
#' }
#' @export
report <- function(fit, ...) {
  check_given("fit")
  UseMethod("report")
}

#' @rdname report
#' @export
report.default <- function(fit, ...) {
  abort_argument("fit", "a latent_mr() fit or a result of summary_mr()", describe(fit))
}

#' @rdname report
#' @export
report.latent_mr <- function(fit, file, data = NULL, curve = NULL, question = NULL, units = NULL, code = NULL, ...) {
  check_dots(...)
  check_made(fit)
  file <- check_report_file(if (!missing(file)) file)
  if (!is.null(curve) && length(fit$exposure) > 1) {
    abort_argument(
      "curve", "NULL with several exposures", describe(curve),
      "A curve is of one exposure: give it to the report of a fit of that exposure."
    )
  }
  write_report(fit, file, data, curve, question, units, code)
}

write_report <- function(fit, file, data, curve, question, units, code) {
  check_report_parts(fit, data, curve)
  check_string(question, "question", null = TRUE)
  units <- check_units(units, fit$exposure)
  if (!is.null(units)) fit$units <- units # the page speaks in one language
  units <- own_units(units, fit$units, fit$exposure, fit$outcome)
  check_code_lines(code)
  render_report(
    "report.Rmd", file, report_title(fit), report_head(fit, units),
    list(fit = fit, data = data, curve = curve, question = question, units = units, code = code)
  )
}

# The page of a template of inst/report: its title, its first screen, what its chunks see.
render_report <- function(template, file, title, top, values) {
  check_report_tools()
  folder <- tempfile("report")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  source <- file.path(folder, "report.Rmd")
  file.copy(system.file("report", template, package = "LatentMR"), source)
  step <- progress_steps("Report", sum(grepl("^```\\{r", readLines(source, encoding = "UTF-8"))))
  page <- system.file("report", "template.html", package = "LatentMR")
  head <- file.path(folder, "top.html")
  writeLines(top, head)
  format <- rmarkdown::output_format(
    knitr = rmarkdown::knitr_options(
      opts_chunk = list(echo = FALSE, results = "asis", message = FALSE, warning = FALSE, told = TRUE),
      knit_hooks = list(told = function(before, ...) if (!before) step())
    ),
    pandoc = rmarkdown::pandoc_options(
      to = "html5", from = "markdown+raw_attribute",
      args = c(
        "--template", page, "--toc", "--toc-depth=2", "--include-before-body", head, "--variable",
        paste0("pagetitle=", title)
      )
    )
  )
  # The document's own environment sees the package's functions and these names.
  names <- list2env(c(values, document = is_docx(file)), parent = topenv())
  made <- rmarkdown::render(source, format, output_file = "report.html", envir = names, quiet = TRUE)
  if (is_docx(file)) made <- html_to_docx(made)
  write_files(setNames(list(readBin(made, "raw", file.size(made))), file))
  inform(sprintf("Report written: %s (%s)", file, format_bytes(file.size(file))), "latentmr_message_report")
  invisible(file)
}

check_report_file <- function(file) {
  if (is.null(file)) abort_argument("file", "the path of a file ending in .html or .docx", "missing")
  check_string(file, "file")
  if (!grepl("[.]html?$", lower(file)) && !is_docx(file)) {
    abort_argument("file", "the path of a file ending in .html or .docx", describe(file))
  }
  file <- path.expand(file)
  if (!dir.exists(dirname(file))) {
    abort_argument(
      "file", "in a folder that exists", sprintf("in %s, which does not", dirname(file)), "dir.create() makes it."
    )
  }
  file
}

is_docx <- function(file) grepl("[.]docx$", lower(file))

# What is for screens alone has no place on paper.
html_to_docx <- function(page) {
  text <- paste(readLines(page, encoding = "UTF-8"), collapse = "\n")
  for (part in c("<nav.*?</nav>", "<script>.*?</script>", "<a class=\"skip\".*?</a>", "<p class=\"file\">.*?</p>")) {
    text <- gsub(paste0("(?s)", part), "", text, perl = TRUE)
  }
  # pandoc takes the words of a picture in a figure from its caption alone.
  text <- gsub("<figure[^>]*>", "<p>", gsub("</figure>", "</p>", text, fixed = TRUE))
  writeLines(text, page, useBytes = TRUE)
  made <- file.path(dirname(page), "report.docx")
  rmarkdown::pandoc_convert(page, to = "docx", from = "html", output = made)
  made
}

check_report_parts <- function(fit, data, curve) {
  if (!is.null(data)) {
    if (!inherits(data, "mr_data")) {
      abort_argument(
        "data", "NULL or the mr_data object of the fit", describe(data),
        if (inherits(data, "mr_moments")) "Moments hold no people: leave `data` out."
      )
    }
    check_made(data)
    check_own_people(fit, data, "the mr_data object of the fit")
  }
  if (!is.null(curve)) {
    if (!inherits(curve, "iv_curve")) abort_argument("curve", "NULL or an iv_curve", describe(curve))
    if (!identical(c(curve$names$exposure, curve$names$outcome), c(fit$exposure, fit$outcome))) {
      abort_argument(
        "curve", sprintf("of %s on %s, as the fit", fit$outcome, fit$exposure),
        sprintf("of %s on %s", curve$names$outcome, curve$names$exposure)
      )
    }
    check_made(curve)
  }
}

check_report_tools <- function() {
  missing <- c("rmarkdown", "knitr")
  missing <- missing[!vapply(missing, requireNamespace, NA, quietly = TRUE)]
  if (length(missing)) {
    abort(
      sprintf("The report needs %s, not installed here.", paste(missing, collapse = " and ")), "latentmr_error_package",
      hint = "install.packages(\"rmarkdown\") brings both."
    )
  }
  if (!pandoc_there()) {
    abort(
      "The report needs pandoc, version 2.0 or later, not found here.", "latentmr_error_package",
      hint = "It comes with RStudio; else `apt-get install pandoc`, `brew install pandoc` or the installer of pandoc.org. Sys.setenv(RSTUDIO_PANDOC = ) names its folder."
    )
  }
}

pandoc_there <- function() rmarkdown::pandoc_available("2.0")

report_title <- function(fit) {
  html_text(if (length(fit$exposure) == 1) {
    sprintf("Effect of %s on %s", fit$exposure, fit$outcome)
  } else {
    sprintf("Effects of %s on %s, given each other", paste(fit$exposure, collapse = ", "), fit$outcome)
  })
}
