# The sizes of the files (CONTRIBUTING.md). Fails on
#   a function of R/ of more than 60 lines, unless a comment `# Long: <reason>` stands above it;
#   a line of R/ of more than 120 characters, unless it is longer only for one text of a message (which is not
#   broken, so that it can be found) or a formula of a help page;
#   a C file or header of more than 400 lines, unless its first lines have `Long: <reason>`.
# Then counts lines: all, and those of code (neither blank nor comment alone). Reads the sources alone.
MOST_FUNCTION <- 60
MOST_LINE <- 120
MOST_FILE <- 400

trouble <- character()
complain <- function(...) trouble <<- c(trouble, sprintf(...))

has_reason <- function(lines) any(grepl("Long: .", lines))

# Without the letters of its texts.
bare <- function(line) gsub("\"([^\"\\\\]|\\\\.)*\"", "\"\"", line)

check_r <- function(file) {
  lines <- readLines(file, encoding = "UTF-8")
  for (i in which(nchar(lines) > MOST_LINE)) {
    text <- lines[i] != bare(lines[i]) && max(nchar(regmatches(lines[i], gregexpr("\"([^\"\\\\]|\\\\.)*\"", lines[i]))[[1]])) > 60
    formula <- grepl("^#' .*([\\]d?eqn|`)", lines[i])
    if (!formula && !(text && nchar(bare(lines[i])) <= MOST_LINE)) complain("%s:%d: %d characters", file, i, nchar(lines[i]))
  }
  data <- utils::getParseData(parse(file, keep.source = TRUE, encoding = "UTF-8"))
  for (id in data$parent[data$token == "FUNCTION"]) {
    at <- data[data$id == id, ]
    long <- at$line2 - at$line1 + 1
    if (long <= MOST_FUNCTION || has_reason(lines[max(1, at$line1 - 4):at$line1])) next
    complain("%s:%d: a function of %d lines", file, at$line1, long)
  }
}

check_c <- function(file) {
  lines <- readLines(file, warn = FALSE)
  if (length(lines) > MOST_FILE && !has_reason(utils::head(lines, 20))) complain("%s: %d lines", file, length(lines))
}

count <- function(files, comment) {
  lines <- unlist(lapply(files, readLines, warn = FALSE))
  c(files = length(files), lines = length(lines), code = sum(!grepl(paste0("^\\s*($|", comment, ")"), lines)))
}

r <- list.files("R", "[.]R$", full.names = TRUE)
sources <- list.files("src", "[.]c$", recursive = TRUE, full.names = TRUE)
headers <- list.files("src", "[.]h$", recursive = TRUE, full.names = TRUE)
for (file in r) check_r(file)
for (file in c(sources, headers)) check_c(file)
print(rbind(R = count(r, "#"), C = count(sources, "/[*]|[*]"), headers = count(headers, "/[*]|[*]")))
cat(sprintf("exports: %d\n", sum(startsWith(readLines("NAMESPACE"), "export("))))
if (length(trouble)) {
  writeLines(trouble)
  writeLines(sprintf("%d breaches of the sizes (CONTRIBUTING.md)", length(trouble)))
  quit(status = 1)
}
