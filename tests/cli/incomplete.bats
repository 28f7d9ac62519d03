#!/usr/bin/env bats
# Files of a session that cannot be read: the rest is backed up, they are named, and nothing that
# ends the session goes on without a yes to their names.

load helper
load sessions

setup()
{
    scratch_home
    store_session "$ID"
    RESULT=$CONFIG_DIR/projects/-tmp-p/$ID/tool-results/x.txt
    mkdir -p "${RESULT%/*}"
    echo 'what a tool said' >"$RESULT"
    echo 'what another said' >"${RESULT%x.txt}y.txt"
}

teardown()
{
    end_started
}

# Without the right of root to read everything.
as_an_ordinary_reader()
{
    if [ "$(id -u)" -ne 0 ]; then
        rescue "$@"
    else
        rescue_under setpriv --bounding-set -dac_override,-dac_read_search --inh-caps=-all -- "$@"
    fi
}

options()
{
    printf '%s\n' --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
}

is_incomplete()
{
    [ "$status" -eq 1 ]
    [[ $output == *"incomplete: 1 file could not be read"*"not in it: $RESULT: $1"* ]]
    cmp "$TRANSCRIPT" "$PENDING"/*-LOSSLESS-"$ID".jsonl
    [ -n "$(compgen -G "$PENDING/*-LOSSLESS-$ID.files/projects/-tmp-p/$ID/tool-results/y.txt")" ]
    [ -z "$(compgen -G "$PENDING/*-LOSSLESS-$ID.files/projects/-tmp-p/$ID/tool-results/x.txt")" ]
}

@test "a file that may not be read: the backup is incomplete, by every mode that shows it" {
    chmod 000 "$RESULT"
    mapfile -t options < <(options)
    as_an_ordinary_reader --export "$ID" "${options[@]}"
    is_incomplete "permission denied"
    stem=$(basename "$PENDING"/*.sha256 .sha256)
    # nothing has changed: no backup more, and still not called whole
    as_an_ordinary_reader --export "$ID" --json "${options[@]}"
    [ "$status" -eq 1 ]
    [ "$(json '.exports[0].result')/$(json '.exports[0].lost_files')" = "already exported/1" ]
    [ "$(json '.exports[0].lost')" = "$RESULT: permission denied" ]
    rescue --verify --pending-dir "$PENDING"
    [ "$status" -eq 1 ]
    [[ $output == "incomplete: 1 file  $stem"*"$RESULT is not in it: permission denied"*"0 of 1 verified"* ]]
    rescue --verify --json --pending-dir "$PENDING"
    [ "$(json '.backups[0].result')/$(json '.backups[0].lost_files')" = "incomplete/1" ]
    rescue --restore "$ID" --config-dir "$HOME/new" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 1 ]
    [[ $output == *"not in the backup"*"$RESULT: permission denied"* ]]
    cmp "$TRANSCRIPT" "$HOME/new/projects/-tmp-p/$ID.jsonl"
    # once it can be read, there is a whole one
    chmod 600 "$RESULT"
    sleep 1
    rescue --export "$ID" "${options[@]}"
    [ "$status" -eq 0 ]
    [ "$(ls "$PENDING"/*.sha256 | wc -l)" -eq 2 ]
}

@test "a folder that may not be listed, a history that may not be read" {
    mapfile -t options < <(options)
    chmod 000 "${RESULT%/*}"
    as_an_ordinary_reader --export "$ID" "${options[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"not in it: ${RESULT%/*}: permission denied"* ]]
    chmod 700 "${RESULT%/*}"
    chmod 000 "$CONFIG_DIR/history.jsonl"
    as_an_ordinary_reader --export "$ID" "${options[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"not in it: $CONFIG_DIR/history.jsonl: permission denied"* ]]
}

# A file of /sys that opens, says that it has 4096 bytes, and cannot be read.
@test "a file that fails while it is read" {
    [ "$(id -u)" -eq 0 ] || skip "a file can only be mounted by root"
    ! cat /sys/class/net/lo/speed >/dev/null 2>&1 || skip "there is no file here that cannot be read"
    mapfile -t options < <(options)
    # shellcheck disable=SC2016 # the inner shell's
    rescue_under unshare -m sh -c 'mount --bind /sys/class/net/lo/speed "$0" && exec "$@"' "$RESULT" -- --export "$ID" "${options[@]}"
    is_incomplete ""
}

@test "what is no file any more is named, and stops nothing" {
    mapfile -t options < <(options)
    rm "$RESULT"
    mkfifo "$RESULT"
    rescue --export "$ID" "${options[@]}"
    [ "$status" -eq 0 ]
    grep -q "$RESULT" "$PENDING"/*-LOSSLESS-"$ID".json
    rm "$RESULT"
    mkdir "$RESULT"
    echo deeper >"$RESULT/z.txt"
    rescue --export "$ID" "${options[@]}"
    [ "$status" -eq 0 ]
}

@test "a transcript that cannot be read is a failure, and leaves no backup" {
    mapfile -t options < <(options)
    chmod 000 "$TRANSCRIPT"
    as_an_ordinary_reader --export "$ID" "${options[@]}"
    [ "$status" -eq 3 ]
    [ -z "$(compgen -G "$PENDING/*LOSSLESS*")" ]
}

# A stand-in of the session, whose kill is asked about on a terminal of its own.
running()
{
    install_client
    fake --session "$ID" --cwd /tmp --turn none -- "$client"
    chmod 000 "$RESULT"
}

@test "--kill of a session with a file that cannot be read is refused in a script, whatever --force says" {
    running
    mapfile -t options < <(options)
    as_an_ordinary_reader --kill "$ID" --force "${options[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr$output == *"refused"*"is kept, and incomplete: 1 file of the session could not be read: $RESULT: permission denied"* ]]
    kill -0 "$pid"
    has_backup "$ID"
}

@test "--kill asks by name on a terminal, and a yes ends the session" {
    running
    mapfile -t options < <(options)
    local under=()
    [ "$(id -u)" -ne 0 ] || under=(setpriv --bounding-set '-dac_override,-dac_read_search' --inh-caps=-all)
    for answer in n y; do
        run env -i HOME="$HOME" PATH="$PATH" TERM=dumb python3 -c '
import os, pty, sys
answer, command = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
said = b""
asked = 0
while True:
    try:
        piece = os.read(fd, 4096)
    except OSError:
        break
    if not piece:
        break
    said += piece
    while said.count(b"[y/N] ") > asked:
        asked += 1
        os.write(fd, (answer + "\n").encode())
sys.stdout.write(said.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
' "$answer" "${under[@]}" "$SESSION_RESCUE" --kill "$ID" "${options[@]}"
        echo "$output"
        [[ $output == *"not in the backup: $RESULT: permission denied. End it all the same?"* ]]
        if [ "$answer" = n ]; then
            [ "$status" -eq 4 ]
            kill -0 "$pid"
        else
            [ "$status" -eq 0 ]
            ! kill -0 "$pid" 2>/dev/null
        fi
    done
}
