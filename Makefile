# What a user runs: `make demo`, `make test`. What a developer runs: the rest.
# Every target but help makes the machine ready first (tools/setup.sh), which
# takes a second when nothing is missing.

.DEFAULT_GOAL := help
.PHONY: help setup demo test check core lint sanitize campaign bench peers locales docs vignettes site datashield cluster clean

# A bare machine has no locale set; file names and messages are UTF-8.
ifeq ($(strip $(LC_ALL)$(LC_CTYPE)$(LANG)),)
export LANG := C.UTF-8
endif

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | \
	  while IFS='|' read -r name what; do printf '%-16s %s\n' "$$name" "$$what"; done

setup: ## install R, a compiler and R packages where missing; build and install LatentMR
	@tools/setup.sh install

demo: setup ## a cohort on real genotypes: table of estimates beside the truth; report, forest plot and CSV in demo/
	@Rscript inst/scripts/demo.R demo

test: setup ## all tests, ends with their count
	@Rscript tools/test.R tests/testthat

check: ## R CMD build, INSTALL and check: fails unless 0 errors, 0 warnings, 0 notes
	@tools/setup.sh packages
	@tools/check.sh

core: ## the C core without R on other processors and systems, numbers compared (cross compilers and qemu where installed)
	@tools/core.sh

lint: ## stricter warnings of gcc and clang, C11 and C23, gcc's analyzer and clang-tidy (where installed)
	@tools/lint.sh deep

sanitize: ## the same tests with the C code under AddressSanitizer and UBSan (FILTER=regex for some)
	@tools/setup.sh packages
	@tools/sanitize.sh "$(FILTER)"

campaign: setup ## hours of faults, mutations, sanitizers and torture, resumable: bench/results/campaign.csv (PIECE=regex)
	@Rscript tools/campaign.R $(PIECE)

bench: setup ## benchmarks, tables in bench/results/ (all: hours; BENCH="bench-iv bench-published" picks)
	@Rscript bench/run.R $(BENCH)

peers: setup ## compare with other packages (installs them)
	@tools/setup.sh peers
	@Rscript tools/test.R peers

locales: setup ## the tests in C, German, Turkish and with OutDec = "," (FILTER=regex for some files, LOCALE= for one)
	@tools/locales.sh "$(FILTER)" $(LOCALE)

datashield: setup ## DSI, DSLite and resourcer, and the tests over them
	@tools/datashield.sh
	@Rscript tools/test.R tests/testthat '^sites-datashield$$'

cluster: setup ## a one-node Slurm (slurm-wlm, munge; root), and the tests over it
	@Rscript -e 'if (!requireNamespace("future.batchtools", quietly = TRUE)) install.packages("future.batchtools", repos = "https://cloud.r-project.org")'
	@tools/slurm-single-node.sh start
	@trap 'tools/slurm-single-node.sh stop' EXIT; \
	  SLURM_CONF=$${TMPDIR:-/tmp}/slurm-one-node/slurm.conf LATENTMR_CLUSTER=true \
	  Rscript tools/test.R tests/testthat '^sites-batch$$'

vignettes: setup ## the vignettes as pages to read, in doc/
	@Rscript tools/vignettes.R

site: setup ## a site of help pages by task, articles and pictures, in site/ (no network needed)
	@tools/setup.sh docs
	@Rscript tools/site.R

docs: setup ## NAMESPACE and man/ from the roxygen comments, outputs and tables of the README
	@tools/setup.sh docs
	@Rscript -e 'roxygen2::roxygenise(load_code = "installed")'
	@Rscript bench/index.R
	@Rscript tools/readme.R

clean: ## remove what building left in the tree
	@rm -rf .setup demo doc site src/*.o src/*.so src/core/*/*.o
