# Who is lost between two tables is said, with the likely cause.

lost_with <- function(genotyped, phenotyped) {
  parts <- known_parts()
  parts$ids <- genotyped
  rownames(parts$g) <- genotyped
  f <- known_files(parts = parts)
  pheno <- f$pheno
  pheno$IID <- phenotyped
  said <- conditions_of(d <- read_known(f, pheno))
  list(n = length(d$ids), said = Filter(function(x) inherits(x, "latentmr_warning_ids"), said), d = d, f = f)
}

test_that("losing more than a fiftieth of the rows warns with the likely cause", {
  # 20 of 200 rows are written otherwise.
  cases <- list(
    list(sprintf("%04d", 991:1190), function(x) as.character(as.integer(x)), "leading zeros are lost: \"991\" here is \"0991\" there \\(9 would"),
    list(sprintf("%d", 10000L * (1:200)), function(x) ifelse(x %in% c("100000", "200000", "300000", "400000", "500000"), format(as.numeric(x), scientific = TRUE, digits = 1), x), "1e[+]05: \"1e[+]05\" here is \"100000\" there \\(5 would"),
    list(sprintf("%d", 1:200), function(x) c(sprintf("%s.0", x[1:20]), x[21:200]), "decimals were added: \"1.0\" here"),
    list(sprintf("p%d", 1:200), function(x) c(paste(x[1:20], x[1:20], sep = "_"), x[21:200]), "repeats the identifier"),
    list(sprintf("p%d", 1:200), function(x) c(paste("fam", x[1:20], sep = "_"), x[21:200]), "FID_IID"),
    list(sprintf("p%d", 1:200), function(x) c(toupper(x[1:20]), x[21:200]), "capital and small"),
    list(sprintf("p-%d", 1:200), function(x) c(sub("-", ".", x[1:20]), x[21:200]), "blanks or marks"),
    list(sprintf("%d", 1:200), function(x) c(paste0("X", x[1:20]), x[21:200]), "an X in front"),
    list(sprintf("%d", 1:200), function(x) c(paste0("UKB", x[1:20]), x[21:200]), "letters in front")
  )
  for (case in cases) {
    got <- lost_with(case[[1]], case[[2]](case[[1]]))
    expect_length(got$said, 1)
    expect_match(conditionMessage(got$said[[1]]), case[[3]])
    expect_lt(got$n, 200)
  }
  none <- lost_with(sprintf("p%d", 1:200), c(sprintf("q%d", 1:4), sprintf("p%d", 5:200)))
  expect_length(none$said, 0) # 2 %
  some <- lost_with(sprintf("p%d", 1:200), c(sprintf("stranger%d", 501:505), sprintf("p%d", 6:200)))
  expect_identical(conditionMessage(some$said[[1]]), paste0(
    "5 of 200 phenotype rows (2.5%) have no genotypes, such as \"stranger501\", \"stranger502\", \"stranger503\" and 2 more.\n",
    "i If these people were never genotyped, nothing is wrong: flow() counts them."
  ))
})

test_that("when nobody is found the cause is said too", {
  expect_condition_text(
    { f <- known_files(parts = within(known_parts(), { ids <- sprintf("0%03d", 1:200); rownames(g) <- ids })); read_known(f, transform(f$pheno, IID = 1:200)) },
    "latentmr_error_ids", paste0(
      "No identifier of the phenotypes is among the genotypes. Phenotypes: \"1\", \"2\", \"3\" and 197 more. Genotypes: \"0001\", \"0002\", \"0003\" and 197 more. ",
      "Likely cause: leading zeros are lost: \"1\" here is \"0001\" there (200 would be found).\n",
      "i Read identifiers as text: give the path of the file, or read.delim(colClasses = \"character\")."
    )
  )
})

test_that("family identifiers are read as identifiers are", {
  parts <- known_parts()
  fid <- rep(100000L * (1:100), each = 2)
  iid <- rep(1:2, 100)
  f <- known_files(fid = sprintf("%d", fid), iid = iid)
  pheno <- cbind(FID = as.numeric(fid), transform(f$pheno, IID = iid))
  expect_identical(read_known(f, pheno)$ids, sprintf("%d_%d", fid, iid))
})

test_that("a list that matches nobody stops", {
  f <- known_files()
  for (arg in c("keep", "remove")) {
    call <- function(list) do.call(read_known, c(list(f), stats::setNames(list(list), arg)))
    expect_error(call("q1"), class = "latentmr_error_list")
    error <- expect_error(call(toupper(f$pheno$IID[1:3])), class = "latentmr_error_list")
    expect_identical(conditionMessage(error), sprintf(paste0(
      "None of the 3 identifiers in `%s` is in the data: \"P001\", \"P002\", \"P003\"; the data have \"p001\", \"p002\", \"p003\" and 197 more. ",
      "Likely cause: capital and small letters differ: \"P001\" here is \"p001\" there (3 would be found).\ni Write both sides alike."
    ), arg))
  }
  expect_identical(length(read_known(f, remove = c("nobody", f$pheno$IID[1]))$ids), 199L)
})

test_that("an argument whose names leave people out is named", {
  set.seed(1)
  ids <- sprintf("%03d", 1:60)
  g <- matrix(rbinom(120, 2, .4), 60, dimnames = list(ids, c("rs1", "rs2")))
  named <- function(x) stats::setNames(x, ids)
  make <- function(cluster) mr_data(g, named(rnorm(60)), named(rnorm(60)), named(rep(c("a", "b"), 30)), cluster = cluster, kind = "genotype")
  family <- named(rep(1:20, 3))
  expect_condition_text(
    make(family[1:40]), "latentmr_warning_ids", paste0(
      "`cluster` has no value for 20 of 60 participants (33.3%), such as \"041\", \"042\", \"043\" and 17 more.\n",
      "i They are left out, as flow() counts. If they belong in, give `cluster` a value, or NA, for everybody."
    )
  )
  partly <- family
  names(partly)[1:20] <- as.character(1:20)
  expect_warning(
    expect_warning(make(partly), "`cluster`.*leading zeros are lost", class = "latentmr_warning_ids"),
    "phenotype rows", class = "latentmr_warning_ids"
  )
  expect_no_warning(make(family[-1]))
  expect_no_warning(make(replace(family, 1:20, NA)))
})

test_that("data frames that were visibly sorted are named where nothing has identifiers", {
  set.seed(1)
  g <- matrix(stats::rbinom(120, 2, .4), 30)
  y <- data.frame(y = c(3, 1, 2, stats::rnorm(27)))
  made <- function(y) mr_data(g, stats::rnorm(30), y, rep("a", 30))
  words <- paste(
    "No identifiers: the 30 rows of the genotypes and of the other arguments are taken to be in the same order."
  )
  expect_condition_text(made(y), "latentmr_message_order", words)
  expect_condition_text(made(y[order(y$y), , drop = FALSE]), "latentmr_message_order", paste(
    words, "The row names of `outcome` are not 1, 2, 3 and so on: sorted or cut. Are the others in that order too?"
  ))
})
