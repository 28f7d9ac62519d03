#include "platform/memory.h"

#include "base/io/fs.h"
#include "platform/privilege.h"
#include "platform/process/proc_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    MAPS_LIMIT = 16 * 1024 * 1024,
    MEMINFO_LIMIT = 64 * 1024,
    ENTRIES = 64 * 1024,     /* of the pagemap, read at a time: 256 MB of addresses */
    PIECE = 4 * 1024 * 1024, /* of memory, read at a time */
};

/* "Soft-dirty", "exclusive" and others stand in lower bits. */
static const uint64_t PRESENT_OR_SWAPPED = 3ull << 62;

/* Addresses of the process, from first to before last. */
struct range {
    uint64_t first, last;
};

struct ranges {
    struct range *items;
    size_t count, capacity;
    int64_t bytes;
};

struct reading {
    const struct proc *proc;
    pid_t pid;
    const struct memory_limits *limits;
    struct awake began;
    struct arena arena;
    struct ranges used; /* pages that are there */
    struct memory_image image;
};

static int64_t elapsed_ms(const struct reading *r)
{
    return (awake_now().ns - r->began.ns) / 1000000;
}

/* ---- what is there ------------------------------------------------------------------------ */

static void add_range(struct reading *r, uint64_t first, uint64_t last)
{
    struct ranges *to = &r->used;
    to->bytes += (int64_t)(last - first);
    if (to->count && to->items[to->count - 1].last == first) {
        to->items[to->count - 1].last = last;
        return;
    }
    *ARENA_PUSH(&r->arena, to->items, to->count, to->capacity) = (struct range){first, last};
}

/* "7f2c00000000-7f2c00021000 rw-p 00000000 00:00 0 [heap]": private, writable, of no file. */
static bool parse_map(const char *line, struct range *out)
{
    char rights[5], device[16];
    uint64_t inode;
    int name = 0;
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %15s %" SCNu64 " %n", &out->first, &out->last,
               rights, device, &inode, &name) < 5 ||
        name == 0)
        return false;
    bool has_plain_name = line[name] == '\0' || str_equals(line + name, "[heap]") ||
                          str_starts_with(line + name, "[anon:");
    return rights[0] == 'r' && rights[1] == 'w' && rights[3] == 'p' && inode == 0 &&
           has_plain_name && out->first < out->last;
}

static int find_used(struct reading *r, int pagemap, const struct range *map, uint64_t *entries)
{
    uint64_t page = (uint64_t)r->proc->page_bytes;
    for (uint64_t at = map->first; at < map->last; at += ENTRIES * page) {
        uint64_t wanted = (map->last - at) / page < ENTRIES ? (map->last - at) / page : ENTRIES;
        ssize_t n = fs_read_at(pagemap, (char *)entries, wanted * 8, (int64_t)(at / page * 8));
        if (n < 0)
            return (int)n;
        for (size_t i = 0; i < (size_t)n / 8; i++)
            if (entries[i] & PRESENT_OR_SWAPPED)
                add_range(r, at + i * page, at + (i + 1) * page);
        if (elapsed_ms(r) > r->limits->ms)
            return -ETIME;
    }
    return 0;
}

static int open_of_process(const struct reading *r, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "%d/%s", (int)r->pid, name);
    int fd = openat(r->proc->fd, path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? (errno == ENOENT ? -ESRCH : -errno) : fd;
}

static int find_all_used(struct reading *r)
{
    char path[64];
    struct sv maps;
    snprintf(path, sizeof path, "%d/maps", (int)r->pid);
    int code = fs_read_small(r->proc->fd, path, MAPS_LIMIT, &r->arena, &maps);
    if (code < 0)
        return code == -ENOENT ? -ESRCH : code;
    FS_CLOSE int pagemap = open_of_process(r, "pagemap");
    if (pagemap < 0)
        return pagemap;
    uint64_t *entries = mem_resize(NULL, ENTRIES * sizeof *entries);
    char *copy = arena_strndup(&r->arena, maps.p, maps.n), *rest = NULL;
    for (char *line = strtok_r(copy, "\n", &rest); line && code == 0;
         line = strtok_r(NULL, "\n", &rest)) {
        struct range map;
        if (parse_map(line, &map))
            code = find_used(r, pagemap, &map, entries);
    }
    free(entries);
    return code;
}

/* ---- the copy ----------------------------------------------------------------------------- */

static int64_t kilobytes_of(struct sv text, const char *key)
{
    size_t at = sv_find(text, 0, sv_of(key));
    long long value;
    if (at == text.n || sscanf(text.p + at + strlen(key), " %lld kB", &value) != 1)
        return -1;
    return value * 1024;
}

static int64_t table_bytes(struct reading *r)
{
    char text[8192];
    ssize_t n = proc_read_text(r->proc, r->pid, "status", text, sizeof text);
    return n > 0 ? kilobytes_of((struct sv){text, (size_t)n}, "VmPTE:") : -1;
}

static int check_size(struct reading *r)
{
    struct sv text;
    if (r->used.bytes > r->limits->bytes)
        return -EFBIG;
    if (fs_read_small(r->proc->fd, "meminfo", MEMINFO_LIMIT, &r->arena, &text) < 0)
        return 0;
    int64_t available = kilobytes_of(text, "MemAvailable:");
    return available >= 0 && r->used.bytes > available / 2 ? -ENOMEM : 0;
}

static void add_run(struct memory_image *image, uint64_t address, size_t n)
{
    struct memory_run *last = image->run_count ? &image->runs[image->run_count - 1] : NULL;
    const char *bytes = image->bytes + image->bytes_read;
    image->bytes_read += (int64_t)n;
    if (last && last->address + last->n == address)
        last->n += n;
    else
        image->runs[image->run_count++] = (struct memory_run){address, bytes, n};
}

/* Pages may be given back while they are read: what is not there any more is passed over. */
static int copy_range(struct reading *r, const struct range *range)
{
    struct memory_image *image = &r->image;
    uint64_t page = (uint64_t)r->proc->page_bytes;
    for (uint64_t at = range->first; at < range->last;) {
        size_t wanted = range->last - at < PIECE ? (size_t)(range->last - at) : PIECE;
        struct iovec local = {image->bytes + image->bytes_read, wanted};
        struct iovec remote = {(void *)(uintptr_t)at, wanted}; // NOLINT: another process's
        ssize_t n = process_vm_readv(r->pid, &local, 1, &remote, 1, 0);
        if (n < 0 && errno != EFAULT)
            return -errno;
        if (n > 0)
            add_run(image, at, (size_t)n);
        at += n > 0 ? (uint64_t)n : page;
        if (elapsed_ms(r) > r->limits->ms)
            return -ETIME;
    }
    return 0;
}

static int copy_all(struct reading *r)
{
    struct memory_image *image = &r->image;
    image->capacity = (size_t)r->used.bytes + 1;
    void *bytes = mmap(NULL, image->capacity, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bytes == MAP_FAILED)
        return -errno;
    image->bytes = bytes;
    /* each page that is gone cuts a run in two */
    size_t pages = (size_t)(r->used.bytes / r->proc->page_bytes);
    image->runs = mem_resize(NULL, (pages + 1) * sizeof *image->runs);
    int code = 0;
    {
        PRIVILEGE_SCOPE(PRIVILEGE_TRACE, r->proc, r->pid);
        for (size_t i = 0; i < r->used.count && code == 0; i++)
            code = copy_range(r, &r->used.items[i]);
    }
    /* it may have begun a set-uid program meanwhile, whose memory is not the user's to read */
    return code == 0 && privilege_is_there(PRIVILEGE_TRACE) && geteuid() != 0
               ? privilege_check(r->proc, r->pid)
               : code;
}

int memory_read(const struct proc *proc, pid_t pid, const struct memory_limits *limits,
                struct memory_image *out)
{
    struct reading r = {.proc = proc, .pid = pid, .limits = limits, .began = awake_now()};
    r.image.table_bytes_before = table_bytes(&r);
    int code = find_all_used(&r);
    if (code == 0)
        code = check_size(&r);
    if (code == 0)
        code = copy_all(&r);
    r.image.table_bytes_after = table_bytes(&r);
    r.image.elapsed_ms = elapsed_ms(&r);
    arena_release(&r.arena);
    if (code < 0)
        memory_release(&r.image);
    else
        *out = r.image;
    return code;
}

void memory_release(struct memory_image *image)
{
    if (image->bytes)
        munmap(image->bytes, image->capacity);
    free(image->runs);
    image->bytes = NULL;
    image->runs = NULL;
    image->run_count = 0;
}
