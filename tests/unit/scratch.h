/*
 * scratch: a temporary folder, and small files in it, for tests of what reads
 * and writes files. All paths are below scratch_path.
 */
#pragma once

#include "unit.h"

#include "base/arena.h"
#include "base/io/fs.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_path[64];
static struct arena scratch_arena;

static inline int scratch_setup(void **state)
{
    (void)state;
    strcpy(scratch_path, "/tmp/sr-unit-XXXXXX");
    return mkdtemp(scratch_path) ? 0 : -1;
}

static inline int scratch_teardown(void **state)
{
    (void)state;
    const char *command =
        arena_printf(&scratch_arena, "chmod -R u+rwx %s; rm -rf %s", scratch_path, scratch_path);
    int r = system(command);
    arena_release(&scratch_arena);
    return r;
}

static inline const char *scratch(const char *name)
{
    return arena_printf(&scratch_arena, "%s/%s", scratch_path, name);
}

/* Writes a file, with the folders that it is in. */
static inline void scratch_write(const char *name, const char *text, size_t n)
{
    char *path = arena_strdup(&scratch_arena, scratch(name));
    for (char *p = path + strlen(scratch_path) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(path, 0755);
        *p = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static inline void scratch_put(const char *name, const char *text)
{
    scratch_write(name, text, strlen(text));
}

static inline void scratch_append(const char *name, const char *text)
{
    FILE *file = fopen(scratch(name), "a");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* Returns: what a file holds; NULL where there is none. */
static inline struct sv scratch_read(const char *name)
{
    struct sv text;
    if (fs_read_small(AT_FDCWD, scratch(name), 64 * 1024 * 1024, &scratch_arena, &text) < 0)
        return (struct sv){NULL, 0};
    return text;
}

static inline bool scratch_has(const char *name)
{
    struct stat st;
    return lstat(scratch(name), &st) == 0;
}

static inline unsigned scratch_mode(const char *name)
{
    struct stat st;
    return lstat(scratch(name), &st) == 0 ? st.st_mode & 0777 : 0xffff;
}
