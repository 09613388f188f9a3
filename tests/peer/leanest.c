/* leanest: the leanest program that we can write that does what a row of the bench asks for; what cannot be had cheaper.
 *
 *   leanest chain N P A    N times /bin/true, P at once (1: one after the other). Before each start and after each end a line of
 *                          a journal is on disk (ends and starts share a flush). What is started outlives whoever keeps the
 *                          journal, and its end is known all the same: a second process starts it, with its output in a file,
 *                          and writes down that it does and how it ended. A more are told to it ahead of their turn (0: none),
 *                          which it starts by itself
 *   leanest at-once N S    N times `sleep S`, all at once
 *   leanest flush N        N lines of a journal, each on disk before the next
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { LINE = 300, GROWTH = 1 << 20 };

enum { MOST = 64 };

static int journal;
static off_t end, allocated;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void flush(size_t lines) {
    static char buffer[2 * MOST * LINE];
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

static pid_t start(char *const argv[], const posix_spawn_file_actions_t *files) {
    pid_t pid;
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    if (posix_spawn(&pid, argv[0], files, &attributes, argv, environ) != 0) fail(argv[0]);
    posix_spawnattr_destroy(&attributes);
    return pid;
}

/* What is said between the two: the number of a start; and back, of an end. */
struct word { long number; int status; };

static void receipt(int file, const char *what, long number, int status) {
    char line[LINE];
    int length = snprintf(line, sizeof line, "%s %ld %d\n", what, number, status);
    if (write(file, line, (size_t)length) != length) fail("receipt");
}

/* Starts what it is told to, and tells how it ended; lives on when nobody tells it anything any more. */
static void keep(int engine, long slots) {
    setsid();
    int receipts = open("receipts", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    int log = open("log", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (receipts < 0 || log < 0 || nothing < 0) fail("keeper");
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, nothing, 0);
    posix_spawn_file_actions_adddup2(&files, log, 1);
    posix_spawn_file_actions_adddup2(&files, log, 2);
    char *argv[] = {"/bin/true", NULL};
    struct pollfd wait_for[MOST + 1] = {{.fd = engine, .events = POLLIN}};
    struct { long number; pid_t pid; } children[MOST + 1];
    int running = 0, told = 1, waiting = 0;
    long turn[MOST];
    while (told || running) {
        wait_for[0].events = told ? POLLIN : 0;
        if (poll(wait_for, (nfds_t)running + 1, -1) < 0) fail("poll");
        for (int at = running; at >= 1; at--) {
            if (!wait_for[at].revents) continue;
            struct word word = {.number = children[at].number};
            if (waitpid(children[at].pid, &word.status, 0) < 0) fail("wait");
            close(wait_for[at].fd);
            receipt(receipts, "ended", word.number, word.status);
            if (told && write(engine, &word, sizeof word) != sizeof word) told = 0;
            wait_for[at] = wait_for[running];
            children[at] = children[running--];
        }
        if (told && wait_for[0].revents) {
            struct word words[MOST];
            ssize_t length = read(engine, words, sizeof words);
            if (length <= 0) told = 0;
            for (int at = 0; at < length / (ssize_t)sizeof words[0]; at++) turn[waiting++] = words[at].number;
        }
        while (waiting > 0 && running < slots) {
            receipt(receipts, "spawning", turn[0], 0);
            pid_t pid = start(argv, &files);
            children[++running].number = turn[0];
            children[running].pid = pid;
            wait_for[running] = (struct pollfd){.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
            if (wait_for[running].fd < 0) fail("pidfd");
            memmove(turn, turn + 1, (size_t)--waiting * sizeof turn[0]);
        }
    }
    exit(0);
}

static void chain(long count, long slots, long ahead) {
    int pair[2];
    long at_once = slots + ahead;
    if (at_once > MOST || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) fail("socket");
    pid_t keeper = fork();
    if (keeper < 0) fail("fork");
    if (keeper == 0) { close(pair[0]); close(journal); keep(pair[1], slots); }
    close(pair[1]);
    long begun = 0, ended = 0, ends = 0;
    while (ended < count) {
        long starts = 0;
        while (begun + starts < count && begun + starts - ended < at_once) starts++;
        flush((size_t)(starts + ends));
        for (; starts > 0; starts--) {
            struct word word = {.number = ++begun};
            if (write(pair[0], &word, sizeof word) != sizeof word) fail("tell");
        }
        struct word words[MOST];
        ssize_t length = read(pair[0], words, sizeof words);
        if (length <= 0 || length % (ssize_t)sizeof words[0] != 0) fail("hear");
        ends = length / (ssize_t)sizeof words[0];
        ended += ends;
    }
    flush((size_t)ends);
    close(pair[0]);
    waitpid(keeper, NULL, 0);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: leanest chain N P A | at-once N SECONDS | flush N\n");
        return 2;
    }
    long count = strtol(argv[2], NULL, 10);
    if (strcmp(argv[1], "at-once") == 0) {
        char *sleep[] = {"/bin/sleep", argc > 3 ? argv[3] : "1", NULL};
        for (long at = 0; at < count; at++) start(sleep, NULL);
        while (wait(NULL) > 0) {}
        return 0;
    }
    journal = open("journal", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (journal < 0) fail("journal");
    flush(1);
    if (strcmp(argv[1], "chain") == 0) {
        chain(count, argc > 3 ? strtol(argv[3], NULL, 10) : 1, argc > 4 ? strtol(argv[4], NULL, 10) : 0);
        return 0;
    }
    for (long at = 0; at < count; at++) flush(2);
    return 0;
}
