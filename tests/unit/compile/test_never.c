/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../match/plant.h"
#include "dissector.h"

#define ZONES                                                                                                          \
    "zones = ( { name = 'a'; networks = ['10.1.0.0/24']; }, { name = 'b'; networks = ['10.2.0.0/24']; },"              \
    " { name = 'z'; networks = ['10.3.0.0/24']; } );"
#define PLANT(rule, never)                                                                                             \
    HEAD ZONES "conduits = ( { name = 'c'; from = 'a'; to = 'b'; allow = (\n{ name = 'r'; " rule " }\n); } );"         \
               "never = (\n{ why = 'because'; " never " }\n);"

/* The errors of compiling a plant that loads; the caller ends them. */
static struct ps_diags errors_of(const char *text)
{
    struct ps_diags diags;
    size_t len;
    ps_diags_init(&diags);
    struct ps_model *model = plant_model(text, &diags);
    ck_assert_msg(model != NULL, "%s", diags.n > 0 ? diags.items[0].text : "");
    size_t n_before = diags.n_errors;
    uint8_t *image = ps_compile(model, &diags, &len);
    ck_assert_int_eq(image == NULL, diags.n_errors > n_before);
    free(image);
    ps_model_free(model);
    return diags;
}

/* ---- by hand ---------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_check_never__rule_against_never__broken_or_kept)
{
    static const struct {
        const char *text;
        const char *words; /* of the error, NULL: none */
    } rows[] = {
        /* zones */
        {PLANT("protocol = 'modbus'; operations = ['read'];", "operations = ['read'];"), "read-coils (read)"},
        {PLANT("protocol = 'modbus'; operations = ['read'];", "from = 'a'; to = 'b'; operations = ['read'];"), "read"},
        {PLANT("protocol = 'modbus'; operations = ['read'];", "from = 'b'; to = 'a'; operations = ['read'];"), NULL},
        {PLANT("protocol = 'modbus'; operations = ['read'];", "from = 'z'; operations = ['read'];"), NULL},
        {PLANT("protocol = 'modbus'; operations = ['read'];", "to = 'z'; operations = ['read'];"), NULL},
        {PLANT("protocol = 'modbus'; operations = ['read'];", "to = 'b';"), "modbus"},
        {PLANT("protocol = 'icmp';", "from = 'a';"), "icmp"},
        /* protocols */
        {PLANT("protocol = 'modbus'; operations = ['read'];", "protocol = 'modbus';"), "modbus"},
        {PLANT("protocol = 'modbus'; operations = ['read'];", "protocol = 'tcp';"), NULL},
        {PLANT("protocol = 'tcp'; ports = ['80'];", "protocol = 'tcp';"), "tcp"},
        {PLANT("protocol = 'tcp'; ports = ['80'];", "protocol = 'udp';"), NULL},
        /* classes and functions reach one another */
        {PLANT("protocol = 'modbus'; operations = ['write'];", "operations = ['read'];"), NULL}, /* fact by fact */
        {PLANT("protocol = 'modbus'; operations = ['write']; objects = ['coil:0-9'];",
               "operations = ['read']; protocol = 'modbus';"),
         NULL},
        {PLANT("protocol = 'modbus'; functions = ['write-single-register'];", "operations = ['write'];"),
         "write-single-register (write)"},
        {PLANT("protocol = 'modbus'; functions = ['write-single-register'];", "operations = ['read', 'program'];"),
         NULL},
        {PLANT("protocol = 'modbus'; functions = ['read-coils'];", "protocol = 'modbus'; functions = ['read-coils'];"),
         "read-coils"},
        {PLANT("protocol = 'modbus'; functions = ['read-coils'];",
               "protocol = 'modbus'; functions = ['read-input-registers'];"),
         NULL},
        {PLANT("protocol = 'modbus'; operations = ['diagnose'];",
               "protocol = 'modbus'; functions = ['read-exception-status'];"),
         "read-exception-status (diagnose)"},
        {PLANT("protocol = 'modbus'; functions = ['read-write-multiple-registers']; operations = ['read'];",
               "operations = ['write'];"),
         NULL},
        {PLANT("protocol = 'modbus'; functions = ['read-write-multiple-registers'];", "operations = ['write'];"),
         "read-write-multiple-registers (write)"},
        /* stations */
        {PLANT("protocol = 'modbus'; operations = ['read']; stations = ['1-8'];",
               "protocol = 'modbus'; stations = ['8-9'];"),
         "modbus"},
        {PLANT("protocol = 'modbus'; operations = ['read']; stations = ['1-8'];",
               "protocol = 'modbus'; stations = ['9-20', '0'];"),
         NULL},
        {PLANT("protocol = 'modbus'; operations = ['read'];", "protocol = 'modbus'; stations = ['9'];"), "modbus"},
        /* objects */
        {PLANT("protocol = 'modbus'; operations = ['read']; objects = ['holding:0-9'];",
               "protocol = 'modbus'; objects = ['holding:9-20'];"),
         "read-holding-registers (read)"},
        {PLANT("protocol = 'modbus'; operations = ['read']; objects = ['holding:0-9'];",
               "protocol = 'modbus'; objects = ['holding:10-20', 'coil:0-9'];"),
         NULL},
        {PLANT("protocol = 'modbus'; operations = ['read'];", "protocol = 'modbus'; objects = ['coil:5'];"),
         "read-coils (read)"},
        {PLANT("protocol = 'modbus'; operations = ['write'];", "protocol = 'modbus'; objects = ['input:5'];"),
         NULL}, /* nothing writes inputs */
        {PLANT("protocol = 'modbus'; operations = ['diagnose'];", "protocol = 'modbus'; objects = ['holding'];"), NULL},
        {PLANT("protocol = 'modbus'; operations = ['read', 'diagnose']; objects = ['coil:1'];",
               "operations = ['diagnose'];"),
         NULL}, /* a rule with objects grants nothing that addresses nothing */
        {PLANT("protocol = 'modbus'; operations = ['file']; objects = ['file:4:0-9'];",
               "protocol = 'modbus'; objects = ['file:4:9'];"),
         "file-record (file)"},
        {PLANT("protocol = 'modbus'; operations = ['file']; objects = ['file:4:0-9'];",
               "protocol = 'modbus'; objects = ['file:5:0-9'];"),
         NULL},
        {PLANT("protocol = 'modbus'; operations = ['file'];", "protocol = 'modbus'; objects = ['file:5:0-9'];"),
         "file"},
        /* values */
        {PLANT("protocol = 'modbus'; functions = ['write-single-coil']; values = ['0..1'];", "operations = ['write'];"),
         "write-single-coil"},
        {PLANT("protocol = 'modbus'; operations = ['read', 'write']; objects = ['coil:1']; values = ['5'];",
               "operations = ['write'];"),
         NULL},
        /* what is not seen */
        {PLANT("protocol = 'tcp';", "operations = ['program'];"), "unseen, modbus"},
        {PLANT("protocol = 'tcp'; ports = ['400-600'];", "protocol = 'modbus';"), "unseen, modbus"},
        {PLANT("protocol = 'udp'; ports = ['502'];", "operations = ['write'];"), "unseen, modbus"},
        {PLANT("protocol = 'udp'; ports = ['123'];", "operations = ['program'];"), NULL},
        {PLANT("protocol = 'tcp'; ports = ['503'];", "protocol = 'modbus';"), NULL},
        {PLANT("protocol = 'tcp'; ports = ['502'];", "operations = ['event'];"), NULL}, /* no function of Modbus has that class */
        {PLANT("protocol = 'icmp';", "operations = ['program'];"), NULL},
        {PLANT("protocol = 'ip'; ip_protocols = [47];", "protocol = 'modbus';"), NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_diags diags = errors_of(rows[i].text);
        if (!rows[i].words) {
            ck_assert_msg(diags.n_errors == 0, "row %zu: %s", i, diags.n > 0 ? diags.items[0].text : "");
        } else {
            ck_assert_msg(diags.n_errors == 1, "row %zu: %zu errors", i, diags.n_errors);
            ck_assert_msg(strstr(diags.items[0].text, rows[i].words), "row %zu: %s", i, diags.items[0].text);
        }
        ps_diags_fini(&diags);
    }
}
END_TEST

START_TEST(test_ps_check_never__broken__error_names_both_places)
{
    struct ps_diags diags =
        errors_of(PLANT("protocol = 'modbus'; operations = ['read', 'write'];", "from = 'a'; operations = ['write'];"));
    ck_assert_uint_eq(diags.n, 1);
    ck_assert_str_eq(diags.items[0].file, "some/folder/plant.conf");
    ck_assert_uint_eq(diags.items[0].line, 2);
    ck_assert_str_eq(diags.items[0].at, "c/r");
    ck_assert_ptr_nonnull(strstr(diags.items[0].text, "line 4 of some/folder/plant.conf"));
    ck_assert_ptr_nonnull(strstr(diags.items[0].text, "because"));
    ck_assert_ptr_nonnull(strstr(diags.items[0].text, "narrow the rule"));
    ps_diags_fini(&diags);
}
END_TEST

/* ---- by trying every fact -------------------------------------------------------------------------------------- */

static uint64_t seed;

static uint32_t below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % n);
}

struct facts {
    struct ps_fact items[40000];
    size_t n;
};

static void add_fact(struct facts *facts, struct ps_fact fact)
{
    ck_assert_uint_lt(facts->n, sizeof facts->items / sizeof facts->items[0]);
    facts->items[facts->n++] = fact;
}

/* The one space that a function addresses in a class, 0: none. */
static uint32_t space_of(const struct ps_vocab *vocab, uint16_t row, unsigned op)
{
    for (uint16_t i = 0; i < vocab->n_spaces; i++)
        if (ps_vocab_addresses(vocab, row, op, vocab->spaces[i].code))
            return vocab->spaces[i].code;
    return 0;
}

/* Every function in every class it has, at few stations, on few objects, writing few values. */
static void all_facts(const struct ps_vocab *vocab, struct facts *facts)
{
    facts->n = 0;
    for (uint16_t row = 0; row < vocab->n_functions; row++) {
        for (unsigned op = 1; op < PS_N_OPS; op++) {
            if (!(vocab->functions[row].ops & PS_OP_BIT(op)))
                continue;
            double min = 0, max = 0;
            uint32_t space = space_of(vocab, row, op);
            struct ps_fact kind = {.op = (uint8_t)op, .function = row, .space = space};
            bool writes = ps_vocab_value_limits(vocab, &kind, &min, &max);
            bool is_file = space != 0 && ps_space_by_code(vocab, space)->max_number > 0;
            for (uint32_t i = 0; i < 3u * 8 * 4 * 2; i++) {
                struct ps_fact fact = kind;
                double value = i / 24 % 4 < 3 ? min + i / 24 % 4 : max;
                fact.station = i % 3;
                fact.space = space == 0 ? 0 : space + (is_file ? i / 96 : 0);
                fact.first = fact.last = space == 0 ? 0 : i / 3 % 8;
                if (writes && value > max)
                    continue;
                if (writes)
                    fact.values = (struct ps_values){.kind = PS_VALUE_BOUNDS, .min = value, .max = value};
                if (ps_vocab_writes_unseen(vocab, &kind))
                    fact.values.kind = PS_VALUE_UNKNOWN;
                if ((space == 0 && i >= 3) || (!writes && !is_file && i >= 24) || (!is_file && i >= 96))
                    break;
                add_fact(facts, fact);
            }
        }
    }
}

static bool in_ranges(const struct ps_range *ranges, uint32_t n, uint32_t number)
{
    for (uint32_t i = 0; i < n; i++)
        if (ranges[i].first <= number && number <= ranges[i].last)
            return true;
    return n == 0;
}

static bool in_objects(const struct ps_object_range *objects, uint32_t n, const struct ps_fact *fact)
{
    for (uint32_t i = 0; i < n; i++)
        if (fact->space == objects[i].space && objects[i].first <= fact->first && fact->last <= objects[i].last)
            return true;
    return n == 0;
}

static bool is_forbidden(const struct ps_never *never, const struct ps_fact *fact)
{
    return (never->ops == 0 || never->ops >> fact->op & 1) &&
           (!never->has_functions || never->functions[fact->function / 64] >> fact->function % 64 & 1) &&
           in_ranges(never->stations, never->n_stations, fact->station) &&
           in_objects(never->objects, never->n_objects, fact);
}

static bool is_granted(const struct ps_rule *rule, const struct ps_fact *fact)
{
    if (fact->values.kind == PS_VALUE_UNKNOWN && rule->n_values > 0)
        return false;
    if (fact->values.kind == PS_VALUE_BOUNDS && rule->n_values > 0 &&
        (fact->values.min < rule->values[0].min || fact->values.max > rule->values[0].max))
        return false;
    return (rule->ops == 0 || rule->ops >> fact->op & 1) &&
           (!rule->has_functions || rule->functions[fact->function / 64] >> fact->function % 64 & 1) &&
           in_ranges(rule->stations, rule->n_stations, fact->station) &&
           in_objects(rule->objects, rule->n_objects, fact);
}

static void pick_functions(uint64_t functions[4], bool *has, uint32_t n_functions)
{
    *has = below(2);
    for (uint32_t i = 0; *has && i < 1 + below(4); i++) {
        uint32_t row = below(n_functions);
        functions[row / 64] |= UINT64_C(1) << row % 64;
    }
}

static uint32_t pick_ops(void)
{
    return below(2) ? 0 : PS_OP_BIT(1 + below(PS_N_OPS - 1)) | PS_OP_BIT(1 + below(PS_N_OPS - 1));
}

static uint32_t pick_stations(struct ps_range *ranges)
{
    ranges[0].first = below(3);
    ranges[0].last = ranges[0].first + below(2);
    return below(2);
}

static uint32_t pick_objects(const struct ps_vocab *vocab, struct ps_object_range *objects)
{
    uint32_t n = below(3);
    for (uint32_t i = 0; i < n; i++) {
        const struct ps_space *space = &vocab->spaces[below(vocab->n_spaces)];
        uint32_t first = below(8);
        objects[i] = (struct ps_object_range){space->code + (space->max_number > 0 ? below(2) : 0), first,
                                              first + below(3) < 8 ? first + below(2) : first};
        if (objects[i].last > 7)
            objects[i].last = 7;
    }
    return n;
}

START_TEST(test_ps_check_never__random_rules__as_trying_every_fact_says)
{
    static struct facts facts;
    const struct ps_vocab *vocab = ps_dissector_by_name("modbus")->vocab;
    size_t n_broken = 0, n_kept = 0;
    all_facts(vocab, &facts);
    for (uint32_t i = 0; i < 20000; i++) {
        seed = i;
        const char *files[] = {"p.conf"};
        struct ps_range stations[2];
        struct ps_object_range objects[2][3];
        struct ps_value_range values[] = {{below(3) ? 0 : 70000, 80000}};
        struct ps_zone zones[] = {{.name = "a"}, {.name = "b"}};
        struct ps_conduit conduit = {.name = "c", .from = 0, .to = 1, .n_rules = 1};
        struct ps_rule rule = {.name = "r",
                               .protocol = PS_PROTOCOL_MODBUS,
                               .stations = &stations[0],
                               .objects = objects[0],
                               .values = values,
                               .n_values = !below(3),
                               .ops = pick_ops()};
        struct ps_never never = {.from = PS_NONE,
                                 .to = PS_NONE,
                                 .protocol = below(2) ? PS_PROTOCOL_MODBUS : 0,
                                 .stations = &stations[1],
                                 .objects = objects[1],
                                 .ops = pick_ops()};
        struct ps_model model = {.files = files,
                                 .n_files = 1,
                                 .site = "",
                                 .zones = zones,
                                 .n_zones = 2,
                                 .conduits = &conduit,
                                 .n_conduits = 1,
                                 .rules = &rule,
                                 .n_rules = 1,
                                 .nevers = &never,
                                 .n_nevers = 1};
        rule.n_stations = pick_stations(&stations[0]);
        never.n_stations = pick_stations(&stations[1]);
        rule.n_objects = pick_objects(vocab, objects[0]);
        never.n_objects = pick_objects(vocab, objects[1]);
        pick_functions(rule.functions, &rule.has_functions, vocab->n_functions);
        pick_functions(never.functions, &never.has_functions, vocab->n_functions);
        bool is_broken = false;
        for (size_t k = 0; k < facts.n && !is_broken; k++)
            is_broken = is_granted(&rule, &facts.items[k]) && is_forbidden(&never, &facts.items[k]);
        struct ps_diags diags;
        size_t len;
        ps_diags_init(&diags);
        free(ps_compile(&model, &diags, &len));
        ck_assert_msg((diags.n_errors > 0) == is_broken, "seed %u: %s", i, diags.n > 0 ? diags.items[0].text : "-");
        ps_diags_fini(&diags);
        n_broken += is_broken;
        n_kept += !is_broken;
    }
    ck_assert_uint_gt(n_broken, 1000);
    ck_assert_uint_gt(n_kept, 1000);
}
END_TEST

UNIT_MAIN("compile/never", test_ps_check_never__rule_against_never__broken_or_kept,
          test_ps_check_never__broken__error_names_both_places,
          test_ps_check_never__random_rules__as_trying_every_fact_says)
