#include "session/evidence/pipe_holders.h"

#include "platform/descriptor.h"
#include "platform/socket/sock_pair.h"

static bool began_since(const struct snapshot *snap, uint64_t start_ticks,
                        const struct workers_work *work)
{
    return work->kind != WORK_NONE &&
           proc_start_time(&snap->proc, start_ticks).ms >= work->began_ms - WORKERS_SLACK_MS;
}

/* Of the members but the first, which is the client. */
static bool member_has_socket(const struct members *all, uint64_t inode)
{
    for (size_t i = 1; i < all->count; i++) {
        uint64_t *inodes;
        size_t n;
        if (descriptor_list_sockets(&all->snap->proc, all->items[i].now->pid, &all->snap->arena,
                                    &inodes, &n) < 0)
            continue;
        for (size_t j = 0; j < n; j++)
            if (inodes[j] == inode)
                return true;
    }
    return false;
}

/* What another process has open that can still write to where the client reads. Returns: NULL where
 * there is none: a server of the client's has it. */
static const char *write_end_of(const struct members *all, const struct descriptor *d)
{
    uint64_t other;
    if (d->fd < 3 || !d->reads)
        return NULL;
    if (d->kind == DESCRIPTOR_PIPE)
        return d->target;
    if (d->kind != DESCRIPTOR_SOCKET || sock_pair_other(d->inode, &other) < 0 ||
        member_has_socket(all, other))
        return NULL;
    return arena_printf(&all->snap->arena, "socket:[%llu]", (unsigned long long)other);
}

static bool is_listed(const struct pipe_holder *items, size_t count, pid_t pid)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].pid == pid)
            return true;
    return false;
}

void pipe_holders_collect(const struct members *all, const struct workers_work *since,
                          struct evidence *e)
{
    struct descriptor *open;
    size_t n, found = 0, capacity = 0;
    struct pipe_holder *items = NULL;
    pid_t client = all->items[0].now->pid;
    if (descriptor_list(&all->snap->proc, client, &all->snap->arena, &open, &n) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        struct descriptor_holders holders;
        const char *target = write_end_of(all, &open[i]);
        if (!target || descriptor_find_writers(&all->snap->proc, target, client, &all->snap->arena,
                                               &holders) < 0)
            continue;
        for (size_t j = 0; j < holders.count; j++) {
            const struct descriptor_holder *h = &holders.items[j];
            if (members_find(all, h->pid) || is_listed(items, found, h->pid) ||
                !began_since(all->snap, h->start_ticks, since))
                continue;
            *ARENA_PUSH(&all->snap->arena, items, found, capacity) = (struct pipe_holder){
                h->pid, h->start_ticks, arena_strdup(&all->snap->arena, h->name)};
        }
    }
    e->pipe_holders = items;
    e->pipe_holder_count = found;
}
