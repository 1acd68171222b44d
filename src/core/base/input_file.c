/* The system's own interfaces, before any header: pread, 64-bit offsets. */
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE 1
#else
#define _POSIX_C_SOURCE 200809L
#endif
#define _FILE_OFFSET_BITS 64

#include "core/base/input_file.h"

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
#include <poll.h>
#include <unistd.h>
#endif

/* One system call moves at most this much (macOS refuses more than INT_MAX). */
#define CALL_BYTES ((size_t)1 << 30)

static void keep_name(input_file *file, const char *path) {
  const size_t room = sizeof file->name - 1, length = strlen(path);
  if (length <= room) {
    memcpy(file->name, path, length + 1);
    return;
  }
  const char *tail = path + (length - (room - 3));
  while ((*tail & 0xC0) == 0x80) tail++; /* not in the middle of a UTF-8 letter */
  memcpy(file->name, "...", 3);
  memcpy(file->name + 3, tail, strlen(tail) + 1);
}

static lmr_status cannot(const input_file *file, const char *what, int code, lmr_error *err) {
  return lmr_fail(err, LMR_EIO, "Cannot %s '%s': %s.", what, file->name, strerror(code));
}

#ifdef _WIN32
typedef struct _stat64 file_info;

static int open_path(const char *path) {
  wchar_t wide[4096];
  if (!MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, 4096)) {
    errno = ENOENT;
    return -1;
  }
  return _wopen(wide, _O_RDONLY | _O_BINARY | _O_NOINHERIT);
}

static int stat_file(int fd, file_info *info) { return _fstat64(fd, info); }
static int is_directory(const file_info *info) { return (info->st_mode & _S_IFDIR) != 0; }
static int is_regular(const file_info *info) { return (info->st_mode & _S_IFREG) != 0; }
static double modified(const file_info *info) { return (double)info->st_mtime; }
static int close_file(int fd) { return _close(fd); }

static int is_pipe(const file_info *info) { return (info->st_mode & _S_IFIFO) != 0; }
static int is_device(const file_info *info) { return (info->st_mode & _S_IFCHR) != 0; }

static int64_t read_at(int fd, void *dest, size_t count, uint64_t offset) {
  if (_lseeki64(fd, (int64_t)offset, SEEK_SET) < 0) return -1;
  return _read(fd, dest, (unsigned)count);
}
static int64_t read_next(int fd, void *dest, size_t count) { return _read(fd, dest, (unsigned)count); }
static int wait_for(int fd) {
  (void)fd;
  return 1;
}
#else
typedef struct stat file_info;

/* Without O_NONBLOCK a named pipe would wait for its writer for ever. */
static int open_path(const char *path) {
  int fd;
  do fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  while (fd < 0 && errno == EINTR);
  return fd;
}

static int stat_file(int fd, file_info *info) { return fstat(fd, info); }
static int is_directory(const file_info *info) { return S_ISDIR(info->st_mode); }
static int is_regular(const file_info *info) { return S_ISREG(info->st_mode); }
static double modified(const file_info *info) {
#if defined(__APPLE__)
  return (double)info->st_mtimespec.tv_sec + 1e-9 * (double)info->st_mtimespec.tv_nsec;
#else
  return (double)info->st_mtim.tv_sec + 1e-9 * (double)info->st_mtim.tv_nsec;
#endif
}
static int close_file(int fd) { return close(fd); }

static int is_pipe(const file_info *info) { return S_ISFIFO(info->st_mode); }
static int is_device(const file_info *info) { return S_ISCHR(info->st_mode) || S_ISBLK(info->st_mode); }

static int64_t read_at(int fd, void *dest, size_t count, uint64_t offset) {
  return pread(fd, dest, count, (off_t)offset);
}
static int64_t read_next(int fd, void *dest, size_t count) { return read(fd, dest, count); }

/* Whether there is something to read, or the end, within a tenth of a second. A
 * named pipe nobody writes to yet has neither. */
static int wait_for(int fd) {
  struct pollfd one = {.fd = fd, .events = POLLIN};
  return poll(&one, 1, 100) != 0;
}
#endif

static lmr_status open_any(input_file *file, const char *path, file_info *info, lmr_error *err) {
  *file = (input_file){.fd = -1};
  keep_name(file, path);
  file->fd = open_path(path);
  if (file->fd < 0) return cannot(file, "open", errno, err);
  if (stat_file(file->fd, info)) {
    const int code = errno;
    input_close(file);
    return cannot(file, "open", code, err);
  }
  file->size = (uint64_t)info->st_size;
  file->mtime = modified(info);
  return LMR_OK;
}

static lmr_status not_a_file(input_file *file, const char *is, lmr_error *err) {
  input_close(file);
  return lmr_fail(err, LMR_EFORMAT, "'%s' is %s, not a file.", file->name, is);
}

lmr_status input_open(input_file *file, const char *path, lmr_error *err) {
  file_info info;
  LMR_TRY(open_any(file, path, &info, err));
  if (is_regular(&info)) return LMR_OK;
  return not_a_file(file, is_directory(&info) ? "a directory" : "a pipe or a device", err);
}

lmr_status stream_open(input_file *file, const char *path, int *regular, lmr_error *err) {
  file_info info;
  LMR_TRY(open_any(file, path, &info, err));
  *regular = is_regular(&info) != 0;
  if (*regular || is_pipe(&info)) return LMR_OK;
  if (!is_device(&info)) return not_a_file(file, is_directory(&info) ? "a directory" : "a socket", err);
  /* /dev/null is an empty file; others may have no end. */
  char one;
  return read_next(file->fd, &one, 1) == 0 ? LMR_OK : not_a_file(file, "a device", err);
}

lmr_status stream_read(input_file *file, void *dest, size_t count, size_t *got, const lmr_tick *tick,
                       lmr_error *err) {
  for (;;) {
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    if (!wait_for(file->fd)) continue;
    const int64_t some = read_next(file->fd, dest, count < CALL_BYTES ? count : CALL_BYTES);
    if (some < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (some < 0) return cannot(file, "read", errno, err);
    *got = (size_t)some;
    return LMR_OK;
  }
}

lmr_status input_unchanged(const input_file *file, lmr_error *err) {
  file_info info;
  if (stat_file(file->fd, &info)) return cannot(file, "read", errno, err);
  const double now = modified(&info);
  if ((uint64_t)info.st_size == file->size && !(now > file->mtime || now < file->mtime)) return LMR_OK;
  return lmr_fail(err, LMR_EFORMAT,
                  "'%s' was written by another program while it was read.\n"
                  "i What was read may be half old and half new: read it again when that is done.",
                  file->name);
}

lmr_status input_read(input_file *file, uint64_t offset, void *dest, size_t count,
                      lmr_error *err) {
  unsigned char *to = dest;
  while (count) {
    const int64_t got = read_at(file->fd, to, count < CALL_BYTES ? count : CALL_BYTES, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot(file, "read", errno, err);
    if (got == 0)
      return lmr_fail(err, LMR_EIO,
                      "'%s' shrank while being read: it ends at byte %llu of %llu.\n"
                      "i Is another program writing it? Read it again when that is done.",
                      file->name, (unsigned long long)offset, (unsigned long long)file->size);
    to += got;
    offset += (uint64_t)got;
    count -= (size_t)got;
  }
  return LMR_OK;
}

void input_close(input_file *file) {
  if (file->fd >= 0) close_file(file->fd);
  file->fd = -1;
}
