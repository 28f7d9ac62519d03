# Another user for the command-line tests, and sudo for that user. Load after helper and sessions.
#
# Nothing of the machine is changed: in a mount namespace of the test's own, files in /etc are
# covered by copies that know one user more and let that user use sudo. It ends with the test.

user_id=64321

# Afterwards: $shared, which everybody reaches, with the program, a client and a home in it.
# $HOME, $CONFIG_DIR and what store_session makes are in that home, and the user's.
scratch_user()
{
    [ "$(id -u)" -eq 0 ] || skip "only root can play another user"
    command -v setpriv nsenter unshare >/dev/null || skip "no util-linux here"
    shared=$(mktemp -d "${TMPDIR:-/tmp}/sr-sudo.XXXXXX")
    mkdir -p "$shared"/{etc,bin,share/claude/versions}
    chmod 755 "$shared" "$shared"/{bin,share,share/claude,share/claude/versions}
    cp "$SESSION_RESCUE" "$shared/bin/session-rescue"
    cp "$TEST_PROGRAMS/fake-agent" "$shared/bin/"
    cp "$TEST_PROGRAMS/fake-agent" "$shared/share/claude/versions/2.1.197"
    chmod 755 "$shared"/bin/* "$shared"/share/claude/versions/*
    export client=$shared/share/claude/versions/2.1.197
    rescue_program=$shared/bin/session-rescue
    HOME=$shared/home
    CONFIG_DIR=$HOME/.claude
    mkdir -p "$CONFIG_DIR/projects" "$CONFIG_DIR/sessions"
    make_world
}

# The copies, and a process that keeps the namespace: $world.
make_world()
{
    local name
    for name in passwd group shadow; do
        cp "/etc/$name" "$shared/etc/$name" 2>/dev/null || : >"$shared/etc/$name"
    done
    echo "sr-tester:x:$user_id:$user_id::$shared/home:/bin/sh" >>"$shared/etc/passwd"
    echo "sr-tester:x:$user_id:" >>"$shared/etc/group"
    echo "sr-tester:*:20000:0:99999:7:::" >>"$shared/etc/shadow"
    cat >"$shared/etc/sudoers" <<'END'
Defaults env_reset, use_pty, !fqdn
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Defaults env_keep += "ASAN_OPTIONS UBSAN_OPTIONS"
sr-tester ALL=(ALL) NOPASSWD: ALL
END
    chmod 440 "$shared/etc/sudoers"
    # shellcheck disable=SC2016 # the inner shell's
    start unshare --mount --propagation private sh -c '
        for name in passwd group shadow sudoers; do
            [ ! -e "/etc/$name" ] || mount --bind "$1/etc/$name" "/etc/$name" || exit 1
        done
        : >"$1/ready"
        exec sleep 600' sh "$shared"
    world=$started
    world_settled() { [ -e "$shared/ready" ] || [ ! -e "/proc/$world" ]; }
    wait_until 60 world_settled
    [ -e "$shared/ready" ] || skip "no mount namespace can be made here"
}

# The same with a stored session.
scratch_user_with_session()
{
    scratch_user
    store_session "$ID"
    settle
}

# What every test with another user ends with.
teardown()
{
    end_user
}

# Give what is in the home to the user.
settle()
{
    chown -R "$user_id:$user_id" "$shared/home"
}

# Run a command as that user: as_user [VARIABLE=VALUE...] COMMAND...
as_user()
{
    nsenter --target="$world" --mount -- \
        setpriv --reuid="$user_id" --regid="$user_id" --clear-groups \
        env -i HOME="$HOME" PATH="$PATH" TERM=dumb LANG=C.UTF-8 TZ=UTC \
        ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" UBSAN_OPTIONS="${UBSAN_OPTIONS-}" \
        sh -c 'cd / && exec "$@"' sh env "$@"
}

with_sudo()
{
    command -v sudo >/dev/null || skip "there is no sudo here"
    as_user sudo -n true || skip "sudo does not work here"
}

# The program run by sudo, as bats' own `run` leaves it: by_sudo [VARIABLE=VALUE...] -- OPTIONS...
by_sudo()
{
    local variables=()
    while [ "$1" != -- ]; do
        variables+=("$1")
        shift
    done
    shift
    run --separate-stderr as_user "${variables[@]}" sudo -n "$rescue_program" "$@"
    printf 'sudo session-rescue %s: status %s\n%s\n--- stderr\n%s\n' "$*" "$status" "$output" "${stderr-}"
}

# The program run by root with a SUDO_UID that no sudo has set.
by_root_for()
{
    local value=$1
    shift
    run --separate-stderr nsenter --target="$world" --mount -- env -i HOME=/root PATH="$PATH" \
        ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" SUDO_UID="$value" "$rescue_program" "$@"
    printf 'SUDO_UID=%s session-rescue %s: status %s\n%s\n--- stderr\n%s\n' "$value" "$*" "$status" "$output" "${stderr-}"
}

# A client of that user's: $pid. As fake() in helper.
users_fake()
{
    local out
    out=$(mktemp "$BATS_TEST_TMPDIR/fake.XXXXXX")
    as_user "$shared/bin/fake-agent" "$@" </dev/null >"$out" 2>"$out.errors" 3>&- &
    started_pids+=("$!")
    disown "$!"
    wait_until 60 test -s "$out" || { cat "$out.errors"; return 1; }
    pid=$(<"$out")
    started_pids+=("$pid")
}

end_user()
{
    end_started
    [ -z "${shared-}" ] || rm -rf "$shared"
}

# All below a folder is the user's, and nobody else may look into it.
is_users_alone()
{
    [ -n "$(find "$1" -type f)" ]
    [ -z "$(find "$1" ! -uid "$user_id" -o ! -gid "$user_id")" ]
    [ -z "$(find "$1" -type f ! -perm 0600 -o -type d ! -perm 0700)" ]
}
