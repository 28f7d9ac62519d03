#include "session_store.h"

#include "backup/io/rename_ids.h"
#include "backup/io/sums.h"
#include "backup/restore.h"

#include <errno.h>

static struct restore_plan plan;
static struct sr_options look = {.proc_path = "tests/fixtures"}; /* where no process is */

/* Plans and, with run, does it. Returns: the result of what was last. */
static int restore(const char *config_dir, const char *cwd, bool new_id, bool run,
                   struct sr_error *error)
{
    struct backup_dir p;
    assert_int_equal(backup_dir_open(&p, scratch("pending"), false, NULL), 0);
    struct restore_request request = {
        .pending = &p,
        .stem = store_stem,
        .config_dir = scratch(config_dir),
        .cwd = cwd,
        .under_new_id = new_id,
        .look = &look,
    };
    int r = restore_plan(&request, &scratch_arena, &plan, error);
    if (r == 0 && run)
        r = restore_run(&request, &plan, error);
    backup_dir_close(&p);
    return r;
}

static enum restore_fate fate_of(const char *name)
{
    for (size_t i = 0; i < plan.step_count; i++)
        if (plan.steps[i].to && str_ends_with(plan.steps[i].to, name))
            return plan.steps[i].fate;
    fail_msg("no step for %s", name);
    return RESTORE_KEEP;
}

static void everything_is_put_back(void **state)
{
    (void)state;
    assert_int_equal(restore("new", NULL, false, true, NULL), 0);
    assert_sv_equal(scratch_read("new/projects/-home-u-p/" ID ".jsonl"), LINE LINE);
    assert_sv_equal(scratch_read("new/projects/-home-u-p/" ID "/subagents/deep/agent-1.jsonl"),
                    LINE);
    assert_sv_equal(scratch_read("new/plans/blue-cat.md"), "the plan\n");
    assert_sv_equal(scratch_read("new/history.jsonl"),
                    "{\"display\":\"hi\",\"sessionId\":\"" ID "\"}\n");
    assert_int_equal(scratch_mode("new/projects/-home-u-p/" ID ".jsonl"), 0600);
    assert_false(scratch_has("new/.session-rescue-restore-" ID));
}

static void a_plan_writes_nothing(void **state)
{
    (void)state;
    assert_int_equal(restore("new", NULL, false, false, NULL), 0);
    assert_int_equal(plan.step_count, 7);
    assert_false(scratch_has("new"));
}

static void the_transcript_comes_last(void **state)
{
    (void)state;
    assert_int_equal(restore("new", NULL, false, false, NULL), 0);
    assert_int_equal(plan.steps[plan.step_count - 1].file->kind, AGENT_FILE_TRANSCRIPT);
}

static void a_longer_transcript_is_not_replaced(void **state)
{
    (void)state;
    struct sr_error error;
    scratch_append(PROJECT "/" ID ".jsonl", LINE);
    assert_int_equal(restore("config", NULL, false, true, &error), -EEXIST);
    assert_non_null(strstr(error.text, "longer"));
    assert_int_equal(scratch_read(PROJECT "/" ID ".jsonl").n, 3 * strlen(LINE));
}

static void a_conflict_beside_it_stops_it_too(void **state)
{
    (void)state;
    scratch_put("new/projects/-home-u-p/" ID "/tool-results/x.txt", "mine\n");
    assert_int_equal(restore("new", NULL, false, true, NULL), -EEXIST);
    assert_false(scratch_has("new/projects/-home-u-p/" ID ".jsonl"));
    assert_sv_equal(scratch_read("new/projects/-home-u-p/" ID "/tool-results/x.txt"), "mine\n");
}

static void what_others_use_stays_as_it_is(void **state)
{
    (void)state;
    scratch_put("new/projects/-home-u-p/memory/MEMORY.md", "newer\n");
    scratch_put("new/history.jsonl", "{\"display\":\"mine\"}");
    assert_int_equal(restore("new", NULL, false, true, NULL), 0);
    assert_int_equal(fate_of("MEMORY.md"), RESTORE_LEAVE);
    assert_sv_equal(scratch_read("new/projects/-home-u-p/memory/MEMORY.md"), "newer\n");
    assert_sv_equal(scratch_read("new/history.jsonl"),
                    "{\"display\":\"mine\"}\n{\"display\":\"hi\",\"sessionId\":\"" ID "\"}\n");
}

static void what_is_there_already_is_left(void **state)
{
    (void)state;
    const char *history =
        "{\"display\":\"hi\",\"sessionId\":\"" ID "\"}\n{\"display\":\"other\"}\n";
    assert_int_equal(restore("config", NULL, false, true, NULL), 0);
    assert_int_equal(fate_of("/" ID ".jsonl"), RESTORE_IS_THERE);
    assert_sv_equal(scratch_read("config/history.jsonl"), history);
}

static void a_moved_directory_has_another_folder(void **state)
{
    (void)state;
    char real[4096];
    mkdir(scratch("moved_to"), 0700);
    assert_non_null(realpath(scratch("moved_to"), real));
    assert_int_equal(restore("new", scratch("moved_to"), false, true, NULL), 0);
    const char *folder = agent_claude.stored->project_folder(&scratch_arena, real);
    assert_true(scratch_has(arena_printf(&scratch_arena, "new/%s/" ID ".jsonl", folder)));
    assert_true(scratch_has(arena_printf(&scratch_arena, "new/%s/memory/MEMORY.md", folder)));
    assert_string_equal(plan.cwd, real);
    assert_int_equal(restore("new", scratch("not-there"), false, false, NULL), -ENOENT);
}

static void a_new_id_is_in_every_record_and_name(void **state)
{
    (void)state;
    assert_int_equal(restore("config", NULL, true, true, NULL), 0);
    assert_string_not_equal(plan.session_id, ID);
    assert_true(str_is_uuid(sv_of(plan.session_id)));
    const char *transcript = arena_printf(&scratch_arena, PROJECT "/%s.jsonl", plan.session_id);
    struct sv text = scratch_read(transcript);
    assert_int_equal(text.n, 2 * strlen(LINE));
    assert_int_equal(sv_find(text, 0, SV(ID)), text.n);
    assert_true(sv_find(text, 0, sv_of(plan.session_id)) < text.n);
    assert_true(scratch_has(arena_printf(&scratch_arena, "config/todos/%s-agent-%s.json",
                                         plan.session_id, plan.session_id)));
    /* two in the transcript, one in the subagent's, one in the history */
    assert_int_equal(plan.ids_rewritten, 4);
    /* a tool's output is what it was */
    assert_sv_equal(scratch_read(arena_printf(&scratch_arena, PROJECT "/%s/tool-results/x.txt",
                                              plan.session_id)),
                    ID " in a tool's output\n");
    assert_sv_equal(scratch_read(PROJECT "/" ID ".jsonl"), LINE LINE);
}

static void a_damaged_backup_is_not_restored(void **state)
{
    (void)state;
    struct sr_error error;
    scratch_append(store_part(".jsonl"), "x");
    assert_int_equal(restore("new", NULL, false, true, &error), -EBADMSG);
    assert_non_null(strstr(error.text, "damaged"));
    assert_false(scratch_has("new"));
}

/* Somebody else's backup: sound by its sums, and not well-meaning. */
static void a_name_does_not_lead_out_of_the_config_directory(void **state)
{
    (void)state;
    struct sv old = scratch_read(store_part(".json"));
    char *text = arena_strndup(&scratch_arena, old.p, old.n);
    char *name = strstr(text, "\"plans/blue-cat.md\"");
    assert_non_null(name);
    memcpy(name, "\"../ns/blue-cat.md\"", strlen("\"plans/blue-cat.md\""));
    scratch_put(store_part(".json"), text);

    struct sum *sums;
    size_t count;
    struct buf changed = {0};
    struct digest d;
    char sha256[DIGEST_TEXT_SIZE];
    digest_init(&d);
    digest_add(&d, text, old.n);
    digest_end(&d, sha256);
    struct sv listed = scratch_read(store_part(".sha256"));
    assert_int_equal(sums_parse(&scratch_arena, listed, &sums, &count), 0);
    for (size_t i = 0; i < count; i++)
        sums_add(&changed, i == count - 1 ? sha256 : sums[i].sha256, sums[i].name);
    scratch_put(store_part(".sha256"), changed.p);
    buf_release(&changed);

    assert_int_equal(restore("new", NULL, false, true, NULL), -EBADMSG);
    assert_false(scratch_has("ns"));
}

static void a_link_is_followed_where_the_store_may_have_one(void **state)
{
    (void)state;
    mkdir(scratch("new"), 0700);
    mkdir(scratch("elsewhere"), 0700);
    assert_int_equal(symlink("../elsewhere", scratch("new/plans")), 0);
    assert_int_equal(restore("new", NULL, false, true, NULL), 0);
    assert_true(scratch_has("elsewhere/blue-cat.md"));
}

static void a_link_deep_in_the_store_is_not_followed(void **state)
{
    (void)state;
    scratch_put("new/projects/-home-u-p/x", "");
    mkdir(scratch("elsewhere"), 0700);
    assert_int_equal(symlink(scratch("elsewhere"), scratch("new/projects/-home-u-p/memory")), 0);
    assert_true(restore("new", NULL, false, true, NULL) < 0);
    assert_false(scratch_has("elsewhere/MEMORY.md"));
}

static void what_a_killed_restore_left_is_removed(void **state)
{
    (void)state;
    scratch_put("new/.session-rescue-restore-" ID "/0", "half");
    assert_int_equal(restore("new", NULL, false, true, NULL), 0);
    assert_false(scratch_has("new/.session-rescue-restore-" ID));
    assert_sv_equal(scratch_read("new/projects/-home-u-p/" ID ".jsonl"), LINE LINE);
}

static void a_word_across_two_pieces_is_replaced(void **state)
{
    (void)state;
    enum { PIECE = 1024 * 1024 };
    for (size_t shift = 0; shift <= 36; shift += 9) {
        size_t n = 2 * PIECE, at = PIECE - shift;
        char *bytes = malloc(n);
        memset(bytes, '.', n);
        memcpy(bytes + at, ID, 36);
        scratch_write("from", bytes, n);
        FS_CLOSE int from = open(scratch("from"), O_RDONLY);
        FS_CLOSE int to = open(scratch("to"), O_RDWR | O_CREAT | O_TRUNC, 0600);
        struct rewritten out;
        const char *other = "99999999-2222-4333-8444-555555555555";
        assert_int_equal(rename_ids_file(from, to, ID, other, &out), 0);
        assert_int_equal(out.count, 1);
        assert_int_equal(out.size_bytes, n);
        memcpy(bytes + at, other, 36);
        assert_memory_equal(scratch_read("to").p, bytes, n);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BACKUP(everything_is_put_back),
        WITH_BACKUP(a_plan_writes_nothing),
        WITH_BACKUP(the_transcript_comes_last),
        WITH_BACKUP(a_longer_transcript_is_not_replaced),
        WITH_BACKUP(a_conflict_beside_it_stops_it_too),
        WITH_BACKUP(what_others_use_stays_as_it_is),
        WITH_BACKUP(what_is_there_already_is_left),
        WITH_BACKUP(a_moved_directory_has_another_folder),
        WITH_BACKUP(a_new_id_is_in_every_record_and_name),
        WITH_BACKUP(a_damaged_backup_is_not_restored),
        WITH_BACKUP(a_name_does_not_lead_out_of_the_config_directory),
        WITH_BACKUP(a_link_is_followed_where_the_store_may_have_one),
        WITH_BACKUP(a_link_deep_in_the_store_is_not_followed),
        WITH_BACKUP(what_a_killed_restore_left_is_removed),
        WITH_BACKUP(a_word_across_two_pieces_is_replaced),
    };
    return cmocka_run_group_tests_name("restore", tests, NULL, NULL);
}
