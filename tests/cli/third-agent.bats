#!/usr/bin/env bats
# An agent that was written by following HACKING.md, and has nothing but what every agent must have
# (tests/agents/note): what is generic works, and of the rest it is said that nothing is known.

load helper

ID=note-1795790220123
OTHER=note-1795790220456

setup()
{
    scratch_home
    export SESSION_RESCUE=$TEST_PROGRAMS/session-rescue-note
    NOTE=$BATS_TEST_DIRNAME/../agents/note/note
    NOTES=$HOME/.note/notes
    mkdir -p "$NOTES" "$HOME/p"
    MINE=(--agent note --config-dir "$HOME/.note")
    DIRS=("${MINE[@]}" --pending-dir "$HOME/pending" --log-dir "$HOME/log")
}

teardown() { end_started; }

# A stored session that ended with its answer.
store_note()
{
    printf '%s\n' "2026-02-02T02:40:00Z in $HOME/p" '2026-02-02T02:40:01Z you buy milk' \
        '2026-02-02T02:40:02Z note noted' >"$NOTES/$1.txt"
}

# Starts the agent on a FIFO: `type_in TEXT...` is what its user types. $pid.
start_note()
{
    mkfifo "$HOME/keys"
    (cd "$HOME/p" && exec env -i HOME="$HOME" PATH="$PATH" "$NOTE" "$@") <>"$HOME/keys" >/dev/null 2>&1 3>&- &
    pid=$!
    started_pids+=("$pid")
    disown "$pid"
}

type_in()
{
    printf '%s\n' "$@" >"$HOME/keys"
}

# Until the transcript ends so.
await_note()
{
    for _ in $(seq 500); do
        tail -n 1 "$NOTES/$ID.txt" 2>/dev/null | grep -q "$1\$" && return
        sleep 0.02
    done
    return 1
}

of_note()
{
    jq -es ".[0].sessions[] | select(.agent == \"note\") | $1" <<<"$output"
}

@test "its stored sessions are listed, with what its records say" {
    store_note "$ID"
    rescue --resume --all --json "${MINE[@]}"
    [ "$status" -eq 0 ]
    of_note ".session_id == \"$ID\" and .pid == null and .cwd == \"$HOME/p\" and .first_prompt == \"buy milk\""
    of_note ".resume_command | test(\"note --session $ID\")"
}

@test "a live one is found, and judged by what any program shows" {
    store_note "$OTHER"
    start_note --session "$ID"
    await_note "in $HOME/p"
    type_in "buy milk"
    await_note noted
    rescue --status --json "${MINE[@]}"
    [ "$status" -eq 0 ]
    of_note ".pid == $pid and .session_id == \"$ID\" and .verdict == \"idle\" and .cause == \"turn-over\""
    type_in think
    await_note think
    rescue --status --json "${MINE[@]}"
    of_note ".pid == $pid and .verdict == \"working\" and .cause == \"awaiting-reply\""
}

@test "it is backed up, verified and put back as another's is" {
    store_note "$ID"
    rescue --export "$ID" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    cmp "$NOTES/$ID.txt" "$HOME"/pending/*-LOSSLESS-note-"$ID".jsonl
    rescue --verify "${DIRS[@]}"
    [ "$status" -eq 0 ]
    mv "$NOTES/$ID.txt" "$HOME/was"
    rescue --restore "$ID" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    cmp "$HOME/was" "$NOTES/$ID.txt"
}

@test "how it is ended, pushed, checked and mended is not known, and that is said" {
    start_note --session "$ID"
    await_note "in $HOME/p"
    rescue --kill "$pid" --force "${DIRS[@]}"
    [ "$status" -eq 4 ]
    [[ "$stderr" == *"how to end or revive a session of Note without loss is not known"* ]]
    kill -0 "$pid"
    kill -STOP "$pid"
    rescue --revive "$pid" --force "${DIRS[@]}"
    [ "$status" -eq 4 ]
    [[ "$stderr" == *"end or revive a session of Note without loss is not known"* ]]
    rescue --export "$pid" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ "$output$stderr" == *"how Note keeps a reply in memory is not known"* ]]
    before=$(sha256sum "$NOTES/$ID.txt")
    rescue --check "$ID" "${MINE[@]}"
    [ "$status" -eq 3 ]
    [[ "$output$stderr" == *"what is wrong with a transcript of Note, and what mends it, is not known"* ]]
    kill -CONT "$pid"
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
    rescue --repair "$ID" --force "${DIRS[@]}"
    [ "$status" -eq 3 ]
    [[ "$stderr" == *"what is wrong with a transcript of Note, and what mends it, is not known"* ]]
    [ "$(sha256sum "$NOTES/$ID.txt")" = "$before" ]
}
