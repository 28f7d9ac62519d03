#!/usr/bin/env bats
# --status: what is asked for, and what is left unsaid.

load helper
load hung

# shellcheck disable=SC2034 # hung.bash reads it
id=00000000-0000-4000-8000-0000000000aa
other=00000000-0000-4000-8000-0000000000bb

setup()
{
    scratch_folders
}

teardown()
{
    end_started
}

one_hung_one_idle()
{
    fake --cwd "$project" --session "$other" -- "$client"
    idle_pid=$pid
    hung
}

@test "a verdict or a session chooses; the exit status speaks of all" {
    one_hung_one_idle
    rescue --status hung "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"HUNG"*"$pid"*"1 of 2 sessions: 1 hung"* && $output != *"$idle_pid"* ]]
    rescue --status waiting "${scratch[@]}"
    [ "$status" -eq 1 ]
    [ "$output" = "None of 2 sessions." ]
    rescue --status waiting idle "${scratch[@]}"
    [[ $output == *"$idle_pid"*"1 of 2 sessions: 1 idle"* ]]
    rescue --status "$idle_pid" --json "${scratch[@]}"
    [ "$(json '.sessions.length')" -eq 1 ]
    [ "$(json '.sessions[0].pid')" -eq "$idle_pid" ]
    rescue --status ffffffff "${scratch[@]}"
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    rescue --status hanging "${scratch[@]}"
    [ "$status" -eq 2 ]
}

@test "an idle session takes a line; -v says why" {
    fake --cwd "$project" --session "$other" -- "$client"
    rescue --status "${scratch[@]}"
    [ "$status" -eq 0 ]
    [ "$(wc -l <<<"$output")" -eq 3 ]
    rescue --status -v "${scratch[@]}"
    [ "$(wc -l <<<"$output")" -gt 3 ]
}

@test "a config directory that was named and is not there: exit 3, and the same words in each mode" {
    local where=(--pending-dir "$HOME/no backups" --log-dir "$HOME/log") nowhere=$BATS_TEST_TMPDIR/nowhere
    for mode in --status --export --resume --check; do
        rescue "$mode" --config-dir "$nowhere" "${where[@]}"
        [ "$status" -eq 3 ]
        [ -z "$output" ]
        [ "$stderr" = "session-rescue: $nowhere: no such file or directory" ]
        rescue "$mode" --config-dir "$nowhere" --config-dir "$CONFIG_DIR" "${where[@]}"
        [ "$status" -eq 3 ]
        [ "$(grep -c "^session-rescue: $nowhere: no such file or directory$" <<<"$stderr")" -eq 1 ]
    done
    for mode in --context --resume --export --check --repair --kill --revive; do
        rescue "$mode" "$other" --config-dir "$nowhere" "${where[@]}"
        [ "$status" -eq 3 ]
        [ -z "$output" ]
        [ "$(grep -c "^session-rescue: $nowhere: no such file or directory$" <<<"$stderr")" -eq 1 ]
        [ ! -e "$nowhere" ]
    done
    rescue --status # of the whole machine: 1 where something hangs there, or could not be looked at
    [ "$status" -le 1 ]
}

@test "backups are verified also where a config directory that was named is not there: exit 3" {
    local nowhere=$BATS_TEST_TMPDIR/nowhere
    fake --cwd "$project" --session "$other" -- "$client"
    rescue --export "${scratch[@]}" --pending-dir "$HOME/kept"
    [ "$status" -eq 0 ]
    rescue --verify --config-dir "$nowhere" --pending-dir "$HOME/kept"
    [ "$status" -eq 3 ]
    [[ $output == *"$other"* ]]
    [ "$stderr" = "session-rescue: $nowhere: no such file or directory" ]
    rescue --verify --config-dir "$nowhere" --config-dir "$CONFIG_DIR" --pending-dir "$HOME/kept"
    [ "$status" -eq 3 ]
    [[ $output == *"$other"* ]]
    [ "$(grep -c "^session-rescue: $nowhere: no such file or directory$" <<<"$stderr")" -eq 1 ]
}

@test "--restore of a backup that is not there: exit 2, and no word of the folder that it would make" {
    local nowhere=$BATS_TEST_TMPDIR/nowhere
    rescue --restore "$other" --config-dir "$nowhere" --pending-dir "$HOME/kept" --log-dir "$HOME/log"
    [ "$status" -eq 2 ]
    [[ $stderr != *"$nowhere"* ]]
    [ ! -e "$nowhere" ]
}

@test "what is foreign in the registry is named once, and with -v alone; it hides nothing" {
    fake --cwd "$project" --session "$other" -- "$client"
    echo '{"half":' >"$CONFIG_DIR/sessions/4194271.json"
    mkfifo "$CONFIG_DIR/sessions/4194272.json"
    mkdir "$CONFIG_DIR/sessions/4194273.json"
    ln -s /dev/zero "$CONFIG_DIR/sessions/4194274.json"
    ln -s 4194275.json "$CONFIG_DIR/sessions/4194275.json"
    for mode in --status --resume "--export --dry-run"; do
        # shellcheck disable=SC2086
        rescue $mode "${scratch[@]}"
        [ "$status" -eq 0 ]
        [ -z "$stderr" ]
    done
    rescue --status -v "${scratch[@]}"
    [ "$status" -eq 0 ]
    for n in 4194271 4194272 4194273 4194274 4194275; do
        [ "$(grep -c "$n.json" <<<"$stderr")" -eq 1 ]
    done
}
