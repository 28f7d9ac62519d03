#!/usr/bin/env bats
# What a word names: one of several copies, a session that has ended, somebody else's process.

load helper
load hung
load sessions
load invoker

a=aaaaaaaa-0000-4000-8000-000000000001

setup()
{
    scratch_folders
    mkdir "$BATS_TEST_TMPDIR/old" "$BATS_TEST_TMPDIR/new"
}

teardown()
{
    end_started
    end_user
}

# The same session in two folders. What is newer by its records is older by the time of its file.
two_copies()
{
    stored "$a" "$BATS_TEST_TMPDIR/old" "older words" 1
    old=$transcript
    stored "$a" "$BATS_TEST_TMPDIR/new" "newer words" 5
    new=$transcript
    sed -i 's/2026-01-02T03:04:05/2026-01-09T03:04:05/' "$new"
    touch -d '5 hours ago' "$new"
}

folder()
{
    basename "$(dirname "$1")"
}

@test "of two copies the newest by what it says is taken, and the other is named" {
    two_copies
    rescue --resume "${a:0:8}" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $output == *"newer words"* && $output == *"cd $BATS_TEST_TMPDIR/new && "* && $output != *"older words"* ]]
    [[ $stderr == *"session $a lies in 2 folders; taken is the newest, $new, and not:"*"$old"* ]]
    rescue --check "${a:0:8}" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $stderr == *"$old"* ]]
    rescue --context "$a" --config-dir "$CONFIG_DIR" --pending-dir "$pending"
    [ "$status" -eq 0 ]
    [[ $output == *"newer words"* ]]
}

@test "either copy can be chosen, by its folder and by its path" {
    two_copies
    for which in "projects/$(folder "$old")/${a:0:8}" "projects/$(folder "$old")/$a" "$old"; do
        rescue --resume "$which" --config-dir "$CONFIG_DIR"
        [ "$status" -eq 0 ]
        [[ $output == *"older words"* && $output != *"newer words"* ]]
        [ -z "$stderr" ]
        rescue --context "$which" --config-dir "$CONFIG_DIR" --pending-dir "$pending"
        [ "$status" -eq 0 ]
        [[ $output == *"older words"* ]]
        rescue --check "$which" --json --config-dir "$CONFIG_DIR"
        [ "$status" -eq 0 ]
        [[ $output == *"$old"* && $output != *"$new"* ]]
    done
}

@test "the copy that is chosen is the one that is exported" {
    two_copies
    rescue --export "projects/$(folder "$old")/$a" "${scratch[@]}"
    [ "$status" -eq 0 ]
    grep -q 'older words' "$pending"/*.jsonl
    [ -z "$(grep -l 'newer words' "$pending"/*.jsonl)" ]
    rescue --export "$a" "${scratch[@]}"
    [ "$status" -eq 0 ]
    grep -q 'newer words' "$pending"/*.jsonl
}

@test "both copies are exported with --all" {
    two_copies
    rescue --export --all "${scratch[@]}"
    [ "$status" -eq 0 ]
    grep -q 'older words' "$pending"/*.jsonl
    grep -q 'newer words' "$pending"/*.jsonl
}

@test "--kill and --revive of a session that no process has say that" {
    stored "$a" "$project"
    for mode in --kill --revive; do
        rescue "$mode" "${a:0:8}" --force "${scratch[@]}"
        [ "$status" -eq 2 ]
        [[ $stderr == *"session $a has no process"*"--resume $a"* ]]
        [[ $stderr != *"is named by"* ]]
    done
}

@test "a pid that does not exist, and one that is no session's" {
    rescue --kill 4194300 --force "${scratch[@]}"
    [ "$status" -eq 2 ]
    [[ $stderr == *"there is no process 4194300"* ]]
    start sleep 60
    rescue --kill "$started" --force "${scratch[@]}"
    [ "$status" -eq 2 ]
    [[ $stderr == *"process $started is sleep, of "*": no session is named by '$started'"* ]]
    is_alive "$started"
    rescue --status 4194300 "${scratch[@]}"
    [ "$status" -eq 2 ]
    [[ $stderr == *"there is no process 4194300"* ]]
    rescue --status "$started" "${scratch[@]}"
    [ "$status" -eq 2 ]
    [[ $stderr == *"process $started is sleep, of "*": no session is named by '$started'"* ]]
}

@test "--status and --kill of what is stored alone name it, one or several, and nothing else" {
    fake --cwd "$project" --session 11111111-0000-4000-8000-0000000000bb -- "$client"
    stored "$a" "$BATS_TEST_TMPDIR/old"
    rescue --status "$a" "${scratch[@]}"
    [ "$status" -eq 2 ]
    [[ $stderr == *"session $a has no process"*"--resume $a gives the command that resumes it" ]]
    stored "${a%1}2" "$BATS_TEST_TMPDIR/new"
    for mode in --kill --status; do
        rescue "$mode" aaaaaaaa "${scratch[@]}"
        [ "$status" -eq 2 ]
        [[ $stderr == *"no process is seen that has one of the sessions that 'aaaaaaaa' names:"* ]]
        [[ $stderr == *"$a"* && $stderr == *"${a%1}2"* ]]
        [[ $stderr != *11111111* ]]
    done
}

@test "--status of a word that is neither verdict nor session names the verdicts" {
    rescue --status hungry "${scratch[@]}"
    [ "$status" -eq 2 ]
    [[ $stderr == *"'hungry' is no terminal"*"; the verdicts are hung, "*"idle"* ]]
}

@test "another user's process: whose it is, and that it is not touched" {
    scratch_user
    start sleep 60
    run nsenter --mount="/proc/$world/ns/mnt" setpriv --reuid="$user_id" --regid="$user_id" --clear-groups \
        env -i HOME="$shared/home" PATH="$PATH" "$rescue_program" --kill "$started" --force --config-dir "$shared/home/.claude"
    [ "$status" -eq 4 ]
    [[ $output == *"refused: process $started belongs to root, another user"* ]]
    is_alive "$started"
    run nsenter --mount="/proc/$world/ns/mnt" setpriv --reuid="$user_id" --regid="$user_id" --clear-groups \
        env -i HOME="$shared/home" PATH="$PATH" "$rescue_program" --status "$started" --config-dir "$shared/home/.claude"
    [[ $output == *"process $started belongs to root, another user"* ]]
}

@test "candidates stand a line each, ten at most" {
    local i
    for i in $(seq -w 12); do
        stored "bbbbbbbb-0000-4000-8000-0000000000$i" "$project"
    done
    rescue --resume bbbbbbbb --config-dir "$CONFIG_DIR"
    [ "$status" -eq 2 ]
    [[ $stderr == *"'bbbbbbbb' names 12 sessions:"* ]]
    [ "$(grep -c "^  bbbbbbbb-.*no process.*$project" <<<"$stderr")" -eq 10 ]
    [[ $stderr == *"... and 2 more"* ]]
}

@test "a folder that was renamed, with a link in its old place: the command names the file" {
    stored "$a" "$project"
    mv "$project" "$project-renamed"
    ln -s "$project-renamed" "$project"
    rescue --resume "$a" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $output == *"  cd $project && "*"claude --resume $transcript"* ]]
    # the other way round a link leads to the folder that the session was started in
    rm "$project"
    mv "$project-renamed" "$project"
    rescue --resume "$a" --config-dir "$CONFIG_DIR"
    [[ $output == *"claude --resume $a"* ]]
}
