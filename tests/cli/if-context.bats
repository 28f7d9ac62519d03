#!/usr/bin/env bats
# How full a context window is: what --status says of it, and --export --if-context, which a hook
# of the client runs after every tool.

load helper
load sessions

setup()
{
    scratch_home
    PENDING=$HOME/pending
    LOG=$HOME/log
    mkdir -p "$CONFIG_DIR/projects/-tmp-p"
    export TRANSCRIPT=$CONFIG_DIR/projects/-tmp-p/$ID.jsonl
}

teardown()
{
    end_started
}

# A stored session whose last reply has seen that many of 200000 tokens: filled TOKENS [ID].
filled()
{
    local id=${2-$ID}
    printf '%s\n' '{"parentUuid":null,"type":"user","uuid":"a","sessionId":"'"$id"'","cwd":"/tmp/p","timestamp":"2026-01-02T03:04:05.000Z","message":{"role":"user","content":"hello"}}' \
        '{"parentUuid":"a","type":"assistant","uuid":"b","sessionId":"'"$id"'","timestamp":"2026-01-02T03:04:06.000Z","message":{"id":"m","model":"claude-sonnet-4-6","role":"assistant","content":[{"type":"tool_use","id":"t","name":"Bash","input":{}}],"usage":{"input_tokens":10,"cache_creation_input_tokens":1000,"cache_read_input_tokens":'"$(($1 - 1110))"',"output_tokens":100}}}' \
        >"$CONFIG_DIR/projects/-tmp-p/$id.jsonl"
}

# What the client's hook runs: its words on standard input, its surroundings without the session.
hook()
{
    hook_says '{"session_id":"'"$ID"'","transcript_path":"'"$TRANSCRIPT"'","hook_event_name":"PostToolUse","tool_name":"Bash","tool_response":{"stdout":"x"}}' "$@"
}

hook_says()
{
    local words=$1
    shift
    run --separate-stderr env -i HOME="$HOME/elsewhere" PATH="$PATH" ASAN_OPTIONS="${ASAN_OPTIONS-}" \
        "$SESSION_RESCUE" --export --if-context 75 --pending-dir "$PENDING" --log-dir "$LOG" "$@" < <(printf '%s' "$words")
    printf 'status %s\n%s\n--- stderr\n%s\n' "$status" "$output" "${stderr-}"
}

backups()
{
    find "$PENDING" -name '*.sha256' 2>/dev/null | wc -l
}

@test "--status says how full the context window is, and marks it from 75 percent on" {
    install_client
    fake --session "$ID" --context 150000 -- "$client"
    rescue --status --json --config-dir "$CONFIG_DIR"
    [ "$(json '.sessions[0].context_tokens')" = 150000 ]
    [ "$(json '.sessions[0].context_window')" = 200000 ]
    [ "$(json '.sessions[0].context_percent')" = 75 ]
    rescue --status --config-dir "$CONFIG_DIR"
    [[ $output == *"context 75% full"* ]]
    rescue --status --config-dir "$CONFIG_DIR" --context-window 1000000
    [[ $output != *"full"* ]]
    rescue_under env SESSION_RESCUE_CONTEXT_WINDOW=300000 -- --status --json --config-dir "$CONFIG_DIR"
    [ "$(json '.sessions[0].context_percent')" = 50 ]
}

@test "a window whose use is not known is null" {
    install_client
    fake --session "$ID" -- "$client"
    rescue --status --json --config-dir "$CONFIG_DIR"
    [ "$(json '.sessions[0].context_percent')" = null ]
    [ "$(json '.sessions[0].context_tokens')" = null ]
}

@test "the window is larger than its name says once it holds more" {
    install_client
    fake --session "$ID" --context 400000 -- "$client"
    rescue --status --json --config-dir "$CONFIG_DIR"
    [ "$(json '.sessions[0].context_window')" = 1000000 ]
    [ "$(json '.sessions[0].context_percent')" = 40 ]
}

@test "the hook of a session with room left does nothing and says nothing" {
    filled 149000
    hook
    [ "$status" -eq 0 ]
    [ -z "$output$stderr" ]
    [ ! -e "$PENDING" ]
}

@test "the hook of a session that fills up exports it, once in ten minutes" {
    filled 150000
    hook
    [ "$status" -eq 0 ]
    [ "$(backups)" -eq 1 ]
    cmp "$TRANSCRIPT" "$PENDING"/*-LOSSLESS-"$ID".jsonl
    echo '{"type":"x"}' >>"$TRANSCRIPT"
    hook
    [ "$status" -eq 0 ]
    [ -z "$output$stderr" ]
    [ "$(backups)" -eq 1 ]
}

@test "after ten minutes the hook exports again" {
    filled 150000
    hook
    for file in "$PENDING"/20*; do
        mv "$file" "$PENDING/2026-01-01T00-00-00Z-${file##*Z-}"
    done
    sed -i 's/20..-..-..T..-..-..Z-LOSSLESS/2026-01-01T00-00-00Z-LOSSLESS/' "$PENDING"/*.sha256
    echo '{"type":"x"}' >>"$TRANSCRIPT"
    hook
    [ "$status" -eq 0 ]
    [ "$(backups)" -eq 2 ]
}

@test "the session that it runs in is found by its environment, and may be exported" {
    filled 180000
    run --separate-stderr env -i HOME="$HOME" PATH="$PATH" ASAN_OPTIONS="${ASAN_OPTIONS-}" CLAUDE_CODE_SESSION_ID="$ID" \
        "$SESSION_RESCUE" --export --if-context 75 --pending-dir "$PENDING" --log-dir "$LOG" </dev/null
    [ "$status" -eq 0 ]
    [ "$(backups)" -eq 1 ]
}

@test "a session may be named, and among several only the full ones are exported" {
    filled 150000
    filled 100000 "$OTHER"
    rescue --export --if-context 75 "$ID" "$OTHER" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 0 ]
    [ "$(backups)" -eq 1 ]
    has_backup "$ID"
}

@test "with nobody named, of the active sessions the full ones are exported" {
    install_client
    fake --session "$ID" --context 190000 -- "$client"
    fake --session "$OTHER" --context 1000 -- "$client"
    rescue --export --if-context 75 --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 0 ]
    [ "$(backups)" -eq 1 ]
    has_backup "$ID"
}

@test "in another agent's tool, too, the full ones are exported" {
    install_client
    fake --session "$ID" --context 190000 -- "$client"
    run --separate-stderr env -i HOME="$HOME" PATH="$PATH" ASAN_OPTIONS="${ASAN_OPTIONS-}" CODEX_THREAD_ID=01a21e54-aaaa-7000-8000-00000000000a \
        "$SESSION_RESCUE" --export --if-context 75 --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG" </dev/null
    [ "$status" -eq 0 ]
    [ "$(backups)" -eq 1 ]
    has_backup "$ID"
}

@test "what is no hook's words, and a session without a transcript, are nothing to do" {
    for words in '' '{' '[]' '{"session_id":7}' '{"session_id":"../../x"}' \
        '{"session_id":"'"$ID"'","transcript_path":"/nowhere/projects/-p/'"$ID"'.jsonl"}' \
        '{"session_id":"'"$ID"'","transcript_path":"x"}'; do
        hook_says "$words" --config-dir "$CONFIG_DIR"
        [ "$status" -eq 0 ]
        [ -z "$output$stderr" ]
        [ ! -e "$PENDING" ]
    done
}

@test "a hook that names a file of no client's exports by the rest of its words" {
    TRANSCRIPT=$HOME/conversation.jsonl
    echo '{"_meta":{"format":"cusf","version":1}}' >"$TRANSCRIPT"
    hook --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [ -z "$output$stderr" ]
}

@test "--json gives a document even when there is nothing to do" {
    filled 1000
    hook --json
    [ "$status" -eq 0 ]
    [ "$(json '.exports.length')" = 0 ]
}

@test "megabytes that a tool answered do not hide the session" {
    filled 150000
    printf '{"tool_response":"%05000000d","session_id":"%s","transcript_path":"%s"}' 0 "$ID" "$TRANSCRIPT" \
        >"$BATS_TEST_TMPDIR/words"
    run --separate-stderr env -i HOME="$HOME" PATH="$PATH" ASAN_OPTIONS="${ASAN_OPTIONS-}" \
        "$SESSION_RESCUE" --export --if-context 75 --pending-dir "$PENDING" --log-dir "$LOG" \
        < <(cat "$BATS_TEST_TMPDIR/words")
    [ "$status" -eq 0 ]
    [ "$(backups)" -eq 1 ]
}

@test "an export that another one holds up is left for the next time" {
    filled 150000
    mkdir -p "$PENDING"
    exec 8>"$PENDING/.lock"
    flock 8
    hook
    [ "$status" -eq 0 ]
    [ -z "$output$stderr" ]
    exec 8>&-
    hook
    [ "$(backups)" -eq 1 ]
}

@test "bad percentages and windows are refused" {
    for bad in x -1 101 '' 7x nan; do
        rescue --export --if-context "$bad"
        [ "$status" -eq 2 ]
    done
    for bad in x 0 999 200k 99999999999; do
        rescue --status --context-window "$bad"
        [ "$status" -eq 2 ]
    done
    rescue --status --if-context 75
    [ "$status" -eq 2 ]
    [[ $stderr == *"--if-context goes with --export"* ]]
}
