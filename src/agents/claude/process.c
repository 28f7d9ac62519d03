/*
 * Claude Code as a process. Measured on 2.0.0, 2.1.110 (run by node), 2.1.197
 * and 2.1.330 (native).
 */
#include "agents/agent.h"
#include "agents/bun_program.h"
#include "agents/claude/events.h"
#include "agents/claude/files.h"
#include "agents/claude/history.h"
#include "agents/claude/program.h"
#include "agents/claude/reply.h"
#include "agents/claude/request.h"
#include "agents/claude/saving.h"
#include "agents/claude/screen.h"
#include "agents/claude/store.h"
#include "agents/claude/timing.h"
#include "agents/claude/traces.h"
#include "agents/common.h"
#include "agents/model_address.h"

#include "base/utf8.h"
#include "salvage/memory_search.h"

#include <stdlib.h>
#include <string.h>

/* A path in one of the layouts that the vendor installs:
 * ~/.local/share/claude/versions/2.1.197, .../node_modules/@anthropic-ai/claude-code/... */
static bool is_vendor_path(const char *path)
{
    return strstr(path, "/claude/versions/") || strstr(path, "@anthropic-ai/claude-code");
}

static bool is_claude_name(const char *name)
{
    return str_equals(name, "claude") || str_equals(name, "claude.exe");
}

/* "2.1.231": what comm says of a native client started through its version's path. */
static bool is_version_name(const char *name)
{
    int dots = 0;
    for (const char *p = name; *p; p++) {
        if (*p == '.')
            dots++;
        else if (*p < '0' || *p > '9')
            return false;
    }
    return dots == 2 && name[0] != '.' && name[strlen(name) - 1] != '.';
}

/* "node", "nodejs", "node-20", "bun" */
static bool is_runtime(const char *exe)
{
    const char *name = str_basename(exe);
    return str_starts_with(name, "node") || str_equals(name, "bun");
}

static bool claude_could_be(const char *exe, const char *name)
{
    if (exe)
        return is_vendor_path(exe) || is_claude_name(str_basename(exe)) || is_runtime(exe);
    return is_claude_name(name) || is_version_name(name) || str_starts_with(name, "node");
}

/* Words after which the client does something else than hold a session (claude --help, 2.1.197). */
static bool is_subcommand(const char *word)
{
    return str_in(
        word, "agents auth auto-mode config daemon doctor gateway install mcp migrate-installer "
              "plugin plugins project remote-control setup-token ultrareview update upgrade");
}

/* First arguments of the client's own helper processes (2.1.197), and of an Electron app's. */
static bool is_helper_option(const char *word)
{
    return str_in(word, "--bg-pty-host --chrome-native-host --claude-in-chrome-mcp "
                        "--computer-use-mcp --daemon-worker --ripgrep --version -v --help -h") ||
           str_starts_with(word, "--type=");
}

/* The node script that a runtime was started with, skipping the runtime's own options. */
static const char *script_of(const struct proc_strings *argv)
{
    for (size_t i = 1; i < argv->count; i++)
        if (argv->items[i][0] != '-')
            return argv->items[i];
    return NULL;
}

/* "claude" or "cli.js" in whatever folder: worth a look at what lies beside it. */
static bool script_may_be_it(const char *script)
{
    return script && (str_equals(str_basename(script), "claude") ||
                      str_starts_with(str_basename(script), "cli."));
}

/*
 * A client run by node overwrites its command line with its title: "claude"
 * and padding. Before it has, the script stands there.
 */
static enum agent_role role_under_runtime(const struct agent_look *look)
{
    const char *script = script_of(look->argv);
    if (script && strstr(script, "claude-code/cli-wrapper."))
        return AGENT_HELPER; /* starts the native program, and waits for it */
    bool is_titled = look->argv->count && str_equals(look->argv->items[0], "claude") &&
                     str_equals(look->name, "claude");
    if (is_titled || (script && strstr(script, "claude-code/cli.")) ||
        (script_may_be_it(script) && look->is_program == FACT_YES))
        return AGENT_SESSION;
    if (!script || !str_equals(str_basename(script), "claude"))
        return AGENT_NO;
    return look->is_program == FACT_NO ? AGENT_NAMESAKE : AGENT_SESSION;
}

static enum fact claude_is_program(const struct proc *proc, pid_t pid,
                                   const struct agent_look *look)
{
    if (!proc->is_live || !look->exe)
        return FACT_UNKNOWN;
    if (!is_runtime(look->exe))
        return bun_program_runs(proc, pid);
    const char *script = script_of(look->argv);
    if (!script_may_be_it(script))
        return FACT_UNKNOWN;
    ARENA_RELEASE struct arena a = {0};
    const char *cwd = NULL;
    proc_read_cwd(proc, pid, &a, &cwd);
    return claude_program_is_script(proc_root_of(&a, pid), cwd, script);
}

/* The native program has search tools built in, and runs them by calling itself by their names. */
static bool called_as_a_tool(const struct proc_strings *argv)
{
    const char *name = argv->count ? str_basename(argv->items[0]) : "";
    return str_in(name, "rg ugrep bfs grep find");
}

static bool is_search(const struct proc_strings *argv)
{
    return called_as_a_tool(argv) || (argv->count > 1 && str_equals(argv->items[1], "--ripgrep"));
}

/* A tool's shell reads the user's functions first:
 * /bin/bash -c "source .../shell-snapshots/snapshot-bash-1795739066045-b5l5zn.sh ... eval '...'" */
static bool sources_a_snapshot(const struct proc_strings *argv)
{
    for (size_t i = 1; i < argv->count; i++)
        if (strstr(argv->items[i], "/shell-snapshots/snapshot-"))
            return true;
    return false;
}

/* A variable of a child that it did not inherit from what the client itself was started by. */
static bool is_given(const struct agent_child_look *look, const char *variable)
{
    const char *value = look->environment ? proc_variable(look->environment, variable) : NULL;
    return value && !str_equals(value, look->client_environment
                                           ? proc_variable(look->client_environment, variable)
                                           : NULL);
}

/*
 * What clients give their children (measured):
 *
 *                    2.1.197, 2.1.330                               2.1.110
 *   tool             own session, EXECPATH, CHILD_SESSION           own session, EXECPATH
 *   hook             own session, PROJECT_DIR, CHILD_SESSION        client's group, PROJECT_DIR
 *   status line      as a hook                                      as a hook
 *   MCP server       client's group, PROJECT_DIR, SESSION_ID        client's group
 */
static enum agent_child claude_child(const struct agent_child_look *look)
{
    if (sources_a_snapshot(look->argv))
        return AGENT_CHILD_TOOL;
    if (is_search(look->argv))
        return AGENT_CHILD_SEARCH;
    if (is_given(look, "CLAUDE_PROJECT_DIR"))
        return look->is_in_group && is_given(look, "CLAUDE_CODE_SESSION_ID") ? AGENT_CHILD_SERVER
                                                                             : AGENT_CHILD_HOOK;
    if (look->is_in_group)
        return AGENT_CHILD_SERVER;
    return is_given(look, "CLAUDE_CODE_EXECPATH") ? AGENT_CHILD_TOOL : AGENT_CHILD_UNKNOWN;
}

static enum agent_role claude_role(const struct agent_look *look)
{
    enum agent_role role;
    size_t first = 1; /* the client's first own argument */
    if (look->exe && is_runtime(look->exe)) {
        role = role_under_runtime(look);
        const char *script = script_of(look->argv);
        while (script && first < look->argv->count && look->argv->items[first] != script)
            first++;
        first += script != NULL;
    } else if (!claude_could_be(look->exe, look->name)) {
        role = AGENT_NO;
    } else if (!look->exe && str_starts_with(look->name, "node")) {
        role = role_under_runtime(look);
    } else {
        role = called_as_a_tool(look->argv)  ? AGENT_HELPER
               : look->is_program == FACT_NO ? AGENT_NAMESAKE
                                             : AGENT_SESSION;
    }
    if (role != AGENT_SESSION)
        return role;

    /* 2.1.332 gives background sessions to processes that it has started before */
    if (look->argv->count > first && str_equals(look->argv->items[first], "--bg-spare"))
        return AGENT_SPARE;
    if (look->argv->count > first &&
        (is_subcommand(look->argv->items[first]) || is_helper_option(look->argv->items[first])))
        return AGENT_HELPER;
    const char *kind =
        look->environment ? proc_variable(look->environment, "CLAUDE_CODE_SESSION_KIND") : NULL;
    if (kind && str_starts_with(kind, "daemon"))
        return AGENT_HELPER;
    return AGENT_SESSION;
}

static const char *claude_config_dir(struct arena *a, const struct proc_strings *environment,
                                     const char *home, bool *is_default)
{
    return common_home(a, environment, "CLAUDE_CONFIG_DIR", "/.claude", home, is_default);
}

/* Short options may stand in one word (-pc), and a value behind theirs (-rID). */
static const char *claude_takes_up(const struct proc_strings *argv)
{
    static const char *const names[] = {"--resume", "--continue", "--from-pr", "--teleport"};
    for (size_t i = 1; i < argv->count && !str_equals(argv->items[i], "--"); i++) {
        const char *word = argv->items[i];
        for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
            size_t n = strlen(names[j]);
            if (strncmp(word, names[j], n) == 0 && (!word[n] || word[n] == '='))
                return names[j];
        }
        if (word[0] == '-' && word[1] && word[1] != '-')
            for (const char *c = word + 1; strchr("cprdvh", *c) && *c; c++)
                if (*c == 'c' || *c == 'r')
                    return *c == 'c' ? "--continue" : "--resume";
    }
    return NULL;
}

static bool is_option(const char *argument, const char *long_name, const char *short_name)
{
    return str_equals(argument, long_name) || (short_name && str_equals(argument, short_name));
}

/*
 * `--resume ID`, `-r ID`, `--resume=ID`, `--session-id ID`. With --fork-session a
 * resumed session goes on under a new id. A transcript's path may stand for ID.
 */
static bool claude_session_in_argv(const struct proc_strings *argv, struct sv *session_id)
{
    struct sv resumed = {0}, given = {0};
    bool forks = false;
    for (size_t i = 1; i < argv->count; i++) {
        const char *word = argv->items[i];
        if (str_equals(word, "--"))
            break;
        const char *next = i + 1 < argv->count ? argv->items[i + 1] : "";
        forks = forks || str_equals(word, "--fork-session");
        if (str_starts_with(word, "--resume="))
            resumed = sv_of(strchr(word, '=') + 1);
        else if (is_option(word, "--resume", "-r"))
            resumed = sv_of(next);
        else if (str_starts_with(word, "--session-id="))
            given = sv_of(strchr(word, '=') + 1);
        else if (is_option(word, "--session-id", NULL))
            given = sv_of(next);
    }
    if (sv_ends_with(resumed, SV(".jsonl"))) {
        const char *name = str_basename(resumed.p);
        resumed = (struct sv){name, resumed.n - (size_t)(name - resumed.p) - 6};
    }
    struct sv id = given.n ? given : forks ? (struct sv){0} : resumed;
    if (!str_is_uuid(id))
        return false;
    *session_id = id;
    return true;
}

static bool has_argument(const struct proc_strings *argv, const char *long_name,
                         const char *short_name)
{
    for (size_t i = 1; argv && i < argv->count && !str_equals(argv->items[i], "--"); i++)
        if (is_option(argv->items[i], long_name, short_name))
            return true;
    return false;
}

/* Entrypoints seen in the client (2.1.197): cli, sdk-cli (claude -p), sdk-ts, sdk-py,
 * claude-vscode, claude-desktop, mcp, remote..., local-agent. */
static enum sr_kind claude_kind(const char *registered_kind, const char *entrypoint,
                                const struct proc_strings *argv)
{
    if (str_equals(registered_kind, "bg"))
        return SR_KIND_BACKGROUND;
    if (entrypoint) {
        if (str_equals(entrypoint, "sdk-cli"))
            return SR_KIND_PRINT;
        if (str_starts_with(entrypoint, "sdk-"))
            return SR_KIND_SDK;
        if (str_equals(entrypoint, "cli"))
            return SR_KIND_INTERACTIVE;
        if (str_starts_with(entrypoint, "claude-") || strstr(entrypoint, "jetbrains"))
            return SR_KIND_EDITOR;
    }
    if (has_argument(argv, "--print", "-p"))
        return SR_KIND_PRINT;
    return str_equals(registered_kind, "interactive") ? SR_KIND_INTERACTIVE : SR_KIND_UNKNOWN;
}

static struct agent_api claude_api(const struct proc_strings *argv,
                                   const struct proc_strings *environment,
                                   const struct agent_store *store)
{
    static const char *const others[] = {"CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX"};
    const char *url = proc_variable(environment, "ANTHROPIC_BASE_URL");
    const char *proxy = model_proxy_of(environment);
    const char *timeout_ms = proc_variable(environment, "API_TIMEOUT_MS");
    struct agent_api api = {.port = 443, .is_first_party = true};
    (void)argv;
    (void)store;
    if (url && *url) {
        api.port = model_port_of_url(url);
        api.is_first_party = strstr(url, "://api.anthropic.com") != NULL;
    }
    if (proxy)
        api.port = model_port_of_url(proxy);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (proc_variable(environment, others[i]))
            api.is_first_party = false;
    if (proc_variable(environment, "_CLAUDE_CODE_ASSUME_FIRST_PARTY_BASE_URL"))
        api.is_first_party = true;
    if (timeout_ms)
        api.api_timeout_s = strtol(timeout_ms, NULL, 10) / 1000;
    return api;
}

static bool claude_is_question_tool(const char *name)
{
    return str_equals(name, "AskUserQuestion") || str_equals(name, "ExitPlanMode");
}

static bool claude_is_native(const char *exe)
{
    return exe && !is_runtime(exe);
}

/* "claude-opus-4-7-20260101", "us.anthropic.claude-sonnet-5-v1:0": 4007, 5000. 0: no such name;
 * older ones have the number before the family ("claude-3-5-sonnet"). */
static int model_version(const char *model, struct sv *family)
{
    const char *at = strstr(model, "claude-");
    if (!at)
        return 0;
    at += strlen("claude-");
    size_t n = strcspn(at, "-");
    if (at[n] != '-' || strspn(at, "abcdefghijklmnopqrstuvwxyz") != n)
        return 0;
    *family = (struct sv){at, n};
    char *end;
    long major = strtol(at + n + 1, &end, 10), minor = 0;
    if (end == at + n + 1 || major <= 0 || major > 99)
        return 0;
    if (*end == '-' && strspn(end + 1, "0123456789") <= 2)
        minor = strtol(end + 1, NULL, 10);
    return (int)(major * 1000 + minor);
}

/*
 * By the table of models in 2.1.330: a million tokens for opus from 4.7 on and for every family
 * from 5 on, 200000 for the rest, a million where "[1m]" asks for it. Names that are not in the
 * vendor's form are taken for the smaller: a backup too early harms nobody.
 */
static int64_t claude_context_window(const char *model, const char *asked)
{
    enum { USUAL = 200000, LONG = 1000000 };
    struct sv family;
    if (!model)
        return 0;
    if (strstr(model, "[1m]"))
        return LONG;
    const char *suffix = asked ? strstr(asked, "[1m]") : NULL;
    struct sv name = {asked, suffix ? (size_t)(suffix - asked) : 0};
    if (name.n && sv_find(sv_of(model), 0, name) < strlen(model))
        return LONG;
    int version = model_version(model, &family);
    return version >= 5000 || (version >= 4007 && sv_equals(family, SV("opus"))) ? LONG : USUAL;
}

static const char *claude_asked_model(const struct proc_strings *argv,
                                      const struct proc_strings *environment)
{
    for (size_t i = 1; argv && i < argv->count && !str_equals(argv->items[i], "--"); i++) {
        if (str_starts_with(argv->items[i], "--model="))
            return strchr(argv->items[i], '=') + 1;
        if (str_equals(argv->items[i], "--model") && i + 1 < argv->count)
            return argv->items[i + 1];
    }
    return environment ? proc_variable(environment, "ANTHROPIC_MODEL") : NULL;
}

static void claude_resume(struct buf *out, const char *session_id)
{
    buf_addf(out, "claude --resume %s", session_id);
}

static void claude_attach(struct buf *out, const char *job_id)
{
    buf_addf(out, "claude attach %s", job_id);
}

static const struct agent_process process = {
    .could_be = claude_could_be,
    .role = claude_role,
    .is_program = claude_is_program,
    .is_native = claude_is_native,
    .session_in_argv = claude_session_in_argv,
    .kind = claude_kind,
    .entrypoint_variable = "CLAUDE_CODE_ENTRYPOINT",
};

static const struct agent_home home = {
    .config_dir = claude_config_dir,
    .read_settings = claude_read_settings,
    .variable = "CLAUDE_CONFIG_DIR",
    .temporary_variable = "CLAUDE_CODE_TMPDIR",
};

static const struct agent_stored stored = {
    .is_id = str_is_uuid,
    .begins_id = agent_begins_uuid,
    .ids_ignore_case = true,
    .top = "projects",
    .suffix = ".jsonl",
    .split = claude_split_transcript,
    .project_folder = claude_project_folder,
    .list_folder = claude_list_folder,
    .list_all = claude_list_all,
    .find = claude_find_transcript,
    .list_subagents = claude_list_subagents,
    .is_archived = claude_is_archived,
    .list_watched = claude_list_watched,
    .watched_suffixes = (const char *const[]){".json", ".jsonl", NULL},
};

static const struct agent_bundle bundle = {
    .list_files = claude_list_files,
    .linked_parts = claude_linked_parts,
    .renamed = claude_renamed,
};

static const struct agent_commands commands = {
    .resume = claude_resume,
    .takes_file = true,
    .attach = claude_attach,
};

static const struct agent_registry registry = {
    .read = claude_read_registry,
    .is_swept = true,
};

static const struct agent_children children = {
    .started_for = claude_child,
    .session_variable = "CLAUDE_CODE_SESSION_ID",
};

static const struct agent_history history = {
    .file = "history.jsonl",
    .read_end = claude_read_prompts,
    .read = claude_read_all_prompts,
    .list_sessions = claude_list_prompted,
};

static const struct agent_remains remains = {
    .list_strays = claude_list_strays,
    .list_traces = claude_list_traces,
    .part_of = claude_part_of,
    .subagent_name = claude_subagent_name,
};

static const struct agent_saves saves = {
    .nothing = claude_saves_nothing,
    .takes_up = claude_takes_up,
    .has_side_files = claude_has_side_files,
};

static const struct agent_tools tools = {
    .is_mcp = common_is_mcp_tool,
    .mcp_server = common_mcp_server,
    .is_question = claude_is_question_tool,
};

static const struct agent_model model = {
    .api = claude_api,
    .context_window = claude_context_window,
    .asked = claude_asked_model,
    .variable = "ANTHROPIC_MODEL",
};

static const struct agent_terminal terminal = {
    .read = claude_screen_read,
    .read_prompt = claude_screen_prompt,
};

static const struct agent_control control = {
    .shows_dialog = claude_shows_dialog,
    .asks_again = true,
    .keeps_raw_mode = true,
};

static const struct agent_repair repair = {
    .id_member = "sessionId",
};

static const struct agent_salvage salvage = {
    .recall = claude_recall,
    .find = memory_search_find,
    .find_typed = memory_search_find_typed,
    .add_records = claude_add_reply,
};

const struct agent agent_claude = {
    .name = "claude",
    .title = "Claude",
    .product = "Claude Code",
    .vendor = "anthropic",
    .process = &process,
    .home = &home,
    .stored = &stored,
    .bundle = &bundle,
    .reader = &event_claude,
    .commands = &commands,
    .registry = &registry,
    .children = &children,
    .history = &history,
    .remains = &remains,
    .saves = &saves,
    .tools = &tools,
    .model = &model,
    .terminal = &terminal,
    .control = &control,
    .repair = &repair,
    .salvage = &salvage,
    .timing = &claude_timing,
};
