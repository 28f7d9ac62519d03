# Stored sessions for the command-line tests, and the modes that back them up.
# Load after helper.

export ID=0a0a0a0a-1111-4222-8333-444444444444
export OTHER=0b0b0b0b-1111-4222-8333-444444444444

# A session in the scratch home, with things beside its transcript.
store_session()
{
    PENDING=$HOME/pending
    LOG=$HOME/log
    export TRANSCRIPT=$CONFIG_DIR/projects/-tmp-p/$ID.jsonl
    mkdir -p "$CONFIG_DIR/projects/-tmp-p/$1/subagents"
    printf '%s\n' '{"parentUuid":null,"type":"user","uuid":"a","sessionId":"'"$1"'","cwd":"/tmp/p","timestamp":"2026-01-02T03:04:05.000Z","message":{"role":"user","content":"hello"}}' \
        >"$CONFIG_DIR/projects/-tmp-p/$1.jsonl"
    echo '{"sessionId":"'"$1"'"}' >"$CONFIG_DIR/projects/-tmp-p/$1/subagents/agent-1.jsonl"
    printf '{"display":"hi","sessionId":"%s"}\n' "$1" >>"$CONFIG_DIR/history.jsonl"
}

# Always with directories of the test's own.
export_session()
{
    rescue --export "$@" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
}

# Runs a script where a folder is a disk of its own, of SIZE, or skips the test:
#     on_small_disk SIZE FOLDER SCRIPT [ARGUMENT...]
on_small_disk()
{
    local space=-m
    [ "$(id -u)" -eq 0 ] || space=-Urm
    unshare "$space" mount -t tmpfs none /mnt 2>/dev/null || skip "no small disk can be mounted here"
    mkdir -p "$2"
    # shellcheck disable=SC2016 # the inner shell's
    run --separate-stderr unshare "$space" bash -c 'mount -t tmpfs -o size="$1",mode=700 none "$2" && cd "$2" && eval "$3"' \
        bash "$1" "$2" "$3" "${@:4}"
    printf '%s: status %s\n%s\n--- stderr\n%s\n' "$3" "$status" "$output" "${stderr-}"
}

# A complete backup of the session is there.
has_backup()
{
    ls "$PENDING"/*-LOSSLESS-"$1".sha256 >/dev/null
}
