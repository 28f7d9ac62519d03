#include "platform/process/process_table.h"

#include "platform/process/ancestry.h"
#include "platform/process/pidref.h"

#include <errno.h>
#include <stdlib.h>

int process_table_read(const struct proc *proc, struct arena *a, struct process_table *out)
{
    pid_t *pids;
    size_t n;
    int r = proc_list(proc, a, &pids, &n);
    if (r < 0)
        return r;
    struct process_table t = {
        .proc = proc, .items = arena_alloc(a, (n + 1) * sizeof *t.items), .complete = true};
    for (size_t i = 0; i < n; i++) {
        r = proc_read_stat(proc, pids[i], &t.items[t.count]);
        t.count += r == 0;
        t.complete = t.complete && (r == 0 || r == -ESRCH);
    }
    *out = t;
    return 0;
}

static int by_pid(const void *key, const void *item)
{
    pid_t x = *(const pid_t *)key, y = ((const struct proc_stat *)item)->pid;
    return (x > y) - (x < y);
}

const struct proc_stat *process_table_find(const struct process_table *table, pid_t pid)
{
    return bsearch(&pid, table->items, table->count, sizeof *table->items, by_pid);
}

const struct proc_stat *process_table_parent(const struct process_table *table,
                                             const struct proc_stat *stat)
{
    const struct proc_stat *up = process_table_find(table, stat->ppid);
    return up && up->start_ticks <= stat->start_ticks ? up : NULL;
}

enum fact process_table_is_below(const struct process_table *table, const struct proc_stat *stat,
                                 pid_t pid)
{
    const struct proc_stat *at = stat, *up;
    for (size_t i = 0; i < table->count; i++, at = up) { /* a broken copy may hold a loop */
        if (at->pid == pid)
            return FACT_YES;
        up = process_table_parent(table, at);
        if (!up)
            break;
    }
    struct ancestry rest = ancestry_of(table->proc, at);
    return ancestry_find(&rest, pid);
}

static enum fact is_hidden(const struct process_table *table, pid_t pid)
{
    struct proc_stat begun_since;
    int r = process_table_find(table, pid) ? 0 : proc_read_stat(table->proc, pid, &begun_since);
    if (r == 0 || r == -EACCES)
        return r == 0 ? FACT_NO : FACT_YES;
    return pidref_is_there(table->proc, pid);
}

enum fact process_table_hides_child(const struct process_table *table, pid_t pid)
{
    ARENA_RELEASE struct arena scratch = {0};
    pid_t *children;
    size_t count = 0;
    enum fact hides = FACT_NO;
    int r = proc_read_children(table->proc, pid, &scratch, &children, &count);
    /* the kernel lists no children: where others' are shown, all are in the table */
    if (r < 0 && r != -ESRCH && !(table->complete && process_table_find(table, 1)))
        hides = FACT_UNKNOWN;
    for (size_t i = 0; r == 0 && i < count && hides == FACT_NO; i++)
        hides = is_hidden(table, children[i]);
    return hides;
}
