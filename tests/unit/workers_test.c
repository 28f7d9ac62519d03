/*
 * Trees of real clients, and which of their processes work for a turn: each file of
 * tests/fixtures/trees was written beside a client by tests/e2e/capture-trees.mjs, which knew what
 * every child was started for.
 */
#include "session/evidence/workers.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TREES "tests/fixtures/trees"

enum { LIMIT = 256, MARKS = 8 };

/* A line of a captured tree. */
struct line {
    int pid, ppid, group, session;
    long long began_ms;
    char name[64], kind[32], marks[256], words[256];
};

static enum agent_child kind_of(const struct line *line, const struct line *client)
{
    static char values[MARKS][64];
    const char *environment[MARKS], *argv[8];
    size_t mark_count = 0, word_count = 0;
    char marks[256], words[256];
    snprintf(marks, sizeof marks, "%s", line->marks);
    snprintf(words, sizeof words, "%s", line->words);
    for (char *at = strtok(marks, ","); at && mark_count < MARKS; at = strtok(NULL, ",")) {
        snprintf(values[mark_count], sizeof values[0], "%.50s=x", at);
        environment[mark_count] = values[mark_count];
        mark_count++;
    }
    for (char *at = strtok(words, " "); at && word_count < 8; at = strtok(NULL, " "))
        argv[word_count++] = at;
    const struct proc_strings given = {environment, mark_count}, none = {NULL, 0},
                              command = {argv, word_count};
    return agent_child_of(&agent_claude,
                          &(struct agent_child_look){.argv = &command,
                                                     .environment = &given,
                                                     .client_environment = &none,
                                                     .is_in_group = line->group == client->group});
}

static enum agent_child kind_known(const char *kind)
{
    static const struct {
        const char *word;
        enum agent_child kind;
    } kinds[] = {
        {"tool", AGENT_CHILD_TOOL},     {"job", AGENT_CHILD_TOOL},
        {"hook", AGENT_CHILD_HOOK},     {"status-line", AGENT_CHILD_HOOK},
        {"server", AGENT_CHILD_SERVER},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].word, kind) == 0)
            return kinds[i].kind;
    return AGENT_CHILD_UNKNOWN;
}

/* By what the child is, and not by how it looks. */
static enum worker_part part_known(const struct line *line, const struct workers_work *work)
{
    int slack_ms = work->kind == WORK_TOOL ? WORKERS_HOOK_SLACK_MS : WORKERS_SLACK_MS;
    bool is_since = line->began_ms >= work->began_ms - slack_ms;
    if (strcmp(line->kind, "tool") == 0)
        return WORKER_OF_TOOL;
    if (strcmp(line->kind, "server") == 0)
        return WORKER_OF_SERVER;
    if (strcmp(line->kind, "hook") == 0 && is_since &&
        work->now_ms - line->began_ms >= WORKERS_STATUS_LINE_MS)
        return WORKER_OF_HOOK;
    return WORKER_NO_PART;
}

static struct {
    size_t trees, tools, jobs, hooks, status_lines, servers;
} seen;

static void count(const struct line *line)
{
    seen.tools += strcmp(line->kind, "tool") == 0;
    seen.jobs += strcmp(line->kind, "job") == 0;
    seen.hooks += strcmp(line->kind, "hook") == 0;
    seen.status_lines += strcmp(line->kind, "status-line") == 0;
    seen.servers += strcmp(line->kind, "server") == 0;
}

static void check(const char *file, const struct line *lines, size_t n,
                  const struct workers_work *work)
{
    struct workers_process processes[LIMIT] = {0};
    enum worker_part parts[LIMIT] = {0};
    size_t of_tool = 0;
    for (size_t i = 0; i < n; i++) {
        const struct line *line = &lines[i];
        processes[i] = (struct workers_process){line->pid, line->ppid, line->began_ms, 0};
        if (line->ppid != lines[0].pid)
            continue;
        processes[i].kind = kind_of(line, &lines[0]);
        if (strcmp(line->kind, "?") != 0 && processes[i].kind != kind_known(line->kind))
            fail_msg("%s: %s %d is of kind %d, and is a %s", file, line->name, line->pid,
                     (int)processes[i].kind, line->kind);
        count(line);
    }
    workers_tell(processes, n, work, parts);
    for (size_t i = 1; i < n; i++) {
        size_t head = i;
        while (lines[head].ppid != lines[0].pid)
            for (size_t j = 0; j < n; j++)
                if (lines[j].pid == lines[head].ppid) {
                    head = j;
                    break;
                }
        if (strcmp(lines[head].kind, "?") != 0 && parts[i] != part_known(&lines[head], work))
            fail_msg("%s: %s %d below a %s has part %d", file, lines[i].name, lines[i].pid,
                     lines[head].kind, (int)parts[i]);
        of_tool += parts[i] == WORKER_OF_TOOL;
    }
    if ((of_tool > 0) != (work->kind == WORK_TOOL))
        fail_msg("%s: %zu processes of a tool", file, of_tool);
    seen.trees++;
}

static void check_file(const char *name)
{
    char path[512], text[1024], word[32];
    struct line lines[LIMIT];
    struct workers_work work = {.kind = WORK_NONE};
    size_t n = 0;
    snprintf(path, sizeof path, TREES "/%s", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(text, sizeof text, file)) {
        long long began, now, asked = 0;
        if (sscanf(text, "# work %31s %lld %lld %lld", word, &began, &now, &asked) >= 3) {
            if (n)
                check(name, lines, n, &work);
            n = 0;
            work = (struct workers_work){strcmp(word, "tool") == 0 ? WORK_TOOL : WORK_REPLY, began,
                                         asked, now};
            continue;
        }
        assert_true(n < LIMIT);
        struct line *l = &lines[n++];
        assert_int_equal(sscanf(text, "%d %d %d %d %lld %63s %31s %255s %255[^\n]", &l->pid,
                                &l->ppid, &l->group, &l->session, &l->began_ms, l->name, l->kind,
                                l->marks, l->words),
                         9);
    }
    fclose(file);
    assert_true(n > 0);
    check(name, lines, n, &work);
}

static void the_trees_of_real_clients(void **state)
{
    (void)state;
    DIR *dir = opendir(TREES);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            check_file(entry->d_name);
    closedir(dir);
    print_message("# %zu trees: %zu tools, %zu jobs, %zu hooks, %zu status lines, %zu servers\n",
                  seen.trees, seen.tools, seen.jobs, seen.hooks, seen.status_lines, seen.servers);
    assert_true(seen.trees >= 3 * 17);
    assert_true(seen.tools && seen.jobs && seen.hooks && seen.status_lines);
    assert_true(seen.servers >= 12);
}

/* ---- either side of each threshold -------------------------------------------------------- */

enum { BEGAN = 100000, NOW = 700000 };

static enum worker_part part_of(enum agent_child kind, int64_t began_ms, enum work work)
{
    const struct workers_process tree[] = {{1, 0, 0, 0}, {2, 1, began_ms, kind}, {3, 2, NOW, 0}};
    const struct workers_work at = {work, BEGAN, 0, NOW};
    enum worker_part parts[3];
    workers_tell(tree, 3, &at, parts);
    assert_int_equal(parts[0], WORKER_NO_PART);
    assert_int_equal(parts[2], parts[1]); /* however young: by its chain alone */
    return parts[1];
}

static void a_part_is_had_by_kind_and_time(void **state)
{
    (void)state;
    enum {
        EDGE = BEGAN - WORKERS_SLACK_MS,
        OLD = NOW - WORKERS_STATUS_LINE_MS,
        HOOK_EDGE = BEGAN - WORKERS_HOOK_SLACK_MS
    };
    assert_int_equal(part_of(AGENT_CHILD_TOOL, EDGE, WORK_TOOL), WORKER_OF_TOOL);
    assert_int_equal(part_of(AGENT_CHILD_TOOL, EDGE - 1, WORK_TOOL), WORKER_NO_PART);
    assert_int_equal(part_of(AGENT_CHILD_TOOL, NOW, WORK_TOOL), WORKER_OF_TOOL);
    assert_int_equal(part_of(AGENT_CHILD_TOOL, NOW, WORK_OFF_RECORD), WORKER_OF_TOOL);
    assert_int_equal(part_of(AGENT_CHILD_TOOL, NOW, WORK_REPLY), WORKER_NO_PART);
    assert_int_equal(part_of(AGENT_CHILD_TOOL, NOW, WORK_NONE), WORKER_NO_PART);
    assert_int_equal(part_of(AGENT_CHILD_SEARCH, EDGE, WORK_TOOL), WORKER_OF_TOOL);
    assert_int_equal(part_of(AGENT_CHILD_SEARCH, EDGE, WORK_REPLY), WORKER_NO_PART);
    assert_int_equal(part_of(AGENT_CHILD_HOOK, OLD, WORK_TOOL), WORKER_OF_HOOK);
    assert_int_equal(part_of(AGENT_CHILD_HOOK, OLD, WORK_REPLY), WORKER_OF_HOOK);
    assert_int_equal(part_of(AGENT_CHILD_HOOK, OLD, WORK_OFF_RECORD), WORKER_OF_HOOK);
    assert_int_equal(part_of(AGENT_CHILD_HOOK, OLD + 1, WORK_TOOL), WORKER_NO_PART);
    assert_int_equal(part_of(AGENT_CHILD_HOOK, HOOK_EDGE, WORK_TOOL), WORKER_OF_HOOK);
    assert_int_equal(part_of(AGENT_CHILD_HOOK, HOOK_EDGE - 1, WORK_TOOL), WORKER_NO_PART);
    assert_int_equal(part_of(AGENT_CHILD_HOOK, EDGE, WORK_REPLY), WORKER_OF_HOOK);
    assert_int_equal(part_of(AGENT_CHILD_HOOK, EDGE - 1, WORK_REPLY), WORKER_NO_PART);
    assert_int_equal(part_of(AGENT_CHILD_UNKNOWN, OLD, WORK_TOOL), WORKER_UNTOLD);
    assert_int_equal(part_of(AGENT_CHILD_UNKNOWN, OLD + 1, WORK_TOOL), WORKER_NO_PART);
    for (enum work work = WORK_NONE; work <= WORK_REPLY; work++)
        assert_int_equal(part_of(AGENT_CHILD_SERVER, NOW, work), WORKER_OF_SERVER);
}

/* A job that the call before has left is a second older than the next call, and older than the
 * question that led to that. */
static void a_job_of_the_call_before_has_no_part(void **state)
{
    (void)state;
    enum { ASKED = BEGAN - 300 };
    const struct workers_process tree[] = {{1, 0, 0, 0},
                                           {2, 1, ASKED - WORKERS_TICK_MS - 1, AGENT_CHILD_TOOL},
                                           {3, 2, NOW, 0},
                                           {4, 1, ASKED - WORKERS_TICK_MS, AGENT_CHILD_TOOL}};
    const struct workers_work at = {WORK_TOOL, BEGAN, ASKED, NOW};
    enum worker_part parts[4];
    workers_tell(tree, 4, &at, parts);
    assert_int_equal(parts[1], WORKER_NO_PART);
    assert_int_equal(parts[2], WORKER_NO_PART);
    assert_int_equal(parts[3], WORKER_OF_TOOL);
}

static enum agent_child child(const char *word, const char *mark, const char *of_client,
                              bool is_in_group)
{
    const char *argv[] = {"/bin/sh", "-c", word};
    const struct proc_strings command = {argv, 3}, marks = {&mark, mark ? 1 : 0},
                              client = {&of_client, of_client ? 1 : 0};
    return agent_child_of(&agent_claude, &(struct agent_child_look){&command, mark ? &marks : NULL,
                                                                    &client, is_in_group});
}

static void marks_that_are_inherited_do_not_count(void **state)
{
    (void)state;
#define EXECPATH "CLAUDE_CODE_EXECPATH=/a"
#define PROJECT "CLAUDE_PROJECT_DIR=/p"
    assert_int_equal(child("true", EXECPATH, NULL, false), AGENT_CHILD_TOOL);
    assert_int_equal(child("true", EXECPATH, EXECPATH, false), AGENT_CHILD_UNKNOWN);
    assert_int_equal(child("true", EXECPATH, "CLAUDE_CODE_EXECPATH=/b", false), AGENT_CHILD_TOOL);
    assert_int_equal(child("true", PROJECT, NULL, false), AGENT_CHILD_HOOK);
    assert_int_equal(child("true", PROJECT, PROJECT, false), AGENT_CHILD_UNKNOWN);
    assert_int_equal(child("true", PROJECT, NULL, true), AGENT_CHILD_HOOK); /* 2.1.110 */
    assert_int_equal(child("true", EXECPATH, EXECPATH, true), AGENT_CHILD_SERVER);
    /* an environment that may not be read */
    assert_int_equal(child("true", NULL, NULL, false), AGENT_CHILD_UNKNOWN);
    assert_int_equal(child("source /h/shell-snapshots/snapshot-bash-1.sh", NULL, NULL, false),
                     AGENT_CHILD_TOOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trees_of_real_clients),
        cmocka_unit_test(a_part_is_had_by_kind_and_time),
        cmocka_unit_test(a_job_of_the_call_before_has_no_part),
        cmocka_unit_test(marks_that_are_inherited_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
