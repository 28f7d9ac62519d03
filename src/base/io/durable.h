/*
 * durable: files that are whole after a crash, or not there at all.
 *
 * Always in this order: create under a new name, write, durable_sync,
 * durable_publish under the final name, which also syncs the folder. New files
 * are readable by their owner only (0700, 0600), whatever the umask. Only
 * durable_replace and durable_exchange replace anything. durable_append adds to
 * a file that exists.
 *
 * All return 0 (or a descriptor) or a negative errno, and go on after EINTR.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* openat with O_CLOEXEC; a file that O_CREAT makes is the owner's alone. */
int durable_open(int at, const char *name, int flags);

/* Creates a file for reading and writing. Returns: its descriptor; -EEXIST where the name is taken.
 */
int durable_create(int at, const char *name);

/* Creates a nameless file for reading and writing, on the file system of a folder. It is gone when
 * closed. Returns: a descriptor; -EOPNOTSUPP and others when the file system cannot do this. */
int durable_create_unnamed(int at, const char *folder);

/*
 * Makes every missing folder of a path, and syncs each into its parent. Without
 * follows_links, a link among the existing folders gives -ELOOP or -ENOTDIR.
 * Returns: a descriptor of the last folder.
 */
int durable_make_dirs(int at, const char *path, bool follows_links);

/* Writes all of it, past short writes. */
int durable_write(int fd, const char *bytes, size_t n);
int durable_sync(int fd);

/*
 * Appends to a file that others append to, all or nothing: under a lock, with
 * the space reserved first if the file system can, in one write, synced and read
 * again. If the last line lacks its end, closing ("\n") is written first. On
 * failure what was written is cut off again, unless somebody without the lock
 * has appended after it: then -ENOTRECOVERABLE, and the torn piece stays.
 *
 * fd: opened with O_RDWR and O_APPEND. Blocks: while another of us appends, ten
 * seconds at most (-EBUSY).
 */
int durable_append(int fd, const char *closing, const char *bytes, size_t n);

/* Gives a finished file or folder its final name, and syncs the folder to_at. -EEXIST: the name is
 * taken. */
int durable_publish(int from_at, const char *from, int to_at, const char *to);

/* Replaces an existing file with a finished one; syncs the folder to_at. */
int durable_replace(int from_at, const char *from, int to_at, const char *to);

/* Swaps the names of two files in one step. -EOPNOTSUPP: the file system cannot do that. */
int durable_exchange(int at, const char *a, const char *b);

/* Removes a file, or a folder with all that is in it; follows no link. Returns: 0 also when there
 * is none. */
int durable_remove(int at, const char *name);

/*
 * Gives a file with mode 0600 the owner, group, access list and mode of another. On failure
 * (-EPERM: the caller may not) the mode is still 0600.
 */
int durable_take_rights(int fd, int other);

/* Is there room for so many bytes on the file system of fd? shown: its path, for the message.
 * Returns: 0, -ENOSPC, or another negative errno. */
struct sr_error;
int durable_check_room(int fd, int64_t needed_bytes, const char *shown, struct sr_error *error);
