/*
 * watch: --watch: one small process that waits, tells, and has backups made.
 *
 * It sleeps in wakeup_wait. What wakes it: names that come and go in the
 * agents' folders, the first write after a look (inotify), the end of a
 * session's process (pidfd), a timer that goes on while the machine sleeps,
 * signals. It reads no foreign file itself: looks and backups are made by
 * jobs, one of each at a time. What a look calls for is decided by
 * diagnose/changes.
 */
#include "app/commands/commands.h"

#include "agents/agent.h"
#include "app/context.h"
#include "app/watch/event_sinks.h"
#include "app/watch/jobs.h"
#include "app/watch/report.h"
#include "backup/backup_dir.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io/fs.h"
#include "platform/privilege.h"
#include "platform/process/pidref.h"
#include "platform/wakeup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LOOK_PATIENCE_MS = 1500,     /* of a look at one path: as of a listing */
    LOOK_TICK_MS = 500,          /* how often that is asked */
    BACKUP_PATIENCE_MS = 120000, /* a slow disk may take long to sync a large file */
    BACKUP_TICK_MS = 10000,
    BACKUPS_AT_ONCE = 16, /* by one job; then the more urgent come first again */
    EXPIRING_EVERY_MS = 3600000,
    END_PATIENCE_MS = 10000, /* for a backup under way, when it is told to end */
};

/* What has woken it. */
enum source { SIGNALS, TIMER, NAMES, WRITES, LOOK, BACKUP, COMMAND, PROCESS };

/* The process of a session; its end is worth a look. */
struct process {
    pid_t pid;
    uint64_t start_ticks;
    int fd;
    bool has_ended; /* it is kept until a look misses it: how it ended is asked then */
};

struct watch {
    struct context context;
    struct changes changes;
    struct wakeup wakeup;
    int lock;
    struct backup_dir pending;
    struct notice notice;
    bool has_notice, is_blind;

    struct worker_job look, backup;
    struct worker_job_behind behind;
    int64_t look_began_ms;
    int64_t expiring_at_ms; /* when the last such look began; negative: none */
    int64_t names_at_ms;    /* when something came or went last */
    struct sr_sleeps sleeps;

    struct arena batch_arena; /* of the backups under way */
    struct change_backup batch[BACKUPS_AT_ONCE];
    size_t batch_count;
    bool was_answered[BACKUPS_AT_ONCE];

    struct process *processes;
    size_t process_count;
    struct arena stores_arena;
    const char **stores;
    size_t store_count;

    struct event_sinks sinks;
    bool has_begun, has_moved, has_names, ends;
    int status;
};

/* What a client is going to delete may be another, too. */
static void note_names(struct watch *w)
{
    w->has_names = true;
    w->names_at_ms = clock_since_boot_ms();
}

static bool has_names_since_expiring(const struct watch *w)
{
    return w->names_at_ms > w->expiring_at_ms;
}

/* ---- the processes of sessions ------------------------------------------------------------- */

static int pin(const struct sr_session *s)
{
    struct proc proc;
    struct pidref p;
    if (s->pid <= 0 || proc_open(&proc, "/proc", NULL) < 0)
        return -1;
    int r = pidref_open(&proc, s->pid, s->start_ticks, &p);
    proc_close(&proc);
    return r < 0 ? -1 : p.fd;
}

static struct process take_known(struct watch *w, const struct sr_session *s)
{
    for (size_t i = 0; i < w->process_count; i++) {
        struct process *p = &w->processes[i];
        if (p->fd >= 0 && p->pid == s->pid && p->start_ticks == s->start_ticks) {
            struct process taken = *p;
            p->fd = -1;
            return taken;
        }
    }
    return (struct process){s->pid, s->start_ticks, -1, false};
}

static const char *signal_name(int number)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {{SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGTERM, "SIGTERM"},
                 {SIGKILL, "SIGKILL"}, {SIGSEGV, "SIGSEGV"}, {SIGABRT, "SIGABRT"},
                 {SIGBUS, "SIGBUS"},   {SIGILL, "SIGILL"},   {SIGTRAP, "SIGTRAP"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number)
            return names[i].name;
    return NULL;
}

/* A program that ends itself on a signal says which by adding 128 to it. */
static struct change_end end_of(const struct pidref *p, int wait_status)
{
    bool exited = WIFEXITED(wait_status);
    int status = exited ? WEXITSTATUS(wait_status) : WTERMSIG(wait_status);
    return (struct change_end){p->pid, p->start_ticks, exited ? CHANGE_HOW_EXIT : CHANGE_HOW_SIGNAL,
                               status, signal_name(exited ? status - 128 : status)};
}

/* Of those that the look does not have any more. Owner: the arena. */
static void add_ends(const struct watch *w, struct arena *a, struct change_look *look)
{
    struct change_end *ends = arena_alloc(a, (w->process_count + 1) * sizeof *ends);
    for (size_t i = 0; i < w->process_count; i++) {
        struct pidref p = {w->processes[i].fd, w->processes[i].pid, w->processes[i].start_ticks};
        int wait_status;
        if (p.fd >= 0 && pidref_wait_status(&p, &wait_status) == 0)
            ends[look->end_count++] = end_of(&p, wait_status);
    }
    look->ends = ends;
}

static void forget_processes(struct watch *w)
{
    for (size_t i = 0; i < w->process_count; i++) {
        wakeup_remove(&w->wakeup, w->processes[i].fd);
        fs_close(&w->processes[i].fd);
    }
    free(w->processes);
    w->processes = NULL;
    w->process_count = 0;
}

static void watch_processes(struct watch *w, const struct change_look *look)
{
    struct process *next = mem_resize(NULL, (look->session_count + 1) * sizeof *next);
    for (size_t i = 0; i < look->session_count; i++) {
        const struct sr_session *s = &look->sessions[i];
        next[i] = take_known(w, s);
        if (next[i].fd < 0) {
            next[i].fd = pin(s);
            wakeup_add(&w->wakeup, next[i].fd, PROCESS);
        }
    }
    forget_processes(w);
    w->processes = next;
    w->process_count = look->session_count;
}

/* Those that have ended are readable for ever; so may be one that cannot be waited for. Which it is
 * the next look says, and it pins those that live again. */
static void note_ended_processes(struct watch *w)
{
    for (size_t i = 0; i < w->process_count; i++) {
        struct process *known = &w->processes[i];
        struct pidref p = {known->fd, known->pid, known->start_ticks};
        if (p.fd >= 0 && !known->has_ended && pidref_has_ended(&p) != FACT_NO) {
            wakeup_remove(&w->wakeup, known->fd);
            known->has_ended = true;
            note_names(w);
        }
    }
}

/* ---- looks -------------------------------------------------------------------------------- */

static bool is_expiring_due(const struct watch *w, int64_t now_ms)
{
    int64_t pause_ms = has_names_since_expiring(w) ? w->changes.interval_ms : EXPIRING_EVERY_MS;
    return w->expiring_at_ms < 0 || now_ms - w->expiring_at_ms >= pause_ms;
}

static void start_look(struct watch *w, int64_t now_ms)
{
    const char *skipped[WORKER_JOB_BEHIND_MAX];
    struct watch_look look = {
        .context = &w->context,
        .notice = w->has_notice ? &w->notice : NULL,
        .stores = w->stores,
        .store_count = w->store_count,
        .skipped = skipped,
        .skipped_count = worker_job_avoid(&w->behind, now_ms, skipped),
        .has_expiring = is_expiring_due(w, now_ms),
    };
    w->has_moved = w->has_names = false; /* what moves from now on, the look may miss */
    w->look_began_ms = now_ms;
    int r = worker_job_start(&w->look, watch_look, &look, now_ms);
    if (r < 0) {
        BUF_RELEASE struct buf text = {0};
        buf_addf(&text, "start a look: %s", err_reason(r));
        event_sinks_problem(&w->sinks, text.p);
        w->changes.looked_at_ms = now_ms;
        w->changes.has_looked = true;
        return;
    }
    wakeup_add(&w->wakeup, w->look.pipe, LOOK);
}

/* A store that is new is watched from the next look on: what moves until then is missed. */
static void keep_stores(struct watch *w, const struct report *r)
{
    struct arena a = {0};
    const struct sr_options *o = &w->context.look;
    size_t asked = o->config_dir_count ? o->config_dir_count : 1, n = 0;
    const char **stores = arena_alloc(&a, (asked + r->store_count + 1) * sizeof *stores);
    for (size_t i = 0; i < asked; i++) {
        const char *path = o->config_dir_count ? o->config_dirs[i] : o->default_config_dir;
        if (path)
            stores[n++] = fs_absolute(&a, path);
    }
    for (size_t i = 0; i < r->store_count; i++) {
        bool is_known = false;
        for (size_t j = 0; j < n && !is_known; j++)
            is_known = str_equals(stores[j], r->stores[i]);
        if (!is_known)
            stores[n++] = arena_strdup(&a, r->stores[i]);
    }
    if (n > w->store_count)
        note_names(w);
    arena_release(&w->stores_arena);
    w->stores_arena = a;
    w->stores = stores;
    w->store_count = n;
}

static void note_blindness(struct watch *w, const char *why)
{
    bool is_blind = why || !w->has_notice;
    if (why && !w->is_blind) {
        BUF_RELEASE struct buf text = {0};
        buf_addf(&text, "folders cannot be watched: %s; looking every %lld s instead", why,
                 (long long)(w->changes.interval_ms / 1000));
        event_sinks_problem(&w->sinks, text.p);
    }
    w->is_blind = is_blind;
}

static void take_report(struct watch *w, const struct report *r, int64_t cost_ms, int64_t now_ms)
{
    ARENA_RELEASE struct arena a = {0};
    struct change_events events = {.arena = &a};
    struct change_look look = r->look;
    look.cost_ms = cost_ms;
    keep_stores(w, r);
    add_ends(w, &a, &look);
    watch_processes(w, &look);
    note_blindness(w, r->blind);
    if (!w->has_begun) {
        struct change_event *e = change_add(&events, CHANGE_WATCHING);
        e->sessions = (int64_t)look.session_count;
        e->by = w->is_blind ? "polling" : "inotify";
    }
    w->has_begun = true;
    if (look.has_expiring)
        w->expiring_at_ms = w->look_began_ms;
    changes_look(&w->changes, &look, now_ms, &events);
    event_sinks_tell(&w->sinks, &events);
}

static void end_look(struct watch *w, int64_t now_ms)
{
    ARENA_RELEASE struct arena a = {0};
    struct report report;
    int64_t cost_ms;
    int r = report_read(&a, (struct sv){w->look.heard.p, w->look.heard.n}, &report);
    wakeup_remove(&w->wakeup, w->look.pipe);
    worker_job_end(&w->look, &cost_ms);
    if (r == 0) {
        worker_job_forgive(&w->behind, w->look_began_ms);
        take_report(w, &report, cost_ms, now_ms);
    } else {
        event_sinks_problem(&w->sinks, "a look at the sessions broke off");
        w->changes.looked_at_ms = now_ms;
        w->changes.has_looked = true;
    }
}

/* ---- backups ------------------------------------------------------------------------------ */

static void settle(struct watch *w, size_t i, const struct change_result *result)
{
    ARENA_RELEASE struct arena a = {0};
    struct change_events events = {.arena = &a};
    w->was_answered[i] = true;
    changes_backed_up(&w->changes, &w->batch[i], result, clock_since_boot_ms(), &events);
    event_sinks_tell(&w->sinks, &events);
}

/* Those that nothing was heard of. */
static void fail_the_rest(struct watch *w, const char *why)
{
    struct change_result failed = {CHANGE_FAILED, NULL, why};
    for (size_t i = 0; i < w->batch_count; i++)
        if (!w->was_answered[i])
            settle(w, i, &failed);
    w->batch_count = 0;
    arena_release(&w->batch_arena);
}

static void start_backups(struct watch *w, int64_t now_ms)
{
    const char *skipped[WORKER_JOB_BEHIND_MAX];
    w->batch_count = 0;
    while (w->batch_count < BACKUPS_AT_ONCE &&
           changes_next_backup(&w->changes, now_ms, &w->batch_arena, &w->batch[w->batch_count]))
        w->was_answered[w->batch_count++] = false;
    if (w->batch_count == 0)
        return;
    struct watch_backups backups = {
        .context = &w->context,
        .skipped = skipped,
        .skipped_count = worker_job_avoid(&w->behind, now_ms, skipped),
        .items = w->batch,
        .count = w->batch_count,
    };
    int r = worker_job_start(&w->backup, watch_backups, &backups, now_ms);
    if (r < 0)
        fail_the_rest(w, err_reason(r));
    else
        wakeup_add(&w->wakeup, w->backup.pipe, BACKUP);
}

/* Takes the whole lines that were heard so far. */
static void take_results(struct watch *w)
{
    struct buf *heard = &w->backup.heard;
    struct sv rest = {heard->p, heard->n}, line;
    while (sv_cut_line(&rest, &line)) {
        ARENA_RELEASE struct arena a = {0};
        struct change_result result;
        size_t number;
        if (report_read_backup(&a, line, &number, &result) == 0 && number < w->batch_count &&
            !w->was_answered[number])
            settle(w, number, &result);
    }
    heard->n = line.n;
    if (line.n)
        memmove(heard->p, line.p, line.n);
}

static void end_backups(struct watch *w)
{
    int64_t cost_ms;
    wakeup_remove(&w->wakeup, w->backup.pipe);
    worker_job_end(&w->backup, &cost_ms);
    fail_the_rest(w, "the backup broke off");
}

/* ---- those that are stuck ------------------------------------------------------------------ */

/* The next look keeps away from there, and names it as a problem. */
static void leave_behind(struct watch *w, struct worker_job *job, int64_t now_ms)
{
    int pipe = job->pipe;
    wakeup_remove(&w->wakeup, pipe);
    if (!worker_job_leave(job, &w->behind, now_ms))
        wakeup_add(&w->wakeup, pipe, job == &w->look ? LOOK : BACKUP);
}

static void look_after_jobs(struct watch *w, int64_t now_ms)
{
    if (w->look.pid && worker_job_is_stuck(&w->look, LOOK_PATIENCE_MS, now_ms))
        leave_behind(w, &w->look, now_ms);
    if (w->backup.pid && worker_job_is_stuck(&w->backup, BACKUP_PATIENCE_MS, now_ms)) {
        leave_behind(w, &w->backup, now_ms);
        if (!w->backup.pid)
            fail_the_rest(w, "its file system does not answer");
    }
}

/* ---- when ---------------------------------------------------------------------------------- */

static int64_t sooner(int64_t a_ms, int64_t b_ms)
{
    return b_ms < 0 || (a_ms >= 0 && a_ms < b_ms) ? a_ms : b_ms;
}

/* What came or went is not waited for as long as what only moves. */
static int64_t look_pause_ms(const struct watch *w, int64_t now_ms)
{
    int64_t pause_ms = changes_look_pause_ms(&w->changes, w->has_moved || w->is_blind, now_ms);
    int64_t soon_ms = w->changes.looked_at_ms + w->changes.interval_ms / 4 - now_ms;
    int64_t expiring_ms = w->changes.looked_at_ms + w->changes.interval_ms - now_ms;
    if (w->has_names && soon_ms < pause_ms)
        pause_ms = soon_ms > 0 ? soon_ms : 0;
    if (has_names_since_expiring(w) && expiring_ms < pause_ms)
        pause_ms = expiring_ms > 0 ? expiring_ms : 0;
    return pause_ms;
}

/* Starts what is due, and has itself woken when the next thing is. */
static void plan(struct watch *w)
{
    int64_t now_ms = clock_since_boot_ms(), pause_ms = -1;
    sleeps_note(&w->sleeps, clock_mark());
    if (!w->look.pid && look_pause_ms(w, now_ms) == 0)
        start_look(w, now_ms);
    if (!w->backup.pid && changes_backup_pause_ms(&w->changes, now_ms) == 0)
        start_backups(w, now_ms);
    pause_ms = sooner(pause_ms, w->look.pid ? LOOK_TICK_MS : look_pause_ms(w, now_ms));
    pause_ms = sooner(pause_ms, w->backup.pid ? BACKUP_TICK_MS
                                              : changes_backup_pause_ms(&w->changes, now_ms));
    wakeup_remove(&w->wakeup, w->sinks.notifier.pidfd);
    pause_ms = sooner(pause_ms, event_sinks_run(&w->sinks, now_ms));
    wakeup_add(&w->wakeup, w->sinks.notifier.pidfd, COMMAND);
    if (w->sinks.output.is_broken) {
        w->status = EXIT_FAILED;
        w->ends = true;
    }
    wakeup_set_timer(&w->wakeup, pause_ms);
}

/* ---- waking up ----------------------------------------------------------------------------- */

static bool has_terminal(void)
{
    int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void take_signals(struct watch *w)
{
    for (int number; (number = wakeup_take_signal(&w->wakeup));) {
        if (number == SIGHUP && !has_terminal()) {
            note_names(w); /* a look at everything, settings included */
            w->expiring_at_ms = -1;
        } else {
            w->ends = true;
        }
    }
}

static void take_news(struct watch *w)
{
    struct notice_news news;
    notice_read(&w->notice, &news);
    w->has_moved = w->has_moved || news.has_writes;
    if (news.has_names || news.has_lost_some || news.has_lost_watch)
        note_names(w);
}

static void wake(struct watch *w, enum source source, int64_t now_ms)
{
    switch (source) {
    case SIGNALS:
        take_signals(w);
        break;
    case TIMER:
        if (wakeup_take_timer(&w->wakeup))
            look_after_jobs(w, now_ms);
        break;
    case NAMES:
    case WRITES:
        take_news(w);
        break;
    case LOOK:
        if (w->look.pid && !worker_job_hear(&w->look))
            end_look(w, now_ms);
        break;
    case BACKUP:
        if (!w->backup.pid)
            break;
        bool goes_on = worker_job_hear(&w->backup);
        take_results(w);
        if (!goes_on)
            end_backups(w);
        break;
    case COMMAND: /* plan collects it */
        break;
    case PROCESS:
        note_ended_processes(w);
        break;
    }
}

static void loop(struct watch *w)
{
    unsigned sources[WAKEUP_MAX];
    plan(w);
    while (!w->ends) {
        size_t n = wakeup_wait(&w->wakeup, sources);
        int64_t now_ms = clock_since_boot_ms();
        for (size_t i = 0; i < n; i++)
            wake(w, (enum source)sources[i], now_ms);
        plan(w);
    }
}

/* ---- beginning and end --------------------------------------------------------------------- */

/* A backup under way may take a moment more, unless it is asked twice. */
static void await_backups(struct watch *w)
{
    int64_t until_ms = clock_since_boot_ms() + END_PATIENCE_MS, now_ms;
    while (w->backup.pid && (now_ms = clock_since_boot_ms()) < until_ms) {
        struct pollfd p[] = {{.fd = w->backup.pipe, .events = POLLIN},
                             {.fd = w->wakeup.signals, .events = POLLIN}};
        if (poll(p, 2, (int)(until_ms - now_ms)) > 0 && p[1].revents)
            break;
        if (p[0].revents)
            wake(w, BACKUP, now_ms);
    }
    if (w->backup.pid)
        worker_job_signal(&w->backup, false);
}

static void say_goodbye(struct watch *w)
{
    ARENA_RELEASE struct arena a = {0};
    struct change_events events = {.arena = &a};
    change_add(&events, CHANGE_STOPPED);
    event_sinks_tell(&w->sinks, &events);
    event_sinks_finish(&w->sinks, END_PATIENCE_MS);
}

static int fail(const char *what, int code)
{
    context_complainf("%s: %s", what, err_reason(code));
    return EXIT_FAILED;
}

static int prepare_waiting(struct watch *w)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, 0};
    signal(SIGPIPE, SIG_IGN);
    int r = wakeup_open(&w->wakeup, signals, SIGNALS, TIMER);
    if (r < 0)
        return fail("wait for events", r);
    r = notice_open(&w->notice, agent_is_watched);
    w->has_notice = r == 0;
    if (w->has_notice) {
        wakeup_add(&w->wakeup, w->notice.names, NAMES);
        wakeup_add(&w->wakeup, w->notice.writes, WRITES);
    } else {
        note_blindness(w, err_reason(r));
    }
    return 0;
}

/* Under the guard: whether the folder may be opened without getting stuck. */
static int probe(struct context *c)
{
    if (!context_has_folders(c))
        return EXIT_FAILED;
    return context_answers(c, c->pending_dir) ? 0 : EXIT_FAILED;
}

/* One watcher for a pending folder. */
static int take_lock(struct watch *w)
{
    struct sr_error error;
    int r = backup_dir_open(&w->pending, w->context.pending_dir, true, &error);
    if (r == 0)
        r = w->lock = backup_dir_lock_watcher(&w->pending, &error);
    if (r < 0)
        context_complain(error.text);
    return r == -EBUSY ? EXIT_REFUSED : r < 0 ? EXIT_FAILED : 0;
}

static void release(struct watch *w)
{
    int64_t cost_ms;
    if (w->look.pid) {
        struct pollfd p = {.fd = w->look.pipe, .events = POLLIN};
        worker_job_signal(&w->look, true);
        while (poll(&p, 1, LOOK_PATIENCE_MS) > 0 && worker_job_hear(&w->look))
            ;
        if (p.revents) /* else it is stuck */
            worker_job_end(&w->look, &cost_ms);
    }
    forget_processes(w);
    worker_job_forget_all(&w->behind);
    event_sinks_release(&w->sinks);
    if (w->has_notice)
        notice_close(&w->notice);
    fs_close(&w->lock);
    backup_dir_close(&w->pending);
    changes_release(&w->changes);
    arena_release(&w->stores_arena);
    arena_release(&w->batch_arena);
    arena_release(&w->context.arena);
    wakeup_close(&w->wakeup);
}

static int prepare(struct watch *w)
{
    struct report nothing = {0};
    int status = event_sinks_prepare(&w->sinks);
    if (status == 0)
        status = take_lock(w);
    if (status == 0)
        status = prepare_waiting(w);
    keep_stores(w, &nothing);
    return status;
}

static int start(const struct options *options)
{
    struct watch w = {
        .wakeup = {-1, -1, -1},
        .lock = -1,
        .pending = {NULL, -1, -1},
        .notice = {.names = -1, .writes = -1},
        .look.pipe = -1,
        .backup.pipe = -1,
        .expiring_at_ms = -1,
        .names_at_ms = -1,
    };
    int status = context_run(options, probe);
    if (status != 0)
        return status;
    context_look_around(&w.context, options);
    w.context.look.sleeps = &w.sleeps;
    changes_init(&w.changes, (int64_t)(options->interval_s * 1000));
    event_sinks_init(&w.sinks, &w.context);
    status = prepare(&w);
    if (status == 0) {
        loop(&w);
        await_backups(&w);
        say_goodbye(&w);
        status = w.status;
    }
    release(&w);
    return status;
}

const struct command command_watch = {
    .name = "watch",
    NO_WORD,
    .help = "keep watching; back up what hangs, fills up or expires",
    .start = start,
    .rights = PRIVILEGE_TRACE,
    .options = (const char *const[]){"on-event", "notify", "interval", "event-timeout", NULL},
    .config_dir_may_be_missing = true,
};
