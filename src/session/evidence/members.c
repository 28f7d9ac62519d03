#include "session/evidence/members.h"

#include "platform/descriptor.h"
#include "session/evidence/moment.h"
#include "session/evidence/persistence.h"

const struct member *members_find(const struct members *all, pid_t pid)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].now->pid == pid)
            return &all->items[i];
    return NULL;
}

/* Another member can still write into what a member reads: then it is not stuck there. One that
 * only waits for its child has the pipe open by inheritance. */
static bool is_fed_from_inside(const struct members *all, const struct member *reader)
{
    struct arena *a = &all->snap->arena;
    struct descriptor_holders holders;
    if (reader->wait.kind != SAMPLE_WAIT_PIPE_INPUT || !reader->wait.target ||
        descriptor_find_writers(&all->snap->proc, reader->wait.target, reader->now->pid, a,
                                &holders) < 0)
        return false;
    for (size_t i = 0; i < holders.count; i++) {
        const struct member *holder = members_find(all, holders.items[i].pid);
        if (holder && holder->wait.kind != SAMPLE_WAIT_CHILD)
            return true;
    }
    return false;
}

static enum worker_doing doing_of(const struct members *all, const struct member *m)
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
        return is_fed_from_inside(all, m) ? WORKER_QUIET : WORKER_WANTS_INPUT;
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

struct worker members_worker(const struct members *all, const struct member *m)
{
    struct worker w = {
        .pid = m->now->pid,
        .start_ticks = m->now->start_ticks,
        .name = arena_strdup(&all->snap->arena, m->now->name),
        .doing = doing_of(all, m),
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

void members_collect_workers(const struct members *all, bool is_whole, struct evidence *e)
{
    struct worker *workers = arena_alloc(&all->snap->arena, (all->count + 1) * sizeof *workers);
    size_t n = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (!is_worker(&all->items[i]))
            continue;
        struct worker w = members_worker(all, &all->items[i]);
        bool only_waits = all->items[i].wait.kind == SAMPLE_WAIT_CHILD && w.doing == WORKER_QUIET;
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
    for (size_t i = 0; i < all->count; i++) {
        any = any || is_worker(&all->items[i]);
        untold = untold || all->items[i].part == WORKER_UNTOLD;
    }
    e->has_workers = any ? FACT_YES : untold ? FACT_UNKNOWN : FACT_NO;
}

struct workers_work members_work(const struct snapshot *snap, const struct session *s,
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

void members_tell(struct members *all, const struct workers_work *work)
{
    struct workers_process *processes =
        arena_alloc(&all->snap->arena, all->count * sizeof *processes);
    enum worker_part *parts = arena_alloc(&all->snap->arena, all->count * sizeof *parts);
    for (size_t i = 0; i < all->count; i++) {
        const struct sample *now = all->items[i].now;
        if (i > 0 && now->ppid == all->items[0].now->pid)
            all->items[i].kind = kind_of(all->snap, all->session, now);
        processes[i] = (struct workers_process){
            .pid = now->pid,
            .ppid = now->ppid,
            .began_ms = proc_start_time(&all->snap->proc, now->start_ticks).ms,
            .kind = all->items[i].kind,
        };
    }
    workers_tell(processes, all->count, work, parts);
    for (size_t i = 0; i < all->count; i++)
        all->items[i].part = parts[i];
}
