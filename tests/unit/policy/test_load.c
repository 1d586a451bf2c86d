/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * load.c and what it calls: values that arrive in the model, limits, places, speed. Messages word by word are golden.
 */
#include "policy.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "findings.h"
#include "source.h"

#define HEAD "schema = 1; revision = 7;\n"

static struct ps_diags diags;

static struct ps_model *parse(const char *text)
{
    ps_diags_init(&diags);
    return ps_policy_parse(text, "plant.conf", &diags);
}

static void done(struct ps_model *model)
{
    ps_model_free(model);
    ps_diags_fini(&diags);
}

/* One rule of a small plant, with the given text. */
static struct ps_model *parse_rule(const char *rule)
{
    char text[2048];
    snprintf(text, sizeof text,
             HEAD "zones = ( { name = \"a\"; assets = ( { name = \"a1\"; addresses = [\"10.0.0.1\"]; } ); },\n"
                  "{ name = \"b\"; assets = ( { name = \"b1\"; addresses = [\"10.0.1.1\"]; } ); } );\n"
                  "conduits = ( { name = \"c\"; from = \"a\"; to = \"b\"; allow = (\n{ name = \"r\"; %s }\n); } );",
             rule);
    return parse(text);
}

START_TEST(test_ps_policy_parse__a_plant__every_value_arrives)
{
    struct ps_model *m =
        parse_rule("clients = [\"a1\"]; servers = [\"b1\"]; protocol = \"modbus\"; transport = \"udp\";\n"
                   "ports = [502, \"600-610\"]; stations = [\"1-8\", 12];\noperations = [\"read\"];\n"
                   "functions = [6];\nobjects = [\"4x00041-4x00048\"];\nvalues = [\"0..1000\", 7];\n"
                   "max_quantity = 8; max_outstanding = 2; response_timeout = 1.25;");
    ck_assert_msg(m != NULL, "%s", diags.n ? diags.items[0].text : "");
    ck_assert_uint_eq(m->revision, 7);
    ck_assert_uint_eq(m->n_zones, 2);
    ck_assert_uint_eq(m->n_assets, 2);
    ck_assert_uint_eq(m->assets[1].zone, 1);
    ck_assert_uint_eq(ps_addr_v4(m->assets[1].addresses[0]), 0x0a000101);
    ck_assert_uint_eq(m->conduits[0].from, 0);
    ck_assert_uint_eq(m->conduits[0].to, 1);
    ck_assert_uint_eq(m->conduits[0].src.line, 4);
    const struct ps_rule *rule = &m->rules[0];
    ck_assert_uint_eq(rule->protocol, PS_PROTOCOL_MODBUS);
    ck_assert(rule->udp);
    ck_assert_uint_eq(rule->n_clients, 1);
    ck_assert_uint_eq(rule->clients[0], 0);
    ck_assert_uint_eq(rule->servers[0], 1);
    ck_assert_uint_eq(rule->n_ports, 2);
    ck_assert_uint_eq(rule->ports[1].last, 610);
    ck_assert_uint_eq(rule->stations[0].last, 8);
    ck_assert_uint_eq(rule->stations[1].first, 12);
    ck_assert_uint_eq(rule->ops, PS_OP_BIT(PS_OP_READ));
    ck_assert(rule->has_functions);
    ck_assert_uint_eq(rule->n_objects, 1);
    ck_assert_uint_eq(rule->objects[0].first, 40);
    ck_assert_uint_eq(rule->objects[0].last, 47);
    ck_assert_double_eq(rule->values[0].max, 1000);
    ck_assert_double_eq(rule->values[1].min, 7);
    ck_assert_uint_eq(rule->max_quantity, 8);
    ck_assert_uint_eq(rule->max_outstanding, 2);
    ck_assert_uint_eq(rule->timeout_ms, 1250);
    ck_assert_uint_eq(rule->src.line, 5);
    ck_assert_uint_eq(rule->functions_src.line, 8);
    ck_assert_uint_eq(rule->objects_src.line, 9);
    ck_assert_uint_eq(rule->values_src.line, 10);
    done(m);
}
END_TEST

START_TEST(test_ps_policy_parse__keys_left_out__defaults)
{
    struct ps_model *m =
        parse(HEAD "zones = ( { name = \"a\"; } ); conduits = ( { name = \"c\"; from = \"a\"; to = \"a\"; } );");
    ck_assert_ptr_nonnull(m);
    ck_assert_str_eq(m->site, "");
    ck_assert_uint_eq(m->zones[0].kind, PS_ZONE_UNSET);
    ck_assert(!m->zones[0].has_sl_t);
    ck_assert(!m->zones[0].intra_allow);
    ck_assert_uint_eq(m->conduits[0].mode, PS_MODE_ENFORCE);
    ck_assert_uint_eq(m->conduits[0].on_deny, PS_ON_DENY_RESET);
    ck_assert_uint_eq(m->conduits[0].on_failure, PS_ON_FAILURE_UNSET);
    ck_assert_ptr_null(m->conduits[0].owner);
    ck_assert_uint_eq(m->conduits[0].answer_code, 0);
    ck_assert_uint_eq(m->conduits[0].fragments, PS_FRAGMENTS_REFUSE);
    ck_assert_uint_eq(m->conduits[0].segments, PS_SEGMENTS_ANY);
    ck_assert_uint_eq(m->conduits[0].midstream, PS_MIDSTREAM_RESET);
    ck_assert_uint_eq(m->conduits[0].fallback, PS_FALLBACK_DENY);
    ck_assert_uint_eq(m->conduits[0].hold_ms, 0);
    ck_assert_uint_eq(m->conduits[0].max_half_open, 0);
    ck_assert_uint_eq(m->conduits[0].max_new_flows, 0);
    done(m);
}
END_TEST

START_TEST(test_ps_policy_parse__wrong_words__located_with_a_remedy)
{
    static const struct {
        const char *rule, *finding;
    } cases[] = {
        {"protocol = \"modbus\"; functions = [\"write-single-registers\"];",
         "functions: unknown word \"write-single-registers\"; did you mean \"write-single-register\"?"},
        {"protocol = \"modbus\"; operations = [\"reed\"];",
         "operations: unknown word \"reed\"; did you mean \"read\"?"},
        {"protocol = \"modbus\"; operations = [\"read\"]; objects = [\"holdings:4\"];",
         "objects: unknown space \"holdings\"; did you mean \"holding\"?"},
        {"protocol = \"modbus\"; operations = [\"read\"]; clients = [];",
         "clients: the list is empty; leave the key out to mean everybody"},
        {"protocol = \"modbus\"; operations = [\"read\"]; clients = [\"b1\"];",
         "is in zone \"b\", not in the from zone \"a\""},
        {"protocol = \"modbus\"; operations = [\"read\"]; servers = [\"a1\"];",
         "is in zone \"a\", not in the to zone \"b\""},
        {"protocol = \"modbus\"; operations = [\"read\"]; servers = [\"b1\", \"b1\"];", "asset \"b1\" stands twice"},
        {"protocol = \"modbus\"; operations = [\"read\"]; servers = [\"b\"];", "\"b\" is a zone"},
        {"protocol = \"modbus\"; operations = [\"read\"]; port = [1];",
         "unknown key \"port\" in a rule; did you mean \"ports\"?"},
        {"protocol = \"modbus\"; operations = [\"read\"]; values = [\"9..1\"];", "write \"1..9\""},
        {"protocol = \"modbus\"; operations = [\"read\"]; ethertypes = [\"0x8892\"];",
         "does not fit protocol \"modbus\""},
        {"protocol = \"modbus\";", "names neither operations nor functions"},
        {"protocol = \"tcp\"; operations = [\"read\"];", "key \"operations\" does not fit protocol \"tcp\""},
        {"protocol = \"tcp\"; ports = [0];", "ports: \"0\" is outside 1 to 65535"},
        {"protocol = \"s7com\"; types = [\"real\"];", "unknown protocol \"s7com\"; did you mean \"s7comm\"?"},
        {"protocol = \"modbus\"; operations = [\"read\"]; types = [\"real\"];",
         "key \"types\" does not fit protocol \"modbus\""},
        {"protocol = \"s7comm\"; operations = [\"read\"]; max_quantity = 3;", "does not fit protocol \"s7comm\""},
        {"protocol = \"s7comm\"; operations = [\"read\"]; typs = [\"real\"];", "did you mean \"types\"?"},
        {"protocol = \"s7comm\"; operations = [\"read\"]; colour = 1;",
         "unknown key \"colour\" in a rule; remove it: there are name, clients, servers, protocol, transport, ports, stations, "
         "operations, functions, max_outstanding, response_timeout, objects, values and types"},
        {"protocol = \"s7comm\"; operations = [\"read\"]; types = [\"rel\"];",
         "types: unknown word \"rel\"; did you mean \"real\"?"},
        {"protocol = \"s7comm\"; operations = [\"read\"]; types = [\"0x20-0xff\"];",
         "types: \"0x20-0xff\" is no number or range from 0x00 to 0x"},
        {"protocol = \"s7comm\"; operations = [\"read\"]; types = [];", "the list is empty; leave the key out to mean all"},
        {"protocol = \"s7comm\"; operations = [\"read\"]; stations = [\"2\"];",
         "stations: \"2\" is no station of s7comm; write rack and slot"},
        {"protocol = \"s7comm\"; operations = [\"read\"]; stations = [2];", "stations: is a number; write a text"},
        {"protocol = \"s7comm\"; operations = [\"read\"]; objects = [\"db:0\"];",
         "objects: \"db:0\" needs the number of the space; write one like \"db1:0-9\""},
        {"protocol = \"s7comm\"; operations = [\"read\"]; objects = [\"m:3.8\"];",
         "\"m:3.8\" has something left over behind the range; write one like \"m:0-9\""},
        {"protocol = \"s7comm\"; operations = [\"read\"]; objects = [\"szl:0x10000\"];",
         "write one like \"szl:0x0000-0x0009\""},
        {"protocol = \"s7comm\"; operations = [\"read\"]; objects = [\"bd10:0\"];", "unknown space \"bd10\""},
        {"protocol = \"s7comm\"; operations = [\"read\"]; objects = [\"DB10:0-3\"];", "\"DB10:0-3\" has capitals; write \"db10:0-3\""},
        {"protocol = \"s7comm\"; operations = [\"read\"]; objects = [\"szl:0132\"];",
         "\"szl:0132\" has a number with 0 in front, which here is mostly meant in hexadecimal, 0x; write one like"},
        {"protocol = \"s7comm\"; operations = [\"read\"]; objects = [\"DB10,INT0\"];", "write one like \"db1:0-9\""},
        {"protocol = \"s7comm\"; functions = [\"stop\"];", "did you mean \"plc-stop\"?"},
        {"protocol = \"s7comm\"; functions = [\"szl\"];", "did you mean \"read-szl\"?"},
        {"protocol = \"ip\"; ip_protocols = [6];", "protocol = \"tcp\""},
        {"protocol = \"ethernet\";", "has no \"ethertypes\""},
        {"operations = [\"read\"];", "has no \"protocol\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ps_model *m = parse_rule(cases[i].rule);
        ck_assert_ptr_null(m);
        ck_assert_uint_eq(diags.n, 1);
        ck_assert_finding(&diags, 5, cases[i].finding);
        ck_assert_str_eq(diags.items[0].at, "c/r");
        done(m);
    }
}
END_TEST

/* The last acceptance line of the loader: text that ends too early still gives the mistakes that can be seen. */
START_TEST(test_ps_policy_parse__unclosed__bracket_and_address)
{
    struct ps_model *m = parse("zones = ( { name = \"a\"; networks = [\"10.0.0.0/33\"]; } ");
    ck_assert_ptr_null(m);
    ck_assert_uint_eq(diags.n, 2);
    ck_assert_finding(&diags, 1, "\"(\" is never closed");
    ck_assert_finding(&diags, 1, "\"10.0.0.0/33\": prefix is 0 to 32 for IPv4");
    done(m);
}
END_TEST

START_TEST(test_ps_policy_load__no_such_file__one_finding)
{
    ps_diags_init(&diags);
    ck_assert_ptr_null(ps_policy_load("absent.conf", &diags));
    ck_assert_uint_eq(diags.n, 1);
    ck_assert_str_eq(diags.items[0].file, "absent.conf");
    done(NULL);
    struct ps_policy_tests tests;
    ps_diags_init(&diags);
    ck_assert(!ps_policy_tests_load("absent.conf", &tests, &diags));
    ck_assert_uint_eq(diags.n, 1);
    done(NULL);
}
END_TEST

/* ---- size ------------------------------------------------------------------------------------------------------ */

struct text {
    char *s;
    size_t len;
    FILE *out;
};

static void text_begin(struct text *text)
{
    *text = (struct text){0};
    text->out = open_memstream(&text->s, &text->len);
    ck_assert_ptr_nonnull(text->out);
    fputs(HEAD, text->out);
}

static struct ps_model *text_parse(struct text *text)
{
    fclose(text->out);
    struct ps_model *m = parse(text->s);
    free(text->s);
    return m;
}

START_TEST(test_ps_policy_parse__one_above_a_limit__told_where)
{
    struct text text;
    text_begin(&text);
    fputs("zones = (\n", text.out);
    for (unsigned i = 0; i <= PS_MAX_ZONES; i++)
        fprintf(text.out, "{ name = \"z%u\"; },\n", i);
    fputs(");", text.out);
    ck_assert_ptr_null(text_parse(&text));
    ck_assert_uint_eq(diags.n, 1);
    ck_assert_finding(&diags, 3 + PS_MAX_ZONES, "4097 entries where at most 4096 fit");
    done(NULL);

    text_begin(&text);
    fputs("zones = ( { name = \"z\"; assets = (\n", text.out);
    for (unsigned i = 0; i <= PS_MAX_ASSETS; i++)
        fprintf(text.out, "{ name = \"a%u\"; addresses = [\"10.%u.%u.%u\"]; },\n", i, i >> 16, i >> 8 & 255, i & 255);
    fputs("); } );", text.out);
    ck_assert_ptr_null(text_parse(&text));
    ck_assert_uint_eq(diags.n, 1);
    ck_assert_finding(&diags, 3 + PS_MAX_ASSETS, "entries where at most 100000 fit");
    done(NULL);

    text_begin(&text);
    fputs("zones = ( { name = \"a\"; }, { name = \"b\"; } ); conduits = (\n", text.out);
    for (unsigned i = 0; i <= PS_MAX_CONDUITS; i++)
        fprintf(text.out, "{ name = \"c%u\"; from = \"a\"; to = \"b\"; },\n", i);
    fputs(");", text.out);
    ck_assert_ptr_null(text_parse(&text));
    ck_assert_uint_eq(diags.n, 1);
    ck_assert_finding(&diags, 3 + PS_MAX_CONDUITS, "conduits: 100001 entries where at most 100000 fit");
    done(NULL);
}
END_TEST

/* Conduits are read in batches (source.h): what is said about one is what would be said of the whole list. */
START_TEST(test_ps_policy_parse__many_conduits__each_on_its_line)
{
    enum { N = 3 * PS_SOURCE_BATCH + 5, FIRST_LINE = 5 };
    static const char *const odd[N] = {
        [40] = "\"no group\"", [64] = "{ name = \"c31\"; from = \"a\"; to = \"b\"; }",
        [70] = "{ name = \"x\"; from = \"a\"; to = \"b\"; purpos = \"y\"; }",
        [98] = "{ name = \"y\"; from = \"a\"; to = \"c\"; allow = ( { name = \"r\"; protocol = \"modbus\"; } ); }",
    };
    struct text text;
    text_begin(&text);
    fputs("zones = ( { name = \"a\"; },\n { name = \"b\"; } );\nconduits = (\n", text.out);
    for (unsigned i = 0; i < N; i++) {
        if (odd[i])
            fprintf(text.out, "%s,\n", odd[i]);
        else
            fprintf(text.out, "{ name = \"c%u\"; from = \"a\"; to = \"b\"; allow = ( { name = \"p\"; protocol = \"tcp\"; } ); },\n", i);
    }
    fputs(");\nsite = 5;\n", text.out);
    ck_assert_ptr_null(text_parse(&text));
    ck_assert_uint_eq(diags.n, 6);
    ck_assert_finding(&diags, FIRST_LINE + 40, "conduits: entry 41 is a text");
    ck_assert_finding(&diags, FIRST_LINE + 64, "conduit \"c31\" is there already, on line 36 of plant.conf");
    ck_assert_finding(&diags, FIRST_LINE + 70, "unknown key \"purpos\" in a conduit; did you mean \"purpose\"?");
    ck_assert_finding(&diags, FIRST_LINE + 98, "unknown zone \"c\"");
    ck_assert_finding(&diags, FIRST_LINE + 98, "a rule names neither operations nor functions");
    ck_assert_finding(&diags, FIRST_LINE + N + 1, "site: is a number");
    done(NULL);
}
END_TEST

/* 10,000 conduits in well under 0.3 s; the bound leaves room for sanitizers and busy machines. */
START_TEST(test_ps_policy_parse__ten_thousand_conduits__quick)
{
    enum { N_ZONES = 101, N = 10000 };
    struct text text;
    text_begin(&text);
    fputs("zones = (\n", text.out);
    for (unsigned i = 0; i < N_ZONES; i++)
        fprintf(text.out,
                "{ name = \"zone-%u\"; assets = ( { name = \"asset-%u\"; addresses = [\"10.0.0.%u\"]; } ); },\n", i, i,
                i + 1);
    fputs(");\nconduits = (\n", text.out);
    for (unsigned i = 0; i < N; i++)
        fprintf(text.out,
                "{ name = \"conduit-%u\"; from = \"zone-%u\"; to = \"zone-%u\"; allow = ( { name = \"poll\"; clients = "
                "[\"asset-%u\"];"
                " servers = [\"asset-%u\"]; protocol = \"modbus\"; operations = [\"read\"]; objects = "
                "[\"holding:0-%u\"]; } ); },\n",
                i, i % N_ZONES, i / N_ZONES, i % N_ZONES, i / N_ZONES, i);
    fputs(");", text.out);
    clock_t start = clock();
    struct ps_model *m = text_parse(&text);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    ck_assert_ptr_nonnull(m);
    ck_assert_uint_eq(m->n_rules, N);
    ck_assert_double_lt(seconds, 3.0);
    done(m);
}
END_TEST

UNIT_MAIN("policy/load", test_ps_policy_parse__a_plant__every_value_arrives,
          test_ps_policy_parse__keys_left_out__defaults, test_ps_policy_parse__wrong_words__located_with_a_remedy,
          test_ps_policy_parse__unclosed__bracket_and_address, test_ps_policy_load__no_such_file__one_finding,
          test_ps_policy_parse__one_above_a_limit__told_where, test_ps_policy_parse__many_conduits__each_on_its_line,
          test_ps_policy_parse__ten_thousand_conduits__quick)
