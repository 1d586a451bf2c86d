/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <time.h>

#include "../match/plant.h"
#include "build.h"

static struct ps_diags errors_of(const char *text)
{
    struct ps_diags diags;
    size_t len;
    ps_diags_init(&diags);
    struct ps_model *model = plant_model(text, &diags);
    ck_assert_msg(model != NULL, "%s", diags.n > 0 ? diags.items[0].text : "");
    uint8_t *image = ps_compile(model, &diags, &len);
    ck_assert_int_eq(image == NULL, diags.n_errors > 0);
    free(image);
    ps_model_free(model);
    return diags;
}

/* An error on this line that holds these words. */
static bool has_error(const struct ps_diags *diags, uint32_t line, const char *words)
{
    for (size_t i = 0; i < diags->n; i++)
        if (diags->items[i].severity == PS_SEV_ERROR && diags->items[i].line == line &&
            strstr(diags->items[i].text, words))
            return true;
    return false;
}

/* ---- addresses ------------------------------------------------------------------------------------------------- */

/* Zone a on line 2, zone b on line 4, each with networks and assets on the line behind. */
#define TWO(nets_a, assets_a, nets_b, assets_b)                                                                        \
    HEAD "zones = (\n{ name = 'a'; " nets_a "\n" assets_a " },\n{ name = 'b'; " nets_b "\n" assets_b " } );"
#define NETS(list) "networks = [" list "];"
#define ASSETS(list) "assets = (" list ");"
#define ASSET(name, addresses) "{ name = '" name "'; addresses = [" addresses "]; }"

START_TEST(test_ps_compile__addresses__belong_to_one_zone_and_asset)
{
    static const struct {
        const char *text;
        uint32_t line; /* 0: no error */
        const char *words;
    } rows[] = {
        {TWO(NETS("'10.0.0.0/24'"), "", NETS("'10.0.1.0/24'"), ""), 0, ""},
        {TWO(NETS("'10.0.0.0/24', '10.0.0.0/16'"), "", NETS("'10.1.0.0/24'"), ""), 0, ""}, /* nested in one zone */
        {TWO(NETS("'10.0.0.0/16'"), "", NETS("'10.0.1.0/24'"), ""), 4, "overlaps network 10.0.0.0/16 of zone \"a\""},
        {TWO(NETS("'10.0.1.0/24'"), "", NETS("'10.0.0.0/16'"), ""), 2, "overlaps network 10.0.0.0/16 of zone \"b\""},
        {TWO(NETS("'10.0.0.0/24'"), "", NETS("'10.0.0.0/24'"), ""), 4, "overlaps"},
        {TWO(NETS("'fd00::/16'"), "", NETS("'fd00:1::/64'"), ""), 4, "overlaps network fd00::/16"},
        {TWO(NETS("'0.0.0.0/0'"), "", "", ASSETS(ASSET("x", "'10.0.0.1'"))), 5, "in network 0.0.0.0/0 of zone \"a\""},
        {TWO(NETS("'10.0.0.0/24'"), ASSETS(ASSET("x", "'10.0.0.1'")), "", ""), 0, ""},
        {TWO(NETS("'10.0.0.0/24'"), ASSETS(ASSET("x", "'10.9.0.1'")), "", ""), 0, ""}, /* outside all networks */
        {TWO(NETS("'10.0.0.0/24'"), "", "", ASSETS(ASSET("x", "'10.0.0.0'"))), 5, "narrow the network"},
        {TWO(NETS("'10.0.0.0/24'"), "", "", ASSETS(ASSET("x", "'10.0.0.255'"))), 5, "narrow the network"},
        {TWO(NETS("'10.0.0.0/24'"), "", "", ASSETS(ASSET("x", "'10.0.1.0'"))), 0, ""},
        {TWO("", ASSETS(ASSET("x", "'10.0.0.1'")), "", ASSETS(ASSET("y", "'10.0.0.1'"))), 5, "asset \"x\" has already"},
        {TWO("", ASSETS(ASSET("x", "'10.0.0.1'") "," ASSET("y", "'10.0.0.1'")), "", ""), 3, "asset \"x\" has already"},
        {TWO("", ASSETS("{ name = 'x'; mac = '00:00:00:00:00:01'; }"), "",
             ASSETS("{ name = 'y'; mac = '00:00:00:00:00:01'; }")),
         5, "the MAC 00:00:00:00:00:01 that asset \"x\" has already"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_diags diags = errors_of(rows[i].text);
        ck_assert_msg(diags.n_errors == (rows[i].line != 0), "row %zu: %zu errors, %s", i, diags.n_errors,
                      diags.n > 0 ? diags.items[0].text : "");
        ck_assert_msg(rows[i].line == 0 || has_error(&diags, rows[i].line, rows[i].words), "row %zu: %u: %s", i,
                      diags.items[0].line, diags.items[0].text);
        ps_diags_fini(&diags);
    }
}
END_TEST

/* A wide network hides no overlap behind it. */
START_TEST(test_ps_compile__several_mistakes__all_in_one_run)
{
    struct ps_diags diags = errors_of(HEAD "zones = (\n{ name = 'a'; networks = ['10.0.0.0/16'];\nassets = (" ASSET(
        "x", "'10.5.0.1'") "); },\n"
                           "{ name = 'b'; networks = ['10.0.1.0/24', '10.5.0.0/16'];\nassets = (" ASSET(
                               "y", "'10.0.7.1'") "); },\n"
                                                  "{ name = 'c'; networks = ['10.0.1.128/25']; } );\n"
                                                  "conduits = (\n{ name = 'c1'; from = 'a'; to = 'b'; },\n{ name = "
                                                  "'c2'; from = 'a'; to = 'b';\nallow = (\n"
                                                  "{ name = 'm'; protocol = 'modbus'; operations = ['read']; },\n{ "
                                                  "name = 't'; protocol = 'tcp'; } ); },\n"
                                                  "{ name = 'c3'; from = 'b'; to = 'a'; } );\nnever = ( { protocol = "
                                                  "'tcp'; why = 'no'; } );");
    ck_assert(has_error(&diags, 3, "network 10.5.0.0/16 of zone \"b\""));
    ck_assert(has_error(&diags, 4, "network 10.0.1.0/24 of zone \"b\" overlaps"));
    ck_assert(has_error(&diags, 5, "network 10.0.0.0/16 of zone \"a\""));
    ck_assert(has_error(&diags, 6, "network 10.0.1.128/25 of zone \"c\" overlaps"));
    ck_assert(has_error(&diags, 9, "so does conduit \"c1\" (some/folder/plant.conf:8)"));
    ck_assert(has_error(&diags, 12, "narrow the ports of the tcp rule"));
    ck_assert(has_error(&diags, 12, "which no rule may"));
    ck_assert_uint_eq(diags.n_errors, 7);
    ps_diags_fini(&diags);
}
END_TEST

/* ---- ambiguous rules ------------------------------------------------------------------------------------------- */

#define AMBIGUOUS(inspected, other)                                                                                    \
    HEAD "zones = ( { name = 'a'; assets = (" ASSET("a1", "'10.0.0.1'") "," ASSET(                                     \
        "a2", "'10.0.0.2'") "); },"                                                                                    \
                            "{ name = 'b'; assets = (" ASSET("b1", "'10.1.0.1'") "," ASSET(                            \
                                "b2",                                                                                  \
                                "'10.1.0.2'") "); } );"                                                                \
                                              "conduits = ( { name = 'c'; from = 'a'; to = 'b'; allow = ("             \
                                              "{ name = 'm'; protocol = 'modbus'; operations = ['read']; " inspected   \
                                              " },\n{ name = 't'; " other " } ); } );"

START_TEST(test_ps_compile__one_port_inspected_and_not__refused)
{
    static const struct {
        const char *text;
        bool is_error;
    } rows[] = {
        {AMBIGUOUS("", "protocol = 'tcp';"), true},
        {AMBIGUOUS("", "protocol = 'tcp'; ports = ['502'];"), true},
        {AMBIGUOUS("", "protocol = 'tcp'; ports = ['1-501', '503-65535'];"), false},
        {AMBIGUOUS("ports = ['1502'];", "protocol = 'tcp'; ports = ['502'];"), false},
        {AMBIGUOUS("ports = ['1500-1600'];", "protocol = 'tcp'; ports = ['1600-1700'];"), true},
        {AMBIGUOUS("", "protocol = 'udp'; ports = ['502'];"), false},
        {AMBIGUOUS("transport = 'udp';", "protocol = 'udp'; ports = ['502'];"), true},
        {AMBIGUOUS("transport = 'udp';", "protocol = 'tcp'; ports = ['502'];"), false},
        {AMBIGUOUS("servers = ['b1'];", "protocol = 'tcp'; servers = ['b2'];"), false},
        {AMBIGUOUS("servers = ['b1'];", "protocol = 'tcp'; servers = ['b2', 'b1'];"), true},
        {AMBIGUOUS("servers = ['b1'];", "protocol = 'tcp';"), true},
        {AMBIGUOUS("clients = ['a1'];", "protocol = 'tcp'; clients = ['a2'];"), false},
        {AMBIGUOUS("clients = ['a1'];", "protocol = 'tcp'; clients = ['a1'];"), true},
        {AMBIGUOUS("clients = ['a1']; servers = ['b1'];", "protocol = 'tcp'; clients = ['a1']; servers = ['b2'];"),
         false},
        {AMBIGUOUS("", "protocol = 'icmp';"), false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_diags diags = errors_of(rows[i].text);
        ck_assert_msg(diags.n_errors == rows[i].is_error, "row %zu", i);
        if (rows[i].is_error)
            ck_assert(has_error(&diags, 2, "narrow the ports of the tcp rule") ||
                      has_error(&diags, 2, "narrow the ports of the udp rule"));
        ps_diags_fini(&diags);
    }
}
END_TEST

/* ---- the image ------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_compile__same_plant_elsewhere__same_bytes)
{
    static const char text[] = AMBIGUOUS("objects = ['coil:1-2']; values = ['1'];", "protocol = 'udp';");
    struct plant here, there;
    plant_open(&here, text);
    plant_open(&there, text);
    there.model->files[0] = "/another/folder/plant.conf";
    free(there.data);
    struct ps_diags diags;
    ps_diags_init(&diags);
    there.data = ps_compile(there.model, &diags, &there.len);
    ck_assert_uint_eq(here.len, there.len);
    ck_assert_mem_eq(here.data, there.data, here.len);
    ck_assert_str_eq(ps_image_rule_file(&here.image, 0), "plant.conf");
    ck_assert_uint_eq(ps_image_rule_line(&here.image, 1), 2);
    ps_diags_fini(&diags);
    plant_close(&here);
    plant_close(&there);
}
END_TEST

START_TEST(test_ps_image_digest_verify__another_policy__seen)
{
    struct plant plant;
    plant_open(&plant, AMBIGUOUS("", "protocol = 'udp';"));
    ck_assert(ps_image_digest_verify(plant.data, plant.len));
    ck_assert(!ps_image_digest_verify(plant.data, 10));
    plant.data[sizeof(struct ps_image_header)] ^= 1;
    ck_assert(!ps_image_digest_verify(plant.data, plant.len));
    plant_close(&plant);
}
END_TEST

/* The digest is of what is enforced, wherever and however it is written. */
START_TEST(test_ps_compile__same_plant_written_otherwise__same_digest)
{
    struct plant one, two, three;
    plant_open(&one, AMBIGUOUS("", "protocol = 'udp';"));
    plant_open(&two, "# a comment\n\n" AMBIGUOUS("", "protocol = 'udp';"));
    plant_open(&three, AMBIGUOUS("", "protocol = 'udp'; ports = ['1'];"));
    ck_assert_uint_ne(ps_image_rule_line(&one.image, 0), ps_image_rule_line(&two.image, 0));
    ck_assert_mem_eq(ps_image_digest(&one.image), ps_image_digest(&two.image), PS_DIGEST_LEN);
    ck_assert_mem_ne(ps_image_digest(&one.image), ps_image_digest(&three.image), PS_DIGEST_LEN);
    plant_close(&one);
    plant_close(&two);
    plant_close(&three);
}
END_TEST

START_TEST(test_ps_compile__too_many__limit_named)
{
    static const char *files[] = {"plant.conf"};
    struct ps_zone *zones = calloc(PS_MAX_ZONES + 1, sizeof *zones);
    struct ps_model model = {.files = files, .n_files = 1, .site = "", .zones = zones, .n_zones = PS_MAX_ZONES + 1};
    struct ps_diags diags;
    size_t len;
    ps_diags_init(&diags);
    for (uint32_t i = 0; i <= PS_MAX_ZONES; i++)
        zones[i].name = "z";
    ck_assert_ptr_null(ps_compile(&model, &diags, &len));
    ck_assert_ptr_nonnull(strstr(diags.items[0].text, "4097 zones; 4096 are the limit"));
    ps_diags_fini(&diags);
    free(zones);
}
END_TEST

/* ---- large plants ---------------------------------------------------------------------------------------------- */

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* n_conduits between n_zones zones of one asset and one network each, three rules per conduit. */
static struct ps_model *large_model(uint32_t n_zones, uint32_t n_conduits)
{
    static const char *files[] = {"plant.conf"};
    struct ps_model *m = ps_model_new();
    m->files = files;
    m->n_files = 1;
    m->n_zones = m->n_assets = n_zones;
    m->n_conduits = n_conduits;
    m->n_rules = 3 * n_conduits;
    m->zones = ps_model_alloc(m, n_zones * sizeof *m->zones);
    m->assets = ps_model_alloc(m, n_zones * sizeof *m->assets);
    m->conduits = ps_model_alloc(m, n_conduits * sizeof *m->conduits);
    m->rules = ps_model_alloc(m, m->n_rules * sizeof *m->rules);
    m->nevers = ps_model_alloc(m, sizeof *m->nevers);
    m->n_nevers = 1;
    m->nevers[0] = (struct ps_never){.from = PS_NONE, .to = PS_NONE, .ops = PS_OP_BIT(PS_OP_PROGRAM)};
    for (uint32_t i = 0; i < n_zones; i++) {
        struct ps_net *net = ps_model_alloc(m, sizeof *net);
        struct ps_addr *address = ps_model_alloc(m, sizeof *address);
        *net = (struct ps_net){ps_addr_from_v4(i << 8), ps_addr_from_v4(i << 8 | 255), {0, 1}};
        *address = ps_addr_from_v4(i << 8 | 7);
        m->zones[i] = (struct ps_zone){.name = "zone", .networks = net, .n_networks = 1};
        m->assets[i] = (struct ps_asset){.name = "asset", .zone = i, .addresses = address, .n_addresses = 1};
    }
    for (uint32_t i = 0; i < n_conduits; i++) {
        m->conduits[i] = (struct ps_conduit){.name = "conduit",
                                             .from = i % n_zones,
                                             .to = (i / n_zones + i + 1) % n_zones,
                                             .first_rule = 3 * i,
                                             .n_rules = 3};
        for (uint32_t k = 3 * i; k < 3 * i + 3; k++) {
            m->rules[k] = (struct ps_rule){
                .name = "rule", .conduit = i, .protocol = PS_PROTOCOL_MODBUS, .ops = PS_OP_BIT(PS_OP_READ)};
            m->rules[k].objects = ps_model_alloc(m, sizeof *m->rules[k].objects);
            m->rules[k].objects[0] = (struct ps_object_range){1, k, k + 9};
            m->rules[k].n_objects = 1;
            m->rules[k].servers = &m->conduits[i].to;
            m->rules[k].n_servers = k % 3 > 0;
        }
    }
    return m;
}

static double time_of(uint32_t n_zones, uint32_t n_conduits)
{
    struct ps_model *model = large_model(n_zones, n_conduits);
    struct ps_diags diags;
    struct ps_image image;
    size_t len;
    ps_diags_init(&diags);
    double start = seconds();
    uint8_t *data = ps_compile(model, &diags, &len);
    double taken = seconds() - start;
    ck_assert_ptr_nonnull(data);
    ck_assert_pstr_eq(ps_image_open(data, len, &image), NULL);
    double opened = seconds() - start - taken;
    fprintf(stderr, "%u conduits: compiled in %.3f s, opened in %.3f s, %zu octets\n", n_conduits, taken, opened, len);
    free(data);
    ps_diags_fini(&diags);
    ps_model_free(model);
    return taken;
}

/* Ten times as much takes about ten times as long, and a hundred times where something is quadratic. */
START_TEST(test_ps_compile__large_plants__time_grows_with_size)
{
    double small = time_of(500, 10000), large = time_of(4000, 100000);
    ck_assert_double_lt(large, 40 * small);
}
END_TEST

UNIT_MAIN("compile/compile", test_ps_compile__addresses__belong_to_one_zone_and_asset,
          test_ps_compile__several_mistakes__all_in_one_run, test_ps_compile__one_port_inspected_and_not__refused,
          test_ps_compile__same_plant_elsewhere__same_bytes, test_ps_image_digest_verify__another_policy__seen,
          test_ps_compile__same_plant_written_otherwise__same_digest, test_ps_compile__too_many__limit_named,
          test_ps_compile__large_plants__time_grows_with_size)
