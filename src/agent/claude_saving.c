#include "agent/claude_saving.h"

#include "base/fs.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum {
    HISTORY_READ = 128 * 1024
}; /* of its end; a prompt with what was pasted takes 1 kB at most */

/* ---- prompts ------------------------------------------------------------------------------ */

/*
 * Commands of the client, of the shell, and notes need not become records, or not before they are
 * over; and /clear stands with the session that it ends.
 */
static bool is_said_to_model(struct sv display)
{
    return display.n && !strchr("/!#", display.p[0]);
}

/* Returns: the line is a prompt; its time, where it has one, is taken note of in any case. */
static bool read_prompt(struct arena *a, struct sv line, struct agent_prompt *out)
{
    const struct json_value *root;
    struct sv id, display;
    *out = (struct agent_prompt){0};
    if (json_parse(a, line, &root) < 0 || !json_integer(json_get(root, "timestamp"), &out->at.ms))
        return false;
    if (!json_string(json_get(root, "sessionId"), &id) ||
        !json_string(json_get(root, "display"), &display))
        return false;
    out->session_id = arena_strndup(a, id.p, id.n);
    out->text = arena_strndup(a, display.p, display.n);
    return is_said_to_model(display);
}

static void take_prompts(struct arena *a, struct sv text, struct agent_prompts *out)
{
    void *items = NULL;
    size_t capacity = 0;
    for (size_t at = 0, end; at < text.n; at = end + 1) {
        struct agent_prompt prompt;
        end = sv_find(text, at, SV("\n"));
        if (end == text.n)
            break; /* a line that is being written, or was torn */
        bool is_prompt = read_prompt(a, sv_slice(text, at, end), &prompt);
        if (!wall_known(out->known_since) && wall_known(prompt.at))
            out->known_since = prompt.at;
        if (is_prompt)
            *(struct agent_prompt *)arena_push(a, &items, &out->count, &capacity, sizeof prompt) =
                prompt;
    }
    out->items = items;
}

int claude_read_prompts(const struct agent_store *store, struct agent_prompts *out)
{
    struct fs_file file;
    int r = fs_open_file(store->fd, "history.jsonl", &file);
    if (r < 0)
        return r;
    FS_CLOSE int fd = file.fd;
    int64_t from = file.size_bytes > HISTORY_READ ? file.size_bytes - HISTORY_READ : 0;
    char *bytes = arena_alloc(store->arena, HISTORY_READ);
    ssize_t n = fs_read_at(fd, bytes, HISTORY_READ, from);
    if (n < 0)
        return (int)n;
    struct sv text = {bytes, (size_t)n};
    struct agent_prompts found = {0};
    if (from) {
        size_t first = sv_find(text, 0, SV("\n"));
        text = sv_slice(text, first < text.n ? first + 1 : first, text.n);
    }
    take_prompts(store->arena, text, &found);
    if (from == 0)
        found.known_since = (struct wall){0};
    found.is_whole = from == 0;
    *out = found;
    return 0;
}

/* ---- by wish ------------------------------------------------------------------------------ */

/* As the client reads a switch. */
static bool is_on(const struct proc_strings *environment, const char *name)
{
    static const char *const words[] = {"1", "true", "yes", "on"};
    const char *value = environment ? proc_variable(environment, name) : NULL;
    for (size_t i = 0; value && i < sizeof words / sizeof *words; i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}

/*
 * CLAUDE_CODE_CHILD_SESSION is for what a tool starts: an interactive client that inherits it is in
 * no registry and saves nothing (2.1.197), unless tmux's own environment has it too, which cannot
 * be seen from here. Before, it had no meaning, and the client registers itself.
 */
const char *claude_saves_nothing(const struct agent_saving *client, bool *is_certain)
{
    const struct proc_strings *environment = client->environment;
    *is_certain = true;
    for (size_t i = 1; i < client->argv->count; i++)
        if (str_equals(client->argv->items[i], "--no-session-persistence"))
            return "--no-session-persistence";
    if (is_on(environment, "CLAUDE_CODE_SKIP_PROMPT_HISTORY"))
        return "CLAUDE_CODE_SKIP_PROMPT_HISTORY";
    if (!is_on(environment, "CLAUDE_CODE_CHILD_SESSION") ||
        is_on(environment, "CLAUDE_CODE_FORCE_SESSION_PERSISTENCE") || client->is_registered ||
        client->kind != SR_KIND_INTERACTIVE)
        return NULL;
    *is_certain = !proc_variable(environment, "TMUX");
    return "CLAUDE_CODE_CHILD_SESSION";
}

/* ---- what lies beside --------------------------------------------------------------------- */

enum fact claude_has_side_files(const struct agent_store *store, const char *folder,
                                const char *session_id)
{
    static const char *const names[] = {"tool-results", "subagents"};
    enum fact found = FACT_NO;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct stat st;
        const char *path = arena_printf(store->arena, "%s/%s/%s", folder, session_id, names[i]);
        int r = fstatat(store->fd, path, &st, 0) < 0 ? -errno : 0;
        struct lookup lookup = lookup_of(r, path);
        if (lookup.state == LOOKUP_FOUND)
            return FACT_YES;
        if (lookup.state == LOOKUP_UNKNOWN)
            found = FACT_UNKNOWN;
    }
    return found;
}
