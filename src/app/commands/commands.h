/* commands: one file a mode. Each returns the program's exit status. */
#pragma once

#include "app/context.h"

int command_status(struct context *context);
int command_resume(struct context *context);
int command_export(struct context *context);
/* --export --if-context. */
int command_export_if_context(struct context *context);
int command_verify(struct context *context);
int command_restore(struct context *context);
int command_check(struct context *context);
int command_repair(struct context *context);
int command_kill(struct context *context);
int command_complete(struct context *context);
int command_revive(struct context *context);
int command_search(struct context *context);
/* --context. */
int command_conversation(struct context *context);
/* Without a mode, on a terminal. */
int command_rescue(struct context *context);
