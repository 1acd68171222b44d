# Variants in the report: where they are from and what was looked at, and the table of their
# associations, on the page and as a file of comma-separated values inside it.

VARIANT_ROWS <- 500

# A row for each variant, in the order of the panel. F and R2 are of the single variant, given what the
# fit partials out: F = (b / se)^2, R2 = F / (F + df). By environment with the data only.
variant_sheet <- function(fit, data = NULL) {
  a <- fit_associations(fit, "A table of variants")
  v <- fit$variants
  p <- nrow(v)
  known <- function(x) if (is.null(x)) rep(NA, p) else x
  unplaced <- as.character(known(v$chr)) %in% "0" # PLINK's code for it
  f <- (a$bx / a$sx)^2
  out <- data.frame(
    SNP = v$snp, chr = ifelse(unplaced, NA, known(v$chr)), pos = ifelse(unplaced, NA, known(v$pos)),
    effect_allele = known(v$effect_allele),
    other_allele = known(v$other_allele), eaf = fit$latent$variants$mean / 2
  )
  if (!is.null(data)) {
    whole <- variants(data)
    each <- variants(data, environments = TRUE)
    out$eaf <- whole$eaf
    frequency <- matrix(each$eaf, p, byrow = TRUE)
    colnames(frequency) <- paste0("eaf.", levels(data$environment))
    out <- cbind(out, frequency, call_rate = whole$call_rate)
    if (!is.null(each$hwe_p)) out$hwe_p_least <- least_each(matrix(each$hwe_p, p, byrow = TRUE))
  }
  cbind(out,
    beta.exposure = a$bx, se.exposure = a$sx, pval.exposure = a$px, F = f, R2 = f / (f + fit$latent$variants$df),
    beta.outcome = a$by, se.outcome = a$sy, pval.outcome = a$py
  )
}

least_each <- function(m) apply(m, 1, function(r) if (all(is.na(r))) NA_real_ else min(r, na.rm = TRUE))

# Six figures are more than the data hold.
sheet_csv <- function(sheet) {
  number <- vapply(sheet, is.double, NA)
  sheet[number] <- lapply(sheet[number], signif, 6)
  text <- utils::capture.output(utils::write.csv(sheet, row.names = FALSE, na = ""))
  paste0(paste(enc2utf8(text), collapse = "\n"), "\n")
}

# Every byte that is no letter, digit or plain mark as %xx.
percent_encode <- function(text) {
  code <- sprintf("%%%02X", 0:255)
  plain <- utf8ToInt("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~,:")
  code[plain + 1] <- strsplit(intToUtf8(plain), "")[[1]]
  paste(code[as.integer(charToRaw(text)) + 1], collapse = "")
}

csv_link <- function(sheet, name) {
  sprintf(
    "<p class=\"file\"><a download=\"%s\" href=\"data:text/csv;charset=utf-8,%s\">All %s as CSV</a></p>\n", name,
    percent_encode(sheet_csv(sheet)), plural(nrow(sheet), "variant")
  )
}

# `document`: on paper there is room for fewer columns, and nothing to click.
report_variant_table <- function(fit, data, document = FALSE) {
  if (length(fit$exposure) > 1 || fit$kind == "continuous") return(NULL)
  sheet <- variant_sheet(fit, data)
  shown <- seq_len(nrow(sheet))
  if (nrow(sheet) > VARIANT_ROWS) shown <- sort(utils::head(order(-sheet$F), VARIANT_ROWS))
  units <- if (is.null(fit$units)) c(NA, NA) else fit$units
  caption <- sprintf("Variants and their associations with %s and %s", fit$exposure, fit$outcome)
  paste0(
    html_p(html_text(paste0(
      sprintf(
        "Associations per copy of the effect allele (the first of the two) with %s and %s, given what the analysis partials out. F and R2: of the single variant. ",
        with_unit(fit$exposure, units[1]), with_unit(fit$outcome, units[2])
      ),
      if (document) "The columns of most use are shown" else "A click on the head of a column sorts by it",
      if (length(shown) < nrow(sheet)) {
        sprintf("; shown are the %s of largest F of %s, %s has all", big(length(shown)), big(nrow(sheet)),
          if (document) "the HTML page" else "the file"
        )
      }, "."
    ))),
    if (document) {
      columns <- sheet_columns(sheet[shown, ], fit, NULL)
      sheet_table(columns[!names(columns) %in% c("SE", "R2 (%)", "in environments")], caption)
    } else {
      sheet_table(sheet_columns(sheet[shown, ], fit, if (!is.null(data)) levels(data$environment)), caption)
    },
    if (!document) csv_link(sheet, "variants.csv")
  )
}

sheet_columns <- function(sheet, fit, environments, most = 8) {
  number <- function(x, digits) ifelse(is.na(x), "", formatC(x, digits = digits, format = "f"))
  place <- ifelse(is.na(sheet$chr), "", ifelse(
    is.na(sheet$pos), sheet$chr, paste0(sheet$chr, ":", number_strings(sheet$pos))
  ))
  allele <- function(x) ifelse(is.na(x), "?", x)
  each <- sheet[if (length(environments)) paste0("eaf.", environments)]
  range <- function() {
    least <- least_each(as.matrix(each))
    most <- -least_each(-as.matrix(each))
    list("in environments" = sprintf("%s to %s", number(least, 2), number(most, 2)))
  }
  frequency <- if (length(each) <= most) lapply(each, number, 2) else range()
  if (length(each) <= most) names(frequency) <- if (length(each)) paste("in", environments)
  pair <- function(of) {
    b <- sheet[[paste0("beta.", of)]]
    se <- sheet[[paste0("se.", of)]]
    digits <- interval_digits(b, b - se, b + se)
    list(beta = number(b, digits), SE = number(se, digits), p = format_p(sheet[[paste0("pval.", of)]]))
  }
  columns <- c(
    list(SNP = sheet$SNP, Place = place),
    list(Alleles = paste0(allele(sheet$effect_allele), "/", allele(sheet$other_allele))),
    list(Frequency = number(sheet$eaf, 2)), frequency, pair("exposure"),
    list(F = number(sheet$F, 1), R2 = number(100 * sheet$R2, 2)), pair("outcome")
  )
  if (all(columns$Place == "")) columns$Place <- NULL
  names(columns)[names(columns) == "beta"] <- paste(c("beta,", "beta,"), shorten(c(fit$exposure, fit$outcome), 24))
  names(columns)[names(columns) == "R2"] <- "R2 (%)"
  columns
}

# A long table: it scrolls in a frame of its own, its heads stay, and the page's script sorts it.
# Cells of numbers and codes are plain; names are made safe.
sheet_table <- function(columns, caption) {
  text <- lapply(columns, function(x) if (is.character(x) && any(grepl("[^A-Za-z0-9 .:/+-]", x))) html_text(x) else x)
  cells <- do.call(paste, c(text[-1], sep = "</td><td>"))
  rows <- paste0("<tr><th scope=\"row\">", text[[1]], "</th><td>", cells, "</td></tr>", collapse = "\n")
  heads <- paste0("<th scope=\"col\">", html_text(names(columns)), "</th>", collapse = "")
  paste0(
    sprintf("<p class=\"caption\">%s</p>\n", html_text(caption)),
    sprintf("<div class=\"scroll tall\" role=\"region\" tabindex=\"0\" aria-label=\"%s\">\n", html_text(caption)),
    sprintf("<table class=\"sheet sortable\" aria-label=\"%s\">\n<thead><tr>", html_text(caption)), heads,
    "</tr></thead>\n<tbody>\n", rows, "\n</tbody>\n</table>\n</div>\n"
  )
}

# Where the variants are from, what was asked of them, and how they look.
report_variant_quality <- function(fit, data) {
  v <- fit$variants
  places <- setdiff(unique(as.character(v$chr)), c(NA, "0"))
  rows <- list(
    c("Instruments", sprintf(
      "%s (%s)", big(nrow(v)),
      if (is.null(fit$tables)) kind_words(fit$kind) else "associations per copy of the effect allele"
    )),
    if (!is.null(data)) c("Genotypes", genotype_words(data)),
    if (length(places)) c("Chromosomes", paste(places, collapse = ", ")),
    if (!is.null(fit$encoder$block)) c("Blocks of linkage", block_count_words(fit$encoder$block)),
    if (fit$kind != "continuous" && any(!is.na(clean_allele(v$effect_allele, nrow(v))))) c(
      "Palindromic (A/T, C/G)", if (is.null(fit$tables)) sprintf(
        "%s: both associations are of the same calls, so that no strand has to be guessed", big(palindromes(v))
      ) else palindromes_of_tables(fit)
    ),
    if (!is.null(fit$score)) c("Weights of the allele score", "from outside, see the estimator score"),
    if (is.null(fit$score)) c("Weights", sprintf(
      "none from outside: the first stage is estimated %s",
      if (is.null(fit$tables)) "in these people" else "from the table of the exposure"
    )),
    if (!is.null(fit$tables)) c("Linkage", linkage_words(fit$tables)),
    if (!is.null(fit$tables)) c("Overlap", overlap_words(fit$tables))
  )
  rows <- c(rows, if (!is.null(data) && fit$kind != "continuous") call_rows(data))
  frame <- as.data.frame(do.call(rbind, rows))
  names(frame) <- c("What", "Found")
  paste0(
    html_table(frame, "Provenance and quality of the variants"), removed_table(data),
    if (is.null(data) && is.null(fit$tables)) {
      html_p(
        "Call rates, frequencies by environment and Hardy-Weinberg proportions: given to <code>report(data = )</code>, the data are described here.",
        "note"
      )
    }
  )
}

kind_words <- function(kind) {
  switch(kind, genotype = "counts of the effect allele, 0, 1 or 2", dosage = "expected counts, 0 to 2", "continuous")
}

# The folder of a file is the reader's own business.
genotype_words <- function(data) {
  files <- data$genotypes$bed$files$bed
  if (length(files)) paste("from", list_some(basename(files), 5)) else words(data$genotypes)
}

block_count_words <- function(block) {
  sizes <- table(block)
  sprintf("%s, the largest of %s", big(length(sizes)), plural(max(sizes), "variant"))
}

palindromes <- function(v) {
  sum(palindromic_alleles(clean_allele(v$effect_allele, nrow(v)), clean_allele(v$other_allele, nrow(v))), na.rm = TRUE)
}

call_rows <- function(data) {
  whole <- variants(data)
  least <- function(x) {
    x <- x[!is.na(x)]
    sprintf("%s at the median, %s at least", percent(stats::median(x)), percent(min(x)))
  }
  each <- variants(data, environments = TRUE)
  list(
    c("Call rate", least(whole$call_rate)),
    c("Frequency of the rarer allele", least(whole$maf)),
    if (!is.null(each$hwe_p)) c("Hardy-Weinberg, exact, within environments", sprintf(
      "%s of %s below p = 1e-6; smallest p = %s", big(sum(each$hwe_p < 1e-6, na.rm = TRUE)),
      plural(sum(!is.na(each$hwe_p)), "test"), format_p(min(c(each$hwe_p, 1), na.rm = TRUE))
    )),
    c("A missing call takes", "the mean of the variant in the person's environment")
  )
}

removed_table <- function(data, most = 50) {
  gone <- data$removed_variants
  if (is.null(gone) || !nrow(gone)) return(NULL)
  shown <- utils::head(gone, most)
  paste0(
    html_table(data.frame(Variant = shown$snp, Reason = shown$reason), "Variants left out"),
    if (nrow(gone) > most) html_p(sprintf("And %s more.", big(nrow(gone) - most)), "note")
  )
}
