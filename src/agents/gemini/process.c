/*
 * Gemini CLI as a process. Seen with 0.61.0: node runs gemini, which runs itself again with more
 * memory: the second one is the client.
 */
#include "agents/common.h"
#include "agents/gemini/gemini.h"
#include "agents/model_address.h"
#include "agents/node_script.h"
#include "base/io/fs.h"

#include <errno.h>
#include <string.h>

enum { DOTENV_LIMIT = 256 * 1024 };

/* ---- the command line --------------------------------------------------------------------- */

/* Options that a value follows (--help). */
static const char *const options[] = {
    "--admin-policy",
    "--allowed-mcp-server-names",
    "--allowed-tools",
    "--approval-mode",
    "--delete-session",
    "--extensions",
    "--include-directories",
    "--model",
    "--output-format",
    "--policy",
    "--prompt",
    "--prompt-interactive",
    "--resume",
    "--session-file",
    "--session-id",
    "--worktree",
    "-e",
    "-i",
    "-m",
    "-o",
    "-p",
    "-r",
    "-w",
    NULL,
};

static const struct node_script program = {
    .vendor = "/@google/gemini-cli/",
    .link = "gemini",
    .options = options,
};

static enum fact is_program(const struct proc *proc, pid_t pid, const struct agent_look *look)
{
    return node_script_is_program(&program, proc, pid, look);
}

/* What it does besides sessions (gemini --help). */
static bool is_other_command(const struct proc_strings *argv)
{
    static const char *const words[] = {"mcp",    "extension", "extensions", "skill",
                                        "skills", "hook",      "hooks",      "gemma"};
    static const char *const names[] = {"--list-sessions", "--delete-session", "--list-extensions",
                                        "--help", "--version"};
    const char *word = node_script_first_word(&program, argv);
    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++)
        if (str_equals(word, words[i]))
            return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (node_script_has_option(argv, names[i], NULL))
            return true;
    return node_script_has_option(argv, "-h", "-v") || node_script_has_option(argv, "-l", NULL);
}

/* The client has been told to run itself no more; one that a tool of another client has started
 * was told so, too, and is one process. Where the environment may not be read, the memory that it
 * was given tells. */
static bool is_launcher(const struct agent_look *look)
{
    if (look->environment) {
        const char *value = proc_variable(look->environment, "GEMINI_CLI_NO_RELAUNCH");
        return !value || !*value;
    }
    for (size_t i = 1; i < node_script_at(look->argv); i++)
        if (str_starts_with(look->argv->items[i], "--max-old-space-size"))
            return false;
    return true;
}

static enum agent_role role_of(const struct agent_look *look)
{
    size_t at = node_script_at(look->argv);
    if (!node_script_could_be(look->exe, look->name) || at >= look->argv->count)
        return AGENT_NO;
    const char *script = look->argv->items[at];
    bool is_own = node_script_is_vendor(&program, script);
    if (!is_own && !node_script_may_be_link(&program, script))
        return AGENT_NO;
    if (!is_own && look->is_program == FACT_NO)
        return AGENT_NAMESAKE;
    if (is_own && !str_in(str_basename(script), "gemini.js index.js"))
        return AGENT_HELPER; /* what it runs of its own: worker/worker-entry.js draws */
    return is_launcher(look) || is_other_command(look->argv) ? AGENT_HELPER : AGENT_SESSION;
}

/* "--resume ID", "--session-id ID"; not "--resume latest", nor an index. */
static bool session_in_argv(const struct proc_strings *argv, struct sv *session_id)
{
    static const char *const names[] = {"--resume", "-r", "--session-id", NULL};
    struct sv id = node_script_value(argv, names);
    if (!str_is_uuid(id))
        return false;
    *session_id = id;
    return true;
}

static enum sr_kind kind_of(const char *registered_kind, const char *entrypoint,
                            const struct proc_strings *argv)
{
    (void)registered_kind;
    (void)entrypoint;
    if (node_script_has_option(argv, "--acp", NULL) ||
        node_script_has_option(argv, "--experimental-acp", NULL))
        return SR_KIND_EDITOR;
    if (node_script_has_option(argv, "--prompt-interactive", "-i"))
        return SR_KIND_INTERACTIVE;
    return node_script_has_option(argv, "--prompt", "-p") ? SR_KIND_PRINT : SR_KIND_UNKNOWN;
}

/* ---- its children ------------------------------------------------------------------------- */

static bool is_marked(const struct proc_strings *environment)
{
    return environment && str_equals(proc_variable(environment, "GEMINI_CLI"), "1");
}

/* A command of the model's has a terminal of its own. What it starts besides has not the mark. */
static enum agent_child started_for(const struct agent_child_look *look)
{
    return !look->is_in_group && is_marked(look->environment) &&
                   !is_marked(look->client_environment)
               ? AGENT_CHILD_TOOL
               : AGENT_CHILD_UNKNOWN;
}

/* ---- places ------------------------------------------------------------------------------- */

static const char *config_dir(struct arena *a, const struct proc_strings *environment,
                              const char *home, bool *is_default)
{
    const char *place =
        common_home(a, environment, "GEMINI_CLI_HOME", "/.gemini", home, is_default);
    return place && !*is_default ? arena_printf(a, "%s/.gemini", place) : place;
}

static void add_resume(struct buf *out, const char *session_id)
{
    buf_addf(out, "gemini --resume %s", session_id);
}

/* ---- the model ---------------------------------------------------------------------------- */

/* A file of variables of the user's may name another address: only whether it does is looked at. */
static bool may_name_address(const struct agent_store *store)
{
    struct sv text;
    int r = store ? fs_read_small(store->fd, ".env", DOTENV_LIMIT, store->arena, &text) : -ENOENT;
    if (r < 0)
        return r != -ENOENT;
    return sv_find(text, 0, SV("BASE_URL")) < text.n || sv_find(text, 0, SV("PROXY")) < text.n;
}

static struct agent_api api_of(const struct proc_strings *argv,
                               const struct proc_strings *environment,
                               const struct agent_store *store)
{
    static const char *const names[] = {"GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL",
                                        "CODE_ASSIST_ENDPOINT"};
    const char *url = NULL, *proxy = model_proxy_of(environment);
    (void)argv;
    for (size_t i = 0; i < sizeof names / sizeof *names && !url; i++) {
        const char *value = proc_variable(environment, names[i]);
        url = value && *value ? value : NULL;
    }
    if (may_name_address(store))
        return (struct agent_api){0};
    if (proxy && !(url && model_is_of_this_machine(sv_of(url))))
        return (struct agent_api){.port = model_port_of_url(proxy)};
    return (struct agent_api){.port = url ? model_port_of_url(url) : 443, .is_first_party = !url};
}

static const char *asked_model(const struct proc_strings *argv,
                               const struct proc_strings *environment)
{
    static const char *const names[] = {"--model", "-m", NULL};
    struct sv model = node_script_value(argv, names);
    if (model.n) /* words of argv end in NUL */
        return model.p;
    return environment ? proc_variable(environment, "GEMINI_MODEL") : NULL;
}

/* "mcp_SERVER_TOOL" */
static bool is_mcp_tool(const char *name)
{
    return str_starts_with(name, "mcp_");
}

static struct sv mcp_server(const char *tool)
{
    struct sv rest = sv_of(tool);
    if (!is_mcp_tool(tool))
        return (struct sv){0};
    rest = sv_slice(rest, 4, rest.n);
    return sv_slice(rest, 0, sv_find(rest, 0, SV("_")));
}

/* ---- what was measured -------------------------------------------------------------------- */

/* Of 0.61.0; then it asks again. What it does with pings was not tried. */
static int64_t gives_up_after_s(const struct agent_waiting *client, enum agent_silence silence)
{
    (void)client;
    return silence == AGENT_NO_ANSWER ? 67 : silence == AGENT_MID_STREAM ? 316 : -1;
}

static const struct agent_timing timing = {
    /* At rest or with a question on its screen less than half a percent, with its spinner 12. */
    .resting_percent = 1,
    .queued_percent = 10,
    .writes_calls_first = true,
    /* Ten tries without an answer, 67 to 99 s from one to the next. */
    .retry_pause_s = 100,
    .gives_up_after_s = gives_up_after_s,
};

/* ---- lines that are broken ---------------------------------------------------------------- */

/* By the source of 0.61.0. The first record that a resume writes says nothing new. */
static const char *client_does(enum damage_kind kind)
{
    switch (kind) {
    case DAMAGE_STUB:
    case DAMAGE_FRAGMENT:
    case DAMAGE_RAW_CONTROL:
    case DAMAGE_NUL_PADDING:
        return "the client passes over the line";
    case DAMAGE_GLUED:
        return "the client passes over the line, and loads none of its records";
    case DAMAGE_TORN_TAIL:
        return "the client passes over it, and glues the next record that it writes to it";
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
    .read_settings = gemini_read_settings,
    .variable = "GEMINI_CLI_HOME",
    .below_variable = "/.gemini",
};

static const struct agent_stored stored = {
    .is_id = str_is_uuid,
    .begins_id = agent_begins_uuid,
    .ids_ignore_case = true,
    .top = GEMINI_TOP,
    .suffix = ".jsonl",
    .split = gemini_split,
    .folder_in = gemini_folder_in,
    .list_folder = gemini_list_folder,
    .list_all = gemini_list_all,
    .find = gemini_find,
    .list_subagents = gemini_list_subagents,
    .list_watched = gemini_list_watched,
    .watched_suffixes = (const char *const[]){".jsonl", NULL},
};

static const struct agent_bundle bundle = {
    .list_files = gemini_list_files,
    .renamed = gemini_renamed,
};

static const struct agent_commands commands = {
    .resume = add_resume,
    .caution = gemini_caution,
};

static const struct agent_children children = {
    .started_for = started_for,
};

static const struct agent_tools tools = {
    .is_mcp = is_mcp_tool,
    .mcp_server = mcp_server,
};

static const struct agent_model model = {
    .api = api_of,
    .asked = asked_model,
    .variable = "GEMINI_MODEL",
};

static const struct agent_lines lines = {
    .client_does = client_does,
};

static const struct agent_terminal terminal = {
    .read = gemini_read_screen,
};

/* Where its connection is closed in mid-reply, it asks again within 2 s. SIGTERM ends it at once.
 */
static const struct agent_control control = {
    .asks_again = true,
    .keeps_raw_mode = true,
};

const struct agent agent_gemini = {
    .name = "gemini",
    .title = "Gemini",
    .product = "Gemini CLI",
    .vendor = "google",
    .process = &process,
    .home = &home,
    .stored = &stored,
    .bundle = &bundle,
    .reader = &event_gemini,
    .commands = &commands,
    .children = &children,
    .tools = &tools,
    .model = &model,
    .lines = &lines,
    .terminal = &terminal,
    .control = &control,
    .timing = &timing,
};
