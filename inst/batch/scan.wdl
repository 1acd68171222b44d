version 1.0
# Scatters chunk.R of the installed package over the parts of a scan. `files` are those that study.R reads, by their names.
workflow scan {
  input {
    File study
    Array[File] files = []
    Int parts
    String image
  }
  scatter (k in range(parts)) {
    call part { input: study = study, files = files, k = k + 1, parts = parts, image = image }
  }
  output { Array[File] done = part.done }
}
task part {
  input {
    File study
    Array[File] files
    Int k
    Int parts
    String image
  }
  command <<<
    set -eu
    for file in ~{sep=' ' files}; do ln -sf "$file" .; done
    chunk=$(Rscript -e 'cat(system.file("batch", "chunk.R", package = "LatentMR", mustWork = TRUE))')
    Rscript "$chunk" "~{study}" parts ~{parts} ~{k}
  >>>
  output { File done = glob("parts/*.rds")[0] }
  runtime {
    docker: image
    maxRetries: 2
  }
}
