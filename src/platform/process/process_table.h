/*
 * process_table: every process that can be read, once for one look, and who has started whom.
 *
 *     process_table_read(&proc, &arena, &table);
 *     for (size_t i = 0; i < table.count; i++)
 *         if (process_table_is_below(&table, &table.items[i], pid) == FACT_YES) ...
 *
 * A parent that is not in the table is asked for as ancestry.h does.
 */
#pragma once

#include "base/fact.h"
#include "platform/process/proc.h"

struct process_table {
    const struct proc *proc;
    struct proc_stat *items; /* by pid */
    size_t count;
    bool complete; /* none is listed that cannot be read (those of others, with hidepid=1); with
                      hidepid=2 they are not listed */
};

/* Returns: 0 or negative errno. Owner: the arena. */
int process_table_read(const struct proc *proc, struct arena *a, struct process_table *out);

/* Returns: NULL: it is not in the table. */
const struct proc_stat *process_table_find(const struct process_table *table, pid_t pid);

/* Returns: NULL: its parent is not in the table, or its number is another's by now. */
const struct proc_stat *process_table_parent(const struct process_table *table,
                                             const struct proc_stat *stat);

/* Whether stat is the process pid, or pid is above it. */
enum fact process_table_is_below(const struct process_table *table, const struct proc_stat *stat,
                                 pid_t pid);

/* Whether a child of this one lives that cannot be read, as behind sudo with hidepid. */
enum fact process_table_hides_child(const struct process_table *table, pid_t pid);
