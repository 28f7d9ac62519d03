#include "session_store.h"

#include "backup/io/sums.h"
#include "backup/manifest.h"
#include "backup/verify.h"
#include "base/json.h"

#include <errno.h>

static struct verified verify(void)
{
    struct verified v;
    struct backup_dir p;
    assert_int_equal(backup_dir_open(&p, scratch("pending"), false, NULL), 0);
    verify_backup(&p, store_stem, &scratch_arena, &v);
    backup_dir_close(&p);
    return v;
}

static void assert_found(const struct verified *v, const char *file, const char *what)
{
    for (size_t i = 0; i < v->finding_count; i++)
        if (str_ends_with(v->findings[i].file, file) && strstr(v->findings[i].what, what))
            return;
    fail_msg("no finding '%s' on %s", what, file);
}

static void a_backup_is_sound(void **state)
{
    (void)state;
    struct verified v = verify();
    assert_int_equal(v.verdict, VERIFY_SOUND);
    assert_int_equal(v.finding_count, 0);
    assert_int_equal(v.file_count, 7);
}

static void a_flipped_bit_is_found_and_where(void **state)
{
    (void)state;
    char *text = arena_strdup(&scratch_arena, LINE LINE);
    text[70] ^= 1;
    scratch_put(store_part(".jsonl"), text);
    struct verified v = verify();
    assert_int_equal(v.verdict, VERIFY_DAMAGED);
    assert_found(&v, ".jsonl", "first at byte 70");
}

static void without_the_source_it_is_found_all_the_same(void **state)
{
    (void)state;
    scratch_append(PROJECT "/memory/MEMORY.md", "more\n");
    scratch_put(PROJECT "/memory/MEMORY.md", "REMEMBERED\n");
    scratch_put(store_part(".files/projects/-home-u-p/memory/MEMORY.md"), "rememberEd\n");
    struct verified v = verify();
    assert_int_equal(v.verdict, VERIFY_DAMAGED);
    assert_found(&v, "MEMORY.md", "SHA-256 differs");
}

static void a_file_that_is_cut_is_found(void **state)
{
    (void)state;
    assert_int_equal(truncate(scratch(store_part(".jsonl")), 10), 0);
    struct verified v = verify();
    assert_int_equal(v.verdict, VERIFY_DAMAGED);
    assert_found(&v, ".jsonl", "is 10 bytes long");
}

static void a_missing_file_is_found(void **state)
{
    (void)state;
    unlink(scratch(store_part(".files/plans/blue-cat.md")));
    struct verified v = verify();
    assert_int_equal(v.verdict, VERIFY_DAMAGED);
    assert_found(&v, "blue-cat.md", "is missing");
}

static void a_missing_manifest_is_its_own_verdict(void **state)
{
    (void)state;
    unlink(scratch(store_part(".json")));
    struct verified v = verify();
    assert_int_equal(v.verdict, VERIFY_NO_MANIFEST);
    assert_int_equal(v.finding_count, 1);
}

static void a_changed_manifest_is_damage(void **state)
{
    (void)state;
    scratch_append(store_part(".json"), " ");
    struct verified v = verify();
    assert_int_equal(v.verdict, VERIFY_DAMAGED);
    assert_found(&v, ".json", "SHA-256 differs");
    scratch_put(store_part(".json"), "{}");
    v = verify();
    assert_int_equal(v.verdict, VERIFY_DAMAGED);
}

static void without_sums_it_is_incomplete(void **state)
{
    (void)state;
    unlink(scratch(store_part(".sha256")));
    assert_int_equal(verify().verdict, VERIFY_INCOMPLETE);
}

static void sums_of_nothing_are_damage(void **state)
{
    (void)state;
    scratch_put(store_part(".sha256"), "");
    assert_int_equal(verify().verdict, VERIFY_DAMAGED);
    scratch_put(store_part(".sha256"), "not a sum  at all\n");
    assert_int_equal(verify().verdict, VERIFY_DAMAGED);
}

static void a_sum_does_not_lead_out_of_the_folder(void **state)
{
    (void)state;
    scratch_put("outside", "abc");
    scratch_put(store_part(".sha256"),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  ../outside\n");
    struct verified v = verify();
    assert_int_equal(v.verdict, VERIFY_DAMAGED);
    assert_found(&v, "../outside", "leads out");
}

static void sums_are_as_sha256sum_writes_them(void **state)
{
    (void)state;
    struct buf text = {0};
    struct sum *sums;
    size_t count;
    char zeros[DIGEST_TEXT_SIZE] = {0};
    memset(zeros, '0', DIGEST_TEXT_SIZE - 1);
    sums_add(&text, zeros, "a b");
    sums_add(&text, zeros, "new\nline and \\");
    sums_add(&text, zeros, "return\r");
    assert_int_equal(sums_parse(&scratch_arena, (struct sv){text.p, text.n}, &sums, &count), 0);
    assert_int_equal(count, 3);
    assert_string_equal(sums[0].name, "a b");
    assert_string_equal(sums[1].name, "new\nline and \\");
    assert_string_equal(sums[2].name, "return\r");
    assert_non_null(strstr(text.p, "\n\\0000"));
    assert_non_null(strstr(text.p, "new\\nline and \\\\\n"));
    /* a line that breaks off */
    assert_int_equal(sums_parse(&scratch_arena, (struct sv){text.p, text.n - 1}, &sums, &count),
                     -EBADMSG);
    text.p[5] = 'G';
    assert_int_equal(sums_parse(&scratch_arena, (struct sv){text.p, text.n}, &sums, &count),
                     -EBADMSG);
    buf_release(&text);
}

/* ---- manifests ----------------------------------------------------------------------------- */

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define FILE_OF(kind, name) \
    "{\"kind\":\"" kind "\",\"name\":\"" name "\",\"sha256\":\"" ZEROS "\",\"size_bytes\":1}"
#define WITH_FILES(files)                                                                \
    "{\"schema\":\"" MANIFEST_SCHEMA "\",\"agent\":\"claude-code\",\"session_id\":\"" ID \
    "\",\"files\":" files "}"

static const char *parse_manifest(const char *text, struct manifest *m)
{
    const char *wrong;
    return manifest_parse(&scratch_arena, sv_of(text), m, &wrong) < 0 ? wrong : NULL;
}

static void a_manifest_that_says_too_little_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wrong;
    } cases[] = {
        {"", "not valid JSON"},
        {"{", "not valid JSON"},
        {"[]", "schema"},
        {"{\"schema\":\"session-rescue-backup/9\"}", "schema"},
        {"{\"schema\":\"" MANIFEST_SCHEMA "\"}", "names no session"},
        {"{\"schema\":\"" MANIFEST_SCHEMA "\",\"agent\":\"x\",\"session_id\":\"../x\"}",
         "names no session"},
        {WITH_FILES("{}"), "list of files"},
        {WITH_FILES("[]"), "list of files"},
        {WITH_FILES("[1]"), "list of files"},
        {WITH_FILES("[" FILE_OF("unheard-of", "x") "]"), "list of files"},
        {WITH_FILES("[" FILE_OF("torn-tail", "x") "]"), "list of files"}, /* of what? */
        {WITH_FILES("[{\"kind\":\"transcript\",\"name\":\"x\",\"sha256\":\"00\"}]"),
         "list of files"},
        {WITH_FILES("[{\"kind\":\"transcript\",\"name\":\"x\",\"sha256\":\"" ZEROS "\"}]"),
         "list of files"}, /* of no size */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct manifest m = {.file_count = 99};
        const char *wrong = parse_manifest(cases[i].text, &m);
        if (!wrong || !strstr(wrong, cases[i].wrong))
            fail_msg("%s: '%s'", cases[i].text, wrong ? wrong : "was taken");
        assert_int_equal(m.file_count, 99);
    }
    struct manifest m;
    assert_null(parse_manifest(
        WITH_FILES("[" FILE_OF("transcript", "a") "," FILE_OF("torn-tail", "a") "]"), &m));
    assert_int_equal(m.file_count, 2);
    assert_true(m.files[1].is_torn_tail);
}

static void a_manifest_says_which_process_had_the_session(void **state)
{
    (void)state;
    struct sr_session process = {.pid = 4711,
                                 .started_at_ms = 1770000000000,
                                 .start_ticks = 99,
                                 .version = "2.1.197",
                                 .kind = SR_KIND_BACKGROUND,
                                 .tty = "/dev/pts/3",
                                 .verdict = SR_HUNG,
                                 .cause = "api-wait"};
    struct manifest_file files[] = {
        {.kind = AGENT_FILE_TRANSCRIPT, .name = "a", .source = "/a", .copied = {.sha256 = ZEROS}},
        {.is_torn_tail = true, .name = "a", .source = "/a", .copied = {.sha256 = ZEROS}}};
    struct manifest m = {.agent = "claude-code",
                         .session_id = ID,
                         .process = &process,
                         .files = files,
                         .file_count = 2};
    struct buf text = {0};
    manifest_write(&m, &text);
    const struct json_value *root, *p;
    int64_t n;
    struct sv word;
    assert_int_equal(json_parse(&scratch_arena, (struct sv){text.p, text.n}, &root), 0);
    assert_non_null(p = json_get(root, "process"));
    assert_true(json_integer(json_get(p, "pid"), &n) && n == 4711);
    assert_true(json_integer(json_get(p, "start_ticks"), &n) && n == 99);
    assert_true(json_string(json_get(p, "started_at"), &word));
    assert_sv_equal(sv_slice(word, 0, 19), "2026-02-02T02:40:00");
    assert_true(json_string(json_get(p, "verdict"), &word));
    assert_sv_equal(word, sr_verdict_word(SR_HUNG));
    assert_true(json_string(json_get(p, "tty"), &word));
    assert_sv_equal(word, "/dev/pts/3");

    struct manifest again;
    const char *wrong;
    assert_int_equal(manifest_parse(&scratch_arena, (struct sv){text.p, text.n}, &again, &wrong),
                     0);
    assert_int_equal(again.file_count, 2);
    assert_false(again.files[0].is_torn_tail);
    assert_true(again.files[1].is_torn_tail);
    assert_string_equal(again.files[1].source, "/a");
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BACKUP(a_backup_is_sound),
        WITH_BACKUP(a_flipped_bit_is_found_and_where),
        WITH_BACKUP(without_the_source_it_is_found_all_the_same),
        WITH_BACKUP(a_file_that_is_cut_is_found),
        WITH_BACKUP(a_missing_file_is_found),
        WITH_BACKUP(a_missing_manifest_is_its_own_verdict),
        WITH_BACKUP(a_changed_manifest_is_damage),
        WITH_BACKUP(without_sums_it_is_incomplete),
        WITH_BACKUP(sums_of_nothing_are_damage),
        WITH_BACKUP(a_sum_does_not_lead_out_of_the_folder),
        WITH_BACKUP(sums_are_as_sha256sum_writes_them),
        WITH_BACKUP(a_manifest_that_says_too_little_is_refused_with_a_reason),
        WITH_BACKUP(a_manifest_says_which_process_had_the_session),
    };
    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
