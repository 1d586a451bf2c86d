/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_modbus.c - Modbus requests that the kernel compares whole.
 *
 *     octets 0: transaction 2 | protocol id 2 | length 2 | unit 1 | 7: function 1 | 8: body
 *
 * A request is passed when everything in it that the dissector would judge is compared: the lengths in IP, TCP and MBAP
 * header, the protocol id, the unit, the function, and each number of its body. Blocks are pairs of a quantity and the
 * addresses at which so many elements still lie inside what the rule grants.
 */
#include <stdlib.h>

#include "nft_build.h"
#include "nft_modbus.h"
#include "vocab.h"

/* ---- requests of two words: function . word . word --------------------------------------------------------------- */

static void put_registers(struct ps_nft_build *b, uint32_t set, struct ps_nft_element *element, struct ps_range objects)
{
    const struct ps_rule_view *view = &b->view;
    struct ps_range range = {0, 65535};

    ps_nft_element_numbers(element, ps_nft_payload(0, 2), 1, objects.first, objects.last);
    if (view->n_values == 0) {
        ps_nft_element_numbers(element, ps_nft_payload(0, 2), 2, range.first, range.last);
        ps_nft_set_put(b->r, set, element, NULL);
    }
    for (uint32_t i = 0; i < view->n_values; i++)
        if (ps_nft_mb_value_range(view, i, &range)) {
            ps_nft_element_numbers(element, ps_nft_payload(0, 2), 2, range.first, range.last);
            ps_nft_set_put(b->r, set, element, NULL);
        }
}

static void put_coils(struct ps_nft_build *b, uint32_t set, struct ps_nft_element *element, struct ps_range objects)
{
    ps_nft_element_numbers(element, ps_nft_payload(0, 2), 1, objects.first, objects.last);
    for (uint32_t on = 0; on < 2; on++)
        if (ps_nft_mb_has_value(&b->view, on)) {
            ps_nft_element_numbers(element, ps_nft_payload(0, 2), 2, on ? 0xff00 : 0, on ? 0xff00 : 0);
            ps_nft_set_put(b->r, set, element, NULL);
        }
}

static void put_singles(struct ps_nft_build *b, uint32_t set, struct ps_nft_element *element, const struct ps_nft_mb_body *body)
{
    const struct ps_rule_view *view = &b->view;
    void (*put)(struct ps_nft_build *, uint32_t, struct ps_nft_element *, struct ps_range) =
        body->form == FORM_COIL ? put_coils : put_registers;

    if (view->n_objects == 0)
        put(b, set, element, (struct ps_range){0, PS_NFT_MB_WORDS - 1});
    for (uint32_t i = 0; i < view->n_objects; i++)
        if (view->objects[i].space == ps_nft_mb_space(body))
            put(b, set, element, (struct ps_range){view->objects[i].first, view->objects[i].last});
}

/* Section 6.8: the data word is 0, but for a loop-back, restarting (ff00 clears the log) and the delimiter. */
static void put_diagnostic(struct ps_nft_build *b, uint32_t set, struct ps_nft_element *element, uint32_t sub)
{
    ps_nft_element_numbers(element, ps_nft_payload(0, 2), 1, sub, sub);
    ps_nft_element_numbers(element, ps_nft_payload(0, 2), 2, 0, sub == 0 ? 65535 : 0);
    ps_nft_set_put(b->r, set, element, NULL);
    for (uint32_t high = 1; high < 256; high++)
        if (sub == 3 || (sub == 1 && high == 0xff)) {
            ps_nft_element_numbers(element, ps_nft_payload(0, 2), 2, high << 8, high << 8);
            ps_nft_set_put(b->r, set, element, NULL);
        }
}

/* Functions 1 and 2, 3 and 4 have the same blocks where the rule lists no objects: one element for both. */
static bool merges(const struct ps_nft_build *b, unsigned row)
{
    uint16_t next = (uint16_t)(row + 1);
    bool odd = ps_nft_mb_function((uint16_t)row) == 1 || ps_nft_mb_function((uint16_t)row) == 3;

    return odd && b->view.n_objects == 0 && ps_nft_mb_function(next) == ps_nft_mb_function((uint16_t)row) + 1 &&
           ps_nft_granted_ops(b, (uint16_t)row) != 0 && ps_nft_granted_ops(b, next) != 0;
}

static void put_two_words(struct ps_nft_build *b, uint32_t set, uint16_t row, const struct ps_nft_mb_body *body)
{
    struct ps_nft_element element = {0};

    ps_nft_element_numbers(&element, ps_nft_payload(0, 1), 0, ps_nft_mb_function(row), ps_nft_mb_function(row));
    if (body->form == FORM_READ && merges(b, row))
        ps_nft_element_numbers(&element, ps_nft_payload(0, 1), 0, ps_nft_mb_function(row), ps_nft_mb_function(row) + 1u);
    if (body->form == FORM_READ && row > 0 && merges(b, row - 1u))
        return;
    if (body->form == FORM_READ)
        ps_nft_mb_put_blocks(b, set, &element, (struct ps_nft_mb_places){1, 2, 1}, body);
    else if (body->form == FORM_DIAGNOSE)
        put_diagnostic(b, set, &element, ps_nft_mb_code(row) & 0xffff);
    else
        put_singles(b, set, &element, body);
}

/* ---- rules -------------------------------------------------------------------------------------------------------- */

static void put_shape(struct ps_nft_build *b, uint32_t set)
{
    ps_nft_put_members(b, set, false);
    ps_nft_put_match(b->r, ps_nft_payload(AT_PROTOCOL, 2), 0, false);
    ps_nft_put_ranges(b, ps_nft_payload(AT_UNIT, 1), b->view.stations, b->view.n_stations);
}

/* A rule for requests of so many octets behind the MBAP length; the rest of its expressions follow. */
static void begin_fixed(struct ps_nft_build *b, uint32_t length)
{
    const struct ps_nft_key key = ps_nft_payload(AT_LENGTH, 2);
    uint32_t set = ps_nft_shape_add(b, &key, 1, "modbus");

    ps_nft_shape_put(b, set, HEADER_LEN + length, (const uint64_t[]){length});
    ps_nft_rule_add(b->r, b->chain);
    put_shape(b, set);
}

/* The same for one function whose length follows from a count of elements, of which there are base octets besides. Their
 * number and the octets that they take are compared with the lengths. */
static void begin_counted(struct ps_nft_build *b, const struct ps_nft_mb_body *body, uint32_t base, struct ps_range counts)
{
    uint32_t at = body->form == FORM_EXCHANGE ? AT_BODY + 6 : AT_BODY + 2;
    const struct ps_nft_key keys[] = {ps_nft_payload(AT_LENGTH, 2), ps_nft_payload(at, 3)};
    bool coils = body->form == FORM_COILS;
    uint32_t set = ps_nft_shape_add(b, keys, 2, "modbus");

    for (uint32_t n = counts.first; n <= counts.last && ps_nft_mb_has_block(&b->view, body, n); n++) {
        uint32_t octets = coils ? (n + 7) / 8 : 2 * n;
        ps_nft_shape_put(b, set, HEADER_LEN + base + octets, (const uint64_t[]){base + octets, n << 8 | octets});
    }
    ps_nft_rule_add(b->r, b->chain);
    put_shape(b, set);
    ps_nft_put_match(b->r, ps_nft_payload(AT_FUNCTION, 1), body->code, false);
}

/* Puts "a block of n elements that the rule grants": quantity and address at octets of the payload. */
static void put_block_lookup(struct ps_nft_build *b, const struct ps_nft_mb_body *body, uint32_t address, struct ps_range n)
{
    const struct ps_nft_key keys[] = {ps_nft_payload(address + 2, 2), ps_nft_payload(address, 2)};
    struct ps_nft_mb_body limited = *body;
    struct ps_nft_element element = {0};
    uint32_t set = ps_nft_shared_add(b, keys, 2, "blocks");

    limited.max = (uint16_t)n.last;
    ps_nft_mb_put_blocks(b, set, &element, (struct ps_nft_mb_places){1, 0, n.first}, &limited);
    ps_nft_put_members(b, set, false);
}

static void build_two_words(struct ps_nft_build *b)
{
    const struct ps_nft_key keys[] = {ps_nft_payload(AT_FUNCTION, 1), ps_nft_payload(AT_BODY, 2),
                                      ps_nft_payload(AT_BODY + 2, 2)};
    uint32_t set = ps_nft_shared_add(b, keys, 3, "requests");

    for (uint16_t row = 0; row < ps_vocab_by_protocol(PS_PROTOCOL_MODBUS)->n_functions; row++) {
        const struct ps_nft_mb_body *body = ps_nft_mb_body_of(row);
        bool two = body && (body->form == FORM_READ || body->form == FORM_COIL || body->form == FORM_REGISTER ||
                            body->form == FORM_DIAGNOSE);
        if (two && ps_nft_mb_is_possible(b, row, body))
            put_two_words(b, set, row, body);
    }
    if (b->r->sets[set].n == 0) {
        ps_nft_set_pop(b->r);
        return;
    }
    const struct ps_nft_key length = ps_nft_payload(AT_LENGTH, 2);
    ps_nft_rule_add(b->r, b->chain);
    ps_nft_put_members(b, set, false);
    set = ps_nft_shape_add(b, &length, 1, "modbus");
    ps_nft_shape_put(b, set, HEADER_LEN + 6, (const uint64_t[]){6});
    put_shape(b, set);
    ps_nft_put_pass(b);
}

/* Functions of one form that have nothing, or anything, behind their code. */
static void build_codes(struct ps_nft_build *b, enum ps_nft_mb_form form)
{
    const struct ps_nft_key code = ps_nft_payload(AT_FUNCTION, 1), length = ps_nft_payload(AT_LENGTH, 2);
    uint32_t codes = ps_nft_shared_add(b, &code, 1, "functions");
    struct ps_nft_element element = {0};

    for (uint16_t row = 0; row < ps_vocab_by_protocol(PS_PROTOCOL_MODBUS)->n_functions; row++) {
        const struct ps_nft_mb_body *body = ps_nft_mb_body_of(row);
        if (!body || body->form != form || !ps_nft_mb_is_possible(b, row, body))
            continue;
        ps_nft_element_numbers(&element, code, 0, ps_nft_mb_function(row), ps_nft_mb_function(row));
        ps_nft_set_put(b->r, codes, &element, NULL);
    }
    if (b->r->sets[codes].n == 0) {
        ps_nft_set_pop(b->r);
        return;
    }
    ps_nft_rule_add(b->r, b->chain);
    ps_nft_put_members(b, codes, false);
    uint32_t shapes = ps_nft_shape_add(b, &length, 1, "modbus");
    for (uint32_t len = 2; len <= (form == FORM_EMPTY ? 2u : 254u); len++)
        ps_nft_shape_put(b, shapes, HEADER_LEN + len, (const uint64_t[]){len});
    put_shape(b, shapes);
    ps_nft_put_pass(b);
}

/* One octet of coils: which bits may be set is a table of quantity and octet. */
static void build_coils(struct ps_nft_build *b, const struct ps_nft_mb_body *body)
{
    const struct ps_nft_key keys[] = {ps_nft_payload(AT_BODY + 2, 2), ps_nft_payload(AT_BODY + 5, 1)};
    bool off = ps_nft_mb_has_value(&b->view, 0), on = ps_nft_mb_has_value(&b->view, 1);
    struct ps_nft_element element = {0};

    if (!off && !on)
        return;
    begin_counted(b, body, 7, (struct ps_range){1, ps_nft_mb_largest(b, body->max)});
    put_block_lookup(b, body, AT_BODY, (struct ps_range){1, body->max});
    uint32_t set = ps_nft_shared_add(b, keys, 2, "bits");
    for (uint32_t n = 1; n <= body->max; n++) {
        uint32_t all = (1u << n) - 1;
        ps_nft_element_numbers(&element, keys[0], 0, n, n);
        ps_nft_element_numbers(&element, keys[1], 1, off ? 0 : all, on ? all : 0);
        ps_nft_set_put(b->r, set, &element, NULL);
    }
    ps_nft_put_members(b, set, false);
    ps_nft_put_pass(b);
}

/* Puts "each of n values is one that the rule grants"; the rule has some. */
static void put_values(struct ps_nft_build *b, uint32_t n, const struct ps_range *ranges, uint32_t n_ranges)
{
    for (uint32_t i = 0; i < n; i++)
        ps_nft_put_ranges(b, ps_nft_payload(AT_BODY + 5 + 2 * i, 2), ranges, n_ranges);
}

static void build_registers(struct ps_nft_build *b, const struct ps_nft_mb_body *body)
{
    struct ps_range *ranges = ps_nft_calloc(b->view.n_values, sizeof *ranges);
    uint32_t n_ranges = 0;

    for (uint32_t i = 0; i < b->view.n_values; i++)
        n_ranges += ps_nft_mb_value_range(&b->view, i, &ranges[n_ranges]);
    if (b->view.n_values == 0) {
        begin_counted(b, body, 7, (struct ps_range){1, ps_nft_mb_largest(b, body->max)});
        put_block_lookup(b, body, AT_BODY, (struct ps_range){1, body->max});
        ps_nft_put_pass(b);
    }
    uint32_t most = ps_nft_mb_largest(b, PS_NFT_MB_VALUES);
    for (uint32_t n = 1; n <= most && n_ranges > 0 && ps_nft_mb_has_block(&b->view, body, n); n++) {
        begin_counted(b, body, 7, (struct ps_range){n, n});
        put_block_lookup(b, body, AT_BODY, (struct ps_range){1, most}); /* of any quantity: all n share the set */
        put_values(b, n, ranges, n_ranges);
        ps_nft_put_pass(b);
    }
    free(ranges);
}

static void build_exchange(struct ps_nft_build *b, const struct ps_nft_mb_body *body)
{
    begin_counted(b, body, 11, (struct ps_range){1, ps_nft_mb_largest(b, body->max)});
    put_block_lookup(b, body, AT_BODY, (struct ps_range){1, 125});
    put_block_lookup(b, body, AT_BODY + 4, (struct ps_range){1, body->max});
    ps_nft_put_pass(b);
}

/* One register or queue: its address alone. */
static void build_address(struct ps_nft_build *b, const struct ps_nft_mb_body *body)
{
    struct ps_range *ranges = ps_nft_calloc(b->view.n_objects, sizeof *ranges);
    uint32_t n = 0;

    for (uint32_t i = 0; i < b->view.n_objects; i++)
        if (b->view.objects[i].space == ps_nft_mb_space(body))
            ranges[n++] = (struct ps_range){b->view.objects[i].first, b->view.objects[i].last};
    begin_fixed(b, body->form == FORM_MASK ? 8 : 4);
    ps_nft_put_match(b->r, ps_nft_payload(AT_FUNCTION, 1), body->code, false);
    ps_nft_put_ranges(b, ps_nft_payload(AT_BODY, 2), ranges, n);
    ps_nft_put_pass(b);
    free(ranges);
}

/* 43/14: code 1 to 4, any object. */
static void build_identify(struct ps_nft_build *b, const struct ps_nft_mb_body *body)
{
    const struct ps_range codes = {1, 4};

    begin_fixed(b, 5);
    ps_nft_put_match(b->r, ps_nft_payload(AT_FUNCTION, 1), body->code, false);
    ps_nft_put_match(b->r, ps_nft_payload(AT_BODY, 1), 14, false);
    ps_nft_put_ranges(b, ps_nft_payload(AT_BODY + 1, 1), &codes, 1);
    ps_nft_put_pass(b);
}

static void build_row(struct ps_nft_build *b, const struct ps_nft_mb_body *body)
{
    switch ((enum ps_nft_mb_form)body->form) {
    case FORM_COILS:
        build_coils(b, body);
        break;
    case FORM_REGISTERS:
        build_registers(b, body);
        break;
    case FORM_EXCHANGE:
        build_exchange(b, body);
        break;
    case FORM_MASK:
    case FORM_FIFO:
        build_address(b, body);
        break;
    case FORM_IDENTIFY:
        build_identify(b, body);
        break;
    case FORM_NOT:
    case FORM_EMPTY:
    case FORM_READ:
    case FORM_COIL:
    case FORM_REGISTER:
    case FORM_DIAGNOSE:
    case FORM_OPAQUE:
        break; /* together with the others of their form */
    }
}

static void build(struct ps_nft_build *b)
{
    const char *why;

    build_two_words(b);
    build_codes(b, FORM_EMPTY);
    build_codes(b, FORM_OPAQUE);
    for (uint16_t row = 0; row < ps_vocab_by_protocol(PS_PROTOCOL_MODBUS)->n_functions; row++) {
        const struct ps_nft_mb_body *body = ps_nft_mb_body_of(row);
        bool compared = body && ps_nft_mb_is_possible(b, row, body);
        enum ps_nft_how result = compared ? ps_nft_mb_how(b, row, &why) : PS_NFT_HOW_NOT;
        if (result == PS_NFT_HOW_EXACT || result == PS_NFT_HOW_PART)
            build_row(b, body);
    }
}

const struct ps_nft_protocol ps_nft_modbus = {.how = ps_nft_mb_how, .build = build};
