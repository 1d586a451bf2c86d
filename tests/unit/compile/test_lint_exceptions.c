/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Findings that somebody answers for.
 */
#include "lint_case.h"

#define EXCEPTED(finding, at, until)                                                                                   \
    PLANT(ZONE("a", "operations", 1, SL) "," ZONE("b", "control", 2, SL),                                              \
          CONDUIT(                                                                                                     \
              "c", "a", "b", SAID,                                                                                     \
              "{ name = 'r'; clients = ['a-1']; servers = ['b-1']; protocol = 'modbus'; operations = ['program']; }"), \
          "exceptions = ( { finding = '" finding "'; at = '" at "'; owner = 'ann'; reason = 'new firmware'; " until    \
          " } );")

START_TEST(test_lint_exceptions__exception_in_time__accepted)
{
    struct ps_diags diags = plant_lint(EXCEPTED("ZL-083", "c/r", "until = '2026-11-21';"));
    const struct ps_diag *d = finding(&diags, "ZL-083", "c/r", "accepted by ann until 2026-11-21: new firmware");

    ck_assert_ptr_nonnull(d);
    ck_assert_int_eq(d->severity, PS_SEV_ACCEPTED);
    ck_assert_uint_eq(diags.n, 1);
    ck_assert_uint_eq(diags.n_errors, 0);
    ck_assert_uint_eq(diags.n_warnings, 0);
    ps_diags_fini(&diags);
}
END_TEST

START_TEST(test_lint_exceptions__exception_of_a_warning__accepted)
{
    struct ps_diags diags = plant_lint(ZONES(
        ZONE("a", "operations", 1, ""),
        "exceptions = ( { finding = 'ZL-070'; at = 'a'; owner = 'ann'; reason = 'later'; until = '2027-01-01'; } );"));

    ck_assert_uint_eq(diags.n_warnings, 0);
    ck_assert_int_eq(finding(&diags, "ZL-070", "a", "later")->severity, PS_SEV_ACCEPTED);
    ps_diags_fini(&diags);
}
END_TEST

START_TEST(test_lint_exceptions__exception_expired__error_with_date)
{
    struct ps_diags diags = plant_lint(EXCEPTED("ZL-083", "c/r", "until = '2026-11-20';"));

    ck_assert_int_eq(finding(&diags, "ZL-083", "c/r", "program")->severity, PS_SEV_ERROR);
    ck_assert_int_eq(finding(&diags, "", "c/r", "expired on 2026-11-20")->severity, PS_SEV_ERROR);
    ck_assert_uint_eq(diags.n_errors, 2);
    ps_diags_fini(&diags);
}
END_TEST

START_TEST(test_lint_exceptions__exception_without_end__accepted_with_a_warning)
{
    struct ps_diags diags = plant_lint(EXCEPTED("ZL-083", "c/r", ""));

    ck_assert_int_eq(finding(&diags, "ZL-083", "c/r", "accepted by ann: new")->severity, PS_SEV_ACCEPTED);
    ck_assert_int_eq(finding(&diags, "", "c/r", "never ends")->severity, PS_SEV_WARNING);
    ck_assert_uint_eq(diags.n_errors, 0);
    ps_diags_fini(&diags);
}
END_TEST

START_TEST(test_lint_exceptions__exception_without_finding__warning)
{
    expect(EXCEPTED("ZL-084", "c/r", "until = '2027-01-31';"), PS_SEV_WARNING, "", "c/r", "covers nothing");
    expect(EXCEPTED("ZL-083", "c/r", "until = '2027-01-31';"), PS_SEV_ACCEPTED, "ZL-083", "c/r", "");
    expect(EXCEPTED("ZL-021", "c", "until = '2020-01-31';"), PS_SEV_WARNING, "", "c", "covers nothing");
    expect(EXCEPTED("ZL-107", "c", "until = '2027-01-31';"), PS_SEV_WARNING, "", "c", "never makes");
}
END_TEST

UNIT_MAIN("compile/lint_exceptions", test_lint_exceptions__exception_in_time__accepted,
          test_lint_exceptions__exception_of_a_warning__accepted,
          test_lint_exceptions__exception_expired__error_with_date,
          test_lint_exceptions__exception_without_end__accepted_with_a_warning,
          test_lint_exceptions__exception_without_finding__warning)
