/* opencode as a process. Seen with 1.18.33: one program, made by Bun, for all that it does. */
#include "agents/bun_program.h"
#include "agents/common.h"
#include "agents/opencode/opencode.h"

#include <string.h>

static bool is_own_name(const char *name)
{
    return str_equals(name, "opencode") || str_equals(name, "opencode.exe");
}

static bool could_be(const char *exe, const char *name)
{
    const char *own = exe ? str_basename(exe) : name;
    return own[0] == 'o' && is_own_name(own); /* it is asked of every process */
}

static enum fact is_program(const struct proc *proc, pid_t pid, const struct agent_look *look)
{
    return proc->is_live && look->exe ? bun_program_runs(proc, pid) : FACT_UNKNOWN;
}

/* It is one, and publishes nothing. */
static bool is_native(const char *exe)
{
    (void)exe;
    return false;
}

/* ---- the command line --------------------------------------------------------------------- */

/* Options that a value follows, in a word of its own where none stands behind "=". */
static bool takes_value(const char *word)
{
    return str_in(word, "--agent --attach --command --cors --cwd --dir --file --format --hostname "
                        "--log-level --mdns-domain --model --password --port --prompt "
                        "--replay-limit --session --title --username --variant -f -m -p -s -u");
}

/* The word that says what it does; NULL: none, and it is the interface on a terminal. */
static const char *first_word(const struct proc_strings *argv)
{
    for (size_t i = 1; i < argv->count; i++) {
        const char *word = argv->items[i];
        if (str_equals(word, "--"))
            return NULL;
        if (word[0] != '-')
            return word;
        i += takes_value(word);
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

/* "--attach URL", "--attach=URL" */
static bool has_option(const struct proc_strings *argv, const char *wanted)
{
    size_t n = strlen(wanted);
    for (size_t i = 1; i < argv->count && !str_equals(argv->items[i], "--"); i++)
        if (str_starts_with(argv->items[i], wanted) &&
            (!argv->items[i][n] || argv->items[i][n] == '='))
            return true;
    return false;
}

/* What it does besides sessions (opencode --help). */
static bool is_other_command(const char *word)
{
    return str_in(word, "agent auth completion db debug export github import mcp models plug "
                        "plugin pr providers session stats uninstall upgrade");
}

/* It runs other programs' JavaScript as Bun would: language servers, plugins. */
static bool runs_as_bun(const struct agent_look *look)
{
    const char *value = look->environment ? proc_variable(look->environment, "BUN_BE_BUN") : NULL;
    return value && *value;
}

static enum agent_role role_of(const struct agent_look *look)
{
    if (!could_be(look->exe, look->name))
        return AGENT_NO;
    if (look->is_program == FACT_NO)
        return AGENT_NAMESAKE;
    if (runs_as_bun(look) || has_word(look->argv, "--help") || has_word(look->argv, "-h") ||
        has_word(look->argv, "--version") || has_word(look->argv, "-v"))
        return AGENT_HELPER;
    const char *word = first_word(look->argv);
    if (!word)
        return AGENT_SESSION;
    if (str_equals(word, "attach") ||
        (str_equals(word, "run") && has_option(look->argv, "--attach")))
        return AGENT_UI;
    if (str_in(word, "serve web acp"))
        return AGENT_SERVER;
    return is_other_command(word) ? AGENT_HELPER : AGENT_SESSION;
}

/* "-s ID", "--session ID", "--session=ID"; with --fork it goes on under a new one. */
static bool session_in_argv(const struct proc_strings *argv, struct sv *session_id)
{
    struct sv id = {0};
    for (size_t i = 1; i < argv->count && !str_equals(argv->items[i], "--"); i++) {
        const char *word = argv->items[i];
        if (str_starts_with(word, "--session=") || str_starts_with(word, "-s="))
            id = sv_of(strchr(word, '=') + 1);
        else if ((str_equals(word, "--session") || str_equals(word, "-s")) && i + 1 < argv->count)
            id = sv_of(argv->items[i + 1]);
    }
    if (!opencode_is_id(id) || has_word(argv, "--fork"))
        return false;
    *session_id = id;
    return true;
}

static enum sr_kind kind_of(const char *registered_kind, const char *entrypoint,
                            const struct proc_strings *argv)
{
    const char *word = first_word(argv);
    (void)registered_kind;
    (void)entrypoint;
    if (str_equals(word, "run"))
        return SR_KIND_PRINT;
    if (str_equals(word, "serve") || str_equals(word, "web"))
        return SR_KIND_SERVER;
    return str_equals(word, "acp") ? SR_KIND_EDITOR : SR_KIND_UNKNOWN;
}

/* ---- places ------------------------------------------------------------------------------- */

/* Another database than that of the place is not looked into: then the place is not known. */
static const char *config_dir(struct arena *a, const struct proc_strings *environment,
                              const char *home, bool *is_default)
{
    const char *data =
        common_home(a, environment, "XDG_DATA_HOME", "/.local/share", home, is_default);
    const char *database = proc_variable(environment, "OPENCODE_DB");
    if (database && *database) {
        *is_default = false;
        return NULL;
    }
    return data ? arena_printf(a, "%s/opencode", data) : NULL;
}

static bool begins_id(const char *word)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t n = strlen(word);
    return n >= 8 && n <= 40 && str_starts_with(word, "ses_") && strspn(word + 4, letters) == n - 4;
}

bool opencode_is_id(struct sv id)
{
    char word[64];
    if (id.n < 12 || id.n >= sizeof word || memchr(id.p, '\0', id.n))
        return false;
    memcpy(word, id.p, id.n);
    word[id.n] = '\0';
    return begins_id(word);
}

static void add_resume(struct buf *out, const char *session_id)
{
    buf_addf(out, "opencode --session %s", session_id);
}

/* Each command is a session of processes of its own; servers of language and tools are in the
 * client's group. All of them have the mark. */
static enum agent_child started_for(const struct agent_child_look *look)
{
    const char *pid = look->environment ? proc_variable(look->environment, "OPENCODE_PID") : NULL;
    return !look->is_in_group && pid && *pid ? AGENT_CHILD_TOOL : AGENT_CHILD_UNKNOWN;
}

static bool is_question(const char *name)
{
    return str_equals(name, "question");
}

static bool is_command(const char *name)
{
    return str_equals(name, "bash");
}

/* The folder of the database: its log grows with every row. */
static void list_watched(const struct agent_store *store, const char *const **folders,
                         size_t *count)
{
    static const char *const watched[] = {"."};
    (void)store;
    *folders = watched;
    *count = 1;
}

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
    .variable = "XDG_DATA_HOME",
    .below_variable = "/opencode",
};

static const struct agent_stored stored = {
    .is_id = opencode_is_id,
    .begins_id = begins_id,
    .id_begins = "ses_",
    .project_folder = opencode_project_folder,
    .list_folder = opencode_list_folder,
    .list_all = opencode_list_all,
    .find = opencode_find,
    .list_subagents = opencode_list_children,
    .is_archived = opencode_is_archived,
    .list_watched = list_watched,
    .watched_suffixes = (const char *const[]){OPENCODE_DATABASE, OPENCODE_DATABASE "-wal", NULL},
};

static const struct agent_bundle bundle = {
    .list_files = opencode_list_files,
    .renamed = opencode_renamed,
};

static const struct agent_records records = {
    .write = opencode_write_rows,
    .stamp = opencode_stamp_rows,
    .kind = "rows",
    .file = OPENCODE_DATABASE,
    .id_of = opencode_id_of,
    .compare = opencode_compare,
    .put_back = opencode_put_back,
    .check = opencode_check,
};

static const struct agent_children children = {
    .started_for = started_for,
};

/* SIGTERM: it ends its commands, writes what of a reply has come and that the turn was aborted,
 * puts its terminal in order and ends within 3 s. */
static const struct agent_control control = {
    .keeps_raw_mode = true,
};

static const struct agent_lines lines = {
    .client_does = opencode_does_with,
};

static const struct agent_commands commands = {
    .resume = add_resume,
};

/* A tool of an MCP server is called "SERVER_tool", as any may be. */
static const struct agent_tools tools = {
    .is_question = is_question,
    .is_command = is_command,
};

static const struct agent_model model = {
    .api = opencode_api,
};

/* Of 1.18.33. A reply that stalls, and one that never comes, is waited for without end. */
static const struct agent_timing timing = {
    /* Each pause is twice the one before: 2, 4, 8, 16, 30 s. */
    .retry_pause_s = 40,
    .pauses_as_told = true,
    /* A piece of a chat completion is an object of that size; a ping is a comment. */
    .reply_piece_bytes = 100,
    .writes_calls_first = true,
};

const struct agent agent_opencode = {
    .name = "opencode",
    .title = "opencode",
    .product = "opencode",
    .vendor = "opencode",
    .process = &process,
    .home = &home,
    .stored = &stored,
    .bundle = &bundle,
    .reader = &event_opencode,
    .commands = &commands,
    .records = &records,
    .tools = &tools,
    .model = &model,
    .timing = &timing,
    .children = &children,
    .control = &control,
    .lines = &lines,
};
