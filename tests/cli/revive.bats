#!/usr/bin/env bats
# Sessions revived from the command line: stand-ins for clients on terminals of their own.

load helper

id=00000000-0000-4000-8000-0000000000dd

setup()
{
    scratch_home
    install_client
    project=$BATS_TEST_TMPDIR/project
    pending=$BATS_TEST_TMPDIR/pending
    log=$BATS_TEST_TMPDIR/log
    mkdir "$project"
    scratch=(--config-dir "$CONFIG_DIR" --pending-dir "$pending" --log-dir "$log" --timeout 0.01)
}

teardown()
{
    end_started
}

# A client that asked its model for something, and waits: hung OPTION...
hung()
{
    fake --cwd "$project" --session "$id" --status busy --turn awaits-reply --spinner --model 10 --age 900 "$@" -- "$client"
    started_at=$(start_of "$pid")
    wait_until 30 is_hung
}

is_hung()
{
    rescue --status --json "${scratch[@]}" >/dev/null
    [ "$(json '.counts.hung')" -ge 1 ]
}

# Field 22 of /proc/PID/stat, counted behind the name.
start_of()
{
    sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20
}

# The same process runs: by its pid and its start.
runs_on()
{
    [ "$(start_of "$pid")" = "$started_at" ]
    [ "$(sed 's/.*) //' "/proc/$pid/stat" | cut -c1)" != Z ]
}

backups()
{
    find "$pending" -name '*.sha256' 2>/dev/null | wc -l
}

# The program on a pty, told what a person types: typed 'y\n' -- OPTIONS...
typed()
{
    local keys=$1
    shift 2
    : >"$BATS_TEST_TMPDIR/screen"
    ( wait_until 60 grep -q '\[y/N\]' "$BATS_TEST_TMPDIR/screen"; printf "$keys"; sleep 1 ) |
        env -i HOME="$HOME" PATH="$PATH" TERM=dumb LANG=C.UTF-8 TZ=UTC ASAN_OPTIONS="${ASAN_OPTIONS-}" \
            script -qefc "exec $(printf '%q ' "$SESSION_RESCUE" "$@")" "$BATS_TEST_TMPDIR/screen" >/dev/null && status=0 || status=$?
    output=$(tr -d '\r' <"$BATS_TEST_TMPDIR/screen")
    printf '%s\n' "status $status" "$output"
}

@test "a stalled reply: backed up, its connection closed, asked again, logged" {
    hung --ask-again
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"backed up and verified: $pending/"* ]]
    [[ $output == *"close the connection to 127.0.0.1:"* ]]
    [[ $output == *"it moves: a new request went out after "* ]]
    [[ $output == *"✅ COMMAND COMPLETE: /session-rescue"*"Sessions revived: 1"* ]]
    grep -q '| 00000000... | .* | Exported | ✅ |' "$log"/SESSION-LOG-*.md
    grep -q '| 00000000... | .* | Revived | ✅ |' "$log"/SESSION-LOG-*.md
    ( cd "$pending" && sha256sum --quiet -c ./*.sha256 )
    runs_on
}

@test "an idle connection that looks the same: one at a time, until it moves" {
    hung --ask-again --pooled
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    [ "$(grep -c '^close the connection' <<<"$output")" -eq 2 ]
    [[ $output == *"no movement"*"it moves: a new request went out after "* ]]
    runs_on
}

@test "none that moves it: said, logged, and --kill is offered" {
    hung
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 3 ]
    [[ $stderr == *"❌ COMMAND FAILED: /session-rescue"* ]]
    [[ $stderr == *"1 of 1 pushes given, and it does not move"*"session-rescue --kill $pid"* ]]
    grep -q '| Revived | ❌ |' "$log"/SESSION-LOG-*.md
    runs_on
}

@test "--dry-run says each step and changes nothing" {
    hung --ask-again
    before=$(find "$BATS_TEST_TMPDIR/home" -type f -exec sha256sum {} + | sort)
    rescue --revive "$pid" --dry-run "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"1. back up the session into $pending"* ]]
    [[ $output == *"3. look again, and if all is as it was: close the connection to 127.0.0.1:"* ]]
    [[ $output == *"Nothing was changed"* ]]
    [ ! -e "$pending" ] && [ ! -e "$log" ]
    [ "$(find "$BATS_TEST_TMPDIR/home" -type f -exec sha256sum {} + | sort)" = "$before" ]
    is_hung
    runs_on
}

@test "the plan is shown before the question; y revives it" {
    hung --ask-again
    typed 'y\n' -- --revive "$pid" "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"plan: close the connection to "*"Revive Claude process on pts/"*", session 00000000 ("*", hung: "*")? [y/N]"*"it moves"* ]]
    runs_on
}

@test "anything but y leaves it as it was, with its backup" {
    hung --ask-again
    typed '\n' -- --revive "$pid" "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $output == *"nothing was pushed"* ]]
    [ "$(backups)" -eq 1 ]
    is_hung
}

@test "without a terminal to ask on, and without --force, it is refused" {
    hung --ask-again
    rescue --revive "$pid" "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"no terminal to ask on"* ]]
    [ ! -e "$pending" ] && [ ! -e "$log" ]
    is_hung
}

@test "a session that is not hung is not pushed" {
    fake --cwd "$project" --session "$id" -- "$client"
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"refused: pid $pid is not hung (idle, turn-over)"* ]]
    [ ! -e "$pending" ]
}

@test "one that waits for its user is not pushed: a dialog is on its screen" {
    fake --cwd "$project" --session "$id" --status waiting --waiting-for 'permission prompt' --turn tool -- "$client"
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"refused: pid $pid waits for you (permission-prompt)"* ]]
    [ ! -e "$pending" ]
}

@test "what no push is known for: said, with the other way" {
    fake --cwd "$project" --session "$id" --status busy --turn awaits-reply --spin --age 900 -- "$client"
    started_at=$(start_of "$pid")
    wait_until 30 is_hung
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 3 ]
    [[ $stderr == *"is hung (spinning), and no push is known for that"*"session-rescue --kill $pid"* ]]
    runs_on
}

@test "refused from inside itself, as a tool of that session" {
    cat >"$BATS_TEST_TMPDIR/tool" <<-END
	'$SESSION_RESCUE' --revive $id --force ${scratch[*]} >'$BATS_TEST_TMPDIR/inside' 2>&1
	echo "status \$?" >>'$BATS_TEST_TMPDIR/inside'
	touch '$BATS_TEST_TMPDIR/inside.done'
	exec sleep 100
	END
    fake --cwd "$project" --session "$id" --status busy --turn tool --child "exec sh $BATS_TEST_TMPDIR/tool" -- "$client"
    wait_until 60 test -e "$BATS_TEST_TMPDIR/inside.done"
    cat "$BATS_TEST_TMPDIR/inside"
    grep -q "refused: pid $pid is the session that this runs in" "$BATS_TEST_TMPDIR/inside"
    grep -q '^status 4$' "$BATS_TEST_TMPDIR/inside"
    [ ! -e "$pending" ]
}

@test "a backup that cannot be made: no push" {
    hung --ask-again
    touch "$pending" # a file where the folder should be
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 3 ]
    [[ $stderr == *"$pending"* ]]
    is_hung
}

@test "--json tells the same in one document" {
    hung --ask-again
    rescue --revive "$pid" --force --json "${scratch[@]}"
    [ "$status" -eq 0 ]
    [ "$(json .outcome)" = revived ]
    [ "$(json .pid)" = "$pid" ]
    [ "$(json .push)" = close-connection ]
    [[ $(json .movement) == "a new request went out after "* ]]
    [ -e "$(json .backup)" ]
    runs_on
}
