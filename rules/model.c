/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- arena ----------------------------------------------------------------------------------------------------- */

#define BLOCK_SIZE (64u * 1024)
#define ALIGNMENT 16u

/* A block from the heap; what it hands out stands behind it. */
struct block {
    struct block *next;
    size_t size; /* octets behind this header */
    size_t used;
    size_t reserved; /* keeps the header a multiple of ALIGNMENT where pointers have 8 octets */
};

struct ps_arena {
    struct block *blocks; /* the newest first; only it has room */
};

static struct block *block_new(size_t size)
{
    struct block *block = NULL;
    if (size <= SIZE_MAX - sizeof *block)
        block = calloc(1, sizeof *block + size);
    if (!block) {
        fprintf(stderr, "penstock: out of memory: %zu octets for the plant model\n", size);
        abort();
    }
    block->size = size;
    return block;
}

static void *arena_alloc(struct ps_arena *arena, size_t size)
{
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *block = arena->blocks;
    if (rounded < size)
        rounded = SIZE_MAX; /* refused by block_new() */
    if (!block || block->size - block->used < rounded) {
        bool large = rounded > BLOCK_SIZE / 4;
        struct block *fresh = block_new(large ? rounded : BLOCK_SIZE);
        if (large && block) { /* a block of its own, behind the one that still has room */
            fresh->next = block->next;
            block->next = fresh;
        } else {
            fresh->next = block;
            arena->blocks = fresh;
        }
        block = fresh;
    }
    unsigned char *memory = (unsigned char *)(block + 1) + block->used;
    block->used += rounded;
    return memory;
}

struct ps_model *ps_model_new(void)
{
    struct ps_model *model = calloc(1, sizeof *model);
    struct ps_arena *arena = calloc(1, sizeof *arena);
    if (!model || !arena) {
        free(model);
        free(arena);
        return NULL;
    }
    model->arena = arena;
    model->site = "";
    return model;
}

void ps_model_free(struct ps_model *model)
{
    if (!model)
        return;
    struct block *block = model->arena->blocks;
    while (block) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(model->arena);
    free(model);
}

void *ps_model_alloc(struct ps_model *model, size_t size)
{
    return arena_alloc(model->arena, size);
}

const char *ps_model_strdup(struct ps_model *model, const char *s)
{
    size_t size = strlen(s) + 1;
    return memcpy(ps_model_alloc(model, size), s, size);
}

/* ---- words ----------------------------------------------------------------------------------------------------- */

static const char *word(const char *const *words, size_t n, unsigned i)
{
    return i < n ? words[i] : "unset";
}

#define WORD(words, i) word(words, sizeof(words) / sizeof((words)[0]), i)

const char *ps_zone_kind_name(unsigned kind)
{
    static const char *const words[] = {
        [PS_ZONE_UNSET] = "unset",           [PS_ZONE_ENTERPRISE] = "enterprise", [PS_ZONE_DMZ] = "dmz",
        [PS_ZONE_OPERATIONS] = "operations", [PS_ZONE_CONTROL] = "control",       [PS_ZONE_FIELD] = "field",
        [PS_ZONE_SAFETY] = "safety",         [PS_ZONE_REMOTE] = "remote",         [PS_ZONE_WIRELESS] = "wireless",
        [PS_ZONE_TEMPORARY] = "temporary",
    };
    return WORD(words, kind);
}

const char *ps_mode_name(unsigned mode)
{
    static const char *const words[] = {[PS_MODE_ENFORCE] = "enforce", [PS_MODE_MONITOR] = "monitor"};
    return WORD(words, mode);
}

const char *ps_on_deny_name(unsigned on_deny)
{
    static const char *const words[] = {
        [PS_ON_DENY_RESET] = "reset", [PS_ON_DENY_DROP] = "drop", [PS_ON_DENY_ANSWER] = "answer"};
    return WORD(words, on_deny);
}

const char *ps_on_failure_name(unsigned on_failure)
{
    static const char *const words[] = {
        [PS_ON_FAILURE_UNSET] = "unset", [PS_ON_FAILURE_CLOSED] = "closed", [PS_ON_FAILURE_OPEN] = "open"};
    return WORD(words, on_failure);
}

const char *ps_fragments_name(unsigned fragments)
{
    static const char *const words[] = {
        [PS_FRAGMENTS_REFUSE] = "refuse", [PS_FRAGMENTS_REASSEMBLE] = "reassemble"};
    return WORD(words, fragments);
}

const char *ps_segments_name(unsigned segments)
{
    static const char *const words[] = {[PS_SEGMENTS_ANY] = "any", [PS_SEGMENTS_WHOLE] = "whole"};
    return WORD(words, segments);
}

const char *ps_midstream_name(unsigned midstream)
{
    static const char *const words[] = {[PS_MIDSTREAM_RESET] = "reset", [PS_MIDSTREAM_RESUME] = "resume"};
    return WORD(words, midstream);
}

const char *ps_fallback_name(unsigned fallback)
{
    static const char *const words[] = {
        [PS_FALLBACK_DENY] = "deny", [PS_FALLBACK_PORTS] = "ports", [PS_FALLBACK_QUEUE] = "queue"};
    return WORD(words, fallback);
}

const char *ps_fr_name(unsigned fr)
{
    static const char *const words[PS_N_FR] = {
        [PS_FR_IAC] = "IAC", [PS_FR_UC] = "UC",   [PS_FR_SI] = "SI", [PS_FR_DC] = "DC",
        [PS_FR_RDF] = "RDF", [PS_FR_TRE] = "TRE", [PS_FR_RA] = "RA"};
    return WORD(words, fr);
}

static const struct {
    const char *name;
    unsigned protocol;
} protocols[] = {
    {"modbus", PS_PROTOCOL_MODBUS},
    {"dnp3", PS_PROTOCOL_DNP3},
    {"s7comm", PS_PROTOCOL_S7COMM},
    {"s7comm-plus", PS_PROTOCOL_S7COMM_PLUS},
    {"tcp", PS_PROTOCOL_TCP},
    {"udp", PS_PROTOCOL_UDP},
    {"icmp", PS_PROTOCOL_ICMP},
    {"ip", PS_PROTOCOL_IP},
    {"ethernet", PS_PROTOCOL_ETHERNET},
};

const char *ps_protocol_name(unsigned protocol)
{
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
        if (protocols[i].protocol == protocol)
            return protocols[i].name;
    return "unset";
}

unsigned ps_protocol_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
        if (strcmp(protocols[i].name, name) == 0)
            return protocols[i].protocol;
    return PS_PROTOCOL_NONE;
}
