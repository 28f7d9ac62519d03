/*
 * fs: files opened relative to an open directory, and read within bounds.
 *
 * A store may be hostile or broken: what should be a file can be a FIFO, a
 * device, a directory or a link loop. Nothing here blocks on one of those or
 * takes one as its controlling terminal; time stamps stay unchanged if the
 * kernel allows that.
 */
#pragma once

#include "base/arena.h"
#include "base/fact.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Closes and forgets a descriptor when the variable goes out of scope: FS_CLOSE int fd = ... */
void fs_close(int *fd);
#define FS_CLOSE __attribute__((cleanup(fs_close)))

struct fs_file {
    int fd;
    uint64_t device, inode;
    int64_t size_bytes;
    int64_t mtime_ms; /* wall time */
    int64_t mtime_ns, ctime_ns;
    unsigned uid;
};

/* Opens a directory; links are followed. Returns: a descriptor or negative errno. */
int fs_open_dir(int at, const char *path);

/*
 * Opens a regular file for reading, without waiting, ever.
 * Returns: 0, or negative errno; -EISDIR for a directory and -ENXIO for a
 * FIFO, socket or device. Owner: the caller closes file->fd.
 */
int fs_open_file(int at, const char *path, struct fs_file *file);

/* As fs_open_file, of a path that does not lead out of the folder at, by links or otherwise:
 * -EXDEV. */
int fs_open_file_beneath(int at, const char *path, struct fs_file *file);

/*
 * Follows symbolic links that people use in a store: to another disk, to a
 * folder of dotfiles. A link is followed if it belongs to owner or root and its
 * target belongs to owner; the target is then open, so it cannot be swapped. Any
 * other link is refused: -EXDEV.
 *
 * Walks through the folders of path: the first free_parts of them may be links;
 * deeper ones only if the target has the same name and that is a session's id.
 * Returns: 0; *place is the folder that the last link led to (the caller closes
 * it; -1: there was no link), and *rest the path from there.
 */
int fs_enter(int at, const char *path, size_t free_parts, unsigned owner, int *place,
             const char **rest);

/*
 * The same for a link to a regular file with the same suffix: *folder (the
 * caller closes it) and *name say where the file really is.
 * Returns: 0; 1: it is not a link; -EXDEV, or another negative errno.
 */
int fs_enter_file(int at, const char *path, const char *suffix, unsigned owner, struct arena *a,
                  int *folder, const char **name);

/*
 * As fs_open_file; a link is followed only as fs_enter_file follows it, where owner is whose the
 * folder is that the link stands in: -EXDEV for any other.
 */
int fs_open_linked(int at, const char *path, struct fs_file *file);

/* The same facts from a stat; fd is -1. */
struct stat;
struct fs_file fs_file_of(const struct stat *st);

/* Reads the facts of an open file again; file->fd stays as it is. */
int fs_look_again(struct fs_file *file);

/*
 * Reads up to n bytes at an offset, as many as there are, past short reads
 * and interruptions. Returns: bytes read (0 at the end) or negative errno.
 */
ssize_t fs_read_at(int fd, char *bytes, size_t n, int64_t offset);

/* The same with fd pointing to the descriptor: the read function of a record_source. */
int64_t fs_read_source(void *fd, char *bytes, size_t n, int64_t offset);

/*
 * A file piece by piece, to its end:
 *
 *     struct fs_pieces p = {.fd = fd, .size = 64 * 1024};
 *     while (fs_next_piece(&p, &piece)) ...
 *     r = fs_end_pieces(&p);
 *
 * With an overlap each piece begins with that many last bytes of the one before, so that anything
 * up to overlap + 1 bytes long is whole in one of them.
 */
struct fs_pieces {
    int fd;
    size_t size, overlap;
    int64_t offset; /* where the next read begins */
    /* its own: */
    char *bytes;
    size_t there; /* bytes of the last piece */
    int code;
};
bool fs_next_piece(struct fs_pieces *p, struct sv *piece);
/* Call it once, also when stopping early. Returns: 0 or the negative errno of a read. */
int fs_end_pieces(struct fs_pieces *p);

/*
 * The whole of a small file, at most limit bytes, followed by a NUL that is
 * not counted. For /proc too, where the size is not known before.
 * Returns: 0, -EFBIG past the limit, or as fs_open_file. Owner of text: the arena.
 */
int fs_read_small(int at, const char *path, size_t limit, struct arena *a, struct sv *text);

/*
 * Makes a path absolute, from the working directory. Returns: the path unchanged
 * if it is absolute or the working directory is gone. Owner: the arena, or the
 * caller.
 */
const char *fs_absolute(struct arena *a, const char *path);

/* Whether a file (as fs_open_file_beneath) holds these bytes, one at least; read to its end. */
struct lookup fs_find(int at, const char *path, struct sv bytes);

/*
 * Why nothing was found at a path. Returns: -ENOENT; -ENOLINK: it, or a folder on the way, is a
 * link whose target is missing, as with a disk that is not mounted: what is behind it is not known.
 */
int fs_why_absent(int at, const char *path);

/* Where a link points. Returns: 0 or negative errno. Owner: the arena. */
int fs_read_link(int at, const char *path, struct arena *a, const char **target);

/*
 * The names in a directory except "." and "..", unsorted, at most limit of them.
 * Returns: 0 or negative errno (-EFBIG past the limit: the first `limit` are returned all the
 * same).
 */
struct fs_name {
    const char *name;
    bool may_be_dir; /* the entry says directory, link, or nothing */
};
int fs_list(int at, const char *path, size_t limit, struct arena *a, struct fs_name **names,
            size_t *count);
