#!/bin/bash
# sbatch --array=1-4 slurm.sh study.R parts 4      then: Rscript gather.R parts 4 table.csv logs
# Again after a failure: the same line; only what is missing is done.
#SBATCH --job-name=latentmr
#SBATCH --cpus-per-task=1
#SBATCH --output=logs/scan-%a.log
set -euo pipefail
batch=$(Rscript -e 'cat(system.file("batch", package = "LatentMR"))')
exec Rscript "$batch/chunk.R" "$1" "$2" "$3"
