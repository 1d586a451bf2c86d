/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "json.h"
#include "unit.h"

START_TEST(test_ps_json_put_any__octets_that_are_no_utf8__question_marks)
{
    json_t *o = json_object();

    ps_json_put_any(o, "a", "pl\xe4nt");
    ps_json_put_any(o, "b", "pl\xc3\xa4nt");
    ck_assert_str_eq(json_string_value(json_object_get(o, "a")), "pl?nt");
    ck_assert_str_eq(json_string_value(json_object_get(o, "b")), "pl\xc3\xa4nt");
    json_decref(o);
}
END_TEST

START_TEST(test_ps_json_put_any__long_and_no_utf8__cut)
{
    static char text[6000];
    json_t *o = json_object();

    memset(text, 0xe4, sizeof text - 1);
    ps_json_put_any(o, "a", text);
    ck_assert_uint_eq(json_string_length(json_object_get(o, "a")), 4095);
    json_decref(o);
}
END_TEST

START_TEST(test_ps_json_print__object__one_line)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    json_t *o = json_object();

    ps_json_put(o, "a", "x");
    ps_json_put_n(o, "n", UINT32_MAX);
    ps_json_put_bool(o, "b", true);
    ps_json_print(o, out);
    fclose(out);
    ck_assert_str_eq(text, "{\"a\":\"x\",\"n\":4294967295,\"b\":true}\n");
    free(text);
}
END_TEST

UNIT_MAIN("control/json", test_ps_json_put_any__octets_that_are_no_utf8__question_marks,
          test_ps_json_put_any__long_and_no_utf8__cut, test_ps_json_print__object__one_line)
