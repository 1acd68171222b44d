# Puts another table of encoders in place until the calling test ends.
with_encoders <- function(entries, frame = parent.frame()) {
  home <- asNamespace("LatentMR")
  put <- function(value) {
    unlockBinding("row_encoders", home)
    assign("row_encoders", value, home)
    lockBinding("row_encoders", home)
  }
  do.call(on.exit, list(bquote(.(put)(.(row_encoders))), add = TRUE), envir = frame)
  put(function() entries)
}
