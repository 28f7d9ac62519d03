#include "app/commands/commands.h"

#include <assert.h>

static const struct command *const all[] = {
    &command_status, &command_resume,  &command_export, &command_check,   &command_repair,
    &command_verify, &command_restore, &command_kill,   &command_revive,  &command_context,
    &command_search, &command_watch,   &command_help,   &command_version,
};

static_assert(sizeof all / sizeof *all == COMMANDS, "COMMANDS is not their number");

const struct command *const *const commands = all;

static bool names(const struct command *command, const char *option)
{
    for (const char *const *at = command->options; at && *at; at++)
        if (str_equals(*at, option))
            return true;
    return false;
}

bool command_takes(const struct command *command, const char *option)
{
    bool is_some_command_s = names(&command_none, option);
    for (size_t i = 0; i < COMMANDS && !is_some_command_s; i++)
        is_some_command_s = names(commands[i], option);
    return !is_some_command_s || names(command, option);
}
