#' @keywords internal
#' @useDynLib LatentMR, .registration = TRUE, .fixes = "C_"
#' @importFrom generics tidy glance augment
#' @importFrom stats setNames
"_PACKAGE"

#' @export
generics::tidy

#' @export
generics::glance

#' @export
generics::augment
