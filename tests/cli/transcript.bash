# Transcripts of a conversation, to be damaged by a test. Load after helper.

# A conversation of N turns, a minute apart: conversation FILE N. Each turn is a prompt, a call, its
# result and an answer: four messages and four lines, u1 t1 r1 a1 u2 ...
conversation()
{
    mkdir -p "${1%/*}"
    node -e '
        const [file, turns] = process.argv.slice(1), lines = [];
        const sessionId = (/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(file) ?? ["s"])[0];
        let parentUuid = null, at = Date.parse("2026-01-02T03:04:05Z");
        const add = (uuid, type, message, more = {}) => {
            lines.push(JSON.stringify({ parentUuid, isSidechain: false, cwd: "/tmp/p", sessionId, version: "2.1.197",
                type, message, uuid, timestamp: new Date(at += 60000).toISOString(), ...more }));
            parentUuid = uuid;
        };
        for (let i = 1; i <= turns; i++) {
            const call = { type: "tool_use", id: `toolu_${i}`, name: "Bash", input: { command: "ls" } };
            add(`u${i}`, "user", { role: "user", content: `prompt ${i}` });
            add(`t${i}`, "assistant", { id: `msg_${i}`, role: "assistant", content: [call], stop_reason: "tool_use" });
            add(`r${i}`, "user", { role: "user", content: [{ tool_use_id: call.id, type: "tool_result", content: "file" }] },
                { toolUseResult: { stdout: "file" } });
            add(`a${i}`, "assistant", { id: `msg_${i}b`, role: "assistant", content: [{ type: "text", text: `answer ${i}` }],
                stop_reason: "end_turn" });
        }
        require("fs").writeFileSync(file, lines.join("\n") + "\n");
    ' "$1" "$2"
}

# Takes line N out of a file.
lose_line()
{
    sed -i "$2d" "$1"
}
