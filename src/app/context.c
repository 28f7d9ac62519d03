#include "app/context.h"

#include "agents/agent.h"
#include "app/commands/commands.h"
#include "app/console.h"
#include "app/select/backups.h"
#include "app/select/which.h"
#include "base/err.h"
#include "base/io/fs.h"
#include "base/utf8.h"
#include "platform/host.h"
#include "platform/process/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A directory that has not answered for this long is named and passed over; a second one after
 * half of it: within 3 s in all. A disk that has to spin up takes less than one. */
enum { PATIENCE_MS = 1500 };

void context_complain(const char *text)
{
    BUF_RELEASE struct buf line = {0};
    utf8_adds_between(&line, "session-rescue: ", text, "\n");
    console_write(stderr, (struct sv){line.p, line.n});
}

int context_fail(const char *text, int status)
{
    context_complain(text);
    return status;
}

void context_complain_of(const char *text, const struct buf *lines)
{
    context_complain(text);
    console_write(stderr, (struct sv){lines->p, lines->n});
}

void context_complainf(const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        mem_exhausted();
    va_end(args);
    context_complain(text);
    free(text);
}

int context_print(struct buf *out)
{
    bool is_written =
        console_write(stdout, (struct sv){out->p, out->n}) == 0 && fflush(stdout) == 0;
    buf_release(out);
    if (is_written)
        return 0;
    return context_fail("standard output cannot be written", EXIT_FAILED);
}

void context_print_problems(const struct context *context, const struct sr_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->problem_count && !context->options->quiet; i++)
        if (snapshot->problems[i].code != -EBADMSG || context->options->verbose)
            context_complain(snapshot->problems[i].text);
}

bool context_has_folders(const struct context *context)
{
    if (!context->pending_dir || !context->log_dir)
        context_complain("no home directory is known: give --pending-dir and --log-dir");
    return context->pending_dir && context->log_dir;
}

bool context_look(const struct context *context, struct sr_snapshot **out)
{
    struct sr_error error;
    if (sr_detect_processes(&context->look, out, &error) < 0) {
        context_complain(error.text);
        return false;
    }
    context_print_problems(context, *out);
    return true;
}

static size_t terminal_columns(int fd)
{
    struct winsize size;
    if (!isatty(fd))
        return 0;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/*
 * A folder for what is kept: as the variable says, else below ~/PROJECTS/.coditect-data where that
 * exists, else below the XDG folder.
 */
static const char *kept_in(struct arena *a, const char *home, const char *override,
                           const char *in_projects, const char *xdg, const char *xdg_default,
                           const char *in_xdg)
{
    struct stat st;
    if (variable(override))
        return variable(override);
    if (!home)
        return NULL;
    const char *projects = arena_printf(a, "%s/PROJECTS/.coditect-data", home);
    if (stat(projects, &st) == 0 && S_ISDIR(st.st_mode))
        return arena_printf(a, "%s/%s", projects, in_projects);
    const char *base = variable(xdg);
    if (!base || *base != '/') /* as the XDG specification wants it */
        base = arena_printf(a, "%s/%s", home, xdg_default);
    return arena_printf(a, "%s/session-rescue%s", base, in_xdg);
}

static const char *absolute(struct arena *a, const char *path)
{
    return path ? fs_absolute(a, path) : NULL;
}

/* name: of an agent's variable; NULL where it has none. */
static const char *agents_variable(const char *name)
{
    return name ? variable(name) : NULL;
}

static void find_folders(struct context *c, const struct options *o, const struct agent *agent,
                         const char *home)
{
    struct arena *a = &c->arena;
    c->pending_dir = o->pending_dir;
    if (!c->pending_dir)
        c->pending_dir = kept_in(a, home, "SESSION_RESCUE_PENDING_DIR",
                                 arena_printf(a, "sessions-export-pending-%s", agent->vendor),
                                 "XDG_DATA_HOME", ".local/share", "/pending");
    c->log_dir = o->log_dir;
    if (!c->log_dir)
        c->log_dir = kept_in(a, home, "SESSION_RESCUE_LOG_DIR", "session-logs", "XDG_STATE_HOME",
                             ".local/state", "");
    c->index_dir = o->index_dir;
    if (!c->index_dir && (home || variable("XDG_CACHE_HOME"))) {
        const char *cache = variable("XDG_CACHE_HOME");
        bool is_absolute = cache && *cache == '/';
        c->index_dir = is_absolute ? arena_printf(a, "%s/session-rescue", cache)
                       : home      ? arena_printf(a, "%s/.cache/session-rescue", home)
                                   : NULL;
    }
    c->index_dir = absolute(a, c->index_dir);
    c->pending_dir = absolute(a, c->pending_dir);
    c->log_dir = absolute(a, c->log_dir);
    c->temporary_dir = agents_variable(agent->home->temporary_variable);
}

static size_t count_strings(char **items)
{
    size_t n = 0;
    while (items && items[n])
        n++;
    return n;
}

/* Where each agent looks, in this environment, and where it is told nothing. */
static void find_homes(struct context *c, const char *home)
{
    const struct proc_strings own = {(const char *const *)environ, count_strings(environ)},
                              nothing = {0};
    size_t count = 0;
    bool ignored;
    while (agents[count])
        count++;
    struct sr_usual_home *homes = arena_alloc(&c->arena, count * sizeof *homes);
    for (size_t i = 0; i < count; i++)
        homes[i] = (struct sr_usual_home){
            .agent = agents[i]->name,
            .named = agents[i]->home->config_dir(&c->arena, &own, home, &ignored),
            .standard = agents[i]->home->config_dir(&c->arena, &nothing, home, &ignored),
        };
    c->look.default_config_dir = homes[0].named;
    c->look.standard_config_dir = homes[0].standard;
    c->look.usual_homes = homes + 1;
    c->look.usual_home_count = count - 1;
}

static int local_offset_s(void)
{
    time_t now = time(NULL);
    struct tm local;
    return localtime_r(&now, &local) ? (int)local.tm_gmtoff : 0;
}

/* The one whose tool this is. */
static const struct agent *agent_around(const struct agent *otherwise)
{
    for (size_t i = 0; agents[i]; i++)
        if (agents_variable(agent_child_variable(agents[i])))
            return agents[i];
    return otherwise;
}

void context_look_around(struct context *c, const struct options *o)
{
    const char *home = variable("HOME");
    const struct agent *only = o->agent ? agent_by_name(o->agent) : NULL;
    const struct agent *agent = only ? only : agents[0];
    if (!home)
        home = host_home_of(&c->arena, geteuid());
    find_folders(c, o, agent, home);
    c->options = o;
    c->own_agent = only ? only : agent_around(agent);
    c->look = (struct sr_options){
        .config_dirs = o->config_dirs,
        .config_dir_count = o->config_dir_count,
        .agent = o->agent,
        .own_pid = proc_own_pid(),
        .own_session_id = agents_variable(agent_child_variable(c->own_agent)),
        .context_window = o->context_window,
    };
    c->asked_model = agent->model ? agents_variable(agent->model->variable) : NULL;
    c->search_path = variable("PATH");
    c->has_desktop = variable("DISPLAY") || variable("WAYLAND_DISPLAY");
    find_homes(c, home);
    const char *window = variable("SESSION_RESCUE_CONTEXT_WINDOW");
    struct sr_error error;
    if (!o->context_window && window &&
        options_tokens("SESSION_RESCUE_CONTEXT_WINDOW", window, &c->look.context_window, &error) <
            0)
        context_complain(error.text);
    bool color = isatty(STDOUT_FILENO) && !o->no_color && !variable("NO_COLOR");
    const char *term = variable("TERM");
    c->style = (struct view_style){
        .all = o->all,
        .color = color && term && !str_equals(term, "dumb"),
        .verbose = o->verbose,
        .columns = terminal_columns(STDOUT_FILENO),
    };
    c->screen = (struct screen_style){
        .utf8 = console_is_utf8(),
        .is_spoken = variable("ACCESSIBLE") != NULL,
        .utc_offset_s = local_offset_s(),
    };
    c->is_plain_terminal = c->screen.is_spoken || !term || str_equals(term, "dumb");
    c->shows_progress = isatty(STDERR_FILENO) && !o->quiet;
}

bool context_answers(struct context *context, const char *folder)
{
    for (size_t i = 0; i < context->look.skipped_path_count; i++)
        if (strcmp(context->look.skipped_paths[i], folder) == 0) {
            context_complainf("%s: its file system does not answer", folder);
            return false;
        }
    guard_enter(context->guard, folder);
    int fd = fs_open_dir(AT_FDCWD, folder);
    fs_close(&fd);
    guard_enter(context->guard, NULL);
    return true;
}

/* Looked for under the guard, as it may be on a mount that does not answer: that is said later. */
static bool is_missing(const struct context *c, const char *folder)
{
    struct stat st;
    for (size_t i = 0; i < c->look.skipped_path_count; i++)
        if (str_equals(c->look.skipped_paths[i], folder))
            return false;
    guard_enter(c->guard, folder);
    bool missing = stat(folder, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
    guard_enter(c->guard, NULL);
    return missing;
}

/* Where files alone are named nothing is looked for in a config directory. */
static bool needs_config_dirs(const struct options *o)
{
    bool needs_them = o->which_count == 0;
    for (size_t i = 0; i < o->which_count; i++)
        needs_them = needs_them || !which_is_file(o->which[i]);
    return needs_them;
}

/* Those that were named and are not there. */
static size_t missing_config_dirs(const struct context *c, bool says_them)
{
    const struct options *o = c->options;
    size_t count = 0;
    for (size_t i = 0; i < o->config_dir_count; i++) {
        if (!is_missing(c, o->config_dirs[i]))
            continue;
        count++;
        if (says_them)
            context_complainf("%s: %s", o->config_dirs[i], err_reason(-ENOENT));
    }
    return count;
}

/* One that is not there is named as what could not be read, beside what the others hold; where none
 * is left, no session can be looked for. --restore makes what is missing, --watch waits for it. */
static int run_where_it_can(struct context *c, command_run *command)
{
    const struct command *of = c->options->command;
    bool needs_them = needs_config_dirs(c->options) && !of->config_dir_may_be_missing;
    size_t missing = needs_them ? missing_config_dirs(c, false) : 0;
    if (missing && missing == c->options->config_dir_count && !of->looks_for_no_session) {
        missing_config_dirs(c, true);
        return EXIT_FAILED;
    }
    int status = command(c);
    if (missing && of->looks_for_no_session)
        missing_config_dirs(c, true);
    return missing && status != EXIT_USAGE && status != EXIT_REFUSED ? EXIT_FAILED : status;
}

struct job {
    const struct options *options;
    command_run *command;
};

static void tell_guard(void *context, const char *path)
{
    struct context *c = context;
    guard_enter(c->guard, path);
}

static int run_guarded(struct guard *g, const char *const *stuck, size_t stuck_count, void *context)
{
    struct job *job = context;
    struct context c = {.guard = g};
    context_look_around(&c, job->options);
    c.look.skipped_paths = stuck;
    c.look.skipped_path_count = stuck_count;
    c.look.entering = tell_guard;
    c.look.find_backup = backups_find_fullest;
    c.look.context = &c;
    int status = run_where_it_can(&c, job->command);
    backups_close(&c);
    arena_release(&c.arena);
    return status;
}

int context_run(const struct options *options, command_run *command)
{
    struct sr_error error;
    struct job job = {options, command};
    int status = guard_run(run_guarded, &job, PATIENCE_MS, &error);
    if (status < 0)
        return context_fail(error.text, EXIT_FAILED);
    return status;
}
