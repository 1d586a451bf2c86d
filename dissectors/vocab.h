/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vocab.h - words of the policy <-> codes of the protocol, from the same tables that decode uses.
 *
 * One notation everywhere: rules, explain, policy tests, events, reports. An operation is written
 *
 *     modbus write-single-register station=1 holding:41 value=900
 *     modbus write-multiple-coils station=1 coil:0-3 value=on,off,off,on
 *     modbus read-write-multiple-registers station=1 read holding:0-9 write holding:20-21 value=5,6
 *     modbus read-file-record station=1 file:4:0-9 file:5:1
 *     modbus read-exception-status station=1
 *     s7comm write-var station=pg:0.2 db10:0-3 type=real value=1.5 m:4.0 type=bit value=1
 *
 * protocol, function, station, words of asks that all facts have, then per fact: the class word (only where the
 * function's facts differ in class, where one of several facts has no object, or behind one that has none; the fact's
 * own function where the message's has no such class), the object, the choice, the params,
 * words of asks that not all facts have, the values (a list, or min..max). Up to PS_VALUES_SHOWN values are written as
 * a list, more as min..max. Messages that are judged together are joined by "and", which can only be read by people:
 *
 *     dnp3 read station=3->17 and cold-restart station=3->18 control and read station=3->17 read g60v1
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fact.h"
#include "base/range.h"
#include "base/txt.h"
#include "dissector.h"

/* One row of a protocol's function table. */
struct ps_function {
    const char *name;  /* "write-single-register" */
    uint32_t code;     /* as in ps_facts.code */
    uint32_t ops;      /* PS_OP_BIT()s of the classes its facts have */
    const char *label; /* for people and the documentation: "Write Single Register (6)" */
    bool housekeeping; /* comes with whatever a rule allows: ps_fact.housekeeping */
};

/* An address space of the protocol. */
struct ps_space {
    const char *name;   /* "holding" */
    uint32_t code;      /* never 0; with numbered spaces the code of number 0 */
    uint32_t max;       /* largest index */
    uint32_t max_number; /* "file:4:0-9" has number 4 and code + 4; 0: not numbered */
    const char *number_mark; /* between name and number: ":" in "file:4", "v" in "g12v1", "" in "db10"; NULL: ":" */
    bool bits;           /* indices count bits, text counts octets: "m:0-15", one bit "m:3.0", bits "m:3.0-3.5" */
    bool hex;            /* indices are written as "szl:0x0132" */
    bool any_number;     /* rules may leave the number out to mean all of them, "g30:0-99"; max_number is at most 255 */
};

/* How a fact is done: a word for ps_fact.choice. A choice without a row is written by its number. */
struct ps_choice {
    const char *name; /* "trip" */
    uint16_t code;    /* never 0 */
};

/* A number that facts carry besides: ps_fact.params[row]. */
struct ps_param {
    const char *name; /* key of rules and operation texts: "on_time" */
    const char *unit; /* "ms"; "" for a plain count */
    const char *sentence;
};

/* A key of rules, true or false, about something that only a rule can decide: ps_fact.asks. */
struct ps_ask {
    const char *name; /* key of rules: "broadcast" */
    const char *word; /* of operation texts: "broadcast" */
    uint8_t bit;      /* in ps_fact.asks */
    bool forbids;     /* true: permitted unless the rule sets the key; false: refused unless the rule sets it */
    const char *sentence; /* what the rule permits, or with `forbids` insists on, when the key is true */
};

/* A relax switch: a named deviation of a known device, per server asset. */
struct ps_relax {
    const char *name; /* unique over all protocols: "modbus-exception-length" */
    uint32_t bit; /* no other one's of the dissector, whichever protocol it carries */
    const char *sentence;
};

struct ps_vocab {
    const char *name;   /* the protocol's, as rules have it: "modbus" */
    uint8_t protocol;   /* enum ps_protocol */
    const struct ps_function *functions; /* row i is function i of facts and bitmaps; at most PS_FUNCTIONS_MAX */
    uint16_t n_functions;
    const struct ps_space *spaces;
    uint16_t n_spaces;
    const struct ps_relax *relaxes;
    uint16_t n_relaxes;
    const char *choices_key; /* of rules: "controls"; NULL: the protocol has none */
    const char *choice_word; /* of operation texts, "control=trip" */
    const struct ps_choice *choices;
    uint16_t n_choices;
    uint16_t max_choice; /* codes are 1..max_choice */
    bool choices_by_name; /* a rule that lists no choices grants only those that have a row */
    const struct ps_param *params;
    uint16_t n_params; /* at most PS_PARAMS_MAX */
    const struct ps_ask *asks;
    uint16_t n_asks;
    uint32_t max_station; /* stations are 0..max_station */
    /* Stations in the protocol's notation ("3 -> 17", "0.2"): a range of codes. NULL: plain numbers. Blanks that are
     * written may be missing where it is read: operation texts have none. */
    bool (*station_parse)(struct ps_str text, struct ps_range *out);
    void (*station_format)(struct ps_range range, struct ps_txt *out);
    uint32_t station_open; /* codes behind a multiple of this + 1 that are the same station, called in different ways: a text
                              may leave it open, and an operation that does so has the first of them */
    const char *station_sentence; /* how they are written, for people; NULL: numbers */
    uint16_t max_outstanding; /* largest value of a rule's max_outstanding */
    uint16_t default_outstanding;
    /* A function by the protocol's own number: "6", "8/4", "43/14", "90/0x40". Row, or PS_FUNCTION_UNKNOWN. */
    uint16_t (*function_by_number)(struct ps_str text);
    /* Writes the function's number in that notation. */
    void (*function_number)(uint32_t code, struct ps_txt *out);
    /* Writes the status of a reply as it stands in operation texts: "iin=restart,need-time". NULL: replies have none. */
    void (*status_format)(uint32_t status, struct ps_txt *out);
    /* The key of that, "iin", where messages that need a rule have a status too: text that is read may say it, and no rule
     * looks at it. NULL: only replies have one. */
    const char *status_key;
    /* An object in a foreign notation ("4x00041-4x00048"), or false. May be NULL. */
    bool (*object_alias)(struct ps_str text, struct ps_object_range *out);
    const char *object_example; /* what to write, for whoever names no space; NULL: the first one */
    bool counts_elements; /* indices count elements: a fact writes one value for each, and rules have max_quantity */
    bool ops_by_object;   /* of a function's classes each fact has the one of its object; else each class has a fact */
    /* What a function's fact of class op is like, `space` being the code of the address space of its object, with the
     * number or with number 0 for any of them; 0: it has no object. */
    /* Are there such facts? Text and rules that name others are refused or warned about. NULL: none has an object. */
    bool (*addresses)(uint16_t function, uint8_t op, uint32_t space);
    /* The values that it may write; false when it writes none. NULL: none does. */
    bool (*value_limits)(uint16_t function, uint8_t op, uint32_t space, double *min, double *max);
    /* It writes (or may write) what cannot be seen: PS_VALUE_UNKNOWN. NULL: none does. */
    bool (*writes_unseen)(uint16_t function, uint8_t op, uint32_t space);
    /* Are values of this choice and space of single precision? NULL: none are. */
    bool (*writes_single)(uint16_t function, uint32_t space, uint16_t choice);
    /* Has it a choice? And how many of the params? NULL: text may say so for any. */
    bool (*carries)(uint16_t function, uint8_t op, uint32_t space, uint16_t *n_params);
    /* Is such a fact housekeeping although its function is none (ps_function.housekeeping)? NULL: none is. */
    bool (*keeps_house)(uint16_t function, uint8_t op, uint32_t space);
    /* What each fact of a function asks, bits of `asks`: a rule that does not permit them never grants it. NULL: nothing. */
    uint8_t (*always_asks)(uint16_t function);
};

/* The hooks, where the protocol has them. */
bool ps_vocab_addresses(const struct ps_vocab *vocab, uint16_t function, unsigned op, uint32_t space);
/* The only one of a function's classes that facts about a space can have; PS_OP_NONE: none, or several. */
unsigned ps_vocab_only_op(const struct ps_vocab *vocab, uint16_t function, uint32_t space);
/* May messages of a function hold parts of another one? Of one class, that the function itself has not: texts name such a
 * part by its own function, others by their class. */
bool ps_vocab_is_part(const struct ps_vocab *vocab, uint16_t function, uint16_t part);
bool ps_vocab_value_limits(const struct ps_vocab *vocab, const struct ps_fact *fact, double *min, double *max);
bool ps_vocab_writes_unseen(const struct ps_vocab *vocab, const struct ps_fact *fact);

/* The words of a protocol, also of one that another one's dissector reads. NULL when it is not inspected. */
const struct ps_vocab *ps_vocab_by_protocol(unsigned protocol);

/* By the word of rules; NULL when there is none. */
const struct ps_vocab *ps_vocab_by_name(struct ps_str name);

/* ---- operation classes ----------------------------------------------------------------------------------------- */

const char *ps_op_name(unsigned op);         /* "read"; "none" for 0; never NULL */
unsigned ps_op_by_name(struct ps_str name);  /* PS_OP_NONE when unknown */

/* ---- functions, objects, values -------------------------------------------------------------------------------- */

/* By name or number. PS_FUNCTION_UNKNOWN when there is none. */
uint16_t ps_function_by_text(const struct ps_vocab *vocab, struct ps_str text);

/* "holding:40-47", "holding" (the whole space), "file:4:0-9", "db10:0-3", "m:3.0-3.5", "szl:0x0132" or an alias;
 * "file:1-9:0-9" is not a thing. On false, *why says what is wrong, in words that fit behind the text. */
bool ps_object_parse(const struct ps_vocab *vocab, struct ps_str text, struct ps_object_range *out, const char **why);
void ps_object_format(const struct ps_vocab *vocab, struct ps_object_range range, struct ps_txt *out);

/* The same for lists, where a text without a number may mean every number of a space that has any_number ("g30:0-99").
 * There is no range that says so: a list has one range for each number. The text stands for *n_numbers ranges, of
 * which *out is the first; the others have the codes behind it. 1 for all other texts. */
bool ps_objects_parse(const struct ps_vocab *vocab, struct ps_str text, struct ps_object_range *out,
                      uint32_t *n_numbers, const char **why);
/* Writes the text that a list of n > 0 ranges begins with, and says how many of them it stands for. */
uint32_t ps_objects_format(const struct ps_vocab *vocab, const struct ps_object_range *list, uint32_t n,
                           struct ps_txt *out);

/* The space whose name a text begins with, whatever follows; NULL when none. */
const struct ps_space *ps_space_by_text(const struct ps_vocab *vocab, struct ps_str text);

/* The space that a code belongs to, NULL when none. */
const struct ps_space *ps_space_by_code(const struct ps_vocab *vocab, uint32_t code);

/* "900", "0..1000", "-0.5", "on", "off". */
bool ps_value_range_parse(struct ps_str text, struct ps_value_range *out);
void ps_value_range_format(struct ps_value_range range, struct ps_txt *out);

/* "trip", or by the number on the wire, which is the code - 1: "65", "0x41", "0x41-0x43". False when there is no such
 * word, or no such number. */
bool ps_choice_parse(const struct ps_vocab *vocab, struct ps_str text, struct ps_range *out);
void ps_choice_format(const struct ps_vocab *vocab, struct ps_range range, struct ps_txt *out);

/* In the protocol's notation, else "1" or "1-8". */
bool ps_station_parse(const struct ps_vocab *vocab, struct ps_str text, struct ps_range *out);
void ps_station_format(const struct ps_vocab *vocab, struct ps_range range, struct ps_txt *out);
/* The station of a fact; the first of the codes that a text may leave open (station_open) is written as that text. */
void ps_station_format_one(const struct ps_vocab *vocab, uint32_t station, struct ps_txt *out);

/* What a rule lists for a param: "100", "0..1000". */
bool ps_param_range_parse(struct ps_str text, struct ps_range *out);
void ps_param_range_format(struct ps_range range, struct ps_txt *out);

/* ---- operations ------------------------------------------------------------------------------------------------ */

#define PS_VALUES_SHOWN 8
/* Enough for any operation text of one fact; longer ones are cut with "...". */
#define PS_OPERATION_TEXT_MAX 256

/* Parsed operation text: facts, whose values point into `values`. Do not copy or move it. */
struct ps_operation {
    const struct ps_dissector *dissector; /* the one that reads it: a carrier's for what that carries */
    const struct ps_vocab *vocab;
    struct ps_facts facts; /* kind PS_PDU_REQUEST */
    double values[128];    /* over all facts */
    uint16_t n_values;
    bool any_station; /* the text names no station */
};

/* text -> operation. On false, err holds a sentence. A text without station= leaves station 0 and sets any_station.
 * facts -> text -> facts gives the same facts, but for values: PS_VALUE_F64 or (of single precision) PS_VALUE_F32LE in
 * place of other elements and of bounds that are one number, bounds in place of more than PS_VALUES_SHOWN elements. */
bool ps_operation_parse(const char *text, struct ps_operation *op, struct ps_txt *err);

/* facts -> text. Also for facts of a PDU that decode refused (as far as it came, "modbus function=0x2b ..."). Replies
 * are written "modbus reply read-coils station=1", refusals "modbus exception read-coils station=1 code=2". */
void ps_operation_format(const struct ps_dissector *dissector, const struct ps_facts *facts, struct ps_txt *out);
