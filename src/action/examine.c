#include "action/examine.h"

#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

struct examine_reading {
    int fd;
    int64_t size_bytes;
    void (*progress)(void *context, int64_t done_bytes, int64_t total_bytes);
    void *context;
};

static int64_t read_some(void *context, char *bytes, size_t n, int64_t offset)
{
    const struct examine_reading *r = context;
    if (offset >= r->size_bytes)
        return 0;
    if ((int64_t)n > r->size_bytes - offset)
        n = (size_t)(r->size_bytes - offset);
    if (r->progress)
        r->progress(r->context, offset, r->size_bytes);
    return fs_read_at(r->fd, bytes, n, offset);
}

static int look(const struct examine_request *q, struct arena *a, struct examined *e)
{
    struct repair_options options = q->options;
    int r = survey_read(&e->source, &e->survey);
    if (r < 0)
        return r;
    options.modified_ms = e->file.mtime_ms;
    if (options.fits && options.model_window <= 0)
        options.model_window =
            agent_claude.context_window(e->survey.model[0] ? e->survey.model : NULL, NULL);
    return repair_plan(&e->source, &e->survey, &options, a, &e->plan);
}

int examine(const struct examine_request *q, struct arena *a, struct examined *out,
            struct sr_error *error)
{
    struct examined e = {0};
    int r = fs_open_file(q->at, q->path, &e.file);
    if (r < 0)
        return err_set(error, r, "open %s: %s", q->shown, err_reason(r));
    posix_fadvise(e.file.fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    e.reading = mem_resize(NULL, sizeof *e.reading);
    *e.reading = (struct examine_reading){e.file.fd, e.file.size_bytes, q->progress, q->context};
    e.source = (struct survey_source){
        .read = read_some,
        .context = e.reading,
        .size_bytes = e.file.size_bytes,
        .record_start = agent_claude.reader->record_start,
    };
    r = look(q, a, &e);
    if (r < 0) {
        examine_release(&e);
        return err_set(error, r, "read %s: %s", q->shown, err_reason(r));
    }
    *out = e;
    return 0;
}

void examine_release(struct examined *e)
{
    survey_release(&e->survey);
    fs_close(&e->file.fd);
    free(e->reading);
    e->reading = NULL;
}
