/*
 * What a power cut leaves: copies each file to a shadow folder at its fsync or fdatasync, whole and at once, and
 * removes from the shadow at the folder's fsync what was removed from the folder.
 *
 * Preloaded into a program (LD_PRELOAD), with NUNCIO_SHADOW_OF naming the folder that is watched and
 * NUNCIO_SHADOW_TO the shadow. After SIGKILL the shadow holds what was synced; what was only written is not
 * in it. Reads through the program's own descriptor, where that can read: opening and closing the file again
 * would drop the program's POSIX locks on it. A new file's name counts as synced with its contents.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static void fail(const char *what)
{
    perror(what);
    abort();
}

static void copy(int fd, const char *name, const char *to)
{
    char fresh[PATH_MAX], path[PATH_MAX], buffer[1 << 16];
    snprintf(fresh, sizeof fresh, "%s/.fresh", to);
    snprintf(path, sizeof path, "%s/%s", to, name);
    int out = open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out < 0)
        fail(fresh);
    /* What is only written has no locks that would be lost. */
    char own[64];
    snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
    int in = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY ? open(own, O_RDONLY | O_CLOEXEC) : fd;
    if (in < 0)
        fail(own);
    off_t at = 0;
    ssize_t got;
    while ((got = pread(in, buffer, sizeof buffer, at)) > 0) {
        if (write(out, buffer, (size_t)got) != got)
            fail(fresh);
        at += got;
    }
    if (got < 0)
        fail(path);
    if (in != fd)
        close(in);
    close(out);
    if (rename(fresh, path) != 0)
        fail(path);
}

static void forget_removed(const char *of, const char *to)
{
    char path[PATH_MAX];
    struct dirent *entry;
    DIR *folder = opendir(to);
    if (!folder)
        fail(to);
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", of, entry->d_name);
        if (access(path, F_OK) == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", to, entry->d_name);
        if (unlink(path) != 0)
            fail(path);
    }
    closedir(folder);
}

static void shadow(int fd)
{
    const char *of = getenv("NUNCIO_SHADOW_OF"), *to = getenv("NUNCIO_SHADOW_TO");
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!of || !to || length <= 0)
        return;
    path[length] = '\0';
    size_t prefix = strlen(of);
    if (strncmp(path, of, prefix) != 0)
        return;
    pthread_mutex_lock(&one_at_a_time);
    if (path[prefix] == '\0')
        forget_removed(of, to);
    else if (path[prefix] == '/' && !strchr(path + prefix + 1, '/'))
        copy(fd, path + prefix + 1, to);
    pthread_mutex_unlock(&one_at_a_time);
}

/* The file is synced for real first: the shadow must never hold more than the disk. */
static int sync_and_shadow(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (!real)
        fail(name);
    int result = real(fd);
    if (result == 0)
        shadow(fd);
    return result;
}

int fsync(int fd)
{
    return sync_and_shadow("fsync", fd);
}

int fdatasync(int fd)
{
    return sync_and_shadow("fdatasync", fd);
}
