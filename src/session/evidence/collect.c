#include "session/evidence/collect.h"

#include "platform/descriptor.h"
#include "platform/socket/sock_pair.h"
#include "platform/terminal/terminal.h"
#include "platform/terminal/tmux.h"
#include "session/evidence/moment.h"
#include "session/evidence/persistence.h"
#include "session/evidence/workers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    /* A clock that is set by less than a minute is no surprise; a stamp that lies further ahead
     * says nothing. */
    FUTURE_MS = 60000,
    /* Of a CPU without a rest: half of a look at a machine that has nothing else to do. */
    COMPUTED_NS = 200000000,
    /* A request goes out within moments of the record that leads to it, after a try that failed
     * within some seconds. */
    SENT_BEFORE_MS = 1500,
    SENT_AFTER_MS = 8000,
};

/* ---- time --------------------------------------------------------------------------------- */

/* Seconds awake of that many milliseconds until now, at least; unsure_s: so many more there may
 * have been. */
static int64_t awake_s(const struct snapshot *snap, int64_t ago_ms, int64_t *unsure_s)
{
    struct sleeps_bounds slept = sleeps_since(&snap->sleeps, ago_ms);
    int64_t least_s = (ago_ms - slept.at_most_ms) / 1000;
    *unsure_s = (ago_ms - slept.at_least_ms) / 1000 - least_s;
    return least_s;
}

/* The same since a stamp of the client's; -1: not known, or it lies in the future. */
static int64_t awake_age_s(const struct snapshot *snap, const struct session *s, struct wall stamp,
                           int64_t *unsure_s)
{
    *unsure_s = 0;
    if (!wall_known(stamp))
        return -1;
    int64_t age_ms = snap->shown.taken_at_ms - moment_of(snap, s, stamp).ms;
    if (age_ms < 0)
        return age_ms < -FUTURE_MS ? -1 : 0;
    return awake_s(snap, age_ms, unsure_s);
}

/* ---- the first look ----------------------------------------------------------------------- */

enum client_status client_status_of(const struct agent_registration *r)
{
    static const struct {
        const char *word;
        enum client_status status;
    } words[] = {{"idle", CLIENT_IDLE},
                 {"shell", CLIENT_SHELL},
                 {"busy", CLIENT_BUSY},
                 {"waiting", CLIENT_WAITING}};
    for (size_t i = 0; r && i < sizeof words / sizeof *words; i++)
        if (str_equals(r->status, words[i].word))
            return words[i].status;
    return CLIENT_SAYS_NOTHING;
}

/* The last events were written by an earlier process: this one has taken nothing up since. */
static bool is_older_than_process(const struct snapshot *snap, const struct session *s,
                                  struct wall moment)
{
    return wall_known(moment) && moment_of(snap, s, moment).ms <
                                     proc_start_time(&snap->proc, s->live->stat.start_ticks).ms;
}

/* Some versions (2.0.0 to 2.1.110) write down each try that failed, with the pause before the next.
 */
static void collect_retry(const struct snapshot *snap, const struct session *s, struct evidence *e)
{
    const struct tail_result *tail = &s->activity.tail;
    int64_t unsure_s, age_s = awake_age_s(snap, s, tail->api_retry_at, &unsure_s);
    if (age_s < 0 || is_older_than_process(snap, s, tail->api_retry_at))
        return;
    e->retry = (struct retry_facts){
        .is_said = true,
        .due_in_s = tail->api_retry_in_ms / 1000 - age_s,
        .attempt = tail->api_retry_attempt,
        .of = tail->api_retry_limit,
        .why = tail->api_retry,
    };
    e->unsure.retry_s = unsure_s;
}

/* One whose client was ended before it leaves its transcript in mid-turn for ever. */
static bool subagent_is_of_this_turn(const struct snapshot *snap, const struct session *s)
{
    const struct activity *act = &s->activity;
    struct wall began = act->tail.turn_began_at;
    return act->subagent_is_busy && !is_older_than_process(snap, s, act->subagent_at) &&
           (!wall_known(began) || act->subagent_at.ms >= began.ms);
}

/* A client that publishes nothing may write down that it asks its user. */
static void collect_asking(const struct snapshot *snap, const struct session *s, struct evidence *e)
{
    const struct tail_result *tail = &s->activity.tail;
    if (!tail->asks || e->status != CLIENT_SAYS_NOTHING ||
        is_older_than_process(snap, s, tail->asks_since))
        return;
    e->status = CLIENT_WAITING;
    e->waiting_for = tail->asks;
    e->status_age_s = awake_age_s(snap, s, tail->asks_since, &e->unsure.status_s);
}

static void collect_conversation(const struct snapshot *snap, const struct session *s,
                                 struct evidence *e)
{
    const struct activity *act = &s->activity;
    const struct tail_result *tail = &act->tail;
    enum lookup_state transcript = session_transcript(s);
    e->has_transcript = transcript == LOOKUP_FOUND    ? FACT_YES
                        : transcript == LOOKUP_ABSENT ? FACT_NO
                                                      : FACT_UNKNOWN;
    if (e->has_transcript == FACT_NO)
        e->subagent_is_busy = FACT_NO;
    if (!act->is_known)
        return;
    if (tail->reached_start && !wall_known(tail->last_event_at))
        e->has_transcript = FACT_NO;
    e->turn = tail->turn;
    e->last_event_age_s = awake_age_s(snap, s, act->last_at, &e->unsure.last_event_s);
    if (is_older_than_process(snap, s, act->last_at)) {
        e->turn = TAIL_TURN_OVER;
        e->subagent_is_busy = FACT_NO;
        return;
    }
    if (tail->turn == TAIL_TURN_AWAITS_TOOL && tail->open_tool_count) {
        e->open_tool = tail->open_tools[0].name;
        e->open_tool_age_s =
            awake_age_s(snap, s, tail->open_tools[0].since, &e->unsure.open_tool_s);
        e->open_tool_count = tail->open_tool_count;
        e->open_tool_is_mcp = agent_is_mcp_tool(s->live->agent, e->open_tool);
        e->open_tool_asks_user = agent_is_question_tool(s->live->agent, e->open_tool);
        e->open_tool_is_command = agent_is_command_tool(s->live->agent, e->open_tool);
    }
    if (subagent_is_of_this_turn(snap, s) && tail->turn != TAIL_TURN_OVER)
        e->subagent_is_busy = FACT_YES;
    else if (act->subagents.state != LOOKUP_UNKNOWN || tail->turn == TAIL_TURN_OVER)
        e->subagent_is_busy = FACT_NO;
    if (tail->queued_count && !is_older_than_process(snap, s, tail->queued_since)) {
        e->queued_count = tail->queued_count;
        e->queued_age_s = awake_age_s(snap, s, tail->queued_since, &e->unsure.queued_s);
    }
    collect_asking(snap, s, e);
    e->api_error = tail->api_error;
    collect_retry(snap, s, e);
}

static void collect_terminal(const struct snapshot *snap, const struct session *s,
                             struct evidence *e)
{
    const struct proc_stat *stat = &s->live->stat;
    struct terminal t;
    if (!snap->proc.is_live || !stat->tty ||
        terminal_read(&snap->proc, stat->pid, stat->tty, &t) < 0)
        return;
    e->terminal = (struct terminal_facts){
        .is_known = true,
        .rows = t.rows,
        .columns = t.columns,
        .is_line_mode = t.canonical && agent_keeps_raw_mode(s->live->agent),
        .is_in_front = t.foreground_pgrp == stat->pgrp,
        .unread_bytes = t.input_bytes,
    };
}

void collect_first(struct snapshot *snap, const struct session *s, int64_t patience_s,
                   struct evidence *out)
{
    const struct live *live = s->live;
    const struct agent_registration *r = s->registration;
    struct evidence e = {
        .patience_s = patience_s,
        .state = live->stat.state,
        .is_print = s->shown->kind == SR_KIND_PRINT,
        .timing = agent_timing_of(live->agent, s->activity.tail.is_terse),
        .is_native = agent_is_native(live->agent, live->exe),
        .terminal_is_gone = live->tty_is_gone ? FACT_YES
                            : live->tty       ? FACT_NO
                                              : FACT_UNKNOWN,
        .is_registered = r != NULL,
        .status = client_status_of(r),
        .waiting_for = r ? r->waiting_for : NULL,
        .status_age_s = -1,
        .last_event_age_s = -1,
        .open_tool_age_s = -1,
        .queued_age_s = -1,
        .unrecorded_age_s = -1,
        .main_cpu_percent = -1,
        .queued_percent = -1,
        .cpu_percent = -1,
        .wakeups_per_s = -1,
        .version = s->shown->version,
        .is_first_party = true,
        .api = {.sent_ago_s = -1, .received_ago_s = -1, .bytes_received = -1},
    };
    e.stamp_error_s = moment_error_s(snap, s);
    e.is_unsaved = s->shown->persistence == SR_PERSISTENCE_NONE;
    e.is_fresh = persistence_is_fresh(&s->saving);
    if (r)
        e.status_age_s = awake_age_s(snap, s, r->status_at, &e.unsure.status_s);
    e.unrecorded_age_s =
        awake_age_s(snap, s, persistence_unrecorded_at(&s->saving), &e.unsure.prompt_s);
    int64_t started_ms = proc_start_time(&snap->proc, live->stat.start_ticks).ms;
    e.process_age_s = awake_s(snap, snap->shown.taken_at_ms - started_ms, &e.unsure.process_s);
    collect_conversation(snap, s, &e);
    e.is_unbegun = s->is_held && s->mapped_by != SR_MAPPED_BY_DESCRIPTOR /* else it is deleted */ &&
                   e.has_transcript == FACT_NO;
    e.cpu_s = (int64_t)live->stat.cpu_ticks / snap->proc.ticks_per_s;
    e.computes = snap->proc.is_live && e.cpu_s >= patience_s / 2 &&
                 sample_any_thread_runs(&snap->proc, live->stat.pid);
    if (e.state == 'T' || e.status == CLIENT_WAITING)
        collect_terminal(snap, s, &e);
    *out = e;
}

/* ---- the connection to the model ---------------------------------------------------------- */

void collect_sockets(struct snapshot *snap, struct collect_sockets *out)
{
    out->is_known = sock_read(&snap->arena, &out->list, NULL) == 0 && out->list.complete;
}

static int64_t seconds(int64_t ms)
{
    return ms < 0 ? -1 : ms / 1000;
}

/* a is likelier than b to carry the request that is waited for: one went out on it, and last. */
static int compare_likelihood(const void *a, const void *b)
{
    const struct sock *x = *(const struct sock *const *)a, *y = *(const struct sock *const *)b;
    bool x_asks = x->bytes_sent >= COLLECT_REQUEST_BYTES;
    bool y_asks = y->bytes_sent >= COLLECT_REQUEST_BYTES;
    if (x_asks != y_asks)
        return y_asks - x_asks;
    return (x->sent_ms > y->sent_ms) - (x->sent_ms < y->sent_ms);
}

static struct agent_api api_of(const struct session *s)
{
    return agent_api_of(s->live->agent, &s->live->argv, &s->live->environment,
                        session_can_read_store(s) ? &s->store->io : NULL);
}

/* Another session of the same process that is in a turn, too, or may be. */
static bool is_rival(const struct session *s, const struct session *other)
{
    return other != s && other->live && other->shown->pid == s->shown->pid &&
           !(other->activity.is_known && other->activity.tail.turn == TAIL_TURN_OVER) &&
           session_transcript(other) != LOOKUP_ABSENT;
}

static bool shares_its_connections(const struct snapshot *snap, const struct session *s)
{
    for (size_t i = 0; i < snap->shown.session_count; i++)
        if (is_rival(s, &snap->sessions[i]))
            return true;
    return false;
}

/* Something was sent on it just after the session's last record. */
static bool is_in_time(const struct session *s, const struct sock *sock)
{
    int64_t sent_at_ms = wall_now().ms - sock->sent_ms;
    int64_t after_ms = sent_at_ms - s->activity.tail.last_record_at.ms;
    return sock->sent_ms >= 0 && after_ms >= -SENT_BEFORE_MS && after_ms <= SENT_AFTER_MS;
}

/*
 * Of the connections of a process that runs several sessions, the one that is this session's: the
 * only one on which something was sent just after its last record, and after no other's. Returns:
 * 1; 0: not known.
 */
static size_t pick_own(const struct snapshot *snap, const struct session *s,
                       const struct sock **items, size_t count)
{
    const struct sock *own = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!is_in_time(s, items[i]))
            continue;
        if (own)
            return 0;
        own = items[i];
    }
    for (size_t i = 0; own && i < snap->shown.session_count; i++) {
        const struct session *other = &snap->sessions[i];
        if (is_rival(s, other) && (!other->activity.is_known || is_in_time(other, own)))
            return 0;
    }
    items[0] = own;
    return own != NULL;
}

int collect_model_sockets(const struct snapshot *snap, const struct session *s,
                          const struct collect_sockets *sockets, struct arena *a,
                          const struct sock ***items, size_t *count)
{
    uint64_t *inodes;
    size_t inode_count, n = 0;
    bool visible;
    if (!sockets->is_known || !s->live->environment_known || !s->live->agent->model)
        return -ENODATA;
    int r = sock_is_visible(&snap->proc, s->live->stat.pid, &visible);
    if (r == 0 && !visible)
        r = -ENODATA;
    if (r == 0)
        r = descriptor_list_sockets(&snap->proc, s->live->stat.pid, a, &inodes, &inode_count);
    if (r < 0)
        return r;
    uint16_t port = api_of(s).port;
    if (port == 0)
        return -ENODATA;
    const struct sock **found = arena_alloc(a, (inode_count + 1) * sizeof *found);
    for (size_t i = 0; i < inode_count; i++) {
        const struct sock *sock = sock_find(&sockets->list, inodes[i]);
        if (sock && sock->remote_port == port && sock->state != SOCK_CLOSED)
            found[n++] = sock;
    }
    qsort(found, n, sizeof *found, compare_likelihood);
    if (n && shares_its_connections(snap, s) && (n = pick_own(snap, s, found, n)) == 0)
        return -ENODATA;
    *items = found;
    *count = n;
    return 0;
}

/*
 * The process's connection to the model's port on which the last request went
 * out. Pooled ones that are idle were used longer ago.
 */
void collect_connection(struct snapshot *snap, const struct session *s,
                        const struct collect_sockets *sockets, struct evidence *e)
{
    const struct sock **items;
    size_t count;
    e->api = (struct api_connection){.sent_ago_s = -1, .received_ago_s = -1, .bytes_received = -1};
    if (collect_model_sockets(snap, s, sockets, &snap->arena, &items, &count) < 0)
        return;

    struct agent_api api = api_of(s);
    e->is_first_party = api.is_first_party;
    e->api_timeout_s = api.api_timeout_s;
    e->api.is_there = count ? FACT_YES : FACT_NO;
    if (count == 0)
        return;
    const struct sock *best = items[0];
    e->api.inode = best->inode;
    e->api.peer =
        arena_printf(&snap->arena, strchr(best->remote_address, ':') ? "[%s]:%u" : "%s:%u",
                     best->remote_address, best->remote_port);
    e->api.is_connecting = best->state == SOCK_CONNECTING;
    e->api.unanswered = best->retransmits;
    e->api.sent_ago_s = seconds(best->sent_ms);
    e->api.received_ago_s = seconds(best->received_ms);
    /* The last answer may have come in the second in which the next request went out. */
    bool came_before = best->received_ms > best->sent_ms;
    if (came_before && e->api.received_ago_s == e->api.sent_ago_s && e->api.sent_ago_s >= 0)
        e->api.received_ago_s++;
    e->api.bytes_received = best->bytes_received;
    e->api.has_asked = best->bytes_sent >= COLLECT_REQUEST_BYTES ? FACT_YES : FACT_NO;
    e->api.unread_bytes = best->receive_queue_bytes;
}

/* ---- the second look ---------------------------------------------------------------------- */

void collect_begin(struct snapshot *snap, const struct session *s, struct observation *out)
{
    *out = (struct observation){.session = s};
    out->began = sample_take_tree(&snap->proc, s->live->stat.pid, &snap->arena, &out->first) == 0;
}

/* A member of the observed tree, in both samples. */
struct member {
    const struct sample *now;
    struct sample_usage used; /* since the first sample; all of it where the member is new */
    enum agent_child kind;    /* of a child of the client's own */
    enum worker_part part;
    struct sample_wait wait;
};

static const struct sample *same_process(const struct sample_tree *tree, const struct sample *s)
{
    for (size_t i = 0; i < tree->count; i++)
        if (tree->items[i].pid == s->pid && tree->items[i].start_ticks == s->start_ticks)
            return &tree->items[i];
    return NULL;
}

static const struct member *member_by_pid(const struct member *members, size_t count, pid_t pid)
{
    for (size_t i = 0; i < count; i++)
        if (members[i].now->pid == pid)
            return &members[i];
    return NULL;
}

/* Another member can still write into what a member reads: then it is not stuck there. One that
 * only waits for its child has the pipe open by inheritance. */
static bool is_fed_from_inside(struct snapshot *snap, const struct member *members, size_t count,
                               const struct member *reader)
{
    struct arena *a = &snap->arena;
    struct descriptor_holders holders;
    if (reader->wait.kind != SAMPLE_WAIT_PIPE_INPUT || !reader->wait.target ||
        descriptor_find_writers(&snap->proc, reader->wait.target, reader->now->pid, a, &holders) <
            0)
        return false;
    for (size_t i = 0; i < holders.count; i++) {
        const struct member *holder = member_by_pid(members, count, holders.items[i].pid);
        if (holder && holder->wait.kind != SAMPLE_WAIT_CHILD)
            return true;
    }
    return false;
}

static enum worker_doing doing_of(struct snapshot *snap, const struct member *members, size_t count,
                                  const struct member *m)
{
    if (m->now->state == 'Z')
        return WORKER_DEAD;
    if (m->used.cpu_ns > 0 || m->used.read_bytes > 0 || m->used.write_bytes > 0)
        return WORKER_PROGRESSES;
    switch (m->wait.kind) {
    case SAMPLE_WAIT_CONTINUE:
        return WORKER_STOPPED;
    case SAMPLE_WAIT_TTY_INPUT:
    case SAMPLE_WAIT_FIFO_OPEN:
        return WORKER_WANTS_INPUT;
    case SAMPLE_WAIT_PIPE_INPUT:
        return is_fed_from_inside(snap, members, count, m) ? WORKER_QUIET : WORKER_WANTS_INPUT;
    case SAMPLE_WAIT_TIME:
        return WORKER_SLEEPS;
    case SAMPLE_WAIT_UNKNOWN:
        return m->used.cpu_ns < 0 ? WORKER_UNKNOWN : WORKER_QUIET;
    default:
        return WORKER_QUIET;
    }
}

/* The most telling of a tool's processes speaks for it: one that moves acquits the others. */
static int weight(enum worker_doing doing)
{
    static const int weights[] = {
        [WORKER_UNKNOWN] = 0,    [WORKER_QUIET] = 1,   [WORKER_DEAD] = 2,
        [WORKER_SLEEPS] = 3,     [WORKER_STOPPED] = 4, [WORKER_WANTS_INPUT] = 5,
        [WORKER_PROGRESSES] = 6,
    };
    return weights[doing];
}

static struct worker worker_of(struct snapshot *snap, const struct member *members, size_t count,
                               const struct member *m)
{
    struct worker w = {
        .pid = m->now->pid,
        .start_ticks = m->now->start_ticks,
        .name = arena_strdup(&snap->arena, m->now->name),
        .doing = doing_of(snap, members, count, m),
        .is_search = m->kind == AGENT_CHILD_SEARCH,
        .is_hook = m->part == WORKER_OF_HOOK,
        .cpu_s = m->now->cpu_ticks_ns / 1000000000,
    };
    if (w.doing == WORKER_WANTS_INPUT)
        w.input = m->wait.target ? m->wait.target : "a FIFO that nobody opens";
    return w;
}

static bool is_worker(const struct member *m)
{
    return m->part == WORKER_OF_TOOL || m->part == WORKER_OF_HOOK;
}

/* One worker a tool: its most telling process. Shells that only wait for a child say nothing.
 * is_whole: no process of the tree is hidden; one that is may be at work for those that are not. */
static void collect_workers(struct snapshot *snap, const struct member *members, size_t count,
                            bool is_whole, struct evidence *e)
{
    struct worker *workers = arena_alloc(&snap->arena, (count + 1) * sizeof *workers);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_worker(&members[i]))
            continue;
        struct worker w = worker_of(snap, members, count, &members[i]);
        bool only_waits = members[i].wait.kind == SAMPLE_WAIT_CHILD && w.doing == WORKER_QUIET;
        if (!is_whole && w.doing != WORKER_PROGRESSES)
            w.doing = WORKER_UNKNOWN;
        if (!only_waits)
            workers[n++] = w;
    }
    /* the most telling first */
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && weight(workers[j].doing) > weight(workers[j - 1].doing); j--) {
            struct worker swapped = workers[j];
            workers[j] = workers[j - 1];
            workers[j - 1] = swapped;
        }
    e->workers = workers;
    e->worker_count = n;
    bool any = false, untold = !is_whole;
    for (size_t i = 0; i < count; i++) {
        any = any || is_worker(&members[i]);
        untold = untold || members[i].part == WORKER_UNTOLD;
    }
    e->has_workers = any ? FACT_YES : untold ? FACT_UNKNOWN : FACT_NO;
}

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
static struct worker *find_odd_one(const struct member *members, size_t count,
                                   struct worker *servers, size_t server_count)
{
    struct worker *odd = NULL;
    for (size_t i = 0; i < server_count; i++) {
        const struct member *m = member_by_pid(members, count, servers[i].pid);
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
static void find_asked(struct snapshot *snap, const struct session *s, const struct evidence *e,
                       const struct member *members, size_t count, struct worker *servers)
{
    struct sv name = e->open_tool ? agent_mcp_server(s->live->agent, e->open_tool) : (struct sv){0};
    struct worker *named = NULL, *deaf = NULL, *odd = NULL;
    size_t named_count = 0, deaf_count = 0, unknown_count = 0, alike_count = 0;
    struct proc_strings first = {0};
    for (size_t i = 0; i < e->server_count; i++) {
        struct proc_strings argv;
        const struct member *m = member_by_pid(members, count, servers[i].pid);
        if (proc_read_argv(&snap->proc, servers[i].pid, &snap->arena, &argv) < 0)
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
        odd = find_odd_one(members, count, servers, e->server_count);
    if (e->server_count == 1)
        servers[0].asked_by = "the only one";
    else if (named_count == 1 && unknown_count == 0)
        named->asked_by = "by its command line";
    else if (deaf_count == 1 && e->open_tool_count == 1)
        deaf->asked_by = "the only one that does not read its input";
    else if (odd)
        odd->asked_by = "of all that are the same the only one that does not wait for its input";
}

static void collect_servers(struct snapshot *snap, const struct session *s,
                            const struct member *members, size_t count, struct evidence *e)
{
    struct worker *servers = arena_alloc(&snap->arena, (count + 1) * sizeof *servers);
    bool any = false, moved = false;
    int asked = 0;
    e->server_count = 0;
    for (size_t i = 1; i < count; i++)
        if (members[i].part == WORKER_OF_SERVER && members[i].now->ppid == members[0].now->pid)
            servers[e->server_count++] = worker_of(snap, members, count, &members[i]);
    if (e->open_tool_is_mcp)
        find_asked(snap, s, e, members, count, servers);
    for (size_t i = 0; i < e->server_count; i++)
        asked = servers[i].asked_by ? servers[i].pid : asked;
    for (size_t i = 1; i < count; i++) {
        /* where it is known who was asked, what the others do says nothing */
        const struct member *head = &members[i];
        while (head && head->now->ppid != members[0].now->pid)
            head = member_by_pid(members, count, head->now->ppid);
        if (!head || members[i].part != WORKER_OF_SERVER || (asked && head->now->pid != asked))
            continue;
        any = true;
        moved = moved || members[i].used.cpu_ns > 0;
    }
    e->servers = servers;
    e->mcp_progresses = !any ? FACT_UNKNOWN : moved ? FACT_YES : FACT_NO;
}

/* What the session is at, and since when. What leaves no record (a hook that a prompt starts, a
 * compaction) was begun when the client called itself busy. */
static struct workers_work work_of(const struct snapshot *snap, const struct session *s,
                                   const struct evidence *e)
{
    const struct tail_result *tail = &s->activity.tail;
    struct workers_work work = {.now_ms = snap->shown.taken_at_ms};
    struct wall began = {0};
    if (tail->turn == TAIL_TURN_AWAITS_TOOL && tail->open_tool_count) {
        work.kind = WORK_TOOL;
        bool polls = e->timing->polls_commands && wall_known(tail->turn_began_at);
        began = moment_of(snap, s, polls ? tail->turn_began_at : tail->open_tools[0].since);
        work.asked_ms = polls ? 0 : moment_of(snap, s, tail->asked_at).ms;
    } else if (e->status == CLIENT_BUSY && s->registration &&
               (e->turn == TAIL_TURN_OVER || e->turn == TAIL_TURN_UNKNOWN) &&
               wall_known(s->registration->status_at)) {
        work.kind = WORK_OFF_RECORD;
        began = moment_of(snap, s, s->registration->status_at);
    } else if (e->status == CLIENT_SAYS_NOTHING && e->unrecorded_age_s >= 0 &&
               (e->turn == TAIL_TURN_OVER || e->turn == TAIL_TURN_UNKNOWN)) {
        work.kind = WORK_OFF_RECORD;
        began = moment_of(snap, s, persistence_unrecorded_at(&s->saving));
    } else if (e->turn == TAIL_TURN_AWAITS_REPLY || e->turn == TAIL_TURN_REPLYING) {
        work.kind = WORK_REPLY;
        began = moment_of(snap, s, tail->turn_began_at);
    }
    if (!wall_known(began))
        work.kind = WORK_NONE;
    work.began_ms = began.ms;
    return work;
}

static bool began_since(const struct snapshot *snap, uint64_t start_ticks,
                        const struct workers_work *work)
{
    return work->kind != WORK_NONE &&
           proc_start_time(&snap->proc, start_ticks).ms >= work->began_ms - WORKERS_SLACK_MS;
}

static enum agent_child kind_of(struct snapshot *snap, const struct session *s,
                                const struct sample *now)
{
    const struct proc *proc = &snap->proc;
    struct proc_strings argv = {0}, environment = {0};
    struct proc_stat stat = {0};
    if (proc_read_stat(proc, now->pid, &stat) < 0)
        return AGENT_CHILD_UNKNOWN;
    proc_read_argv(proc, now->pid, &snap->arena, &argv);
    bool is_known = proc_read_environ(proc, now->pid, &snap->arena, &environment) == 0;
    const char *id =
        is_known ? agent_variable(&environment, agent_child_variable(s->live->agent)) : NULL;
    if (id && s->is_held && !str_equals(id, s->session_id))
        return AGENT_CHILD_OTHERS;
    struct agent_child_look look = {
        .argv = &argv,
        .environment = is_known ? &environment : NULL,
        .client_environment = s->live->environment_known ? &s->live->environment : NULL,
        .is_in_group = stat.pgrp == s->live->stat.pgrp,
    };
    return agent_child_of(s->live->agent, &look);
}

/* What part each member has in the work; the client is the first. */
static void tell_parts(struct snapshot *snap, const struct session *s, struct member *members,
                       size_t count, const struct workers_work *work)
{
    struct workers_process *processes = arena_alloc(&snap->arena, count * sizeof *processes);
    enum worker_part *parts = arena_alloc(&snap->arena, count * sizeof *parts);
    for (size_t i = 0; i < count; i++) {
        const struct sample *now = members[i].now;
        if (i > 0 && now->ppid == members[0].now->pid)
            members[i].kind = kind_of(snap, s, now);
        processes[i] = (struct workers_process){
            .pid = now->pid,
            .ppid = now->ppid,
            .began_ms = proc_start_time(&snap->proc, now->start_ticks).ms,
            .kind = members[i].kind,
        };
    }
    workers_tell(processes, count, work, parts);
    for (size_t i = 0; i < count; i++)
        members[i].part = parts[i];
}

/* ---- who else has a tool's output --------------------------------------------------------- */

/* Of the members but the first, which is the client. */
static bool member_has_socket(struct snapshot *snap, const struct member *members, size_t count,
                              uint64_t inode)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t *inodes;
        size_t n;
        if (descriptor_list_sockets(&snap->proc, members[i].now->pid, &snap->arena, &inodes, &n) <
            0)
            continue;
        for (size_t j = 0; j < n; j++)
            if (inodes[j] == inode)
                return true;
    }
    return false;
}

/* What another process has open that can still write to where the client reads. Returns: NULL where
 * there is none: a server of the client's has it. */
static const char *write_end_of(struct snapshot *snap, const struct member *members, size_t count,
                                const struct descriptor *d)
{
    uint64_t other;
    if (d->fd < 3 || !d->reads)
        return NULL;
    if (d->kind == DESCRIPTOR_PIPE)
        return d->target;
    if (d->kind != DESCRIPTOR_SOCKET || sock_pair_other(d->inode, &other) < 0 ||
        member_has_socket(snap, members, count, other))
        return NULL;
    return arena_printf(&snap->arena, "socket:[%llu]", (unsigned long long)other);
}

static bool is_listed(const struct pipe_holder *items, size_t count, pid_t pid)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].pid == pid)
            return true;
    return false;
}

/* Who, outside the tree and started since, could still write to where the client reads? All of
 * them: it goes on when the last has ended. */
static void collect_pipe_holders(struct snapshot *snap, const struct member *members, size_t count,
                                 const struct workers_work *since, struct evidence *e)
{
    struct descriptor *open;
    size_t n, found = 0, capacity = 0;
    struct pipe_holder *items = NULL;
    pid_t client = members[0].now->pid;
    if (descriptor_list(&snap->proc, client, &snap->arena, &open, &n) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        struct descriptor_holders holders;
        const char *target = write_end_of(snap, members, count, &open[i]);
        if (!target ||
            descriptor_find_writers(&snap->proc, target, client, &snap->arena, &holders) < 0)
            continue;
        for (size_t j = 0; j < holders.count; j++) {
            const struct descriptor_holder *h = &holders.items[j];
            if (member_by_pid(members, count, h->pid) || is_listed(items, found, h->pid) ||
                !began_since(snap, h->start_ticks, since))
                continue;
            *ARENA_PUSH(&snap->arena, items, found, capacity) =
                (struct pipe_holder){h->pid, h->start_ticks, arena_strdup(&snap->arena, h->name)};
        }
    }
    e->pipe_holders = items;
    e->pipe_holder_count = found;
}

/* ---- the main thread ---------------------------------------------------------------------- */

/*
 * Under Yama a user may not see system calls, and only the kernel function is
 * known: a tty's read and write, and a socket's, all wait in wait_woken. An
 * event loop reads nothing without having been told that it is there, and its
 * sockets do not block: what is left is the write.
 */
static enum fact waits_for_tty_write(const struct member *client)
{
    switch (client->wait.kind) {
    case SAMPLE_WAIT_TTY_OUTPUT:
    case SAMPLE_WAIT_TTY:
        return FACT_YES;
    case SAMPLE_WAIT_UNKNOWN:
        return str_equals(client->now->wchan, "wait_woken") ? FACT_YES : FACT_UNKNOWN;
    default:
        return FACT_NO;
    }
}

static void collect_main_thread(struct snapshot *snap, const struct member *client,
                                const struct sample *before, struct evidence *e)
{
    const struct sample_usage *used = &client->used;
    double elapsed_s = (double)used->elapsed_ns / 1e9;
    e->was_sampled = true;
    e->sample_ms = used->elapsed_ns / 1000000;
    /* On a busy machine a thread that only computes spends most of its time in the queue; but so
     * does one that would rest again at once, if it got its turn. */
    bool has_computed = used->main_cpu_ns >= COMPUTED_NS;
    int64_t delay_ns = used->main_delay_ns > 0 ? used->main_delay_ns : 0;
    if (used->cpu_ns >= 0)
        e->cpu_percent = (double)used->cpu_ns / 1e7 / elapsed_s;
    if (used->main_cpu_ns >= 0)
        e->main_cpu_percent =
            (double)(used->main_cpu_ns + (has_computed ? delay_ns : 0)) / 1e7 / elapsed_s;
    e->queued_percent =
        used->main_delay_ns < 0 ? -1 : (double)used->main_delay_ns / 1e7 / elapsed_s;
    e->is_starved =
        !has_computed && used->voluntary_switches == 0 && delay_ns > used->elapsed_ns / 10;
    if (used->voluntary_switches >= 0)
        e->wakeups_per_s = e->is_starved ? -1 : (double)used->voluntary_switches / elapsed_s;
    e->memory_growth_bytes = used->rss_growth_bytes;
    if (client->now->wchan[0])
        e->wait_channel = arena_strdup(&snap->arena, client->now->wchan);
    e->main_waits_for_tty_write = waits_for_tty_write(client);
    /* A disk wait that ended in between is none. */
    bool stays_blocked =
        before->state == 'D' && client->now->state == 'D' && used->voluntary_switches <= 0;
    e->state = client->now->state == 'D' && !stays_blocked ? 'S' : client->now->state;
}

/*
 * The kernel counts a connection's ages in time awake. What was written last is no younger than the
 * request, where a prompt or a result is the last word and nothing runs that could keep the client
 * from asking; nor than the last byte, where it is a part of the reply.
 */
static void date_by_connection(struct evidence *e)
{
    const struct api_connection *c = &e->api;
    int64_t unsure_s = e->unsure.last_event_s;
    int64_t since_s = e->turn == TAIL_TURN_AWAITS_REPLY ? c->sent_ago_s
                      : e->turn == TAIL_TURN_REPLYING   ? c->received_ago_s
                                                        : -1;
    if (c->is_there != FACT_YES || c->is_connecting || e->has_workers != FACT_NO ||
        e->subagent_is_busy != FACT_NO || since_s <= e->last_event_age_s || unsure_s == 0)
        return;
    int64_t more_s = since_s - e->last_event_age_s;
    more_s = more_s < unsure_s ? more_s : unsure_s;
    e->last_event_age_s += more_s;
    e->unsure.last_event_s -= more_s;
}

void collect_end(struct snapshot *snap, const struct observation *o,
                 const struct collect_sockets *sockets, struct evidence *e)
{
    const struct session *s = o->session;
    struct sample_tree tree;
    e->is_starved = false;
    e->pipe_holder_count = 0;
    if (!o->began || sample_take_tree(&snap->proc, s->live->stat.pid, &snap->arena, &tree) < 0 ||
        tree.items[0].start_ticks != s->live->stat.start_ticks)
        return;

    struct member *members = arena_alloc(&snap->arena, (tree.count + 1) * sizeof *members);
    struct workers_work work = work_of(snap, s, e);
    for (size_t i = 0; i < tree.count; i++) {
        struct member *m = &members[i];
        *m = (struct member){.now = &tree.items[i]};
        const struct sample *before = same_process(&o->first, m->now);
        if (before)
            sample_subtract(before, m->now, &m->used);
        else
            m->used.cpu_ns = m->now->cpu_ns > 0 ? m->now->cpu_ns : 1; /* it was started */
        sample_find_wait(&snap->proc, m->now, &snap->arena, &m->wait);
    }
    tell_parts(snap, s, members, tree.count, &work);
    const struct sample *before = same_process(&o->first, members[0].now);
    if (before)
        collect_main_thread(snap, &members[0], before, e);
    collect_workers(snap, members, tree.count, tree.complete, e);
    collect_servers(snap, s, members, tree.count, e);
    if (!tree.complete && e->mcp_progresses == FACT_NO)
        e->mcp_progresses = FACT_UNKNOWN;
    collect_terminal(snap, s, e);
    if (e->has_workers == FACT_NO)
        collect_pipe_holders(snap, members, tree.count, &work, e);

    collect_connection(snap, s, sockets, e);
    date_by_connection(e);
}

/* A pane of a server of this user's, in this file system. */
static bool open_pane(struct snapshot *snap, const struct session *s, struct tmux *out)
{
    const struct live *live = s->live;
    struct stat st;
    return live->tty && !live->own_mounts && live->multiplexer.server &&
           stat(live->multiplexer.server, &st) == 0 && st.st_uid == geteuid() &&
           tmux_open(&snap->arena, &live->multiplexer, proc_variable(&live->environment, "PATH"),
                     out) == 0;
}

int collect_screen(struct snapshot *snap, const struct session *s, struct evidence *e)
{
    struct tmux tmux;
    const char *text;
    struct agent_screen seen;
    e->screen = SCREEN_OUT_OF_REACH;
    if (!open_pane(snap, s, &tmux))
        return 0;
    int r = tmux_screen(&tmux, &snap->arena, s->live->tty, &text);
    if (r < 0)
        return r == -ETIMEDOUT ? r : 0;
    e->screen = SCREEN_WITHOUT_STATE;
    agent_read_screen(s->live->agent, sv_of(text), &snap->arena, &seen);
    e->screen_asks = seen.asks;
    if (!seen.line)
        return 0;
    e->screen = SCREEN_READ;
    e->screen_line = seen.line;
    if (seen.is_retrying)
        e->retry = (struct retry_facts){
            .is_said = true,
            .is_on_screen = true,
            .due_in_s = seen.due_in_s,
            .attempt = seen.attempt,
            .of = seen.of,
            .why = seen.why,
            .due = seen.due,
            .until = seen.until,
        };
    return 0;
}

void collect_watch(struct snapshot *snap, const struct session *s,
                   const struct collect_sockets *sockets, int64_t watched_ms, struct evidence *e)
{
    struct api_connection before = e->api;
    collect_connection(snap, s, sockets, e);
    e->api.watched_ms = watched_ms;
    e->api.largest_arrival = before.largest_arrival;
    e->api.first_arrival_ms = before.first_arrival_ms;
    e->api.last_arrival_ms = before.last_arrival_ms;
    if (before.bytes_received < 0 || !str_equals(before.peer, e->api.peer))
        return;
    int64_t arrived = e->api.bytes_received - before.bytes_received;
    if (arrived > e->api.largest_arrival)
        e->api.largest_arrival = arrived;
    if (arrived <= 0) {
        /* as old as when the look began, or it would be hung for having been watched */
        if (e->api.sent_ago_s >= before.sent_ago_s) {
            e->api.sent_ago_s = before.sent_ago_s;
            e->api.received_ago_s = before.received_ago_s;
        }
        return;
    }
    e->api.last_arrival_ms = e->api.watched_ms;
    if (e->api.first_arrival_ms == 0)
        e->api.first_arrival_ms = e->api.watched_ms;
}
