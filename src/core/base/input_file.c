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

static int64_t read_at(int fd, void *dest, size_t count, uint64_t offset) {
  if (_lseeki64(fd, (int64_t)offset, SEEK_SET) < 0) return -1;
  return _read(fd, dest, (unsigned)count);
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

static int64_t read_at(int fd, void *dest, size_t count, uint64_t offset) {
  return pread(fd, dest, count, (off_t)offset);
}
#endif

lmr_status input_open(input_file *file, const char *path, lmr_error *err) {
  *file = (input_file){.fd = -1};
  keep_name(file, path);
  file->fd = open_path(path);
  if (file->fd < 0) return cannot(file, "open", errno, err);
  file_info info;
  if (stat_file(file->fd, &info)) {
    const int code = errno;
    input_close(file);
    return cannot(file, "open", code, err);
  }
  if (!is_regular(&info)) {
    input_close(file);
    return lmr_fail(err, LMR_EFORMAT, "'%s' is %s, not a file.", file->name,
                    is_directory(&info) ? "a directory" : "a pipe or a device");
  }
  file->size = (uint64_t)info.st_size;
  file->mtime = modified(&info);
  return LMR_OK;
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
