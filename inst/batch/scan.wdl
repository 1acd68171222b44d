version 1.0
# Untested. Scatters chunk.R over the parts of a scan.
workflow scan {
  input { File study; File chunk; Int parts; String image }
  scatter (k in range(parts)) {
    call part { input: study = study, chunk = chunk, k = k + 1, parts = parts, image = image }
  }
  output { Array[File] files = part.file }
}
task part {
  input { File study; File chunk; Int k; Int parts; String image }
  command <<< Rscript ~{chunk} ~{study} parts ~{parts} ~{k} >>>
  output { File file = glob("parts/*.rds")[0] }
  runtime { docker: image  maxRetries: 2 }
}
