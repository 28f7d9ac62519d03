/*
 * world: a captured machine in a scratch folder: a /proc with clients in it, a config directory
 * with what they publish and write. One look at it is what sr_detect_processes makes of it.
 *
 * The machine was booted at WORLD_BOOT_S; a client starts at WORLD_START_S.
 */
#pragma once

#include "scratch.h"

#include "session_rescue.h"

#define WORLD_A "aaaaaaaa-1111-4222-8333-444444444444"
#define WORLD_B "bbbbbbbb-1111-4222-8333-444444444444"
#define WORLD_C "cccccccc-1111-4222-8333-444444444444"
#define WORLD_FOLDER "-home-u-p" /* of sessions that were started in /home/u/p */

enum { WORLD_BOOT_S = 1700000000, WORLD_START_S = WORLD_BOOT_S + 1000 };

/* Records of a session, at a minute of 2026-01-02, 09:00. */
#define WORLD_RECORD(id, minute, rest)                                                          \
    "{\"isSidechain\":false,\"cwd\":\"/home/u/p\",\"sessionId\":\"" id                          \
    "\",\"version\":\"2.1.197\",\"timestamp\":\"2026-01-02T09:" minute ":00.000Z\",\"uuid\":\"" \
    "dddddddd-1111-4222-8333-4444444444" minute "\"," rest "}\n"
#define WORLD_PROMPT(id, minute, text)                                                   \
    WORLD_RECORD(id, minute,                                                             \
                 "\"parentUuid\":null,\"type\":\"user\",\"message\":{\"role\":\"user\"," \
                 "\"content\":\"" text "\"}")
#define WORLD_REPLY(id, minute, text)                                                           \
    WORLD_RECORD(id, minute,                                                                    \
                 "\"parentUuid\":null,\"type\":\"assistant\",\"message\":{\"role\":"            \
                 "\"assistant\",\"id\":\"m" minute "\",\"model\":\"claude-x\",\"stop_reason\":" \
                 "\"end_turn\",\"usage\":{\"input_tokens\":995,\"output_tokens\":5},"           \
                 "\"content\":[{\"type\":\"text\",\"text\":\"" text "\"}]}")
#define WORLD_TALK(id, minute) WORLD_PROMPT(id, minute, "hello") WORLD_REPLY(id, minute, "done")

__attribute__((format(printf, 1, 2))) static inline const char *world_name(const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return arena_strdup(&scratch_arena, text);
}

static inline void world_written_at(const char *name, int64_t at_s)
{
    const struct timespec times[2] = {{.tv_sec = at_s}, {.tv_sec = at_s}};
    assert_int_equal(utimensat(AT_FDCWD, scratch(name), times, 0), 0);
}

static inline void world_transcript(const char *folder, const char *id, const char *lines)
{
    scratch_put(world_name("config/projects/%s/%s.jsonl", folder, id), lines);
}

/* A process of this user, with this one's parent above it. arguments: each ends with NUL. */
static inline void world_process(int pid, const char *exe, const char *arguments, size_t n)
{
    unsigned uid = geteuid();
    scratch_put("proc/stat", world_name("btime %d\n", (int)WORLD_BOOT_S));
    scratch_put(
        world_name("proc/%d/stat", pid),
        world_name("%d (x) S 1 %d %d 0 -1 0 0 0 0 0 5 3 0 0 20 0 1 0 100000 0 0\n", pid, pid, pid));
    scratch_put(world_name("proc/%d/status", pid),
                world_name("Name:\tx\nUid:\t%u\t%u\t%u\t%u\n", uid, uid, uid, uid));
    scratch_write(world_name("proc/%d/cmdline", pid), arguments, n);
    const char *environment = world_name("CLAUDE_CONFIG_DIR=%s", scratch("config"));
    scratch_write(world_name("proc/%d/environ", pid), environment, strlen(environment) + 1);
    assert_int_equal(symlink(exe, scratch(world_name("proc/%d/exe", pid))), 0);
    assert_int_equal(symlink("/home/u/p", scratch(world_name("proc/%d/cwd", pid))), 0);
}

#define WORLD_CLIENT(pid, arguments)                                         \
    world_process(pid, "/opt/claude/versions/2.1.197", "claude\0" arguments, \
                  sizeof("claude\0" arguments))

/* What a client publishes: it has that session. */
static inline void world_registered(int pid, const char *id)
{
    scratch_put(world_name("config/sessions/%d.json", pid),
                world_name("{\"pid\":%d,\"sessionId\":\"%s\",\"cwd\":\"/home/u/p\",\"procStart\":"
                           "\"100000\",\"kind\":\"interactive\",\"status\":\"idle\"}\n",
                           pid, id));
}

/* with: what is to be asked for; its folders are filled in. Owner: sr_snapshot_free. */
static inline struct sr_snapshot *world_look(struct sr_options *with)
{
    static const char *config;
    struct sr_snapshot *snapshot;
    config = scratch("config");
    scratch_put("proc/stat", world_name("btime %d\n", (int)WORLD_BOOT_S));
    scratch_put("config/settings.json", "{}\n");
    with->config_dirs = &config;
    with->config_dir_count = 1;
    with->proc_path = scratch("proc");
    assert_int_equal(sr_detect_processes(with, &snapshot, NULL), 0);
    return snapshot;
}

/* Returns: NULL: it is not listed. */
static inline const struct sr_session *world_session(const struct sr_snapshot *snapshot,
                                                     const char *id)
{
    for (size_t i = 0; i < snapshot->session_count; i++)
        if (str_equals(snapshot->sessions[i].session_id, id))
            return &snapshot->sessions[i];
    return NULL;
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
