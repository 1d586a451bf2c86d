/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules that are open, uninspected, dead or shadowed, each beside a twin that is not.
 */
#include "lint_case.h"

#include <time.h>

/* Conduit "c" from operations to control with one rule "r". */
#define RULE(text) RULES("{ name = 'r'; " text " }")
#define MODBUS(text) RULE(ENDS " protocol = 'modbus'; " text)

START_TEST(test_lint_rules__bounded_rules__nothing)
{
    expect_clean(RULES(READ("r")));
    expect_clean(MODBUS("operations = ['write']; functions = ['write-single-register', 'write-multiple-registers'];"
                        " objects = ['holding:40-47']; values = ['0..1000']; stations = ['1-8'];"));
    expect_clean(RULE(ENDS "protocol = 'icmp'; icmp_types = ['8'];"));
}
END_TEST

START_TEST(test_lint_rules__uninspected__warning)
{
    expect(RULE(ENDS "protocol = 'udp'; ports = ['124'];"), PS_SEV_WARNING, "", "c/r",
           "rule \"r\" passes udp/124 without inspection");
    expect(RULE(ENDS "protocol = 'tcp'; ports = ['1000-1010', '8443'];"), PS_SEV_WARNING, "", "c/r",
           "tcp/1000-1010,8443 without");
    expect(RULE(ENDS "protocol = 'ip'; ip_protocols = ['47'];"), PS_SEV_WARNING, "", "c/r", "ip/47 without");
    expect(RULE("protocol = 'ethernet'; ethertypes = ['0x8892'];"), PS_SEV_WARNING, "", "c/r", "ethernet/0x8892 with");
    expect_none(RULE(ENDS "protocol = 'icmp'; icmp_types = ['8'];"), "", "inspection");
    expect_none(RULES(READ("r")), "", "inspection");
}
END_TEST

START_TEST(test_lint_rules__wildcards__zl_080)
{
    expect(RULE("servers = ['ctl-1']; protocol = 'modbus'; operations = ['read'];"), PS_SEV_WARNING, "ZL-080", "c/r",
           "add clients");
    expect(RULE("clients = ['ops-1']; protocol = 'modbus'; operations = ['read'];"), PS_SEV_WARNING, "ZL-080", "c/r",
           "add servers");
    expect(RULE("protocol = 'modbus'; operations = ['read'];"), PS_SEV_WARNING, "ZL-080", "c/r", "clients and servers");
    expect(RULE(ENDS "protocol = 'tcp';"), PS_SEV_ERROR, "ZL-080", "c/r", "every port");
    expect(RULE(ENDS "protocol = 'icmp';"), PS_SEV_WARNING, "ZL-080", "c/r", "every type");
    expect_none(RULES(READ("r")), "ZL-080", "");
    expect_none(RULE(ENDS "protocol = 'tcp'; ports = ['8443'];"), "ZL-080", "");
}
END_TEST

#define EVERY_CLASS                                                                                                    \
    "operations = ['read', 'write', 'operate', 'event', 'control', 'program', 'file', 'time', 'diagnose', "            \
    "'identify', 'session', 'security', 'opaque'];"

START_TEST(test_lint_rules__every_function__zl_080)
{
    expect(MODBUS(EVERY_CLASS), PS_SEV_ERROR, "ZL-080", "c/r", "every function of modbus");
    expect_none(MODBUS(EVERY_CLASS "objects = ['holding:1-2'];"), "ZL-080", "");
    expect_none(MODBUS("operations = ['read', 'write', 'diagnose'];"), "ZL-080", "");
}
END_TEST

START_TEST(test_lint_rules__every_port_in_a_first_draft__only_warned)
{
    expect(PLANT("{ name = 'a'; assets = ( { name = 'a-1'; addresses = ['10.0.1.1']; } ); }," CTL,
                 CONDUIT("c", "a", "ctl", SAID,
                         "{ name = 'r'; servers = ['ctl-1']; clients = ['a-1']; protocol = 'tcp'; }"),
                 ""),
           PS_SEV_WARNING, "ZL-080", "c/r", "every port");
}
END_TEST

/* ---- can never match ------------------------------------------------------------------------------------------- */

START_TEST(test_lint_rules__class_that_no_function_has__zl_087)
{
    expect(MODBUS("operations = ['event'];"), PS_SEV_WARNING, "ZL-087", "c/r", "grants no request");
    expect(MODBUS("operations = ['read', 'time'];"), PS_SEV_WARNING, "ZL-087", "c/r", "has: time");
    expect_none(MODBUS("operations = ['read', 'diagnose'];"), "ZL-087", "");
}
END_TEST

START_TEST(test_lint_rules__functions_of_other_classes__zl_087)
{
    expect(MODBUS("operations = ['read']; functions = ['write-single-coil'];"), PS_SEV_WARNING, "ZL-087", "c/r",
           "grants no request");
    expect_none(MODBUS("operations = ['write']; functions = ['write-single-coil'];"), "ZL-087", "");
}
END_TEST

START_TEST(test_lint_rules__opaque_without_the_key__zl_087)
{
    expect(RULE(ENDS "protocol = 's7comm-plus'; functions = ['tls'];"), PS_SEV_WARNING, "ZL-087", "c/r", "add opaque = true");
    expect_none(RULE(ENDS "protocol = 's7comm-plus'; functions = ['tls']; opaque = true;"), "ZL-087", "opaque");
    expect_none(RULE(ENDS "protocol = 's7comm-plus'; operations = ['read'];"), "ZL-087", "opaque");
    expect_none(MODBUS("operations = ['opaque'];"), "ZL-087", "opaque");
}
END_TEST

START_TEST(test_lint_rules__objects_that_no_function_addresses__zl_087)
{
    expect(MODBUS("functions = ['read-coils']; objects = ['holding:1-2'];"), PS_SEV_WARNING, "ZL-087", "c/r",
           "grants no request");
    expect(MODBUS("functions = ['read-exception-status']; objects = ['holding:1-2'];"), PS_SEV_WARNING, "ZL-087", "c/r",
           "grants no request");
    expect(MODBUS("functions = ['read-coils']; objects = ['coil:0-3', 'input:1-2'];"), PS_SEV_WARNING, "ZL-087", "c/r",
           "lists input objects");
    expect(MODBUS("functions = ['read-coils', 'write-single-register']; objects = ['coil:0-3'];"), PS_SEV_WARNING,
           "ZL-087", "c/r", "never grants write-single-register");
    expect_none(MODBUS("functions = ['read-coils', 'read-input-registers']; objects = ['coil:0-3', 'input:1-2'];"),
                "ZL-087", "");
    expect_none(MODBUS("functions = ['read-file-record']; objects = ['file:4:0-9'];"), "ZL-087", "");
    expect_none(MODBUS("operations = ['read']; objects = ['coil:0-3'];"), "ZL-087", "");
}
END_TEST

#define DNP3(text) RULE(ENDS " protocol = 'dnp3'; objects = ['g12v1:0']; " text)

START_TEST(test_lint_rules__functions_that_ask_what_is_not_permitted__zl_087)
{
    expect(DNP3("functions = ['direct-operate']; select_before_operate = true;"), PS_SEV_WARNING, "ZL-087", "c/r",
           "forbidden by select_before_operate = true; take that out");
    expect(DNP3("functions = ['direct-operate-no-ack'];"), PS_SEV_WARNING, "ZL-087", "c/r",
           "never grants direct-operate-no-ack, which needs no_ack = true");
    expect_none(DNP3("functions = ['direct-operate', 'operate'];"), "ZL-087", "");
    expect_none(DNP3("functions = ['operate']; select_before_operate = true;"), "ZL-087", "");
    expect_none(DNP3("functions = ['direct-operate-no-ack']; no_ack = true;"), "ZL-087", "");
    expect_none(DNP3("operations = ['operate']; select_before_operate = true;"), "ZL-087", "");
}
END_TEST

START_TEST(test_lint_rules__values_that_nothing_writes__zl_087)
{
    expect(MODBUS("operations = ['read']; values = ['0..9'];"), PS_SEV_WARNING, "ZL-087", "c/r", "remove values");
    expect(MODBUS("functions = ['write-single-coil']; objects = ['coil:1']; values = ['0..1', '2..5'];"),
           PS_SEV_WARNING, "ZL-087", "c/r", "2..5");
    expect(MODBUS("functions = ['write-single-register']; objects = ['holding:1']; values = ['70000..80000'];"),
           PS_SEV_WARNING, "ZL-087", "c/r", "70000..80000");
    expect_none(MODBUS("functions = ['write-single-coil']; objects = ['coil:1']; values = ['on'];"), "ZL-087", "");
    /* Over all functions: 2..5 fits a register, though no coil. */
    expect_none(MODBUS("functions = ['write-single-coil', 'write-single-register']; objects = ['coil:1', 'holding:1'];"
                       " values = ['2..5'];"),
                "ZL-087", "");
    expect_none(MODBUS("functions = ['write-single-register']; objects = ['holding:1']; values = ['-5..0'];"), "ZL-087",
                "");
    /* Values count for the writes of a rule that reads too. */
    expect_none(MODBUS("operations = ['read', 'write']; objects = ['holding:1-2']; values = ['0..9'];"), "ZL-087", "");
}
END_TEST

#define TWO_ASSETS(asset_a, asset_b, rule)                                                                             \
    PLANT("{ name = 'ops'; kind = 'operations'; " SL " assets = ( { name = 'ops-1'; " asset_a " } ); },"               \
          "{ name = 'ctl'; kind = 'control'; " SL " assets = ( { name = 'ctl-1'; " asset_b " } ); }",                  \
          CONDUIT("c", "ops", "ctl", SAID, "{ name = 'r'; " rule "}"), "")
#define V4_A "addresses = ['10.0.1.1'];"
#define V4_B "addresses = ['10.0.2.1'];"
#define V6_B "addresses = ['fd00::1'];"
#define MAC "mac = '02:00:00:00:00:01';"

START_TEST(test_lint_rules__server_without_address__zl_087)
{
    const char *what = "for server \"ctl-1\", which has no address";

    expect(TWO_ASSETS(V4_A, MAC, ENDS "protocol = 'modbus'; operations = ['read'];"), PS_SEV_WARNING, "ZL-087", "c/r",
           what);
    expect(TWO_ASSETS(V4_A, MAC, "clients = ['ops-1']; protocol = 'modbus'; operations = ['read'];"), PS_SEV_WARNING,
           "ZL-087", "c/r", "zone \"ctl\" of its servers has no address");
    expect(TWO_ASSETS(V4_A, V4_B, ENDS "protocol = 'ethernet'; ethertypes = ['0x8892'];"), PS_SEV_WARNING, "ZL-087",
           "c/r", "has no mac");
    expect_none(TWO_ASSETS(V4_A, V4_B, ENDS "protocol = 'modbus'; operations = ['read'];"), "ZL-087", "");
    expect_none(
        TWO_ASSETS(MAC V4_A, "mac = '02:00:00:00:00:02';", ENDS "protocol = 'ethernet'; ethertypes = ['0x8892'];"),
        "ZL-087", "");
}
END_TEST

START_TEST(test_lint_rules__no_family_in_common__zl_087)
{
    expect(TWO_ASSETS(V4_A, V6_B, ENDS "protocol = 'modbus'; operations = ['read'];"), PS_SEV_WARNING, "ZL-087", "c/r",
           "only IPv4 addresses, its servers only IPv6");
    expect_none(
        TWO_ASSETS("addresses = ['10.0.1.1', 'fd00::2'];", V6_B, ENDS "protocol = 'modbus'; operations = ['read'];"),
        "ZL-087", "");
}
END_TEST

START_TEST(test_lint_rules__client_is_server__zl_087)
{
    expect(PLANT(OPS,
                 CONDUIT("c", "ops", "ops", SAID,
                         "{ name = 'r'; clients = ['ops-1']; servers = ['ops-1']; protocol = 'modbus'; operations = "
                         "['read']; }"),
                 ""),
           PS_SEV_WARNING, "ZL-087", "c/r", "its only client and its only server");
    expect_none(PLANT("{ name = 'ops'; kind = 'operations'; " SL
                      " assets = ( { name = 'ops-1'; addresses = ['127.0.0.1']; } ); }",
                      CONDUIT("c", "ops", "ops", SAID,
                              "{ name = 'r'; clients = ['ops-1']; servers = ['ops-1']; protocol = 'modbus';"
                              " operations = ['read']; }"),
                      ""),
                "ZL-087", "");
}
END_TEST

/* ---- shadowed -------------------------------------------------------------------------------------------------- */

#define PAIR(first, second) RULES("{ name = 'a'; " first " }, { name = 'b'; " second " }")
#define SHADOWED(first, second) expect(PAIR(first, second), PS_SEV_WARNING, "ZL-087", "c/b", "the earlier rule \"a\"")
#define DISTINCT(first, second) expect_none(PAIR(first, second), "ZL-087", "earlier")
#define MB ENDS "protocol = 'modbus';"

START_TEST(test_lint_rules__contained_in_every_key__shadowed)
{
    SHADOWED(MB "operations = ['read'];", MB "operations = ['read'];");
    SHADOWED(MB "operations = ['read', 'write'];", MB "functions = ['write-single-coil'];");
    SHADOWED("protocol = 'modbus'; operations = ['read'];", MB "operations = ['read'];");
    SHADOWED("protocol = 'modbus'; operations = ['read']; clients = ['ops-1', 'ops-2']; servers = ['ctl-1', 'ctl-2'];",
             MB "operations = ['read'];");
    SHADOWED(MB "operations = ['read'];", MB "operations = ['read']; objects = ['coil:1'];");
    SHADOWED(MB "operations = ['read']; objects = ['coil:0-9', 'input:0-9'];",
             MB "operations = ['read']; objects = ['input:3-4'];");
    SHADOWED(MB "operations = ['read']; objects = ['coil:3-4'];", MB "operations = ['read']; objects = ['coil:3-4'];");
    SHADOWED(MB "operations = ['write']; values = ['2..3'];", MB "operations = ['write']; values = ['2..3'];");
    SHADOWED(MB "operations = ['read']; max_quantity = 9;", MB "operations = ['read']; max_quantity = 9;");
    SHADOWED(MB "operations = ['read']; stations = ['1-8'];", MB "operations = ['read']; stations = ['2', '4-5'];");
    SHADOWED(MB "operations = ['read'];", MB "operations = ['read']; ports = ['502'];");
    SHADOWED(MB "operations = ['read']; max_quantity = 10;", MB "operations = ['read']; max_quantity = 9;");
    SHADOWED(MB "operations = ['write']; values = ['0..9'];", MB "operations = ['write']; values = ['2..3'];");
    SHADOWED(MB "operations = ['read', 'write']; values = ['0..9'];", MB "operations = ['read'];");
    SHADOWED(ENDS "protocol = 'tcp'; ports = ['1000-1100'];", ENDS "protocol = 'tcp'; ports = ['1001'];");
    SHADOWED(ENDS "protocol = 'icmp';", ENDS "protocol = 'icmp'; icmp_types = ['8'];");
}
END_TEST

START_TEST(test_lint_rules__wider_in_one_key__not_shadowed)
{
    DISTINCT(MB "functions = ['read-coils'];", MB "operations = ['read'];");
    DISTINCT(MB "operations = ['read'];", "protocol = 'modbus'; operations = ['read'];");
    DISTINCT(MB "operations = ['read'];",
             "clients = ['ops-2']; servers = ['ctl-1']; protocol = 'modbus'; operations = ['read'];");
    DISTINCT(MB "operations = ['read'];",
             "clients = ['ops-1']; servers = ['ctl-1', 'ctl-2']; protocol = 'modbus'; operations = ['read'];");
    DISTINCT(MB "operations = ['read']; objects = ['coil:1'];", MB "operations = ['read'];");
    DISTINCT(MB "operations = ['read']; objects = ['coil:0-9'];", MB "operations = ['read']; objects = ['coil:5-10'];");
    DISTINCT(MB "operations = ['read']; objects = ['coil:0-9'];",
             MB "operations = ['read']; objects = ['discrete:5'];");
    DISTINCT(MB "operations = ['read']; stations = ['1'];", MB "operations = ['read'];");
    DISTINCT(MB "operations = ['read'];", MB "operations = ['read']; ports = ['503'];");
    DISTINCT(MB "operations = ['read'];", MB "operations = ['read']; transport = 'udp';");
    DISTINCT(MB "operations = ['read']; max_quantity = 10;", MB "operations = ['read'];");
    DISTINCT(MB "operations = ['read'];", MB "operations = ['read']; max_outstanding = 4;");
    DISTINCT(MB "operations = ['write']; values = ['0..9'];", MB "operations = ['write']; values = ['2..10'];");
    DISTINCT(MB "operations = ['write']; values = ['0..9'];", MB "operations = ['write'];");
    DISTINCT(ENDS "protocol = 'tcp'; ports = ['1000'];", ENDS "protocol = 'udp'; ports = ['1000'];");
    DISTINCT(ENDS "protocol = 'icmp'; icmp_types = ['8'];", ENDS "protocol = 'icmp';");
}
END_TEST

START_TEST(test_lint_rules__same_rule_in_another_conduit__not_shadowed)
{
    expect_clean(PLANT(
        OPS "," CTL "," ZONE("sis", "safety", 3, SL),
        CONDUIT("c", "ops", "ctl", SAID, READ("r")) "," CONDUIT(
            "d", "ops", "sis", SAID,
            "{ name = 'r'; clients = ['ops-1']; servers = ['sis-1']; protocol = 'modbus'; operations = ['read']; }"),
        ""));
}
END_TEST

START_TEST(test_lint_rules__dead_rule__not_called_shadowed)
{
    DISTINCT(MB "operations = ['read'];", MB "operations = ['event'];");
}
END_TEST

START_TEST(test_lint_rules__duplicate__says_so)
{
    expect(PAIR(MB "operations = ['read'];", MB "operations = ['read'];"), PS_SEV_WARNING, "ZL-087", "c/b",
           "grants the same as");
    expect(PAIR(MB "operations = ['read'];", MB "functions = ['read-coils'];"), PS_SEV_WARNING, "ZL-087", "c/b",
           "grants only what");
}
END_TEST

/* ---- many ------------------------------------------------------------------------------------------------------ */

/* A model that no text was needed for: n conduits of m rules each between 100 zones, all alike. */
static struct ps_model *large_model(uint32_t n, uint32_t m)
{
    const uint32_t n_zones = 200;
    struct ps_model *model = ps_model_new();

    model->zones = ps_model_alloc(model, n_zones * sizeof(struct ps_zone));
    model->assets = ps_model_alloc(model, n_zones * sizeof(struct ps_asset));
    model->conduits = ps_model_alloc(model, n * sizeof(struct ps_conduit));
    model->rules = ps_model_alloc(model, (size_t)n * m * sizeof(struct ps_rule));
    model->n_zones = model->n_assets = n_zones;
    model->n_conduits = n;
    model->n_rules = n * m;
    for (uint32_t z = 0; z < n_zones; z++) {
        model->zones[z] = (struct ps_zone){.name = "zone", .kind = PS_ZONE_CONTROL};
        model->assets[z] = (struct ps_asset){.name = "asset", .zone = z};
    }
    for (uint32_t c = 0; c < n; c++) {
        model->conduits[c] = (struct ps_conduit){
            .name = "conduit", .from = c % n_zones, .to = c / n_zones % n_zones, .first_rule = c * m, .n_rules = m};
        for (uint32_t r = c * m; r < (c + 1) * m; r++)
            model->rules[r] = (struct ps_rule){
                .name = "rule", .conduit = c, .protocol = PS_PROTOCOL_MODBUS, .ops = PS_OP_BIT(PS_OP_WRITE)};
    }
    return model;
}

static double lint_seconds(uint32_t n, uint32_t m)
{
    struct ps_model *model = large_model(n, m);
    struct timespec start, end;
    struct ps_diags diags;

    ps_diags_init(&diags);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    ps_lint_rules(model, &diags);
    ps_lint_zones(model, TODAY, &diags);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    ck_assert_uint_gt(diags.n, n);
    ps_diags_fini(&diags);
    ps_model_free(model);
    return (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
}

/* The same number of rules in many conduits and in one: nothing is quadratic. Generous, since builds may be slow. */
START_TEST(test_lint_rules__very_many__in_linear_time)
{
    ck_assert_double_lt(lint_seconds(10000, 2), 20.0);
    ck_assert_double_lt(lint_seconds(1, 20000), 20.0);
}
END_TEST

UNIT_MAIN("compile/lint_rules", test_lint_rules__bounded_rules__nothing, test_lint_rules__uninspected__warning,
          test_lint_rules__wildcards__zl_080, test_lint_rules__every_function__zl_080,
          test_lint_rules__every_port_in_a_first_draft__only_warned,
          test_lint_rules__class_that_no_function_has__zl_087, test_lint_rules__functions_of_other_classes__zl_087,
          test_lint_rules__opaque_without_the_key__zl_087,
          test_lint_rules__objects_that_no_function_addresses__zl_087,
          test_lint_rules__functions_that_ask_what_is_not_permitted__zl_087,
          test_lint_rules__values_that_nothing_writes__zl_087, test_lint_rules__server_without_address__zl_087,
          test_lint_rules__no_family_in_common__zl_087, test_lint_rules__client_is_server__zl_087,
          test_lint_rules__contained_in_every_key__shadowed, test_lint_rules__wider_in_one_key__not_shadowed,
          test_lint_rules__same_rule_in_another_conduit__not_shadowed, test_lint_rules__dead_rule__not_called_shadowed,
          test_lint_rules__duplicate__says_so, test_lint_rules__very_many__in_linear_time)
