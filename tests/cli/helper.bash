# What every command-line test starts from: load with
#
#     load helper
#     setup() { scratch_home; }
#     teardown() { end_started; }
#
# No test sees this machine's own sessions or may touch them: HOME is a scratch
# folder, the environment is cleared but for what is named here, tmux has a
# server of its own, and only processes that the test started are signalled.

bats_require_minimum_version 1.5.0

: "${SESSION_RESCUE:=$PWD/build/session-rescue}"
: "${TEST_PROGRAMS:=$PWD/build/tests}"

# A home with nothing in it but an empty Claude config directory.
scratch_home()
{
    export HOME=$BATS_TEST_TMPDIR/home
    export CONFIG_DIR=$HOME/.claude
    mkdir -p "$CONFIG_DIR/projects" "$CONFIG_DIR/sessions"
}

# Run the program; output, stderr and status as bats' own `run` leaves them.
rescue()
{
    rescue_under env -- "$@"
}

# split_under COMMAND... -- OPTIONS...: sets under and options to the two.
split_under()
{
    under=()
    while [ "$1" != -- ]; do
        under+=("$1")
        shift
    done
    shift
    options=("$@")
}

# The same, started by another command: rescue_under COMMAND... -- OPTIONS...
#     rescue_under "$TEST_PROGRAMS/stuck-mount" "$dir" -- --status
rescue_under()
{
    local under options
    split_under "$@"
    run --separate-stderr env -i HOME="$HOME" PATH="$PATH" TERM=dumb LANG=C.UTF-8 TZ=UTC \
        ASAN_OPTIONS="${ASAN_OPTIONS-}" UBSAN_OPTIONS="${UBSAN_OPTIONS-}" \
        "${under[@]}" "$SESSION_RESCUE" "${options[@]}"
    # What a failing test prints to explain itself.
    printf '%s %s: status %s\n%s\n--- stderr\n%s\n' session-rescue "${options[*]}" "$status" "$output" "${stderr-}"
}

# Where no config directory is named, clients of others on this machine are seen too, real ones of other tests
# among them: rescue_apart OPTIONS... sees no process of theirs, where a pid namespace can be had. HERE is a
# variable of its environment, as NAME=VALUE.
rescue_apart()
{
    local apart=(unshare --pid --fork --mount-proc)
    [ "$(id -u)" -eq 0 ] || apart+=(--user --map-root-user)
    "${apart[@]}" true 2>/dev/null || apart=(env)
    rescue_under "${apart[@]}" env "${HERE:-TERM=dumb}" -- "$@"
}

# Start a process that the test will end: `start sleep 60; look_at "$started"`.
start()
{
    "$@" </dev/null >/dev/null 2>&1 3>&- &
    started=$!
    started_pids+=("$started")
    disown "$started" # bash would tell of its end
}

# A program of the name and place that an installed client has: $client.
install_client()
{
    client=$BATS_TEST_TMPDIR/share/claude/versions/2.1.197
    mkdir -p "${client%/*}"
    cp "$TEST_PROGRAMS/fake-agent" "$client"
}

# The home, a client, and a directory that sessions work in: $project.
scratch_project()
{
    scratch_home
    install_client
    project=$BATS_TEST_TMPDIR/project
    mkdir "$project"
}

# Start a stand-in for a client (tests/fake-agent.c) and wait until it is there: $pid.
#     fake --session "$id" --status busy -- "$client" --resume "$id"
fake()
{
    local out
    out=$(mktemp "$BATS_TEST_TMPDIR/fake.XXXXXX")
    env -i HOME="$HOME" PATH="$PATH" ${CLAUDE_CONFIG_DIR:+CLAUDE_CONFIG_DIR="$CLAUDE_CONFIG_DIR"} \
        "$TEST_PROGRAMS/fake-agent" "$@" </dev/null >"$out" 2>"$out.errors" 3>&- &
    started_pids+=("$!")
    disown "$!"
    wait_until 60 test -s "$out" || { cat "$out.errors"; return 1; }
    pid=$(<"$out")
    started_pids+=("$pid")
}

# A transcript of one prompt in the store, last written to some hours ago: $transcript.
#     stored ID DIRECTORY [PROMPT [HOURS]]
stored()
{
    transcript=$CONFIG_DIR/$(node -e '
        const [configDir, sessionId, cwd, content] = process.argv.slice(1), fs = require("fs");
        const folder = "projects/" + cwd.replace(/[^A-Za-z0-9]/g, "-");
        fs.mkdirSync(`${configDir}/${folder}`, { recursive: true });
        fs.writeFileSync(`${configDir}/${folder}/${sessionId}.jsonl`, JSON.stringify({
            parentUuid: null, isSidechain: false, type: "user", message: { role: "user", content },
            uuid: "a", timestamp: "2026-01-02T03:04:05.000Z", cwd, sessionId, version: "2.1.197",
        }) + "\n");
        console.log(`${folder}/${sessionId}.jsonl`);
    ' "$CONFIG_DIR" "$1" "$2" "${3-hello}")
    touch -d "${4-1} hours ago" "$transcript"
}

# A private tmux server, one a test.
private_tmux()
{
    tmux_socket=$BATS_TEST_TMPDIR/tmux
    env -u TMUX tmux -f /dev/null -S "$tmux_socket" "$@"
}

# Everything that start and private_tmux began.
end_started()
{
    for pid in "${started_pids[@]}"; do
        kill -CONT "$pid" 2>/dev/null || true
        kill -KILL "$pid" 2>/dev/null || true
    done
    [ -z "${tmux_socket-}" ] || private_tmux kill-server 2>/dev/null || true
}

# Wait until a command succeeds: `wait_until 60 test -e "$file"`. The bound is for
# a machine that is broken; on one that is merely slow, nothing fails.
wait_until()
{
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || { echo "never came true: $*"; return 1; }
        sleep 0.05
    done
}

# A value out of the JSON document on $output: `json '.sessions[0].pid'`, `json '.sessions.length'`.
json()
{
    node -e '
        const document = JSON.parse(require("fs").readFileSync(0, "utf8"));
        const value = new Function("d", "return d" + process.argv[1])(document);
        console.log(typeof value === "string" ? value : JSON.stringify(value));
    ' "$1" <<<"$output"
}
