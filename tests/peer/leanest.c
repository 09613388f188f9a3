/* leanest: the leanest program that we can write that does what a row of the bench asks for; what cannot be had cheaper.
 *
 *   leanest chain N        N times /bin/true, one after the other; before each start and after each end a line of a journal is
 *                          on disk (the end of one and the start of the next share a flush)
 *   leanest at-once N S    N times `sleep S`, all at once
 *   leanest flush N        N lines of a journal, each on disk before the next
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { LINE = 300, GROWTH = 1 << 20 };

static int journal;
static off_t end, allocated;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void flush(size_t lines) {
    static char buffer[2 * LINE];
    size_t length = lines * LINE;
    if (end + (off_t)length > allocated) {
        char *zeros = calloc(1, GROWTH);
        if (pwrite(journal, zeros, GROWTH, allocated) != GROWTH) fail("grow");
        allocated += GROWTH;
        free(zeros);
    }
    memset(buffer, 'x', length);
    if (pwrite(journal, buffer, length, end) != (ssize_t)length) fail("write");
    if (fdatasync(journal) != 0) fail("sync");
    end += (off_t)length;
}

static void start(char *const argv[]) {
    pid_t pid;
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    if (posix_spawn(&pid, argv[0], NULL, &attributes, argv, environ) != 0) fail(argv[0]);
    posix_spawnattr_destroy(&attributes);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: leanest chain N | at-once N SECONDS | flush N\n");
        return 2;
    }
    long count = strtol(argv[2], NULL, 10);
    if (strcmp(argv[1], "at-once") == 0) {
        char *sleep[] = {"/bin/sleep", argc > 3 ? argv[3] : "1", NULL};
        for (long at = 0; at < count; at++) start(sleep);
        while (wait(NULL) > 0) {}
        return 0;
    }
    journal = open("journal", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (journal < 0) fail("journal");
    flush(1);
    char *nothing[] = {"/bin/true", NULL};
    for (long at = 0; at < count; at++) {
        if (strcmp(argv[1], "chain") == 0) {
            start(nothing);
            if (wait(NULL) < 0) fail("wait");
        }
        flush(2);
    }
    return 0;
}
