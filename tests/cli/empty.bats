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
    wait_until 60 is_gone "$pid"
    forget "$pid"
}

# Nothing tells one of these from one whose transcript was deleted.
@test "one that publishes no status, and one that names no session, are not proven to be empty" {
    for how in --old-registry --no-registry; do
        new "$how"
        kill_it
        not_proven "its client does not say whether it has been at work"
        rescue --kill "$pid" --force "${scratch[@]}" --without-backup="${id:0:8}"
        [ "$how" = --old-registry ] || [ "$status" -eq 4 ] # that one has no name
        [ "$how" = --no-registry ] || [ "$status" -eq 0 ]
    done
}

@test "one that took up an earlier session holds what it took up, whatever its status" {
    for how in "--resume $id" "--resume=$id" "-r $id" --continue -c -pc; do
        fake --cwd "$project" --session "$id" --turn none -- "$client" $how
        kill_it
        not_proven "may hold the earlier session that it continues"
        kill "$pid"
        wait_until 60 is_gone "$pid"
        forget "$pid"
    done
    fake --cwd "$project" --session "$id" --turn none -- "$client" --session-id "$id" --debug -- -c
    kill_it
    [ "$status" -eq 0 ]
    forget "$pid"
}

@test "a store that lies behind a link to what is not there is not known to hold nothing" {
    new
    rm -rf "$CONFIG_DIR/projects"
    ln -s "$BATS_TEST_TMPDIR/not-mounted" "$CONFIG_DIR/projects"
    kill_it
    [ "$status" -eq 4 ]
    [[ $stderr == *"refused: "*"a link on the way leads nowhere"* ]]
    is_alive "$pid"
    rescue --status "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $stderr == *"$CONFIG_DIR/projects: a link on the way leads nowhere"* ]]
    rm "$CONFIG_DIR/projects"
    ln -s "$BATS_TEST_TMPDIR/not-mounted" "$CONFIG_DIR/history.jsonl"
    kill_it
    [ "$status" -eq 4 ]
    [[ $stderr == *"history.jsonl: a link on the way leads nowhere"* ]]
    is_alive "$pid"
}

# ---- a transcript that is there, and holds nothing ----

# What is left of its transcript is no conversation: spoiled WHAT.
spoiled()
{
    local transcript
    transcript=$CONFIG_DIR/projects/$(tr -c 'A-Za-z0-9\n' - <<<"$project")/$id.jsonl
    case $1 in
    emptied) : >"$transcript" ;;
    torn) head -c 100 "$transcript" >"$transcript.new" && cp "$transcript.new" "$transcript" ;;
    nuls) truncate -s 0 "$transcript" && truncate -s 4096 "$transcript" ;;
    esac
}

@test "a transcript that was emptied under its client, or holds no record, is no backup of it" {
    for how in "" --old-registry "--status busy --turn tool"; do
        for what in emptied torn nuls; do
            fake --cwd "$project" --session "$id" $how -- "$client"
            spoiled "$what"
            kill_it
            [ "$status" -eq 4 ]
            [[ $stderr == *"refused: "*"/$id.jsonl"*" holds no whole record"* || $stderr == *"unsaved since"* ]]
            [[ $stderr == *"would be lost for good. To give it up: --without-backup"* ]]
            is_alive "$pid"
            rescue --revive "$pid" --force "${scratch[@]}"
            [ "$status" -ne 0 ]
            is_alive "$pid"
            kill "$pid"
            wait_until 60 is_gone "$pid"
            forget "$pid"
        done
    done
}

@test "an earlier backup that holds more is named, and the session may be given up by name" {
    fake --cwd "$project" --session "$id" -- "$client"
    rescue --export "$pid" "${scratch[@]}"
    full=$(basename "$pending"/*.jsonl)
    sleep 1 # the name of a backup has seconds
    spoiled emptied
    kill_it
    [ "$status" -eq 4 ]
    [[ $output == *"an earlier backup holds more of it, and is kept: $pending/$full"* ]]
    rescue --kill "$pid" --force "${scratch[@]}" --without-backup="${id:0:8}"
    [ "$status" -eq 0 ]
    [[ $output == *"an earlier backup holds more of it, and is kept: $pending/$full"* ]]
    [[ $output == *"(${id:0:8}...: its transcript holds nothing to resume)"* ]]
    forget "$pid"
}

@test "one that has a title alone, and no word of a conversation, is ended, and the title is kept" {
    new
    folder=$CONFIG_DIR/projects/$(tr -c 'A-Za-z0-9\n' - <<<"$project")
    mkdir -p "$folder"
    printf '{"type":"custom-title","customTitle":"mine","sessionId":"%s"}\n' "$id" >"$folder/$id.jsonl"
    kill_it
    [ "$status" -eq 0 ]
    [[ $output == *"nothing was said in it"* ]]
    grep -q mine "$pending"/*.jsonl
    forget "$pid"
    new --talked
    kill_it
    [ "$status" -eq 4 ]
    [[ $stderr == *"refused: pid $pid has no transcript that holds a conversation"* ]]
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
    not_proven "$CONFIG_DIR/history.jsonl holds one of its prompts"
}

@test "a request was sent on a connection to its model" {
    new --model 10
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
