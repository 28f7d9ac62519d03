/*
 * durable: files that are there whole after a crash, or not at all.
 *
 * The way is always the same: a new name, write, durable_sync, durable_publish
 * under the final name, with which the folder is synced, too. What is made is readable by
 * its owner alone (0700, 0600), whatever the umask says, and nothing that
 * exists is replaced but by durable_replace and durable_exchange. What is added to
 * a file that exists goes through durable_append.
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

/* A file without a name, for reading and writing, on the file system of a folder: it is gone when
 * it is closed. -EOPNOTSUPP and others where that has none. */
int durable_create_unnamed(int at, const char *folder);

/*
 * Makes every missing folder of a path, each one synced into its parent. Links
 * in what is there are followed where follows_links says so, else -ELOOP or
 * -ENOTDIR. Returns: a descriptor of the last one.
 */
int durable_make_dirs(int at, const char *path, bool follows_links);

/* Writes all of it, past short writes. */
int durable_write(int fd, const char *bytes, size_t n);
int durable_sync(int fd);

/*
 * Appends to a file that others append to, all or nothing: under a lock, the
 * space reserved first where the file system can, in one write, synced and read
 * again. A last line without its end gets closing first ("\n"). On failure what
 * was written is cut off again, unless somebody who knows no lock has appended
 * behind it meanwhile: then -ENOTRECOVERABLE, and the torn piece stays.
 *
 * fd: opened with O_RDWR and O_APPEND. Blocks: while another of us appends, ten
 * seconds at most (-EBUSY).
 */
int durable_append(int fd, const char *closing, const char *bytes, size_t n);

/* Gives a finished file or folder its final name, and syncs the folder to_at; -EEXIST where the
 * name is taken. */
int durable_publish(int from_at, const char *from, int to_at, const char *to);

/* Gives a finished file the name of one that exists, which is gone then; syncs the folder to_at. */
int durable_replace(int from_at, const char *from, int to_at, const char *to);

/* Two files change names, in one step. -EOPNOTSUPP where the file system cannot do that. */
int durable_exchange(int at, const char *a, const char *b);

/* Removes a file, or a folder with all that is in it; follows no link. 0 where there is none. */
int durable_remove(int at, const char *name);

/*
 * Gives a file that is its owner's alone (0600) the owner, group, access list and mode that another
 * has. On failure (-EPERM: they are not the caller's to give) the mode is 0600 still.
 */
int durable_take_rights(int fd, int other);

/* Is there room for so many bytes on the file system of fd? shown: its path, for the message.
 * Returns: 0, -ENOSPC, or another negative errno. */
struct sr_error;
int durable_check_room(int fd, int64_t needed_bytes, const char *shown, struct sr_error *error);
