#include "app/context.h"

#include "base/err.h"
#include "base/utf8.h"
#include "platform/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A directory that has not answered for this long is named and passed over; a second one after
 * half of it: within 3 s in all. A disk that has to spin up takes less than one. */
enum { PATIENCE_MS = 1500 };

void context_complain(const char *text)
{
    struct buf line = {0};
    buf_adds(&line, "session-rescue: ");
    utf8_add_printable(&line, sv_of(text), 0);
    buf_adds(&line, "\n");
    fwrite(line.p, 1, line.n, stderr);
    buf_release(&line);
}

int context_print(const struct buf *out)
{
    if (fwrite(out->p ? out->p : "", 1, out->n, stdout) == out->n && fflush(stdout) == 0)
        return 0;
    context_complain("standard output cannot be written");
    return EXIT_FAILED;
}

void context_print_problems(const struct context *context, const struct sr_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->problem_count && !context->options->quiet; i++)
        context_complain(snapshot->problems[i].text);
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

static void look_around(struct context *c, const struct options *o)
{
    const char *home = variable("HOME");
    const char *named = variable("CLAUDE_CONFIG_DIR");
    if (!home)
        home = host_home_of(&c->arena, geteuid());
    c->options = o;
    c->look = (struct sr_options){
        .config_dirs = o->config_dirs,
        .config_dir_count = o->config_dir_count,
        .standard_config_dir = home ? arena_printf(&c->arena, "%s/.claude", home) : NULL,
        .agent = o->agent,
        .own_pid = getpid(),
        .own_session_id = variable("CLAUDE_CODE_SESSION_ID"),
    };
    c->look.default_config_dir = named ? named : c->look.standard_config_dir;
    bool color = isatty(STDOUT_FILENO) && !o->no_color && !variable("NO_COLOR");
    const char *term = variable("TERM");
    c->style = (struct view_style){
        .color = color && term && !str_equals(term, "dumb"),
        .verbose = o->verbose,
        .columns = terminal_columns(STDOUT_FILENO),
    };
    c->shows_progress = isatty(STDERR_FILENO) && !o->quiet;
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
    look_around(&c, job->options);
    c.look.skipped_paths = stuck;
    c.look.skipped_path_count = stuck_count;
    c.look.entering = tell_guard;
    c.look.context = &c;
    int status = job->command(&c);
    arena_release(&c.arena);
    return status;
}

int context_run(const struct options *options, command_run *command)
{
    struct sr_error error;
    struct job job = {options, command};
    int status = guard_run(run_guarded, &job, PATIENCE_MS, &error);
    if (status < 0) {
        context_complain(error.text);
        return EXIT_FAILED;
    }
    return status;
}
