/* Counts what a process asks of the disk: preloaded, it stands before the C library's own fdatasync and fsync. */
#define _GNU_SOURCE
#include <dlfcn.h>

long syncs_counted = 0;

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    __sync_fetch_and_add(&syncs_counted, 1);
    return real(fd);
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    __sync_fetch_and_add(&syncs_counted, 1);
    return real(fd);
}
