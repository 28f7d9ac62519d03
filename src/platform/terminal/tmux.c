#include "platform/terminal/tmux.h"

#include "base/clock.h"
#include "base/io/fs.h"
#include "base/str.h"
#include "platform/process/child.h"
#include "platform/process/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 3000,
    LOOK_PATIENCE_MS = 1000,
    STEP_MS = 20,
    OUTPUT_LIMIT = 256 * 1024,
    KEYS_LIMIT = 16
};

int tmux_open(struct arena *a, const struct sr_multiplexer *m, const char *search_path,
              struct tmux *out)
{
    if (!str_equals(m->kind, "tmux") || !m->server || !m->pane)
        return -ENOENT;
    const char *program = program_find(a, "tmux", search_path);
    if (!program)
        return -ENOENT;
    *out = (struct tmux){program, m->server, m->pane};
    return 0;
}

static int64_t left_ms(struct awake until)
{
    int64_t left = (until.ns - awake_now().ns) / 1000000;
    return left > 0 ? left : 0;
}

/* Until the other end is closed. Returns: 0, -ETIMEDOUT, or another negative errno. */
static int read_all(int fd, struct awake until, struct buf *out)
{
    char bytes[4096];
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = poll(&p, 1, (int)left_ms(until));
        if (ready == 0)
            return -ETIMEDOUT;
        ssize_t n = ready < 0 ? -1 : read(fd, bytes, sizeof bytes);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            return 0;
        if (n > 0 && out->n < OUTPUT_LIMIT)
            buf_add(out, bytes, (size_t)n);
    }
}

/* It is our own child, uncollected: the pid is its. */
static int collect(pid_t pid, struct awake until)
{
    int status;
    bool is_killed = false;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (!is_killed && left_ms(until) == 0) {
            kill(pid, SIGKILL);
            is_killed = true;
        }
        nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
    }
    if (is_killed)
        return -ETIMEDOUT;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static _Noreturn void become(const char *const *words, int output)
{
    char *environment[] = {NULL};
    int none = open("/dev/null", O_RDWR);
    if (none >= 0 && dup2(none, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
        dup2(none, STDERR_FILENO) >= 0)
        execve(words[0], (char *const *)words, environment);
    _exit(127);
}

static int run(const char *const *words, int64_t patience_ms, struct buf *out)
{
    int ends[2];
    struct awake until = {awake_now().ns + patience_ms * 1000000};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    pid_t pid = child_fork();
    if (pid == 0)
        become(words, ends[1]);
    close(ends[1]);
    int r = pid < 0 ? pid : 0;
    if (r == 0) {
        int read_code = read_all(ends[0], until, out);
        r = collect(pid, until);
        r = r < 0 ? r : read_code;
    }
    close(ends[0]);
    return r;
}

static int ask(const struct tmux *t, struct arena *a, const char *format, const char **text)
{
    const char *const words[] = {t->program, "-S",   t->socket, "display-message", "-p", "-t",
                                 t->pane,    format, NULL};
    BUF_RELEASE struct buf out = {0};
    int r = run(words, PATIENCE_MS, &out);
    if (r == 0)
        *text = arena_strndup(a, out.p ? out.p : "", out.n ? strcspn(out.p, "\n") : 0);
    return r;
}

bool tmux_has_terminal(const struct tmux *t, struct arena *a, const char *tty)
{
    const char *path;
    return tty && ask(t, a, "#{pane_tty}", &path) == 0 && str_starts_with(path, "/dev/") &&
           str_equals(path + 5, tty);
}

static int leave_mode(const struct tmux *t, struct arena *a)
{
    const char *in_mode;
    int r = ask(t, a, "#{pane_in_mode}", &in_mode);
    if (r < 0 || str_equals(in_mode, "0") || !*in_mode)
        return r;
    const char *const words[] = {t->program, "-S", t->socket, "send-keys", "-t",
                                 t->pane,    "-X", "cancel",  NULL};
    BUF_RELEASE struct buf out = {0};
    r = run(words, PATIENCE_MS, &out);
    return r;
}

int tmux_type(const struct tmux *t, struct arena *a, const char *const *keys)
{
    const char *words[KEYS_LIMIT + 8] = {t->program, "-S", t->socket, "send-keys", "-t", t->pane};
    size_t n = 6;
    for (size_t i = 0; i < KEYS_LIMIT && keys[i]; i++)
        words[n++] = keys[i];
    BUF_RELEASE struct buf out = {0};
    int r = leave_mode(t, a);
    if (r == 0)
        r = run(words, PATIENCE_MS, &out);
    return r;
}

int tmux_screen(const struct tmux *t, struct arena *a, const char *tty, const char **text)
{
    const char *const words[] = {
        t->program,     "-S", t->socket, "display-message", "-p", "-t", t->pane, "#{pane_tty}", ";",
        "capture-pane", "-p", "-t",      t->pane,           NULL};
    BUF_RELEASE struct buf out = {0};
    int r = run(words, LOOK_PATIENCE_MS, &out);
    struct sv rest = {out.p, out.n}, first;
    bool is_it = sv_cut_line(&rest, &first) && tty && sv_starts_with(first, SV("/dev/")) &&
                 sv_equals(sv_slice(first, 5, first.n), sv_of(tty));
    if (r == 0 && !is_it)
        r = -ENOENT;
    if (r == 0)
        *text = arena_strndup(a, rest.p, rest.n);
    return r;
}

int tmux_screen_with_looks(const struct tmux *t, struct arena *a, const char **text)
{
    const char *const words[] = {t->program, "-S", t->socket, "capture-pane", "-p", "-t",
                                 t->pane,    "-e", NULL};
    BUF_RELEASE struct buf out = {0};
    int r = run(words, PATIENCE_MS, &out);
    if (r == 0)
        *text = arena_strndup(a, out.p ? out.p : "", out.n);
    return r;
}
