/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * push_private.h - what the files of push.h share.
 */
#pragma once

#include "batch.h"
#include "nft_ruleset.h"
#include "push.h"
#include "table.h"

/* ---- a description as messages: push_build.c --------------------------------------------------------------------- */

struct ps_push_records;
struct ps_push_renew;

struct ps_push_build {
    const struct ps_nft_ruleset *ruleset;
    enum ps_table_queue_way way;
    const struct ps_push_renew *renew; /* what of a table that is there stays; NULL: nothing */
    struct ps_push_records *rules; /* gets a record of each; NULL: nobody asks. libnftnl cannot read each rule that it writes */
    /* by ps_push_build_init() */
    struct ps_batch batch;
    struct ps_table table;
    char **texts; /* what faults call the messages */
    size_t n_texts, texts_capacity;
};

/* false and a sentence in err: an interface is not there. ps_push_build_fini() in either case. */
bool ps_push_build_init(struct ps_push_build *build, char *err, size_t err_size);
void ps_push_build_fini(struct ps_push_build *build);
/* In place of the whole table: all elements of one set go and come back. */
void ps_push_build_refresh(struct ps_push_build *build, uint32_t set);

/* NFPROTO_... */
uint8_t ps_push_family(const struct ps_nft_ruleset *ruleset);

/* NFT_META_..., NFT_CT_... */
uint32_t ps_push_meta_of(struct ps_nft_key key);
uint32_t ps_push_ct_of(struct ps_nft_key key);

struct nftnl_udata_buf;
/* What `nft list` wants to know of a set. push_typeof.c */
void ps_push_typeof(const struct ps_nft_set *set, struct nftnl_udata_buf *out);

/* ---- messages as records: push_read.c ---------------------------------------------------------------------------- */

/* One object: what it is called, and in words of no meaning but for comparing, what it is. */
struct ps_push_record {
    uint8_t thing;     /* enum ps_push_thing */
    uint32_t at;       /* rule: its place in the chain, from 1 */
    const char *owner; /* element: set; rule: chain; else "" */
    const char *name;  /* element: its value; rule: "" */
    const char *body;
    char *text;        /* that the three are in */
};

struct ps_push_records {
    const char *table;
    struct ps_push_record *items;
    size_t n, capacity;
    const char **fixed; /* sets whose elements stay as they are; names are those of the records */
    size_t n_fixed, fixed_capacity;
    bool passing; /* elements of the set that was read last come and go */
};

void ps_push_records_init(struct ps_push_records *records, const struct ps_nft_ruleset *ruleset);
/* A rule that is being built. */
void ps_push_records_rule(struct ps_push_records *records, const struct nftnl_rule *rule);
/* Those of what is to be sent, but for its rules. */
void ps_push_records_build(struct ps_push_records *records, const struct ps_push_build *build);
/* Those of what the kernel has, into an empty one. 0, or errno; ENOENT: there is no such table. */
int ps_push_records_read(struct ps_push_records *records, struct ps_nft *nft, const struct ps_nft_ruleset *ruleset);
/* The same without rules. */
int ps_push_records_look(struct ps_push_records *records, struct ps_nft *nft, const struct ps_nft_ruleset *ruleset);
void ps_push_records_fini(struct ps_push_records *records);

/* ---- push_diff.c ------------------------------------------------------------------------------------------------- */

void ps_push_records_sort(struct ps_push_records *records);
/* Have sorted records the same elements of a set? */
bool ps_push_records_agree(const struct ps_push_records *a, const struct ps_push_records *b, const char *set);
/* An object of sorted records that is in no other one; NULL: there is none. */
const struct ps_push_record *ps_push_records_find(const struct ps_push_records *records, enum ps_push_thing thing,
                                                  const char *name);

/* Sorts both. */
void ps_push_diff(struct ps_push_records *wanted, struct ps_push_records *seen, struct ps_push_drifts *drifts);

/* ---- push_renew.c ------------------------------------------------------------------------------------------------ */

struct ps_push_renew {
    struct ps_push_records seen; /* what the kernel has, sorted */
    bool *stays;                 /* of seen */
    bool *chains, *sets, *counters; /* of the ruleset: are there already, and stay as they are */
};

/* whole: the same ruleset as if there were nothing. false: it is to take the place of whatever is there. ps_push_renew_fini()
 * in either case. */
bool ps_push_renew_init(struct ps_push_renew *renew, struct ps_nft *nft, const struct ps_push_build *whole);
void ps_push_renew_fini(struct ps_push_renew *renew);
/* What goes, at the beginning of the batch. */
void ps_push_renew_begin(struct ps_push_build *build);

/* ---- push.c ------------------------------------------------------------------------------------------------------ */

/* Room for one more item of `size` octets behind n. Ends the program when there is none. */
void *ps_push_grow(void *items, size_t n, size_t *capacity, size_t size);
