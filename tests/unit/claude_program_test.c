/*
 * Which files are the vendor's client: ELF files made here, scripts beside a package.json.
 */
#include "agents/bun_program.h"
#include "agents/claude/program.h"
#include "base/io/fs.h"

#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* An ELF file with the sections "", NAME and ".names". */
struct file {
    Elf64_Ehdr header;
    Elf64_Shdr sections[3];
    char names[32];
};

static struct file with_section(const char *name)
{
    struct file f = {.header = {.e_shoff = offsetof(struct file, sections),
                                .e_shentsize = sizeof(Elf64_Shdr),
                                .e_shnum = 3,
                                .e_shstrndx = 2}};
    memcpy(f.header.e_ident, ELFMAG, SELFMAG);
    f.header.e_ident[EI_CLASS] = ELFCLASS64;
    int n = snprintf(f.names + 1, sizeof f.names - 1, "%s", name);
    f.sections[1].sh_name = 1;
    f.sections[2].sh_offset = offsetof(struct file, names);
    f.sections[2].sh_size = (Elf64_Xword)n + 2;
    return f;
}

static enum fact asked(const void *bytes, size_t n)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fflush(file);
    enum fact found = bun_program_is(fileno(file));
    fclose(file);
    return found;
}

static void a_native_client_has_its_section(void **state)
{
    (void)state;
    struct file f = with_section(".bun");
    assert_int_equal(asked(&f, sizeof f), FACT_YES);
    f = with_section(".bun_err");
    assert_int_equal(asked(&f, sizeof f), FACT_NO);
    f = with_section(".text");
    assert_int_equal(asked(&f, sizeof f), FACT_NO);
    /* stripped of its section headers */
    f.header.e_shnum = 0;
    assert_int_equal(asked(&f, sizeof f), FACT_NO);
    FS_CLOSE int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_int_equal(bun_program_is(own), FACT_NO);
}

static void or_ends_as_bun_did(void **state)
{
    (void)state;
    struct {
        struct file file;
        char tail[64];
    } f = {.file = with_section(".text")};
    memcpy(f.tail + 40, "\n---- Bun! ----\n", 16);
    assert_int_equal(asked(&f, sizeof f), FACT_YES);
    f.tail[45] = '?';
    assert_int_equal(asked(&f, sizeof f), FACT_NO);
}

static void what_cannot_be_read_is_not_known(void **state)
{
    (void)state;
    struct file f = with_section(".bun");
    assert_int_equal(asked("#!/bin/sh\n", 10), FACT_UNKNOWN);
    assert_int_equal(asked(&f, 0), FACT_UNKNOWN);
    for (size_t n = 1; n < sizeof f - sizeof f.names; n++)
        assert_int_equal(asked(&f, n), FACT_UNKNOWN);
    struct file odd = f;
    odd.header.e_ident[EI_CLASS] = ELFCLASS32;
    assert_int_equal(asked(&odd, sizeof odd), FACT_UNKNOWN);
    odd = f;
    odd.header.e_shnum = 60000;
    assert_int_equal(asked(&odd, sizeof odd), FACT_UNKNOWN);
    odd = f;
    odd.header.e_shoff = UINT64_MAX;
    assert_int_equal(asked(&odd, sizeof odd), FACT_UNKNOWN);
    odd = f;
    odd.header.e_shstrndx = 3;
    assert_int_equal(asked(&odd, sizeof odd), FACT_UNKNOWN);
    odd = f;
    odd.sections[2].sh_size = UINT64_MAX;
    assert_int_equal(asked(&odd, sizeof odd), FACT_UNKNOWN);
    odd = f;
    odd.sections[2].sh_offset = 1u << 20;
    assert_int_equal(asked(&odd, sizeof odd), FACT_UNKNOWN);
    odd = f; /* a name that lies outside the table */
    odd.sections[1].sh_name = UINT32_MAX;
    assert_int_equal(asked(&odd, sizeof odd), FACT_NO);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void a_script_lies_in_its_package(void **state)
{
    (void)state;
    char root[] = "/tmp/claude-program-XXXXXX", path[128], json[160];
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/p", root);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/p/cli.js", root);
    snprintf(json, sizeof json, "%s/p/package.json", root);
    write_text(path, "1\n");
    assert_int_equal(claude_program_is_script("/", NULL, path), FACT_NO);
    write_text(json, "{\"name\": \"@anthropic-ai/claude-code\"}");
    assert_int_equal(claude_program_is_script("/", NULL, path), FACT_YES);
    assert_int_equal(claude_program_is_script("/", root, "p/cli.js"), FACT_YES);
    assert_int_equal(claude_program_is_script("/proc/self/root", root, "p/cli.js"), FACT_YES);
    assert_int_equal(claude_program_is_script("/", NULL, "p/cli.js"), FACT_UNKNOWN);
    assert_int_equal(claude_program_is_script("/", root, "q/cli.js"), FACT_UNKNOWN);
    write_text(json, "{\"name\": \"@anthropic-ai/claude-code-tools\"}");
    assert_int_equal(claude_program_is_script("/", NULL, path), FACT_NO);
    write_text(json, "{\"name\": ");
    assert_int_equal(claude_program_is_script("/", NULL, path), FACT_NO);
    unlink(json);
    unlink(path);
    snprintf(path, sizeof path, "%s/p", root);
    rmdir(path);
    rmdir(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_native_client_has_its_section),
        cmocka_unit_test(or_ends_as_bun_did),
        cmocka_unit_test(what_cannot_be_read_is_not_known),
        cmocka_unit_test(a_script_lies_in_its_package),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
