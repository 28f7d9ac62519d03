"""What a fault is tried on: one scene for each mode that acts, and what must hold after it, whatever failed.

A scene makes a scratch home, with stand-ins for clients where the mode is about live ones. check() compares who has
ended, what is on disk and what was claimed, and returns what does not agree, a line each.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

SESSION, OTHER = "0f0f0f0f-5555-4222-8333-444444444444", "0e0e0e0e-6666-4222-8333-444444444444"
FOLDER = "-home-u-p"
STAND_INS_LIVE_S = 200  # they end by themselves after 300 s
LOG_ENTRY = re.compile(
    r"### 20\d\d-[^\n]*Z - \[ADMIN\] Session Rescue\n\n\*\*Sessions Recovered:\*\*\n\n\| UUID [^\n]*\|\n\|-[^\n]*\|\n(?:\| [^\n]* \|\n)+\n?")


class Broken(Exception):
    """The scene itself could not be brought about."""


def record(number, session=SESSION, text="x" * 200):
    return json.dumps({
        "parentUuid": None, "type": "user", "uuid": str(number), "sessionId": session, "cwd": "/home/u/p",
        "timestamp": "2026-01-02T03:04:05.000Z", "message": {"role": "user", "content": text}}, separators=(",", ":")) + "\n"


def contents_of(folder):
    """Everything below a folder: contents by name, None for what is no file."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() and not path.is_symlink() else None
            for path in sorted(folder.rglob("*")) if not path.is_fifo()}


def digits_gone(path):
    """As tests/faults/fault.c names it."""
    return re.sub(r"\d+", "#", str(path))


def start_of(pid):
    """The start time of a process that lives, or None."""
    try:
        state, *rest = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else rest[18]


def children_of(pid):
    return sorted(int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


class Outcome:
    """What a run came to, and what the tracer saw of it."""

    def __init__(self, status, output, errors, report):
        self.status, self.output, self.errors = status, output, errors
        self.met, self.acts, self.said = [], [], []
        for line in report.splitlines():
            kind, *words = line.split("\t")
            if kind == "met":
                self.met.append(tuple(words))
            elif kind == "acted":
                self.acts.append((words[0], int(words[1]), words[2], words[3:]))
            elif kind == "said":
                self.said.append((words[0], "\t".join(words[1:])))

    def was_killed(self):
        return self.status == 137

    def claims(self, pattern):
        return [match for _, text in self.said for match in re.finditer(pattern, text)]

    def number_of(self, what):
        found = self.claims(rf"^Sessions {what}: (\d+)")
        return int(found[-1][1]) if found else None


class Scene:
    """A scratch home below a folder of its own."""

    name = ""
    names_paths = False
    always = ()  # (call, part of what it works on, way) that are met each time: what went wrong once
    ways = ("once", "object", "kind", "interrupted", "short", "kill")  # that are met where not all is
    at_once = 12  # workers for each job: a run waits more than it computes

    def __init__(self, programs, folder):
        self.programs, self.root = programs, folder
        self.home, self.pending, self.log = folder / "home", folder / "pending", folder / "log"
        self.config, self.project = self.home / ".claude", folder / "project"
        self.launchers, self.clients, self.watched, self.begun = [], [], None, None
        self.is_there = False

    # ---- the world

    def prepare(self):
        """Makes the world anew, where what is there was used."""
        if self.is_there and self.is_unchanged():
            return
        self.end()
        self.begun = time.monotonic()
        self.make_anew()
        self.before = contents_of(self.root)
        self.is_there = True

    def make_anew(self):
        for folder in (self.config / "projects", self.config / "sessions", self.project):
            folder.mkdir(parents=True)
        self.make()

    def is_unchanged(self):
        return (time.monotonic() - self.begun < STAND_INS_LIVE_S and all(l.poll() is None for l in self.launchers)
                and self.are_stand_ins_there() and contents_of(self.root) == self.before)

    def are_stand_ins_there(self):
        return True

    def end(self):
        for launcher in self.launchers:
            launcher.send_signal(signal.SIGKILL)
            launcher.wait()
            launcher.stdout.close()
        while any(start_of(pid) for pid in self.clients):
            time.sleep(0.01)  # they end with their launchers, but not at once: the next world would see them
        self.launchers, self.clients = [], []
        if self.root.exists():
            shutil.rmtree(self.root)
        self.is_there = False

    def environment(self):
        return {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}

    def start(self, session, *options):
        """A stand-in for a client. Returns: its pid."""
        return self.is_ready(self.launch(session, *options))

    def is_ready(self, launcher):
        self.clients.append(int(launcher.stdout.readline()))
        return self.clients[-1]

    def launch(self, session, *options):
        client = self.root / "share/claude/versions/2.1.197"
        if not client.exists():
            client.parent.mkdir(parents=True)
            shutil.copy(self.programs["fake"], client)
        launcher = subprocess.Popen(
            [str(word) for word in (self.programs["fake"], "--session", session, "--cwd", self.project, "--no-terminal", *options,
                                    "--", client)],
            env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.launchers.append(launcher)
        return launcher

    def places(self, config=None):
        return ["--config-dir", config or self.config, "--pending-dir", self.pending, "--log-dir", self.log]

    def run(self, *arguments):
        """The program, without a fault."""
        return subprocess.run([str(word) for word in (self.programs["program"], *arguments)], env=self.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)

    # ---- what must hold

    def backups(self, wrong):
        """The transcripts of all that is listed, by name; each is compared with its sums."""
        found = {}
        for sums in sorted(self.pending.glob("*.sha256")):
            stem = sums.name[:-len(".sha256")]
            names = [line.split("  ", 1)[1] for line in sums.read_text().splitlines()]
            summed = subprocess.run(["sha256sum", "-c", "--status", "--strict", sums.name], cwd=self.pending, check=False,
                                    stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
            if not summed:
                wrong.append(f"{stem} is listed, and sha256sum finds it damaged")
            elif f"{stem}.json" not in names or f"{stem}.jsonl" not in names:
                wrong.append(f"{stem} is listed, and its sums do not name all of it")
            else:
                found[stem] = (self.pending / f"{stem}.jsonl").read_bytes()
        return found

    def check_log(self, outcome, wrong):
        for log in self.log.glob("*.md"):
            if LOG_ENTRY.sub("", log.read_text()) != "":
                wrong.append(f"the session log holds half an entry: {log.read_text()!r}")
        for name in outcome.claims(r"^Session log updated: (\S+)"):
            if not (self.log / name[1]).exists():
                wrong.append("it says that the session log was updated, and there is none")

    def check_claims(self, outcome, backups, wrong):
        """What every mode says in the same words."""
        for found in outcome.claims(r"backed up and verified: (\S+)\.jsonl"):
            if pathlib.Path(found[1]).name not in backups:
                wrong.append(f"it says 'backed up and verified', and there is no such backup: {found[1]}")
        if outcome.number_of("exported") and not backups:
            wrong.append("it says that sessions were exported, and there is no backup")
        if outcome.status >= 128 and not outcome.was_killed() or outcome.status == 125:
            wrong.append(f"it crashed: status {outcome.status}")
        cannot_say = any(name in ("write", "writev") for name, _ in outcome.met)
        says = outcome.errors.strip() or re.search(r"incomplete: |an earlier backup holds more is not known: ", outcome.output)
        if outcome.status not in (0, 137) and not says and not cannot_say:
            wrong.append(f"status {outcome.status}, and it said nothing")
        self.check_message(outcome, wrong)

    def check_message(self, outcome, wrong):
        """What failed on a file of the test names one."""
        root = digits_gone(self.root)
        if (self.names_paths and len(outcome.met) == 1 and outcome.met[0][1].startswith(root) and outcome.status not in (0, 1, 137)
                and str(self.root) not in outcome.errors):
            wrong.append(f"the message names no path: {outcome.errors!r}")

    def check_acts(self, outcome, allowed, backups, wrong):
        """Nobody but those in allowed was acted on, and when it was done there was a whole backup."""
        for name, pid, what, listed in outcome.acts:
            if name != "shutdown" and pid not in allowed:
                wrong.append(f"{name} {what} to pid {pid}, which is none of its business")
            if name in ("kill", "pidfd_send_signal") and what == "0":
                continue
            stems = [each[:-len(".sha256")] for each in listed]
            if not any(self.is_whole(backups.get(stem, b"")) for stem in stems):
                wrong.append(f"{name} {what} to pid {pid} before there was a whole backup")

    def is_whole(self, backup):
        """It holds all that was there before."""
        return backup.startswith(self.transcript_before)

    def check_leftovers(self, backups, wrong):
        """Nothing that is left behind is taken for a backup, and nothing else is in its way."""
        result = self.run("--verify", *self.places(), "--json")
        try:
            listed = {pathlib.Path(each["backup"]).name[:-len(".jsonl")]: each["result"]
                      for each in json.loads(result.stdout)["backups"]}
        except (ValueError, KeyError):
            wrong.append(f"--verify afterwards: status {result.returncode}: {result.stderr!r}")
            return
        for stem, result in listed.items():
            left_out = json.loads((self.pending / f"{stem}.json").read_text()).get("left_out", [])
            if result != "verified" and not (result == "incomplete" and any(each.get("is_lost") for each in left_out)):
                wrong.append(f"--verify says that {stem} is {result}, and not left out is {left_out}")
        if set(listed) != set(backups):
            wrong.append(f"--verify lists {listed}, and on disk are {sorted(backups)}")

    def check(self, outcome):
        """Returns: what does not agree."""
        wrong = []
        backups = self.backups(wrong)
        self.check_claims(outcome, backups, wrong)
        self.check_log(outcome, wrong)
        self.check_mode(outcome, backups, wrong)
        return wrong

    def check_again(self, outcome):
        """The same command without a fault does what is left to do. Returns: what does not agree."""
        wrong = []
        if contents_of(self.root) == self.before and not self.was_reached():
            return wrong
        self.check_leftovers(self.backups(wrong), wrong)
        if self.was_reached() and not self.can_be_repeated:
            return wrong
        before = set(self.pending.glob("*.sha256"))
        again = self.run(*self.command())
        if again.returncode != 0:
            wrong.append(f"the next run, without a fault: status {again.returncode}: {again.stderr!r}")
        wrong += [f"after the next run: {each}" for each in self.check(Outcome(again.returncode, again.stdout, again.stderr, ""))]
        cannot_remove = any(name == "unlinkat" for name, _ in outcome.met)
        left = [path.name for folder in (self.pending, self.config, self.config / f"projects/{FOLDER}")
                for path in folder.glob(".*") if path.name.startswith((".partial", ".session-rescue"))]
        sweeps = set(self.pending.glob("*.sha256")) != before  # one that finds nothing to do sweeps nothing
        if left and sweeps and not cannot_remove:
            wrong.append(f"the next run leaves behind {left}")
        return wrong

    can_be_repeated = True

    def was_reached(self):
        return False

    def is_unharmed(self, folder, wrong, but=()):
        """What stands below a folder is what it was; but: names that may differ."""
        now, prefix = contents_of(folder), str(folder.relative_to(self.root)) + "/"
        before = {name[len(prefix):]: each for name, each in self.before.items() if name.startswith(prefix)}
        changed = [name for name in sorted(set(now) | set(before)) if now.get(name, 0) != before.get(name, 0) and name not in but]
        if changed:
            wrong.append(f"below {folder.name} was changed: {changed}")


SESSION_FILES = {
    f"projects/{FOLDER}/{SESSION}.jsonl": "".join(map(record, range(20))),
    f"projects/{FOLDER}/{SESSION}/subagents/agent-1.jsonl": record(1),
    f"tasks/{SESSION}/1.json": "{}\n",
    "history.jsonl": f'{{"display":"hi","sessionId":"{SESSION}"}}\n{{"display":"other","sessionId":"-"}}\n',
}


class Stored(Scene):
    """A session that nobody holds, with a backup of what it was earlier."""

    names_paths = True

    def make_anew(self):
        template = self.root.with_name("template")
        if not template.exists():
            super().make_anew()
            time.sleep(1)  # a backup is named by the second
            self.root.rename(template)
        shutil.copytree(template, self.root, symlinks=True)

    def make(self):
        for name, text in SESSION_FILES.items():
            path = self.config / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        if self.run("--export", SESSION, *self.places()).returncode != 0:
            raise Broken("the first export failed")
        self.transcript = self.config / f"projects/{FOLDER}/{SESSION}.jsonl"
        self.earlier = {path.name: path.read_bytes() for path in self.pending.glob("*-LOSSLESS-*") if path.is_file()}


class Export(Stored):
    name = "export"

    def make(self):
        super().make()
        with open(self.transcript, "a", encoding="utf-8") as transcript:
            transcript.write(record(99))
        self.transcript_before = self.transcript.read_bytes()

    def command(self):
        return ["--export", SESSION, *self.places()]

    def check_mode(self, outcome, backups, wrong):
        self.is_unharmed(self.config, wrong)
        self.check_acts(outcome, (), backups, wrong)
        if any((self.pending / name).read_bytes() != each for name, each in self.earlier.items()):
            wrong.append("the earlier backup was changed")
        new = [stem for stem, transcript in backups.items() if transcript == self.transcript_before]
        if any(transcript not in (self.transcript_before, SESSION_FILES[f"projects/{FOLDER}/{SESSION}.jsonl"].encode())
               for transcript in backups.values()):
            wrong.append("a backup holds what the session never was")
        claimed = outcome.number_of("exported") or outcome.claims(r"^(already )?exported 0f0f0f0f")
        if (outcome.status == 0 or claimed) and not new:
            wrong.append(f"status {outcome.status}, claimed: {bool(claimed)}, and there is no backup of what the session is")
        saved = [sorted(name for name, each in contents_of(self.pending / f"{stem}.files").items() if each is not None) for stem in new]
        if outcome.status == 0 and sorted(set(SESSION_FILES) - {f"projects/{FOLDER}/{SESSION}.jsonl"}) not in saved:
            wrong.append(f"status 0, and the backups hold {saved}")


class ExportLive(Scene):
    """All that live: what stands in the registry, or is found by its process."""

    name = "export all"

    def make(self):
        self.pid = self.watched = self.start(SESSION)
        self.start_before = start_of(self.pid)
        self.transcript = next(self.config.glob(f"projects/*/{SESSION}.jsonl"))
        self.transcript_before = self.transcript.read_bytes()

    def are_stand_ins_there(self):
        return start_of(self.pid) == self.start_before

    def command(self):
        return ["--export", *self.places()]

    def check_mode(self, outcome, backups, wrong):
        self.is_unharmed(self.config, wrong)
        self.check_acts(outcome, (), backups, wrong)
        if not self.are_stand_ins_there():
            wrong.append("the client has ended")
        if self.transcript_before not in backups.values():
            if outcome.status == 0 or outcome.number_of("exported"):
                wrong.append(f"status {outcome.status}, 'Sessions exported: {outcome.number_of('exported')}', and there is no backup")
        if outcome.claims(r"--resume " + SESSION):
            wrong.append("a command that resumes it, and its client lives")


class Restore(Stored):
    name = "restore"

    def make(self):
        super().make()
        self.target = self.root / "target"
        (self.target / "plans").mkdir(parents=True)
        (self.target / "plans/mine.md").write_text("mine\n")
        self.history_before = b'{"display":"earlier","sessionId":"-"}\n'
        (self.target / "history.jsonl").write_bytes(self.history_before)
        self.stem = next(self.pending.glob("*.sha256")).name[:-len(".sha256")]
        self.transcript_before = self.transcript.read_bytes()

    def command(self):
        return ["--restore", self.stem, *self.places(self.target)]

    def check_mode(self, outcome, backups, wrong):
        self.is_unharmed(self.config, wrong)
        self.is_unharmed(self.pending, wrong, but=(".lock",))
        self.check_acts(outcome, (), backups, wrong)
        there = contents_of(self.target)
        if there.get("plans/mine.md") != b"mine\n":
            wrong.append("a file that was there was changed")
        transcript = there.get(f"projects/{FOLDER}/{SESSION}.jsonl")
        if transcript not in (None, self.transcript_before):
            wrong.append("a transcript is there and is not whole")
        history, lines = there.get("history.jsonl", b""), SESSION_FILES["history.jsonl"].encode().splitlines(keepends=True)
        if history not in (self.history_before, self.history_before + lines[0]):
            wrong.append(f"history.jsonl is neither what it was nor what it was to be: {history!r}")
        is_done = transcript is not None and history != self.history_before and all(
            there.get(name) == text.encode() for name, text in SESSION_FILES.items() if name != "history.jsonl")
        claimed = outcome.claims(r"^restored ")
        if (outcome.status == 0 or claimed) and not is_done:
            wrong.append(f"status {outcome.status}, claimed: {bool(claimed)}, and not all is restored: {sorted(there)}")
        if outcome.claims(r"--resume " + SESSION) and transcript is None:
            wrong.append("a command that resumes it, and there is no transcript")

    def check_again(self, outcome):
        wrong = super().check_again(outcome)
        left = [name for name in os.listdir(self.target) if name.startswith(".session-rescue")]
        if left and not wrong and not any(name == "unlinkat" for name, _ in outcome.met):
            wrong.append(f"the next run leaves behind {left}")
        return wrong


class Kill(Scene):
    """A client that says last words when it ends, and is there a little longer; and another one with a tool."""

    name = "kill"
    always = [("fstatat", "/pending/#", "kind")]  # a look that failed was "not there", and a whole backup was removed

    def make(self):
        self.other = self.start(OTHER, "--turn", "tool", "--child", "exec sleep 1000")
        self.pid = self.watched = self.start(SESSION, "--last-words", "last words", "--linger", "300")
        (self.config / "history.jsonl").write_text(f'{{"display":"hi","sessionId":"{SESSION}"}}\n')
        self.transcript = next(self.config.glob(f"projects/*/{SESSION}.jsonl"))
        self.transcript_before = self.transcript.read_bytes()
        self.start_before = start_of(self.pid)
        self.spared = {pid: start_of(pid) for pid in (self.other, *children_of(self.other))}

    def are_stand_ins_there(self):
        return start_of(self.pid) == self.start_before and all(start_of(pid) == start for pid, start in self.spared.items())

    def command(self):
        return ["--kill", self.pid, "--force", "--grace", "1", *self.places()]

    can_be_repeated = False

    def was_reached(self):
        return start_of(self.pid) != self.start_before

    def check_mode(self, outcome, backups, wrong):
        self.is_unharmed(self.config, wrong, but=(f"sessions/{self.pid}.json", str(self.transcript.relative_to(self.config))))
        self.check_acts(outcome, (self.pid,), backups, wrong)
        signalled = any(name == "pidfd_send_signal" and what != "0" for name, _, what, _ in outcome.acts)
        until = time.monotonic() + 2
        while signalled and not self.was_reached() and time.monotonic() < until:
            time.sleep(0.01)  # what was signalled ends by itself
        ended, now = self.was_reached(), self.transcript.read_bytes()
        if not now.startswith(self.transcript_before):
            wrong.append("the transcript was harmed")
        if any(start_of(pid) != start for pid, start in self.spared.items()):
            wrong.append("another client, or its tool, is gone")
        if ended and not any(self.is_whole(backup) for backup in backups.values()):
            wrong.append("the client has ended, and there is no whole backup")
        for state, text in outcome.said:
            if state == "alive" and re.search(rf"pid {self.pid} has ended|Sessions killed: [1-9]|--resume {SESSION}", text):
                wrong.append(f"it says {text!r}, and the client lives")
        if outcome.status == 0 and not ended:
            wrong.append("status 0, and the client lives")
        if outcome.status == 0 and now not in backups.values():
            wrong.append("status 0, and the client's last words are in no backup")


class Revive(Scene):
    """A client whose tool waits for input; and another one that hangs as well, with its server and its tool."""

    name = "revive: tool"
    ways = ("once", "short", "kill")  # the others by ReviveReply
    at_once = 20  # it takes seconds until a stand-in is called hung
    waits = ["--turn", "tool", "--server", "exec sleep 1000"]
    scene, has_child = waits, True

    def hook(self):
        return ["--hook", f"cat {self.fifo}; exit 0"]

    def make(self):
        self.fifo = self.root / "fifo"
        os.mkfifo(self.fifo)
        always = ["--status", "busy", "--spinner", "--wake", "40"]  # there are many of them
        both = (self.launch(OTHER, *always, *self.waits, *self.hook()),  # each takes 2 s
                self.launch(SESSION, *always, *self.scene, *(self.hook() if self.has_child else ())))
        self.other, self.pid = map(self.is_ready, both)
        self.watched = self.pid
        self.transcript = next(self.config.glob(f"projects/*/{SESSION}.jsonl"))
        self.transcript_before = self.transcript.read_bytes()
        self.sockets_before = self.sockets(self.pid)
        self.other_sockets = self.sockets(self.other)
        children = children_of(self.pid)
        self.tool = children[-1] if self.has_child else None
        self.tools = self.tree_of_tool()
        spared = [self.other, self.pid, *children_of(self.other), *(pid for pid in children if pid != self.tool)]
        self.spared = {pid: start_of(pid) for pid in spared}
        self.wait_until_hung()

    def tree_of_tool(self):
        """A shell, and what it has started by now or will."""
        if not self.tool:
            return []
        until = time.monotonic() + 30
        while not children_of(self.tool) and time.monotonic() < until:
            time.sleep(0.01)
        return [self.tool, *children_of(self.tool)]

    def wait_until_hung(self):
        until = time.monotonic() + 100
        while time.monotonic() < until:
            sessions = json.loads(self.run("--status", "--json", *self.options()).stdout)["sessions"]
            if all(session["verdict"] == "hung" for session in sessions):
                return
        raise Broken(f"the stand-ins were never called hung: {sessions}")

    def end(self):
        if self.is_there:
            try:
                os.close(os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK))  # who still reads it comes to its end
            except OSError:
                pass
        super().end()

    def sockets(self, pid):
        folder = f"/proc/{pid}/fd"
        links = set()
        for name in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):  # it was closed since
                links.add(os.readlink(f"{folder}/{name}"))
        return {link for link in links if link.startswith("socket:")}

    def options(self):
        return [*self.places(), "--timeout", "0.01"]

    def command(self):
        return ["--revive", self.pid, "--force", *self.options()]

    can_be_repeated = False

    def was_reached(self):
        """As the stand-in shows it: its tool is gone, or it has another connection."""
        return start_of(self.tool) is None if self.tool else self.sockets(self.pid) != self.sockets_before

    def are_stand_ins_there(self):
        return not self.was_reached() and all(start_of(pid) == start for pid, start in self.spared.items())

    def check_mode(self, outcome, backups, wrong):
        gone = [pid for pid, start in self.spared.items() if start_of(pid) != start]
        if gone:
            wrong.append(f"processes that were to be spared are gone: {gone} of {list(self.spared)}")
            return
        self.check_acts(outcome, (*self.tools, self.pid), backups, wrong)
        if any(name == "pidfd_send_signal" and pid == self.pid and what != "0" for name, pid, what, _ in outcome.acts):
            wrong.append("the client was signalled")
        if self.sockets(self.other) != self.other_sockets:
            wrong.append("a connection of another client is gone")
        self.is_unharmed(self.config, wrong, but=[str(path.relative_to(self.config)) for path in self.config.glob("projects/*/*.jsonl")])
        if not self.transcript.read_bytes().startswith(self.transcript_before):
            wrong.append("the transcript was harmed")
        signalled = bool(outcome.acts)
        until = time.monotonic() + 2
        while signalled and not self.was_reached() and time.monotonic() < until:
            time.sleep(0.01)
        reached = self.was_reached()
        if reached and not any(self.is_whole(backup) for backup in backups.values()):
            wrong.append("it was pushed, and there is no whole backup")
        claimed = outcome.claims(r"^revived|Sessions revived: [1-9]")
        if (outcome.status == 0 or claimed) and not reached:
            wrong.append(f"status {outcome.status}, claimed: {bool(claimed)}, and nothing was pushed")
        if outcome.claims(r"--resume " + SESSION):
            wrong.append("a command that resumes it, and its client lives")

    def check_again(self, outcome):
        wrong = super().check_again(outcome)
        return [each for each in wrong if not ("the next run, without a fault" in each and self.was_reached())]


class ReviveReply(Revive):
    """A client whose reply has stalled: its connection is closed."""

    name = "revive: reply"
    ways = ("object", "kind", "interrupted")
    scene, has_child = ["--turn", "awaits-reply", "--model", "10", "--age", "900", "--ask-again", "--server", "exec sleep 1000"], False


class ReviveHook(Revive):
    """A client whose hook waits for input."""

    name = "revive: hook"
    ways = ("kind",)
    scene = ["--turn", "awaits-reply", "--server", "exec sleep 1000"]


class Repair(Scene):
    """A damaged session: the tree is broken, zeros, half a line."""

    name = "repair"

    def line(self, number, parent):
        kind = "assistant" if number % 2 else "user"
        return json.dumps({
            "parentUuid": parent, "isSidechain": False, "type": kind, "uuid": f"r{number}", "sessionId": SESSION, "cwd": "/tmp/p",
            "version": "2.1.197", "timestamp": f"2026-01-02T03:{number:02}:05.000Z",
            "message": {"role": kind, "id": f"m{number}", "content": [{"type": "text", "text": f"words {number}"}]},
        }, separators=(",", ":")).encode() + b"\n"

    def make(self):
        lines = [self.line(i, f"r{i - 1}" if i else None) for i in range(20)]
        del lines[7]
        self.transcript = self.config / f"projects/{FOLDER}/{SESSION}.jsonl"
        self.transcript.parent.mkdir(parents=True)
        self.transcript_before = b"".join(lines) + b"\0" * 100 + b'{"type":"user","uu'
        self.transcript.write_bytes(self.transcript_before)
        self.transcript.chmod(0o600)
        (self.config / "history.jsonl").write_text(f'{{"display":"hi","sessionId":"{SESSION}"}}\n')

    def learn(self):
        """Called once, after a run without a fault."""
        self.repaired = self.transcript.read_bytes()
        if self.repaired == self.transcript_before:
            raise Broken("nothing is repaired without a fault")

    def command(self):
        return ["--repair", SESSION, "--force", *self.places()]

    def check_mode(self, outcome, backups, wrong):
        repaired = getattr(self, "repaired", None) or self.transcript.read_bytes()
        self.is_unharmed(self.config, wrong,
                         but=[str(path.relative_to(self.config)) for path in self.transcript.parent.glob(".session-rescue-*")] +
                         [str(self.transcript.relative_to(self.config))])
        self.check_acts(outcome, (), backups, wrong)
        now = self.transcript.read_bytes() if self.transcript.exists() else None
        if now not in (self.transcript_before, repaired):
            wrong.append("the transcript is neither the original nor the repaired file")
            return
        if self.transcript.stat().st_mode & 0o777 != 0o600:
            wrong.append("the transcript's mode has changed")
        claimed = outcome.claims(r"^repaired: ")
        if (outcome.status == 0 or claimed) and now != repaired:
            wrong.append(f"status {outcome.status}, claimed: {bool(claimed)}, and the transcript is the original")
        if now == repaired and (self.transcript_before not in backups.values() or not list(self.pending.glob("*.quarantine*.jsonl"))):
            wrong.append("it is repaired, without a whole backup and a quarantine")


SCENES = {scene.name: scene for scene in (Export, ExportLive, Restore, Kill, Revive, ReviveReply, ReviveHook, Repair)}
