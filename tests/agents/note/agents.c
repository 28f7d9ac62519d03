#include "note.h"

const struct agent *const agents[] = {&agent_claude, &agent_note, NULL};
