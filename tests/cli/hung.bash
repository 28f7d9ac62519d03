# Stand-ins for sessions that something is done to: what the tests of --kill, --revive and the
# interactive rescue start from. Load after helper.

# Folders of the test's own, and the options that name them: $scratch.
scratch_folders()
{
    scratch_home
    install_client
    project=$BATS_TEST_TMPDIR/project
    pending=$BATS_TEST_TMPDIR/pending
    log=$BATS_TEST_TMPDIR/log
    mkdir "$project"
    scratch=(--config-dir "$CONFIG_DIR" --pending-dir "$pending" --log-dir "$log" --timeout 0.01)
}

# A client that asked its model for something, and waits: hung OPTION... ($id, $pid, $started_at)
hung()
{
    fake --cwd "$project" --session "$id" --status busy --turn awaits-reply --spinner --model 10 --age 900 "$@" -- "$client"
    # shellcheck disable=SC2034 # tests read it
    started_at=$(start_of "$pid")
    wait_until 60 is_hung
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

is_gone()
{
    [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

is_alive()
{
    if is_gone "$1"; then
        echo "pid $1 is gone"
        return 1
    fi
}

# A pid that has ended may be given to another process before teardown signals it.
forget()
{
    local kept=() each
    for each in "${started_pids[@]}"; do
        [ "$each" = "$1" ] || kept+=("$each")
    done
    started_pids=("${kept[@]}")
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
