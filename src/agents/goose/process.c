/* Goose as a process: one program, told from others of that name by its command line. */
#include "agents/common.h"
#include "agents/goose/goose.h"

#include <string.h>

static bool could_be(const char *exe, const char *name)
{
    const char *own = exe ? str_basename(exe) : name;
    return own[0] == 'g' && str_in(own, "goose goosed");
}

static bool takes_value(const char *word)
{
    return str_in(word, "-i -n -t --builtin --debug-port --extension --host --instructions "
                        "--max-turns --model --name --params --path --port --provider --recipe "
                        "--remote-extension --session-id --streamable-http-extension --sub-recipe "
                        "--system --text --with-builtin --with-extension");
}

/* The n-th word that is no option; NULL: there are fewer. */
static const char *word_at(const struct proc_strings *argv, size_t n)
{
    for (size_t i = 1; i < argv->count; i++) {
        if (argv->items[i][0] == '-')
            i += takes_value(argv->items[i]);
        else if (n-- == 0)
            return argv->items[i];
    }
    return NULL;
}

static bool has_word(const struct proc_strings *argv, const char *words)
{
    for (size_t i = 1; i < argv->count; i++)
        if (str_in(argv->items[i], words))
            return true;
    return false;
}

/* A tool for databases is called goose, too: a command that only this one has says which it is. */
static enum agent_role role_of(const struct agent_look *look)
{
    if (!look->exe || !could_be(look->exe, look->name))
        return AGENT_NO;
    const char *word = word_at(look->argv, 0);
    if (str_equals(str_basename(look->exe), "goosed"))
        return str_equals(word, "agent") ? AGENT_SERVER : AGENT_HELPER;
    if (!word || !str_in(word, "session s run acp web serve mcp configure recipe schedule"))
        return AGENT_NO;
    if (str_in(word, "mcp configure recipe schedule") || has_word(look->argv, "--help -h"))
        return AGENT_HELPER;
    if (str_in(word, "acp web serve"))
        return AGENT_SERVER;
    bool is_other = str_in(word, "session s") &&
                    str_in(word_at(look->argv, 1), "list remove export import diagnostics");
    return is_other ? AGENT_HELPER : AGENT_SESSION;
}

/* "--session-id ID", "--session-id=ID" */
static bool session_in_argv(const struct proc_strings *argv, struct sv *session_id)
{
    static const char option[] = "--session-id";
    struct sv id = {0};
    for (size_t i = 1; i < argv->count; i++) {
        const char *word = argv->items[i];
        if (str_equals(word, option) && i + 1 < argv->count)
            id = sv_of(argv->items[i + 1]);
        else if (str_starts_with(word, "--session-id="))
            id = sv_of(word + sizeof option);
    }
    if (!goose_is_id(id))
        return false;
    *session_id = id;
    return true;
}

static enum sr_kind kind_of(const char *registered_kind, const char *entrypoint,
                            const struct proc_strings *argv)
{
    (void)registered_kind;
    (void)entrypoint;
    const char *word = word_at(argv, 0);
    return str_equals(word, "run")                   ? SR_KIND_PRINT
           : str_equals(word, "acp")                 ? SR_KIND_EDITOR
           : word && str_in(word, "web serve agent") ? SR_KIND_SERVER
                                                     : SR_KIND_UNKNOWN;
}

static const char *config_dir(struct arena *a, const struct proc_strings *environment,
                              const char *home, bool *is_default)
{
    const char *root = proc_variable(environment, "GOOSE_PATH_ROOT");
    const char *data =
        common_home(a, environment, "XDG_DATA_HOME", "/.local/share", home, is_default);
    if (root && *root) {
        *is_default = false;
        return arena_printf(a, "%s/data", root);
    }
    return data ? arena_printf(a, "%s/goose", data) : NULL;
}

/* "20250921_3": the day, and which of that day. */
static bool begins_id(const char *word)
{
    size_t n = strlen(word);
    return n >= 10 && n <= 20 && strspn(word, "0123456789") == 8 && word[8] == '_' &&
           strspn(word + 9, "0123456789") == n - 9;
}

bool goose_is_id(struct sv id)
{
    char word[24];
    if (id.n >= sizeof word || (id.n && memchr(id.p, '\0', id.n)))
        return false;
    memcpy(word, id.n ? id.p : "", id.n);
    word[id.n] = '\0';
    return begins_id(word);
}

static void add_resume(struct buf *out, const char *session_id)
{
    buf_addf(out, "goose session --resume --session-id %s", session_id);
}

/* It is put back by nothing yet. */
static const struct agent_process process = {
    .could_be = could_be,
    .role = role_of,
    .session_in_argv = session_in_argv,
    .kind = kind_of,
};

static const struct agent_home home = {
    .config_dir = config_dir,
    .variable = "XDG_DATA_HOME",
    .below_variable = "/goose",
};

static const struct agent_stored stored = {
    .is_id = goose_is_id,
    .begins_id = begins_id,
    .project_folder = goose_project_folder,
    .list_folder = goose_list_folder,
    .list_all = goose_list_all,
    .find = goose_find,
};

static const struct agent_bundle bundle = {
    .list_files = goose_list_files,
};

static const struct agent_records records = {
    .write = goose_write_rows,
    .stamp = goose_stamp_rows,
    .kind = "rows",
    .file = GOOSE_DATABASE,
};

static const struct agent_commands commands = {
    .resume = add_resume,
};

const struct agent agent_goose = {
    .name = "goose",
    .title = "Goose",
    .product = "Goose",
    .vendor = "goose",
    .process = &process,
    .home = &home,
    .stored = &stored,
    .bundle = &bundle,
    .reader = &event_goose,
    .commands = &commands,
    .records = &records,
};
