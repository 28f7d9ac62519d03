#!/usr/bin/env bats
# That the lint finds what it is there for: a small sound tree, and one breach at a time.

setup()
{
    lint=$PWD/tests/lint
    tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree"/{include,doc,tools,src/{base,jsonl,view,app}}
    cp src/LAYERS "$tree/src/"
    cp .clang-format "$tree/"
    cd "$tree" || return
    echo '#pragma once' >include/session_rescue.h
    printf '#include <yyjson.h>\n' >src/base/json_read.h
    printf '#include "base/json_read.h"\n' >src/base/json.c
    printf '#include "base/json.h"\n\n#include <stdio.h>\n\n/* not printf(), <time.h> */\n' >src/jsonl/lines.c
    printf '#include "jsonl/lines.h"\n#include "session_rescue.h"\n\n#include <time.h>\n' >src/app/main.c
    printf '#!/bin/sh\necho "$1"\n' >tools/hello
    git init -q .
}

# The lint names $1 in a finding of the layers check.
layers_find()
{
    run "$lint/layers" "$tree"
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"$1"* ]]
}

# The check named $1 of the whole lint fails, and all others do not.
only_fails()
{
    run "$lint/run" "$tree"
    echo "$output"
    [ "$status" -eq 1 ]
    [ "$(grep -c '^not ok' <<<"$output")" -eq 1 ]
    grep -q "^not ok [0-9]* - $1:" <<<"$output"
}

@test "a sound tree passes all" {
    run "$lint/layers" "$tree"
    echo "$output"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    run "$lint/run" "$tree"
    echo "$output"
    [ "$status" -eq 0 ]
    ! grep -q '^not ok' <<<"$output"
}

# The lint names $1 in a finding of the check of words.
words_find()
{
    run "$lint/agent-words" "$tree"
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"$1"* ]]
}

@test "agent-words: a word of one agent's, in code and in a string" {
    echo 'int claude_f(void);' >>src/jsonl/lines.c
    words_find "src/jsonl/lines.c:6: 'claude' is a word of one agent's"
    only_fails agent-words
    echo 'const char *f = "%s/settings", *g = "mcp__x", *h = "a.jsonl", *i = "projects/";' >src/view/text.h
    words_find "src/view/text.h:1: 'mcp__'"
    [[ $output == *"text.h:1: '.jsonl'"* && $output == *"text.h:1: 'projects/'"* ]]
}

@test "agent-words: comments, includes and the agent's own folder may have it" {
    mkdir -p src/agents/claude
    echo 'const char *f = "claude";' >src/agents/claude/process.c
    printf '#include "agents/claude/process.h"\n/* as Claude\n   writes a.jsonl */\nint x; // mcp__\n' >src/app/main.c
    run "$lint/agent-words" "$tree"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "agent-words: the words of the second agent, also in the first one's folder" {
    mkdir -p src/agents/claude src/agents/opencode
    echo 'const char *f = "opencode.db";' >src/agents/claude/process.c
    words_find "src/agents/claude/process.c:1: 'opencode' is a word of one agent's, whose folder is src/agents/opencode/"
    echo 'const char *f = "opencode.db";' >src/agents/opencode/store.c
    echo 'int x;' >src/agents/claude/process.c
    run "$lint/agent-words" "$tree"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "agent-words: the list allows a word where it says, with a reason, and no more than is needed" {
    mkdir -p tests/lint
    printf '# why\n\nsrc/jsonl/*\t%%s\\.jsonl\ta name of ours\n' >tests/lint/agent-words.allowed
    echo 'const char *f = "%s.jsonl";' >>src/jsonl/lines.c
    run "$lint/agent-words" "$tree"
    echo "$output"
    [ "$status" -eq 0 ]
    echo 'const char *g = "x.jsonl";' >>src/jsonl/lines.c
    words_find "lines.c:7: '.jsonl'"
    printf 'src/app/*\tclaude\tnot needed\n' >>tests/lint/agent-words.allowed
    words_find "agent-words.allowed: nothing needs 'claude' in src/app/*"
    printf 'src/app/*\tclaude\n' >tests/lint/agent-words.allowed
    words_find ''
    [[ $stderr$output == *'no reason is given'* ]]
}

@test "layers: an include to the right" {
    echo '#include "app/options.h"' >>src/jsonl/lines.c
    layers_find 'lines.c:6: includes "app/options.h", which is to the right of jsonl'
    only_fails layers
}

@test "layers: an include to the right, spelled with spaces" {
    echo ' #  include   "view/text.h"' >>src/base/json.c
    layers_find 'json.c:2: includes "view/text.h"'
}

@test "layers: the public header stands on its own" {
    echo '#include "base/str.h"' >>include/session_rescue.h
    layers_find 'include/session_rescue.h:2: includes "base/str.h"'
}

@test "layers: a system header in a pure layer" {
    echo '#include <unistd.h>' >>src/jsonl/lines.c
    layers_find 'lines.c:6: jsonl is pure and may not include <unistd.h>'
}

@test "layers: a clock in a pure layer" {
    echo '#include <time.h>' >src/view/text.h
    layers_find 'text.h:1: view is pure and may not include <time.h>'
}

@test "layers: printing from a pure layer" {
    echo 'void f(void) { printf("x"); }' >>src/jsonl/lines.c
    layers_find 'lines.c:6: jsonl is pure and may not call printf()'
}

@test "layers: formatting into memory in a pure layer is allowed" {
    printf 'void f(char *p) { snprintf(p, 1, "printf("); s.remove(p); s->rename(p); }\n' >>src/jsonl/lines.c
    run "$lint/layers" "$tree"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "layers: a second includer of the JSON library" {
    echo '#include <yyjson.h>' >>src/app/main.c
    layers_find 'main.c:5: <yyjson.h> belongs to src/base/json_read.h alone'
}

@test "layers: the JSON library by the header that shows it" {
    echo '#include "base/json_read.h"' >>src/app/main.c
    layers_find 'main.c:5: base/json_read.h belongs to src/base/json.c alone'
}

@test "layers: a second includer of the terminal library" {
    echo '#include <ncursesw/curses.h>' >src/app/prompt.c
    echo '#include <curses.h>' >>src/app/screen.c
    layers_find 'screen.c:1: <curses.h> belongs to src/app/prompt.c alone'
}

@test "layers: a header by a name that is not layer/file.h" {
    echo '#include "../base/str.h"' >>src/app/main.c
    layers_find 'main.c:5: "../base/str.h" is neither'
}

@test "layers: a folder that is no layer" {
    mkdir src/utils
    echo 'int util(void);' >src/utils/util.h
    layers_find 'src/utils: a folder'
}

@test "formatting: one blank too many" {
    command -v clang-format-14 || clang-format --version | grep -q 'version 14\.' || skip "no clang-format 14"
    echo 'int  two_blanks(void);' >>src/app/main.c
    only_fails formatting
}

@test "cppcheck: memory that is never freed" {
    printf '\n#include <stdlib.h>\n\nint leak(int a)\n{\n    char *p = malloc(4);\n    return p ? a : 0;\n}\n' >>src/app/main.c
    only_fails cppcheck
}

@test "manual: a macro that is none, in a page" {
    printf '.Dd January 1, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd y\n.Xz\n' >doc/x.1
    only_fails manual
}

@test "shell: a script that does not parse" {
    echo 'if true; then' >>tools/hello
    only_fails shell
}

@test "shell: what only shellcheck sees" {
    printf 'cd "$1"\nrm -rf -- *\n' >>tools/hello
    only_fails shell
}

@test "scripts: JavaScript and Python that do not parse" {
    echo 'const = 1;' >tools/x.mjs
    only_fails scripts
    rm tools/x.mjs
    printf '#!/usr/bin/env python3\ndef f(:\n' >tools/y
    only_fails scripts
}

@test "origin: a package registry by its host name" {
    host=example.org # put together, so that this file names none
    echo "{\"resolved\": \"https://registry.$host/a/-/a-1.0.0.tgz\"}" >tools/lock.json
    only_fails origin
}

@test "origin: this very folder" {
    echo "cd $(pwd -P)/src" >doc/notes.md
    only_fails origin
}

@test "what git ignores is not looked at" {
    echo /build/ >.gitignore
    mkdir build
    echo 'int  two_blanks(void);' >build/generated.c
    run "$lint/run" "$tree"
    [ "$status" -eq 0 ]
}
