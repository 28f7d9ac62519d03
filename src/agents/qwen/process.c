/*
 * Qwen Code as a process. Seen with 0.24.4: node runs a launcher (cli-entry.js, by a link called
 * qwen), which runs cli.js, which runs itself again with more memory: the last one is the client.
 * Headless, the launcher runs the client at once. 0.15.10 has no launcher.
 */
#include "agents/common.h"
#include "agents/model_address.h"
#include "agents/node_script.h"
#include "agents/qwen/qwen.h"
#include "base/io/fs.h"
#include "base/json.h"

#include <errno.h>
#include <string.h>

enum { SETTINGS_LIMIT = 1024 * 1024 };

/* Options that a value follows (--help). */
static const char *const options[] = {
    "--add-dir",
    "--allowed-mcp-server-names",
    "--allowed-tools",
    "--append-system-prompt",
    "--approval-mode",
    "--auth-type",
    "--channel",
    "--core-tools",
    "--exclude-tools",
    "--extensions",
    "--fallback-model",
    "--include-directories",
    "--input-file",
    "--input-format",
    "--json-fd",
    "--json-file",
    "--json-schema",
    "--max-session-turns",
    "--max-tool-calls",
    "--max-wall-time",
    "--mcp-config",
    "--model",
    "--openai-api-key",
    "--openai-base-url",
    "--output-format",
    "--output-style",
    "--prompt",
    "--prompt-interactive",
    "--proxy",
    "--resume",
    "--session-id",
    "--system-prompt",
    "-e",
    "-i",
    "-m",
    "-o",
    "-p",
    "-r",
    NULL,
};

static const struct node_script program = {
    .vendor = "/@qwen-code/qwen-code/",
    .link = "qwen",
    .options = options,
};

static enum fact is_program(const struct proc *proc, pid_t pid, const struct agent_look *look)
{
    return node_script_is_program(&program, proc, pid, look);
}

/* What it does besides sessions (qwen --help). */
static bool is_other_command(const char *word)
{
    return str_in(word, "auth board channel extensions hooks mcp review sandbox sessions update");
}

static bool is_set(const struct proc_strings *environment, const char *name)
{
    const char *value = proc_variable(environment, name);
    return value && *value;
}

/*
 * The client has QWEN_CODE_NO_RELAUNCH, and what runs it has not; but what a tool of another client
 * runs has inherited it, with QWEN_CODE_LAUNCHER_PID since there are launchers. Where the
 * environment may not be read, cli.js is taken for the client.
 */
static bool is_launcher(const char *script, const struct proc_strings *environment)
{
    bool is_link = !str_equals(str_basename(script), "cli.js");
    if (!environment)
        return is_link;
    return !is_set(environment, "QWEN_CODE_NO_RELAUNCH") ||
           (is_link && is_set(environment, "QWEN_CODE_LAUNCHER_PID"));
}

static enum agent_role role_of(const struct agent_look *look)
{
    size_t at = node_script_at(look->argv);
    if (!node_script_could_be(look->exe, look->name) || at >= look->argv->count)
        return AGENT_NO;
    const char *script = look->argv->items[at],
               *word = node_script_first_word(&program, look->argv);
    bool is_own = node_script_is_vendor(&program, script);
    if (!is_own && !node_script_may_be_link(&program, script))
        return AGENT_NO;
    if (!is_own && look->is_program == FACT_NO)
        return AGENT_NAMESAKE;
    if (is_own && !str_starts_with(str_basename(script), "cli"))
        return AGENT_HELPER; /* workers: codeModeHost.js, execution-worker.js */
    if (is_launcher(script, look->environment) ||
        node_script_has_option(look->argv, "--help", "-h") ||
        node_script_has_option(look->argv, "--version", "-v") ||
        node_script_has_option(look->argv, "--list-extensions", "-l"))
        return AGENT_HELPER;
    if (str_equals(word, "serve"))
        return AGENT_SERVER;
    return word && is_other_command(word) ? AGENT_HELPER : AGENT_SESSION;
}

/* "-r ID", "--resume ID", "--resume=ID", "--session-id ID". With --fork-session it goes on under a
 * new one. */
static bool session_in_argv(const struct proc_strings *argv, struct sv *session_id)
{
    static const char *const names[] = {"--resume", "-r", "--session-id", NULL};
    struct sv id = node_script_value(argv, names);
    bool forks = node_script_has_option(argv, "--fork-session", NULL);
    if (!str_is_uuid(id) || forks)
        return false;
    *session_id = id;
    return true;
}

static enum sr_kind kind_of(const char *registered_kind, const char *entrypoint,
                            const struct proc_strings *argv)
{
    (void)entrypoint;
    const char *word = node_script_first_word(&program, argv);
    if (str_equals(registered_kind, "tui"))
        return SR_KIND_INTERACTIVE;
    if (str_equals(word, "serve"))
        return SR_KIND_SERVER;
    if (node_script_has_option(argv, "--acp", NULL))
        return SR_KIND_EDITOR;
    if (node_script_has_option(argv, "--prompt-interactive", "-i"))
        return SR_KIND_INTERACTIVE;
    return word || node_script_has_option(argv, "--prompt", "-p") ? SR_KIND_PRINT : SR_KIND_UNKNOWN;
}

/* ---- its children ------------------------------------------------------------------------- */

static bool is_given(const struct agent_child_look *look, const char *variable)
{
    const char *value = look->environment ? proc_variable(look->environment, variable) : NULL;
    return value && !str_equals(value, look->client_environment
                                           ? proc_variable(look->client_environment, variable)
                                           : NULL);
}

/* A command of the model's has a terminal and a group of its own, and knows its prompt; what else
 * it starts inherits the session's id alone. 0.15.10 names neither, and marks commands alone. */
static enum agent_child started_for(const struct agent_child_look *look)
{
    bool is_marked = is_given(look, "QWEN_CODE_PROMPT_ID") ||
                     (is_given(look, "QWEN_CODE") && !is_given(look, "QWEN_CODE_SESSION_ID"));
    return !look->is_in_group && is_marked ? AGENT_CHILD_TOOL : AGENT_CHILD_UNKNOWN;
}

/* ---- places ------------------------------------------------------------------------------- */

static const char *config_dir(struct arena *a, const struct proc_strings *environment,
                              const char *home, bool *is_default)
{
    bool has_place = is_set(environment, "QWEN_RUNTIME_DIR");
    return common_home(a, environment, has_place ? "QWEN_RUNTIME_DIR" : "QWEN_HOME", "/.qwen", home,
                       is_default);
}

static void add_resume(struct buf *out, const char *session_id)
{
    buf_addf(out, "qwen --resume %s", session_id);
}

/* ---- the model ---------------------------------------------------------------------------- */

/* Those that the settings give models: "modelProviders":{"openai":[{"id":"m","baseUrl":"..."}]}.
 * Returns: their port; 0: none is given, or not all have the same. */
static uint16_t port_of_providers(struct arena *a, const struct json_value *providers,
                                  bool *is_given)
{
    static const char *const kinds[] = {"openai", "openai-responses", "anthropic", "gemini"};
    uint16_t port = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct json_value *list = json_get(providers, kinds[i]), *one;
        for (one = json_first(list); one; one = json_next(list, one)) {
            struct sv url = json_text_at(one, "baseUrl");
            uint16_t its = url.n ? model_port_of_url(arena_strndup(a, url.p, url.n)) : 0;
            if (!its || (port && its != port)) {
                *is_given = true;
                return 0;
            }
            port = its;
            *is_given = true;
        }
    }
    return port;
}

/* What is nowhere said, or differs from model to model, is not known. */
static struct agent_api api_of(const struct proc_strings *argv,
                               const struct proc_strings *environment,
                               const struct agent_store *store)
{
    const char *url = proc_variable(environment, "OPENAI_BASE_URL");
    const struct json_value *root = NULL;
    struct sv text;
    bool is_given = false;
    (void)argv;
    int r = store ? fs_read_small(store->fd, "settings.json", SETTINGS_LIMIT, store->arena, &text)
                  : -ENOENT;
    if (r < 0 && r != -ENOENT) /* it may name another than the environment does */
        return (struct agent_api){0};
    if (r == 0)
        json_parse(store->arena, text, &root);
    uint16_t port =
        root ? port_of_providers(store->arena, json_get(root, "modelProviders"), &is_given) : 0;
    if (is_given)
        return (struct agent_api){.port = port};
    const struct json_value *auth = json_path(root, "security", "auth", NULL);
    struct sv set = json_text_at(auth, "baseUrl");
    if (url && *url)
        port = model_port_of_url(url);
    else if (set.n)
        port = model_port_of_url(arena_strndup(store->arena, set.p, set.n));
    else if (sv_equals(json_text_at(auth, "selectedType"), SV("qwen-oauth")))
        port = 443;
    return (struct agent_api){.port = port};
}

static const char *asked_model(const struct proc_strings *argv,
                               const struct proc_strings *environment)
{
    for (size_t i = 1; argv && i + 1 < argv->count; i++)
        if (str_equals(argv->items[i], "--model") || str_equals(argv->items[i], "-m"))
            return argv->items[i + 1];
    return environment ? proc_variable(environment, "OPENAI_MODEL") : NULL;
}

static bool is_question_tool(const char *name)
{
    return str_equals(name, "ask_user_question") || str_equals(name, "exit_plan_mode");
}

/* ---- what was measured -------------------------------------------------------------------- */

/* Each is tried again; with QWEN_STREAM_IDLE_TIMEOUT_MS or its settings the user may have set other
 * times. Whether pings count was not tried. */
static int64_t gives_up_after_s(const struct agent_waiting *client, enum agent_silence silence)
{
    if (!client->version)
        return -1;
    return silence == AGENT_NO_ANSWER ? 121 : silence == AGENT_MID_STREAM ? 240 : -1;
}

static const struct agent_timing timing = {
    /* The longest time-out that the client gives a shell command is 10 min. */
    .tool_limit_s = 660,
    /* 125 s were seen, and 300 are the most it waits. */
    .retry_pause_s = 330,
    /* At rest or with a question on its screen less than half a percent, with its spinner 12. How
     * often it wakes up tells nothing: 2 to 25 times a second in either. */
    .resting_percent = 1,
    .queued_percent = 10,
    .writes_calls_first = true,
    .gives_up_after_s = gives_up_after_s,
};

/* ---- lines that are broken ---------------------------------------------------------------- */

static const char *client_does(enum damage_kind kind)
{
    switch (kind) {
    case DAMAGE_STUB:
    case DAMAGE_FRAGMENT:
    case DAMAGE_RAW_CONTROL:
        return "the client passes over it, and loads nothing that is older";
    case DAMAGE_TORN_TAIL:
        return "the client passes over it, and glues the next record that it writes to it";
    case DAMAGE_GLUED:
    case DAMAGE_NUL_PADDING:
    case DAMAGE_NULL_LINE:
        return "the client reads each record that is whole";
    default:
        return NULL;
    }
}

static const struct agent_process process = {
    .could_be = node_script_could_be,
    .role = role_of,
    .is_program = is_program,
    .session_in_argv = session_in_argv,
    .kind = kind_of,
};

static const struct agent_home home = {
    .config_dir = config_dir,
    .variable = "QWEN_HOME",
};

static const struct agent_stored stored = {
    .is_id = str_is_uuid,
    .begins_id = agent_begins_uuid,
    .ids_ignore_case = true,
    .top = "projects",
    .suffix = ".jsonl",
    .split = qwen_split_transcript,
    .project_folder = qwen_project_folder,
    .list_folder = qwen_list_folder,
    .list_all = qwen_list_all,
    .find = qwen_find_transcript,
    .is_archived = qwen_is_archived,
    .list_watched = qwen_list_watched,
    .watched_suffixes = (const char *const[]){".json", ".jsonl", NULL},
};

static const struct agent_bundle bundle = {
    .list_files = qwen_list_files,
    .renamed = qwen_renamed,
};

static const struct agent_commands commands = {
    .resume = add_resume,
    .needs_directory = true,
};

static const struct agent_registry registry = {
    .read = qwen_read_registry, .follows_sessions = true, /* 0.24.4, with /clear and /resume */
};

static const struct agent_children children = {
    .started_for = started_for,
    .session_variable = "QWEN_CODE_SESSION_ID",
};

static const struct agent_tools tools = {
    .is_mcp = common_is_mcp_tool,
    .mcp_server = common_mcp_server,
    .is_question = is_question_tool,
};

static const struct agent_model model = {
    .api = api_of,
    .asked = asked_model,
    .variable = "OPENAI_MODEL",
};

static const struct agent_lines lines = {
    .client_does = client_does,
};

static const struct agent_terminal terminal = {
    .read = qwen_read_screen,
};

static const struct agent_control control = {
    .shows_dialog = qwen_shows_dialog,
    .asks_again = true,
    .keeps_raw_mode = true,
};

const struct agent agent_qwen = {
    .name = "qwen",
    .title = "Qwen",
    .product = "Qwen Code",
    .vendor = "qwen",
    .process = &process,
    .home = &home,
    .stored = &stored,
    .bundle = &bundle,
    .reader = &event_qwen,
    .commands = &commands,
    .registry = &registry,
    .children = &children,
    .tools = &tools,
    .model = &model,
    .lines = &lines,
    .terminal = &terminal,
    .control = &control,
    .timing = &timing,
};
