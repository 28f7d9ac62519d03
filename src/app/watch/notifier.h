/*
 * notifier: runs commands that report an event: notify-send, and the user's own.
 *
 * Each runs in a terminal session of its own, gets the event on its standard
 * input, and writes to our standard error. One runs at a time, the others wait.
 * One that takes too long is ended with its process group. No shell is involved.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A command line, cut into words as a shell would: '...', "..." and \. Returns: the words, which
 * end in NULL, or NULL when a quote is not closed or there is no word. Owner: the caller,
 * notifier_free_words. */
char **notifier_words(const char *command);
void notifier_free_words(char **words);

/* The program that a word names: a path, or a name in one of the folders ("/usr/bin:/bin").
 * Returns: 0 with an absolute path, or -ENOENT, -EACCES, ... Owner: the caller frees *path. */
int notifier_find(const char *word, const char *folders, char **path);

struct notifier_job;

struct notifier {
    struct notifier_job *first, *last; /* waiting; the first one runs when pid is set */
    size_t waiting;
    size_t dropped; /* given up, because too many waited */
    pid_t pid;
    int pidfd; /* readable when it has ended; -1: none runs */
    int64_t limit_ms, ends_at_ms;
    bool was_told_to_end;
};

void notifier_init(struct notifier *n, int64_t limit_ms);
/* Ends the running command. */
void notifier_release(struct notifier *n);

/* argv ends in NULL; program: what argv[0] leads to; input: what it reads, may be empty. */
void notifier_add(struct notifier *n, const char *program, const char *const *argv,
                  struct sv input);

/* Starts the next command, collects or ends the running one. Calls failed with a sentence for each
 * that failed. Returns: after how many ms to call again; -1: when the pidfd is readable. */
int64_t notifier_run(struct notifier *n, int64_t now_ms,
                     void (*failed)(void *context, const char *why), void *context);
