/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_modbus_body.c - which Modbus requests the kernel can compare, and the blocks and values in them that a rule grants.
 */
#include <math.h>

#include "nft_build.h"
#include "nft_modbus.h"
#include "vocab.h"

#define BLOCK_EXACT 256u /* elements of a block up to which each quantity is compared by itself */
#define BLOCK_STEP 16u   /* and in which steps beyond: shorter ones may then not reach to the very end of a range */

/* By function code. */
static const struct ps_nft_mb_body bodies[128] = {
    [1] = {1, FORM_READ, 2000, "coil"},
    [2] = {2, FORM_READ, 2000, "discrete"},
    [3] = {3, FORM_READ, 125, "holding"},
    [4] = {4, FORM_READ, 125, "input"},
    [5] = {5, FORM_COIL, 1, "coil"},
    [6] = {6, FORM_REGISTER, 1, "holding"},
    [7] = {7, FORM_EMPTY, 0, NULL},
    [8] = {8, FORM_DIAGNOSE, 0, NULL},
    [11] = {11, FORM_EMPTY, 0, NULL},
    [12] = {12, FORM_EMPTY, 0, NULL},
    [15] = {15, FORM_COILS, 8, "coil"},
    [16] = {16, FORM_REGISTERS, 123, "holding"},
    [17] = {17, FORM_EMPTY, 0, NULL},
    [22] = {22, FORM_MASK, 1, "holding"},
    [23] = {23, FORM_EXCHANGE, 121, "holding"},
    [24] = {24, FORM_FIFO, 1, "fifo"},
    [43] = {43, FORM_IDENTIFY, 0, NULL},
};

/* ---- what a rule grants ------------------------------------------------------------------------------------------ */

uint32_t ps_nft_mb_code(uint16_t row)
{
    return ps_vocab_by_protocol(PS_PROTOCOL_MODBUS)->functions[row].code;
}

uint8_t ps_nft_mb_function(uint16_t row)
{
    uint32_t code = ps_nft_mb_code(row);

    return (uint8_t)(code > 0xffff ? code >> 16 : code);
}

/* NULL: the body has no form that the kernel knows. */
const struct ps_nft_mb_body *ps_nft_mb_body_of(uint16_t row)
{
    static const struct ps_nft_mb_body opaque = {.form = FORM_OPAQUE};
    const struct ps_function *function = &ps_vocab_by_protocol(PS_PROTOCOL_MODBUS)->functions[row];
    uint32_t code = function->code, fc = code > 0xffff ? code >> 16 : code;

    if (code == (43u << 16 | 13) || fc >= sizeof bodies / sizeof bodies[0])
        return NULL;
    if (bodies[fc].form != FORM_NOT)
        return &bodies[fc];
    bool plain = code == fc && (function->ops & (PS_OP_BIT(PS_OP_OPAQUE) | PS_OP_BIT(PS_OP_PROGRAM))) != 0;
    return plain ? &opaque : NULL;
}

uint32_t ps_nft_mb_space(const struct ps_nft_mb_body *body)
{
    return body->space ? ps_space_by_text(ps_vocab_by_protocol(PS_PROTOCOL_MODBUS), ps_str_from(body->space))->code : 0;
}

/* Does the rule list objects, and none of the space that the function is about? Then no message of it is granted. */
static bool has_objects(const struct ps_rule_view *view, const struct ps_nft_mb_body *body)
{
    bool found = view->n_objects == 0;

    for (uint32_t i = 0; i < view->n_objects && !found; i++)
        found = view->objects[i].space == ps_nft_mb_space(body) && view->objects[i].space != 0;
    return found;
}

/* Function 23 reads and writes: another rule of the conduit may grant the half that this one does not. */
static bool has_partner(const struct ps_nft_build *b, uint16_t row, uint32_t ops)
{
    struct ps_nft_build other = *b;
    uint32_t first = ps_image_conduit_first_rule(b->image, b->conduit);

    for (uint32_t i = 0; i < ps_image_conduit_n_rules(b->image, b->conduit); i++) {
        ps_nft_rule_load(&other, first + i);
        if (other.view.protocol == PS_PROTOCOL_MODBUS && (ps_nft_granted_ops(&other, row) & ~ops) != 0)
            return true;
    }
    return false;
}

static enum ps_nft_how how_compared(const struct ps_nft_build *b, uint16_t row, const struct ps_nft_mb_body *body, const char **why)
{
    const struct ps_rule_view *view = &b->view;
    uint32_t ops = ps_nft_granted_ops(b, row);
    uint32_t most = view->max_quantity > 0 ? view->max_quantity : UINT32_MAX;

    switch ((enum ps_nft_mb_form)body->form) {
    case FORM_EXCHANGE:
        if (ops != (PS_OP_BIT(PS_OP_READ) | PS_OP_BIT(PS_OP_WRITE)) && !has_partner(b, row, ops))
            return PS_NFT_HOW_NOTHING;
        if (ops != (PS_OP_BIT(PS_OP_READ) | PS_OP_BIT(PS_OP_WRITE)))
            *why = "reading and writing at once needs both of one rule";
        else if (view->n_values > 0)
            *why = "values behind a block that is read cannot be compared";
        return *why ? PS_NFT_HOW_NOT : PS_NFT_HOW_EXACT;
    case FORM_MASK:
        *why = view->n_values > 0 ? "what masks make of a register cannot be computed" : NULL;
        return *why ? PS_NFT_HOW_NOT : PS_NFT_HOW_EXACT;
    case FORM_COILS:
        *why = most > body->max ? "more than 8 coils at once" : NULL;
        return *why ? PS_NFT_HOW_PART : PS_NFT_HOW_EXACT;
    case FORM_REGISTERS:
        *why = view->n_values > 0 && most > PS_NFT_MB_VALUES ? "more than 8 values at once" : NULL;
        return *why ? PS_NFT_HOW_PART : PS_NFT_HOW_EXACT;
    case FORM_DIAGNOSE:
        *why = ps_nft_mb_code(row) == 8u << 16 ? "more than one word" : NULL;
        return *why ? PS_NFT_HOW_PART : PS_NFT_HOW_EXACT;
    case FORM_NOT:
    case FORM_EMPTY:
    case FORM_READ:
    case FORM_COIL:
    case FORM_REGISTER:
    case FORM_FIFO:
    case FORM_IDENTIFY:
    case FORM_OPAQUE:
        break;
    }
    return PS_NFT_HOW_EXACT;
}

enum ps_nft_how ps_nft_mb_how(const struct ps_nft_build *b, uint16_t row, const char **why)
{
    const struct ps_nft_mb_body *body = ps_nft_mb_body_of(row);

    *why = NULL;
    if (!body) {
        *why = "its body has no fixed form";
        return PS_NFT_HOW_NOT;
    }
    return how_compared(b, row, body, why);
}

/* Does the rule grant some message with this body at all? */
bool ps_nft_mb_is_possible(const struct ps_nft_build *b, uint16_t row, const struct ps_nft_mb_body *body)
{
    bool unseen = body->form == FORM_OPAQUE && b->view.n_values > 0;

    return ps_nft_granted_ops(b, row) != 0 && has_objects(&b->view, body) && !unseen;
}

/* ---- blocks of elements ------------------------------------------------------------------------------------------ */

uint32_t ps_nft_mb_largest(const struct ps_nft_build *b, uint32_t max)
{
    return b->view.max_quantity > 0 && b->view.max_quantity < max ? b->view.max_quantity : max;
}

/* limits: first and last element of the range, most and fewest elements of a block. */
static void put_block(struct ps_nft_build *b, uint32_t set, struct ps_nft_element *element, struct ps_nft_mb_places places,
                      const uint32_t limits[4])
{
    uint32_t first = limits[0], last = limits[1];
    uint32_t room = last - first + 1, most = ps_nft_mb_largest(b, limits[2]);

    most = most < room ? most : room;
    for (uint32_t n = limits[3], next; n <= most; n = next) {
        next = n < BLOCK_EXACT ? n + 1 : n + BLOCK_STEP;
        next = next <= most ? next : most + 1;
        ps_nft_element_numbers(element, ps_nft_payload(0, 2), places.address, first, last - (next - 1) + 1);
        ps_nft_element_numbers(element, ps_nft_payload(0, 2), places.quantity, n, next - 1);
        ps_nft_set_put(b->r, set, element, NULL);
    }
}

/* All blocks of at least `least` elements, and of up to body->max, that the rule grants. */
void ps_nft_mb_put_blocks(struct ps_nft_build *b, uint32_t set, struct ps_nft_element *element, struct ps_nft_mb_places places,
                       const struct ps_nft_mb_body *body)
{
    const struct ps_rule_view *view = &b->view;

    if (view->n_objects == 0)
        put_block(b, set, element, places, (const uint32_t[]){0, PS_NFT_MB_WORDS - 1, body->max, places.least});
    for (uint32_t i = 0; i < view->n_objects; i++)
        if (view->objects[i].space == ps_nft_mb_space(body))
            put_block(b, set, element, places,
                      (const uint32_t[]){view->objects[i].first, view->objects[i].last, body->max, places.least});
}

/* Does the rule grant a block of n elements? */
bool ps_nft_mb_has_block(const struct ps_rule_view *view, const struct ps_nft_mb_body *body, uint32_t n)
{
    bool found = view->n_objects == 0;

    for (uint32_t i = 0; i < view->n_objects && !found; i++)
        found = view->objects[i].space == ps_nft_mb_space(body) && view->objects[i].last - view->objects[i].first + 1 >= n;
    return found;
}

/* ---- values ------------------------------------------------------------------------------------------------------- */

/* Whole numbers of 0..65535 in range i of the rule's values; false: none. */
bool ps_nft_mb_value_range(const struct ps_rule_view *view, uint32_t i, struct ps_range *out)
{
    double min = ceil(view->values[i].min), max = floor(view->values[i].max);

    if (!(min <= max) || min > 65535 || max < 0)
        return false;
    out->first = min < 0 ? 0 : (uint32_t)min;
    out->last = max > 65535 ? 65535 : (uint32_t)max;
    return true;
}

bool ps_nft_mb_has_value(const struct ps_rule_view *view, uint32_t number)
{
    bool found = view->n_values == 0;

    for (uint32_t i = 0; i < view->n_values && !found; i++)
        found = view->values[i].min <= number && number <= view->values[i].max;
    return found;
}
