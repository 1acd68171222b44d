# Files that a site or a user sends. Expectation: an error of the package's class, which
# names what is wrong; or what the file that was not touched gives.
source("bench/attacks/outsider.R")
work <- tempfile("files"); dir.create(work); old <- setwd(work)
quiet <- function(expr) suppressWarnings(suppressMessages(expr))
invisible(quiet(simulate_cohort("hgdp", n = 30, sites = 3, variants = 12, missing = .02, prefix = "ok", seed = 1)))
part <- function(e) paste0("ok.", e)
bytes <- function(f) readBin(f, "raw", file.size(f))
bed <- bytes("ok.bed"); bim <- readLines("ok.bim"); fam <- readLines("ok.fam"); pheno <- readLines("ok.pheno.tsv")
n <- length(fam); p <- length(bim)
analysis <- function(prefix = "ok", pheno = "ok.pheno.tsv", ...) {
  d <- read_mr_data(prefix, pheno, "exposure", "outcome", "site", covariates = c("age", "sex"), ...)
  list(n = dim(d), means = c(mean(d$exposure), mean(d$outcome), colMeans(as.matrix(d$covariates))), ids = d$ids,
    variants = variants(d)$snp,
    sums = unclass(mr_moments(d, folds = 1, disclosure = FALSE, seed = 1))[c("gg", "sg", "gx", "xx")])
}
reference <- quiet(analysis())
reference2 <- reference
files <- function(name, ...) { # a file set under another name, parts replaced
  new <- list(...); prefix <- paste0("a", gsub("[^a-z0-9]", "_", name))
  for (e in c("bed", "bim", "fam", "pheno.tsv")) {
    to <- paste0(prefix, ".", e); unlink(to, recursive = TRUE)
    v <- new[[e]]
    if (is.null(v)) file.copy(part(e), to) else if (is.raw(v)) writeBin(v, to) else if (is.function(v)) v(to) else {
      con <- file(to, "wb"); writeLines(v, con, useBytes = TRUE); close(con) }
  }
  prefix
}
plink <- function(name, ..., expect = "refuse", what = c("analysis", "read")) {
  prefix <- files(name, ...)
  attack("files: plink", name, expect, function() analysis(prefix, paste0(prefix, ".pheno.tsv")), reference)
}
first <- function(x, f) { x[1] <- f(x[1]); x }
cells <- function(lines, i, j, value, sep = "\t") { s <- strsplit(lines[i], "[ \t]+")[[1]]; s[j] <- value;
  lines[i] <- paste(s, collapse = sep); lines }
width <- (n + 3) %/% 4
# bed
plink("bed empty", bed = raw())
plink("bed of two bytes", bed = bed[1:2])
plink("bed of three bytes", bed = bed[1:3])
plink("bed one byte short", bed = head(bed, -1))
plink("bed one byte long", bed = c(bed, as.raw(0)))
plink("bed one variant short", bed = head(bed, -width))
plink("bed one variant long", bed = c(bed, tail(bed, width)))
plink("bed twice", bed = c(bed, bed))
plink("bed first magic byte", bed = { b <- bed; b[1] <- as.raw(0x6d); b })
plink("bed second magic byte", bed = { b <- bed; b[2] <- as.raw(0x1c); b })
plink("bed sample by sample", bed = { b <- bed; b[3] <- as.raw(0); b })
plink("bed mode 2", bed = { b <- bed; b[3] <- as.raw(2); b })
if (n %% 4) for (v in c(1, p %/% 2, p)) plink(sprintf("bed pad bits of variant %d", v), bed = { b <- bed;
  i <- 3 + v * width; b[i] <- b[i] | as.raw(0x40); b })
plink("bed is a gzip", bed = memCompress(bed, "gzip"))
plink("bed of the phenotypes", bed = bytes("ok.pheno.tsv"))
plink("bed a folder", bed = dir.create)
plink("bed a link to itself", bed = function(to) file.symlink(basename(to), to))
plink("bed a link to nothing", bed = function(to) file.symlink("nowhere", to))
plink("bed a pipe", bed = function(to) system2("mkfifo", to))
plink("bed is /dev/zero", bed = function(to) file.symlink("/dev/zero", to))
plink("bed is /dev/null", bed = function(to) file.symlink("/dev/null", to))
plink("bed a link to the right one", bed = function(to) file.symlink(file.path(work, "ok.bed"), to), expect = "same")
plink("bed not there", bed = function(to) NULL)
# bim and fam
for (e in c("bim", "fam")) {
  lines <- if (e == "bim") bim else fam
  k <- length(lines); half <- k %/% 2
  set <- function(name, value, expect = "refuse") do.call(plink, c(list(paste(e, name), expect = expect),
    setNames(list(value), e)))
  set("empty", raw())
  set("first line lost", lines[-1])
  set("line in the middle lost", lines[-half])
  set("last line lost", lines[-k])
  set("four lines lost", lines[-(1:4)])
  set("line twice", lines[c(1, seq_len(k))]); set("last line torn", { x <- lines; x[k] <- substr(x[k], 1, 3); x })
  set("one field short", { x <- lines; x[half] <- sub("[ \t][^ \t]*$", "", x[half]); x })
  set("one field long", { x <- lines; x[half] <- paste0(x[half], "\tmore"); x })
  set("blank line in the middle", append(lines, "", half), "refuse|same")
  set("blank lines at the end", c(lines, "", ""), "refuse|same")
  set("CRLF", paste0(lines, "\r"), "same"); set("CR alone", charToRaw(paste0(lines, "\r", collapse = "")))
  set("no newline at the end", charToRaw(paste(lines, collapse = "\n")), "same")
  set("byte order mark", c(as.raw(c(0xef, 0xbb, 0xbf)), charToRaw(paste0(lines, "\n", collapse = ""))), "refuse|same")
  set("UTF-16", c(as.raw(c(0xff, 0xfe)), as.raw(rbind(as.integer(charToRaw(paste0(lines, "\n", collapse = ""))), 0L))))
  set("NUL byte", { b <- charToRaw(paste0(lines, "\n", collapse = "")); b[20] <- as.raw(0); b })
  set("control character", cells(lines, half, 2, "a\001b"))
  set("not UTF-8", { x <- charToRaw(paste0(lines, "\n", collapse = ""));
    x[which(x == charToRaw("\t") | x == charToRaw(" "))[1] + 1] <- as.raw(0xff); x })
  set("spaces for tabs", gsub("\t", " ", lines), "same")
  set("commas for tabs", gsub("[ \t]", ",", lines))
  set("comment first", c("# made by us", lines))
  set("header first", c("CHR ID CM POS A1 A2", lines))
  set("a line of a megabyte", { x <- lines; x[half] <- strrep("x", 1e6); x })
  set("an id of a megabyte", cells(lines, half, 2, strrep("x", 1e6)), "possible")
  set("gzip", memCompress(charToRaw(paste0(lines, "\n", collapse = "")), "gzip"))
  set("a folder", dir.create)
  set("a pipe", function(to) system2("mkfifo", to))
  set("endless", function(to) file.symlink("/dev/zero", to))
  set("not there", function(to) NULL)
  set("the other file", if (e == "bim") fam else bim)
  set("same id twice", cells(lines, 2, 2, strsplit(lines[1], "[ \t]+")[[1]][2]), "possible")
}
plink("bim position of text", bim = cells(bim, 2, 4, "here"), expect = "refuse")
plink("bim position negative", bim = cells(bim, 2, 4, "-5"), expect = "possible")
plink("bim position huge", bim = cells(bim, 2, 4, "99999999999999999999"), expect = "refuse")
plink("bim position with decimals", bim = cells(bim, 2, 4, "1.5"), expect = "refuse")
plink("bim alleles the same", bim = cells(cells(bim, 2, 5, "A"), 2, 6, "A"), expect = "refuse|same")
plink("bim chromosome Y", bim = cells(bim, 2, 1, "24"), expect = "refuse")
plink("bim chromosome MT", bim = cells(bim, 2, 1, "chrM"), expect = "refuse")
plink("bim chromosome unknown", bim = cells(bim, 2, 1, "scaffold_7"), expect = "possible")
plink("fam sex of text", fam = cells(fam, 3, 5, "male", " "), expect = "possible")
plink("fam phenotype of text", fam = cells(fam, 3, 6, "case", " "), expect = "possible")
plink("fam ids all zero", fam = vapply(seq_len(n), function(i) cells(fam, i, 2, "0", " ")[i], ""))
plink("fam order turned round", fam = rev(fam), expect = "possible")

# phenotypes
text <- function(name, lines, expect = "refuse", ..., sub = "phenotypes") {
  f <- paste0("p", count, ".tsv")
  if (is.raw(lines)) writeBin(lines, f) else if (is.function(lines)) lines(f) else { con <- file(f, "wb");
    writeLines(lines, con, useBytes = TRUE); close(con) }
  more <- list(...)
  attack(paste("files:", sub), name, expect, function() do.call(analysis, c(list("ok", f), more)), reference)
}
all <- charToRaw(paste0(pheno, "\n", collapse = ""))
col <- match(c("exposure", "outcome", "site", "age", "sex"), strsplit(pheno[1], "\t")[[1]])
at <- function(i, j, v) cells(pheno, i, col[j], v)
text("empty", raw())
text("header alone", pheno[1])
text("no header", pheno[-1])
text("header twice", c(pheno[1], pheno))
text("header in the middle", append(pheno, pheno[1], 30))
text("CRLF", paste0(pheno, "\r"), "same")
text("CR alone", charToRaw(paste0(pheno, "\r", collapse = "")), "refuse|same")
text("gzip", memCompress(all, "gzip"), "refuse|same")
gz <- { f <- tempfile(); g <- gzfile(f, "wb"); writeBin(all, g); close(g); bytes(f) }
text("gz", gz, "same")
text("gz cut short", head(gz, -9))
text("gz cut in half", head(gz, length(gz) %/% 2))
text("gz with rubbish behind", c(gz, charToRaw("rubbish")))
text("gz twice", c(gz, gz))
text("gz of gz", { f <- tempfile(); g <- gzfile(f, "wb"); writeBin(gz, g); close(g); bytes(f) })
text("gz with a byte turned", { b <- gz; i <- length(b) %/% 2; b[i] <- xor(b[i], as.raw(0x55)); b })
text("gz header alone", gz[1:10])
text("bz2", memCompress(all, "bzip2"))
text("xz", memCompress(all, "xz"))
text("zip", c(charToRaw("PK\003\004"), gz))
text("an RDS", { f <- tempfile(); saveRDS(1, f, compress = FALSE); bytes(f) })
text("UTF-16", c(as.raw(c(0xff, 0xfe)), as.raw(rbind(as.integer(all), 0L))))
text("byte order mark", c(as.raw(c(0xef, 0xbb, 0xbf)), all), "same")
text("two byte order marks", c(as.raw(rep(c(0xef, 0xbb, 0xbf), 2)), all), "refuse|same")
set.seed(5)
for (i in sort(sample(length(all), 8))) text(sprintf("NUL at byte %d", i), { b <- all; b[i] <- as.raw(0); b })
for (i in sort(sample(length(all), 8))) text(sprintf("0xFF at byte %d", i), { b <- all; b[i] <- as.raw(255); b })
for (v in c("Inf", "-Inf", "1e999", "1e400", "0x1p3", "1,5", "TRUE", "12 kg", "<0.1", "1e", "--5", "1.2.3", "\u0663",
  "\"", "'", "=1+1", "#REF!", "NULL", "n/a", "1_000", "1d5", "5L", "+", "\u2212 5",
  "\uff15")) text(paste("exposure of", v), at(5, 1, v), if (v %in% c("NULL", "n/a")) "possible" else "refuse")
text("exposure of -9", at(5, 1, "-9"), "possible"); text("exposure nan", at(5, 1, "nan"), "possible")
for (v in c("Inf", "1,5", "old", "0x1F", "1e500", "\"40", "NULL ")) text(paste("age of", v), at(9, 4, v),
  if (v == "NULL ") "possible" else "refuse")
text("unclosed quote", { x <- pheno; x[10] <- paste0("\"", x[10]); x })
text("quote over lines", { x <- pheno; x[10] <- paste0(x[10], "\t\"a\nb\""); x })
text("row with a field more", { x <- pheno; x[10] <- paste0(x[10], "\t5"); x })
text("row with a field less", { x <- pheno; x[10] <- sub("\t[^\t]*$", "", x[10]); x })
text("last row torn", { x <- pheno; x[length(x)] <- substr(x[length(x)], 1, 9); x })
text("blank row", append(pheno, "", 20), "refuse|same")
text("rows of blanks", c(pheno, "   ", "\t\t"), "refuse|same")
text("comment first", c("# cohort", pheno), "refuse|same")
text("column twice", paste(pheno, sub("^.*\t", "", pheno), sep = "\t"), "refuse|same")
text("exposure twice", paste(pheno, vapply(strsplit(pheno, "\t"), `[`, "", col[1]), sep = "\t"))
text("column without a name", sub("\tage", "\t", pheno))
text("name in capitals", sub("exposure", "EXPOSURE", pheno))
text("name with blanks", sub("exposure", " exposure ", pheno), "refuse|same")
text("semicolons", gsub("\t", ";", pheno), "same")
text("commas", gsub("\t", ",", pheno), "same")
text("bars", gsub("\t", "|", pheno), "refuse|same")
text("two separators", { x <- pheno; x[5] <- gsub("\t", ",", x[5]); x })
text("quotes round everything", gsub("(^|\t)([^\t]*)", "\\1\"\\2\"", pheno, perl = TRUE), "refuse|same")
text("person twice, same", c(pheno, pheno[7]), "same")
text("person twice, different", c(pheno, at(7, 1, "9.9")[7]))
text("rows turned round", c(pheno[1], rev(pheno[-1])), "same")
text("a person nobody knows", c(pheno, cells(pheno, 7, 1, "nobody")[7]), "possible")
text("ids with blanks behind", { x <- pheno; x[-1] <- sub("\t", " \t", x[-1]); x }, "refuse|same")
text("ids in capitals", { x <- pheno; x[-1] <- toupper(x[-1]); x }, "refuse|same")
text("a folder", dir.create)
text("endless", function(to) file.symlink("/dev/zero", to))
text("endless noise", function(to) file.symlink("/dev/urandom", to))
text("a link to itself", function(to) file.symlink(basename(to), to))
text("not there", function(to) NULL)
text("a pipe that nobody writes", function(to) system2("mkfifo", to), "refuse|same")
text("a web page", c("<!DOCTYPE html>", "<html>", pheno))
text("a VCF", c("##fileformat=VCFv4.2", pheno))
text("JSON", c("{\"a\": 1}"))
text("10,000 columns", paste(pheno, strrep("\t1", 1e4), sep = ""), "refuse|same")
text("a cell of ten megabytes", { x <- paste(pheno, "x", sep = "\t"); x[1] <- sub("x$", "note", x[1]);
  x[8] <- paste0(pheno[8], "\t", strrep("y", 1e7)); x }, "refuse|same")
text("site with capitals", at(5, 3, "SITE1"), "possible")
text("site empty", at(5, 3, ""), "possible")
text("site not UTF-8", at(5, 3, "site\xff"))
text("latin1 said", iconv(at(5, 3, "s\u00e9"), "UTF-8", "latin1"), "possible", encoding = "latin1")
text("encoding unknown", pheno, "refuse", encoding = "klingon")
text("UTF-32 said", pheno, "refuse", encoding = "UTF-32")

# lists of people and variants, kinship, weights
iids <- vapply(strsplit(fam, "[ \t]+"), `[`, "", 2)
listed <- function(name, content, arg, expect, ref = NULL) {
  f <- paste0("l", count, ".txt")
  if (is.raw(content)) writeBin(content, f) else if (is.function(content)) content(f) else { con <- file(f, "wb");
    writeLines(content, con, useBytes = TRUE); close(con) }
  attack("files: lists", paste(arg, name), expect, function() do.call(analysis, setNames(list(f), arg)), ref)
}
removed <- quiet(analysis(remove = iids[1:5]))
kept <- quiet(analysis(keep = iids))
for (arg in c("remove", "keep")) {
  ref <- if (arg == "remove") removed else quiet(analysis(keep = iids[1:70]))
  who <- if (arg == "remove") iids[1:5] else iids[1:70]
  listed("plain", who, arg, "same", ref)
  listed("with header", c("IID", who), arg, "same", ref)
  listed("CRLF", paste0(who, "\r"), arg, "same", ref)
  listed("CR alone", charToRaw(paste0(who, "\r", collapse = "")), arg, "refuse|same", ref)
  listed("FID and IID", sub("^([^ \t]+)[ \t]+([^ \t]+).*", "\\1 \\2", fam[seq_along(who)]), arg, "same", ref)
  listed("NUL", c(charToRaw(who[1]), as.raw(0), charToRaw("\n")), arg, "refuse")
  listed("not UTF-8", paste0(who, "\xff"), arg, "refuse")
  listed("in one line", paste(who, collapse = " "), arg, "refuse")
  listed("with commas", paste(who, collapse = ","), arg, "refuse")
  listed("blank lines", c("", who, "", ""), arg, "refuse|same", ref)
  listed("each twice", rep(who, 2), arg, "same", ref)
  listed("a folder", dir.create, arg, "refuse")
  listed("endless", function(to) file.symlink("/dev/zero", to), arg, "refuse")
  listed("of nobody", c("x1", "x2"), arg, "refuse")
  listed("UTF-16", c(as.raw(c(0xff, 0xfe)), as.raw(rbind(as.integer(charToRaw(paste0(who, "\n", collapse = ""))),
    0L))), arg, "refuse|same", ref)
  listed("byte order mark", c(as.raw(c(0xef, 0xbb, 0xbf)), charToRaw(paste0(who, "\n", collapse = ""))), arg, "same",
    ref)
  listed("quoted", paste0("\"", who, "\""), arg, "refuse|same", ref)
  listed("trailing blanks", paste0(who, "  "), arg, "refuse|same", ref)
  listed("three columns", paste(who, who, who), arg, "refuse")
  listed("gz cut", head(gz, 20), arg, "refuse")
  listed("last line torn", head(charToRaw(paste0(who, "\n", collapse = "")), -3), arg, "possible")
  listed("not there", function(to) NULL, arg, "refuse")
}
snps <- variants(read_plink("ok"))$snp[1:6]
ref <- quiet(analysis(instruments = snps))
for (x in list(list("plain", snps, "same"), list("header", c("SNP", snps), "same"), list("table", c("chr\tsnp",
  paste("1", snps, sep = "\t")), "same"), list("CRLF", paste0(snps, "\r"), "same"), list("empty", raw(), "refuse"),
  list("twice", rep(snps, 2), "refuse|same"), list("NUL", c(charToRaw(snps[1]), as.raw(c(0, 10))), "refuse"),
  list("none known", "rs0", "refuse"),
  list("one line", paste(snps, collapse = " "), "refuse"), list("a folder", dir.create, "refuse"),
    list("two columns no header", paste(snps, "A"), "refuse|same"), list("not UTF-8", c(snps, "\xff\xfe"), "refuse"),
    list("capitals", toupper(snps), "refuse|same"))) listed(x[[1]], x[[2]], "instruments", x[[3]], ref)

kin <- data.frame(FID1 = 0, ID1 = c("ann", "ann", "eve"), FID2 = 0, ID2 = c("bob", "cid", "fay"), Kinship = c("0.251",
  "0.246", "0.02"))
kfile <- function(name, k, expect, raw = NULL) {
  f <- paste0("k", count, ".kin0")
  if (is.null(raw)) utils::write.table(k, f, sep = "\t", quote = FALSE,
    row.names = FALSE) else if (is.function(raw)) raw(f) else writeBin(raw, f)
  attack("files: kinship", name, expect, function() unclass(families(f, ids = c("ann", "bob", "cid", "eve", "fay"))),
    unclass(families(within(kin, Kinship <- as.numeric(Kinship)), ids = c("ann", "bob", "cid", "eve", "fay"))))
}
kset <- function(v) { k <- kin; k$Kinship[2] <- v; k }
kfile("plain", kin, "same")
for (v in c("Inf", "-Inf", "1e9", "5", "high", "0,246", "", "nan", "-1e9", "1e-400")) kfile(paste("kinship of", v),
  kset(v), if (v %in% c("", "nan", "-1e9", "1e-400", "5", "-Inf")) "possible" else "refuse")
kfile("no Kinship column", kin[-5], "refuse")
kfile("no ID2", kin[-4], "refuse")
kfile("Kinship twice", cbind(kin, Kinship = 1), "refuse")
kfile("self pairs", { k <- kin; k$ID2[1] <- "ann"; k }, "possible")
kfile("no rows", kin[0, ], "possible")
kfile("empty", NULL, "refuse", raw())
kfile("pair twice with other values", { k <- kin[c(1, 1:3), ]; k$Kinship[2] <- "0"; k }, "possible")
kfile("NUL", NULL, "refuse", c(charToRaw("FID1\tID1\n"), as.raw(0)))
kfile("a folder", NULL, "refuse", dir.create)
kfile("header alone", NULL, "possible", charToRaw("FID1\tID1\tFID2\tID2\tKinship\n"))

data <- quiet(read_mr_data("ok", "ok.pheno.tsv", "exposure", "outcome", "site"))
v <- variants(data)
weights <- data.frame(SNP = v$snp, effect_allele = v$effect_allele, other_allele = v$other_allele, beta = seq(.1,
  by = .01, length.out = nrow(v)))
scored <- function(w) as.data.frame(latent_mr(data, methods = "score", score_weights = w, by_environment = FALSE,
  seed = 1))[, c("b", "se")]
sref <- quiet(scored(weights))
wfile <- function(name, w, expect, raw = NULL) {
  f <- paste0("w", count, ".txt")
  if (is.null(raw)) utils::write.table(w, f, sep = "\t", quote = FALSE,
    row.names = FALSE) else if (is.function(raw)) raw(f) else writeBin(raw, f)
  attack("files: weights", name, expect, function() scored(f), sref)
}
wset <- function(j, value, i = 2) { w <- weights; w[[j]] <- as.character(w[[j]]); w[[j]][i] <- value; w }
wfile("plain", weights, "same")
wfile("alleles turned", { w <- weights; w[2:3] <- w[3:2]; w$beta <- -w$beta; names(w) <- names(weights); w }, "same")
wfile("rows turned", weights[rev(seq_len(nrow(weights))), ], "same")
wfile("all times ten", { w <- weights; w$beta <- 10 * w$beta; w }, "same")
for (b in c("Inf", "-Inf", "1e999", "x", "0,1", "0x2", "nan", "", "1e308")) wfile(paste("beta of", b), wset("beta",
  b), if (b %in% c("nan", "", "1e308")) "possible" else "refuse")
wfile("beta all zero", { w <- weights; w$beta <- 0; w }, "refuse")
wfile("no beta", weights[-4], "refuse")
wfile("beta twice", cbind(weights, beta = 1), "refuse")
wfile("a variant twice", rbind(weights, weights[1, ]), "refuse|same")
wfile("a variant twice with another weight", rbind(weights, transform(weights[1, ], beta = 9)), "refuse")
wfile("other alleles", wset("effect_allele", "TTTT"), "possible")
wfile("no rows", weights[0, ], "refuse")
wfile("empty", NULL, "refuse", raw())
wfile("NUL", NULL, "refuse", as.raw(c(65, 0, 66)))
wfile("a folder", NULL, "refuse", dir.create)
wfile("allele of a megabyte", wset("effect_allele", strrep("A", 1e6)), "possible")
wfile("allele not UTF-8", wset("effect_allele", "\xff"), "refuse")
wfile("lower case alleles", { w <- weights; w[2:3] <- lapply(w[2:3], tolower); w }, "refuse|same")
wfile("both alleles the same", wset("other_allele", weights$effect_allele[2]), "possible")

# While they are read
churn <- function(name, change, expect = "refuse|same") {
  prefix <- files(name)
  attack("files: meanwhile", name, expect, function() { bed <- read_plink(prefix); change(prefix);
    list(as.matrix(bed)) }, list(as.matrix(read_plink("ok"))))
}
churn("bed gone", function(f) unlink(paste0(f, ".bed")))
churn("bed emptied", function(f) file.create(paste0(f, ".bed")))
churn("bed halved", function(f) writeBin(head(bed, length(bed) %/% 2), paste0(f, ".bed")))
churn("bed rewritten the same", function(f) { Sys.sleep(.1); writeBin(bed, paste0(f, ".bed")) })
churn("bed rewritten with others", function(f) { Sys.sleep(.1); b <- bed; b[10] <- xor(b[10], as.raw(3)); writeBin(b,
  paste0(f, ".bed")) })
churn("bed became a folder", function(f) { unlink(paste0(f, ".bed")); dir.create(paste0(f, ".bed")) })
churn("bed became a pipe", function(f) { unlink(paste0(f, ".bed")); system2("mkfifo", paste0(f, ".bed")) })
churn("bim gone", function(f) unlink(paste0(f, ".bim")))
churn("another bed of the same size and time", function(f) { b <- bed; b[10] <- xor(b[10], as.raw(3));
  t <- file.mtime(paste0(f, ".bed")); writeBin(b, paste0(f, ".bed")); Sys.setFileTime(paste0(f, ".bed"), t) }, "refuse")
setwd(old)
