# The walls of the house. Fails on
#   a call from a chapter of R/ to a later one, or a circle between chapters (which is the same);
#   an include of src/core/ that climbs to a later folder, or leaves the core.
# The chapters of R/ are the prefixes of the file names, since R knows no folders.
# Reads the sources alone: nothing has to be installed.
chapters <- c(
  "base", "data", "kernel", "moments", "iv", "encoder", "summary", "latent", "scan", "sites",
  "curve", "simulate", "plot", "report"
)
folders <- c(
  "base", "la", "genotype", "moments", "kernel", "encoder", "autoencoder", "iv",
  "effect", "curve"
)
# Files without a chapter: what the package is, and what R calls when it loads.
outside <- c("LatentMR-package.R", "zzz.R")

# What a top-level expression defines, and the file it stands in.
definitions <- function(file) {
  found <- list()
  for (e in as.list(parse(file, keep.source = FALSE))) {
    if (is.call(e) && identical(e[[1]], as.name("<-")) && is.name(e[[2]])) {
      found[[length(found) + 1L]] <- list(name = as.character(e[[2]]), file = basename(file), value = e[[3]])
    }
  }
  found
}

# Every name that an expression uses, in any place but behind a `$`: a function
# handed on by name is a dependency as a call is.
used <- function(e) {
  if (is.name(e)) return(as.character(e))
  if (!is.call(e)) return(if (is.pairlist(e)) unlist(lapply(e, used)))
  if (identical(e[[1]], as.name("$"))) return(used(e[[2]]))
  unique(unlist(lapply(as.list(e), function(part) if (!missing(part)) used(part))))
}

calls <- function(files) {
  all <- unlist(lapply(files, definitions), recursive = FALSE)
  name <- vapply(all, `[[`, "", "name")
  file <- vapply(all, `[[`, "", "file")
  body <- lapply(all, `[[`, "value")
  rows <- lapply(seq_along(all), function(i) {
    local <- if (is.call(body[[i]]) && identical(body[[i]][[1]], as.name("function"))) names(body[[i]][[2]])
    target <- setdiff(intersect(used(body[[i]]), name), c(local, name[i]))
    target <- setdiff(target, assigned(body[[i]]))
    if (length(target)) data.frame(from = name[i], file = file[i], to = target, to_file = file[match(target, name)])
  })
  do.call(rbind, rows)
}

# Names that a function assigns itself hide those of the package.
assigned <- function(e) {
  if (!is.call(e)) return(NULL)
  own <- if (identical(e[[1]], as.name("<-")) && is.name(e[[2]])) as.character(e[[2]])
  own <- c(own, if (identical(e[[1]], as.name("for"))) as.character(e[[2]]))
  own <- c(own, if (identical(e[[1]], as.name("function"))) names(e[[2]]))
  c(own, unlist(lapply(as.list(e), function(part) if (!missing(part)) assigned(part))))
}

chapter_of <- function(file) sub("[_.].*$", "", file)

files <- setdiff(list.files("R", "[.]R$"), outside)
unknown <- files[!chapter_of(files) %in% chapters]
trouble <- if (length(unknown)) paste0("R/", unknown, ": no chapter has this prefix")
# Two functions of one name: the file that is read last wins, in silence.
defined <- do.call(rbind, lapply(unlist(lapply(file.path("R", files), definitions), recursive = FALSE), function(d) {
  data.frame(name = d$name, file = d$file)
}))
for (name in unique(defined$name[duplicated(defined$name)])) {
  trouble <- c(trouble, sprintf("%s is defined more than once: %s", name, paste0("R/", defined$file[defined$name == name], collapse = ", ")))
}
graph <- calls(file.path("R", files))
from <- match(chapter_of(graph$file), chapters)
to <- match(chapter_of(graph$to_file), chapters)
up <- graph[which(to > from), ]
if (nrow(up)) {
  trouble <- c(trouble, sprintf("R/%s: %s() uses %s of the later R/%s", up$file, up$from, up$to, up$to_file))
}

includes <- function(file) {
  line <- readLines(file, warn = FALSE)
  sub('^#include "([^"]+)".*$', "\\1", grep('^#include "', line, value = TRUE))
}
core <- list.files("src/core", "[.][ch]$", recursive = TRUE)
for (file in core) {
  own <- match(dirname(file), folders)
  if (is.na(own)) {
    trouble <- c(trouble, paste0("src/core/", file, ": no such folder in the plan"))
    next
  }
  for (include in includes(file.path("src/core", file))) {
    other <- match(dirname(sub("^core/", "", include)), folders)
    if (!startsWith(include, "core/") || is.na(other)) {
      trouble <- c(trouble, sprintf("src/core/%s includes %s: the core includes the core, by its full path", file, include))
    } else if (other > own) {
      trouble <- c(trouble, sprintf("src/core/%s includes %s of a later folder", file, include))
    }
  }
}
# What make builds and what it watches are lists (wildcards are not portable).
makevars <- readLines("src/Makevars")
listed <- sub("^ +([^ ]+).*$", "\\1", grep("^  [a-z_0-9/]+[.](o|h|inc[.]c)( |$)", makevars, value = TRUE))
sources <- list.files("src", "[.][ch]$", recursive = TRUE)
compiled <- grepl("[.]c$", sources) & !grepl("[.]inc[.]c$", sources) # a piece of another file is watched as headers are
present <- c(sub("[.]c$", ".o", sources[compiled]), sources[!compiled])
trouble <- c(
  trouble, sprintf("src/Makevars names %s, which is not there", setdiff(listed, present)),
  sprintf("src/Makevars does not name %s", setdiff(present, c(listed)))
)

if (length(trouble)) {
  writeLines(trouble)
  writeLines(sprintf("%d breaches of the layers (CONTRIBUTING.md)", length(trouble)))
  quit(status = 1)
}
cat(sprintf("layers: %d calls in %d chapters, %d core files in %d folders, none points up\n", nrow(graph), length(chapters), length(core), length(folders)))
