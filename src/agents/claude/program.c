#include "agents/claude/program.h"

#include "base/json.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKAGE "@anthropic-ai/claude-code"

enum {
    SECTION_LIMIT = 512,       /* the clients have 42 and 48 */
    NAMES_LIMIT = 64 * 1024,   /* of all sections; some 600 bytes */
    PACKAGE_LIMIT = 64 * 1024, /* a package.json: 1 kB */
    TAIL_SIZE = 64,
};

static bool read_all(int fd, void *bytes, size_t n, uint64_t offset)
{
    return offset <= INT64_MAX && fs_read_at(fd, bytes, n, (int64_t)offset) == (ssize_t)n;
}

/* Before Bun made a section of it: the file ends in "\n---- Bun! ----\n" and the offset of what it
 * closes. */
static bool ends_as_bun_ends(int fd)
{
    struct stat st;
    char tail[TAIL_SIZE];
    if (fstat(fd, &st) < 0 || st.st_size < TAIL_SIZE ||
        !read_all(fd, tail, sizeof tail, (uint64_t)st.st_size - sizeof tail))
        return false;
    return memmem(tail, sizeof tail, "\n---- Bun! ----\n", 16) != NULL;
}

static enum fact has_section(int fd, const Elf64_Ehdr *header, const char *wanted)
{
    enum fact found = FACT_UNKNOWN;
    size_t n = header->e_shnum;
    Elf64_Shdr *sections = mem_resize(NULL, SECTION_LIMIT * sizeof *sections);
    char *names = mem_resize(NULL, NAMES_LIMIT);
    if (n <= SECTION_LIMIT && header->e_shstrndx < n &&
        read_all(fd, sections, n * sizeof *sections, header->e_shoff)) {
        const Elf64_Shdr *table = &sections[header->e_shstrndx];
        uint64_t size = table->sh_size;
        if (size > 0 && size <= NAMES_LIMIT && read_all(fd, names, size, table->sh_offset) &&
            names[size - 1] == '\0') {
            found = FACT_NO;
            for (size_t i = 0; i < n; i++)
                if (sections[i].sh_name < size && strcmp(names + sections[i].sh_name, wanted) == 0)
                    found = FACT_YES;
        }
    }
    free(sections);
    free(names);
    return n == 0 ? FACT_NO : found;
}

enum fact claude_program_is_native(int fd)
{
    Elf64_Ehdr header;
    if (!read_all(fd, &header, sizeof header, 0) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 ||
        (header.e_shnum > 0 && header.e_shentsize != sizeof(Elf64_Shdr)))
        return FACT_UNKNOWN;
    return ends_as_bun_ends(fd) ? FACT_YES : has_section(fd, &header, ".bun");
}

/* The package.json in the folder of a file. */
static bool is_packaged(const char *path)
{
    struct arena a = {0};
    const char *slash = strrchr(path, '/');
    const char *beside =
        arena_printf(&a, "%.*s/package.json", (int)(slash ? slash - path : 0), path);
    struct sv text;
    const struct json_value *root;
    bool is_it = fs_read_small(AT_FDCWD, beside, PACKAGE_LIMIT, &a, &text) == 0 &&
                 json_parse(&a, text, &root) == 0 &&
                 str_equals(json_copy_text(&a, root, "name"), PACKAGE);
    arena_release(&a);
    return is_it;
}

enum fact claude_program_is_script(const char *root, const char *cwd, const char *path)
{
    if (path[0] != '/' && !cwd)
        return FACT_UNKNOWN;
    struct arena a = {0};
    char link[64], real[PATH_MAX];
    const char *below = str_equals(root, "/") ? "" : root;
    const char *file = path[0] == '/' ? arena_printf(&a, "%s%s", below, path)
                                      : arena_printf(&a, "%s%s/%s", below, cwd, path);
    enum fact found = FACT_UNKNOWN;
    FS_CLOSE int fd = open(file, O_PATH | O_CLOEXEC);
    if (fd >= 0) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, real, sizeof real - 1);
        real[n < 0 ? 0 : n] = '\0';
        found = strstr(real, "/" PACKAGE "/") || is_packaged(file) || is_packaged(real) ? FACT_YES
                                                                                        : FACT_NO;
    }
    arena_release(&a);
    return found;
}
