#include "session_store.h"

#include "action/sums.h"
#include "action/verify.h"

#include <errno.h>

static struct verified verify(void)
{
    struct verified v;
    struct pending p;
    assert_int_equal(pending_open(&p, scratch("pending"), false, NULL), 0);
    verify_backup(&p, store_stem, &scratch_arena, &v);
    pending_close(&p);
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
    assert_int_equal(sums_parse(&scratch_arena, (struct sv){text.p, text.n}, &sums, &count), 0);
    assert_int_equal(count, 2);
    assert_string_equal(sums[0].name, "a b");
    assert_string_equal(sums[1].name, "new\nline and \\");
    assert_non_null(strstr(text.p, "\n\\0000"));
    assert_non_null(strstr(text.p, "new\\nline and \\\\\n"));
    /* a line that breaks off */
    assert_int_equal(sums_parse(&scratch_arena, (struct sv){text.p, text.n - 1}, &sums, &count),
                     -EBADMSG);
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
    };
    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
