/*
 * Any bytes as a transcript, read from its end and from its beginning. The
 * first byte says whether the rest is repeated, so that the file grows past one
 * read; the second, at which read the file turns out to be shorter.
 */
#include "must.h"

#include "agents/claude/events.h"
#include "conversation/head.h"
#include "conversation/tail.h"

static void read_tail(struct arena *arena, struct sv file, unsigned short_read)
{
    struct tail t;
    struct tail_result r;
    int64_t offset;
    size_t length;
    tail_init(&t, &event_claude, arena, (int64_t)file.n);
    while (tail_wants(&t, &offset, &length)) {
        must(length > 0 && length <= TAIL_READ_MAX);
        must(offset >= 0 && (size_t)offset + length <= file.n);
        tail_feed(&t, file.p + offset, short_read-- == 0 ? length / 2 : length);
    }
    tail_finish(&t, &r);

    must(r.bytes_read <= TAIL_LIMIT);
    must((r.turn == TAIL_TURN_AWAITS_TOOL) == (r.open_tool_count > 0));
    must(r.session_id_count <= TAIL_SESSION_IDS_MAX);
    must(r.last_event_at.ms <= r.last_record_at.ms);
    for (size_t i = 0; i < r.open_tool_count; i++) {
        touch(r.open_tools[i].id);
        touch(r.open_tools[i].name);
    }
    for (size_t i = 0; i < r.session_id_count; i++)
        touch(r.session_ids[i]);
    touch(r.leaf_uuid);
    touch(r.prompt);
    touch(r.api_error);
    touch(r.cwd);
    touch(r.version);
    touch(r.entrypoint);
    touch(r.agent_id);
    touch(r.title);
}

static void read_head(struct arena *arena, struct sv file, bool all)
{
    struct head h;
    head_read(&event_claude, arena, sv_slice(file, 0, HEAD_READ_FIRST), all, &h);
    must(h.cwd_count <= HEAD_CWDS_MAX);
    touch(h.prompt);
    touch(h.session_id);
    for (size_t i = 0; i < h.cwd_count; i++)
        touch(h.cwds[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct buf file = {0};
    size_t least = data[0] == 0xff ? 1300 * 1000 : data[0] == 0xfe ? 80 * 1000 : 1;
    do
        buf_add(&file, (const char *)data + 2, size - 2);
    while (file.n && file.n < least);

    struct arena arena = {0};
    read_tail(&arena, (struct sv){file.p, file.n}, data[1]);
    read_head(&arena, (struct sv){file.p, file.n}, data[1] & 1);
    arena_release(&arena);
    buf_release(&file);
    return 0;
}
