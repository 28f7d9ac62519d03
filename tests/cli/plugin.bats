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

# The commands of the program that a table of a plugin's command names.
commands_of() { grep -o '`session-rescue [^`]*`' "plugin/commands/$1.md" | tr -d '`' | sort -u; }

# A session of Claude Code and one of Kimi Code, in homes of their own.
two_agents()
{
    A=aaaaaaaa-0000-4000-8000-000000000001
    mkdir -p "$HOME/.claude/projects/-tmp-p"
    printf '%s\n' '{"type":"user","uuid":"aaaaaaaa-0000-4000-8000-00000000000a","parentUuid":null,"sessionId":"'$A'","cwd":"/tmp/p","timestamp":"2026-01-01T00:00:00.000Z","message":{"role":"user","content":"buy milk"}}' \
        '{"type":"assistant","uuid":"aaaaaaaa-0000-4000-8000-00000000000b","parentUuid":"aaaaaaaa-0000-4000-8000-00000000000a","sessionId":"'$A'","cwd":"/tmp/p","timestamp":"2026-01-01T00:00:01.000Z","message":{"id":"m","role":"assistant","content":[{"type":"text","text":"bought"}],"stop_reason":"end_turn"}}' \
        >"$HOME/.claude/projects/-tmp-p/$A.jsonl"
    Q=bbbbbbbb-0000-4000-8000-000000000002
    mkdir -p "$HOME/.qwen/projects/-tmp-q/chats"
    printf '%s\n' '{"uuid":"b1","parentUuid":null,"sessionId":"'$Q'","timestamp":"2026-01-02T00:00:00.000Z","type":"user","cwd":"/tmp/q","version":"0.24.4","message":{"role":"user","parts":[{"text":"bake bread"}]}}' \
        >"$HOME/.qwen/projects/-tmp-q/chats/$Q.jsonl"
    HOMES=(--config-dir "$HOME/.claude" --config-dir "$HOME/.qwen")
    DIRS=(--pending-dir "$HOME/pending" --log-dir "$HOME/log")
}

@test "/sx and /cx may look and copy without a question, and nothing else" {
    for name in sx cx; do
        run sed -n 's/^allowed-tools: //p' "plugin/commands/$name.md"
        [ -n "$output" ]
        for word in kill revive repair restore force watch; do
            [[ $output != *$word* ]]
        done
        [ "$(grep -o 'Bash([^)]*)' <<<"$output" | grep -vcE 'Bash\(session-rescue --[a-z]+( --list)?:\*\)')" -eq 0 ]
    done
}

@test "each command in the tables of /sx and /cx is one that the program takes" {
    two_agents
    for name in sx cx; do
        commands_of "$name" >"$HOME/commands"
        [ "$(wc -l <"$HOME/commands")" -ge 4 ]
        while read -r line; do
            line=${line//ID.../$A}
            line=${line//ID/$A}
            line=${line//FILE/$HOME/.claude/projects/-tmp-p/$A.jsonl}
            read -ra words <<<"${line#session-rescue}"
            options=("${HOMES[@]}")
            [[ $line != *--verify* ]] || options=()
            rescue "${words[@]}" "${options[@]}" "${DIRS[@]}"
            [ "$status" -le 1 ]
        done <"$HOME/commands"
    done
}

@test "what /cx counts and compares by is there, and a size that is not known is no small one" {
    two_agents
    by=$(sed -n 's/^| `--stats`.*count its lines by `\([a-z]*\)`.*/\1/p' plugin/commands/cx.md)
    [ -n "$by" ]
    rescue --context "$A" --format json "${HOMES[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    grep -q "\"$by\":\"user\"" <<<"$output"
    rescue --export --list --all --json "${HOMES[@]}"
    [ "$(json '.sessions.every(s => "size_bytes" in s && "cwd" in s)')" = true ]
    grep '^| `--min-size' plugin/commands/cx.md | grep -q 'null'
}

@test "each flag that /sx and /cx announce has a row in their table, and every row is announced" {
    for name in sx cx; do
        hint=$(sed -n 's/^argument-hint: //p' "plugin/commands/$name.md")
        rows=$(grep '^| ' "plugin/commands/$name.md" | grep -v '^| ---' | cut -d'|' -f2)
        for flag in $(grep -oE -e '--?[a-z-]+' <<<"$hint" | grep '^-'); do
            grep -q -e "$flag" <<<"$rows"
        done
        for flag in $(grep -oE -e '--[a-z-]+' <<<"$rows"); do
            grep -q -e "$flag" <<<"$hint"
        done
    done
}

@test "--llm becomes --agent: one, several, all" {
    two_agents
    rescue --export --list --all --json --agent claude "${HOMES[@]}"
    [ "$(json '.sessions.map(s => s.session_id).join()')" = "$A" ]
    for words in claude,qwen all; do
        rescue --export --list --all --json --agent "$words" "${HOMES[@]}"
        [ "$status" -eq 0 ]
        [ "$(json '.sessions.map(s => s.session_id).sort().join()')" = "$A,$Q" ]
    done
    rescue --export --list --all --json --agent qwen --agent codex "${HOMES[@]}"
    [ "$(json '.sessions.map(s => s.session_id).join()')" = "$Q" ]
    rescue --export --list --agent gpt,claude "${HOMES[@]}"
    [ "$status" -eq 2 ]
    [[ $stderr == *"'gpt' is not known"* ]]
}

@test "--list shows what an export would back up, and writes nothing" {
    two_agents
    rescue --export --list --all "${HOMES[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"AGENT     SESSION"*"claude    aaaaaaaa"* && $output == *"qwen      bbbbbbbb"*"/tmp/q"* ]]
    [ ! -e "$HOME/pending" ]
    [ ! -e "$HOME/log" ]
    rescue --export "$A" --list "${HOMES[@]}" "${DIRS[@]}"
    [[ $output == *aaaaaaaa* && $output != *bbbbbbbb* ]]
    # none is active
    rescue --export --list "${HOMES[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $output != *aaaaaaaa* ]]
}

@test "--export --agent all backs up every agent's, each under its name" {
    two_agents
    rescue --export --all --agent all "${HOMES[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    cmp "$HOME/.claude/projects/-tmp-p/$A.jsonl" "$HOME"/pending/*-LOSSLESS-"$A".jsonl
    cmp "$HOME/.qwen/projects/-tmp-q/chats/$Q.jsonl" "$HOME"/pending/*-LOSSLESS-qwen-"$Q".jsonl
}
