#include "agents/bun_program.h"

#include "base/arena.h"
#include "base/io/fs.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SECTION_LIMIT = 512,     /* programs seen have 42 and 48 */
    NAMES_LIMIT = 64 * 1024, /* of all sections; some 600 bytes */
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

enum fact bun_program_is(int fd)
{
    Elf64_Ehdr header;
    if (!read_all(fd, &header, sizeof header, 0) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 ||
        (header.e_shnum > 0 && header.e_shentsize != sizeof(Elf64_Shdr)))
        return FACT_UNKNOWN;
    return ends_as_bun_ends(fd) ? FACT_YES : has_section(fd, &header, ".bun");
}

enum fact bun_program_runs(const struct proc *proc, pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "%d/exe", (int)pid);
    FS_CLOSE int fd = openat(proc->fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? FACT_UNKNOWN : bun_program_is(fd);
}
