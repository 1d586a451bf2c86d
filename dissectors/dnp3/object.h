/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * object.h - what the files that read the objects of a fragment share.
 *
 *     object.c    groups and variations: how long they are, where they may stand
 *     header.c    header after header: qualifiers, ranges, what comes in which order
 *     body.c      the data behind a header, object by object
 *     target.c    headers that only name points: read, freeze, assign class
 *     control.c   g12, g41 and everything else that is written as a number
 *     file.c      g70          attribute.c  g0          security.c  g120
 */
#pragma once

#include "dn.h"

/* ---- groups and variations (object.def, object.c) ---------------------------------------------------------------- */

enum dn_kind {
    DN_KIND_NONE = 0,  /* there is no such variation */
    DN_KIND_ANY,       /* variation 0: names points, never has data */
    DN_KIND_CLASS,     /* g60: likewise */
    DN_KIND_PACKED,    /* size: bits */
    DN_KIND_FIXED,     /* size: octets */
    DN_KIND_SIZED,     /* its length stands in front of it, qualifier 5B; size: the least octets */
    DN_KIND_ATTRIBUTE, /* data type, length, data */
};

/* dn_object.at beside the bits of enum dn_content. */
#define DN_AT(content) (UINT32_C(1) << (content))
#define DN_COUNTED (UINT32_C(1) << 31)

struct dn_object {
    uint32_t at; /* DN_AT()s, DN_COUNTED */
    uint8_t kind;
    uint8_t size;
};

#define DN_GROUP_MAX 122u

/* kind is DN_KIND_NONE when there is none. */
struct dn_object dn_object(uint32_t group, uint32_t variation);

/* ---- headers (header.c) ------------------------------------------------------------------------------------------ */

#define DN_HEADERS_MAX 64u
#define DN_OBJECTS_MAX 16384u

enum dn_form {
    DN_FORM_ALL,   /* 06 */
    DN_FORM_RANGE, /* 00, 01, 02: start and stop */
    DN_FORM_COUNT, /* 07, 08, 09 */
    DN_FORM_LIST,  /* the same with an index in front of each object */
    DN_FORM_SIZED, /* 5B */
};

struct dn_header {
    struct dn_object object;
    uint8_t group, qualifier;
    uint8_t form;   /* enum dn_form */
    uint8_t prefix; /* octets of each index */
    uint8_t width;  /* octets of count, start and stop */
    uint32_t first, last; /* of a range; what is not one: 0..DN_INDEX_MAX */
    uint32_t n;     /* objects; 0 with DN_FORM_ALL */
    uint8_t variation; /* not in one word with group: asked together they would be loaded together, which stalls */
};

/* One fragment's objects being read. */
struct dn_parse {
    struct dn_fragment *f;
    uint64_t echo;
    uint32_t n_plain;  /* headers but those of g120 around the others */
    uint16_t n_before; /* facts of earlier fragments */
    uint8_t content;   /* enum dn_content */
    bool facts;        /* does it ask for something? */
    bool has_controls;
    bool wants_target; /* assign class: a class was named, no point yet */
    bool challenged;   /* g120v3 stood in front */
    bool ended;        /* g120v9 stood behind */
};

static inline bool dn_require(struct dn_parse *p, bool held, enum ps_reason reason)
{
    return ps_rd_require(p->f->rd, held, reason);
}

static inline uint32_t dn_space(const struct dn_header *h)
{
    return DN_SPACE(h->group, h->variation);
}

/* Index in front of an object; fault when it is beyond DN_INDEX_MAX. */
uint32_t dn_index(struct dn_parse *p, const struct dn_header *h);

/* A fact with the points first..last of the header's space, NULL: none (answers) or too many. */
struct ps_fact *dn_point_fact(struct dn_parse *p, enum ps_op op, const struct dn_header *h, struct ps_range points);

/* A fact without an object. */
struct ps_fact *dn_plain_fact(struct dn_parse *p, enum ps_op op);

/* ---- what stands behind a header --------------------------------------------------------------------------------- */

/* Data (body.c). */
void dn_data(struct dn_parse *p, const struct dn_header *h);

/* Class of what a WRITE of this variation is; PS_OP_NONE: it is not written. */
enum ps_op dn_write_op(uint32_t group, uint32_t variation);

/* No data: points (target.c). */
void dn_targets(struct dn_parse *p, const struct dn_header *h);

/* One object of g12 or g41: in a control request, in an answer (control.c). */
void dn_control(struct dn_parse *p, const struct dn_header *h, uint32_t index, const uint8_t *data);

/* Numbers of g10, g34, g40, g41, g102 (control.c): their limits, false: not written as a number. */
bool dn_value_limits(uint32_t group, uint32_t variation, double *min, double *max);
/* Of single precision? */
bool dn_is_single(uint32_t group, uint32_t variation);
/* Sets the fact's values; fault when it is no finite number. fact may be NULL. */
void dn_value(struct dn_parse *p, const struct dn_header *h, const uint8_t *data, struct ps_fact *fact);

/* For the echo of controls. */
void dn_fold(struct dn_parse *p, uint64_t word);

/* One object of g70; rd holds exactly it (file.c). */
void dn_file(struct dn_parse *p, const struct dn_header *h, struct ps_rd *rd);

/* One attribute, from its data type on (attribute.c). */
void dn_attribute(struct dn_parse *p);

/* One data set prototype or descriptor; rd holds exactly it (attribute.c). */
void dn_data_set(struct ps_rd *rd);

/* g120 (security.c): around the objects of another function; may it stand in a fragment of this function? */
void dn_security_around(struct dn_parse *p, const struct dn_header *h);
bool dn_security_allows(uint8_t row, uint8_t variation);
