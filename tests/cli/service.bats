#!/usr/bin/env bats
# The files by which the system starts the watcher, as they are installed.

load helper

setup_file()
{
    export INSTALLED=$BATS_FILE_TMPDIR/root
    meson install --no-rebuild -C "${SESSION_RESCUE%/*}" --destdir "$INSTALLED" --tags runtime >"$BATS_FILE_TMPDIR/log" 2>&1 ||
        meson install --no-rebuild -C build --destdir "$INSTALLED" --tags runtime >>"$BATS_FILE_TMPDIR/log" 2>&1
}

setup()
{
    scratch_home
    unit=$(find "$INSTALLED" -path '*/systemd/user/session-rescue-watch.service')
    plist=$(find "$INSTALLED" -name 'session-rescue-watch.plist')
}

@test "the systemd unit is one that systemd takes" {
    [ -f "$unit" ]
    grep -q "^ExecStart=/.*/bin/session-rescue --watch" "$unit"
    command -v systemd-analyze >/dev/null || skip "there is no systemd-analyze here"
    # with the program where it is now, and its manual page left out: neither is in place yet
    mkdir -p "$HOME/units"
    sed -e "s|^ExecStart=[^ ]*|ExecStart=$SESSION_RESCUE|" -e '/^Documentation=/d' "$unit" >"$HOME/units/session-rescue-watch.service"
    XDG_RUNTIME_DIR=$HOME run systemd-analyze --user verify "$HOME/units/session-rescue-watch.service"
    echo "$output"
    if [[ $output != *session-rescue-watch* && $status -ne 0 ]]; then
        skip "systemd-analyze cannot be used here"
    fi
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "the property list is one, and starts the same program" {
    [ -f "$plist" ]
    run node -e '
        const text = require("fs").readFileSync(process.argv[1], "utf8");
        const words = [...text.matchAll(/<string>([^<]*)<\/string>/g)].map(m => m[1]);
        console.log(words.join(" "));
    ' "$plist"
    [[ $output == "session-rescue-watch /"*"/bin/session-rescue --watch --quiet Background" ]]
    command -v python3 >/dev/null || skip "there is no reader of property lists here"
    run python3 -c 'import plistlib, sys; d = plistlib.load(open(sys.argv[1], "rb")); print(d["Label"], d["RunAtLoad"], d["KeepAlive"])' "$plist"
    [ "$output" = "session-rescue-watch True {'SuccessfulExit': False}" ]
}
