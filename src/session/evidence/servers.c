#include "session/evidence/servers.h"

#include <unistd.h>

static bool is_word_edge(struct sv text, size_t at)
{
    return at >= text.n ||
           !((text.p[at] >= '0' && text.p[at] <= '9') || (text.p[at] >= 'a' && text.p[at] <= 'z') ||
             (text.p[at] >= 'A' && text.p[at] <= 'Z'));
}

/* A name stands on a command line as a word of its own: "db" in "npx @x/server-db", not in "dbus".
 */
static bool names_server(const struct proc_strings *argv, struct sv name)
{
    for (size_t i = 0; i < argv->count && name.n; i++) {
        struct sv word = sv_of(argv->items[i]);
        for (size_t at = sv_find(word, 0, name); at < word.n; at = sv_find(word, at + 1, name))
            if ((at == 0 || is_word_edge(word, at - 1)) && is_word_edge(word, at + name.n))
                return true;
    }
    return false;
}

/* It computed all the time, or waited for a processor. */
static bool never_rests(const struct sample_usage *used)
{
    int64_t wanted_ns = used->main_cpu_ns + (used->main_delay_ns > 0 ? used->main_delay_ns : 0);
    return used->main_cpu_ns * 10 > used->elapsed_ns && used->voluntary_switches == 0 &&
           wanted_ns * 10 > used->elapsed_ns * 9;
}

/* A server that is at rest waits for its input or in an event loop; not so: */
static bool cannot_read(const struct member *m)
{
    switch (m->wait.kind) {
    case SAMPLE_WAIT_CONTINUE:
    case SAMPLE_WAIT_PARENT:
    case SAMPLE_WAIT_DISK:
    case SAMPLE_WAIT_LOCK:
    case SAMPLE_WAIT_PIPE_OUTPUT:
    case SAMPLE_WAIT_FIFO_OPEN:
    case SAMPLE_WAIT_TTY_INPUT:
        return true;
    default:
        return never_rests(&m->used);
    }
}

static bool waits_for_its_input(const struct member *m)
{
    return m->wait.fd == STDIN_FILENO &&
           (m->wait.kind == SAMPLE_WAIT_PIPE_INPUT || m->wait.kind == SAMPLE_WAIT_SOCKET);
}

/* For something else, and for all the time that it was observed. */
static bool waits_elsewhere(const struct member *m)
{
    if (m->used.voluntary_switches != 0)
        return false;
    switch (m->wait.kind) {
    case SAMPLE_WAIT_TIME:
    case SAMPLE_WAIT_THREAD:
    case SAMPLE_WAIT_CHILD:
    case SAMPLE_WAIT_SIGNAL:
        return true;
    case SAMPLE_WAIT_PIPE_INPUT:
    case SAMPLE_WAIT_SOCKET:
        return m->wait.fd > STDIN_FILENO;
    default:
        return false;
    }
}

static bool is_same_line(const struct proc_strings *a, const struct proc_strings *b)
{
    bool is_same = a->count == b->count;
    for (size_t i = 0; is_same && i < a->count; i++)
        is_same = str_equals(a->items[i], b->items[i]);
    return is_same;
}

/* Of servers that are the same program, called the same, the only one that waits for something else
 * than its input, where each of the others waits for that. NULL: it is not so. */
static struct worker *find_odd_one(const struct members *all, struct worker *servers,
                                   size_t server_count)
{
    struct worker *odd = NULL;
    for (size_t i = 0; i < server_count; i++) {
        const struct member *m = members_find(all, servers[i].pid);
        if (waits_for_its_input(m))
            continue;
        if (odd || !waits_elsewhere(m))
            return NULL;
        odd = &servers[i];
    }
    return server_count > 2 ? odd : NULL; /* of two it is not known which is the odd one */
}

/*
 * Which server was asked: the only one, the only one that has the name of the tool's server on its
 * command line, or the only one that does not read its input. Of several of a kind none is taken.
 */
static void find_asked(const struct members *all, const struct evidence *e, struct worker *servers)
{
    struct sv name =
        e->open_tool ? agent_mcp_server(all->session->live->agent, e->open_tool) : (struct sv){0};
    struct worker *named = NULL, *deaf = NULL, *odd = NULL;
    size_t named_count = 0, deaf_count = 0, unknown_count = 0, alike_count = 0;
    struct proc_strings first = {0};
    for (size_t i = 0; i < e->server_count; i++) {
        struct proc_strings argv;
        const struct member *m = members_find(all, servers[i].pid);
        if (proc_read_argv(&all->snap->proc, servers[i].pid, &all->snap->arena, &argv) < 0)
            unknown_count++;
        else if (names_server(&argv, name)) {
            named = &servers[i];
            named_count++;
        }
        if (cannot_read(m)) {
            deaf = &servers[i];
            deaf_count++;
        }
        if (unknown_count)
            continue;
        first = i == 0 ? argv : first;
        alike_count += is_same_line(&argv, &first);
    }
    /* of several calls another may be another server's, and that one at rest */
    if (alike_count == e->server_count && e->open_tool_count == 1)
        odd = find_odd_one(all, servers, e->server_count);
    if (e->server_count == 1)
        servers[0].asked_by = "the only one";
    else if (named_count == 1 && unknown_count == 0)
        named->asked_by = "by its command line";
    else if (deaf_count == 1 && e->open_tool_count == 1)
        deaf->asked_by = "the only one that does not read its input";
    else if (odd)
        odd->asked_by = "of all that are the same the only one that does not wait for its input";
}

void servers_collect(const struct members *all, struct evidence *e)
{
    struct worker *servers = arena_alloc(&all->snap->arena, (all->count + 1) * sizeof *servers);
    bool any = false, moved = false;
    int asked = 0;
    e->server_count = 0;
    for (size_t i = 1; i < all->count; i++)
        if (all->items[i].part == WORKER_OF_SERVER &&
            all->items[i].now->ppid == all->items[0].now->pid)
            servers[e->server_count++] = members_worker(all, &all->items[i]);
    if (e->open_tool_is_mcp)
        find_asked(all, e, servers);
    for (size_t i = 0; i < e->server_count; i++)
        asked = servers[i].asked_by ? servers[i].pid : asked;
    for (size_t i = 1; i < all->count; i++) {
        /* where it is known who was asked, what the others do says nothing */
        const struct member *head = &all->items[i];
        while (head && head->now->ppid != all->items[0].now->pid)
            head = members_find(all, head->now->ppid);
        if (!head || all->items[i].part != WORKER_OF_SERVER || (asked && head->now->pid != asked))
            continue;
        any = true;
        moved = moved || all->items[i].used.cpu_ns > 0;
    }
    e->servers = servers;
    e->mcp_progresses = !any ? FACT_UNKNOWN : moved ? FACT_YES : FACT_NO;
}
