#!/usr/bin/env bats
# The plugin without a client: what its hook does and says whatever the program does. In the real
# client: tests/e2e/plugin.test.mjs.

load helper

setup()
{
    scratch_home
    mkdir -p "$HOME/bin" "$HOME/data"
}

# A program of that name that says $2 and ends with status $1.
install_program()
{
    printf '#!/bin/sh\ncat >"%s/heard"\necho "$*" >"%s/called"\nprintf "%%s" "%s"\necho reason >&2\nexit %s\n' \
        "$HOME" "$HOME" "${2-}" "$1" >"$HOME/bin/session-rescue"
    chmod +x "$HOME/bin/session-rescue"
}

# The hook as the client runs it, with words on its standard input.
hook()
{
    run --separate-stderr env -i HOME="$HOME" PATH="$HOME/bin:/usr/bin:/bin" CLAUDE_PLUGIN_DATA="$HOME/data" \
        sh plugin/hooks/export-when-full <<<'{"session_id": "x"}'
    echo "status $status: $output / $stderr"
}

# What the hook says to the user.
message()
{
    json '.systemMessage'
}

@test "the hook hands its input to the program, and is silent when there was nothing to do" {
    install_program 0
    hook
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    [ "$(cat "$HOME/heard")" = '{"session_id": "x"}' ]
    [ "$(cat "$HOME/called")" = "--export --if-context 75 --quiet" ]
}

@test "the hook tells of a backup" {
    for code in 0 1; do
        install_program "$code" "exported"
        hook
        [ "$status" -eq 0 ]
        [[ $(message) == *"has been backed up"* ]]
    done
}

@test "a backup that failed is no fault of the tool: status 1, and the reason" {
    for code in 3 4; do
        install_program "$code" "exported"
        hook
        [ "$status" -eq 1 ]
        [ -z "$output" ]
        [[ $stderr == *reason* ]]
    done
}

@test "a missing program is told of once, until it has been there" {
    [ ! -x /usr/bin/session-rescue ] && [ ! -x /usr/local/bin/session-rescue ] && [ ! -x /opt/homebrew/bin/session-rescue ] ||
        skip "session-rescue is installed here"
    hook
    [ "$status" -eq 0 ]
    [[ $(message) == *"not installed"*"make install"* ]]
    hook
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    install_program 0
    hook
    rm "$HOME/bin/session-rescue"
    hook
    [[ $(message) == *"not installed"* ]]
}

@test "a program that is too old for the hook is told of once" {
    install_program 2
    hook
    [ "$status" -eq 0 ]
    [[ $(message) == *"too old"* ]]
    hook
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "where no note can be kept the hook stays silent" {
    install_program 2
    rm -r "$HOME/data"
    touch "$HOME/data"
    hook
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "the command may look and copy without a question, and nothing else" {
    run sed -n 's/^allowed-tools: //p' plugin/commands/session-rescue.md
    [ -n "$output" ]
    for word in kill revive repair restore force watch; do
        [[ $output != *$word* ]]
    done
    [ "$(grep -o 'Bash([^)]*)' <<<"$output" | grep -vc 'Bash(session-rescue --[a-z]*:\*)')" -eq 0 ]
}

@test "the plugin has the version of the program, and the marketplace leads to it" {
    output=$(cat plugin/.claude-plugin/plugin.json)
    version=$(json .version)
    rescue --version
    [ "$output" = "session-rescue $version" ]
    output=$(cat .claude-plugin/marketplace.json)
    [ -f "$(json '.plugins[0].source')/.claude-plugin/plugin.json" ]
}
