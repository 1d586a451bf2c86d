/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * build.h - an image in the making: one growing buffer per section, and the passes that fill them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compile.h"
#include "image_layout.h"

/* What else is counted in 32 bits. */
#define PS_MAX_ADDRESSES 10000000u
#define PS_MAX_IDS 100000000u

struct ps_buffer {
    uint8_t *data;
    size_t len, capacity;
};

struct ps_build {
    const struct ps_model *model;
    struct ps_diags *diags;
    struct ps_buffer sections[PS_N_SECTIONS];
    uint32_t *files; /* of the model's files: offset of the name in section FILES */
};

void ps_build_init(struct ps_build *build, const struct ps_model *model, struct ps_diags *diags);
void ps_build_fini(struct ps_build *build);

/* n more zeroed elements of a section; the pointer lives until the next call. Ends the program without memory. */
void *ps_build_add(struct ps_build *build, enum ps_image_section section, size_t n);
/* Element 0 of what the section has so far. */
void *ps_build_at(const struct ps_build *build, enum ps_image_section section);
uint32_t ps_build_n(const struct ps_build *build, enum ps_image_section section);
/* Offset of a copy of s. */
uint32_t ps_build_string(struct ps_build *build, const char *s);

/* Where the next conduit, and when there are all of them the next rule, stands in the plant file. */
void ps_build_source(struct ps_build *build, struct ps_src src);

/* Zeroed memory for n elements, free() it. Ends the program with a message when there is none. */
void *ps_build_calloc(size_t n, size_t size);

/* An error at a place of the plant file. at: "conduit/rule" or a name, or NULL. */
__attribute__((format(printf, 4, 5))) void ps_build_error(const struct ps_build *build, struct ps_src src,
                                                          const char *at, const char *format, ...);
__attribute__((format(printf, 3, 4))) void ps_build_rule_error(const struct ps_build *build, const struct ps_rule *rule,
                                                               const char *format, ...);
/* The file of a place, as the user named it. */
const char *ps_build_file(const struct ps_build *build, struct ps_src src);

/* ---- lists, in place ------------------------------------------------------------------------------------------- */

/* Sorted; what overlaps or touches becomes one (values: what overlaps, there is something between 1 and 2). The new
 * count. */
uint32_t ps_merge_ranges(struct ps_range *ranges, uint32_t n);
uint32_t ps_merge_objects(struct ps_object_range *objects, uint32_t n);
uint32_t ps_merge_values(struct ps_value_range *values, uint32_t n);
/* Sorted, each once. */
uint32_t ps_merge_ids(uint32_t *ids, uint32_t n);

/* Do two lists have a number in common? An empty list holds all. */
bool ps_ranges_meet(const struct ps_range *a, uint32_t n_a, const struct ps_range *b, uint32_t n_b);

/* ---- passes ---------------------------------------------------------------------------------------------------- */

/* Ports a rule is about: its own, else the protocol's default; *n 0: every port. one is room for the default. */
const struct ps_range *ps_rule_ports(const struct ps_rule *rule, struct ps_range *one, uint32_t *n);

/* Choices that a rule grants, merged: its own; where it lists none and vocab->choices_by_name, those that have a name;
 * *n 0: every one. free() it. */
struct ps_range *ps_rule_choices(const struct ps_rule *rule, uint32_t *n);

/* Bits of the asks that a rule permits, by its keys. */
uint8_t ps_rule_permits(const struct ps_rule *rule);

void ps_build_addresses(struct ps_build *build); /* intervals and MACs; errors: overlaps. addresses.c */
void ps_build_pairs(struct ps_build *build);     /* errors: two conduits for one pair. conduits.c */
void ps_build_conduits(struct ps_build *build);  /* and which rules concern which server */
void ps_build_rules(struct ps_build *build);     /* rules.c */
void ps_build_gateways(struct ps_build *build);
void ps_check_ambiguous(const struct ps_build *build); /* errors: inspected and not, on one port. ambiguous.c */
void ps_check_never(const struct ps_build *build);     /* errors: rules that break a never. never.c */

/* The image, 64-aligned, from what the passes built. layout.c */
uint8_t *ps_build_layout(const struct ps_build *build, size_t *len);
/* SHA-256 of what an image of len octets enforces. digest.c */
void ps_image_digest_compute(const uint8_t *image, size_t len, uint8_t digest[PS_DIGEST_LEN]);
