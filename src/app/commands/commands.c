#include "app/commands/commands.h"

#define COMMAND_ROW(name) &command_##name,
static const struct command *const all[] = {COMMANDS_IN_ORDER(COMMAND_ROW)};

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
