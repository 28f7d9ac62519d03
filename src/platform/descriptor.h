/*
 * descriptor: what a process has open, and which processes have the other end.
 */
#pragma once

#include "base/arena.h"
#include "base/fact.h"
#include "platform/process/proc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Known from the text of the link alone: stat() would ask the file system, whose
 * server may not answer.
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
    bool access_known;  /* false: reads and writes are not known */
    bool reads, writes;
};

enum { DESCRIPTOR_LIMIT = 64 * 1024 };

/*
 * All open descriptors, ascending. Returns: 0; -EACCES: not permitted; -ESRCH: gone;
 * -EFBIG: more than DESCRIPTOR_LIMIT; the first ones are stored all the same. Owner: the arena.
 */
int descriptor_list(const struct proc *proc, pid_t pid, struct arena *a, struct descriptor **items,
                    size_t *count);

/* Only the inodes of its sockets, at a third of the cost. Returns: as above. Owner: the arena. */
int descriptor_list_sockets(const struct proc *proc, pid_t pid, struct arena *a, uint64_t **inodes,
                            size_t *count);

/* One descriptor. Returns: as above; -EBADF: it is not open. */
int descriptor_read(const struct proc *proc, pid_t pid, int fd, struct arena *a,
                    struct descriptor *out);

/* Whether this descriptor holds an exclusive lock on its whole file (flock). FACT_UNKNOWN: it could
 * not be read. */
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
    size_t unreadable; /* processes that this user may not read: each may be another holder */
};

/*
 * The processes that can still write into a pipe: a reader does not see the end while one of them
 * lives. target: as in struct descriptor, "pipe:[4711]", the path of a FIFO, or the other end of a
 * pair of sockets (sock_pair.h). but: a process to leave out, usually the reader; 0: none. Reads
 * the descriptors of every process, which takes some 4 ms for a hundred processes. Returns: 0 or
 * negative errno. Owner: the arena.
 */
int descriptor_find_writers(const struct proc *proc, const char *target, pid_t but, struct arena *a,
                            struct descriptor_holders *out);

/*
 * The processes that have the master side of /dev/pts/NUMBER open: the terminal
 * emulator, tmux, sshd. Without one, nobody reads what is written there. Each
 * devpts instance has its own numbers: a container's pts/4 is not the host's, and
 * the holders of both are listed. Returns: 0 or negative errno. Owner: the arena.
 */
int descriptor_find_pty_masters(const struct proc *proc, unsigned number, struct arena *a,
                                struct descriptor_holders *out);
