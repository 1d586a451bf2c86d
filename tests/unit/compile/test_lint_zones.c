/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each finding: a plant that shows it, and its twin that does not.
 */
#include "lint_case.h"

/* One zone of a kind with two assets of given roles. */
#define ROLES(kind, role_a, role_b)                                                                                    \
    ZONES("{ name = 'z'; kind = '" kind "'; " SL " assets = ("                                                         \
          " { name = 'one'; addresses = ['10.0.1.1']; role = '" role_a "'; },"                                         \
          " { name = 'two'; addresses = ['10.0.1.2']; role = '" role_b "'; } ); }",                                    \
          "")

START_TEST(test_lint_zones__good_plant__nothing)
{
    expect_clean(JOINED("operations", "control", ""));
    expect_clean(GRANTING("operations", "control", SL, WRITES));
}
END_TEST

#define OPS_READ "{ name = 'r'; clients = ['ops-1']; servers = ['ops-2']; protocol = 'modbus'; operations = ['read']; }"

START_TEST(test_lint_zones__conduit_of_one_zone__zl_004)
{
    expect(PLANT(OPS, CONDUIT("c", "ops", "ops", SAID, OPS_READ), ""), PS_SEV_WARNING, "ZL-004", "c", "to itself");
    expect_none(JOINED("operations", "control", ""), "ZL-004", "");
}
END_TEST

START_TEST(test_lint_zones__nothing_in_it__zl_006)
{
    expect(ZONES("{ name = 'z'; kind = 'control'; " SL " }", ""), PS_SEV_WARNING, "ZL-006", "z", "neither");
    expect(ZONES("{ name = 'z'; kind = 'control'; networks = ['10.0.0.0/24']; " SL " }", ""), PS_SEV_WARNING, "ZL-006",
           "z", "names no asset");
    expect(PLANT(OPS "," CTL, "{ name = 'c'; from = 'ops'; to = 'ctl'; " SAID " }", ""), PS_SEV_WARNING, "ZL-006", "c",
           "allows nothing");
}
END_TEST

#define MACS(mac_a, mac_b, between)                                                                                    \
    ZONES("{ name = 'y'; kind = 'control'; " SL " assets = ("                                                          \
          " { name = 'one'; addresses = ['10.0.1.1']; mac = '" mac_a "'; }" between                                    \
          " { name = 'two'; addresses = ['10.0.2.1']; mac = '" mac_b "'; } ); }",                                      \
          "")
#define NEXT_ZONE " ); }, { name = 'z'; kind = 'control'; " SL " assets = ("

START_TEST(test_lint_zones__mac_twice__zl_009)
{
    expect(MACS("02:00:00:00:00:01", "02:00:00:00:00:01", NEXT_ZONE), PS_SEV_ERROR, "ZL-009", "two", "\"one\"");
    expect(MACS("02:00:00:00:00:01", "02:00:00:00:00:01", ","), PS_SEV_WARNING, "ZL-009", "two", "same mac");
    expect_none(MACS("02:00:00:00:00:01", "02:00:00:00:00:02", NEXT_ZONE), "ZL-009", "");
}
END_TEST

START_TEST(test_lint_zones__business_beside_control__zl_020)
{
    expect(ROLES("control", "PLC", "Office PC"), PS_SEV_ERROR, "ZL-020", "z", "\"two\"");
    expect(ROLES("safety", "safety-plc", "erp"), PS_SEV_ERROR, "ZL-020", "z", "\"one\"");
    expect_none(ROLES("control", "plc", "plc"), "ZL-020", "");
    expect_none(ROLES("control", "plc", "office-pc-2"), "ZL-020", "");
}
END_TEST

START_TEST(test_lint_zones__enterprise_beside_control__zl_021)
{
    expect(JOINED("enterprise", "control", ""), PS_SEV_ERROR, "ZL-021", "c",
           "conduit \"c\" joins an enterprise and a control zone with no DMZ between them");
    expect(JOINED("safety", "enterprise", ""), PS_SEV_ERROR, "ZL-021", "c", "a safety and an enterprise");
    expect(JOINED("enterprise", "field", ""), PS_SEV_ERROR, "ZL-021", "c", "DMZ");
    expect(JOINED("enterprise", "operations", ""), PS_SEV_WARNING, "ZL-021", "c", "DMZ");
    expect_none(JOINED("enterprise", "dmz", ""), "ZL-021", "");
    expect_none(JOINED("dmz", "control", ""), "ZL-021", "");
}
END_TEST

START_TEST(test_lint_zones__changes_from_business__zl_022)
{
    expect(GRANTING("dmz", "control", SL, WRITES), PS_SEV_ERROR, "ZL-022", "c/r", "grants write");
    expect(GRANTING("enterprise", "operations", SL, "protocol = 'modbus'; functions = ['force-listen-only'];"),
           PS_SEV_ERROR, "ZL-022", "c/r", "grants control");
    expect(GRANTING("dmz", "control", SL, "protocol = 'tcp'; ports = ['500-510'];"), PS_SEV_ERROR, "ZL-022", "c/r",
           "without inspection");
    expect_none(GRANTING("dmz", "control", SL, "protocol = 'tcp'; ports = ['8443'];"), "ZL-022", "");
    expect_none(GRANTING("dmz", "control", SL, "protocol = 'modbus'; operations = ['read'];"), "ZL-022", "");
    expect_none(GRANTING("operations", "control", SL, WRITES), "ZL-022", "");
}
END_TEST

START_TEST(test_lint_zones__time_from_outside__zl_023)
{
    expect(GRANTING("control", "dmz", SL, "protocol = 'udp'; ports = ['123'];"), PS_SEV_WARNING, "ZL-023", "c/r",
           "NTP");
    expect(GRANTING("control", "dmz", ALL(3), "protocol = 'udp'; ports = ['53'];"), PS_SEV_ERROR, "ZL-023", "c/r",
           "DNS");
    expect(GRANTING("field", "enterprise", SL, "protocol = 'tcp'; ports = ['389'];"), PS_SEV_WARNING, "ZL-023", "c/r",
           "LDAP");
    expect_none(GRANTING("control", "operations", SL, "protocol = 'udp'; ports = ['123'];"), "ZL-023", "");
    expect_none(GRANTING("operations", "control", SL, "protocol = 'udp'; ports = ['123'];"), "ZL-023", "");
    expect_none(GRANTING("control", "dmz", SL, "protocol = 'udp'; ports = ['514'];"), "ZL-023", "");
}
END_TEST

START_TEST(test_lint_zones__safety_beside_control__zl_030)
{
    expect(ROLES("control", "plc", "Safety_PLC"), PS_SEV_ERROR, "ZL-030", "z", "\"two\"");
    expect_none(ROLES("safety", "plc", "safety-plc"), "ZL-030", "");
    expect_none(ROLES("control", "plc", "plc"), "ZL-030", "");
}
END_TEST

START_TEST(test_lint_zones__changes_in_safety__zl_031)
{
    expect(GRANTING("operations", "safety", SL, WRITES), PS_SEV_ERROR, "ZL-031", "c/r", "grants write");
    expect(GRANTING("control", "safety", SL, "protocol = 'tcp'; ports = ['502'];"), PS_SEV_ERROR, "ZL-031", "c/r",
           "without inspection");
    expect(GRANTING("control", "safety", SL, "protocol = 'ip'; ip_protocols = ['47'];"), PS_SEV_ERROR, "ZL-031", "c/r",
           "passes ip from");
    expect(GRANTING("control", "safety", SL, "protocol = 'udp';"), PS_SEV_ERROR, "ZL-031", "c/r", "passes udp from");
    expect_none(GRANTING("control", "safety", SL, "protocol = 'icmp'; icmp_types = ['8'];"), "ZL-031", "");
    expect_none(GRANTING("safety", "safety", SL, WRITES), "ZL-031", "");
    expect_none(GRANTING("operations", "safety", SL, "protocol = 'modbus'; operations = ['read'];"), "ZL-031", "");
    /* The rule lists a class that its objects exclude. */
    expect_none(GRANTING("operations", "safety", SL,
                         "protocol = 'modbus'; operations = ['read', 'write']; objects = ['discrete:0-7'];"),
                "ZL-031", "");
}
END_TEST

#define LEVELS(of_conduit, of_a, of_b)                                                                                 \
    PLANT(                                                                                                             \
        ZONE("a", "operations", 1, of_a) "," ZONE("b", "control", 2, of_b),                                            \
        CONDUIT("c", "a", "b", SAID of_conduit,                                                                        \
                "{ name = 'r'; clients = ['a-1']; servers = ['b-1']; protocol = 'modbus'; operations = ['read']; }"),  \
        "")

#define SAFETY_LEVELS(levels)                                                                                          \
    PLANT(                                                                                                             \
        CTL "," ZONE("sis", "safety", 3, levels),                                                                      \
        CONDUIT(                                                                                                       \
            "c", "ctl", "sis", SAID,                                                                                   \
            "{ name = 'r'; clients = ['ctl-1']; servers = ['sis-1']; protocol = 'modbus'; operations = ['read']; }"),  \
        "")

START_TEST(test_lint_zones__safety_level_below_control__zl_032)
{
    expect(SAFETY_LEVELS("sl_t = [2, 2, 1, 1, 1, 2, 2];"), PS_SEV_WARNING, "ZL-032", "sis", "SI 1");
    expect(SAFETY_LEVELS("sl_t = [2, 2, 2, 1, 1, 2, 1];"), PS_SEV_WARNING, "ZL-032", "sis", "RA 1");
    expect_none(SAFETY_LEVELS("sl_t = [1, 1, 2, 0, 1, 1, 2];"), "ZL-032", "");
    expect_none(SAFETY_LEVELS(""), "ZL-032", "");
    /* Only a control or field zone is compared, and only with a safety zone. */
    expect_none(PLANT(ZONE("a", "operations", 1, ALL(3)) "," ZONE("b", "safety", 2, ALL(2)), LINK("a", "b"), ""),
                "ZL-032", "");
    expect_none(PLANT(ZONE("a", "control", 1, ALL(3)) "," ZONE("b", "control", 2, ALL(2)), LINK("a", "b"), ""),
                "ZL-032", "");
    expect_none(LEVELS("", ALL(3), ALL(2)), "ZL-032", "");
}
END_TEST

#define FAILING(kind_a, kind_b, sl, on_failure)                                                                        \
    PLANT(                                                                                                             \
        ZONE("a", kind_a, 1, sl) "," ZONE("b", kind_b, 2, SL),                                                         \
        CONDUIT("c", "a", "b", "owner = 'o'; purpose = 'p';" on_failure,                                               \
                "{ name = 'r'; clients = ['a-1']; servers = ['b-1']; protocol = 'modbus'; operations = ['read']; }"),  \
        "")

START_TEST(test_lint_zones__safety_conduit_opens__zl_034)
{
    expect(FAILING("control", "safety", SL, "on_failure = 'open';"), PS_SEV_ERROR, "ZL-034", "c", "\"b\"");
    expect(FAILING("safety", "control", SL, "on_failure = 'open';"), PS_SEV_ERROR, "ZL-034", "c", "\"a\"");
    expect_none(FAILING("control", "safety", SL, "on_failure = 'closed';"), "ZL-034", "");
    expect_none(FAILING("operations", "control", SL, "on_failure = 'open';"), "ZL-034", "");
}
END_TEST

START_TEST(test_lint_zones__asset_in_the_wrong_kind__zl_040_050_060)
{
    expect(ROLES("control", "plc", "laptop"), PS_SEV_WARNING, "ZL-040", "two", "temporary");
    expect_none(ROLES("temporary", "laptop", "calibrator"), "ZL-040", "");
    expect(ROLES("control", "plc", "access point"), PS_SEV_WARNING, "ZL-050", "two", "wireless");
    expect_none(ROLES("wireless", "tablet", "access-point"), "ZL-050", "");
    expect(ROLES("control", "plc", "vpn-gateway"), PS_SEV_WARNING, "ZL-060", "two", "remote");
    expect_none(ROLES("remote", "vpn-gateway", "modem"), "ZL-060", "");
    expect_none(ROLES("dmz", "vpn-gateway", "modem"), "ZL-060", "");
}
END_TEST

START_TEST(test_lint_zones__temporary_zone_for_good__zl_041)
{
    expect(JOINED("temporary", "control", ""), PS_SEV_ERROR, "ZL-041", "c", "for good");
    expect_none(JOINED("operations", "control", ""), "ZL-041", "");
    expect_none(PLANT(ZONE("a", "temporary", 1, SL) "," CTL, "{ name = 'c'; from = 'a'; to = 'ctl'; " SAID " }", ""),
                "ZL-041", "");
}
END_TEST

START_TEST(test_lint_zones__remote_straight_in__zl_063)
{
    expect(JOINED("remote", "control", ""), PS_SEV_ERROR, "ZL-063", "c", "straight");
    expect(JOINED("remote", "operations", ""), PS_SEV_WARNING, "ZL-063", "c", "straight");
    expect_none(JOINED("remote", "dmz", ""), "ZL-063", "");
    expect_none(JOINED("control", "remote", ""), "ZL-063", "");
}
END_TEST

START_TEST(test_lint_zones__office_services__zl_064)
{
    expect(GRANTING("control", "operations", SL, "protocol = 'tcp'; ports = ['25'];"), PS_SEV_ERROR, "ZL-064", "c/r",
           "mail");
    expect(GRANTING("operations", "control", SL, "protocol = 'tcp'; ports = ['445'];"), PS_SEV_ERROR, "ZL-064", "c/r",
           "SMB");
    expect(GRANTING("control", "dmz", SL, "protocol = 'tcp'; ports = ['443'];"), PS_SEV_ERROR, "ZL-064", "c/r", "web");
    expect_none(GRANTING("operations", "control", SL, "protocol = 'tcp'; ports = ['443'];"), "ZL-064", "");
    expect_none(GRANTING("operations", "dmz", SL, "protocol = 'tcp'; ports = ['25'];"), "ZL-064", "");
}
END_TEST

START_TEST(test_lint_zones__no_levels__zl_070)
{
    expect(ZONES(ZONE("z", "control", 1, ""), ""), PS_SEV_WARNING, "ZL-070", "z", "sl_t");
    expect_none(ZONES(ZONE("z", "enterprise", 1, ""), ""), "ZL-070", "");
    expect_none(ZONES(ZONE("z", "control", 1, ALL(0)), ""), "ZL-070", "");
}
END_TEST

START_TEST(test_lint_zones__no_kind__warning_without_id)
{
    expect(ZONES("{ name = 'z'; " SL " networks = ['10.0.0.0/24']; }", ""), PS_SEV_WARNING, "", "z", "kind");
    expect_none(ZONES(OPS, ""), "", "kind");
}
END_TEST

START_TEST(test_lint_zones__conduit_below_its_zones__zl_071)
{
    expect(LEVELS(ALL(2), ALL(2), ALL(3)), PS_SEV_WARNING, "ZL-071", "c", "zone \"b\"");
    expect(LEVELS(ALL(2), ALL(3), ALL(2)), PS_SEV_WARNING, "ZL-071", "c", "zone \"a\"");
    expect_none(LEVELS(ALL(3), ALL(2), ALL(3)), "ZL-071", "");
    expect_none(LEVELS("", ALL(2), ALL(3)), "ZL-071", "");
    /* DC, TRE and RA are not compared. */
    expect_none(LEVELS("sl_t = [3, 3, 3, 0, 3, 0, 0];", ALL(2), ALL(3)), "ZL-071", "");
}
END_TEST

START_TEST(test_lint_zones__levels_far_apart__zl_072)
{
    expect(LEVELS("", ALL(1), "sl_t = [1, 1, 1, 1, 1, 1, 3];"), PS_SEV_WARNING, "ZL-072", "c", "RA 1");
    expect(LEVELS("", ALL(3), ALL(1)), PS_SEV_WARNING, "ZL-072", "c", "IAC 3");
    expect_none(LEVELS("", ALL(1), ALL(2)), "ZL-072", "");
    expect_none(LEVELS("", "", ALL(3)), "ZL-072", "");
}
END_TEST

#define SAYING(more) PLANT(OPS "," CTL, CONDUIT("c", "ops", "ctl", more, READ("r")), "")

START_TEST(test_lint_zones__nobody_owns_it__zl_081)
{
    expect(SAYING("purpose = 'p';"), PS_SEV_WARNING, "ZL-081", "c", "say who owns it; add owner = \"...\"");
    expect(SAYING("owner = 'o';"), PS_SEV_WARNING, "ZL-081", "c", "say what it is for; add purpose");
    expect(SAYING(""), PS_SEV_WARNING, "ZL-081", "c",
           "say who owns it and what it is for; add owner = \"...\" and purpose");
    expect_none(SAYING(SAID), "ZL-081", "");
}
END_TEST

#define BACK(protocol)                                                                                                 \
    PLANT(OPS "," CTL,                                                                                                 \
          CONDUIT("c", "ops", "ctl", SAID, READ("r")) "," CONDUIT(                                                     \
              "d", "ctl", "ops", SAID, "{ name = 'r'; clients = ['ctl-1']; servers = ['ops-1']; " protocol " }"),      \
          "")

START_TEST(test_lint_zones__both_ways__zl_082)
{
    expect(BACK("protocol = 'modbus'; operations = ['read'];"), PS_SEV_WARNING, "ZL-082", "d", "\"c\"");
    expect_none(BACK("protocol = 'udp'; ports = ['514'];"), "ZL-082", "");
}
END_TEST

#define MODBUS(what) GRANTING("operations", "control", SL, "protocol = 'modbus'; " what)

START_TEST(test_lint_zones__dangerous_for_good__zl_083)
{
    expect(MODBUS("functions = ['force-listen-only'];"), PS_SEV_ERROR, "ZL-083", "c/r", "control");
    expect(MODBUS("operations = ['file', 'program'];"), PS_SEV_ERROR, "ZL-083", "c/r", "program and file");
    expect(MODBUS("operations = ['opaque'];"), PS_SEV_ERROR, "ZL-083", "c/r", "opaque");
    expect_none(GRANTING("operations", "control", SL, "protocol = 'dnp3'; functions = ['read', 'select'];"), "ZL-083", "");
    expect(GRANTING("operations", "control", SL, "protocol = 'dnp3'; functions = ['read', 'open-file'];"), PS_SEV_ERROR,
           "ZL-083", "c/r", "list in operations what is needed of read and file");
    expect(GRANTING("operations", "control", SL, "protocol = 'dnp3'; functions = ['write'];"), PS_SEV_ERROR, "ZL-083", "c/r",
           "list in operations what is needed of write, program, file, time and session");
    expect_none(GRANTING("operations", "control", SL, "protocol = 'dnp3'; functions = ['write']; objects = ['g80v1:7'];"),
                "ZL-083", "");
    expect(MODBUS("operations = ['diagnose'];"), PS_SEV_WARNING, "ZL-083", "c/r", "diagnose");
    expect(MODBUS("stations = ['1', '0-3']; functions = ['write-single-coil'];"), PS_SEV_WARNING, "ZL-083", "c/r",
           "station 0");
    expect_none(MODBUS("stations = ['0-3']; operations = ['read'];"), "ZL-083", "");
    expect_none(MODBUS("stations = ['1-3']; functions = ['write-single-coil'];"), "ZL-083", "");
    expect_none(MODBUS("operations = ['read', 'write', 'identify'];"), "ZL-083", "");
}
END_TEST

START_TEST(test_lint_zones__dangerous_in_a_first_draft__only_warned)
{
    expect(PLANT("{ name = 'a'; assets = ( { name = 'a-1'; addresses = ['10.0.1.1']; } ); }," CTL,
                 CONDUIT("c", "a", "ctl", SAID,
                         "{ name = 'r'; clients = ['a-1']; servers = ['ctl-1']; protocol = 'modbus'; operations = "
                         "['program']; }"),
                 ""),
           PS_SEV_WARNING, "ZL-083", "c/r", "program");
}
END_TEST

/* The example of the policy's design, as far as its protocols are known: nothing in it is an error. */
START_TEST(test_lint_zones__example_of_the_plant_file__no_errors)
{
    struct ps_diags diags = plant_lint(ZONES(
        "{ name = 'supervisory'; kind = 'operations'; sl_t = [2, 2, 2, 1, 2, 2, 2]; networks = ['10.20.1.0/24'];"
        " assets = ( { name = 'scada-1'; addresses = ['10.20.1.10', 'fd00:20:1::10']; mac = '00:1b:1b:aa:00:10';"
        " role = 'hmi'; }, { name = 'eng-ws'; addresses = ['10.20.1.20']; role = 'engineering'; } ); },"
        "{ name = 'control'; kind = 'control'; sl_t = 2; networks = ['10.20.2.0/24']; vlans = [20];"
        " assets = ( { name = 'plc-1'; addresses = ['10.20.2.11']; }, { name = 'cell-3'; addresses = ['10.20.2.31']; } "
        "); }",
        "conduits = ( { name = 'scada-to-control'; from = 'supervisory'; to = 'control'; purpose = 'p'; owner = 'o';"
        " on_failure = 'closed'; allow = ("
        " { name = 'poll'; clients = ['scada-1']; servers = ['plc-1']; protocol = 'modbus'; stations = ['1-8'];"
        " operations = ['read']; },"
        " { name = 'setpoints'; clients = ['scada-1']; servers = ['plc-1']; protocol = 'modbus';"
        " functions = ['write-single-register', 'write-multiple-registers']; objects = ['holding:40-47'];"
        " values = ['0..1000']; },"
        " { name = 'ntp'; servers = ['cell-3']; protocol = 'udp'; ports = ['123']; } ); } );"
        "gateways = ( { name = 'gw-1'; ports = ( { name = 'plant'; zones = ['supervisory']; },"
        " { name = 'field'; zones = ['control']; } ); } );"));

    ck_assert_uint_eq(diags.n_errors, 0);
    ck_assert_ptr_nonnull(
        finding(&diags, "", "scada-to-control/ntp", "rule \"ntp\" passes udp/123 without inspection"));
    ck_assert_ptr_nonnull(finding(&diags, "ZL-080", "scada-to-control/ntp", "add clients"));
    ck_assert_uint_eq(diags.n_warnings, 2);
    ps_diags_fini(&diags);
}
END_TEST

START_TEST(test_lint_zones__unbounded_write__zl_084)
{
    expect(MODBUS("functions = ['write-single-register']; objects = ['holding:40-47'];"), PS_SEV_WARNING, "ZL-084",
           "c/r", "rule \"r\" writes without a value bound; add values = [\"min..max\"]");
    expect(MODBUS("functions = ['write-single-register']; values = ['0..9'];"), PS_SEV_WARNING, "ZL-084", "c/r",
           "without an address range; add");
    expect(MODBUS("functions = ['write-single-register'];"), PS_SEV_WARNING, "ZL-084", "c/r", "or a value bound");
    expect(MODBUS("operations = ['write'];"), PS_SEV_WARNING, "ZL-084", "c/r", "");
    expect_none(MODBUS("functions = ['write-single-coil']; objects = ['coil:0-3'];"), "ZL-084", "");
    expect_none(MODBUS("functions = ['write-single-register']; objects = ['holding:1']; values = ['0..9'];"), "ZL-084",
                "");
    expect_none(MODBUS("operations = ['read'];"), "ZL-084", "");
}
END_TEST

/* The high zone is the one that serves. */
#define JOINED_BACK(sl, on_failure)                                                                                    \
    PLANT(ZONE("a", "operations", 1, "") "," ZONE("b", "control", 2, sl),                                              \
          "{ name = 'c'; from = 'a'; to = 'b'; " on_failure " }", "")

START_TEST(test_lint_zones__on_failure__zl_089)
{
    expect(FAILING("operations", "control", SL, ""), PS_SEV_WARNING, "ZL-089", "c", "on_failure");
    expect(FAILING("operations", "control", ALL(3), "on_failure = 'open';"), PS_SEV_ERROR, "ZL-089", "c", "RDF");
    expect(FAILING("operations", "control", "", "sl_t = 3; on_failure = 'open';"), PS_SEV_ERROR, "ZL-089", "c", "RDF");
    expect(JOINED_BACK(ALL(3), "on_failure = 'open';"), PS_SEV_ERROR, "ZL-089", "c", "RDF");
    expect_none(FAILING("operations", "control", "", "sl_t = 2; on_failure = 'open';"), "ZL-089", "");
    expect_none(FAILING("operations", "control", ALL(3), "on_failure = 'closed';"), "ZL-089", "");
    expect_none(FAILING("operations", "control", SL, "on_failure = 'open';"), "ZL-089", "");
    expect(FAILING("operations", "control", SL, "on_failure = 'open';"), PS_SEV_WARNING, "", "c", "no look into messages");
    expect_none(FAILING("operations", "control", SL, "on_failure = 'closed';"), "", "no look into messages");
    expect_none(FAILING("operations", "safety", SL, "on_failure = 'open';"), "", "no look into messages");
}
END_TEST

#define GOES_ON(more, rule)                                                                                            \
    PLANT(OPS "," CTL, CONDUIT("c", "ops", "ctl", SAID " midstream = 'resume';" more, "{ name = 'r'; " ENDS rule " }"), \
          "")

START_TEST(test_lint_zones__midstream_that_says_nothing__warning_without_id)
{
    static const char words[] = "says nothing";
    expect_none(GOES_ON("", "protocol = 'modbus'; operations = ['read'];"), "", words);
    expect(GOES_ON("mode = 'monitor';", "protocol = 'modbus'; operations = ['read'];"), PS_SEV_WARNING, "", "c", words);
    expect(GOES_ON("", "protocol = 'modbus'; transport = 'udp'; operations = ['read'];"), PS_SEV_WARNING, "", "c", words);
    expect(GOES_ON("", "protocol = 'tcp'; ports = ['80'];"), PS_SEV_WARNING, "", "c", words);
    expect(GOES_ON("", "protocol = 's7comm-plus'; operations = ['read'];"), PS_SEV_WARNING, "", "c", words);
}
END_TEST

UNIT_MAIN("compile/lint_zones", test_lint_zones__good_plant__nothing, test_lint_zones__conduit_of_one_zone__zl_004,
          test_lint_zones__nothing_in_it__zl_006, test_lint_zones__mac_twice__zl_009,
          test_lint_zones__business_beside_control__zl_020, test_lint_zones__enterprise_beside_control__zl_021,
          test_lint_zones__changes_from_business__zl_022, test_lint_zones__time_from_outside__zl_023,
          test_lint_zones__safety_beside_control__zl_030, test_lint_zones__changes_in_safety__zl_031,
          test_lint_zones__safety_level_below_control__zl_032, test_lint_zones__safety_conduit_opens__zl_034,
          test_lint_zones__asset_in_the_wrong_kind__zl_040_050_060, test_lint_zones__temporary_zone_for_good__zl_041,
          test_lint_zones__remote_straight_in__zl_063, test_lint_zones__office_services__zl_064,
          test_lint_zones__no_levels__zl_070, test_lint_zones__no_kind__warning_without_id,
          test_lint_zones__conduit_below_its_zones__zl_071, test_lint_zones__levels_far_apart__zl_072,
          test_lint_zones__nobody_owns_it__zl_081, test_lint_zones__both_ways__zl_082,
          test_lint_zones__dangerous_for_good__zl_083, test_lint_zones__dangerous_in_a_first_draft__only_warned,
          test_lint_zones__example_of_the_plant_file__no_errors, test_lint_zones__unbounded_write__zl_084,
          test_lint_zones__on_failure__zl_089, test_lint_zones__midstream_that_says_nothing__warning_without_id)
