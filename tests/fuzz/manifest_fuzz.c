/* Any bytes as a backup's manifest, and as its .sha256 file. */
#include "must.h"

#include "backup/io/sums.h"
#include "backup/manifest.h"

static void read_manifest(struct arena *arena, struct sv text)
{
    struct manifest m;
    const char *wrong;
    if (manifest_parse(arena, text, &m, &wrong) < 0) {
        touch(wrong);
        return;
    }
    must(str_is_uuid(sv_of(m.session_id)) && m.file_count > 0);
    for (size_t i = 0; i < m.file_count; i++) {
        touch(m.files[i].name);
        touch(m.files[i].source);
        must(strlen(m.files[i].copied.sha256) == DIGEST_TEXT_SIZE - 1);
        must(m.files[i].copied.size_bytes >= 0);
    }
    touch(m.cwd);
    touch(m.config_dir);
}

/* What can be read is written again as it was read. */
static void read_sums(struct arena *arena, struct sv text)
{
    struct sum *sums;
    size_t count;
    if (sums_parse(arena, text, &sums, &count) < 0)
        return;
    struct buf again = {0};
    for (size_t i = 0; i < count; i++)
        sums_add(&again, sums[i].sha256, sums[i].name);
    struct sum *twice;
    size_t count_again;
    must(sums_parse(arena, (struct sv){again.p, again.n}, &twice, &count_again) == 0);
    must(count_again == count);
    for (size_t i = 0; i < count; i++)
        must(str_equals(sums[i].name, twice[i].name) &&
             str_equals(sums[i].sha256, twice[i].sha256));
    buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct sv text = {(const char *)data, size};
    read_manifest(&arena, text);
    read_sums(&arena, text);
    arena_release(&arena);
    return 0;
}
