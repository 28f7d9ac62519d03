/*
 * os: file operations that each operating system does with a call of its own.
 *
 * Outside src/platform only this module knows which system this is: base comes
 * before platform and may not include it. os_linux.c is for Linux; another
 * system gets another file with the same functions (doc/platforms.md says what
 * to answer when a call is missing). Functions that return int return 0, a
 * descriptor, or a negative errno.
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

struct stat;
/* As fstatat, of type, size and time of change alone, and without asking a server for what is known
 * of them here. */
int os_look(int at, const char *path, struct stat *out);

/* The path by which an open file is found now, ended by NUL, cut to size. */
int os_path_of(int fd, char *path, size_t size);
/* A path as the system resolves it, which below /proc/PID/root a look at its links does not. */
int os_resolve(const char *path, char *real, size_t size);

/* A nameless file in a folder. -EOPNOTSUPP: the file system cannot do this. Owner: the caller. */
int os_create_unnamed(int at, const char *folder, int mode);

/* A nameless file in memory only; name: shown to people who look at this process. Owner: the
 * caller.
 */
int os_create_in_memory(const char *name);

/* Reserves room for n bytes, so that a full disk shows before anything is written; the size stays.
 * -ENOSPC, -EDQUOT; 0 also when the file system cannot reserve. */
int os_reserve(int fd, int64_t offset, size_t n);

/* Renames unless something has the new name: then -EEXIST. -EOPNOTSUPP: not possible in one call.
 */
int os_rename_new(int from_at, const char *from, int to_at, const char *to);
/* Swaps two names. -EOPNOTSUPP. */
int os_exchange(int at, const char *a, const char *b);

/* Returns 0 also when there is no list, or the file system has none. */
int os_copy_access_list(int to, int from);

/* Makes an empty file share the blocks of another. -EOPNOTSUPP and others: it does not. */
int os_clone(int to, int from);

/* Starts writing bytes to the disk; does not wait for them to get there. */
void os_write_out(int fd, int64_t from, int64_t n);

/* The file is in memory only: there is no disk to read it back from. True when not known. */
bool os_is_in_memory(int fd);

/* The file system keeps a mode that is set, and enforces it. True when not known. */
bool os_keeps_modes(int fd);

/* Whether a page of the file is in the cache; true when that cannot be asked. */
bool os_is_cached(int fd, int64_t size_bytes);

/* Makes reads bypass the cache from now on, in pieces of that alignment, or use it again. Returns:
 * whether it does; false when a file system accepts the request but may ignore it. */
bool os_read_around_cache(int fd, bool around, size_t alignment);
