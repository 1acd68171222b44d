# Numbers are read and written with a decimal point, whatever options(OutDec = ) says: it
# reaches format(), formatC(), print(), as.character(), paste() and sprintf("%s"), but not
# sprintf("%f") nor C, so that texts would mix both marks, and a number made text and read
# again would be missing. These stand in front of base R's everywhere in the package.

pointed <- function(expr) {
  if (identical(getOption("OutDec"), ".")) return(expr)
  old <- options(OutDec = ".")
  on.exit(options(old))
  expr
}

format <- function(x, ...) pointed(base::format(x, ...))
formatC <- function(x, ...) pointed(base::formatC(x, ...))
as.character <- function(x, ...) pointed(base::as.character(x, ...))
paste <- function(...) pointed(base::paste(...))
paste0 <- function(...) pointed(base::paste0(...))
sprintf <- function(fmt, ...) pointed(base::sprintf(fmt, ...))
