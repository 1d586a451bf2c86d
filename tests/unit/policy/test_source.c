/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * source.c, scan.c and mend.c: what libconfig gets, and where it came from.
 */
#include "source.h"

#include <libconfig.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "findings.h"

static struct ps_diags diags;
static struct ps_source source;

static void scan(const char *text)
{
    ps_diags_init(&diags);
    ps_source_from_text(&source, text, "plant.conf", &diags);
}

static void done(void)
{
    ps_source_fini(&source);
    ps_diags_fini(&diags);
}

static void ck_assert_text_parses(const char *text)
{
    config_t config;
    config_init(&config);
    int ok = source.lost || config_read_string(&config, text);
    if (!ok)
        fprintf(stderr, "%s in line %d of\n%s\n", config_error_text(&config), config_error_line(&config), text);
    ck_assert(ok);
    config_destroy(&config);
}

/* Whatever the text, what was written parses, unless it was given up. */
static void ck_assert_parses(void)
{
    ck_assert_text_parses(source.text.s);
    for (size_t i = 0; i < source.n_batches; i++)
        ck_assert_text_parses(source.apart.s + source.batches[i].offset);
}

START_TEST(test_ps_source_from_text__comments__gone_with_lines_kept)
{
    scan("/* one\n two */ a = 1; # three\n// four\nb = \"# no // comment\";\n");
    ck_assert_str_eq(source.text.s, "a=1\nb=\"# no // comment\"\n");
    ck_assert_uint_eq(diags.n, 0);
    ck_assert_uint_eq(ps_source_place(&source.text, 1).line, 2);
    ck_assert_uint_eq(ps_source_place(&source.text, 2).line, 4);
    done();
}
END_TEST

/* Blanks stand where a key would grow together with what is before it, and nowhere else. */
START_TEST(test_ps_source_from_text__settings_with_and_without_semicolons__same_text)
{
    static const char *const texts[] = {
        "a = 1; b = true; c = \"x\"; d = { e = 2; f = (1, \"y\"); }; g = ( { h = 3; } ); i = 0x10;",
        "a : 1 b : true c = \"x\" d = { e = 2 f = (1, \"y\") } g = ( { h = 3 } ) i = 16",
    };
    for (size_t i = 0; i < 2; i++) {
        scan(texts[i]);
        ck_assert_str_eq(source.text.s, "a=1 b=true c=\"x\"d={e=2 f=(1,\"y\")}g=({h=3})i=16\n");
        ck_assert_uint_eq(diags.n, 0);
        ck_assert_parses();
        done();
    }
}
END_TEST

/* The list of conduits stays empty, and its entries are texts of their own, so many at a time. */
START_TEST(test_ps_source_from_text__conduits__apart_in_batches)
{
    enum { N = PS_SOURCE_BATCH + 1 };
    char text[64 + 20 * N] = "a = 1;\nconduits = (\n";
    for (unsigned i = 0; i < N; i++)
        strcat(text, "{ x = ( {} ); },\n");
    strcat(text, ");\nb = 2;");
    scan(text);
    ck_assert_str_eq(source.text.s, "a=1\nconduits=()\nb=2\n");
    ck_assert_uint_eq(source.n_conduits, N);
    ck_assert_uint_ge(source.n_rules, N);
    ck_assert_uint_eq(source.n_batches, 2);
    ck_assert_int_eq(strncmp(source.apart.s, "conduits=({x=({})},\n{", 21), 0);
    ck_assert_str_eq(source.apart.s + source.batches[1].offset, "conduits=({x=({})})");
    ck_assert_uint_eq(ps_source_place(&source.apart, source.batches[1].before + 1).line, 3 + N - 1);
    ck_assert_parses();
    done();
    scan("conduits = 5; x = { conduits = ( 1 ); };");
    ck_assert_str_eq(source.text.s, "conduits=5 x={conduits=(1)}\n");
    ck_assert_uint_eq(source.n_conduits, 0);
    done();
}
END_TEST

START_TEST(test_ps_source_from_text__list_over_lines__each_element_on_its_line)
{
    config_t config;
    scan("a = [\n \"x\",\n \"y\"\n ,\n 3\n\n];\n");
    config_init(&config);
    ck_assert(config_read_string(&config, source.text.s));
    static const unsigned lines[] = {2, 3, 5};
    for (unsigned i = 0; i < 3; i++) {
        const config_setting_t *item = config_setting_get_elem(config_lookup(&config, "a"), i);
        ck_assert_uint_eq(ps_source_place(&source.text, config_setting_source_line(item)).line, lines[i]);
    }
    config_destroy(&config);
    done();
}
END_TEST

START_TEST(test_ps_source_from_text__numbers__canonical_or_refused)
{
    scan("a = 007; b = 0xFFFFFFFF; c = 99999999999; d = -5L; e = +1.5e3; f = .5;");
    ck_assert_str_eq(source.text.s, "a=7 b=4294967295L c=99999999999L d=-5 e=+1.5e3 f=.5\n");
    ck_assert_uint_eq(diags.n, 0);
    done();
    scan("a = 0; b = 00; c = 999999999; d = 0000000001; e = 4294967295; f = 7;");
    ck_assert_str_eq(source.text.s, "a=0 b=0 c=999999999 d=1 e=4294967295L f=7\n");
    ck_assert_uint_eq(diags.n, 0);
    done();
    scan("a = 99999999999999999999; b = 1-8; c = 10.0.0.1; d = 12x; e = 0x; f = 1e; g = .; h = -;");
    ck_assert_uint_eq(diags.n, 8);
    ck_assert_finding(&diags, 1, "99999999999999999999 is too large");
    ck_assert_finding(&diags, 1, "write \"1-8\"");
    ck_assert_finding(&diags, 1, "write \"10.0.0.1\"");
    ck_assert_parses();
    done();
}
END_TEST

START_TEST(test_ps_source_from_text__octets_that_are_no_text__told_once)
{
    scan("site = \"\xff\xfe\x01\";\n");
    ck_assert_uint_eq(diags.n, 1);
    ck_assert_finding(&diags, 1, "octet 0xff is not UTF-8");
    done();
    static const char *const bad[] = {"\xc0\x80",         "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80", "\x80",         "\xe2\x82",     "\x7f"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "a = \"%s\";", bad[i]);
        scan(text);
        ck_assert_uint_eq(diags.n, 1);
        done();
    }
    scan("\xef\xbb\xbf"
         "a = \"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8f\xad\";\r\n");
    ck_assert_uint_eq(diags.n, 0);
    done();
}
END_TEST

START_TEST(test_ps_source_from_text__brackets__mended)
{
    static const struct {
        const char *text, *finding;
    } cases[] = {
        {"a = ( { b = 1; ", "\"(\" is never closed"},
        {"a = ( { b = 1; ", "\"{\" is never closed"},
        {"a = ( { b = 1; );", "\"{\" of line 1 is not closed before this \")\""},
        {"a = 1; }", "\"}\" closes nothing"},
        {"a = [1, 2; b = 2;", "\"[\" of line 1 is not closed before this \";\""},
        {"a = (1 2);", "a comma is missing"},
        {"a = (1, , 2);", "no entry stands before"},
        {"a = (1; 2);", "\";\" inside a list"},
        {"a = { b };", "key \"b\" has no value"},
        {"a", "key \"a\" has no value"},
        {"a = ;", "key \"a\" has no value"},
        {"a 5;", "\"=\" is missing after \"a\""},
        {"5;", "\"5\" stands where a key should"},
        {"\"x\";", "a value without a key"},
        {"= 5;", "\"=\" without a key"},
        {"a = (b = 1);", "\"=\" inside a list"},
        {"a = 1; a = 2;", "key \"a\" stands twice"},
        {"a = \"x\nb = 1;", "not closed on its line"},
        {"a = [{ b = 1; }];", "\"{\" inside [ ]"},
        {"true = 1;", "\"true\" stands where a key should"},
        {"a = /* x", "the comment that starts here"},
        {"a = \"\\x07\";", "not printable ASCII"},
        {"a = @include;", "\"@\" is not understood"},
        {"a == 1;", "\"=\" without a key"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scan(cases[i].text);
        ck_assert_finding(&diags, 1, cases[i].finding);
        ck_assert_parses();
        done();
    }
    scan("a = (1, 2,); b = [ ]; c = \"x\" \"y\"; d : 1, e = { },");
    ck_assert_uint_eq(diags.n, 0);
    ck_assert_parses();
    done();
}
END_TEST

START_TEST(test_ps_source_from_text__too_deep_or_too_wide__told)
{
    char text[8192] = "a = ";
    memset(text + 4, '(', 100);
    scan(text);
    ck_assert_uint_eq(diags.n, 1);
    ck_assert_finding(&diags, 1, "more than 16 brackets");
    ck_assert(source.lost);
    done();
    size_t len = 0;
    for (int i = 0; i < 200; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "key%d = 1; ", i);
    scan(text);
    ck_assert_uint_eq(diags.n, 1);
    ck_assert_finding(&diags, 1, "more than 63 keys");
    ck_assert_parses();
    done();
}
END_TEST

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

START_TEST(test_ps_source_read__includes__joined_with_their_places)
{
    char dir[] = P_tmpdir "/test_source_XXXXXX", path[256];
    ck_assert_ptr_nonnull(mkdtemp(dir));
    write_file(dir, "top.conf", "a = 1;\n  @include \"b.inc\"\nc = 3;\n");
    write_file(dir, "b.inc", "\nb = 2;\n");
    snprintf(path, sizeof path, "%s/top.conf", dir);
    ps_diags_init(&diags);
    ps_source_read(&source, path, &diags);
    ck_assert_uint_eq(diags.n, 0);
    ck_assert_str_eq(source.text.s, "a=1\nb=2\nc=3\n");
    ck_assert_uint_eq(source.n_files, 2);
    struct ps_src at = ps_source_place(&source.text, 2);
    ck_assert_uint_eq(at.line, 2);
    ck_assert_uint_eq(at.file, 1);
    ck_assert_str_eq(strrchr(source.files[1], '/'), "/b.inc");
    ck_assert_uint_eq(ps_source_place(&source.text, 3).line, 3);
    done();
    static const char *const names[] = {"top.conf", "b.inc"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}
END_TEST

START_TEST(test_ps_source_read__no_such_file__told)
{
    ps_diags_init(&diags);
    ps_source_read(&source, "absent/plant.conf", &diags);
    ck_assert_finding(&diags, 0, "cannot be read: No such file or directory");
    ck_assert(source.lost);
    done();
    ps_diags_init(&diags);
    ps_source_read(&source, "/", &diags);
    ck_assert_finding(&diags, 0, "name a file, not a directory");
    done();
    scan("@include \"/dev/zero\"\n");
    ck_assert_finding(&diags, 1, "only regular files are included");
    done();
}
END_TEST

UNIT_MAIN("policy/source", test_ps_source_from_text__comments__gone_with_lines_kept,
          test_ps_source_from_text__settings_with_and_without_semicolons__same_text,
          test_ps_source_from_text__conduits__apart_in_batches,
          test_ps_source_from_text__list_over_lines__each_element_on_its_line,
          test_ps_source_from_text__numbers__canonical_or_refused,
          test_ps_source_from_text__octets_that_are_no_text__told_once, test_ps_source_from_text__brackets__mended,
          test_ps_source_from_text__too_deep_or_too_wide__told, test_ps_source_read__includes__joined_with_their_places,
          test_ps_source_read__no_such_file__told)
