/* Kimi Code as a process. Seen with 2.1.0: a script, run by node, which calls itself "kimi-code" as
 * soon as it runs; the words of its command line are gone with that. */
#include "agents/common.h"
#include "agents/kimi/kimi.h"
#include "agents/model_address.h"

#include "base/io/fs.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TITLE "kimi-code"

enum {
    WORKSPACES_LIMIT = 4 * 1024 * 1024,
    CONFIG_LIMIT = 1024 * 1024,
    SERVER_LIMIT = 64 * 1024,
    NAMES_LIMIT = 10000,
    /* The kernel counts starts in ticks, and a clock may be set by a little. */
    START_SLACK_MS = 2000,
};

/* ---- which process it is ------------------------------------------------------------------ */

static bool could_be(const char *exe, const char *name)
{
    return exe ? str_in(str_basename(exe), "node nodejs kimi") : str_equals(name, TITLE);
}

/* A program that sets its title writes it over its command line, of which nothing is left. */
static bool is_written_over(const struct proc_strings *argv)
{
    if (argv->count < 2 || !str_equals(argv->items[0], TITLE))
        return argv->count == 0; /* it could not be read */
    for (size_t i = 1; i < argv->count; i++)
        if (*argv->items[i])
            return false;
    return true;
}

static const char *config_dir(struct arena *a, const struct proc_strings *environment,
                              const char *home, bool *is_default)
{
    return common_home(a, environment, "KIMI_CODE_HOME", "/.kimi-code", home, is_default);
}

/* Its home, opened; negative errno where that is not known or not of this machine's files. It may
 * be named relative to where the client was started. */
static int open_home(const struct proc *proc, pid_t pid, const struct agent_look *look,
                     struct arena *a)
{
    bool is_default;
    const char *cwd,
        *path = look->environment ? config_dir(a, look->environment, NULL, &is_default) : NULL;
    if (!proc->is_live || !path)
        return -ENOENT;
    if (path[0] == '/')
        return fs_open_dir(AT_FDCWD, path);
    int r = proc_read_cwd(proc, pid, a, &cwd);
    return r < 0 ? r : fs_open_dir(AT_FDCWD, arena_printf(a, "%s/%s", cwd, path));
}

/* Another of Kimi Code's has started it, with no shell between: to run a plugin. */
static bool is_below_another(const struct proc *proc, pid_t pid)
{
    struct proc_stat own, above;
    return proc_read_stat(proc, pid, &own) == 0 && proc_read_stat(proc, own.ppid, &above) == 0 &&
           str_equals(above.name, TITLE);
}

static bool names_process(const struct json_value *root, pid_t pid, struct wall started)
{
    int64_t named, at;
    return json_integer(json_get(root, "pid"), &named) && named == pid &&
           json_integer(json_get(root, "started_at"), &at) && at >= started.ms - START_SLACK_MS;
}

/* A server says so in its home ("kimi web"). One that was killed leaves that behind: a process of
 * the same number that is older than it is another. What cannot be read may name it; what is no
 * file or no JSON is not the client's. */
static enum fact is_server(const struct proc *proc, pid_t pid, const struct agent_look *look)
{
    struct arena a = {0};
    struct proc_stat stat;
    struct fs_name *names;
    size_t count = 0;
    FS_CLOSE int folder = open_home(proc, pid, look, &a);
    enum fact answer = folder == -ENOENT ? FACT_NO : FACT_UNKNOWN;
    int r =
        folder < 0 ? folder : fs_list(folder, "server/instances", NAMES_LIMIT, &a, &names, &count);
    if (r == -ENOENT && folder >= 0)
        answer = FACT_NO;
    if (r == 0 && proc_read_stat(proc, pid, &stat) == 0) {
        answer = FACT_NO;
        for (size_t i = 0; i < count && answer != FACT_YES; i++) {
            struct sv text;
            const struct json_value *root;
            const char *path = arena_printf(&a, "server/instances/%s", names[i].name);
            int code = fs_read_small(folder, path, SERVER_LIMIT, &a, &text);
            if (code < 0 && code != -ENOENT && code != -ENXIO && code != -EISDIR)
                answer = FACT_UNKNOWN;
            if (code == 0 && json_parse(&a, text, &root) == 0 &&
                names_process(root, pid, proc_start_time(proc, stat.start_ticks)))
                answer = FACT_YES;
        }
    }
    arena_release(&a);
    return answer;
}

static enum agent_role role_of(const struct agent_look *look)
{
    if (!could_be(look->exe, look->name) || !str_equals(look->name, TITLE))
        return AGENT_NO;
    return is_written_over(look->argv) ? AGENT_SESSION : AGENT_NAMESAKE;
}

static enum agent_role look_closer(const struct proc *proc, pid_t pid,
                                   const struct agent_look *look, enum agent_role role)
{
    if (is_below_another(proc, pid))
        return AGENT_HELPER;
    return is_server(proc, pid, look) == FACT_NO ? role : AGENT_SERVER;
}

/* No word of it is left. */
static bool session_in_argv(const struct proc_strings *argv, struct sv *session_id)
{
    (void)argv;
    (void)session_id;
    return false;
}

/* ---- what it starts ----------------------------------------------------------------------- */

static bool has(const struct proc_strings *environment, const char *name, const char *value)
{
    return environment && str_equals(proc_variable(environment, name), value);
}

static bool bears_marks(const struct proc_strings *environment)
{
    return has(environment, "NO_COLOR", "1") && has(environment, "TERM", "dumb");
}

/* A command of the model's gets a terminal that can do nothing, and a group of its own. */
static enum agent_child started_for(const struct agent_child_look *look)
{
    if (!look->environment || bears_marks(look->client_environment))
        return AGENT_CHILD_UNKNOWN;
    return bears_marks(look->environment) && !look->is_in_group ? AGENT_CHILD_TOOL
                                                                : AGENT_CHILD_UNKNOWN;
}

/* ---- the way to its model ----------------------------------------------------------------- */

/* "https://..." of a line: base_url = "https://...". Returns: false for any other line. */
static bool url_in(struct sv line, struct sv *url)
{
    size_t from = sv_find(line, 0, SV("\""));
    while (line.n && (line.p[0] == ' ' || line.p[0] == '\t')) {
        line = sv_slice(line, 1, line.n);
        from--;
    }
    if (!sv_starts_with(line, SV("base_url")) || from >= line.n)
        return false;
    size_t to = sv_find(line, from + 1, SV("\""));
    *url = sv_slice(line, from + 1, to);
    return to < line.n;
}

/* Of all base URLs that are set, one; *count: of those with different ports. */
static void take_url(struct arena *a, struct sv url, const char **kept, size_t *count)
{
    const char *text = arena_strndup(a, url.p, url.n);
    if (*kept && model_port_of_url(*kept) == model_port_of_url(text))
        return;
    *kept = text;
    (*count)++;
}

/* Of the user's configuration nothing else is looked at: it holds keys. */
static int read_urls(struct arena *a, const struct agent_store *store, const char **kept,
                     size_t *count)
{
    struct sv text, url;
    int r = store ? fs_read_small(store->fd, "config.toml", CONFIG_LIMIT, a, &text) : -ENOENT;
    for (size_t at = 0; r == 0 && at < text.n;) {
        size_t end = sv_find(text, at, SV("\n"));
        if (url_in(sv_slice(text, at, end), &url))
            take_url(a, url, kept, count);
        at = end + 1;
    }
    return r == -ENOENT ? 0 : r;
}

static struct agent_api api_of(const struct proc_strings *argv,
                               const struct proc_strings *environment,
                               const struct agent_store *store)
{
    static const char *const names[] = {"KIMI_BASE_URL", "KIMI_CODE_BASE_URL"};
    struct agent_api api = {.port = 443, .is_first_party = true};
    struct arena a = {0};
    const char *url = NULL, *proxy = model_proxy_of(environment);
    size_t count = 0;
    (void)argv;
    int r = read_urls(&a, store, &url, &count);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *set = proc_variable(environment, names[i]);
        if (set && *set)
            take_url(&a, sv_of(set), &url, &count);
    }
    if (url) {
        api.port = model_port_of_url(url);
        api.is_first_party = strstr(url, "://api.kimi.com") != NULL;
    }
    if (proxy && !(url && model_is_of_this_machine(sv_of(url))))
        api.port = model_port_of_url(proxy);
    if (r < 0 || count > 1) /* which of them is asked is not known */
        api.port = 0;
    arena_release(&a);
    return api;
}

/* ---- what is known ------------------------------------------------------------------------ */

static void add_resume(struct buf *out, const char *session_id)
{
    buf_addf(out, "kimi --session %s", session_id);
}

static bool is_question(const char *name)
{
    return str_equals(name, "AskUserQuestion");
}

/* As it was tried with 2.1.0. */
static const char *client_does(enum damage_kind kind)
{
    switch (kind) {
    case DAMAGE_TORN_TAIL:
        return "the client cuts it off when it resumes, and keeps the file as it was as "
               "wire.jsonl.bak, where there is none yet";
    case DAMAGE_STUB:
    case DAMAGE_GLUED:
    case DAMAGE_NUL_PADDING:
    case DAMAGE_FRAGMENT:
        return "the client cuts off the line and all that follows it when it resumes, and keeps "
               "the file as it was as wire.jsonl.bak, where there is none yet: back it up before";
    default:
        return NULL;
    }
}

/* Of 2.1.0. One that gives up asks again, ten times. */
static int64_t gives_up_after_s(const struct agent_waiting *client, enum agent_silence silence)
{
    (void)client;
    /* 304 to 307 s without an answer, 300 s in the middle of one, by the runtime */
    return silence == AGENT_ONLY_PINGS ? -1 : 310;
}

static const struct agent_timing timing = {
    /* Ten tries; each pause is twice the one before, up to 37 s. */
    .retry_pause_s = 45,
    /* A piece takes 160 bytes and more; a comment that keeps a stream alive takes 16. */
    .reply_piece_bytes = 100,
    /* Five times a second at rest, on a loaded machine. */
    .asleep_for_ms = 2000,
    /* 31 to 50 times a second at work, five at rest. */
    .spinner_wakeups_per_s = 12,
    .spinning_percent = 90,
    .writes_questions = true,
    .gives_up_after_s = gives_up_after_s,
};

/* 0.10.0, which asks no second time, and whose records tell so little that only its spinner shows
 * that it works: 17 times a second and more. */
static const struct agent_timing terse_timing = {
    .reply_piece_bytes = 100,
    .asleep_for_ms = 2000,
    .spinner_wakeups_per_s = 12,
    .spinning_percent = 90,
};

/* SIGTERM ends it within 3 s, without a word; all that it had was written by then, but for what of
 * a reply had come. */
static const struct agent_control control = {
    .asks_again = true,
    .keeps_raw_mode = true,
};

static const struct agent_process process = {
    .could_be = could_be,
    .role = role_of,
    .session_in_argv = session_in_argv,
    .look_closer = look_closer,
};

static const struct agent_home home = {
    .config_dir = config_dir,
    .variable = "KIMI_CODE_HOME",
};

static const struct agent_stored stored = {
    .top = "sessions",
    .suffix = "/agents/main/wire.jsonl",
    .is_id = kimi_is_id,
    .begins_id = kimi_begins_id,
    .id_begins = "session_",
    .split = kimi_split,
    .project_folder = kimi_project_folder,
    .list_folder = kimi_list_folder,
    .list_all = kimi_list_all,
    .find = kimi_find,
    .list_subagents = kimi_list_subagents,
    .is_archived = kimi_is_archived,
    .directory = kimi_directory,
    .list_watched = kimi_list_watched,
    .watched_suffixes = (const char *const[]){"wire.jsonl", NULL},
};

static const struct agent_bundle bundle = {
    .list_files = kimi_list_files,
    .renamed = kimi_renamed,
};

static const struct agent_children children = {
    .started_for = started_for,
};

static const struct agent_tools tools = {
    .is_question = is_question,
};

/* How many tokens a model holds stands in that configuration, or nobody says. */
static const struct agent_model model = {
    .api = api_of,
};

static const struct agent_lines lines = {
    .client_does = client_does,
};

static const struct agent_commands commands = {
    .resume = add_resume,
    .needs_directory = true,
};

const struct agent agent_kimi = {
    .name = "kimi",
    .title = "Kimi",
    .product = "Kimi Code",
    .vendor = "moonshot",
    .process = &process,
    .home = &home,
    .stored = &stored,
    .bundle = &bundle,
    .reader = &event_kimi,
    .commands = &commands,
    .children = &children,
    .tools = &tools,
    .model = &model,
    .control = &control,
    .lines = &lines,
    .timing = &timing,
    .terse_timing = &terse_timing,
};
