#include "control/process_tree.h"

#include "platform/process/ancestry.h"
#include "platform/process/process_table.h"
#include "platform/socket/listener.h"
#include "platform/terminal/tty.h"

#include <errno.h>

/* A process while its relation is being found out. */
struct person {
    const struct proc_stat *stat;
    bool is_below; /* the session's process is above it */
    bool is_own;   /* this program, or above it */
    bool is_stray; /* carries the session's id, and has left its tree */
    bool is_session;
    const char *wanted;
};

struct people {
    struct process_table all;
    struct person *items; /* as those of the table */
};

static struct person *by_pid(const struct people *people, pid_t pid)
{
    const struct proc_stat *stat = process_table_find(&people->all, pid);
    return stat ? &people->items[stat - people->all.items] : NULL;
}

static int read_everybody(const struct process_tree_request *q, struct people *out)
{
    int r = process_table_read(q->proc, q->arena, &out->all);
    if (r < 0)
        return r;
    out->items = arena_alloc(q->arena, (out->all.count + 1) * sizeof *out->items);
    for (size_t i = 0; i < out->all.count; i++)
        out->items[i].stat = &out->all.items[i];
    return 0;
}

/* Returns: the nearest above it that may be wanted, NULL where there is none. No further than there
 * are processes: a tree that changes while it is read may hold a loop. */
static const struct person *wanted_above(const struct people *people, const struct person *p)
{
    const struct proc_stat *up = process_table_parent(&people->all, p->stat);
    for (size_t i = 0; up && i < people->all.count;
         i++, up = process_table_parent(&people->all, up)) {
        const struct person *q = &people->items[up - people->all.items];
        if (q->wanted)
            return q;
    }
    return NULL;
}

/* Leaves up where the way to the top ended. Returns: 0 or negative errno. */
static int mark_own(const struct process_tree_request *q, const struct people *people,
                    struct ancestry *up)
{
    int r = ancestry_begin(up, q->proc, q->own_pid);
    if (r < 0)
        return r;
    do {
        struct person *p = by_pid(people, up->at.pid);
        if (p)
            p->is_own = true;
    } while (ancestry_up(up));
    return 0;
}

static bool carries_session(const struct process_tree_request *q, pid_t pid)
{
    struct proc_strings environment;
    if (!q->session_id || !agent_child_variable(q->agent) ||
        proc_read_environ(q->proc, pid, q->arena, &environment) < 0)
        return false;
    return str_equals(proc_variable(&environment, agent_child_variable(q->agent)), q->session_id);
}

enum fact process_tree_is_session(const struct proc *proc, struct arena *a,
                                  const struct proc_stat *stat)
{
    struct agent_look look = {.name = stat->name};
    struct proc_strings argv, environment;
    bool deleted, may_be = false;
    int r = proc_read_exe(proc, stat->pid, a, &look.exe, &deleted);
    if (r < 0)
        look.exe = NULL;
    for (size_t i = 0; agents[i]; i++)
        may_be |= agents[i]->process->could_be(look.exe, look.name);
    if (!may_be)
        return r == 0 || r == -ESRCH ? FACT_NO : FACT_UNKNOWN;
    if (proc_read_argv(proc, stat->pid, a, &argv) < 0 ||
        proc_read_environ(proc, stat->pid, a, &environment) < 0)
        return FACT_UNKNOWN;
    look.argv = &argv;
    look.environment = &environment;
    for (size_t i = 0; agents[i]; i++) {
        enum agent_role role = agents[i]->process->role(&look);
        if (role == AGENT_SESSION || role == AGENT_UI || role == AGENT_SERVER)
            return FACT_YES;
    }
    return FACT_NO;
}

/* Standard input is a terminal: a person may be typing into it. An MCP server has a pipe there,
 * a tool's shell /dev/null. */
static const char *terminal_read_by(const struct process_tree_request *q, pid_t pid, bool *known)
{
    const char *target;
    int r = proc_read_input(q->proc, pid, q->arena, &target);
    *known = r == 0 || r == -ESRCH; /* none, or closed */
    if (r < 0)
        return NULL;
    return tty_canonical(q->arena, target);
}

/* Returns: why this one may be wanted, seen by itself. */
static const char *own_merits(const struct process_tree_request *q, struct person *p,
                              const struct person *client, const struct listener_list *listeners)
{
    struct arena *a = q->arena;
    struct proc_status theirs, clients;
    bool input_known, sockets_known;
    pid_t pid = p->stat->pid;
    if (p->stat->state == 'Z')
        return NULL;
    enum fact is_session = process_tree_is_session(q->proc, a, p->stat);
    p->is_session = is_session == FACT_YES;
    if (p->is_session)
        return "is a session of its own";
    if (proc_read_status(q->proc, pid, &theirs) < 0 ||
        proc_read_status(q->proc, client->stat->pid, &clients) < 0)
        return "cannot be looked into";
    if (theirs.uid != clients.uid)
        return "is another user's";
    if (is_session == FACT_UNKNOWN)
        return "cannot be looked into";
    if (p->stat->tty && p->stat->tty != client->stat->tty)
        return "has a terminal of its own";
    const char *tty = terminal_read_by(q, pid, &input_known);
    if (tty)
        return arena_printf(a, "reads the terminal %s", tty);
    const struct listener *l = listener_of(q->proc, pid, a, listeners, &sockets_known);
    if (l)
        return arena_printf(a, "listens on %s", l->name);
    if (p->is_stray)
        return "has left the session that started it";
    return input_known && sockets_known ? NULL : "cannot be looked into";
}

/* A launcher passes the signal that it gets on to the client that it waits for, and so may whatever
 * waits for the launcher. No further than there are processes: see wanted_above. */
static void spare_what_is_above(const struct process_tree_request *q, struct people *people,
                                const struct person *p)
{
    const struct proc_stat *up = process_table_parent(&people->all, p->stat);
    for (size_t i = 0; up && i < people->all.count;
         i++, up = process_table_parent(&people->all, up)) {
        struct person *above = &people->items[up - people->all.items];
        if ((above->is_below || above->is_stray) && !above->wanted)
            above->wanted = arena_printf(q->arena, "runs %s (pid %d), a session of its own",
                                         p->stat->name, (int)p->stat->pid);
    }
}

static int add(const struct process_tree_request *q, struct process_tree *tree,
               const struct person *p)
{
    struct pidref ref;
    int r = pidref_open(q->proc, p->stat->pid, p->stat->start_ticks, &ref);
    if (r < 0)
        return r == -ESRCH ? 0 : r;
    *ARENA_PUSH(q->arena, tree->items, tree->count, tree->capacity) =
        (struct descendant){ref, arena_strdup(q->arena, p->stat->name), p->wanted};
    return 0;
}

int process_tree_find(const struct process_tree_request *q, struct process_tree *out)
{
    struct people people = {0};
    struct listener_list listeners;
    struct ancestry up;
    int r = read_everybody(q, &people);
    if (r == 0)
        r = listener_read(q->proc, q->pid, q->arena, &listeners);
    struct person *client = by_pid(&people, q->pid);
    if (r == 0 && !client)
        r = pidref_is_there(q->proc, q->pid) == FACT_NO ? -ESRCH : -EACCES;
    if (r == 0)
        r = mark_own(q, &people, &up);
    if (r < 0)
        return r;
    for (size_t i = 0; i < people.all.count; i++) {
        struct person *p = &people.items[i];
        if (p == client || p->is_own)
            continue;
        p->is_below = process_table_is_below(&people.all, p->stat, q->pid) == FACT_YES;
        p->is_stray = !p->is_below && carries_session(q, p->stat->pid);
        if (!p->is_below && !p->is_stray)
            continue;
        if (ancestry_can_lead_to(&up, p->stat) != FACT_NO)
            return up.code; /* it may be above us */
        p->wanted = own_merits(q, p, client, &listeners);
    }

    for (size_t i = 0; i < people.all.count; i++)
        if (people.items[i].is_session)
            spare_what_is_above(q, &people, &people.items[i]);
    struct process_tree tree = {0};
    for (size_t i = 0; i < people.all.count && r == 0; i++) {
        struct person *p = &people.items[i];
        if (p == client || p->is_below)
            tree.may_lack |= process_table_hides_child(&people.all, p->stat->pid) != FACT_NO;
        if ((!p->is_below && !p->is_stray) || p->stat->state == 'Z')
            continue;
        const struct person *master = p->wanted ? NULL : wanted_above(&people, p);
        if (master)
            p->wanted = arena_printf(q->arena, "belongs to %s (pid %d)", master->stat->name,
                                     (int)master->stat->pid);
        r = add(q, &tree, p);
    }
    if (r < 0) {
        process_tree_release(&tree);
        return r;
    }
    *out = tree;
    return 0;
}

void process_tree_release(struct process_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        pidref_close(&tree->items[i].ref);
    tree->count = 0;
}
