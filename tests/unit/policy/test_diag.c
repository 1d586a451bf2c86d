/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diag.h"

#include "unit.h"

START_TEST(test_ps_diag_add__each_severity__counted)
{
    struct ps_diags diags;
    ps_diags_init(&diags);
    ps_diag_add(&diags, PS_SEV_ERROR, "ZL-021", "plant.conf", 60, "a/b", "conduit \"%s\"", "x");
    ps_diag_add(&diags, PS_SEV_WARNING, NULL, NULL, 0, NULL, "no place");
    ps_diag_add(&diags, PS_SEV_ACCEPTED, "ZL-0999", "plant.conf", 1, NULL, "accepted");
    ck_assert_uint_eq(diags.n, 3);
    ck_assert_uint_eq(diags.n_errors, 1);
    ck_assert_uint_eq(diags.n_warnings, 1);
    ck_assert_str_eq(diags.items[0].id, "ZL-021");
    ck_assert_str_eq(diags.items[0].text, "conduit \"x\"");
    ck_assert_str_eq(diags.items[0].at, "a/b");
    ck_assert_str_eq(diags.items[1].id, "");
    ck_assert_ptr_null(diags.items[1].file);
    ck_assert_str_eq(diags.items[2].id, "ZL-0999");
    ps_diags_fini(&diags);
    ck_assert_uint_eq(diags.n, 0);
}
END_TEST

START_TEST(test_ps_diags_sort__mixed_places__by_file_line_and_order)
{
    static const struct {
        const char *file;
        uint32_t line;
        const char *text;
    } in[] = {{"z.conf", 9, "c"}, {"a.conf", 2, "e"}, {"z.conf", 3, "b"}, {"a.conf", 2, "d"}, {"z.conf", 1, "a"}};
    static const char *const out[] = {"a", "b", "c", "e", "d"}; /* z.conf came first; e was found before d */
    struct ps_diags diags;
    ps_diags_init(&diags);
    for (size_t i = 0; i < 5; i++)
        ps_diag_add(&diags, PS_SEV_ERROR, NULL, in[i].file, in[i].line, NULL, "%s", in[i].text);
    ps_diags_sort(&diags);
    for (size_t i = 0; i < 5; i++)
        ck_assert_str_eq(diags.items[i].text, out[i]);
    ps_diags_fini(&diags);
}
END_TEST

START_TEST(test_ps_diags_sort__equal_findings__merged_and_counted_once)
{
    struct ps_diags diags;
    ps_diags_init(&diags);
    for (int i = 0; i < 3; i++) {
        ps_diag_add(&diags, PS_SEV_ERROR, "", "p", 4, "x", "same");
        ps_diag_add(&diags, PS_SEV_ERROR, "", "p", 4, "y", "same");
        ps_diag_add(&diags, PS_SEV_WARNING, "", "p", 4, "x", "same");
        ps_diag_add(&diags, PS_SEV_WARNING, "", NULL, 0, NULL, "same");
    }
    ps_diags_sort(&diags);
    ck_assert_uint_eq(diags.n, 4);
    ck_assert_uint_eq(diags.n_errors, 2);
    ck_assert_uint_eq(diags.n_warnings, 2);
    ps_diags_fini(&diags);
}
END_TEST

UNIT_MAIN("policy/diag", test_ps_diag_add__each_severity__counted,
          test_ps_diags_sort__mixed_places__by_file_line_and_order,
          test_ps_diags_sort__equal_findings__merged_and_counted_once)
