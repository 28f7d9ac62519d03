/* Codex as a process. Seen with 0.63.0 to 0.171.0: one native program for all that it does. */
#include "agents/codex/codex.h"
#include "agents/common.h"
#include "base/io/fs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Programs seen have 40 to 315 MB; others that are called so are scripts and small ones. */
enum { LEAST_BYTES = 16 * 1024 * 1024 };

static bool could_be(const char *exe, const char *name)
{
    const char *own = exe ? str_basename(exe) : name;
    return own[0] == 'c' && str_equals(own, "codex"); /* it is asked of every process */
}

/* By what it is: a native program of that size. */
static enum fact is_program(const struct proc *proc, pid_t pid, const struct agent_look *look)
{
    char path[32], magic[4];
    struct stat st;
    if (!proc->is_live || !look->exe)
        return FACT_UNKNOWN;
    snprintf(path, sizeof path, "%d/exe", (int)pid);
    FS_CLOSE int fd = openat(proc->fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        return FACT_UNKNOWN;
    bool is_native = fs_read_at(fd, magic, sizeof magic, 0) == (ssize_t)sizeof magic &&
                     memcmp(magic, "\177ELF", sizeof magic) == 0;
    return is_native && st.st_size >= LEAST_BYTES ? FACT_YES : FACT_NO;
}

/* It publishes nothing of itself. */
static bool is_native(const char *exe)
{
    (void)exe;
    return false;
}

/* ---- the command line --------------------------------------------------------------------- */

/* Options that a value follows, in a word of its own where none stands behind "=". */
static bool takes_value(const char *word)
{
    return str_in(word,
                  "-c --config --enable --disable -i --image -m --model -p --profile -s --sandbox "
                  "-a --ask-for-approval -C --cd --add-dir --remote --remote-auth-token-env "
                  "--local-provider --output-schema -o --output-last-message --color --listen");
}

/* The words that are no options: the command, and what it is about. */
static const char *word_at(const struct proc_strings *argv, size_t wanted)
{
    for (size_t i = 1; i < argv->count; i++) {
        const char *word = argv->items[i];
        if (str_equals(word, "--"))
            return NULL;
        if (word[0] == '-') {
            i += takes_value(word);
            continue;
        }
        if (wanted-- == 0)
            return word;
    }
    return NULL;
}

static bool has_word(const struct proc_strings *argv, const char *wanted)
{
    for (size_t i = 1; i < argv->count && !str_equals(argv->items[i], "--"); i++)
        if (str_equals(argv->items[i], wanted))
            return true;
    return false;
}

/* What it does besides sessions (codex --help), and by which it runs parts of itself. */
static bool is_other_command(const char *word)
{
    return str_in(word, "login logout mcp plugin completion update doctor sandbox debug apply a "
                        "cloud features help archive unarchive delete execpolicy "
                        "responses-api-proxy stdio-to-uds exec-server remote-control app queue "
                        "migrate-rollouts migrate-nfs-db");
}

/* "codex app-server" serves sessions; "app-server daemon ..." and the like look after one. */
static enum agent_role role_of_server(const struct proc_strings *argv)
{
    const char *what = word_at(argv, 1);
    return what ? AGENT_HELPER : AGENT_SERVER;
}

/* One that runs a tool in its sandbox, or applies a patch, is called by another name. */
static bool is_called_otherwise(const struct proc_strings *argv)
{
    const char *name = argv->count ? str_basename(argv->items[0]) : "codex";
    return str_starts_with(name, "codex-") || str_equals(name, "apply_patch") ||
           str_equals(name, "applypatch") ||
           (argv->count > 1 && str_starts_with(argv->items[1], "--codex-run-as-"));
}

static enum agent_role role_of(const struct agent_look *look)
{
    if (!could_be(look->exe, look->name))
        return AGENT_NO;
    if (look->is_program == FACT_NO)
        return AGENT_NAMESAKE;
    if (is_called_otherwise(look->argv) || has_word(look->argv, "--help") ||
        has_word(look->argv, "-h") || has_word(look->argv, "--version") ||
        has_word(look->argv, "-V"))
        return AGENT_HELPER;
    const char *word = word_at(look->argv, 0);
    if (str_equals(word, "app-server"))
        return role_of_server(look->argv);
    if (str_equals(word, "mcp-server"))
        return AGENT_SERVER;
    return word && is_other_command(word) ? AGENT_HELPER : AGENT_SESSION;
}

/* "resume ID", "exec resume ID"; "fork ID" goes on under a new one. */
static bool session_in_argv(const struct proc_strings *argv, struct sv *session_id)
{
    size_t at = str_equals(word_at(argv, 0), "exec") || str_equals(word_at(argv, 0), "e");
    const char *id = str_equals(word_at(argv, at), "resume") ? word_at(argv, at + 1) : NULL;
    if (!id || !str_is_uuid(sv_of(id)))
        return false;
    *session_id = sv_of(id);
    return true;
}

static enum sr_kind kind_of(const char *registered_kind, const char *entrypoint,
                            const struct proc_strings *argv)
{
    const char *word = word_at(argv, 0);
    (void)registered_kind;
    (void)entrypoint;
    if (str_in(word, "exec e review"))
        return SR_KIND_PRINT;
    if (str_equals(word, "app-server"))
        return has_word(argv, "--listen") ? SR_KIND_SERVER : SR_KIND_EDITOR;
    return str_equals(word, "mcp-server") ? SR_KIND_SERVER : SR_KIND_UNKNOWN;
}

/* ---- places ------------------------------------------------------------------------------- */

static const char *config_dir(struct arena *a, const struct proc_strings *environment,
                              const char *home, bool *is_default)
{
    return common_home(a, environment, "CODEX_HOME", "/.codex", home, is_default);
}

static const char *project_folder(struct arena *a, const char *cwd)
{
    (void)a;
    (void)cwd;
    return CODEX_SESSIONS;
}

/* ".../sessions/2026/11/27/rollout-...jsonl" */
static bool split(struct arena *a, const char *path, const char **store, const char **below)
{
    static const char *const tops[] = {"/" CODEX_SESSIONS "/", "/" CODEX_ARCHIVED "/"};
    struct sv id;
    if (!codex_names_rollout(str_basename(path), &id))
        return false;
    for (size_t i = 0; i < sizeof tops / sizeof *tops; i++) {
        const char *at = NULL;
        for (const char *next = path; (next = strstr(next, tops[i])); next++)
            at = next;
        if (!at || at == path)
            continue;
        *store = arena_strndup(a, path, (size_t)(at - path));
        *below = arena_strdup(a, at + 1);
        return true;
    }
    return false;
}

static void list_watched(const struct agent_store *store, const char *const **folders,
                         size_t *count)
{
    static const char *const all[] = {CODEX_SESSIONS, CODEX_LOCKS};
    (void)store;
    *folders = all;
    *count = sizeof all / sizeof *all;
}

static void add_resume(struct buf *out, const char *session_id)
{
    buf_addf(out, "codex resume %s", session_id);
}

/* ---- at work ------------------------------------------------------------------------------ */

#define SESSION_VARIABLE "CODEX_THREAD_ID"

/* A command of the model's carries its session, and the call that it is of. */
static enum agent_child started_for(const struct agent_child_look *look)
{
    if (!look->environment)
        return AGENT_CHILD_UNKNOWN;
    return proc_variable(look->environment, "CODEX_TOOL_CALL_ID") ||
                   proc_variable(look->environment, SESSION_VARIABLE)
               ? AGENT_CHILD_TOOL
               : AGENT_CHILD_SERVER;
}

static bool is_question(const char *name)
{
    return str_equals(name, "request_user_input");
}

/* Each of its commands is a process. "write_stdin" waits for one that an earlier call started. */
static bool is_command(const char *name)
{
    return str_in(name, "exec_command shell shell_command local_shell_call");
}

/*
 * A reply that breaks off is asked for again after 300.0 s (stream_idle_timeout_ms), five times,
 * with pauses of 0.2 s and more; a request of which not a byte came back was waited for 13 minutes
 * and more (0.171.0). A call is written down before its user is asked.
 */
static int64_t gives_up_after_s(const struct agent_waiting *client, enum agent_silence silence)
{
    (void)client;
    return silence == AGENT_MID_STREAM ? 300 : -1;
}

/*
 * Tried with 0.171.0: SIGTERM ends a client that runs its own turns; the daemon stays until the
 * turns of all its sessions are over. Whatever was written stays. A reply that is cut is asked for
 * again.
 */
static const struct agent_control control = {
    .asks_again = true,
    .keeps_raw_mode = true,
};

/* Tried with 0.171.0: none of it stops a resume, and not a byte of the file is changed. */
static const char *client_does(enum damage_kind kind)
{
    switch (kind) {
    case DAMAGE_TORN_TAIL:
        return "the client passes over it when it resumes, and writes on behind it, on a new line";
    case DAMAGE_STUB:
    case DAMAGE_FRAGMENT:
    case DAMAGE_NUL_PADDING:
        return "the client passes over the line when it resumes";
    case DAMAGE_GLUED:
        return "the client passes over all records of the line when it resumes";
    default:
        return NULL;
    }
}

static const struct agent_lines lines = {
    .client_does = client_does,
};

static const struct agent_timing timing = {
    .retry_pause_s = 10,
    .writes_calls_first = true,
    .polls_commands = true,
    .gives_up_after_s = gives_up_after_s,
};

static const struct agent_process process = {
    .could_be = could_be,
    .role = role_of,
    .is_program = is_program,
    .is_native = is_native,
    .session_in_argv = session_in_argv,
    .kind = kind_of,
};

static const struct agent_home home = {
    .config_dir = config_dir,
    .variable = "CODEX_HOME",
};

static const char *const watched_suffixes[] = {".jsonl", ".lock", NULL};

static const struct agent_stored stored = {
    .top = CODEX_SESSIONS,
    .name_begins = "rollout-",
    .suffix = ".jsonl",
    .is_id = str_is_uuid,
    .begins_id = agent_begins_uuid,
    .ids_ignore_case = true,
    .split = split,
    .project_folder = project_folder,
    .list_folder = codex_list_folder,
    .list_all = codex_list_all,
    .find = codex_find,
    .list_subagents = codex_list_subagents,
    .is_archived = codex_is_archived,
    .list_watched = list_watched,
    .watched_suffixes = watched_suffixes,
};

static const struct agent_holding holding = {
    .held = codex_held,
    .list_locks = codex_list_locks,
    .drawn = codex_drawn,
};

static const struct agent_bundle bundle = {
    .list_files = codex_list_files,
    .renamed = codex_renamed,
};

static const struct agent_commands commands = {
    .resume = add_resume,
};

static const struct agent_children children = {
    .started_for = started_for,
    .session_variable = SESSION_VARIABLE,
};

static const struct agent_tools tools = {
    .is_question = is_question,
    .is_command = is_command,
};

static const struct agent_model model = {
    .api = codex_api,
};

const struct agent agent_codex = {
    .name = "codex",
    .title = "Codex",
    .product = "Codex CLI",
    .vendor = "openai",
    .process = &process,
    .home = &home,
    .stored = &stored,
    .bundle = &bundle,
    .reader = &event_codex,
    .commands = &commands,
    .holding = &holding,
    .children = &children,
    .tools = &tools,
    .model = &model,
    .control = &control,
    .lines = &lines,
    .timing = &timing,
};
