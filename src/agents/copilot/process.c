/* Copilot CLI as a process. 1.0.102: one program, with node in it, and a script of npm's above it.
 */
#include "agents/common.h"
#include "agents/copilot/copilot.h"
#include "agents/model_address.h"

#include <string.h>

/* ---- the program -------------------------------------------------------------------------- */

static bool could_be(const char *exe, const char *name)
{
    (void)name;
    const char *own = exe ? str_basename(exe) : "";
    return own[0] == 'c' && str_equals(own, "copilot"); /* it is asked of every process */
}

/* Other vendors' programs are called so, too. node names its main thread, and npm's folder says the
 * rest. */
static bool is_program(const struct agent_look *look)
{
    return str_equals(look->name, "MainThread") || strstr(look->exe, "/copilot-linux");
}

/* ---- the command line --------------------------------------------------------------------- */

/* Options that a value follows, in a word of its own where none stands behind "=". */
static bool takes_value(const char *word)
{
    return str_in(
        word,
        "-C -i -n -p --add-dir --add-github-mcp-tool --add-github-mcp-toolset "
        "--additional-mcp-config --agent --allow-tool --allow-url --attachment --auto-tier "
        "--available-tools --config-dir --context --deny-tool --deny-url --disable-mcp-server "
        "--excluded-tools --extension-sdk-path --interactive --log-dir --log-level "
        "--max-autopilot-continues --mode --model --name --output-format --plugin-dir --port "
        "--prefer-version --prompt --reasoning-effort --secret-env-vars --session-id --stream");
}

/* The value of an option by its name, or by its letter; NULL: it is not given, or without one. */
static const char *value_of(const struct proc_strings *argv, const char *name, const char *letter)
{
    size_t n = strlen(name);
    for (size_t i = 1; i < argv->count; i++) {
        const char *word = argv->items[i];
        if (strncmp(word, name, n) == 0 && word[n] == '=')
            return word + n + 1;
        bool is_it = str_equals(word, name) || (letter && str_equals(word, letter));
        if (is_it && i + 1 < argv->count)
            return argv->items[i + 1];
        if (letter && str_starts_with(word, letter) && word[strlen(letter)])
            return word + strlen(letter);
        i += takes_value(word);
    }
    return NULL;
}

static bool has_option(const struct proc_strings *argv, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 1; i < argv->count; i++) {
        const char *word = argv->items[i];
        if (strncmp(word, name, n) == 0 && (word[n] == '\0' || word[n] == '='))
            return true;
        i += takes_value(word);
    }
    return false;
}

/* What it does besides sessions (copilot --help): the first word that is no option. */
static bool is_other_command(const struct proc_strings *argv)
{
    for (size_t i = 1; i < argv->count; i++) {
        const char *word = argv->items[i];
        if (word[0] == '-') {
            i += takes_value(word);
            continue;
        }
        return str_in(word, "app login help init config update version workflow sessions memories "
                            "plugin mcp skill instruction lsp sandbox completion");
    }
    return false;
}

/* It speaks a protocol with another program, and may have any number of sessions. */
static bool is_server(const struct proc_strings *argv)
{
    return has_option(argv, "--acp") || has_option(argv, "--server") ||
           has_option(argv, "--headless");
}

static enum agent_role role_of(const struct agent_look *look)
{
    const struct proc_strings *argv = look->argv;
    if (!could_be(look->exe, look->name))
        return AGENT_NO;
    if (!is_program(look))
        return AGENT_NAMESAKE;
    if (is_other_command(argv) || has_option(argv, "--version") || has_option(argv, "-v") ||
        has_option(argv, "--help") || has_option(argv, "-h"))
        return AGENT_HELPER;
    return is_server(argv) ? AGENT_SERVER : AGENT_SESSION;
}

/* 1.0.32 runs itself again, below, and waits: the child names it in COPILOT_LOADER_PID. */
static enum agent_role look_closer(const struct proc *proc, pid_t pid,
                                   const struct agent_look *look, enum agent_role role)
{
    ARENA_RELEASE struct arena a = {0};
    pid_t *children;
    size_t count = 0;
    (void)look;
    if (proc_read_children(proc, pid, &a, &children, &count) < 0)
        return role;
    const char *own = arena_printf(&a, "%d", (int)pid);
    for (size_t i = 0; i < count; i++) {
        struct proc_strings environment = {0};
        const char *exe = NULL;
        bool is_deleted = false;
        if (proc_read_exe(proc, children[i], &a, &exe, &is_deleted) == 0 && could_be(exe, "") &&
            proc_read_environ(proc, children[i], &a, &environment) >= 0 &&
            str_equals(proc_variable(&environment, "COPILOT_LOADER_PID"), own))
            return AGENT_HELPER;
    }
    return role;
}

/* "--resume=ID", "--resume ID", "-r ID", "--session-id ID". The beginning of an id, or a name,
 * names one too: those are not looked up. */
static bool session_in_argv(const struct proc_strings *argv, struct sv *session_id)
{
    const char *named = value_of(argv, "--resume", "-r");
    if (!named || !str_is_uuid(sv_of(named)))
        named = value_of(argv, "--session-id", NULL);
    if (!named || !str_is_uuid(sv_of(named)))
        return false;
    *session_id = sv_of(named);
    return true;
}

static enum sr_kind kind_of(const char *registered_kind, const char *entrypoint,
                            const struct proc_strings *argv)
{
    (void)registered_kind;
    (void)entrypoint;
    if (has_option(argv, "--acp"))
        return SR_KIND_EDITOR;
    if (is_server(argv))
        return SR_KIND_SERVER;
    return has_option(argv, "--prompt") || has_option(argv, "-p") ? SR_KIND_PRINT : SR_KIND_UNKNOWN;
}

/* ---- its children, and its model ---------------------------------------------------------- */

#define SESSION_VARIABLE "COPILOT_AGENT_SESSION_ID"

static enum agent_child started_for(const struct agent_child_look *look)
{
    return look->environment && proc_variable(look->environment, SESSION_VARIABLE)
               ? AGENT_CHILD_TOOL
               : AGENT_CHILD_UNKNOWN;
}

static struct agent_api api_of(const struct proc_strings *argv,
                               const struct proc_strings *environment,
                               const struct agent_store *store)
{
    const char *url = proc_variable(environment, "COPILOT_PROVIDER_BASE_URL");
    const char *proxy = model_proxy_of(environment);
    struct agent_api api = {.port = 443, .is_first_party = !url || !*url};
    (void)argv;
    (void)store;
    if (url && *url)
        api.port = model_port_of_url(url);
    else if (proxy) /* one of the user's own is rather reached without */
        api.port = model_port_of_url(proxy);
    return api;
}

static const char *asked_model(const struct proc_strings *argv,
                               const struct proc_strings *environment)
{
    const char *word = value_of(argv, "--model", NULL);
    return word ? word : environment ? proc_variable(environment, "COPILOT_MODEL") : NULL;
}

/* ---- its place, and what is typed --------------------------------------------------------- */

static const char *config_dir(struct arena *a, const struct proc_strings *environment,
                              const char *home, bool *is_default)
{
    return common_home(a, environment, "COPILOT_HOME", "/.copilot", home, is_default);
}

static void add_resume(struct buf *out, const char *session_id)
{
    buf_addf(out, "copilot --resume=%s", session_id);
}

/* 1.0.102, in seconds of silence: 600.0 (three times) and 700.1 (twice); then it asks again. */
static int64_t gives_up_after_s(const struct agent_waiting *client, enum agent_silence silence)
{
    (void)client;
    return silence == AGENT_NO_ANSWER ? 600 : silence == AGENT_MID_STREAM ? 700 : -1;
}

static const struct agent_timing timing = {
    /* 1.2, 1.3, 1.7, 4.2 and 9.1 s, then session.error. */
    .retry_pause_s = 40,
    /* A piece of a chat completion is an object of that size; a ping is a comment. */
    .reply_piece_bytes = 100,
    /* 12 or 13 times a second at work; at rest it does not wake up for seconds. */
    .spinner_wakeups_per_s = 5,
    .spinning_percent = 90,
    .writes_calls_first = true,
    .gives_up_after_s = gives_up_after_s,
};

/* A tool of an MCP server is called "SERVER-tool", as any may be. */
static bool is_question(const char *name)
{
    return str_equals(name, "ask_user");
}

/* 1.0.102 was made to resume from a file with each; what it wrote was compared. */
static const char *client_does(enum damage_kind kind)
{
    switch (kind) {
    case DAMAGE_TORN_TAIL:
    case DAMAGE_STUB:
        return "the client leaves the line out when it resumes, and writes the file anew without "
               "it";
    case DAMAGE_GLUED:
        return "the client leaves out all records of the line when it resumes, and writes the file "
               "anew without them: they are lost unless they were backed up";
    case DAMAGE_NUL_PADDING:
        return "the client passes over a line of them alone; one with a record it leaves out when "
               "it resumes, and writes the file anew without it";
    case DAMAGE_NULL_LINE:
        return "the client passes over it";
    case DAMAGE_ODD_BYTES:
        return "the client reads the records all the same";
    default:
        return NULL;
    }
}

static const struct agent_lines broken_lines = {
    .client_does = client_does,
};

static const struct agent_process process = {
    .could_be = could_be,
    .role = role_of,
    .look_closer = look_closer,
    .session_in_argv = session_in_argv,
    .kind = kind_of,
};

static const struct agent_home home = {
    .config_dir = config_dir,
    .variable = "COPILOT_HOME",
};

static const struct agent_stored stored = {
    .top = COPILOT_TOP,
    .suffix = COPILOT_EVENTS,
    .is_id = str_is_uuid,
    .begins_id = agent_begins_uuid,
    .ids_ignore_case = true,
    .split = copilot_split,
    .project_folder = copilot_project_folder,
    .list_folder = copilot_list_folder,
    .list_all = copilot_list_all,
    .find = copilot_find,
    .list_watched = copilot_list_watched,
    .watched_suffixes = (const char *const[]){"events.jsonl", NULL},
};

static const struct agent_bundle bundle = {
    .list_files = copilot_list_files,
    .renamed = copilot_renamed,
};

static const struct agent_commands commands = {
    .resume = add_resume,
};

static const struct agent_tools tools = {
    .is_question = is_question,
};

static const struct agent_holding holding = {
    .held = copilot_held,
    .list_locks = copilot_list_locks,
};

static const struct agent_children children = {
    .started_for = started_for,
    .session_variable = SESSION_VARIABLE,
};

/* Which models its vendor serves, and with how much room, is not known. */
static const struct agent_model model = {
    .api = api_of,
    .asked = asked_model,
    .variable = "COPILOT_MODEL",
};

/* SIGTERM: it writes session.shutdown, sets its terminal right and ends. */
static const struct agent_control control = {
    .asks_again = true,
    .keeps_raw_mode = true,
};

const struct agent agent_copilot = {
    .name = "copilot",
    .title = "Copilot",
    .product = "Copilot CLI",
    .vendor = "copilot",
    .process = &process,
    .home = &home,
    .stored = &stored,
    .bundle = &bundle,
    .reader = &event_copilot,
    .commands = &commands,
    .holding = &holding,
    .children = &children,
    .tools = &tools,
    .model = &model,
    .control = &control,
    .lines = &broken_lines,
    .timing = &timing,
};
