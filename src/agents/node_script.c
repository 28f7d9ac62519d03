#include "agents/node_script.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static bool is_runtime(const char *name)
{
    return str_starts_with(name, "node") || str_equals(name, "bun");
}

bool node_script_could_be(const char *exe, const char *name)
{
    return is_runtime(exe ? str_basename(exe) : name);
}

size_t node_script_at(const struct proc_strings *argv)
{
    size_t i = 1;
    while (i < argv->count && argv->items[i][0] == '-')
        i++;
    return i;
}

bool node_script_is_vendor(const struct node_script *s, const char *script)
{
    return strstr(script, s->vendor) != NULL;
}

bool node_script_may_be_link(const struct node_script *s, const char *script)
{
    return str_equals(str_basename(script), s->link);
}

enum fact node_script_is_program(const struct node_script *s, const struct proc *proc, pid_t pid,
                                 const struct agent_look *look)
{
    size_t at = node_script_at(look->argv);
    const char *script = at < look->argv->count ? look->argv->items[at] : NULL;
    char real[PATH_MAX];
    if (!proc->is_live || !script || !node_script_may_be_link(s, script) ||
        node_script_is_vendor(s, script))
        return FACT_UNKNOWN;
    ARENA_RELEASE struct arena a = {0};
    const char *cwd = NULL;
    enum fact found = FACT_UNKNOWN;
    if (script[0] == '/' || proc_read_cwd(proc, pid, &a, &cwd) == 0) {
        const char *path = script[0] == '/' ? script : arena_printf(&a, "%s/%s", cwd, script);
        if (realpath(arena_printf(&a, "%s%s", proc_root_of(&a, pid), path), real))
            found = node_script_is_vendor(s, real) ? FACT_YES : FACT_NO;
    }
    return found;
}

static bool takes_value(const struct node_script *s, const char *word)
{
    for (const char *const *name = s->options; *name; name++)
        if (str_equals(word, *name))
            return true;
    return false;
}

const char *node_script_first_word(const struct node_script *s, const struct proc_strings *argv)
{
    for (size_t i = node_script_at(argv) + 1; i < argv->count; i++) {
        const char *word = argv->items[i];
        if (str_equals(word, "--"))
            return NULL;
        if (word[0] != '-')
            return word;
        i += takes_value(s, word);
    }
    return NULL;
}

bool node_script_has_option(const struct proc_strings *argv, const char *long_name,
                            const char *short_name)
{
    for (size_t i = node_script_at(argv) + 1; i < argv->count; i++) {
        const char *word = argv->items[i];
        size_t n = strlen(long_name);
        if (str_equals(word, "--"))
            return false;
        if (str_equals(word, short_name) ||
            (strncmp(word, long_name, n) == 0 && (!word[n] || word[n] == '=')))
            return true;
    }
    return false;
}

struct sv node_script_value(const struct proc_strings *argv, const char *const *names)
{
    struct sv value = {0};
    for (size_t i = node_script_at(argv) + 1; i < argv->count; i++) {
        const char *word = argv->items[i];
        if (str_equals(word, "--"))
            break;
        for (const char *const *name = names; *name; name++) {
            size_t n = strlen(*name);
            if (str_equals(word, *name) && i + 1 < argv->count)
                value = sv_of(argv->items[i + 1]);
            else if (strncmp(word, *name, n) == 0 && word[n] == '=')
                value = sv_of(word + n + 1);
        }
    }
    return value;
}
