#!/usr/bin/env bats
# A session without a transcript is ended where it is proven that nothing was said in it, and
# nowhere else.

load helper
load hung

id=00000000-0000-4000-8000-0000000000ac

setup()
{
    scratch_folders
}

teardown()
{
    end_started
}

new()
{
    fake --cwd "$project" --session "$id" --turn none "$@" -- "$client"
}

kill_it()
{
    rescue --kill "$pid" --force "${scratch[@]}"
}

not_proven()
{
    [ "$status" -eq 4 ]
    [[ $stderr == *"refused: pid $pid has no transcript, and it is not proven that nothing was said in it: "*"$1"* ]]
    is_alive "$pid"
}

@test "one in which nothing was said is ended, with nothing to back up" {
    new
    kill_it
    [ "$status" -eq 0 ]
    [[ $output == *"nothing to back up: nothing was said in it"* ]]
    wait_until 10 is_gone "$pid"
    forget "$pid"
}

@test "so is one that publishes no status, and one that names no session" {
    for how in --old-registry --no-registry; do
        new "$how"
        kill_it
        [ "$status" -eq 0 ]
        wait_until 10 is_gone "$pid"
        forget "$pid"
    done
}

@test "its status has changed since it started: it has been at work" {
    new --talked
    kill_it
    not_proven "its client has been at work since it started"
    [ "$(backups)" -eq 0 ]
}

@test "a prompt of it stands in the history" {
    new
    printf '{"display":"hello","sessionId":"%s"}' "$id" >"$CONFIG_DIR/history.jsonl"
    kill_it
    not_proven "$CONFIG_DIR/history.jsonl holds a prompt of it"
}

@test "a request was sent on a connection to its model" {
    new --old-registry --model 10
    kill_it
    not_proven "has sent a request on it"
}

@test "a file carries its id" {
    new
    mkdir -p "$CONFIG_DIR/todos"
    echo '[{"content":"a thing to do"}]' >"$CONFIG_DIR/todos/$id-agent-$id.json"
    kill_it
    not_proven "todos/$id-agent-$id.json"
}

@test "one without a status may have taken up an older session of its directory: those are saved" {
    other=11111111-0000-4000-8000-0000000000bb
    stored "$other" "$project" 'an older prompt'
    new --no-registry
    kill_it
    [ "$status" -eq 0 ]
    [ "$(backups)" -eq 1 ]
    grep -q 'an older prompt' "$pending"/*.jsonl
    wait_until 10 is_gone "$pid"
    forget "$pid"
}
