/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fact.h - what one PDU asks for, in words that rules can match.
 *
 * A PDU gives one or more facts; it passes only when every fact is granted by some rule. No facts: refused.
 * Facts borrow the PDU's bytes (values.data), so they live no longer than the PDU.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Operation classes: the same for all protocols. Words in vocab.c, in this order. At most 32. */
enum ps_op {
    PS_OP_NONE = 0, /* an unset fact: nothing grants it */
    PS_OP_READ,
    PS_OP_WRITE,    /* changes process data */
    PS_OP_OPERATE,  /* moves a control point (select, operate) */
    PS_OP_EVENT,    /* event data, unsolicited messages */
    PS_OP_CONTROL,  /* starts, stops, restarts or silences the device */
    PS_OP_PROGRAM,  /* engineering: upload, download, vendor programming */
    PS_OP_FILE,     /* file transfer */
    PS_OP_TIME,     /* sets or reads the clock */
    PS_OP_DIAGNOSE, /* counters and diagnostics that change nothing in the process */
    PS_OP_IDENTIFY, /* what the device is */
    PS_OP_SESSION,  /* opens, keeps or closes a protocol session */
    PS_OP_SECURITY, /* authentication */
    PS_OP_OPAQUE,   /* a function of which only the code is understood */
    PS_N_OPS,
};

#define PS_OP_BIT(op) (UINT32_C(1) << (op))

/* How the values that a fact writes are laid out. */
enum ps_value_kind {
    PS_VALUE_NONE = 0, /* writes nothing */
    PS_VALUE_BITS,     /* n bits in data, least significant bit of the first octet first: 0 or 1 each */
    PS_VALUE_U8,       /* n unsigned octets in data */
    PS_VALUE_I8,
    PS_VALUE_U16BE,    /* n unsigned 16-bit numbers in data */
    PS_VALUE_I16BE,
    PS_VALUE_U32BE,
    PS_VALUE_I32BE,
    PS_VALUE_I16LE,
    PS_VALUE_I32LE,
    PS_VALUE_F32BE,    /* IEEE 754, single precision: no rule's values hold what is no finite number */
    PS_VALUE_F32LE,
    PS_VALUE_F64LE,
    PS_VALUE_F64,      /* n doubles of the host in data, aligned or not (made by text, not by packets) */
    PS_VALUE_BOUNDS,   /* what will be written is only known to lie in min..max */
    PS_VALUE_BOUNDS_SINGLE, /* the same, of single precision: a number of it that is not contiguous in the PDU, too */
    PS_VALUE_UNKNOWN,  /* writes something whose value cannot be seen: only a rule without `values` grants it */
};

struct ps_values {
    const uint8_t *data; /* borrowed; enough octets for n elements of the kind */
    uint32_t n;          /* elements */
    uint8_t kind;        /* enum ps_value_kind */
    double min;          /* PS_VALUE_BOUNDS and PS_VALUE_BOUNDS_SINGLE only */
    double max;
};

/* Further numbers that a fact may carry: the vocabulary names them (vocab.h, struct ps_param). */
#define PS_PARAMS_MAX 3

struct ps_fact {
    uint8_t op;        /* enum ps_op */
    uint8_t protocol;  /* enum ps_protocol; ps_facts_add() copies it from the facts */
    uint16_t function; /* row in the protocol's function table, < PS_FUNCTIONS_MAX */
    uint16_t choice;   /* how it is done, by the vocabulary's choices (vocab.h): DNP3 control code, S7 type; 0: none */
    uint8_t asks;      /* bits of the vocabulary's asks: what a rule has to permit besides */
    uint8_t n_params;  /* params[0..n_params) are set */
    bool housekeeping; /* comes with whatever a rule allows to this station: granted by the station alone */
    uint32_t station;  /* Modbus: unit id; else as the vocabulary writes it */
    uint32_t space;    /* address space, 0: addresses nothing */
    uint32_t first;    /* first..last of that space, inclusive; 0 with space 0 */
    uint32_t last;
    uint32_t params[PS_PARAMS_MAX];
    struct ps_values values;
};

/* Rows that a protocol's function table may have: the size of a rule's function bitmap. */
#define PS_FUNCTIONS_MAX 256
/* Facts that one PDU may give; a PDU that asks for more is refused (too-many-facts). */
#define PS_FACTS_MAX 256
/* Octets that a dissector may carry from decode() to accept(); the first ones are 0 unless it writes them. */
#define PS_PAIRING_TAG 24
#define PS_PAIRING_MAX 256

enum ps_pdu_kind {
    PS_PDU_NONE = 0, /* decode did not come far enough to know */
    PS_PDU_REQUEST,
    PS_PDU_REPLY,
    PS_PDU_REFUSAL, /* the protocol's own "no": a Modbus exception */
    PS_PDU_NOTICE,  /* nobody asked for it: unsolicited, indication; its facts are judged like those of a request */
};

/* What decode says about one PDU. Only n_facts items of item[] are set. */
struct ps_facts {
    uint8_t kind;         /* enum ps_pdu_kind */
    uint8_t protocol;     /* enum ps_protocol: set by the caller, changed by a dissector that carries another one */
    uint8_t error;        /* PS_PDU_REFUSAL: the protocol's code */
    uint32_t status;      /* of replies and refusals: how it went, as vocab->status_format tells; 0: nothing to tell */
    uint16_t function;    /* table row; PS_FUNCTION_UNKNOWN when the code has none */
    uint32_t code;        /* the protocol's own function code, also when unknown (Modbus: fc, or fc << 16 | sub) */
    uint32_t station;
    uint32_t transaction; /* Modbus: transaction id */
    uint16_t n_facts;
    uint8_t pairing[PS_PAIRING_MAX]; /* the dissector's own note, for accept(); cleared are its first PS_PAIRING_TAG octets */
    struct ps_fact item[PS_FACTS_MAX];
};

#define PS_FUNCTION_UNKNOWN UINT16_C(0xffff)

/* Make facts empty, in constant time (item[] and protocol are left as they are). */
void ps_facts_clear(struct ps_facts *facts);

/* The next free item, zeroed, or NULL when there are PS_FACTS_MAX already. */
struct ps_fact *ps_facts_add(struct ps_facts *facts);

/* Element i < values->n as a number; 0 for kinds without elements. */
double ps_values_at(const struct ps_values *values, uint32_t i);

/* Octets that the elements take in data; 0 for kinds without elements. */
size_t ps_values_len(const struct ps_values *values);

/* Has the kind elements in data? */
bool ps_values_has_elements(const struct ps_values *values);

/* Are the elements, or the bounds, of single precision? Then 0.1 means the one of these numbers that is nearest to it. */
bool ps_values_are_single(const struct ps_values *values);

/* Smallest and largest value, both NaN when one is; false when the kind has none (PS_VALUE_NONE, PS_VALUE_UNKNOWN) or n
 * is 0. */
bool ps_values_bounds(const struct ps_values *values, double *min, double *max);
