/*
 * broken-mount PID DIR NAME CALL: make a file below DIR one that cannot be read, as on
 * a disk that fails, until we are killed.
 *
 * DIR becomes a FUSE file system that shows what was there before, read-only. NAME,
 * its path below DIR, answers EIO to CALL:
 *
 *     stat    whoever looks it up, or asks what it is
 *     read    whoever reads it: it opens, and has its size
 *     list    whoever lists it, a folder
 *
 * The mount is made in the mount namespace of PID, which must be another one than
 * ours, and ends with it. Prints a line once it is there. Exit status: 77 where
 * the system does not let us mount, with the reason.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fuse.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CANNOT_TEST = 77, NODES = 4096, REQUEST_BYTES = 1 << 18 };

static int server, below; /* where requests come; what DIR was */
static const char *broken_name, *broken_call;
static const char *nodes[NODES] = {[FUSE_ROOT_ID] = "."}; /* paths below DIR, by node */
static size_t node_count = FUSE_ROOT_ID + 1;
static char request[REQUEST_BYTES], answer_bytes[REQUEST_BYTES];

static _Noreturn void cannot(const char *what)
{
    fprintf(stderr, "broken-mount: %s: %s\n", what, strerror(errno));
    exit(CANNOT_TEST);
}

static bool is_broken(const char *path, const char *call)
{
    return strcmp(call, broken_call) == 0 && strcmp(path, broken_name) == 0;
}

/* result: 0, or a negative errno. */
static void answer(const struct fuse_in_header *in, int result, const void *data, size_t n)
{
    struct fuse_out_header *out = (void *)answer_bytes;
    size_t size = sizeof *out + (result ? 0 : n);
    memmove(answer_bytes + sizeof *out, data, result ? 0 : n);
    *out = (struct fuse_out_header){.len = (uint32_t)size, .error = result, .unique = in->unique};
    if (write(server, answer_bytes, size) < 0 && errno != ENOENT && errno != ENODEV)
        cannot("answer");
}

static void answer_errno(const struct fuse_in_header *in, int result)
{
    answer(in, result, answer_bytes, 0);
}

static uint64_t node_of(const char *path)
{
    for (size_t i = FUSE_ROOT_ID; i < node_count; i++)
        if (strcmp(nodes[i], path) == 0)
            return i;
    if (node_count == NODES || !(nodes[node_count] = strdup(path)))
        exit(1);
    return node_count++;
}

static int attributes_of(const char *path, struct fuse_attr *out)
{
    struct stat st;
    if (is_broken(path, "stat"))
        return -EIO;
    if (fstatat(below, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    *out = (struct fuse_attr){
        .ino = st.st_ino,
        .size = (uint64_t)st.st_size,
        .blocks = (uint64_t)st.st_blocks,
        .atime = (uint64_t)st.st_atim.tv_sec,
        .mtime = (uint64_t)st.st_mtim.tv_sec,
        .ctime = (uint64_t)st.st_ctim.tv_sec,
        .atimensec = (uint32_t)st.st_atim.tv_nsec,
        .mtimensec = (uint32_t)st.st_mtim.tv_nsec,
        .ctimensec = (uint32_t)st.st_ctim.tv_nsec,
        .mode = st.st_mode,
        .nlink = (uint32_t)st.st_nlink,
        .uid = st.st_uid,
        .gid = st.st_gid,
        .blksize = (uint32_t)st.st_blksize,
    };
    return 0;
}

static void look_up(const struct fuse_in_header *in, const char *parent, const char *name)
{
    char path[PATH_MAX];
    struct fuse_entry_out out = {0};
    if (strcmp(parent, ".") == 0)
        snprintf(path, sizeof path, "%s", name);
    else
        snprintf(path, sizeof path, "%s/%s", parent, name);
    int r = attributes_of(path, &out.attr);
    out.nodeid = r == 0 ? node_of(path) : 0;
    answer(in, r, &out, sizeof out);
}

static void open_node(const struct fuse_in_header *in, const char *path, bool is_folder)
{
    const struct fuse_open_in *how = (const void *)(in + 1);
    bool writes = (how->flags & O_ACCMODE) != O_RDONLY;
    int fd =
        writes ? -1 : openat(below, path, O_RDONLY | O_CLOEXEC | (is_folder ? O_DIRECTORY : 0));
    struct fuse_open_out out = {.fh = (uint64_t)fd};
    answer(in, writes ? -EROFS : fd < 0 ? -errno : 0, &out, sizeof out);
}

static void read_file(const struct fuse_in_header *in, const char *path)
{
    const struct fuse_read_in *what = (const void *)(in + 1);
    static char bytes[REQUEST_BYTES - sizeof(struct fuse_out_header)];
    size_t n = what->size < sizeof bytes ? what->size : sizeof bytes;
    ssize_t got =
        is_broken(path, "read") ? -1 : pread((int)what->fh, bytes, n, (off_t)what->offset);
    answer(in, got < 0 ? -EIO : 0, bytes, got < 0 ? 0 : (size_t)got);
}

/* Offsets are how many names came before. */
static void list_folder(const struct fuse_in_header *in, const char *path)
{
    const struct fuse_read_in *what = (const void *)(in + 1);
    static char bytes[REQUEST_BYTES / 2];
    size_t used = 0, number = 0;
    if (is_broken(path, "list")) {
        answer_errno(in, -EIO);
        return;
    }
    DIR *folder = fdopendir(openat(below, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder)
        cannot(path);
    for (struct dirent *e; (e = readdir(folder)); number++) {
        size_t n = strlen(e->d_name), size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + n);
        if (number < what->offset)
            continue;
        if (used + size > what->size || used + size > sizeof bytes)
            break;
        struct fuse_dirent *out = (void *)(bytes + used);
        memset(out, 0, size);
        out->ino = e->d_ino;
        out->off = number + 1;
        out->namelen = (uint32_t)n;
        out->type = e->d_type;
        memcpy(out->name, e->d_name, n);
        used += size;
    }
    closedir(folder);
    answer(in, 0, bytes, used);
}

static void answer_link(const struct fuse_in_header *in, const char *path)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(below, path, target, sizeof target);
    answer(in, n < 0 ? -errno : 0, target, n < 0 ? 0 : (size_t)n);
}

static void answer_attributes(const struct fuse_in_header *in, const char *path)
{
    struct fuse_attr_out out = {0};
    int r = attributes_of(path, &out.attr);
    answer(in, r, &out, sizeof out);
}

static void answer_statfs(const struct fuse_in_header *in)
{
    struct fuse_statfs_out out = {.st = {.bsize = 4096, .frsize = 4096, .namelen = NAME_MAX}};
    answer(in, 0, &out, sizeof out);
}

static void answer_init(const struct fuse_in_header *in)
{
    struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION,
                                .minor = FUSE_KERNEL_MINOR_VERSION,
                                .max_write = REQUEST_BYTES / 2};
    answer(in, 0, &out, sizeof out);
}

static void close_node(const struct fuse_in_header *in)
{
    close((int)((const struct fuse_release_in *)(const void *)(in + 1))->fh);
    answer_errno(in, 0);
}

static void serve_one(const struct fuse_in_header *in)
{
    const char *path = in->nodeid && in->nodeid < node_count ? nodes[in->nodeid] : ".";
    switch (in->opcode) {
    case FUSE_INIT:
        answer_init(in);
        break;
    case FUSE_LOOKUP:
        look_up(in, path, (const char *)(in + 1));
        break;
    case FUSE_GETATTR:
        answer_attributes(in, path);
        break;
    case FUSE_READLINK:
        answer_link(in, path);
        break;
    case FUSE_OPEN:
        open_node(in, path, false);
        break;
    case FUSE_OPENDIR:
        open_node(in, path, true);
        break;
    case FUSE_READ:
        read_file(in, path);
        break;
    case FUSE_READDIR:
        list_folder(in, path);
        break;
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
        close_node(in);
        break;
    case FUSE_STATFS:
        answer_statfs(in);
        break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        break; /* no answer is wanted */
    case FUSE_CREATE:
    case FUSE_MKNOD:
    case FUSE_MKDIR:
    case FUSE_SYMLINK:
    case FUSE_LINK:
    case FUSE_UNLINK:
    case FUSE_RMDIR:
    case FUSE_RENAME:
    case FUSE_RENAME2:
    case FUSE_SETATTR:
    case FUSE_WRITE:
        answer_errno(in, -EROFS);
        break;
    default:
        answer_errno(in, -ENOSYS);
        break;
    }
}

static _Noreturn void serve(void)
{
    for (;;) {
        ssize_t n = read(server, request, sizeof request);
        if (n < 0 && errno == ENODEV)
            _exit(0);
        if (n >= (ssize_t)sizeof(struct fuse_in_header))
            serve_one((const void *)request);
        else if (n >= 0 || (errno != EINTR && errno != ENOENT && errno != EAGAIN))
            cannot("read a request");
    }
}

static void enter_mounts_of(const char *pid)
{
    char path[64];
    struct stat ours, theirs;
    snprintf(path, sizeof path, "/proc/%s/ns/mnt", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &theirs) < 0 || stat("/proc/self/ns/mnt", &ours) < 0)
        cannot(path);
    if (ours.st_ino == theirs.st_ino) {
        fprintf(stderr, "broken-mount: pid %s has no mount namespace of its own\n", pid);
        exit(2);
    }
    if (setns(fd, CLONE_NEWNS) < 0)
        cannot(path);
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: broken-mount PID DIR NAME stat|read|list\n");
        return 2;
    }
    enter_mounts_of(argv[1]);
    broken_name = argv[3];
    broken_call = argv[4];
    below = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (below < 0)
        cannot(argv[2]);
    server = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (server < 0)
        cannot("/dev/fuse");
    char options[96];
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=%u,group_id=%u", server,
             getuid(), getgid());
    if (mount("broken", argv[2], "fuse", MS_NOSUID | MS_NODEV, options) < 0)
        cannot(argv[2]);
    puts("mounted");
    fflush(stdout);
    serve();
}
