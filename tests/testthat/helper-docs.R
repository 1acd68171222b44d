# Reading the code that the pages show. A page is a README or vignette in
# Markdown; its code stands between ``` lines.

# Paths of the vignettes (and the README), from the source tree or as installed.
doc_pages <- function() {
  source <- testthat::test_path("..", "..")
  pages <- list.files(file.path(source, "vignettes"), "[.]Rmd$", full.names = TRUE)
  if (!length(pages)) {
    pages <- list.files(system.file("doc", package = "LatentMR"), "[.]Rmd$", full.names = TRUE)
  }
  readme <- file.path(source, "README.md")
  c(pages, readme[file.exists(readme)])
}

# Blocks of one page: `info` (what stands after the opening ticks) and `code`.
doc_blocks <- function(page) {
  lines <- readLines(page, encoding = "UTF-8")
  fence <- grep("^\\s*```", lines)
  stopifnot(length(fence) %% 2 == 0)
  from <- fence[c(TRUE, FALSE)]
  to <- fence[c(FALSE, TRUE)]
  list(
    info = sub("^\\s*```", "", lines[from]),
    code = Map(function(a, b) lines[seq_len(max(0, b - a - 1)) + a], from, to)
  )
}

is_r_block <- function(info) grepl("^\\{r\\b|^r\\b", info)

# Every function that an expression calls, with the names of its arguments.
doc_calls <- function(expression) {
  if (is.call(expression)) {
    head <- expression[[1]]
    here <- if (is.symbol(head)) {
      list(list(package = "", name = as.character(head), arguments = setdiff(names(expression), "")))
    } else if (is.call(head) && as.character(head[[1]]) %in% c("::", ":::")) {
      list(list(package = as.character(head[[2]]), name = as.character(head[[3]]), arguments = setdiff(names(expression), "")))
    }
    parts <- as.list(expression)
    if (is.symbol(head)) parts <- parts[-1]
    c(here, unlist(lapply(parts[!vapply(parts, identical, NA, quote(expr = ))], doc_calls), recursive = FALSE))
  } else if (is.pairlist(expression) || is.expression(expression)) {
    parts <- as.list(expression)
    unlist(lapply(parts[!vapply(parts, identical, NA, quote(expr = ))], doc_calls), recursive = FALSE)
  }
}

# What is wrong with the code of one page: text that does not parse, functions
# that nobody defines, arguments that a function of LatentMR does not take.
doc_problems <- function(blocks) {
  code <- blocks$code[is_r_block(blocks$info)]
  parsed <- lapply(code, function(lines) tryCatch(parse(text = lines, keep.source = FALSE), error = conditionMessage))
  failed <- vapply(parsed, is.character, NA)
  problems <- unlist(parsed[failed])
  parsed <- parsed[!failed]
  calls <- unlist(lapply(parsed, doc_calls), recursive = FALSE)
  text <- unlist(code)
  attached <- regmatches(text, regexec("library\\((\\w+)\\)", text))
  attached <- unlist(lapply(attached, `[`, 2))
  attached <- unique(attached[!is.na(attached)])
  usable <- vapply(attached, requireNamespace, NA, quietly = TRUE)
  known <- c(
    unlist(lapply(c("base", "stats", "utils", "graphics", "grDevices", "methods", attached[usable]), getNamespaceExports)),
    # defined on the page (or by what all vignettes start with)
    sub("\\s*(<-|=)\\s*function.*", "", trimws(grep("(<-|=)\\s*function", text, value = TRUE))), "made", "bench_results", "run_outside", "measured"
  )
  ours <- asNamespace("LatentMR")
  for (call in calls) {
    if (call$package %in% c("", "LatentMR") && call$name %in% getNamespaceExports(ours)) {
      takes <- doc_arguments(call$name, ours)
      wrong <- if (!identical(takes, "...")) setdiff(call$arguments, takes)
      if (length(wrong)) problems <- c(problems, sprintf("%s() takes no `%s`", call$name, wrong))
    } else if (call$package == "LatentMR" || (call$package == "" && !call$name %in% known && all(usable))) {
      problems <- c(problems, sprintf("no function %s()", call$name))
    }
  }
  unique(problems)
}

# The arguments of a function, for a generic of its methods too ("..." when a
# re-exported generic takes anything).
doc_arguments <- function(name, ours) {
  own <- names(formals(get(name, ours)))
  methods <- grep(paste0("^", name, "[.]"), ls(ours, all.names = TRUE), value = TRUE)
  all <- unique(c(own, unlist(lapply(methods, function(m) names(formals(get(m, ours)))))))
  if (name %in% c("simulate_mr")) all <- c(all, "cell", "n", "effect", "h2", "stress", "pleiotropy", "background", "missing", "mixing", "environments", "mixing_seed")
  all
}

# The same lines, where numbers with decimals may differ in the last digits, as they
# do between processors.
expect_same_page <- function(shown, written) {
  number <- "-?[0-9]+[.][0-9]+"
  words <- function(x) gsub("\\s+", " ", gsub(number, "#", x))
  values <- function(x) as.numeric(unlist(regmatches(x, gregexpr(number, x))))
  same <- identical(words(shown), words(written)) && all(abs(values(shown) - values(written)) <= 0.0021)
  testthat::expect(same, c("Shown now:", paste0("\n", shown), "\nwritten:", paste0("\n", written), "\n`make docs` writes it anew."))
  invisible(shown)
}

# The text of one help page, from the source tree or as installed.
help_text <- function(topic) {
  path <- testthat::test_path("..", "..", "man", paste0(topic, ".Rd"))
  rd <- if (file.exists(path)) tools::parse_Rd(path) else tools::Rd_db("LatentMR")[[paste0(topic, ".Rd")]]
  gsub("\\s+", " ", paste(utils::capture.output(tools::Rd2txt(rd, options = list(underline_titles = FALSE))), collapse = " "))
}
