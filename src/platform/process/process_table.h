/*
 * process_table: all processes that can be read, at one moment, and which is below which.
 *
 *     process_table_read(&proc, &arena, &table);
 *     for (size_t i = 0; i < table.count; i++)
 *         if (process_table_is_below(&table, &table.items[i], pid) == FACT_YES) ...
 *
 * The kernel is asked about a parent that is not in the table, as in ancestry.h.
 */
#pragma once

#include "base/fact.h"
#include "platform/process/proc.h"

struct process_table {
    const struct proc *proc;
    struct proc_stat *items; /* by pid */
    size_t count;
    bool complete; /* every listed process could be read. With hidepid=1 those of other users
                      cannot; with hidepid=2 they are not even listed, and this may still be true */
};

/* Returns: 0 or negative errno. Owner: the arena. */
int process_table_read(const struct proc *proc, struct arena *a, struct process_table *out);

/* Returns: NULL if it is not in the table. */
const struct proc_stat *process_table_find(const struct process_table *table, pid_t pid);

/* Returns: NULL if its parent is not in the table, or that pid is now another process. */
const struct proc_stat *process_table_parent(const struct process_table *table,
                                             const struct proc_stat *stat);

/* Whether stat is the process pid, or a descendant of it. */
enum fact process_table_is_below(const struct process_table *table, const struct proc_stat *stat,
                                 pid_t pid);

/* Whether the process has a live child that cannot be read, such as sudo with hidepid. */
enum fact process_table_hides_child(const struct process_table *table, pid_t pid);
