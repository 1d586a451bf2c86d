/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "findings_json.h"
#include "unit.h"

static json_t *findings_of(const char *text)
{
    char name[] = "/tmp/penstock-findings.XXXXXX";
    int fd = mkstemp(name);
    struct ps_plant plant;
    json_t *o;

    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    if (ps_plant_load(&plant, name))
        ps_plant_compile(&plant);
    unlink(name);
    o = ps_findings_json(&plant);
    ps_plant_fini(&plant);
    return o;
}

START_TEST(test_ps_findings_json__broken_file__errors_with_line_and_no_digest)
{
    json_t *o = findings_of("schema = 1;\nsite = \"S\";\nrevison = 7;\n"), *first;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    ck_assert(json_is_null(json_object_get(o, "digest")));
    ck_assert_int_ge(json_integer_value(json_object_get(o, "errors")), 1);
    first = json_array_get(json_object_get(o, "findings"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(first, "severity")), "error");
    ck_assert_ptr_nonnull(json_object_get(first, "text"));
    ps_findings_text(o, out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, ":3: error: "));
    ck_assert_int_eq(text[len - 1], '\n');
    free(text);
    json_decref(o);
}
END_TEST

START_TEST(test_ps_findings_text__nothing__nothing)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    ps_findings_text(NULL, out);
    fclose(out);
    ck_assert_uint_eq(len, 0);
    free(text);
}
END_TEST

UNIT_MAIN("control/findings_json", test_ps_findings_json__broken_file__errors_with_line_and_no_digest,
          test_ps_findings_text__nothing__nothing)
