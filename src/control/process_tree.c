#include "control/process_tree.h"

#include "platform/process/ancestry.h"
#include "platform/socket/listener.h"
#include "platform/terminal/tty.h"

#include <errno.h>
#include <stdlib.h>

/* A process while its relation is being found out. */
struct person {
    struct proc_stat stat;
    bool is_below; /* the session's process is above it */
    bool is_own;   /* this program, or above it */
    bool is_stray; /* carries the session's id, and has left its tree */
    const char *wanted;
};

struct people {
    struct person *items; /* by pid */
    size_t count;
};

static int compare_person(const void *a, const void *b)
{
    pid_t x = ((const struct person *)a)->stat.pid, y = ((const struct person *)b)->stat.pid;
    return (x > y) - (x < y);
}

static struct person *by_pid(const struct people *people, pid_t pid)
{
    struct person key = {.stat.pid = pid};
    return bsearch(&key, people->items, people->count, sizeof key, compare_person);
}

static int read_everybody(const struct process_tree_request *q, struct people *out)
{
    struct proc_stat *table;
    int r = proc_read_table(q->proc, q->arena, &table, &out->count, NULL);
    if (r < 0)
        return r;
    out->items = arena_alloc(q->arena, (out->count + 1) * sizeof *out->items);
    for (size_t i = 0; i < out->count; i++)
        out->items[i].stat = table[i];
    return 0;
}

/* Follows parents up from pid, no further than there are processes: a tree that changes while it
 * is read may hold a loop. Returns: the first for which is_it says so, NULL where there is none. */
static struct person *above(const struct people *people, const struct person *p,
                            bool (*is_it)(const struct person *, const void *), const void *context)
{
    struct person *up = by_pid(people, p->stat.ppid);
    for (size_t i = 0; up && i < people->count; i++, up = by_pid(people, up->stat.ppid))
        if (is_it(up, context))
            return up;
    return NULL;
}

static bool has_pid(const struct person *p, const void *context)
{
    return p->stat.pid == *(const pid_t *)context;
}

static bool is_wanted(const struct person *p, const void *context)
{
    (void)context;
    return p->wanted != NULL;
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

static enum fact is_a_session(const struct process_tree_request *q, const struct person *p)
{
    struct agent_look look = {.name = p->stat.name};
    struct proc_strings argv, environment;
    bool deleted;
    int r = proc_read_exe(q->proc, p->stat.pid, q->arena, &look.exe, &deleted);
    if (r < 0)
        look.exe = NULL;
    if (!q->agent->process->could_be(look.exe, look.name))
        return r == 0 || r == -ESRCH ? FACT_NO : FACT_UNKNOWN;
    if (proc_read_argv(q->proc, p->stat.pid, q->arena, &argv) < 0 ||
        proc_read_environ(q->proc, p->stat.pid, q->arena, &environment) < 0)
        return FACT_UNKNOWN;
    look.argv = &argv;
    look.environment = &environment;
    return q->agent->process->role(&look) == AGENT_SESSION ? FACT_YES : FACT_NO;
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
static const char *own_merits(const struct process_tree_request *q, const struct person *p,
                              const struct person *client, const struct listener_list *listeners)
{
    struct arena *a = q->arena;
    struct proc_status theirs, clients;
    bool input_known, sockets_known;
    pid_t pid = p->stat.pid;
    if (p->stat.state == 'Z')
        return NULL;
    enum fact is_session = is_a_session(q, p);
    if (is_session == FACT_YES)
        return "is a session of its own";
    if (proc_read_status(q->proc, pid, &theirs) < 0 ||
        proc_read_status(q->proc, client->stat.pid, &clients) < 0)
        return "cannot be looked into";
    if (theirs.uid != clients.uid)
        return "is another user's";
    if (is_session == FACT_UNKNOWN)
        return "cannot be looked into";
    if (p->stat.tty && p->stat.tty != client->stat.tty)
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

static int add(const struct process_tree_request *q, struct process_tree *family,
               const struct person *p)
{
    struct pidref ref;
    int r = pidref_open(q->proc, p->stat.pid, p->stat.start_ticks, &ref);
    if (r < 0)
        return r == -ESRCH ? 0 : r;
    *ARENA_PUSH(q->arena, family->items, family->count, family->capacity) =
        (struct relative){ref, arena_strdup(q->arena, p->stat.name), p->wanted};
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
    for (size_t i = 0; i < people.count; i++) {
        struct person *p = &people.items[i];
        if (p == client || p->is_own)
            continue;
        p->is_below = above(&people, p, has_pid, &q->pid) != NULL;
        p->is_stray = !p->is_below && carries_session(q, p->stat.pid);
        if (!p->is_below && !p->is_stray)
            continue;
        if (ancestry_can_lead_to(&up, &p->stat) != FACT_NO)
            return up.code; /* it may be above us */
        p->wanted = own_merits(q, p, client, &listeners);
    }

    struct process_tree family = {0};
    for (size_t i = 0; i < people.count && r == 0; i++) {
        struct person *p = &people.items[i];
        if ((!p->is_below && !p->is_stray) || p->stat.state == 'Z')
            continue;
        const struct person *master = p->wanted ? NULL : above(&people, p, is_wanted, NULL);
        if (master)
            p->wanted = arena_printf(q->arena, "belongs to %s (pid %d)", master->stat.name,
                                     (int)master->stat.pid);
        r = add(q, &family, p);
    }
    if (r < 0) {
        process_tree_release(&family);
        return r;
    }
    *out = family;
    return 0;
}

void process_tree_release(struct process_tree *family)
{
    for (size_t i = 0; i < family->count; i++)
        pidref_close(&family->items[i].ref);
    family->count = 0;
}
