/*
 * Which session a process holds, on captured worlds: a /proc that holds no more than working
 * directories, a config directory with entries of the registry and transcripts, each with the
 * time that it was written at.
 */
#include "session/mapping.h"

#include "scratch.h"

#include <errno.h>

#define A "aaaaaaaa-1111-4222-8333-444444444444"
#define B "bbbbbbbb-1111-4222-8333-444444444444"
#define C "cccccccc-1111-4222-8333-444444444444"
#define FOLDER "config/projects/-home-u-p/"

/* The machine was booted then; a client starts a thousand seconds later. */
enum { BOOT_S = 1700000000, START_S = BOOT_S + 1000, TICKS = 100, CLIENTS = 3 };

struct world {
    struct proc proc;
    struct arena arena;
    struct problems problems;
    struct sr_options options;
    struct stores stores;
    struct store store;
    struct live live[CLIENTS];
    struct session sessions[CLIENTS];
    size_t count;
};

static void written_at(const char *name, int64_t at_s)
{
    const struct timespec times[2] = {{.tv_sec = at_s}, {.tv_sec = at_s}};
    assert_int_equal(utimensat(AT_FDCWD, scratch(name), times, 0), 0);
}

/* A client with its working directory in the world's /proc. */
static struct live *client(struct world *w, pid_t pid, int64_t start_s)
{
    const char *folder = arena_printf(&scratch_arena, "proc/%d/comm", (int)pid);
    struct live *live = &w->live[w->count];
    scratch_put(folder, "claude\n");
    assert_int_equal(
        symlink("/home/u/p", scratch(arena_printf(&scratch_arena, "proc/%d/cwd", (int)pid))), 0);
    *live = (struct live){
        .agent = &agent_claude,
        .stat = {.pid = pid, .start_ticks = (uint64_t)(start_s - BOOT_S) * TICKS},
    };
    w->sessions[w->count++] = (struct session){.live = live, .store = &w->store};
    return live;
}

/* What a client publishes of itself: more, as further members of the object. */
static void registered(pid_t pid, const char *id, const char *more, int64_t at_s)
{
    const char *name = arena_printf(&scratch_arena, "config/sessions/%d.json", (int)pid);
    scratch_put(name, arena_printf(&scratch_arena,
                                   "{\"pid\":%d,\"sessionId\":\"%s\",\"cwd\":\"/home/u/p\"%s}",
                                   (int)pid, id, more));
    written_at(name, at_s);
}

#define STARTED ",\"procStart\":\"100000\"" /* START_S */

static void transcript(const char *id, const char *first_words, int64_t at_s)
{
    const char *name = arena_printf(&scratch_arena, FOLDER "%s.jsonl", id);
    scratch_put(name,
                arena_printf(&scratch_arena,
                             "{\"parentUuid\":null,\"isSidechain\":false,\"type\":\"user\","
                             "\"cwd\":\"/home/u/p\",\"sessionId\":\"%s\",\"version\":\"2.1.110\","
                             "\"uuid\":\"" C "\",\"timestamp\":\"2023-11-14T22:40:00.000Z\","
                             "\"message\":{\"role\":\"user\",\"content\":\"%s\"}}\n",
                             id, first_words));
    written_at(name, at_s);
}

static struct session *map(struct world *w)
{
    const char *config = scratch("config");
    scratch_put("proc/stat", arena_printf(&scratch_arena, "btime %d\n", (int)BOOT_S));
    scratch_put("config/settings.json", "{}\n");
    assert_int_equal(proc_open(&w->proc, scratch("proc"), NULL), 0);
    w->proc.ticks_per_s = TICKS;
    w->problems.arena = &w->arena;
    w->store.agent = &agent_claude;
    w->store.io = (struct agent_store){.fd = fs_open_dir(AT_FDCWD, config),
                                       .path = config,
                                       .arena = &w->arena,
                                       .problems = &w->problems};
    w->store.registry = agent_read_registry(&agent_claude, &w->store.io, &w->store.registrations,
                                            &w->store.registration_count);
    w->stores =
        (struct stores){.arena = &w->arena, .problems = &w->problems, .options = &w->options};
    mapping_run(w->sessions, w->count, &w->proc, &w->stores);
    return w->sessions;
}

static void leave(struct world *w)
{
    fs_close(&w->store.io.fd);
    proc_close(&w->proc);
    arena_release(&w->arena);
}

static void assert_mapped(const struct session *s, const char *id, enum sr_mapping by,
                          enum sr_certainty certainty)
{
    if (id)
        assert_string_equal(s->session_id, id);
    else
        assert_null(s->session_id);
    assert_int_equal(s->mapped_by, by);
    assert_int_equal(s->certainty, certainty);
}

static void the_registry_names_it_for_sure(void **state)
{
    (void)state;
    struct world w = {0};
    client(&w, 4711, START_S);
    registered(4711, A, STARTED, START_S + 1);
    transcript(A, "hello", START_S + 60);
    struct session *s = map(&w);
    assert_mapped(s, A, SR_MAPPED_BY_REGISTRY, SR_EXACT);
    assert_true(session_has_transcript(s));
    assert_int_equal(s->which.state, LOOKUP_FOUND);
    leave(&w);
}

static void an_entry_of_an_earlier_process_with_that_pid_counts_for_nothing(void **state)
{
    (void)state;
    struct world w = {0};
    client(&w, 4711, START_S + 500);
    registered(4711, A, STARTED, START_S + 1);
    struct session *s = map(&w);
    assert_mapped(s, NULL, SR_MAPPED_BY_NOTHING, SR_CERTAINTY_NONE);
    assert_int_equal(session_transcript(s), LOOKUP_ABSENT);
    leave(&w);
}

static void a_client_that_does_not_publish_its_start_must_have_begun_then(void **state)
{
    (void)state;
    const struct proc proc = {.boot = {BOOT_S * 1000LL}, .ticks_per_s = TICKS};
    const int64_t delays_ms[] = {-2001, -2000, 0, 60000, 60001};
    for (size_t i = 0; i < sizeof delays_ms / sizeof *delays_ms; i++) {
        struct agent_registration r = {.started_at = {START_S * 1000LL + delays_ms[i]}};
        assert_int_equal(mapping_fits_start(&r, &proc, 1000 * TICKS),
                         delays_ms[i] >= -2000 && delays_ms[i] <= 60000);
    }
    struct agent_registration none = {0};
    assert_false(mapping_fits_start(&none, &proc, 1000 * TICKS));
}

static void a_client_in_a_container_is_named_by_its_pid_in_there(void **state)
{
    (void)state;
    struct world w = {0};
    struct live *live = client(&w, 4711, START_S);
    live->container = "pid:[4026532000]";
    live->status.innermost_pid = 7;
    client(&w, 4712, START_S)->status.innermost_pid = 7; /* in no container: it is none of its */
    registered(7, A, STARTED, START_S + 1);
    struct session *s = map(&w);
    assert_mapped(&s[0], A, SR_MAPPED_BY_REGISTRY, SR_EXACT);
    assert_mapped(&s[1], NULL, SR_MAPPED_BY_NOTHING, SR_CERTAINTY_NONE);
    leave(&w);
}

static void an_entry_that_cannot_be_read_leaves_open_which_it_is(void **state)
{
    (void)state;
    struct world w = {0};
    client(&w, 4711, START_S);
    scratch_put("config/sessions/4711.json", "{\"pid\":47");
    transcript(A, "hello", START_S + 60);
    struct session *s = map(&w);
    assert_int_equal(s->which.state, LOOKUP_UNKNOWN);
    assert_mapped(s, NULL, SR_MAPPED_BY_NOTHING, SR_AMBIGUOUS);
    assert_int_equal(s->candidate_count, 1);
    assert_string_equal(s->candidates[0], A);
    assert_int_equal(session_transcript(s), LOOKUP_UNKNOWN);
    leave(&w);
}

static void a_command_line_is_likely(void **state)
{
    (void)state;
    struct world w = {0};
    client(&w, 4711, START_S)->named_session_id = A;
    struct session *s = map(&w);
    assert_mapped(s, A, SR_MAPPED_BY_ARGV, SR_LIKELY);
    assert_int_equal(session_transcript(s), LOOKUP_ABSENT);
    leave(&w);
}

static void a_tool_s_word_goes_before_the_command_line(void **state)
{
    (void)state;
    struct world w = {0};
    struct live *live = client(&w, 4711, START_S);
    live->named_session_id = A;
    live->nested_session_id = B;
    assert_mapped(map(&w), B, SR_MAPPED_BY_CHILD_ENVIRONMENT, SR_LIKELY);
    leave(&w);
}

/* One that outlived the session which started it says nothing of today's. */
static void a_tool_is_believed_against_the_registry_where_it_is_the_younger(void **state)
{
    (void)state;
    for (int is_younger = 0; is_younger < 2; is_younger++) {
        struct world w = {0};
        struct live *live = client(&w, 4711 + is_younger, START_S);
        live->nested_session_id = B;
        live->nested_session_start = (uint64_t)(START_S - BOOT_S + (is_younger ? 90 : 30)) * TICKS;
        registered(4711 + is_younger, A, STARTED, START_S + 60);
        struct session *s = map(&w);
        assert_mapped(s, is_younger ? B : A,
                      is_younger ? SR_MAPPED_BY_CHILD_ENVIRONMENT : SR_MAPPED_BY_REGISTRY,
                      SR_EXACT);
        assert_int_equal(live->note_count, is_younger);
        leave(&w);
    }
}

static void the_one_transcript_written_since_is_likely(void **state)
{
    (void)state;
    struct world w = {0};
    client(&w, 4711, START_S);
    transcript(A, "hello", START_S + 60);
    transcript(B, "before", START_S - 60);
    struct session *s = map(&w);
    assert_mapped(s, A, SR_MAPPED_BY_TRANSCRIPT, SR_LIKELY);
    leave(&w);
}

static void of_two_none_is_guessed(void **state)
{
    (void)state;
    struct world w = {0};
    client(&w, 4711, START_S);
    transcript(A, "hello", START_S + 60);
    transcript(B, "hello", START_S + 90);
    struct session *s = map(&w);
    assert_mapped(s, NULL, SR_MAPPED_BY_NOTHING, SR_AMBIGUOUS);
    assert_int_equal(s->candidate_count, 2);
    assert_string_equal(s->candidates[0], B); /* the newest first */
    assert_string_equal(s->candidates[1], A);
    leave(&w);
}

static void what_another_process_claims_is_not_its(void **state)
{
    (void)state;
    struct world w = {0};
    client(&w, 4711, START_S);
    client(&w, 4712, START_S);
    registered(4712, A, STARTED, START_S + 100);
    transcript(A, "hello", START_S + 60);
    transcript(B, "hello", START_S + 90);
    struct session *s = map(&w);
    assert_mapped(&s[0], B, SR_MAPPED_BY_TRANSCRIPT, SR_LIKELY);
    assert_mapped(&s[1], A, SR_MAPPED_BY_REGISTRY, SR_EXACT);
    leave(&w);
}

static void one_of_two_silent_processes_wrote_it(void **state)
{
    (void)state;
    struct world w = {0};
    client(&w, 4711, START_S);
    client(&w, 4712, START_S);
    transcript(A, "hello", START_S + 60);
    struct session *s = map(&w);
    for (int i = 0; i < 2; i++) {
        assert_mapped(&s[i], NULL, SR_MAPPED_BY_NOTHING, SR_AMBIGUOUS);
        assert_string_equal(s[i].candidates[0], A);
    }
    leave(&w);
}

static void a_directory_that_cannot_be_read_leaves_open_which_it_is(void **state)
{
    (void)state;
    struct world w = {0};
    client(&w, 4711, START_S);
    assert_int_equal(unlink(scratch("proc/4711/cwd")), 0);
    transcript(A, "hello", START_S + 60);
    struct session *s = map(&w);
    assert_mapped(s, NULL, SR_MAPPED_BY_NOTHING, SR_CERTAINTY_NONE);
    assert_int_equal(s->which.state, LOOKUP_UNKNOWN);
    assert_string_equal(s->which.where, "/proc/4711/cwd");
    assert_int_equal(session_transcript(s), LOOKUP_UNKNOWN);
    leave(&w);
}

#define CLEAR "<command-name>/clear</command-name>"

/* A client of 2.1.110 writes its entry once, at its start. */
static void an_old_client_went_on_in_another_transcript_after_clear(void **state)
{
    (void)state;
    struct world w = {0};
    client(&w, 4711, START_S);
    registered(4711, A, STARTED ",\"version\":\"2.1.110\"", START_S + 1);
    transcript(A, "hello", START_S + 60);
    transcript(B, CLEAR, START_S + 120);
    struct session *s = map(&w);
    assert_mapped(s, B, SR_MAPPED_BY_TRANSCRIPT, SR_LIKELY);
    assert_int_equal(s->live->note_count, 1);
    leave(&w);
}

static void a_transcript_that_did_not_begin_so_makes_the_entry_doubtful(void **state)
{
    (void)state;
    struct world w = {0};
    client(&w, 4711, START_S);
    registered(4711, A, STARTED ",\"version\":\"2.1.110\"", START_S + 1);
    transcript(A, "hello", START_S + 60);
    transcript(B, "resumed", START_S + 120);
    struct session *s = map(&w);
    assert_mapped(s, NULL, SR_MAPPED_BY_NOTHING, SR_AMBIGUOUS);
    assert_int_equal(s->candidate_count, 2);
    assert_string_equal(s->candidates[0], A);
    assert_string_equal(s->candidates[1], B);
    leave(&w);
}

static void another_version_s_transcript_raises_no_doubt(void **state)
{
    (void)state;
    struct world w = {0};
    client(&w, 4711, START_S);
    registered(4711, A, STARTED ",\"version\":\"2.1.90\"", START_S + 1);
    transcript(A, "hello", START_S + 60);
    transcript(B, CLEAR, START_S + 120);
    assert_mapped(map(&w), A, SR_MAPPED_BY_REGISTRY, SR_EXACT);
    leave(&w);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(the_registry_names_it_for_sure),
        IN_SCRATCH(an_entry_of_an_earlier_process_with_that_pid_counts_for_nothing),
        cmocka_unit_test(a_client_that_does_not_publish_its_start_must_have_begun_then),
        IN_SCRATCH(a_client_in_a_container_is_named_by_its_pid_in_there),
        IN_SCRATCH(an_entry_that_cannot_be_read_leaves_open_which_it_is),
        IN_SCRATCH(a_command_line_is_likely),
        IN_SCRATCH(a_tool_s_word_goes_before_the_command_line),
        IN_SCRATCH(a_tool_is_believed_against_the_registry_where_it_is_the_younger),
        IN_SCRATCH(the_one_transcript_written_since_is_likely),
        IN_SCRATCH(of_two_none_is_guessed),
        IN_SCRATCH(what_another_process_claims_is_not_its),
        IN_SCRATCH(one_of_two_silent_processes_wrote_it),
        IN_SCRATCH(a_directory_that_cannot_be_read_leaves_open_which_it_is),
        IN_SCRATCH(an_old_client_went_on_in_another_transcript_after_clear),
        IN_SCRATCH(a_transcript_that_did_not_begin_so_makes_the_entry_doubtful),
        IN_SCRATCH(another_version_s_transcript_raises_no_doubt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
