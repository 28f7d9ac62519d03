# Sessions whose conversation is not on disk, by stand-ins for their clients: what is said of them, that
# --export says so, that --kill and --revive touch none unless it is given up by name, and that healthy
# ones are called nothing of the kind.

load helper
load hung

setup()
{
    scratch_folders
    id=0c0c0c0c-1111-4222-8333-444444444444
    folder=$CONFIG_DIR/projects/$(tr -c 'A-Za-z0-9\n' - <<<"$project")
}
teardown() { end_started; }

# A prompt in the history: prompt SECONDS_AGO TEXT [SESSION]
prompt()
{
    printf '{"display":"%s","pastedContents":{},"timestamp":%s,"project":"%s","sessionId":"%s"}\n' \
        "$2" "$(($(date +%s%3N) - $1 * 1000))" "$project" "${3-$id}" >>"$CONFIG_DIR/history.jsonl"
}

client()
{
    case " $* " in
    *" -- "*) fake --cwd "$project" --session "$id" "$@" ;;
    *) fake --cwd "$project" --session "$id" "$@" -- "$client" ;;
    esac
}

# Prompts that are typed now, and have settled: two, with different words.
two_prompts()
{
    prompt 0 "the first"
    prompt 0 "the second"
}

look()
{
    rescue --status --json "${scratch[@]}"
    said=$(json '.sessions[0].persistence')
}
says()
{
    look >/dev/null
    [ "$said" = "$1" ] || { echo "it says $said"; return 1; }
}

doubts()
{
    look >/dev/null
    [[ $(json '.sessions[0].evidence[0]') == "its last prompt is in no record"* ]]
}

@test "a session that is saved, and one of which nothing was said, are not unsaved" {
    client
    look
    [ "$said" = ok ]
    [ "$(json '.sessions[0].unsaved_why')" = null ]
    [ "$(json '.sessions[0].unsaved_since')" = null ]
    kill "$pid"
    id=0d0d0d0d-1111-4222-8333-444444444444
    client --turn none
    wait_until 60 says null
    rescue --status "${scratch[@]}"
    [[ $output != *UNSAVED* ]]
}

@test "files of tools beside a transcript that is not there: nothing is saved" {
    client --turn none
    mkdir -p "$folder/$id/tool-results"
    look
    [ "$said" = none ]
    [ "$(json '.sessions[0].unsaved_why')" = not-known ]
    [ "$(json '.sessions[0].unsaved_since')" = "$(json '.sessions[0].started_at')" ]
    [ "$(json '.sessions[0].cause')" != nothing-yet ]
    [[ $(json '.sessions[0].evidence[0]') == "unsaved since "* ]]
    rescue --status "${scratch[@]}"
    [[ $output == *UNSAVED*"unsaved since "* ]]
}

@test "a transcript that was emptied under its client: nothing of it is on disk" {
    client
    : >"$folder/$id.jsonl"
    wait_until 60 says none
    [ "$(json '.sessions[0].unsaved_why')" = deleted ]
    rescue --status "${scratch[@]}"
    [[ $output == *UNSAVED*"its transcript was emptied or cut while it ran"* ]]
    rm "$folder/$id.jsonl" # nothing tells that from a dialog that left nothing
    rescue --status "${scratch[@]}" -v
    [[ $output == *"its status has changed since it started, and there is no transcript: whether something was said in it is not known"* ]]
}

exports_nothing_of()
{
    [ "$status" -eq 1 ]
    [ "$output" = "Nothing was exported: there is no transcript." ]
    [[ $stderr == *"pid $pid has no transcript, and it is not proven that nothing was said in it: $1"* ]]
}

@test "a transcript that was deleted under its client: nothing is known of it, and that is said" {
    client
    rm "$folder/$id.jsonl"
    rescue --status --json "${scratch[@]}"
    [ "$(json '.sessions[0].cause')/$(json '.sessions[0].persistence')" = no-transcript/null ]
    rescue --status "${scratch[@]}"
    [[ $output == *"no-transcript (medium confidence): "*"whether something was said in it is not known"* ]]
    [[ $output != *nothing-yet* ]]
    for which in "" "$pid" "${id:0:8}"; do
        rescue --export $which "${scratch[@]}"
        exports_nothing_of "its client has been at work since it started"
        rescue --export $which --dry-run "${scratch[@]}"
        [ "$status" -eq 1 ]
    done
    rescue --export --json "${scratch[@]}"
    [ "$status" -eq 1 ]
    [ "$(json '.exports.length')/$(json '.not_proven_empty[0].session_id')/$(json '.not_proven_empty[0].pid')" = "0/$id/$pid" ]
    kill "$pid"
    client --turn none -- "$client" --resume "$id" # what it took up is gone
    rescue --status --json "${scratch[@]}"
    [ "$(json '.sessions[0].cause')" = no-transcript ]
    rescue --export "${scratch[@]}"
    exports_nothing_of "it was started with --resume"
    for how in --old-registry --no-registry; do
        kill "$pid"
        wait_until 60 is_gone "$pid"
        client "$how" --turn none
        rescue --export "$pid" "${scratch[@]}"
        [ "$status" -eq 1 ]
        [[ $stderr == *"it is not proven that nothing was said in it"* ]]
    done
}

@test "of one in which nothing was said there is nothing to export" {
    client --turn none
    rescue --export "${scratch[@]}"
    [ "$status" -eq 0 ]
    [ "$output" = "No session to export." ]
    rescue --export "$pid" "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $stderr == *"has no transcript yet: there is nothing to export"* ]]
    rescue --status --json "${scratch[@]}"
    [ "$(json '.sessions[0].cause')/$(json '.sessions[0].confidence')" = nothing-yet/high ]
}

@test "prompts without a transcript, later than its last record, and those that are no proof" {
    client --turn none
    prompt 0 /help
    prompt 0 '!ls'
    prompt 0 '#note'
    prompt 0 other 0d0d0d0d-1111-4222-8333-444444444444
    prompt 90000 before
    prompt 0 once
    prompt 0 once
    wait_until 60 doubts # once a record has had its time
    [ "$said" = null ]
    prompt 0 twice
    wait_until 60 says none
    rescue --export "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $stderr == *"unsaved since "*": its prompts"* ]]
    [[ $output != *"No session to export"* ]]
}

@test "a transcript that has stopped growing is behind, since its last record; its export says so" {
    client --age 900
    two_prompts
    wait_until 60 says behind
    since=$(json '.sessions[0].unsaved_since')
    [ "$(($(date +%s) - $(date -d "$since" +%s)))" -ge 890 ]
    rescue --export --json "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $stderr == *"pid $pid, unsaved since $since: "*"no copy of its files has what is in its memory alone"* ]]
    [ "$(backups)" -eq 1 ]
    [ "$(json '.exports.length')/$(json '.unsaved.length')" = 1/1 ]
    [ "$(json '.unsaved[0].session_id')/$(json '.unsaved[0].pid')/$(json '.unsaved[0].persistence')" = "$id/$pid/behind" ]
    [ "$(json '.unsaved[0].unsaved_since')" = "$since" ]
    rescue --export "$pid" "${scratch[@]}"
    [ "$status" -eq 1 ]
}

@test "an unsaved session is not ended or pushed by --force, and is by the beginning of its id" {
    client --turn none
    mkdir -p "$folder/$id/subagents"
    says none
    rescue --kill "$pid" --force "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"in its memory alone, and would be lost for good. To give it up: --without-backup"* ]]
    is_alive "$pid"
    rescue --kill "$pid" --force --dry-run "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"in its memory alone, and would be lost for good. To give it up: --without-backup"* ]]
    [[ $output != *"send SIGTERM"* ]]
    rescue --kill "$pid" --force --dry-run --without-backup=0c0c0c0c "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"send SIGTERM"* ]]
    is_alive "$pid"
    rescue --kill "$pid" --force --without-backup=0c0c0c0d "${scratch[@]}"
    [ "$status" -eq 4 ]
    for wrong in 0c0c0c0 0c0c0c0c1 ''; do
        rescue --kill "$pid" --force --without-backup="$wrong" "${scratch[@]}"
        [ "$status" -eq 2 ]
    done
    rescue --kill "$pid" --force --without-backup "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"there is no terminal to type"* ]]
    is_alive "$pid"
    rescue --kill "$pid" --force --without-backup=0c0c0c0c "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"given up by name: "* ]]
    is_gone "$pid"
    forget "$pid"
}

@test "what of it is on disk is backed up all the same" {
    client --age 900
    two_prompts
    wait_until 60 says behind
    rescue --kill "$pid" --force "${scratch[@]}"
    [ "$status" -eq 4 ]
    is_alive "$pid"
    [ "$(backups)" -eq 1 ]
    rescue --kill "$pid" --force --without-backup=0c0c0c0c "${scratch[@]}"
    [ "$status" -eq 0 ]
    is_gone "$pid"
    forget "$pid"
}

@test "--revive refuses it too, --without-backup goes with these modes alone, and gives up nothing that is saved" {
    hung
    two_prompts
    wait_until 60 says behind
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"would be lost for good"* ]]
    rescue --export --without-backup "${scratch[@]}"
    [ "$status" -eq 2 ]
    id=0d0d0d0d-1111-4222-8333-444444444444
    client
    rescue --kill "$pid" --force --without-backup=0d0d0d0d "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output != *"given up"* ]]
    [ "$(backups)" -ge 1 ]
    forget "$pid"
}

@test "files beside a transcript that is not there are saved, and it is ended no sooner" {
    client --turn none
    mkdir -p "$folder/$id/tool-results"
    echo output >"$folder/$id/tool-results/a.txt"
    says none
    for which in "" "$pid"; do
        rescue --export $which "${scratch[@]}"
        [ "$status" -eq 1 ]
        [[ $output == *"exported 0c0c0c0c: no transcript, 2 files ("* ]]
        [[ $output == *"not in it: $folder/$id.jsonl: there is no transcript"* ]]
        [[ $output != *"could not be read"* ]]
        grep -Fqx "  $(echo "$pending"/*.files)" <<<"$output"
        [ "$(backups)" -eq 1 ]
    done
    echo more >"$folder/$id/tool-results/b.txt"
    rescue --kill "$pid" --force "${scratch[@]}"
    [ "$status" -eq 4 ]
    is_alive "$pid"
    [ "$(backups)" -eq 2 ]
    (cd "$pending" && sha256sum --quiet -c ./*.sha256)
    rescue --verify "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"verified, no transcript "*"there is no transcript"* ]]
    rescue --kill "$pid" --force --without-backup=0c0c0c0c "${scratch[@]}"
    [ "$status" -eq 0 ]
    forget "$pid"
    rm -r "${folder:?}/$id"
    rescue --restore "$id" "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"there is no transcript"* && $output != *"Resume commands"* ]]
    [ "$(cat "$folder/$id/tool-results/"*)" = $'output\nmore' ]
    [ ! -e "$folder/$id.jsonl" ]
}

@test "a person types the beginning of its id" {
    client --turn none
    mkdir -p "$folder/$id/tool-results"
    says none
    : >"$BATS_TEST_TMPDIR/screen"
    for keys in '\n' 'y\n' '0c0c0c0d\n'; do
        typed_id "$keys"
        [ "$status" -eq 4 ]
        is_alive "$pid"
    done
    typed_id '0c0c0c0c\ny\n'
    [ "$status" -eq 0 ]
    [[ $output == *"would be lost for good"* ]]
    is_gone "$pid"
    forget "$pid"
}

typed_id()
{
    : >"$BATS_TEST_TMPDIR/screen"
    ( wait_until 60 grep -q "first 8 characters" "$BATS_TEST_TMPDIR/screen"; printf "$1"; sleep 1 ) |
        env -i HOME="$HOME" PATH="$PATH" TERM=dumb LANG=C.UTF-8 TZ=UTC ASAN_OPTIONS="${ASAN_OPTIONS-}" \
            script -qefc "exec $(printf '%q ' "$SESSION_RESCUE" --kill "$pid" --without-backup "${scratch[@]}")" \
            "$BATS_TEST_TMPDIR/screen" >/dev/null && status=0 || status=$?
    output=$(tr -d '\r' <"$BATS_TEST_TMPDIR/screen")
    printf '%s\n' "status $status" "$output"
}

# A dry run shows no plan where the real run refuses: dry_as_real
dry_as_real()
{
    local mode
    for mode in --kill --revive; do
        rescue "$mode" "$pid" --force --dry-run "${scratch[@]}"
        local dry=$status refusal=$stderr
        [[ $output != *"send SIGTERM"* && $output != *"1. "* ]]
        rescue "$mode" "$pid" --force "${scratch[@]}"
        [ "$dry" = "$status" ]
        [ "$status" -ne 0 ]
        [ "$mode" = --revive ] || [ "${refusal##*incomplete: }" = "${stderr##*incomplete: }" ]
        is_alive "$pid"
    done
}

@test "a dry run refuses what the real run does: no transcript, one that is no file, one that is empty" {
    hung
    transcript=$folder/$id.jsonl
    mv "$transcript" "$BATS_TEST_TMPDIR/kept"
    dry_as_real
    mkfifo "$transcript"
    dry_as_real
    rm "$transcript"
    : >"$transcript"
    dry_as_real
    [ "$(find "$pending" -name '*.jsonl' | wc -l)" -le 2 ] # by the real runs
}

@test "a dry run refuses what the real run does: other files that cannot be read" {
    hung
    mkdir "$CONFIG_DIR/history.jsonl"
    dry_as_real
    rmdir "$CONFIG_DIR/history.jsonl"
    mkfifo "$CONFIG_DIR/history.jsonl"
    dry_as_real
    rm "$CONFIG_DIR/history.jsonl"
    mkdir -p "$folder/$id/tool-results"
    mkfifo "$folder/$id/tool-results/a.txt"
    rescue --kill "$pid" --force --dry-run "${scratch[@]}"
    [ "$status" -eq 0 ] # no file, and none of what was said
    rm "$folder/$id/tool-results/a.txt"
}
