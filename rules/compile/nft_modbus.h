/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_modbus.h - Modbus requests as the kernel compares them: private to nft_modbus.c and nft_modbus_body.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "nft_build.h"

#define PS_NFT_MB_WORDS 65536u
#define PS_NFT_MB_VALUES 8u /* elements of one write whose values are compared */

enum { AT_PROTOCOL = 2, AT_LENGTH = 4, AT_UNIT = 6, AT_FUNCTION = 7, AT_BODY = 8, HEADER_LEN = 6 };

/* How the body of a request is compared. */
enum ps_nft_mb_form {
    FORM_NOT = 0,
    FORM_EMPTY,     /* function alone */
    FORM_READ,      /* address 2, quantity 2 */
    FORM_COIL,      /* address 2, value 2: ff00 or 0000 */
    FORM_REGISTER,  /* address 2, value 2 */
    FORM_COILS,     /* address 2, quantity 2, octets 1, bits: one octet of them */
    FORM_REGISTERS, /* address 2, quantity 2, octets 1, values 2 each */
    FORM_EXCHANGE,  /* read address 2, quantity 2, then as FORM_REGISTERS */
    FORM_MASK,      /* address 2, and 2, or 2 */
    FORM_FIFO,      /* address 2 */
    FORM_DIAGNOSE,  /* sub-function 2, data 2 */
    FORM_IDENTIFY,  /* MEI type 1, code 1, object 1 */
    FORM_OPAQUE,    /* anything */
};

struct ps_nft_mb_body {
    uint8_t code; /* function code */
    uint8_t form; /* enum ps_nft_mb_form */
    uint16_t max; /* elements */
    const char *space;
};

/* Where a set has address and quantity among its keys, and the smallest quantity that it is to hold. */
struct ps_nft_mb_places {
    unsigned address, quantity;
    uint32_t least;
};

/* What stands in the function table for a row, and its function code alone. */
uint32_t ps_nft_mb_code(uint16_t row);
uint8_t ps_nft_mb_function(uint16_t row);
/* NULL: the body has no form that the kernel knows. */
const struct ps_nft_mb_body *ps_nft_mb_body_of(uint16_t row);
/* Code of the address space of a body, 0: none. */
uint32_t ps_nft_mb_space(const struct ps_nft_mb_body *body);

enum ps_nft_how ps_nft_mb_how(const struct ps_nft_build *b, uint16_t row, const char **why);
/* Does the rule grant some message with this body at all? */
bool ps_nft_mb_is_possible(const struct ps_nft_build *b, uint16_t row, const struct ps_nft_mb_body *body);

/* max, or what the rule's max_quantity leaves of it. */
uint32_t ps_nft_mb_largest(const struct ps_nft_build *b, uint32_t max);
/* Does the rule grant a block of n elements? */
bool ps_nft_mb_has_block(const struct ps_rule_view *view, const struct ps_nft_mb_body *body, uint32_t n);
/* All blocks of at least places.least elements, and of up to body->max, that the rule grants. */
void ps_nft_mb_put_blocks(struct ps_nft_build *b, uint32_t set, struct ps_nft_element *element,
                          struct ps_nft_mb_places places, const struct ps_nft_mb_body *body);

/* Whole numbers of 0..65535 in range i of the rule's values; false: none. */
bool ps_nft_mb_value_range(const struct ps_rule_view *view, uint32_t i, struct ps_range *out);
bool ps_nft_mb_has_value(const struct ps_rule_view *view, uint32_t number);
