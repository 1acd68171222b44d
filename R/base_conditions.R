# Errors and warnings raised on purpose. Every error inherits from
# latentmr_error; its call is the call that the user typed.

abort <- function(message, class = NULL, ..., hint = NULL, call = user_call()) {
  stop(make_condition(message, c(class, "latentmr_error", "error"), hint, call, ...))
}

warn <- function(message, class = NULL, ..., hint = NULL, call = user_call()) {
  warning(make_condition(message, c(class, "latentmr_warning", "warning"), hint, call, ...))
}

# A note to the user: silenced by options(LatentMR.quiet = TRUE).
inform <- function(message, class = NULL, ..., hint = NULL) {
  if (isTRUE(getOption("LatentMR.quiet"))) return(invisible())
  condition <- make_condition(message, c(class, "latentmr_message", "message"), hint, NULL, ...)
  condition$message <- paste0(condition$message, "\n")
  message(condition)
}

make_condition <- function(message, class, hint, call, ...) {
  text <- paste(c(message, if (length(hint)) paste("i", hint)), collapse = "\n")
  structure(class = c(class, "condition"), list(message = text, call = call, ...))
}

# The first call on the stack that entered this package.
user_call <- function() {
  home <- topenv()
  for (i in seq_len(sys.nframe())) {
    if (identical(topenv(environment(sys.function(i))), home)) return(sys.call(i))
  }
  NULL
}

# Called from C with the kind of a failed status: see src/glue.c.
abort_core <- function(kind, message) {
  abort(
    message, c(paste0("latentmr_error_", kind), if (kind %in% c("io", "format")) "latentmr_error_file"),
    hint = if (kind == "internal") {
      "An object of another version of the package, or one that was changed, does this: make it again. Otherwise please report it."
    }
  )
}

# `expr`, or `otherwise` where numbers do not allow it: one of our errors, or one of R's own
# (a singular matrix). Whatever else is raised goes on: a time limit, a condition of the user.
or_else <- function(expr, otherwise) {
  tryCatch(expr, error = function(e) {
    plain <- identical(class(e), c("simpleError", "error", "condition"))
    if (is_time_limit(e) || !(plain || inherits(e, "latentmr_error"))) stop(e)
    otherwise
  })
}

# R gives its time limits no class; what it says depends on the language.
is_time_limit <- function(e) {
  said <- c(
    "reached CPU time limit", "reached elapsed time limit", "reached session CPU time limit",
    "reached session elapsed time limit"
  )
  conditionMessage(e) %in% c(said, gettext(said, domain = "R"))
}
