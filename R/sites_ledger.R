# What a session was told. Answers whose people, environments or folds differ could be subtracted from
# each other; many answers about many variants add up to what one answer may not hold.

site_ledgers <- new.env(parent = emptyenv())

ledger_key <- function(session) base::format.default(session)

ledger_of <- function(session) {
  file <- site_option("ledger", NULL)
  if (!is.null(file)) return(read_ledger(file))
  found <- site_ledgers[[ledger_key(session)]]
  if (is.null(found)) empty_ledger() else found
}

empty_ledger <- function() list(
  people = NULL, folds = NULL, variants = character(), columns = character(), questions = character()
)

keep_ledger <- function(session, ledger) {
  file <- site_option("ledger", NULL)
  if (!is.null(file)) return(write_files(stats::setNames(list(ledger_lines(ledger)), file)))
  key <- ledger_key(session)
  # An address may be used again when the session is gone.
  if (is.null(site_ledgers[[key]]) && !identical(session, globalenv())) {
    reg.finalizer(session, function(e) suppressWarnings(rm(list = key, envir = site_ledgers)))
  }
  assign(key, ledger, site_ledgers)
}

ledger_lines <- function(ledger) {
  unlist(lapply(names(ledger), function(name) {
    if (length(ledger[[name]])) paste0(name, "\t", ledger[[name]])
  }))
}

read_ledger <- function(file) {
  out <- empty_ledger()
  if (!file.exists(file)) return(out)
  cells <- strsplit(readLines(file, encoding = "UTF-8"), "\t", fixed = TRUE)
  names <- vapply(cells, `[`, "", 1)
  if (any(lengths(cells) != 2) || !all(names %in% names(out))) abort_ledger("the ledger of this study cannot be read")
  for (name in unique(names)) out[[name]] <- vapply(cells[names == name], `[`, "", 2)
  out
}

abort_ledger <- function(why) {
  abort(
    sprintf("Not answered: %s.", why), c("latentmr_error_ledger", "latentmr_error_disclosure")
  )
}

ledger_people <- function(session, mr) {
  ledger <- ledger_of(session)
  if (is.null(ledger$people)) {
    ledger$people <- mr$people
    keep_ledger(session, ledger)
  } else if (!identical(ledger$people, mr$people)) {
    abort_ledger(paste(
      "the people or their environments are not those of the first answer (columns with missing values leave people out),",
      "or other people are siblings: what differs would be people"
    ))
  }
}

question_text <- function(question) {
  text_sum(c(question$folds, sort(c(question$variants, question$columns), method = "radix")))
}

# `least`: people of the smallest block.
ledger_allows <- function(session, question, least, limits) {
  ledger <- ledger_of(session)
  if (!is.null(ledger$folds) && !identical(as.numeric(ledger$folds), as.numeric(question$folds))) {
    abort_ledger(sprintf("earlier answers had %s folds, and others would cut the people anew", ledger$folds))
  }
  if (question_text(question) %in% ledger$questions) return(invisible())
  if (length(ledger$questions) >= site_option("max_requests", 20)) {
    abort_ledger("this session has had all the answers that the site gives")
  }
  p <- length(union(ledger$variants, question$variants))
  together <- p + length(union(ledger$columns, question$columns))
  if (together > limits$max_columns * least || membership_least(p, limits$max_power) > least) {
    abort_ledger("the variants and columns of all answers together are too many for the people")
  }
}

ledger_note <- function(session, question) {
  ledger <- ledger_of(session)
  ledger$folds <- question$folds
  ledger$variants <- union(ledger$variants, question$variants)
  ledger$columns <- union(ledger$columns, question$columns)
  ledger$questions <- union(ledger$questions, question_text(question))
  keep_ledger(session, ledger)
}
