# What the objects of the package hold, class by class: the fields that are read
# again later, with their types, sizes and ranges (R/base_object_fields.R). A field
# that is not here is not looked at. Names of sizes mean the same within a table.
# Tables are made when they are first asked for (R/base_once.R).

moment_kinds <- c("genotype", "dosage", "continuous")

variants_rule <- function(size) {
  frame(
    size, snp = texts(size, distinct = TRUE), chr = chromosomes(size), pos = numbers(size, na = TRUE),
    effect_allele = texts(size, na = TRUE), other_allele = texts(size, na = TRUE),
    weight = numbers(size, na = TRUE, optional = TRUE)
  )
}

# The account of people and variants.
flow_rule <- function(null = TRUE) {
  frame(
    "account", step = numbers("account"), unit = texts("account"), reason = texts("account"), action = texts("account"),
    environment = texts("account", na = TRUE), count = numbers("account", na = TRUE),
    remaining = numbers("account", na = TRUE), null = null
  )
}

# Sums over the people of each block, whose values are looked at in C.
stored_sums <- function(rows) numbers(rows, "b", type = "double", scan = FALSE)

# G: variants, c, s, x: covariate, structure and exposure columns, o: variants with
# missing calls, b: blocks, e: environments.
moments_rules <- function() list(
  kind = text(among = moment_kinds), variants = variants_rule("G"),
  covariates = texts("c", distinct = TRUE, null = TRUE), structure = texts("s", distinct = TRUE, null = TRUE),
  exposure = texts("x", distinct = TRUE), outcome = texts("y", distinct = TRUE),
  units = texts("x + y", na = TRUE, null = TRUE, optional = TRUE), structure_includes_instruments = flag(na = TRUE),
  block = groups("G", null = TRUE), environments = texts("e", distinct = TRUE),
  blocks = frame(
    "b", environment = groups("b", "e"), fold = numbers("b", min = 1, max = 10000, whole = TRUE),
    n = numbers("b", min = 1, max = .Machine$integer.max, whole = TRUE)
  ),
  pilot = numbers("c + s + x + y"), gpilot = numbers("G"),
  missing = numbers("o", min = 1, max = "G", whole = TRUE, type = "integer", ordered = TRUE),
  gg = numbers("G * (G + 1) / 2", "b", scan = FALSE, optional = TRUE),
  squares = numbers("G", "b", scan = FALSE, optional = TRUE), gm = numbers("G * o", "b", scan = FALSE),
  mm = numbers("o * (o + 1) / 2", "b", scan = FALSE), sg = stored_sums("G"), sm = stored_sums("o"),
  gx = stored_sums("G * (c + s + x + y)"), mx = stored_sums("o * (c + s + x + y)"), sx = stored_sums("c + s + x + y"),
  xx = stored_sums("(c + s + x + y) * (c + s + x + y + 1) / 2"),
  background = parts(
    components = number(min = 0, whole = TRUE), values = numbers(), variants = number(min = 0, whole = TRUE),
    effective = numbers(2, min = 0, named = c("background", "instruments"), optional = TRUE),
    fallback = text(among = c("none", "linked"), null = TRUE, optional = TRUE),
    control = parts(background_r2 = number(min = 0, max = 1), max_components = number(min = 0, whole = TRUE)),
    null = TRUE
  ),
  family = parts(
    people = numbers("b", min = 0, whole = TRUE), families = numbers("b", min = 0, whole = TRUE),
    cross = numbers("(G + c + s + x + y) * (G + c + s + x + y + 1) / 2", "b", type = "double"), null = TRUE,
    optional = TRUE
  ),
  withheld_families = text(null = TRUE, optional = TRUE),
  summary = moments_summary_rule(),
  flow = flow_rule(), seed = numbers(null = TRUE, whole = TRUE, na = TRUE), clustered = flag(), binary = flags("y"),
  disclosure = flag(), withheld = texts("w", distinct = TRUE),
  coding = frame(
    "k", column = texts("k", na = TRUE), variable = texts("k"), level = texts("k", na = TRUE),
    reference = texts("k", na = TRUE), null = TRUE, optional = TRUE
  ),
  scaled = texts("x + y", null = TRUE, optional = TRUE), version = text(null = TRUE, optional = TRUE)
)

# Of moments from summary statistics (R/moments_noise.R).
moments_summary_rule <- function() parts(
  traits = frame(
    "(x + 1) * e", environment = texts("(x + 1) * e"), trait = texts("(x + 1) * e"),
    n = numbers("(x + 1) * e", min = 1), n_min = numbers("(x + 1) * e", min = 1),
    n_max = numbers("(x + 1) * e", min = 1),
    variance = numbers("(x + 1) * e", min = 0), noise = numbers("(x + 1) * e", min = 0)
  ),
  overlap = symmetric("(x + 1) * e", positive = TRUE), known = flag(), same = flag(), pooled = flag(),
  noise_df = number(min = 1, inf = TRUE), source = text(), ld = text(), n_ref = numbers("e", min = 1, inf = TRUE),
  null = TRUE, optional = TRUE
)

# f: file sets, n: samples, G: variants.
plink_rules <- function() list(
  files = frame(
    "f", bed = texts("f"), size = numbers("f", min = 0), mtime = numbers("f"),
    first = numbers("f", min = 1, whole = TRUE, type = "integer"),
    variants = numbers("f", min = 0, whole = TRUE, type = "integer"), sum = texts("f", na = TRUE, optional = TRUE)
  ),
  samples = frame(
    "n", fid = texts("n"), iid = texts("n"), father = texts("n", na = TRUE, optional = TRUE),
    mother = texts("n", na = TRUE, optional = TRUE), sex = numbers("n", na = TRUE, optional = TRUE),
    phenotype = numbers("n", na = TRUE, optional = TRUE)
  ),
  variants = variants_rule("G")
)

# f: files, n: samples, G: variants.
dosage_file_rules <- function(...) {
  list(
    files = frame(
      "f", path = texts("f"), size = numbers("f", min = 0), mtime = numbers("f"), sum = texts("f", na = TRUE), ...
    ),
    people = frame("n", fid = texts("n", na = TRUE), iid = texts("n"), sex = numbers("n", na = TRUE, optional = TRUE)),
    table = variants_rule("G"),
    rows = numbers(min = 1, max = "n", whole = TRUE, null = TRUE, optional = TRUE),
    cols = numbers(min = 1, max = "G", whole = TRUE, null = TRUE, optional = TRUE),
    left_out = numbers(null = TRUE, optional = TRUE, whole = TRUE)
  )
}

bgen_rules <- function() c(dosage_file_rules(bits = numbers("f", min = 1, max = 32, whole = TRUE, na = TRUE)), list(
  at = frame(
    "G", file = numbers("G", min = 1, max = "f", whole = TRUE, type = "integer"),
    start = numbers("G", min = 0, max = 1e17, whole = TRUE, type = "double"),
    bytes = numbers("G", min = 0, max = 2^32, whole = TRUE),
    pos = numbers("G", min = 0, type = "double"),
    alleles = numbers("G", min = 2, max = 32, whole = TRUE, type = "integer"),
    allele = numbers("G", min = 1, max = 31, whole = TRUE, type = "integer")
  )
))

pgen_rules <- function() c(dosage_file_rules(pvar = texts("f", na = TRUE)), list(
  at = frame(
    "G", file = numbers("G", min = 1, max = "f", whole = TRUE, type = "integer"),
    place = numbers("G", min = 1, whole = TRUE), alleles = numbers("G", min = 2, whole = TRUE, type = "integer"),
    allele = numbers("G", min = 1, whole = TRUE, type = "integer")
  )
))

# n: people, G: variants, x: exposures, e: environments.
data_rules <- function() list(
  variants = variants_rule("G"), kind = text(among = moment_kinds), outcome = numbers("n", type = "double"),
  exposure = numbers(type = "double"), exposure_name = texts("x", distinct = TRUE), outcome_name = text(),
  units = texts("x + 1", na = TRUE, null = TRUE, optional = TRUE),
  environment = groups("n", "e"), covariates = numbers("n", "c", type = "double"),
  structure = numbers("n", "s", type = "double", null = TRUE), structure_includes_instruments = flag(na = TRUE),
  genotypes = parts(
    x = numbers("n", "G", type = "double", scan = FALSE, optional = TRUE),
    bed = object_of("plink_bed", optional = TRUE),
    rows = numbers("n", min = 1, whole = TRUE, optional = TRUE),
    cols = numbers("G", min = 1, whole = TRUE, optional = TRUE)
  ),
  background = parts(
    variants = variants_rule("B"), x = numbers("n", "B", type = "double", scan = FALSE, optional = TRUE),
    bed = object_of("plink_bed", optional = TRUE), rows = numbers("n", min = 1, whole = TRUE, optional = TRUE),
    cols = numbers("B", min = 1, whole = TRUE, optional = TRUE), null = TRUE
  ),
  block = groups("G", null = TRUE), cluster = groups("n", null = TRUE),
  family = groups("n", na = TRUE, null = TRUE, optional = TRUE), ids = texts("n", null = TRUE),
  parents = parts(
    genotypes = parts(
      x = numbers("q", "G", type = "double", scan = FALSE, optional = TRUE),
      bed = object_of("plink_bed", optional = TRUE),
      rows = numbers("r", min = 1, whole = TRUE, null = TRUE, optional = TRUE),
      cols = numbers("G", min = 1, whole = TRUE, null = TRUE, optional = TRUE), optional = TRUE
    ),
    father = numbers("n", na = TRUE, min = 1, whole = TRUE, type = "integer", optional = TRUE),
    mother = numbers("n", na = TRUE, min = 1, whole = TRUE, type = "integer", optional = TRUE),
    shared = frame(
      "segments", id1 = texts("segments"), id2 = texts("segments"),
      shared = numbers("segments", min = 0, max = 2, whole = TRUE), chr = texts("segments", na = TRUE),
      from = numbers("segments", na = TRUE), to = numbers("segments", na = TRUE), null = TRUE, optional = TRUE
    ),
    null = TRUE, optional = TRUE
  ),
  flow = flow_rule(null = FALSE),
  covariate_coding = frame(
    "coding", column = texts("coding"), variable = texts("coding"), level = texts("coding", na = TRUE),
    reference = texts("coding", na = TRUE)
  ),
  removed_variants = frame("gone", snp = texts("gone"), reason = texts("gone")),
  flagged_variants = frame(
    "flagged", snp = texts("flagged"), environment = texts("flagged"), reason = texts("flagged")
  ),
  made = texts("lines", null = TRUE, optional = TRUE)
)

# G: variants, e: environments, r: columns that the directions combine (variants, or
# a code), d: directions, m and k: invariant and variant ones.
instruments_rules <- function() list(
  encoder = text(), method = text(among = c("structure", "stationary", "code", "sparse")),
  mode = text(among = c("panel", "structure", "background", "continuous", "code", "sparse")),
  kind = text(among = moment_kinds),
  variants = variants_rule("G"), environments = numbers("e", min = 1), center = numbers("G"),
  imputation = numbers("G", "e"),
  directions = numbers("r", "d"), invariant = numbers("r", "m"), variant = numbers("r", "k"),
  n_latent = numbers(2, min = 0, whole = TRUE, named = c("invariant", "variant")),
  n_latent_given = numbers(2, min = 0, whole = TRUE, null = TRUE, optional = TRUE),
  dropped = number(min = 0, whole = TRUE), unlinked = flags(1, null = TRUE, optional = TRUE),
  within = numbers("G", min = 0, null = TRUE, optional = TRUE),
  values = numbers(), threshold = numbers(na = TRUE), null = numbers(null = TRUE, optional = TRUE),
  above = number(min = 0, null = TRUE, optional = TRUE), taken = number(min = 0, null = TRUE, optional = TRUE),
  structure_mean = numbers("s", null = TRUE, optional = TRUE),
  structure_slopes = numbers("s", "G", null = TRUE, optional = TRUE),
  selected = texts(1, null = TRUE, optional = TRUE), # one of row_encoders(): encode_rows() looks
  code_center = numbers("r", optional = TRUE),
  parameters = parts(
    center = numbers("G", optional = TRUE), map = numbers("G", "h", optional = TRUE), theta = numbers(optional = TRUE),
    hinges = number(min = 0, max = 64, whole = TRUE, optional = TRUE), whiten = numbers("G", "w", optional = TRUE),
    shape = numbers(8, min = 0, whole = TRUE, optional = TRUE), warm = anything(optional = TRUE),
    code_center = numbers(optional = TRUE), code_scale = numbers(optional = TRUE), null = TRUE, optional = TRUE
  ),
  map = numbers("r", "l", optional = TRUE),
  mixing = text(among = c("closure", "flow"), null = TRUE, optional = TRUE),
  touched = numbers("l", "e", min = 0, max = 1, whole = TRUE, optional = TRUE),
  majority = numbers("l", min = 0, whole = TRUE, optional = TRUE),
  stable = numbers("l", min = 0, whole = TRUE, optional = TRUE), starts = numbers(inf = TRUE, optional = TRUE),
  control = object_of("encoder_control"), seed = number(whole = TRUE)
)

# x: exposures.
kclass_rule <- function(...) {
  parts(
    r0 = symmetric("x + 1", positive = TRUE), r1 = symmetric("x + 1", positive = TRUE), n = number(min = 1),
    L = number(min = 0), K = number(min = 0), df = number(),
    k = number(min = "x", max = "x"), ...
  )
}

# One estimate of x exposures.
estimate_rule <- function(...) {
  parts(
    id = text(), b = numbers("x", na = TRUE), se = numbers("x", min = 0, na = TRUE, inf = TRUE),
    lo = numbers("x", na = TRUE, inf = TRUE), up = numbers("x", na = TRUE, inf = TRUE),
    pval = numbers("x", min = 0, max = 1, na = TRUE), vcov = text(na = TRUE, null = TRUE, optional = TRUE),
    se_plain = numbers("x", min = 0, na = TRUE, inf = TRUE, null = TRUE, optional = TRUE),
    fstat = numbers(na = TRUE), fstat_type = text(na = TRUE), nsnp = number(na = TRUE), nobs = number(min = 1), ...
  )
}

# Of the tests of R/iv_learned.R.
learned_rule <- function() {
  parts(
    scores = numbers("m", 2), folds = several(numbers("m", 2)), spread = number(min = 0),
    null = TRUE, optional = TRUE
  )
}

# x: exposures, G: instruments.
fit_rules <- function() list(
  exposure = texts("x", distinct = TRUE), outcome = text(), headline = texts(1, na = TRUE), mode = text(),
  rows_used = flag(),
  units = texts("x + 1", na = TRUE, null = TRUE, optional = TRUE),
  kind = text(among = moment_kinds), variants = variants_rule("G"),
  encoder = object_of("latent_instruments"), leading = text(), level = number(min = .5, max = 1),
  nobs = number(min = 1),
  crossfit = number(min = 0, whole = TRUE), seed = number(whole = TRUE),
  methods = frame("a", id = texts("a", distinct = TRUE), name = texts("a")),
  estimates = several(estimate_rule(null = TRUE)),
  naive = several(estimate_rule(null = TRUE), null = TRUE, optional = TRUE),
  by_environment = several(several(estimate_rule(null = TRUE)), null = TRUE, optional = TRUE),
  leave_one_out = several(estimate_rule(null = TRUE), null = TRUE, optional = TRUE),
  family = parts(
    people = number(min = 0, whole = TRUE), families = number(min = 0, whole = TRUE),
    trios = number(min = 0, whole = TRUE), imputed = number(min = 0, whole = TRUE),
    contrast = parts(
      difference = numbers("x", na = TRUE), se = numbers("x", na = TRUE), statistic = number(na = TRUE),
      df = number(min = 1), pval = number(min = 0, max = 1, na = TRUE), note = text(null = TRUE, optional = TRUE),
      null = TRUE, optional = TRUE
    ),
    null = TRUE, optional = TRUE
  ),
  random = parts(
    terms = texts(distinct = TRUE, among = c("background", "cluster")), variance = numbers("v", min = 0, null = TRUE),
    se = numbers("v", min = 0, na = TRUE, null = TRUE), together = flag(), rows = number(min = 1, whole = TRUE),
    null = TRUE, optional = TRUE
  ),
  learned = learned_rule(),
  controls = frame(
    "k", outcome = texts("k"), method = texts("k"), b = numbers("k", na = TRUE), se = numbers("k", min = 0, na = TRUE),
    pval = numbers("k", min = 0, max = 1, na = TRUE), verdict = texts("k", na = TRUE), null = TRUE, optional = TRUE
  ),
  diagnostics = parts(
    set_environments = several(plain_frame(null = TRUE, empty = TRUE), null = TRUE, optional = TRUE),
    family = parts(kclass = kclass_rule(), null = TRUE, optional = TRUE),
    mixed = parts(kclass = kclass_rule(), null = TRUE, optional = TRUE),
    more = list(null = parts(
      bias = number(), se = number(min = 0), statistic = number(), df = number(min = 0),
      pval = number(min = 0, max = 1), detectable = number(min = 0), linked = flag(),
      variants = number(min = 1, whole = TRUE), noise = numbers(2, 2), people = numbers(2, 2), b = number(na = TRUE),
      null = TRUE, optional = TRUE
    ))
  ),
  flow = flow_rule(), tables = moments_summary_rule(),
  people = parts(
    rows = texts(6, null = TRUE, optional = TRUE), totals = numbers("x + 1", 2, inf = TRUE),
    null = TRUE, optional = TRUE
  ),
  latent = parts(
    kclass = kclass_rule(),
    n = number(min = 1), rank = number(min = 0),
    variants = parts(
      gg = symmetric("G", positive = TRUE, optional = TRUE), squares = numbers("G", min = 0, optional = TRUE),
      low = numbers("G", "w", optional = TRUE), gyx = numbers("G", "x + 1"), r0 = symmetric("x + 1", positive = TRUE),
      least = numbers("G", min = 0), mean = numbers("G"), df = number(), n = number(min = 1),
      block = numbers("G", min = 1, whole = TRUE, null = TRUE), optional = TRUE
    )
  )
)

# The factor of an IV fit. n: people; w, z, x: columns given, K, L, k: kept.
factor_rules <- function() list(
  K = number(min = 0, whole = TRUE), L = number(min = 0, whole = TRUE), k = number(min = 0, whole = TRUE),
  n = number(min = 1),
  r = numbers("p", "p"), tol = number(min = 0, max = .1),
  rows = parts(
    y = numbers("n", type = "double", scan = FALSE), x = columns("n", "x"), z = columns("n", "z"),
    w = columns("n", "w"),
    root = numbers("n", type = "double", scan = FALSE, null = TRUE),
    names = parts(x = texts("x", null = TRUE), z = texts(null = TRUE), w = texts("w", null = TRUE)),
    keep_w = numbers("K", min = 1, max = "w", whole = TRUE, type = "integer", ordered = TRUE),
    keep_z = numbers("L", min = 1, max = "z", whole = TRUE, type = "integer", ordered = TRUE),
    keep_x = numbers("k", min = 1, max = "x", whole = TRUE, type = "integer", ordered = TRUE)
  ),
  W = numbers("K", min = 1, max = "p", whole = TRUE), Z = numbers("L", min = 1, max = "p", whole = TRUE),
  X = numbers("k", min = 1, max = "p", whole = TRUE), Y = number(min = 1, max = "p", whole = TRUE)
)

# Clusters, in one way or in m (R/iv_cluster.R).
grouping_rules <- function() list(
  index = numbers("n", min = 0, whole = TRUE, type = "integer"), count = number(min = 2, max = "n", whole = TRUE),
  sign = number(min = -1, max = 1, whole = TRUE, optional = TRUE)
)
clusters_rules <- function() list(
  index = numbers("n", min = 0, whole = TRUE, type = "integer", optional = TRUE),
  count = number(min = 2, max = "n", whole = TRUE),
  counts = numbers("m", min = 2, max = "n", whole = TRUE, optional = TRUE),
  ways = several(table_of("iv_grouping", "n"), "2^m - 1", optional = TRUE)
)

# n: rows, m: coefficients, v: those estimated.
iv_rules <- function() list(
  n = number(min = 1, whole = TRUE), residuals = numbers("n", type = "double", scan = FALSE),
  coefficients = numbers("m", na = TRUE),
  vcov = symmetric("v"), cov.unscaled = symmetric("v"), sigma = number(min = 0), rss = number(min = 0),
  df.residual = number(min = 1),
  rank = number(min = 1), nobs = number(min = 1), estimator = text(), kappa = number(na = TRUE), vcov_type = text(),
  diagnostics = table_matrix("tests", null = TRUE), strength = parts(effective_f = table_numbers(1), null = TRUE),
  cluster = table_of("iv_clusters", "n", null = TRUE), endogenous = texts(null = TRUE), exogenous = texts(null = TRUE),
  instruments = texts(null = TRUE),
  weights = numbers("n", null = TRUE, scan = FALSE),
  terms = parts(optional = TRUE), levels = parts(null = TRUE, optional = TRUE), contrasts = parts(optional = TRUE),
  model = frame("n", optional = TRUE),
  engine = parts(
    estimator = text(), instrument = numbers("n", "k", scan = FALSE, optional = TRUE), meat = text(optional = TRUE),
    skipped = flags("n", optional = TRUE),
    f = table_of("iv_factor", "n"), f2 = table_of("iv_factor", "n"),
    groups = parts(
      order = numbers("n", min = 0, whole = TRUE, type = "integer", null = TRUE),
      start = numbers(min = 0, max = "n", whole = TRUE, type = "integer", null = TRUE)
    ),
    est = parts(
      beta = numbers("b"), gamma = numbers("g"), hinv = symmetric("b"), rss = number(min = 0),
      kappa = number(na = TRUE), shift = number(na = TRUE)
    ),
    unscaled = numbers("v", "v")
  )
)

binary_rules <- function() list(
  coefficients = numbers("m", na = TRUE), vcov = symmetric("v"), scale = text(), estimator = text(), vcov_type = text(),
  endogenous = texts(), outcome = text(), units = texts(na = TRUE), link = text(null = TRUE),
  df = number(min = 0, inf = TRUE), nobs = number(min = 1),
  cases = number(min = 0), linear = object_of("iv_reg")
)

# r: estimators, s: strata.
hazard_rules <- function() list(
  estimates = frame(
    "r", estimator = texts("r", distinct = TRUE), b = table_numbers("r"), se = table_numbers("r"),
    lo_ci = table_numbers("r"), up_ci = table_numbers("r"), pval = table_numbers("r")
  ),
  fstat = table_numbers(1), nobs = number(min = 1), events = number(min = 1), person_time = number(min = 0),
  strata = frame("s", stratum = texts("s"), n = numbers("s"), events = numbers("s"), person_time = numbers("s")),
  time_unit = text(null = TRUE), per = number(min = 1), scale = text(), units = text(), exposure = text(),
  outcome = text(), level = number(min = 0, max = 1), clusters = number(min = 2, null = TRUE),
  delayed = number(min = 0), instruments = number(min = 1), covariates = number(min = 0)
)

# A reference of a curve: a constant, or a polynomial or spline of the exposure.
reference_rule <- parts(
  label = text(), value = number(optional = TRUE),
  spec = parts(
    centre = number(), scale = number(min = 0), degree = number(min = 1, max = 3, whole = TRUE),
    knots = numbers(optional = TRUE), optional = TRUE
  ),
  level = number(optional = TRUE), coef = numbers(null = TRUE, optional = TRUE),
  vcov = numbers(na = TRUE, null = TRUE, optional = TRUE)
)

# n: rows, z, w: instruments and covariates, u x l: hidden units by members.
curve_rules <- function() list(
  solver = text(among = c("closed", "surface", "adam", "kiv", "sieve")), curve = parts(),
  nobs = number(min = 1, whole = TRUE), seed = number(whole = TRUE),
  control = object_of("curve_control"), shrink = number(min = 0, max = 1), range = numbers(2),
  names = parts(outcome = text(), exposure = text(), instruments = texts("z"), covariates = texts("w", null = TRUE)),
  data = parts(y = numbers("n"), x = numbers("n"), z = numbers("n", "z"), w = numbers("n", "w")),
  uneven = parts(p.value = number(na = TRUE), found = flag(), factor = number(min = 1)),
  model = parts(
    features = parts(
      slope = numbers("u", "l"), shift = numbers("u", "l"), block = numbers("l", 1), square = numbers(3, 1),
      mean = numbers("2 + u * l", 1)
    ),
    point = numbers("2 + u * l"), coef = numbers("2 + u * l"), cov = symmetric("2 + u * l"),
    mean_slope = numbers("2 + u * l"),
    summary = numbers(named = c("q", "strength", "s2", "ratio", "gain", "linear", "first_stage")),
    scale = numbers(4, named = c("y_mean", "y_sd", "a_mean", "a_scale"))
  ),
  identification = parts(
    moved = numbers(2, na = TRUE), still = frame("still"), directions = number(min = 0, whole = TRUE),
    most = number(min = 0, whole = TRUE),
    correlations = numbers("r", min = 0, max = 1), p.value = numbers("r", min = 0, max = 1, na = TRUE),
    strength = number(),
    strong = flag(), first_stage = number(na = TRUE), instruments = number(min = 0, whole = TRUE)
  ),
  references = parts(models = parts(
    constant = reference_rule, regression = reference_rule, linear = reference_rule, quadratic = reference_rule,
    cubic = reference_rule
  )),
  tests = frame("t", test = texts("t"), p.value = numbers("t", min = 0, max = 1, na = TRUE)),
  shape = parts(
    point = numbers("2 + u * l"), coef = numbers("2 + u * l"), moved = flag(), statistic = number(min = 0),
    p.value = number(min = 0, max = 1), null = TRUE, optional = TRUE
  ),
  alike = flag()
)

# n: rows, k: exposures, z, w: instruments and covariates, c: features.
vector_reference_rule <- parts(
  label = text(), value = number(optional = TRUE),
  spec = parts(
    centre = numbers("k"), scale = numbers("k", min = 0), degree = number(min = 1, max = 2, whole = TRUE),
    optional = TRUE
  ),
  level = number(optional = TRUE), coef = numbers(null = TRUE, optional = TRUE),
  vcov = numbers(na = TRUE, null = TRUE, optional = TRUE), f = numbers("k", na = TRUE, null = TRUE, optional = TRUE)
)
vector_rules <- function() list(
  nobs = number(min = 1, whole = TRUE), seed = number(whole = TRUE), control = object_of("curve_control"),
  shrink = number(min = 0, max = 1), range = numbers(2, "k"),
  names = parts(
    outcome = text(), exposure = texts("k"), instruments = texts("z"), covariates = texts("w", null = TRUE)
  ),
  data = parts(y = numbers("n"), x = numbers("n", "k"), z = numbers("n", "z"), w = numbers("n", "w")),
  model = parts(
    nets = parts(
      weight = numbers("k", "u * l"), shift = numbers("u", "l"), product = numbers("2 + k", "s", inf = TRUE),
      block = numbers("l", 1), mean = numbers("c", 1)
    ),
    centre = numbers("k", 1), scale = numbers("k", 1, min = 0), plane = numbers("k", 1), point = numbers("c", 1),
    coef = numbers("c", 1), cov = symmetric("c"),
    numbers = numbers(10, named = c("y_mean", "y_sd", "s2", "s2_band", "ratio", "gain"), inf = TRUE)
  ),
  identification = parts(
    directions = number(min = 0, whole = TRUE), most = number(min = 0, whole = TRUE),
    needed = number(min = 2, whole = TRUE),
    correlations = numbers("r", min = 0, max = 1), p.value = numbers("r", min = 0, max = 1, na = TRUE),
    first_stage = numbers("k", min = 0, max = 1), conditional_f = numbers("k", na = TRUE),
    instruments = number(min = 0, whole = TRUE), seen = number(min = 0, max = 1)
  ),
  references = parts(
    constant = vector_reference_rule, regression = vector_reference_rule, plane = vector_reference_rule,
    quadratic = vector_reference_rule
  ),
  tests = frame(2, test = texts(2), p.value = numbers(2, min = 0, max = 1, na = TRUE))
)

# What each solver keeps of a curve of w covariates: `curve`.
kiv_rules <- function() list(
  width = numbers("1 + w", min = 0), alpha = numbers("c"), centre = numbers("c", "1 + w"), mean = number(),
  rows = numbers("k", "w")
)
surface_rules <- function() list(
  sizes = numbers(4, min = 1, whole = TRUE, type = "integer", named = "members"), weight = numbers("q", "m"),
  block = numbers(4, "m"), mean = numbers("c", "m"), coef = numbers("c", "m"), cov = numbers("c", "c", "m"),
  x_mean = numbers("w"), x_sd = numbers("w", min = 0), kappa = numbers(4, "m"),
  numbers = numbers(named = c("y_mean", "s2", "gain")), rows = numbers("k", "w")
)
sieve_column <- numbers("c", na = TRUE)
sieve_rules <- function() list(
  at = numbers("c", ordered = TRUE), value = sieve_column, derivative = sieve_column, lower = sieve_column,
  upper = sieve_column, derivative_lower = sieve_column, derivative_upper = sieve_column, std.error = sieve_column,
  derivative_std.error = sieve_column
)
adam_rules <- function() list(
  theta = several(numbers("t")), centre = numbers("1 + w"), scale = numbers("1 + w", min = 0),
  y = parts(mean = number(), sd = number(min = 0)), width = number(min = 1, max = 4096, whole = TRUE),
  mean_field = number(min = 0, max = 1, whole = TRUE), rows = numbers("k", "w")
)

# The weights of a code of G instruments: where an autoencoder started (d latents), its own, the flow's.
start_rules <- function() list(
  selected = texts(1, among = c("linear", "closure", "flow")), center = numbers("g"), map = numbers("g", "d"),
  code_center = numbers("d"),
  code_scale = numbers("d", min = 0)
)
autoencoder_rules <- function() list(
  shape = numbers(8, min = 0, whole = TRUE, type = "integer"), theta = numbers("t"), center = numbers("G"),
  whiten = numbers("G", "r"),
  code_center = numbers("u"), code_scale = numbers("u", min = 0),
  warm = table_of("encoder_start", "G", null = TRUE)
)
flow_rules <- function() list(
  center = numbers("G"), map = numbers("G", "h"), theta = numbers("t"), hinges = number(min = 0, max = 64, whole = TRUE)
)

object_rules <- function() made_once("object rules", function() c(list(
  mr_moments = moments_rules, plink_bed = plink_rules, genotype_bgen = bgen_rules,
  genotype_pgen = pgen_rules, mr_data = data_rules,
  latent_instruments = instruments_rules,
  latent_mr = fit_rules, iv_factor = factor_rules, iv_grouping = grouping_rules, iv_clusters = clusters_rules,
  iv_reg = iv_rules, iv_binary = binary_rules, iv_hazard = hazard_rules,
  iv_curve = curve_rules, iv_surface = vector_rules, encoder_control = list, flow_control = list,
  autoencoder_control = list, curve_control = list, adam_control = list, curve_kiv = kiv_rules,
  curve_surface = surface_rules, curve_sieve = sieve_rules, curve_adam = adam_rules, encoder_start = start_rules,
  encoder_autoencoder = autoencoder_rules, encoder_flow = flow_rules
), table_rules()))
