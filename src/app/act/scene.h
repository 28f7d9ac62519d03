/*
 * scene: questions, messages and progress while a session is ended or revived.
 * Shared by --kill, --revive and the interactive rescue.
 */
#pragma once

#include "app/context.h"
#include "app/meter.h"

struct scene {
    struct context *context;
    const struct sr_session *session;
    struct meter meter;              /* of the backup that is being made */
    struct sr_export_options backup; /* its context is the scene */
};

/* why: for the manifest of the backup. The scene must not be moved afterwards. */
void scene_begin(struct scene *scene, struct context *context, const struct sr_session *session,
                 const char *why);
void scene_end(struct scene *scene);

/* Prints a line: on standard output, or, with --json, on standard error. Nothing with -q. */
void scene_tell(void *scene, const char *line);

/* Asks for a y or n. */
bool scene_ask(struct scene *scene, const char *question);

/* Prints what would be lost, and asks for the beginning of the session's id: for ask_for. */
bool scene_ask_to_give_up(void *scene, const char *what, char *typed, size_t size);

/* Prints what would be done to the session, and that nothing was done. Returns: 0 or -EIO. */
int scene_print_plan(const struct scene *scene, const char *plan);
