/*
 * jobs: the work that --watch does in child processes: looks and backups.
 * Everything that touches a foreign file system is here.
 */
#pragma once

#include "app/context.h"
#include "app/watch/worker_job.h"
#include "diagnose/changes.h"
#include "platform/notice.h"

struct watch_look {
    struct context *context;
    const struct notice *notice; /* NULL: nothing can be watched */
    const char *const *stores;   /* known stores, to be watched before they are read */
    size_t store_count;
    const char *const *skipped; /* paths that are known not to answer */
    size_t skipped_count;
    bool has_expiring; /* also look for transcripts that will be deleted soon */
};

/* A worker_job_work; writes a struct report. */
void watch_look(struct guard *guard, int out, void *look);

struct watch_backups {
    struct context *context;
    const char *const *skipped;
    size_t skipped_count;
    const struct change_backup *items;
    size_t count;
};

/* A worker_job_work; writes a line for each backup as soon as it is made. */
void watch_backups(struct guard *guard, int out, void *backups);
