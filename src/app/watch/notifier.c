#include "app/watch/notifier.h"

#include "base/arena.h"
#include "base/io/durable.h"
#include "base/io/fs.h"
#include "base/io/os.h"
#include "platform/process/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAITING_MAX = 256, FORCE_AFTER_MS = 5000, NO_EXEC = 127 };

struct notifier_job {
    struct notifier_job *next;
    char *program;
    char **argv;
    struct buf input;
};

/* ---- words -------------------------------------------------------------------------------- */

static char *copied(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        mem_exhausted();
    return copy;
}

/* Cuts one word off *at. Returns: false when a quote is not closed. */
static bool cut_word(const char **at, struct buf *word)
{
    char quote = 0;
    const char *p = *at;
    buf_adds(word, "");
    for (; *p && (quote || !strchr(" \t\n", *p)); p++) {
        if (quote ? *p == quote : *p == '\'' || *p == '"') {
            quote = quote ? 0 : *p;
            continue;
        }
        if (*p == '\\' && quote != '\'' && p[1])
            p++;
        buf_add(word, p, 1);
    }
    *at = p;
    return quote == 0;
}

char **notifier_words(const char *command)
{
    size_t n = 0;
    char **words = mem_resize(NULL, (strlen(command) / 2 + 2) * sizeof *words);
    words[0] = NULL;
    for (const char *p = command + strspn(command, " \t\n"); *p; p += strspn(p, " \t\n")) {
        BUF_RELEASE struct buf word = {0};
        bool is_whole = cut_word(&p, &word);
        if (!is_whole) {
            notifier_free_words(words);
            return NULL;
        }
        words[n++] = copied(word.p ? word.p : "");
        words[n] = NULL;
    }
    if (n)
        return words;
    notifier_free_words(words);
    return NULL;
}

void notifier_free_words(char **words)
{
    for (size_t i = 0; words && words[i]; i++)
        free(words[i]);
    free(words);
}

static int check_program(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EACCES;
    return access(path, X_OK) < 0 ? -errno : 0;
}

int notifier_find(const char *word, const char *folders, char **path)
{
    if (strchr(word, '/')) {
        int r = check_program(word);
        if (r == 0)
            *path = realpath(word, NULL);
        return r < 0 ? r : *path ? 0 : -errno;
    }
    int r = -ENOENT;
    for (const char *p = folders ? folders : "/usr/bin:/bin"; *word; p++) {
        size_t n = strcspn(p, ":");
        BUF_RELEASE struct buf candidate = {0};
        buf_addf(&candidate, "%.*s/%s", n ? (int)n : 1, n ? p : ".", word);
        int found = check_program(candidate.p);
        if (found == 0) {
            *path = realpath(candidate.p, NULL);
            return *path ? 0 : -errno;
        }
        r = found == -EACCES ? found : r;
        p += n;
        if (!*p)
            break;
    }
    return r;
}

/* ---- the queue ---------------------------------------------------------------------------- */

void notifier_init(struct notifier *n, int64_t limit_ms)
{
    *n = (struct notifier){.pidfd = -1, .limit_ms = limit_ms};
}

static void drop_first(struct notifier *n)
{
    struct notifier_job *job = n->first;
    n->first = job->next;
    if (!n->first)
        n->last = NULL;
    n->waiting--;
    notifier_free_words(job->argv);
    free(job->program);
    buf_release(&job->input);
    free(job);
}

void notifier_release(struct notifier *n)
{
    if (n->pid) {
        kill(-n->pid, SIGKILL);
        waitpid(n->pid, NULL, 0);
    }
    fs_close(&n->pidfd);
    while (n->first)
        drop_first(n);
}

void notifier_add(struct notifier *n, const char *program, const char *const *argv, struct sv input)
{
    size_t count = 0;
    if (n->waiting >= WAITING_MAX) {
        n->dropped++;
        return;
    }
    struct notifier_job *job = mem_resize(NULL, sizeof *job);
    *job = (struct notifier_job){.program = copied(program)};
    while (argv[count])
        count++;
    job->argv = mem_resize(NULL, (count + 1) * sizeof *job->argv);
    for (size_t i = 0; i < count; i++)
        job->argv[i] = copied(argv[i]);
    job->argv[count] = NULL;
    buf_add(&job->input, input.p, input.n);
    if (n->last)
        n->last->next = job;
    else
        n->first = job;
    n->last = job;
    n->waiting++;
}

/* ---- running ------------------------------------------------------------------------------ */

/* In memory, so that one that reads nothing holds up nobody. */
static int input_of(const struct notifier_job *job)
{
    int fd = os_create_in_memory("event");
    if (fd < 0)
        return fd;
    int r = job->input.n ? durable_write(fd, job->input.p, job->input.n) : 0;
    if (r < 0 || lseek(fd, 0, SEEK_SET) < 0) {
        close(fd);
        return r < 0 ? r : -errno;
    }
    return fd;
}

static _Noreturn void become(const struct notifier_job *job, int input)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setsid();
    dup2(input, STDIN_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execv(job->program, job->argv);
    _exit(NO_EXEC);
}

static int start(struct notifier *n, int64_t now_ms)
{
    const struct notifier_job *job = n->first;
    int input = input_of(job);
    if (input < 0)
        return input;
    pid_t pid = child_fork();
    if (pid == 0)
        become(job, input);
    close(input);
    if (pid < 0)
        return pid;
    n->pid = pid;
    n->pidfd = child_watch(pid);
    n->ends_at_ms = now_ms + n->limit_ms;
    n->was_told_to_end = false;
    return 0;
}

static void describe_end(const struct notifier *n, int status, struct buf *out)
{
    const char *name = n->first->argv[0];
    if (n->was_told_to_end)
        buf_addf(out, "%s took longer than %lld s, and was ended", name,
                 (long long)(n->limit_ms / 1000));
    else if (WIFSIGNALED(status))
        buf_addf(out, "%s was ended by signal %d", name, WTERMSIG(status));
    else if (WEXITSTATUS(status) == NO_EXEC)
        buf_addf(out, "%s could not be run", name);
    else if (WEXITSTATUS(status))
        buf_addf(out, "%s ended with status %d", name, WEXITSTATUS(status));
}

/* Returns: whether it has ended. */
static bool collect(struct notifier *n, void (*failed)(void *context, const char *why),
                    void *context)
{
    int status = 0;
    siginfo_t info = {0};
    BUF_RELEASE struct buf why = {0};
    if (waitid(P_PID, (id_t)n->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
        return false;
    if (n->was_told_to_end)
        kill(-n->pid, SIGKILL); /* what is left of its group; its number is not free yet */
    waitpid(n->pid, &status, 0);
    describe_end(n, status, &why);
    if (why.n)
        failed(context, why.p);
    fs_close(&n->pidfd);
    n->pid = 0;
    drop_first(n);
    return true;
}

/* Returns: how long it may still take. */
static int64_t hurry(struct notifier *n, int64_t now_ms)
{
    if (now_ms < n->ends_at_ms)
        return n->ends_at_ms - now_ms;
    kill(-n->pid, n->was_told_to_end ? SIGKILL : SIGTERM);
    n->was_told_to_end = true;
    n->ends_at_ms = now_ms + FORCE_AFTER_MS;
    return FORCE_AFTER_MS;
}

int64_t notifier_run(struct notifier *n, int64_t now_ms,
                     void (*failed)(void *context, const char *why), void *context)
{
    while (n->first) {
        if (n->pid && !collect(n, failed, context))
            return hurry(n, now_ms);
        if (!n->first)
            break;
        int r = start(n, now_ms);
        if (r < 0) {
            BUF_RELEASE struct buf why = {0};
            buf_addf(&why, "start %s: %s", n->first->argv[0], err_reason(r));
            failed(context, why.p);
            drop_first(n);
        }
    }
    return -1;
}
