/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plus_object.c - objects that requests name -> facts; what stands at the end of requests.
 */
#include "plus_own.h"

enum object {
    OBJECT_CPU = 52,
    OBJECT_I = 80,
    OBJECT_T = 84,
};

#define OBJECT_DB UINT32_C(0x8a0e0000) /* + number */

enum attribute {
    ATTRIBUTE_RESPONSE = 304, /* of the session: to the PLC's challenge */
    ATTRIBUTE_CREDIT = 1051, /* 1051 and 1053 belong to subscriptions */
    ATTRIBUTE_CREDIT_LIMIT = 1053,
    ATTRIBUTE_LEGITIMATE = 1846,
    ATTRIBUTE_OPERATING_STATE = 2167,
    ATTRIBUTE_CLOCK = 2421,
    ATTRIBUTE_DB_VALUES = 2550, /* 2548 are the initial ones, which are part of the program */
    ATTRIBUTE_AREA_VALUES = 3736,
};

#define OPERATING_STATE_RUN 3
#define QUALIFIER 0x4e8u
#define DIGEST_LEN 32u

bool s7p_is_memory(uint32_t space)
{
    return space >= S7P_SPACE_DB || (space >= S7P_SPACE_I && space <= S7P_SPACE_T);
}

bool s7p_is_own(const struct s7p_state *state, uint32_t object)
{
    for (uint32_t i = 0; i < state->n_own; i++)
        if (state->own[i] == object)
            return true;
    return false;
}

/* Reads and writes of what the client itself has opened come with the session. Joined late, the session is what the client
 * says it is: never process data, never the operating state. */
static bool is_housekeeping(const struct s7p_pdu *p, const struct s7p_access *access)
{
    bool credit = access->attribute == ATTRIBUTE_CREDIT || access->attribute == ATTRIBUTE_CREDIT_LIMIT;
    bool unseen = p->pdu->midstream || p->state->crowded;
    bool session = p->session != S7P_SESSION_NULL && access->object == p->session;
    return session || s7p_is_own(p->state, access->object) || (unseen && credit);
}

static struct ps_fact *own_fact(struct s7p_pdu *p, const struct s7p_access *access)
{
    p->reads_own = p->reads_own || !access->writes;
    struct ps_fact *fact = access->writes ? s7p_fact(p, PS_OP_SESSION) : NULL;
    if (!fact)
        return NULL;
    p->lists = p->lists || access->attribute == S7P_ATTRIBUTE_LIST;
    fact->housekeeping = true;
    fact->function = access->object == p->session ? S7P_ROW_CONFIGURE_SESSION : S7P_ROW_CONFIGURE_SUBSCRIPTION;
    return fact;
}

/* A password, by which the client gets more rights. Setting up a session needs neither. */
static bool is_login(const struct s7p_pdu *p, const struct s7p_access *access)
{
    bool proof = access->attribute == ATTRIBUTE_RESPONSE || access->attribute == ATTRIBUTE_LEGITIMATE;
    return access->writes && proof && p->session != S7P_SESSION_NULL && access->object == p->session;
}

static struct ps_fact *login_fact(struct s7p_pdu *p)
{
    struct ps_fact *fact = s7p_fact(p, PS_OP_SECURITY);
    if (fact)
        fact->function = S7P_ROW_LOGIN;
    return fact;
}

/* Address space of process data, 0 when it is none. */
static uint32_t memory(const struct s7p_access *access)
{
    if (access->object >> 16 == OBJECT_DB >> 16 && access->attribute == ATTRIBUTE_DB_VALUES)
        return S7P_SPACE_DB + (access->object & 0xffff);
    bool area = access->object >= OBJECT_I && access->object <= OBJECT_T && access->attribute == ATTRIBUTE_AREA_VALUES;
    return area ? S7P_SPACE_I + (access->object - OBJECT_I) : 0;
}

static enum ps_op op_of(const struct s7p_access *access, bool in_memory)
{
    if (!access->writes)
        return PS_OP_READ;
    if (in_memory)
        return PS_OP_WRITE;
    return access->attribute == ATTRIBUTE_CLOCK ? PS_OP_TIME : PS_OP_PROGRAM;
}

/* Without a value that says start it counts as a stop. */
static struct ps_fact *stop_fact(struct s7p_pdu *p)
{
    struct ps_fact *fact = s7p_fact(p, PS_OP_CONTROL);
    if (fact)
        fact->function = S7P_ROW_PLC_STOP;
    return fact;
}

struct ps_fact *s7p_access_fact(struct s7p_pdu *p, const struct s7p_access *access)
{
    if (access->writes && access->object == OBJECT_CPU && access->attribute == ATTRIBUTE_OPERATING_STATE)
        return stop_fact(p);
    if (is_login(p, access))
        return login_fact(p);
    uint32_t space = memory(access);
    if (space == 0 && is_housekeeping(p, access))
        return own_fact(p, access);
    ps_rd_require(p->pdu->rd, space == 0 || access->lid <= S7P_LID_MAX, PS_REASON_S7P_BODY);
    struct ps_fact *fact = s7p_fact(p, op_of(access, space != 0));
    if (!fact)
        return NULL;
    if (access->writes)
        fact->values.kind = PS_VALUE_UNKNOWN;
    if (space != 0) {
        fact->space = space;
        fact->first = access->has_lid ? access->lid : 0;
        fact->last = access->has_lid ? access->lid : S7P_LID_MAX;
        return fact;
    }
    fact->space = S7P_SPACE_OBJECT;
    fact->first = fact->last = access->object;
    fact->params[0] = access->attribute;
    fact->n_params = 1;
    return fact;
}

void s7p_write(struct ps_fact *fact, const struct s7p_value *value)
{
    const struct ps_values *values = &value->values;
    bool start = values->kind == PS_VALUE_BOUNDS && values->min == OPERATING_STATE_RUN;
    if (fact->function == S7P_ROW_PLC_STOP)
        fact->function = start ? S7P_ROW_PLC_START : S7P_ROW_PLC_STOP;
    if (fact->values.kind != PS_VALUE_UNKNOWN)
        return;
    fact->values = *values;
    fact->choice = S7P_CHOICE(value->type);
}

/* Object 4 (1256), then number and value of each attribute, until number 0. */
void s7p_qualifier(struct s7p_pdu *p)
{
    struct s7p_value value;
    if (ps_rd_u32be(&p->body) != QUALIFIER)
        s7p_unknown(p);
    while (s7p_vlq32(&p->body) != 0 && !ps_rd_failed(&p->body))
        s7p_value(p, &value);
}

/* In sessions with integrity an id; then four zeros, or in version 2 the length of a digest and the digest. */
void s7p_tail(struct s7p_pdu *p)
{
    struct ps_rd *rd = &p->body;
    if (ps_rd_left(rd) != 4 && ps_rd_left(rd) != 1 + DIGEST_LEN)
        (void)s7p_vlq32(rd);
    if (ps_rd_left(rd) == 1 + DIGEST_LEN && ps_rd_u8(rd) == DIGEST_LEN)
        (void)ps_rd_bytes(rd, DIGEST_LEN);
    else if (ps_rd_u32be(rd) != 0 || ps_rd_left(rd) != 0)
        s7p_unknown(p);
}

/* ---- subscriptions --------------------------------------------------------------------------------------------- */

#define LIST_ITEM 0x8004u /* high half of an item's first number: four numbers behind it, and those that the low half counts */

/* Head 1, reference 1, 0, area, checksum, attribute, then numbers of parts. */
static void subscribed_item(struct s7p_pdu *p, struct ps_rd *rd, uint32_t *left)
{
    struct s7p_access access = {.writes = false};
    uint32_t head = s7p_vlq32(rd), n = head & 0xffff;
    if (head >> 16 != LIST_ITEM || n == 0 || *left < n + 5) {
        s7p_unknown(p);
        return;
    }
    *left -= n + 5;
    (void)s7p_vlq32(rd);
    if (s7p_vlq32(rd) != 0)
        s7p_unknown(p);
    access.object = s7p_vlq32(rd);
    (void)s7p_vlq32(rd);
    access.attribute = s7p_vlq32(rd);
    access.has_lid = n > 1;
    access.lid = n > 1 ? s7p_vlq32(rd) : 0;
    for (uint32_t i = 2; i < n; i++)
        (void)s7p_vlq32(rd);
    (void)s7p_access_fact(p, &access);
}

/* Flags, number of items to drop (0), number of items, items. */
void s7p_subscribed(struct s7p_pdu *p, const struct s7p_value *value)
{
    struct ps_rd rd = value->list;
    uint32_t left = value->n;
    if (!value->udint || left < 3) {
        s7p_unknown(p);
        return;
    }
    (void)s7p_vlq32(&rd);
    bool plain = s7p_vlq32(&rd) == 0;
    uint32_t n = s7p_vlq32(&rd);
    left -= 3;
    if (n > 0 && p->pdu->facts->function != S7P_ROW_SUBSCRIBE) { /* of several lists all count */
        p->pdu->facts->n_facts = 0;
        s7p_set_row(p, S7P_ROW_SUBSCRIBE);
    }
    for (uint32_t i = 0; i < n && !ps_rd_failed(&rd) && !ps_rd_failed(p->pdu->rd); i++)
        subscribed_item(p, &rd, &left);
    if (!plain || left != 0)
        s7p_unknown(p);
}
