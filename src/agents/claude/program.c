#include "agents/claude/program.h"

#include "base/io/fs.h"
#include "base/io/os.h"
#include "base/json.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#define PACKAGE "@anthropic-ai/claude-code"

enum { PACKAGE_LIMIT = 64 * 1024 }; /* a package.json: 1 kB */

/* The package.json in the folder of a file. */
static bool is_packaged(const char *path)
{
    ARENA_RELEASE struct arena a = {0};
    const char *slash = strrchr(path, '/');
    const char *beside =
        arena_printf(&a, "%.*s/package.json", (int)(slash ? slash - path : 0), path);
    struct sv text;
    const struct json_value *root;
    return fs_read_small(AT_FDCWD, beside, PACKAGE_LIMIT, &a, &text) == 0 &&
           json_parse(&a, text, &root) == 0 &&
           str_equals(json_copy_text(&a, root, "name"), PACKAGE);
}

enum fact claude_program_is_script(const char *root, const char *cwd, const char *path)
{
    if (path[0] != '/' && !cwd)
        return FACT_UNKNOWN;
    ARENA_RELEASE struct arena a = {0};
    char real[PATH_MAX];
    const char *below = str_equals(root, "/") ? "" : root;
    const char *file = path[0] == '/' ? arena_printf(&a, "%s%s", below, path)
                                      : arena_printf(&a, "%s%s/%s", below, cwd, path);
    enum fact found = FACT_UNKNOWN;
    if (os_resolve(file, real, sizeof real) == 0)
        found = strstr(real, "/" PACKAGE "/") || is_packaged(file) || is_packaged(real) ? FACT_YES
                                                                                        : FACT_NO;
    return found;
}
