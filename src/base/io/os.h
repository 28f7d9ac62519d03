/*
 * os: what of files each operating system does by a call of its own.
 *
 * The one place below src/platform that knows which system this is: base stands
 * before it, and may not include it. os_linux.c is Linux; a further system is a
 * further file with the same names (doc/platforms.md says what one that lacks a
 * call answers). Those of type int return 0, a descriptor, or a negative errno.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far a path may lead. Never through the links below /proc. */
enum os_bounds {
    OS_ANYWHERE,
    OS_BENEATH,  /* of at, its links too: else -EXDEV */
    OS_NO_LINKS, /* beneath, and through none */
    OS_AS_ROOT,  /* at is "/" for the path and its links */
};

/* -ENOSYS: no such call, and nothing was opened. Owner: the caller. */
int os_open(int at, const char *path, int flags, enum os_bounds bounds);

/* A file without a name in a folder. -EOPNOTSUPP: the file system has none. Owner: the caller. */
int os_create_unnamed(int at, const char *folder, int mode);

/* A file without a name that lies in memory alone; name: for people who look at this process.
 * Owner: the caller. */
int os_create_in_memory(const char *name);

/* Takes room for n bytes, so that a full disk is met before one is written; the size stays.
 * -ENOSPC, -EDQUOT; 0 too where that cannot be done. */
int os_reserve(int fd, int64_t offset, size_t n);

/* Renames, where nothing has the new name: else -EEXIST. -EOPNOTSUPP: not by one call. */
int os_rename_new(int from_at, const char *from, int to_at, const char *to);
/* Gives two their names in turn. -EOPNOTSUPP. */
int os_exchange(int at, const char *a, const char *b);

/* 0 also where there is none, or the file system has none. */
int os_copy_access_list(int to, int from);

/* Makes an empty file share the blocks of another. -EOPNOTSUPP and others: it does not. */
int os_clone(int to, int from);

/* Has bytes that were written on their way to the disk; nothing is said of whether they got there.
 */
void os_write_out(int fd, int64_t from, int64_t n);

/* It lies in memory alone: there is no disk to read it back from. True where that is not known. */
bool os_is_in_memory(int fd);

/* A mode that is set there stays, and says who may. True where that is not known. */
bool os_keeps_modes(int fd);

/* Whether a page of the file is in the cache; true where that cannot be asked. */
bool os_is_cached(int fd, int64_t size_bytes);

/* Reads go around the cache from now on, by pieces of that alignment, or through it again. Returns:
 * whether it is so; false where a file system takes the wish and may not heed it. */
bool os_read_around_cache(int fd, bool around, size_t alignment);
