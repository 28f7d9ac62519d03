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
    wait_until 30 is_hung
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
    wait_until 10 is_gone "$pid"
    [ "$(find "$HOME/kept" -name '*.jsonl' -size +0 | wc -l)" -ge 1 ]
}

@test "a session whose transcript cannot be looked for is named by an export of all" {
    users_fake --session "$id" --cwd / -- "$client"
    chmod 000 "$folder"
    by_user --export
    [ "$status" -eq 3 ]
    [[ $stderr == *"whether session $id of pid $pid has a transcript is not known: $folder"*"permission denied"* ]]
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
    refused "which session pid $pid is is not known, as $CONFIG_DIR/sessions"
    chmod 755 "$CONFIG_DIR/sessions"
    chmod 000 "$CONFIG_DIR/sessions/$pid.json"
    by_user --kill "$pid" --force
    refused "$CONFIG_DIR/sessions/$pid.json"
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
    wait_until 10 is_gone "$pid"
}

@test "a client that names no session, whose folder cannot be read" {
    users_fake --session "$id" --cwd / --no-registry --turn none -- "$client"
    mkdir -p "$folder"
    chmod 000 "$folder"
    chown "$user_id" "$folder"
    by_user --kill "$pid" --force
    refused "$folder"
}
