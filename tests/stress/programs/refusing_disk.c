/* A disk that refuses: for LD_PRELOAD.

   What is asked of files below $REFUSING_FOLDER fails as the bytes of $REFUSING_CONTROL say, one for each
   call: 0 works, 255 takes half of a write, anything else is the errno. Whoever made that file changes it
   while the process runs. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { WRITE, TRUNCATE, UNLINK, RENAME, FSYNC, OPEN, MKDIR, LINK, CALLS };
#define HALF 255

static volatile unsigned char *control;
static char folder[4096];
static size_t folder_length;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("REFUSING_CONTROL"), *below = getenv("REFUSING_FOLDER");
    if (!path || !below)
        return;
    int fd = REAL(open)(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    void *found = mmap(NULL, CALLS, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (found == MAP_FAILED)
        return;
    snprintf(folder, sizeof folder, "%s/", below);
    folder_length = strlen(folder);
    control = found;
}

static int refuses_path(int call, const char *path) {
    if (!control || !control[call] || strncmp(path, folder, folder_length))
        return 0;
    errno = control[call];
    return 1;
}

static int is_below(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int error = errno;
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = error;
    return length > 0 && !strncmp(path, folder, folder_length < (size_t)length ? folder_length : length);
}

static int refuses(int call, int fd) {
    if (!control || !control[call] || !is_below(fd))
        return 0;
    if (control[call] != HALF)
        errno = control[call];
    return 1;
}

ssize_t write(int fd, const void *data, size_t size) {
    if (refuses(WRITE, fd)) {
        if (control[WRITE] != HALF)
            return -1;
        size /= 2;
    }
    return REAL(write)(fd, data, size);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    return refuses(WRITE, fd) && control[WRITE] != HALF ? -1 : REAL(pwrite64)(fd, data, size, at);
}

int ftruncate64(int fd, off64_t size) { return refuses(TRUNCATE, fd) ? -1 : REAL(ftruncate64)(fd, size); }
int ftruncate(int fd, off_t size) { return refuses(TRUNCATE, fd) ? -1 : REAL(ftruncate)(fd, size); }
int fsync(int fd) { return refuses(FSYNC, fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return refuses(FSYNC, fd) ? -1 : REAL(fdatasync)(fd); }
int unlink(const char *path) { return refuses_path(UNLINK, path) ? -1 : REAL(unlink)(path); }
int mkdir(const char *path, mode_t mode) { return refuses_path(MKDIR, path) ? -1 : REAL(mkdir)(path, mode); }

int rename(const char *from, const char *to) {
    return refuses_path(RENAME, to) ? -1 : REAL(rename)(from, to);
}

int link(const char *from, const char *to) { return refuses_path(LINK, to) ? -1 : REAL(link)(from, to); }

int unlinkat(int fd, const char *path, int flags) {
    return refuses(UNLINK, fd) || refuses_path(UNLINK, path) ? -1 : REAL(unlinkat)(fd, path, flags);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return flags & O_CREAT && refuses_path(OPEN, path) ? -1 : REAL(open64)(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return flags & O_CREAT && refuses_path(OPEN, path) ? -1 : REAL(open)(path, flags, mode);
}
