#' @keywords internal
#' @useDynLib LatentMR, .registration = TRUE, .fixes = "C_"
#' @importFrom generics tidy glance augment
#' @importFrom stats setNames pf pchisq qf
"_PACKAGE"

#' @export
generics::tidy

#' @export
generics::glance

#' @export
generics::augment
