# Numbers for the eye.

format_p <- function(p) {
  ifelse(is.na(p), "NA", ifelse(p < 1e-300, "< 1e-300", ifelse(p < 1e-4, format(p, digits = 1, scientific = TRUE), formatC(p, digits = 2, format = "fg", flag = "#"))))
}

format_b <- function(x) ifelse(is.na(x), "NA", formatC(x, digits = 4, format = "f"))

p_is <- function(p) {
  text <- format_p(p)
  if (startsWith(text, "<")) paste("p", text) else paste("p =", text)
}
