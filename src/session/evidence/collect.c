#include "session/evidence/collect.h"

#include "platform/terminal/terminal.h"
#include "platform/terminal/tmux.h"
#include "session/evidence/moment.h"
#include "session/evidence/persistence.h"
#include "session/evidence/pipe_holders.h"
#include "session/evidence/servers.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    /* A clock that is set by less than a minute is no surprise; a stamp that lies further ahead
     * says nothing. */
    FUTURE_MS = 60000,
    /* Of a CPU without a rest: half of a look at a machine that has nothing else to do. */
    COMPUTED_NS = 200000000,
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
        .terminal_may_be_gone = s->may_be_orphaned,
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

/* ---- the second look ---------------------------------------------------------------------- */

void collect_begin(struct snapshot *snap, const struct session *s, struct observation *out)
{
    *out = (struct observation){.session = s};
    out->began = sample_take_tree(&snap->proc, s->live->stat.pid, &snap->arena, &out->first) == 0;
}

static const struct sample *same_process(const struct sample_tree *tree, const struct sample *s)
{
    for (size_t i = 0; i < tree->count; i++)
        if (tree->items[i].pid == s->pid && tree->items[i].start_ticks == s->start_ticks)
            return &tree->items[i];
    return NULL;
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
                 const struct connection_list *sockets, struct evidence *e)
{
    const struct session *s = o->session;
    struct sample_tree tree;
    e->is_starved = false;
    e->pipe_holder_count = 0;
    if (!o->began || sample_take_tree(&snap->proc, s->live->stat.pid, &snap->arena, &tree) < 0 ||
        tree.items[0].start_ticks != s->live->stat.start_ticks)
        return;

    struct members all = {snap, s, arena_alloc(&snap->arena, (tree.count + 1) * sizeof *all.items),
                          tree.count};
    struct workers_work work = members_work(snap, s, e);
    for (size_t i = 0; i < tree.count; i++) {
        struct member *m = &all.items[i];
        *m = (struct member){.now = &tree.items[i]};
        const struct sample *before = same_process(&o->first, m->now);
        if (before)
            sample_subtract(before, m->now, &m->used);
        else
            m->used.cpu_ns = m->now->cpu_ns > 0 ? m->now->cpu_ns : 1; /* it was started */
        sample_find_wait(&snap->proc, m->now, &snap->arena, &m->wait);
    }
    members_tell(&all, &work);
    const struct sample *before = same_process(&o->first, all.items[0].now);
    if (before)
        collect_main_thread(snap, &all.items[0], before, e);
    members_collect_workers(&all, tree.complete, e);
    servers_collect(&all, e);
    if (!tree.complete && e->mcp_progresses == FACT_NO)
        e->mcp_progresses = FACT_UNKNOWN;
    collect_terminal(snap, s, e);
    if (e->has_workers == FACT_NO)
        pipe_holders_collect(&all, &work, e);

    connection_collect(snap, s, sockets, e);
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
