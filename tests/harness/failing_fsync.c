/*
 * A disk that fails: fsync and fdatasync answer EIO while the file named by NUNCIO_FAIL_FSYNC exists, but for as many
 * calls as the number in it says. Preloaded into a program (LD_PRELOAD), before a library that shadows what was synced.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_long calls;

static int fails(void)
{
    const char *path = getenv("NUNCIO_FAIL_FSYNC");
    char text[32] = "";
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return 0;
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    return got > 0 && atomic_fetch_add(&calls, 1) >= atol(text);
}

static int sync_or_fail(const char *name, int fd)
{
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (!next) {
        perror(name);
        abort();
    }
    if (fails()) {
        errno = EIO;
        return -1;
    }
    return next(fd);
}

int fsync(int fd)
{
    return sync_or_fail("fsync", fd);
}

int fdatasync(int fd)
{
    return sync_or_fail("fdatasync", fd);
}
