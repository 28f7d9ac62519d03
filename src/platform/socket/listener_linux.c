#include "platform/socket/listener.h"

#include "base/io/fs.h"
#include "platform/descriptor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TABLE_LIMIT = 16 * 1024 * 1024 };

static void add(struct arena *a, struct listener_list *list, uint64_t inode, const char *name)
{
    *ARENA_PUSH(a, list->items, list->count, list->capacity) = (struct listener){inode, name};
}

/* "   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 91139 1
 * ..." State 0A is TCP_LISTEN. */
static void add_tcp(struct arena *a, struct listener_list *list, const char *line)
{
    unsigned port, state;
    uint64_t inode;
    if (sscanf(line, " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*u %*u %" SCNu64, &port,
               &state, &inode) == 3 &&
        state == 0x0a && inode)
        add(a, list, inode, arena_printf(a, "port %u", port));
}

/* "ffff9d1c: 00000002 00000000 00010000 0001 01 23456 /tmp/tmux-0/default"
 * Flag 00010000 is __SO_ACCEPTCON. */
static void add_unix(struct arena *a, struct listener_list *list, const char *line)
{
    unsigned flags;
    uint64_t inode;
    int path = 0;
    if (sscanf(line, "%*[0-9a-fA-F]: %*x %*x %x %*x %*x %" SCNu64 " %n", &flags, &inode, &path) ==
            2 &&
        flags & 0x10000)
        add(a, list, inode,
            path && line[path] ? arena_strdup(a, line + path) : "a socket without a name");
}

static int read_table(const struct proc *proc, pid_t pid, const char *table, struct arena *a,
                      void (*add_line)(struct arena *, struct listener_list *, const char *),
                      struct listener_list *list)
{
    char path[64];
    struct sv text;
    snprintf(path, sizeof path, "%d/net/%s", (int)pid, table);
    int r = fs_read_small(proc->fd, path, TABLE_LIMIT, a, &text);
    if (r < 0)
        return r;
    struct sv line;
    sv_cut_line(&text, &line); /* it names the columns */
    while (text.n) {
        sv_cut_line(&text, &line);
        add_line(a, list, arena_strndup(a, line.p, line.n));
    }
    return 0;
}

int listener_read(const struct proc *proc, pid_t pid, struct arena *a, struct listener_list *out)
{
    struct listener_list list = {0};
    int tcp = read_table(proc, pid, "tcp", a, add_tcp, &list);
    int tcp6 = read_table(proc, pid, "tcp6", a, add_tcp, &list); /* absent where IPv6 is off */
    int local = read_table(proc, pid, "unix", a, add_unix, &list);
    if (tcp < 0 || local < 0 || (tcp6 < 0 && tcp6 != -ENOENT))
        return tcp < 0 ? tcp : local < 0 ? local : tcp6;
    *out = list;
    return 0;
}

const struct listener *listener_of(const struct proc *proc, pid_t pid, struct arena *a,
                                   const struct listener_list *all, bool *known)
{
    uint64_t *inodes;
    size_t count;
    *known = descriptor_list_sockets(proc, pid, a, &inodes, &count) == 0;
    for (size_t i = 0; *known && i < count; i++)
        for (size_t j = 0; j < all->count; j++)
            if (all->items[j].inode == inodes[i])
                return &all->items[j];
    return NULL;
}
