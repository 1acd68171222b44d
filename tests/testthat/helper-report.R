# What the tests of the report read out of its HTML.

skip_without_report <- function() {
  skip_if_not_installed("rmarkdown")
  skip_if_not_installed("knitr")
  skip_if_not(rmarkdown::pandoc_available("2.0"), "pandoc")
}

report_text <- function(...) {
  file <- tempfile(fileext = ".html")
  suppressMessages(report(..., file = file))
  text <- paste(readLines(file, encoding = "UTF-8"), collapse = "\n")
  attr(text, "file") <- file
  text
}

# Values of one attribute of every tag of a name.
tags <- function(html, name) regmatches(html, gregexpr(sprintf("<%s(\\s[^>]*)?>", name), html))[[1]]
attribute <- function(tag, name) {
  found <- regmatches(tag, regexec(sprintf("\\s%s=\"([^\"]*)\"", name), tag))
  vapply(found, function(x) if (length(x)) x[2] else NA_character_, "")
}

# The page measured in Chromium at some widths: a data frame, a row for each. The page runs in
# frames of these widths inside a page that measures them.
measured_report <- function(file, widths, chromium) {
  folder <- tempfile("browser")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  file.copy(file, file.path(folder, "report.html"))
  script <- sprintf('<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">
%s<pre id="out"></pre>
<script>
var measure = function (frame) {
  var doc = frame.contentDocument, win = frame.contentWindow;
  var all = function (q) { return Array.from(doc.querySelectorAll(q)); };
  // Boxes that are cut: wider than what holds them, without a scroll bar to reach the rest.
  var cut = all("main *").filter(function (e) {
    if (e.closest("pre") || e.tagName === "IMG" || e.classList.contains("skip")) return false;
    var r = e.getBoundingClientRect();
    if (r.left < -100) return false;
    var holder = e.parentElement.closest(".scroll");
    return r.right > (holder ? holder.getBoundingClientRect().left + holder.scrollWidth : win.innerWidth) + 1;
  });
  var rgb = function (c) { return c.match(/[0-9.]+/g).map(Number); };
  var lum = function (c) { return c.slice(0, 3).map(function (v) { v /= 255; return v <= .03928 ? v / 12.92 : Math.pow((v + .055) / 1.055, 2.4); })
    .reduce(function (s, v, i) { return s + v * [.2126, .7152, .0722][i]; }, 0); };
  var back = function (e) { while (e) { var c = rgb(win.getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; e = e.parentElement; } return [255, 255, 255]; };
  var contrast = all("main *").filter(function (e) { return Array.from(e.childNodes).some(function (n) { return n.nodeType === 3 && n.data.trim(); }); })
    .map(function (e) { var a = lum(rgb(win.getComputedStyle(e).color)), b = lum(back(e)); return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); });
  // Clicks on the head of F: are the numbers in order, and what does the head say?
  var sheet = doc.querySelector("table.sortable"), sorted = "";
  if (sheet) {
    var heads = Array.from(sheet.tHead.rows[0].cells), column = heads.findIndex(function (h) { return h.textContent.trim() === "F"; });
    sorted = [1, -1].map(function (way) {
      heads[column].querySelector("button").click();
      var f = Array.from(sheet.tBodies[0].rows).map(function (r) { return parseFloat(r.cells[column].textContent); });
      var right = f.every(function (v, i) { return i === 0 || way * (v - f[i - 1]) >= 0; });
      return right ? heads[column].getAttribute("aria-sort") : "wrong";
    }).join(" ");
  }
  return {
    sorted: sorted, width: win.innerWidth, page: doc.documentElement.scrollWidth, cut: cut.length,
    scrolled: all("table:not(.sheet)").filter(function (t) { return t.parentElement.scrollWidth > t.parentElement.clientWidth + 1; }).length,
    tables: all("table").length, images: all("img").length,
    loaded: all("img").filter(function (i) { return i.complete && i.naturalWidth > 0; }).length,
    contrast: Math.min.apply(null, contrast), requests: win.performance.getEntriesByType("resource").filter(function (r) { return !r.name.startsWith("data:"); }).length,
    title: doc.title
  };
};
window.onload = function () {
  document.getElementById("out").textContent = JSON.stringify(Array.from(document.querySelectorAll("iframe")).map(measure));
};
</script>', paste(sprintf('<iframe src="report.html" width="%d" height="900" style="border:0"></iframe>', as.integer(widths)), collapse = "\n"))
  writeLines(script, file.path(folder, "measure.html"))
  log <- file.path(folder, "log.txt")
  out <- suppressWarnings(system2(
    chromium, c(
      "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--enable-logging=stderr", "--virtual-time-budget=20000",
      sprintf("--user-data-dir=%s", file.path(folder, "profile")), "--window-size=1400,1000", "--dump-dom", paste0("file://", file.path(folder, "measure.html"))
    ), stdout = TRUE, stderr = log, timeout = 120
  ))
  found <- regmatches(out, regexpr("\\[\\{\"sorted\".*\\}\\]", out))
  if (!length(found)) return(NULL)
  found <- gsub("&amp;", "&", gsub("&lt;", "<", gsub("&gt;", ">", found)))
  cbind(jsonlite::fromJSON(found), console = sum(grepl("CONSOLE", readLines(log, warn = FALSE))))
}

find_chromium <- function() {
  found <- Sys.which(c("chromium", "chromium-browser", "google-chrome"))
  unname(found[nzchar(found)][1])
}

# Without the whole page in the message when it fails.
expect_has <- function(html, text, fixed = TRUE) {
  expect(grepl(text, html, fixed = fixed), sprintf("The page does not hold: %s", text))
}
