/* The system's own interfaces, before any header: fsync, 64-bit offsets. */
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE 1
#else
#define _POSIX_C_SOURCE 200809L
#endif
#define _FILE_OFFSET_BITS 64

#include "core/base/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <io.h>
#include <windows.h>
#else
#include <unistd.h>
#endif

/* A poll after each piece; a slow disk takes some tenths of a second for one. */
#define PIECE_BYTES ((size_t)1 << 23)

#ifdef _WIN32
static int wide_path(const char *path, wchar_t *wide, int room) {
  if (MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, room)) return 1;
  errno = ENOENT;
  return 0;
}

static int make_file(const char *path) {
  wchar_t wide[4096];
  if (!wide_path(path, wide, 4096)) return -1;
  return _wopen(wide, _O_WRONLY | _O_BINARY | _O_CREAT | _O_EXCL | _O_NOINHERIT, _S_IREAD | _S_IWRITE);
}

static void remove_file(const char *path) {
  wchar_t wide[4096];
  if (wide_path(path, wide, 4096)) _wunlink(wide);
}

static int64_t write_some(int fd, const void *from, size_t count) { return _write(fd, from, (unsigned)count); }
static int flush_file(int fd) { return _commit(fd); }
static int close_file(int fd) { return _close(fd); }
#else
static int make_file(const char *path) {
  int fd;
  do fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  while (fd < 0 && errno == EINTR);
  return fd;
}

static void remove_file(const char *path) { unlink(path); }
static int64_t write_some(int fd, const void *from, size_t count) { return write(fd, from, count); }

/* Pipes and some network disks know no such thing: then there is nothing to wait for. */
static int flush_file(int fd) {
  int failed;
  do failed = fsync(fd);
  while (failed && errno == EINTR);
  return failed && errno != EINVAL && errno != ENOTSUP;
}
static int close_file(int fd) { return close(fd); }
#endif

static lmr_status refused(int code, lmr_error *err) { return lmr_fail(err, LMR_EIO, "%s", strerror(code)); }

static lmr_status write_all(int fd, const unsigned char *from, size_t count, const lmr_tick *tick, lmr_error *err) {
  for (size_t done = 0; done < count;) {
    const size_t left = count - done;
    const int64_t put = write_some(fd, from + done, left < PIECE_BYTES ? left : PIECE_BYTES);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return refused(put < 0 ? errno : ENOSPC, err);
    done += (size_t)put;
    if (lmr_tick_poll(tick, (double)done / (double)count)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return flush_file(fd) ? refused(errno, err) : LMR_OK;
}

lmr_status output_write(const char *path, const void *bytes, size_t count, const lmr_tick *tick,
                        lmr_error *err) {
  const int fd = make_file(path);
  if (fd < 0) return refused(errno, err);
  lmr_status status = write_all(fd, bytes, count, tick, err);
  if (close_file(fd) && status == LMR_OK) status = refused(errno, err);
  if (status != LMR_OK) remove_file(path);
  return status;
}
