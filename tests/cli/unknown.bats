#!/usr/bin/env bats
# What cannot be read is neither absent nor fine: nothing is done to a session of which it is not
# known whether something would be lost.

load helper
load sessions
load hung
load invoker

id=00000000-0000-4000-8000-0000000000ab

setup()
{
    scratch_user
    settle
    scratch=(--config-dir "$CONFIG_DIR" --pending-dir "$HOME/kept" --log-dir "$HOME/log" --timeout 0.01)
    folder=$CONFIG_DIR/projects/-
}

teardown()
{
    [ -z "${shared-}" ] || chmod -R u+rwx "$shared"
    end_user
}

# The program as the user: by_user OPTIONS...
by_user()
{
    run --separate-stderr as_user "$rescue_program" "$@" "${scratch[@]}"
    printf 'session-rescue %s: status %s\n%s\n--- stderr\n%s\n' "$*" "$status" "$output" "${stderr-}"
}

refused()
{
    [ "$status" -eq 4 ]
    [[ $stderr == *"refused: "*"$1"* ]]
    is_alive "$pid"
}

@test "a project folder that cannot be read: no signal, no push, --force or not" {
    users_fake --session "$id" --cwd / --status busy --turn awaits-reply --spinner --model 10 --age 900 --raw --ask-again -- "$client"
    wait_until 60 is_hung
    chmod 000 "$folder"
    for mode in --kill --revive; do
        by_user "$mode" "$pid" --force
        # it may not be known any more what holds it: what is refused then is the push
        [ "$mode" = --revive ] || refused "$folder/$id.jsonl: permission denied"
        [ "$status" -ne 0 ]
        is_alive "$pid"
    done
    [ ! -e "$HOME/kept" ]
    by_user --status --json
    [[ $output == *"$folder"*"permission denied"* ]]
    chmod 755 "$folder"
    by_user --kill "$pid" --force
    [ "$status" -eq 0 ]
    wait_until 60 is_gone "$pid"
    [ "$(find "$HOME/kept" -name '*.jsonl' -size +0 | wc -l)" -ge 1 ]
}

@test "a session whose transcript cannot be looked for is named by an export of all" {
    users_fake --session "$id" --cwd / -- "$client"
    chmod 000 "$folder"
    by_user --export
    [ "$status" -eq 3 ]
    [[ $stderr == *"whether session $id of pid $pid has a transcript is not known: $folder"*"permission denied"* ]]
}

@test "a client whose environment cannot be read is named by an export of all: its session may be any" {
    chmod 711 "$client" # the kernel shows nothing of a program that its user may not read
    users_fake --session "$id" --cwd / --no-registry --turn none -- "$client"
    ! as_user cat "/proc/$pid/environ" >/dev/null 2>&1 || skip "it can be read here"
    run --separate-stderr as_user "$rescue_program" --export --pending-dir "$HOME/kept" --log-dir "$HOME/log"
    [ "$status" -eq 1 ]
    [[ $stderr == *"pid $pid has no transcript"*"which session it has is not known"* ]]
    [[ $output == "Nothing was exported: there is no transcript." ]]
}

@test "another project's folder that cannot be read may hold the transcript of one that seems empty" {
    users_fake --session "$id" --cwd / --turn none -- "$client"
    mkdir "$CONFIG_DIR/projects/-srv"
    chown "$user_id" "$CONFIG_DIR/projects/-srv"
    chmod 000 "$CONFIG_DIR/projects/-srv"
    by_user --kill "$pid" --force
    refused "$CONFIG_DIR/projects/-srv"
    by_user --status --json
    [[ $output == *"whether it has a transcript is not known"* ]]
}

@test "a registry that cannot be read: it is not known which session it is" {
    users_fake --session "$id" --cwd / -- "$client"
    chmod 000 "$CONFIG_DIR/sessions"
    by_user --kill "$pid" --force
    refused "it is not known which session pid $pid has, as $CONFIG_DIR/sessions"
    chmod 755 "$CONFIG_DIR/sessions"
    chmod 000 "$CONFIG_DIR/sessions/$pid.json"
    by_user --kill "$pid" --force
    refused "$CONFIG_DIR/sessions/$pid.json"
}

@test "--status ends with 1 where a place could not be looked at in which a session may be" {
    users_fake --session "$id" --cwd / -- "$client"
    by_user --status
    [ "$status" -eq 0 ]
    chmod 000 "$CONFIG_DIR/sessions"
    by_user --status
    [ "$status" -eq 1 ]
    [[ $stderr == *"$CONFIG_DIR/sessions: permission denied"* ]]
    by_user --status idle
    [ "$status" -eq 1 ]
    by_user --status "$pid" # that one was seen
    [ "$status" -eq 0 ]
}

@test "an empty session whose prompt history cannot be read" {
    users_fake --session "$id" --cwd / --turn none -- "$client"
    echo '{"display":"hello","sessionId":"another"}' >"$CONFIG_DIR/history.jsonl"
    chmod 600 "$CONFIG_DIR/history.jsonl"
    by_user --kill "$pid" --force
    refused "$CONFIG_DIR/history.jsonl: permission denied"
    chmod 644 "$CONFIG_DIR/history.jsonl"
    by_user --kill "$pid" --force
    [ "$status" -eq 0 ]
    wait_until 60 is_gone "$pid"
}

@test "a client that names no session, whose folder cannot be read" {
    users_fake --session "$id" --cwd / --no-registry --turn none -- "$client"
    mkdir -p "$folder"
    chmod 000 "$folder"
    chown "$user_id" "$folder"
    by_user --kill "$pid" --force
    refused "$folder"
}

# ---- what may be given up by name, and what not: each refusal with --without-backup and without ----

given=--without-backup=00000000

# Refused without it, with the words WHAT and what would be lost; with it the session is ended.
given_up()
{
    by_user --kill "$pid" --force
    [ "$status" -ne 0 ]
    [[ $stderr == *"$1"*"would be lost for good. To give it up: --without-backup"* ]]
    is_alive "$pid"
    by_user --kill "$pid" --force "$given"
    [[ $output$stderr == *"given up by name: "*"$1"*"would be lost for good"* ]]
    wait_until 60 is_gone "$pid"
}

# Refused without it and with it, for WHAT.
not_given_up()
{
    for option in "" "$given"; do
        by_user --kill "$pid" --force $option
        [ "$status" -ne 0 ]
        [[ $stderr == *"$1"* && $stderr$output != *"given up by name"* ]]
        is_alive "$pid"
    done
    [[ $stderr == *"$2"* ]]
}

@test "given up by name: a transcript that cannot be looked for" {
    users_fake --session "$id" --cwd / -- "$client"
    chmod 000 "$folder"
    given_up "$folder/$id.jsonl: permission denied"
}

@test "given up by name: a transcript that cannot be read" {
    users_fake --session "$id" --cwd / -- "$client"
    chmod 000 "$folder/$id.jsonl"
    given_up "$folder/$id.jsonl"
    [ "$status" -eq 3 ] # its last words are in no backup either
    [[ $stderr == *"has ended, given up by name, and there is no backup of it: "* ]]
    [[ $stderr$output != *"in the backup"* && $stderr$output != *"name: refused"* ]]
}

@test "given up by name: a folder that may hold its transcript" {
    users_fake --session "$id" --cwd / --turn none -- "$client"
    mkdir "$CONFIG_DIR/projects/-srv"
    chown "$user_id" "$CONFIG_DIR/projects/-srv"
    chmod 000 "$CONFIG_DIR/projects/-srv"
    given_up "$CONFIG_DIR/projects/-srv"
}

@test "given up by name: one that is not shown to be empty" {
    users_fake --session "$id" --cwd / --turn none --talked -- "$client"
    given_up "it is not proven that nothing was said in it"
}

@test "not given up: a file of the session that cannot be read is asked about by its own name" {
    users_fake --session "$id" --cwd / -- "$client"
    as_user mkdir -p "$folder/$id/tool-results"
    as_user touch "$folder/$id/tool-results/x.txt"
    chmod 000 "$folder/$id/tool-results/x.txt"
    not_given_up "is kept, and incomplete: 1 file of the session could not be read: $folder/$id/tool-results/x.txt" \
        "--without-backup is no answer to that"
    [ "$(find "$HOME/kept" -name '*-LOSSLESS-*.jsonl' | wc -l)" -ge 1 ]
}

@test "not given up: a backup that could be made elsewhere" {
    users_fake --session "$id" --cwd / -- "$client"
    mkdir "$HOME/kept"
    chown "$user_id" "$HOME/kept"
    chmod 500 "$HOME/kept"
    not_given_up "$HOME/kept" "--without-backup is no answer to that"
}

@test "not given up: a session of which it is not known which it is" {
    users_fake --session "$id" --cwd / -- "$client"
    chmod 000 "$CONFIG_DIR/sessions"
    not_given_up "it is not known which session pid $pid has" "--without-backup is no answer to that"
}

@test "not given up: a registered session where no folder of transcripts can be listed" {
    users_fake --session "$id" --cwd / -- "$client"
    chmod 000 "$CONFIG_DIR/projects"
    not_given_up "it is not known which session pid $pid has" "--without-backup is no answer to that"
    chmod 755 "$CONFIG_DIR/projects"
}

@test "not given up: a session that names none, whose folder cannot be listed" {
    users_fake --session "$id" --cwd / --no-registry --turn none -- "$client"
    mkdir -p "$folder"
    chmod 000 "$folder"
    chown "$user_id" "$folder"
    not_given_up "$folder" "--without-backup is no answer to that"
}

@test "a project folder that cannot be read: no mode that reads stores says that all is well, or that there is none" {
    store_session "$id"
    store_session "$OTHER"
    mkdir "$CONFIG_DIR/projects/-srv"
    settle
    by_user --check
    [ "$status" -eq 0 ]
    chmod 000 "$CONFIG_DIR/projects/-srv"
    by_user --check
    [ "$status" -eq 1 ]
    [[ $output == *"2 transcripts: 2 sound; not all could be looked at"* ]]
    by_user --check --json
    [ "$status" -eq 1 ]
    [ "$(json '.problems[0].path')" = "$CONFIG_DIR/projects/-srv" ]
    by_user --resume
    [ "$status" -eq 1 ]
    by_user --search hello --index-dir "$HOME/index"
    [ "$status" -eq 1 ]
    by_user --search nowhere --index-dir "$HOME/index"
    [ "$status" -eq 1 ]
    [[ $output == *"Nothing found for: nowhere; not all could be looked at"* ]]
    by_user --search nowhere --json --index-dir "$HOME/index"
    [ "$(json '.up_to_date')" = false ]
    for mode in --check --resume --context --export; do
        by_user "$mode" 0c0c0c0c
        expected=1
        [ "$mode" != --export ] || expected=3 # nothing was copied
        [ "$status" -eq "$expected" ]
        [[ $stderr == *"no session that was seen is named by '0c0c0c0c'"*"not all could be looked at"* ]]
        [[ $stderr != *"none is there"* ]]
    done
    by_user --repair 0c0c0c0c # nothing was done
    [ "$status" -eq 3 ]
    chmod 000 "$CONFIG_DIR/sessions"
    for mode in --kill --revive; do
        by_user "$mode" 0c0c0c0c
        [ "$status" -eq 3 ]
        [[ $stderr == *"not all could be looked at"* && $stderr != *"none is there"* ]]
        by_user "$mode" 4194305 # no process has that number
        [ "$status" -eq 2 ]
    done
    chmod 755 "$CONFIG_DIR/sessions"
    for mode in --kill --revive --repair; do
        chmod 755 "$CONFIG_DIR/projects/-srv"
        by_user "$mode" 0c0c0c0c
        [ "$status" -eq 2 ]
        [[ $stderr == *"none is there"* ]]
        chmod 000 "$CONFIG_DIR/projects/-srv"
    done
    by_user --check "$id" # that one was seen
    [ "$status" -eq 0 ]
    by_user --resume "$id"
    [ "$status" -eq 0 ]
    chmod 000 "$CONFIG_DIR/projects"
    for mode in --check --resume "--search hello --index-dir $HOME/index" "--resume $id" "--context $id"; do
        # shellcheck disable=SC2086 # words
        by_user $mode
        [ "$status" -eq 1 ]
    done
    by_user --check "$id"
    [ "$status" -eq 3 ]
}
