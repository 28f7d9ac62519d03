/*
 * descriptor: what a process has open, and who else holds the other end.
 */
#pragma once

#include "base/arena.h"
#include "base/fact.h"
#include "platform/process/proc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Told by the text of the link alone: a stat would have to ask the file system,
 * and a server that is gone does not answer.
 */
enum descriptor_kind {
    DESCRIPTOR_OTHER, /* "anon_inode:[eventpoll]", a device, the master of a terminal ("/dev/ptmx")
                       */
    DESCRIPTOR_FILE,  /* a path; a FIFO has one too */
    DESCRIPTOR_PIPE,
    DESCRIPTOR_SOCKET, /* of any family */
    DESCRIPTOR_TTY,
};

struct descriptor {
    int fd;
    enum descriptor_kind kind;
    const char *target; /* "socket:[91139]", "/dev/pts/4", "/tmp/out (deleted)" */
    uint64_t inode;     /* N of "socket:[N]" and "pipe:[N]", else 0 */
    bool access_known;  /* reads and writes could be seen */
    bool reads, writes;
};

enum { DESCRIPTOR_LIMIT = 64 * 1024 };

/*
 * All open descriptors, ascending. Returns: 0; -EACCES: may not look; -ESRCH: gone;
 * -EFBIG past the limit, and the first are returned all the same. Owner: the arena.
 */
int descriptor_list(const struct proc *proc, pid_t pid, struct arena *a, struct descriptor **items,
                    size_t *count);

/* The inodes of its sockets alone, at a third of the cost. Returns: as above. Owner: the arena. */
int descriptor_list_sockets(const struct proc *proc, pid_t pid, struct arena *a, uint64_t **inodes,
                            size_t *count);

/* One of them. Returns: as above, -EBADF when it is not open. */
int descriptor_read(const struct proc *proc, pid_t pid, int fd, struct arena *a,
                    struct descriptor *out);

/* The file behind it is locked as a whole (flock) by way of this descriptor, for itself alone. What
 * cannot be looked at is unknown. */
enum fact descriptor_is_locked(const struct proc *proc, pid_t pid, int fd);

/* A process that has something open. */
struct descriptor_holder {
    pid_t pid;
    uint64_t start_ticks;
    char name[PROC_NAME_SIZE];
    int fd;
};

struct descriptor_holders {
    struct descriptor_holder *items; /* one for each process, with its lowest such descriptor */
    size_t count;
    size_t unreadable; /* processes that this user may not look into: any could be one more */
};

/*
 * The processes that could still write into a pipe: while one of them lives, a
 * reader does not see the end. target: as in struct descriptor, "pipe:[4711]", the
 * path of a FIFO, or the other end of a pair of sockets (sock_pair.h). but: a process to pass over,
 * usually the reader; 0: none. Reads the descriptors of every process: some 4 ms for a hundred
 * processes. Returns: 0 or negative errno. Owner: the arena.
 */
int descriptor_find_writers(const struct proc *proc, const char *target, pid_t but, struct arena *a,
                            struct descriptor_holders *out);

/*
 * The processes that hold the master side of /dev/pts/NUMBER: the terminal
 * emulator, tmux, sshd. Without one nobody reads what is written there.
 * Numbers are per devpts instance: a container's pts/4 is not the host's, and
 * both are listed. Returns: 0 or negative errno. Owner: the arena.
 */
int descriptor_find_pty_masters(const struct proc *proc, unsigned number, struct arena *a,
                                struct descriptor_holders *out);
