/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_octets.c - DNP3 and S7comm requests, of which the kernel compares what stands at fixed places: lengths, headers,
 * stations and the function. What follows the function is not seen, so only rules that leave it open can be enforced.
 *
 *     DNP3     0564 | length 1 | c4 | destination 2 | source 2 | crc 2 | 10: transport 1 | control 1 | function 1 | objects
 *     S7comm   0300 | length 2 | 02f080 | 7: 32 | kind 1 | 0000 | reference 2 | parameters 2 | data 2 | 17: function 1 ...
 */
#include <string.h>

#include "nft_build.h"
#include "vocab.h"

enum { DNP3_HEADER = 10, DNP3_ADDRESS_MAX = 0xffef, DNP3_AUTHENTICATION = 120, DNP3_MASTERS_MAX = 64 };
enum { S7_MIN = 18, S7_MAX = 247, S7_CONNECT_MIN = 11, S7_CONNECT_MAX = 60 };

/* A function that its octets tell, with what stands there. */
struct octets {
    const char *name;
    uint64_t value;
    bool alone; /* nothing follows the function */
};

static const struct octets *find(const struct octets *table, unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

static const char *name_of(const struct ps_nft_build *b, uint16_t row)
{
    return b->vocab->functions[row].name;
}

/* Why a rule says more about a function than its octets tell; NULL: it does not. */
static const char *asks_more(const struct ps_nft_build *b, uint16_t row, const struct octets *octets)
{
    const struct ps_vocab *vocab = b->vocab;
    const struct ps_rule_view *view = &b->view;

    if (!octets)
        return "the kernel does not know it by its octets";
    if (vocab->functions[row].housekeeping || octets->alone)
        return NULL;
    if (ps_nft_granted_ops(b, row) != vocab->functions[row].ops)
        return "its objects tell the operation";
    if (view->n_objects > 0)
        return "objects cannot be compared";
    if (view->n_values > 0 || view->has_choices || view->n_params > 0)
        return "values, and how they are written, cannot be compared";
    return NULL;
}

/* Does the rule grant it, and its octets tell all that the rule says about it? */
static bool goes_by_octets(const struct ps_nft_build *b, uint16_t row)
{
    return b->grades[row].how == PS_NFT_HOW_OCTETS;
}

/* A fixed piece of the message. */
static void put_piece(struct ps_nft_build *b, uint32_t at, uint32_t n, uint64_t octets)
{
    ps_nft_put_match(b->r, ps_nft_payload(at, n), octets, false);
}

/* ---- DNP3 ----------------------------------------------------------------------------------------------------------- */

/* Not WRITE: of some objects a rule has to permit it besides. */
static const struct octets dnp3_functions[] = {
    {"confirm", 0, true},
    {"read", 1, false},
    {"freeze", 7, false},
    {"freeze-and-clear", 9, false},
    {"cold-restart", 13, true},
    {"warm-restart", 14, true},
    {"enable-unsolicited", 20, false},
    {"disable-unsolicited", 21, false},
    {"delay-measurement", 23, true},
    {"record-current-time", 24, true},
};

#define N_DNP3 (sizeof dnp3_functions / sizeof dnp3_functions[0])

/* A list of stations is masters with ranges of outstations; one that spans very many masters is not listed out. */
static bool has_few_masters(const struct ps_rule_view *view)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < view->n_stations; i++)
        n += (view->stations[i].last >> 16) - (view->stations[i].first >> 16) + 1;
    return n <= DNP3_MASTERS_MAX;
}

/* Classes that the rule lets be read: bits 0 to 3 of *classes for g60v1 to g60v4. How many. */
static unsigned n_polled(const struct ps_nft_build *b, unsigned *classes)
{
    static const char *const names[] = {"g60v1", "g60v2", "g60v3", "g60v4"};
    const struct ps_vocab *vocab = ps_vocab_by_protocol(PS_PROTOCOL_DNP3);
    const struct ps_rule_view *view = &b->view;
    unsigned found = 0, n = 0;

    if (view->ops != 0 && !(view->ops & PS_OP_BIT(PS_OP_READ)))
        return 0;
    for (unsigned i = 0; i < 4; i++) {
        struct ps_object_range wanted;
        const char *why;
        bool granted = view->n_objects == 0;
        if (!ps_object_parse(vocab, ps_str_from(names[i]), &wanted, &why))
            continue;
        for (uint32_t k = 0; k < view->n_objects && !granted; k++)
            granted = view->objects[k].space == wanted.space && view->objects[k].first <= wanted.first &&
                      view->objects[k].last >= wanted.last;
        found |= granted ? 1u << i : 0;
        n += granted;
    }
    if (classes)
        *classes = found;
    return view->max_quantity > 0 ? 0 : n;
}

static enum ps_nft_how dnp3_how(const struct ps_nft_build *b, uint16_t row, const char **why)
{
    const char *name = name_of(b, row);
    bool link = strcmp(name, "reset-link") == 0 || strcmp(name, "request-link-status") == 0;

    /* what servers say is not seen at all, and link frames with confirmation are for a relax switch to allow */
    if (strcmp(name, "unsolicited") == 0 || strcmp(name, "response") == 0 ||
        strcmp(name, "authentication-response") == 0 || strcmp(name, "test-link") == 0)
        return PS_NFT_HOW_NOTHING;
    *why = !has_few_masters(&b->view) ? "its stations are too many masters" : NULL;
    if (!*why && !link)
        *why = asks_more(b, row, find(dnp3_functions, N_DNP3, name));
    if (*why && strcmp(name, "read") == 0 && has_few_masters(&b->view) && n_polled(b, NULL) > 0) {
        *why = "anything but polls of classes (g60)";
        return PS_NFT_HOW_PART;
    }
    return *why ? PS_NFT_HOW_NOT : PS_NFT_HOW_OCTETS;
}

/* Elements: low and high octet of the destination, low and high octet of the source (little-endian). */
static void put_outstations(struct ps_nft_build *b, uint32_t set, struct ps_nft_element *element, struct ps_range range)
{
    const struct ps_nft_key octet = ps_nft_payload(0, 1);

    for (uint32_t at = range.first; at <= range.last;) {
        uint32_t high = at >> 8, end = (high << 8 | 0xff) < range.last ? (high << 8 | 0xff) : range.last;
        ps_nft_element_numbers(element, octet, 0, at & 0xff, end & 0xff);
        ps_nft_element_numbers(element, octet, 1, high, high);
        ps_nft_set_put(b->r, set, element, NULL);
        at = end + 1;
    }
}

static void put_any_stations(struct ps_nft_build *b, uint32_t set)
{
    static const struct ps_range low[] = {{0, 0xff}, {0, DNP3_ADDRESS_MAX & 0xff}}, high[] = {{0, 0xfe}, {0xff, 0xff}};
    const struct ps_nft_key octet = ps_nft_payload(0, 1);
    struct ps_nft_element element = {0};

    for (unsigned i = 0; i < 4; i++) {
        ps_nft_element_numbers(&element, octet, 0, low[i & 1].first, low[i & 1].last);
        ps_nft_element_numbers(&element, octet, 1, high[i & 1].first, high[i & 1].last);
        ps_nft_element_numbers(&element, octet, 2, low[i >> 1].first, low[i >> 1].last);
        ps_nft_element_numbers(&element, octet, 3, high[i >> 1].first, high[i >> 1].last);
        ps_nft_set_put(b->r, set, &element, NULL);
    }
}

static void put_stations(struct ps_nft_build *b)
{
    const struct ps_nft_key keys[] = {ps_nft_payload(4, 1), ps_nft_payload(5, 1), ps_nft_payload(6, 1),
                                      ps_nft_payload(7, 1)};
    struct ps_nft_element element = {0};
    uint32_t set = ps_nft_shared_add(b, keys, 4, "stations");

    if (b->view.n_stations == 0)
        put_any_stations(b, set);
    for (uint32_t i = 0; i < b->view.n_stations; i++) {
        struct ps_range range = b->view.stations[i];
        for (uint32_t master = range.first >> 16; master <= range.last >> 16 && master <= DNP3_ADDRESS_MAX; master++) {
            struct ps_range outstations = {master == range.first >> 16 ? range.first & 0xffff : 0,
                                           master == range.last >> 16 ? range.last & 0xffff : 0xffff};
            outstations.last = outstations.last < DNP3_ADDRESS_MAX ? outstations.last : DNP3_ADDRESS_MAX;
            ps_nft_element_numbers(&element, keys[2], 2, master & 0xff, master & 0xff);
            ps_nft_element_numbers(&element, keys[3], 3, master >> 8, master >> 8);
            put_outstations(b, set, &element, outstations);
        }
    }
    ps_nft_put_members(b, set, false);
}

/* One link frame whose length octet lies in a range. */
static void begin_frame(struct ps_nft_build *b, struct ps_range lengths)
{
    const struct ps_nft_key length = ps_nft_payload(2, 1);
    uint32_t set = ps_nft_shape_add(b, &length, 1, "dnp3");

    for (uint32_t len = lengths.first; len <= lengths.last; len++) {
        uint32_t n = len - 5;
        ps_nft_shape_put(b, set, DNP3_HEADER + n + 2 * ((n + 15) / 16), (const uint64_t[]){len});
    }
    ps_nft_rule_add(b->r, b->chain);
    ps_nft_put_members(b, set, false);
    put_piece(b, 0, 2, 0x0564);
}

/* Unconfirmed user data of a master, in one transport segment. */
static void put_master(struct ps_nft_build *b)
{
    ps_nft_put_masked(b->r, ps_nft_payload(3, 1), 0xdf, 0xc4, false);
    put_stations(b);
    ps_nft_put_masked(b->r, ps_nft_payload(10, 1), 0xc0, 0xc0, false);
}

/* One fragment in one segment, neither confirmed nor unsolicited; confirms may be of unsolicited responses. */
static void build_fragments(struct ps_nft_build *b, bool alone)
{
    const struct ps_nft_key function = ps_nft_payload(12, 1);
    struct ps_nft_element element = {0};
    uint32_t set = ps_nft_shared_add(b, &function, 1, "functions");

    for (uint16_t row = 0; row < ps_vocab_by_protocol(PS_PROTOCOL_DNP3)->n_functions; row++) {
        const struct octets *octets = find(dnp3_functions, N_DNP3, name_of(b, row));
        if (!octets || octets->alone != alone || !goes_by_octets(b, row))
            continue;
        ps_nft_element_numbers(&element, function, 0, octets->value, octets->value);
        ps_nft_set_put(b->r, set, &element, NULL);
    }
    if (b->r->sets[set].n == 0) {
        ps_nft_set_pop(b->r);
        return;
    }
    uint32_t shared = ps_nft_set_share(b->r, set);
    begin_frame(b, alone ? (struct ps_range){8, 8} : (struct ps_range){9, 255});
    put_master(b);
    ps_nft_put_masked(b->r, ps_nft_payload(11, 1), alone ? 0xe0 : 0xf0, 0xc0, false);
    ps_nft_put_lookup(b->r, shared, false);
    if (!alone)
        ps_nft_put_match(b->r, ps_nft_payload(13, 1), DNP3_AUTHENTICATION, true);
    ps_nft_put_pass(b);
}

/* All orders of n of the classes, each at most once: 3c, variation, 06 (all of them) for each. */
static void put_polls(struct ps_nft_build *b, uint32_t set, unsigned classes, unsigned n, struct ps_nft_element *element)
{
    uint32_t len = ps_nft_key_len(b->r->sets[set].keys[0]), at = len - 3 * n;

    if (n == 0) {
        memcpy(element->hi[0], element->lo[0], len);
        ps_nft_set_put(b->r, set, element, NULL);
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        if (!(classes >> i & 1))
            continue;
        element->lo[0][at] = 60;
        element->lo[0][at + 1] = (uint8_t)(i + 1);
        element->lo[0][at + 2] = 0x06;
        put_polls(b, set, classes & ~(1u << i), n - 1, element);
    }
}

/* READ of classes and of nothing else is compared whole: up to four headers of three octets, in one block. */
static void build_polls(struct ps_nft_build *b)
{
    unsigned classes = 0, n_classes = n_polled(b, &classes);

    for (unsigned n = 1; n <= n_classes; n++) {
        const struct ps_nft_key key = ps_nft_payload(13, 3 * n);
        struct ps_nft_element element = {0};
        begin_frame(b, (struct ps_range){8 + 3 * n, 8 + 3 * n});
        put_master(b);
        ps_nft_put_masked(b->r, ps_nft_payload(11, 1), 0xf0, 0xc0, false);
        put_piece(b, 12, 1, 1);
        uint32_t set = ps_nft_shared_add(b, &key, 1, "polls");
        put_polls(b, set, classes, n, &element);
        ps_nft_put_members(b, set, false);
        ps_nft_put_pass(b);
    }
}

static bool reads_classes_alone(const struct ps_nft_build *b)
{
    bool part = false;

    for (uint16_t row = 0; row < b->vocab->n_functions; row++)
        part |= strcmp(name_of(b, row), "read") == 0 && b->grades[row].how == PS_NFT_HOW_PART;
    return part;
}

static void dnp3_build(struct ps_nft_build *b)
{
    static const struct ps_range controls[] = {{0xc0, 0xc0}, {0xc9, 0xc9}, {0xe0, 0xe0}, {0xe9, 0xe9}};

    if (!has_few_masters(&b->view))
        return;
    begin_frame(b, (struct ps_range){5, 5}); /* reset-link, request-link-status */
    ps_nft_put_ranges(b, ps_nft_payload(3, 1), controls, 4);
    put_stations(b);
    ps_nft_put_pass(b);
    build_fragments(b, true);
    build_fragments(b, false);
    if (reads_classes_alone(b))
        build_polls(b);
}

const struct ps_nft_protocol ps_nft_dnp3 = {.how = dnp3_how, .build = dnp3_build};

/* ---- S7comm --------------------------------------------------------------------------------------------------------- */

/* Jobs by their function, requests of user data by their seven octets of parameters. */
static const struct octets s7_jobs[] = {
    {"setup-communication", 0xf0, false}, {"read-var", 0x04, false}, {"write-var", 0x05, false},
    {"start-upload", 0x1d, false},        {"upload", 0x1e, false},   {"end-upload", 0x1f, false},
    {"plc-stop", 0x29, false},
};
static const struct octets s7_userdata[] = {
    {"block-list", 0x4301, false}, {"block-list-of-type", 0x4302, false}, {"block-info", 0x4303, false},
    {"read-szl", 0x4401, false},   {"read-clock", 0x4701, false},         {"set-clock", 0x4702, false},
};

#define N_JOBS (sizeof s7_jobs / sizeof s7_jobs[0])
#define N_USERDATA (sizeof s7_userdata / sizeof s7_userdata[0])

static enum ps_nft_how s7_how(const struct ps_nft_build *b, uint16_t row, const char **why)
{
    const char *name = name_of(b, row);
    const struct octets *octets = find(s7_jobs, N_JOBS, name);

    if (!octets)
        octets = find(s7_userdata, N_USERDATA, name);
    bool link = strcmp(name, "connect") == 0 || strcmp(name, "disconnect") == 0;
    *why = link ? NULL : asks_more(b, row, octets);
    if (ps_nft_called_refuses(&b->view))
        *why = ps_nft_called_refuses(&b->view);
    return *why ? PS_NFT_HOW_NOT : PS_NFT_HOW_OCTETS;
}

void ps_nft_rule_tpkt(struct ps_nft_build *b, struct ps_range lengths)
{
    const struct ps_nft_key length = ps_nft_payload(2, 2);
    uint32_t set = ps_nft_shape_add(b, &length, 1, "tpkt");

    for (uint32_t len = lengths.first; len <= lengths.last; len++)
        ps_nft_shape_put(b, set, len, (const uint64_t[]){len});
    ps_nft_rule_add(b->r, b->chain);
    ps_nft_put_members(b, set, false);
    put_piece(b, 0, 2, 0x0300);
}

static void build_functions(struct ps_nft_build *b, const struct octets *table, unsigned n, struct ps_nft_key function)
{
    struct ps_nft_element element = {0};
    bool jobs = table == s7_jobs;
    uint32_t set = ps_nft_shared_add(b, &function, 1, "functions");

    for (uint16_t row = 0; row < ps_vocab_by_protocol(PS_PROTOCOL_S7COMM)->n_functions; row++) {
        const struct octets *octets = find(table, n, name_of(b, row));
        if (!octets || !goes_by_octets(b, row))
            continue;
        ps_nft_element_numbers(&element, function, 0, octets->value, octets->value);
        ps_nft_set_put(b->r, set, &element, NULL);
    }
    if (b->r->sets[set].n == 0) {
        ps_nft_set_pop(b->r);
        return;
    }
    uint32_t shared = ps_nft_set_share(b->r, set);
    ps_nft_rule_tpkt(b, (struct ps_range){S7_MIN, S7_MAX});
    put_piece(b, 4, 3, 0x02f080);
    put_piece(b, 7, 4, jobs ? 0x32010000 : 0x32070000);
    if (!jobs)
        put_piece(b, 17, 5, UINT64_C(0x0001120411));
    ps_nft_put_lookup(b->r, shared, false);
    ps_nft_put_called(b);
    ps_nft_put_pass(b);
}

/* A connect request of class 0, whoever it calls. */
static void build_connect(struct ps_nft_build *b)
{
    ps_nft_rule_tpkt(b, (struct ps_range){S7_CONNECT_MIN, S7_CONNECT_MAX});
    put_piece(b, 5, 3, 0xe00000);
    put_piece(b, 10, 1, 0);
    ps_nft_put_pass(b);
}

/* The end of a connection; and the empty TPDU that some clients send behind answers. */
static void build_link(struct ps_nft_build *b)
{
    ps_nft_rule_tpkt(b, (struct ps_range){11, 11});
    put_piece(b, 4, 2, 0x0680);
    ps_nft_put_called(b);
    ps_nft_put_pass(b);
    ps_nft_rule_tpkt(b, (struct ps_range){7, 7});
    put_piece(b, 4, 3, 0x02f000);
    ps_nft_put_called(b);
    ps_nft_put_pass(b);
}

static void s7_build(struct ps_nft_build *b)
{
    if (!ps_nft_called_is_known(b))
        return;
    if (b->called.n == 0) /* else nft_called.c has it */
        build_connect(b);
    build_link(b);
    build_functions(b, s7_jobs, N_JOBS, ps_nft_payload(17, 1));
    build_functions(b, s7_userdata, N_USERDATA, ps_nft_payload(22, 2));
}

const struct ps_nft_protocol ps_nft_s7comm = {.how = s7_how, .build = s7_build};
