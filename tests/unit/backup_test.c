#include "session_store.h"

#include "backup/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

static void everything_of_the_session_is_there(void **state)
{
    (void)state;
    assert_sv_equal(scratch_read(store_part(".jsonl")), LINE LINE);
    assert_sv_equal(
        scratch_read(store_part(".files/projects/-home-u-p/" ID "/subagents/deep/agent-1.jsonl")),
        LINE);
    assert_true(scratch_has(store_part(".files/projects/-home-u-p/" ID "/tool-results/x.txt")));
    assert_true(scratch_has(store_part(".files/projects/-home-u-p/memory/MEMORY.md")));
    assert_true(scratch_has(store_part(".files/plans/blue-cat.md")));
    assert_true(scratch_has(store_part(".files/todos/" ID "-agent-" ID ".json")));
    assert_sv_equal(scratch_read(store_part(".files/history.jsonl")),
                    "{\"display\":\"hi\",\"sessionId\":\"" ID "\"}\n");
}

static void nothing_else_is_there(void **state)
{
    (void)state;
    assert_false(scratch_has(store_part(".files/plans/other.md")));
    assert_false(scratch_has(store_part(".files/.credentials.json")));
    assert_false(scratch_has(store_part(".files/projects/-home-u-p/" ID "/remote.key")));
    assert_false(scratch_has(arena_printf(&scratch_arena, "pending/.partial-%s", store_stem)));
}

static void only_the_owner_can_read_it(void **state)
{
    (void)state;
    assert_int_equal(scratch_mode("pending"), 0700);
    assert_int_equal(scratch_mode(store_part(".jsonl")), 0600);
    assert_int_equal(scratch_mode(store_part(".json")), 0600);
    assert_int_equal(scratch_mode(store_part(".sha256")), 0600);
    assert_int_equal(scratch_mode(store_part(".files")), 0700);
    assert_int_equal(scratch_mode(store_part(".files/plans")), 0700);
    assert_int_equal(scratch_mode(store_part(".files/plans/blue-cat.md")), 0600);
}

static void the_umask_changes_nothing(void **state)
{
    (void)state;
    struct sr_export e;
    scratch_append(PROJECT "/" ID ".jsonl", LINE);
    mode_t old = umask(0777);
    int r = store_export(&e, NULL);
    umask(old);
    assert_int_equal(r, 0);
    assert_int_equal(scratch_mode(store_part(".jsonl")), 0600);
    assert_int_equal(scratch_mode(store_part(".files")), 0700);
}

static void unchanged_makes_no_second_one(void **state)
{
    (void)state;
    struct sr_export e;
    const char *first = store_stem;
    assert_int_equal(store_export(&e, NULL), 0);
    assert_int_equal(e.outcome, SR_ALREADY_EXPORTED);
    assert_string_equal(e.stem, first);
}

static void a_rewritten_but_equal_file_makes_no_second_one(void **state)
{
    (void)state;
    struct sr_export e;
    scratch_put(PROJECT "/" ID ".jsonl", LINE LINE);
    assert_int_equal(store_export(&e, NULL), 0);
    assert_int_equal(e.outcome, SR_ALREADY_EXPORTED);
}

static void grown_says_by_how_much(void **state)
{
    (void)state;
    struct sr_export e;
    scratch_append(PROJECT "/" ID ".jsonl", LINE);
    assert_int_equal(store_export(&e, NULL), 0);
    assert_int_equal(e.outcome, SR_EXPORTED);
    assert_int_equal(e.grown_bytes, strlen(LINE));
}

static void a_change_beside_the_transcript_counts(void **state)
{
    (void)state;
    struct sr_export e;
    scratch_put("config/plans/blue-cat.md", "the other plan\n");
    assert_int_equal(store_export(&e, NULL), 0);
    assert_int_equal(e.outcome, SR_EXPORTED);
    assert_int_equal(e.grown_bytes, 0);
    scratch_append("config/history.jsonl", "{\"sessionId\":\"" ID "\"}\n");
    assert_int_equal(store_export(&e, NULL), 0);
    assert_int_equal(e.outcome, SR_EXPORTED);
}

static void a_damaged_backup_does_not_count(void **state)
{
    (void)state;
    struct sr_export e;
    scratch_put(store_part(".files/plans/blue-cat.md"), "the PLAN\n");
    assert_int_equal(store_export(&e, NULL), 0);
    assert_int_equal(e.outcome, SR_EXPORTED);
}

static void what_could_not_be_read_is_said_and_tried_again(void **state)
{
    (void)state;
    struct sr_export e;
    const char *history = scratch("config/history.jsonl");
    unlink(history);
    assert_int_equal(mkfifo(history, 0600), 0);
    assert_int_equal(store_export(&e, NULL), 0);
    assert_int_equal(e.outcome, SR_EXPORTED);
    assert_int_equal(e.lost_count, 1);
    unlink(history);
    assert_int_equal(store_export(&e, NULL), 0);
    assert_int_equal(e.outcome, SR_EXPORTED);
    assert_int_equal(e.lost_count, 0);
}

static void temporary_output_is_kept_and_links_are_not_followed(void **state)
{
    (void)state;
    struct sr_export e;
    const char *folder =
        arena_printf(&scratch_arena, "tmp/claude-%u/-home-u-p/" ID "/tasks", (unsigned)geteuid());
    const char *link = arena_printf(&scratch_arena, "%s/b.output", folder);
    scratch_put(arena_printf(&scratch_arena, "%s/a.output", folder), "half of it\n");
    const char *own = arena_printf(&scratch_arena, "%s/c.output", folder);
    assert_int_equal(symlink("/etc/hostname", scratch(link)), 0);
    assert_int_equal(symlink("/x/projects/-home-u-p/" ID "/subagents/agent-c.jsonl", scratch(own)),
                     0);
    assert_int_equal(store_export(&e, NULL), 0);
    assert_sv_equal(scratch_read(store_part(".files/tmp/-home-u-p/" ID "/tasks/a.output")),
                    "half of it\n");
    assert_false(scratch_has(store_part(".files/tmp/-home-u-p/" ID "/tasks/b.output")));
    assert_non_null(strstr(scratch_read(store_part(".json")).p, "symbolic link to /etc/hostname"));
    assert_int_equal(e.lost_count, 1); /* what that leads to is nowhere else */
}

static void a_transcript_behind_a_link_out_is_refused(void **state)
{
    (void)state;
    struct sr_export e;
    struct sr_error error;
    scratch_put("elsewhere.txt", LINE); /* a transcript it would follow */
    unlink(scratch(PROJECT "/" ID ".jsonl"));
    assert_int_equal(symlink(scratch("elsewhere.txt"), scratch(PROJECT "/" ID ".jsonl")), 0);
    assert_int_equal(store_export(&e, &error), -EXDEV);
    assert_non_null(strstr(error.text, ID));
}

static void what_a_killed_export_left_is_removed(void **state)
{
    (void)state;
    struct sr_export e;
    const char *stem = "2026-01-02T03-04-05Z-LOSSLESS-" ID;
    const char *partial = arena_printf(&scratch_arena, "pending/.partial-%s", stem);
    const char *published = arena_printf(&scratch_arena, "pending/%s.jsonl", stem);
    scratch_put(arena_printf(&scratch_arena, "%s/files/a/b", partial), "half");
    scratch_put(published, LINE);
    scratch_append(PROJECT "/" ID ".jsonl", LINE);
    assert_int_equal(store_export(&e, NULL), 0);
    assert_false(scratch_has(partial));
    assert_false(scratch_has(published));
}

static void what_merely_lost_its_sums_is_not(void **state)
{
    (void)state;
    struct sr_export e;
    const char *transcript = store_part(".jsonl");
    unlink(scratch(store_part(".sha256")));
    assert_int_equal(store_export(&e, NULL), 0);
    assert_int_equal(e.outcome, SR_EXPORTED);
    assert_true(scratch_has(transcript));
}

static void a_second_export_says_who_holds_the_lock(void **state)
{
    (void)state;
    struct sr_export e;
    struct sr_error error;
    scratch_put("pending/.lock", "pid 4711\n");
    int fd = open(scratch("pending/.lock"), O_RDWR);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    scratch_append(PROJECT "/" ID ".jsonl", LINE);
    assert_int_equal(store_export(&e, &error), -EBUSY);
    assert_non_null(strstr(error.text, "pid 4711"));
    close(fd);
    assert_int_equal(store_export(&e, &error), 0);
}

/* As a user of the library does it. */
static void a_listed_session_is_exported_by_the_library(void **state)
{
    (void)state;
    const char *config = scratch("config");
    struct sr_options look = {
        .config_dirs = &config,
        .config_dir_count = 1,
        .proc_path = "tests/fixtures", /* where no process is */
        .stored_limit = 1,
    };
    struct sr_export_options options = {
        .pending_dir = scratch("other"),
        .temporary_dir = scratch("tmp"),
        .why = "test",
        .dry_run = true,
    };
    struct sr_snapshot *snapshot;
    struct sr_export e;
    assert_int_equal(sr_detect_processes(&look, &snapshot, NULL), 0);
    assert_int_equal(snapshot->session_count, 1);
    const struct sr_session *session = &snapshot->sessions[0];
    assert_int_equal(sr_export_session(snapshot, session, &options, &e, NULL), 0);
    assert_int_equal(e.outcome, SR_WOULD_EXPORT);
    assert_false(scratch_has("other"));
    options.dry_run = false;
    assert_int_equal(sr_export_session(snapshot, session, &options, &e, NULL), 0);
    assert_int_equal(e.outcome, SR_EXPORTED);
    assert_int_equal(e.size_bytes, 2 * strlen(LINE));
    assert_true(scratch_has(arena_printf(&scratch_arena, "other/%s.sha256", e.stem)));
    sr_snapshot_free(snapshot);
}

static void a_conversation_from_memory_is_a_session_of_its_own(void **state)
{
    (void)state;
    const char *config = scratch("config"), *other = "22222222-2222-4333-8444-555555555555";
    const struct sr_options look = {.config_dirs = &config,
                                    .config_dir_count = 1,
                                    .proc_path = "tests/fixtures",
                                    .stored_limit = 1};
    const struct sr_export_options options = {.pending_dir = scratch("other"), .why = "test"};
    const struct salvage_memory recalled = {.records = SV("{\"from\":\"memory\"}\n"),
                                            .new_id = other};
    struct sr_snapshot *snapshot;
    struct backup_run run;
    struct sr_export e;
    struct sr_error error;
    assert_int_equal(sr_detect_processes(&look, &snapshot, NULL), 0);
    assert_int_equal(backup_begin(&run, &options, &error), 0);
    const struct sr_session *session = &snapshot->sessions[0];
    assert_int_equal(backup_take_recalled(&run, snapshot, session, &recalled, &e, &error), 0);
    assert_int_equal(e.outcome, SR_EXPORTED);
    assert_true(str_ends_with(e.stem, other));
    assert_sv_equal(scratch_read(arena_printf(&scratch_arena, "other/%s.jsonl", e.stem)),
                    "{\"from\":\"memory\"}\n");

    snapshot_of(snapshot)->sessions[0].store->code = -EACCES; /* whose it is cannot be told */
    assert_int_equal(backup_take_recalled(&run, snapshot, session, &recalled, &e, &error), -EACCES);
    assert_non_null(strstr(error.text, config));
    backup_end(&run);
    sr_snapshot_free(snapshot);
}

static void the_manifest_can_be_read_again(void **state)
{
    (void)state;
    struct manifest m;
    const char *wrong;
    assert_int_equal(manifest_parse(&scratch_arena, scratch_read(store_part(".json")), &m, &wrong),
                     0);
    assert_string_equal(m.session_id, ID);
    assert_string_equal(m.cwd, "/home/u/p");
    assert_string_equal(m.why, "test");
    assert_string_equal(m.config_dir, scratch("config"));
    assert_string_equal(m.files[0].name, "projects/-home-u-p/" ID ".jsonl");
    assert_int_equal(m.files[0].copied.size_bytes, 2 * strlen(LINE));
    assert_true(m.files[0].copied.ends_in_newline);
    assert_int_equal(m.lost_count, 0);
}

static void a_broken_manifest_is_said_to_be(void **state)
{
    (void)state;
    struct manifest m;
    const char *wrong;
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"schema\":\"session-rescue-backup/1\"}",
        "{\"schema\":\"session-rescue-backup/1\",\"agent\":\"claude\",\"session_id\":\"" ID
        "\",\"files\":[{}]}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(manifest_parse(&scratch_arena, sv_of(texts[i]), &m, &wrong), -EBADMSG);
}

/* As backup_dir_fuller, of the one backup that there is. */
static struct lookup fuller_than(int fd, int64_t size_bytes)
{
    struct backup_dir p;
    struct backup_dir_entry *entries;
    const struct backup_dir_entry *fuller;
    size_t count;
    int64_t its;
    assert_int_equal(backup_dir_open(&p, scratch("pending"), false, NULL), 0);
    assert_int_equal(backup_dir_list(&p, &scratch_arena, &entries, &count), 0);
    assert_int_equal(count, 1);
    struct lookup seen = backup_dir_fuller(&p, entries, count, ID, fd, size_bytes, &fuller, &its);
    assert_int_equal(fuller != NULL, seen.state == LOOKUP_FOUND);
    backup_dir_close(&p);
    return seen;
}

static void lengths_are_compared_with_lengths_and_records_with_records(void **state)
{
    (void)state;
    static const char holed[] = LINE LINE "\0\0\0\0"; /* two records */
    const int64_t sound_bytes = (int64_t)strlen(LINE LINE);
    scratch_write(store_part(".jsonl"), holed, sizeof holed);
    assert_int_equal(fuller_than(-1, sound_bytes).state, LOOKUP_FOUND);
    assert_int_equal(fuller_than(-1, sizeof holed).state, LOOKUP_ABSENT);
    assert_int_equal(fuller_than(-1, 0).state, LOOKUP_FOUND);
    int fd = open(scratch(PROJECT "/" ID ".jsonl"), O_RDONLY);
    assert_int_equal(fuller_than(fd, sound_bytes).state, LOOKUP_ABSENT);
    close(fd);
}

static void what_cannot_be_read_itself_may_hold_less(void **state)
{
    (void)state;
    int fd = open(scratch(PROJECT "/" ID ".jsonl"), O_WRONLY);
    struct lookup seen = fuller_than(fd, (int64_t)strlen(LINE LINE LINE));
    assert_int_equal(seen.state, LOOKUP_UNKNOWN);
    assert_int_equal(seen.code, -EBADF);
    assert_string_equal(seen.where, store_stem);
    close(fd);
}

static void a_place_behind_a_link_to_nothing_is_none(void **state)
{
    (void)state;
    struct sr_error error;
    assert_int_equal(backup_dir_foresee(scratch("pending"), 1, &error), 0);
    assert_int_equal(backup_dir_foresee(scratch("not/yet"), 1, &error), 0);
    assert_int_equal(symlink(scratch("nothing"), scratch("link")), 0);
    assert_int_equal(backup_dir_foresee(scratch("link"), 1, &error), -ENOLINK);
    assert_int_equal(backup_dir_foresee(scratch("link/below"), 1, &error), -ENOLINK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BACKUP(everything_of_the_session_is_there),
        WITH_BACKUP(nothing_else_is_there),
        WITH_BACKUP(only_the_owner_can_read_it),
        WITH_BACKUP(the_umask_changes_nothing),
        WITH_BACKUP(unchanged_makes_no_second_one),
        WITH_BACKUP(a_rewritten_but_equal_file_makes_no_second_one),
        WITH_BACKUP(grown_says_by_how_much),
        WITH_BACKUP(a_change_beside_the_transcript_counts),
        WITH_BACKUP(a_damaged_backup_does_not_count),
        WITH_BACKUP(what_could_not_be_read_is_said_and_tried_again),
        WITH_BACKUP(temporary_output_is_kept_and_links_are_not_followed),
        WITH_BACKUP(a_transcript_behind_a_link_out_is_refused),
        WITH_BACKUP(what_a_killed_export_left_is_removed),
        WITH_BACKUP(what_merely_lost_its_sums_is_not),
        WITH_BACKUP(a_second_export_says_who_holds_the_lock),
        WITH_BACKUP(a_listed_session_is_exported_by_the_library),
        WITH_BACKUP(a_conversation_from_memory_is_a_session_of_its_own),
        WITH_BACKUP(the_manifest_can_be_read_again),
        WITH_BACKUP(a_broken_manifest_is_said_to_be),
        WITH_BACKUP(lengths_are_compared_with_lengths_and_records_with_records),
        WITH_BACKUP(what_cannot_be_read_itself_may_hold_less),
        WITH_BACKUP(a_place_behind_a_link_to_nothing_is_none),
    };
    return cmocka_run_group_tests_name("backup", tests, NULL, NULL);
}
