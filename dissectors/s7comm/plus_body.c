/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plus_body.c - bodies of requests -> facts. They are not documented anywhere: where one is not what is known of its
 * function, its facts are opaque, and only a rule that permits that grants them.
 */
#include "plus_own.h"

enum element {
    ELEMENT_OBJECT = 0xa1, /* start of an object */
    ELEMENT_END = 0xa2,
    ELEMENT_ATTRIBUTE = 0xa3,
};

enum class {
    CLASS_SUBSCRIPTIONS = 255, /* the container for them, inside a session */
    CLASS_SESSION = 287,
    CLASS_SUBSCRIPTION = 1001,
};

#define PARENT_SESSIONS 285u
#define RID_NEW 211u          /* the PLC chooses the number of the object */
#define RID_NEW_2 0x7fffc000u /* likewise, from here to 7fffffff */
#define OBJECTS_DEPTH_MAX 16u

static bool going(const struct s7p_pdu *p)
{
    return !ps_rd_failed(&p->body) && !ps_rd_failed(p->pdu->rd);
}

/* ---- variables ------------------------------------------------------------------------------------------------- */

/* Checksum, area, number of numbers that follow, attribute, numbers of parts; all of variable length. Returns how many
 * numbers that were. */
static uint32_t address(struct s7p_pdu *p, bool writes)
{
    struct s7p_access access = {.writes = writes};
    (void)s7p_vlq32(&p->body);
    access.object = s7p_vlq32(&p->body);
    uint32_t n = s7p_vlq32(&p->body);
    if (n == 0)
        s7p_unknown(p);
    access.attribute = s7p_vlq32(&p->body);
    access.has_lid = n > 1;
    access.lid = n > 1 ? s7p_vlq32(&p->body) : 0;
    for (uint32_t i = 2; i < n && going(p); i++)
        (void)s7p_vlq32(&p->body);
    if (going(p))
        (void)s7p_access_fact(p, &access);
    return n + 3;
}

/* Object 4, number of items, number of numbers; then of the object its attributes, of object 0 addresses. */
static uint32_t items(struct s7p_pdu *p, bool writes)
{
    struct s7p_access access = {.object = ps_rd_u32be(&p->body), .writes = writes};
    uint32_t n = s7p_vlq32(&p->body), numbers = s7p_vlq32(&p->body), read = 0;
    for (uint32_t i = 0; i < n && going(p); i++) {
        if (access.object == 0) {
            read += address(p, writes);
            continue;
        }
        read++;
        access.attribute = s7p_vlq32(&p->body);
        if (going(p))
            (void)s7p_access_fact(p, &access);
    }
    if (n == 0 || read != numbers)
        s7p_unknown(p);
    return n;
}

/* Items, qualifier. */
void s7p_body_get_multi(struct s7p_pdu *p)
{
    (void)items(p, false);
    s7p_qualifier(p);
    s7p_tail(p);
}

/* Items, then number and value of each, 0, qualifier. Values in later fragments are unseen, no more. */
void s7p_body_set_multi(struct s7p_pdu *p)
{
    uint32_t n = items(p, true);
    p->addressed = going(p) && !p->lists;
    for (uint32_t i = 0; i < n && going(p); i++) {
        struct s7p_value value;
        if (s7p_vlq32(&p->body) != i + 1 || p->lists)
            s7p_unknown(p);
        s7p_value(p, &value);
        if (going(p))
            s7p_write(&p->pdu->facts->item[i], &value);
    }
    if (s7p_vlq32(&p->body) != 0)
        s7p_unknown(p);
    s7p_qualifier(p);
    s7p_tail(p);
}

/* Object 4, number of attributes (1), attribute. */
static struct ps_fact *variable(struct s7p_pdu *p, bool writes, uint32_t *attribute)
{
    struct s7p_access access = {.object = ps_rd_u32be(&p->body), .writes = writes};
    if (s7p_vlq32(&p->body) != 1)
        s7p_unknown(p);
    access.attribute = *attribute = s7p_vlq32(&p->body);
    return going(p) ? s7p_access_fact(p, &access) : NULL;
}

void s7p_body_get_variable(struct s7p_pdu *p)
{
    uint32_t attribute;
    (void)variable(p, false, &attribute);
    s7p_qualifier(p);
    s7p_tail(p);
}

/* As above, then the value; an octet of 0 behind the qualifier. */
void s7p_body_set_variable(struct s7p_pdu *p)
{
    struct s7p_value value;
    uint32_t attribute;
    struct ps_fact *fact = variable(p, true, &attribute);
    p->addressed = going(p) && attribute != S7P_ATTRIBUTE_LIST;
    s7p_value(p, &value);
    if (!fact || !going(p))
        return;
    s7p_write(fact, &value);
    s7p_set_row(p, (uint8_t)fact->function);
    if (fact->function == S7P_ROW_CONFIGURE_SUBSCRIPTION && attribute == S7P_ATTRIBUTE_LIST)
        s7p_subscribed(p, &value);
    s7p_qualifier(p);
    if (ps_rd_u8(&p->body) != 0)
        s7p_unknown(p);
    s7p_tail(p);
}

/* Object 4, attributes as an array of UDINT, qualifier, 2 octets. Engineering fetches the parts of the program so. */
void s7p_body_get_streamed(struct s7p_pdu *p)
{
    struct s7p_access access = {.object = ps_rd_u32be(&p->body)};
    struct s7p_value value;
    s7p_value(p, &value);
    if (going(p) && (!value.udint || value.n == 0))
        s7p_unknown(p);
    for (uint32_t i = 0; going(p) && i < value.n; i++) {
        access.attribute = s7p_vlq32(&value.list);
        struct ps_fact *fact = s7p_access_fact(p, &access);
        if (fact && fact->space == S7P_SPACE_OBJECT && access.object > 0xffff)
            fact->op = PS_OP_PROGRAM;
    }
    s7p_qualifier(p);
    (void)ps_rd_u16be(&p->body);
    s7p_tail(p);
}

/* ---- objects --------------------------------------------------------------------------------------------------- */

static struct ps_fact *object_fact(struct s7p_pdu *p, enum ps_op op, uint32_t object)
{
    struct ps_fact *fact = s7p_fact(p, op);
    if (!fact)
        return NULL;
    fact->space = S7P_SPACE_OBJECT;
    fact->first = fact->last = object;
    return fact;
}

/* Object 4; what else is asked changes nothing. */
void s7p_body_explore(struct s7p_pdu *p)
{
    (void)object_fact(p, PS_OP_IDENTIFY, ps_rd_u32be(&p->body));
}

/* Object 4, 0, qualifier. */
void s7p_body_delete(struct s7p_pdu *p)
{
    uint32_t object = ps_rd_u32be(&p->body);
    p->note.object = object;
    if (object == p->session && object != S7P_SESSION_NULL)
        s7p_session_fact(p, S7P_ROW_DELETE_SESSION);
    else if (s7p_is_own(p->state, object))
        s7p_session_fact(p, S7P_ROW_DELETE_SUBSCRIPTION);
    else
        (void)object_fact(p, PS_OP_PROGRAM, object);
    if (ps_rd_u8(&p->body) != 0)
        s7p_unknown(p);
    s7p_qualifier(p);
    s7p_tail(p);
}

/* Elements up to the end of the object that has begun. A session holds nothing but the container for subscriptions. */
static void object_rest(struct s7p_pdu *p, bool subscription)
{
    struct ps_rd *rd = &p->body;
    for (uint32_t depth = 1; depth > 0 && going(p);) {
        struct s7p_value value;
        uint32_t attribute;
        bool known;
        switch (ps_rd_u8(rd)) {
        case ELEMENT_OBJECT:
            (void)ps_rd_u32be(rd);
            known = s7p_vlq32(rd) == CLASS_SUBSCRIPTIONS || subscription;
            for (int i = 0; i < 2; i++)
                (void)s7p_vlq32(rd);
            if (depth++ == OBJECTS_DEPTH_MAX || !known)
                s7p_unknown(p);
            break;
        case ELEMENT_END:
            depth--;
            break;
        case ELEMENT_ATTRIBUTE:
            attribute = s7p_vlq32(rd);
            s7p_value(p, &value);
            if (subscription && attribute == S7P_ATTRIBUTE_LIST && going(p))
                s7p_subscribed(p, &value);
            break;
        default:
            s7p_unknown(p);
            break;
        }
    }
}

/* Parent 4, value, 4 octets, with integrity its id, object: start 1, number 4, class, flags, attribute; its elements. A
 * number that is not chosen by the PLC is no session and no subscription: that also tells where the object starts. */
void s7p_body_create(struct s7p_pdu *p)
{
    struct ps_rd *rd = &p->body;
    struct s7p_value value;
    uint32_t parent = ps_rd_u32be(rd);
    s7p_value(p, &value);
    (void)ps_rd_u32be(rd);
    bool integrity = p->note.version == 3 || (ps_rd_left(rd) > 0 && rd->data[rd->pos] != ELEMENT_OBJECT);
    if (integrity)
        (void)s7p_vlq32(rd);
    bool start = ps_rd_u8(rd) == ELEMENT_OBJECT;
    uint32_t rid = ps_rd_u32be(rd), class = s7p_vlq32(rd);
    (void)s7p_vlq32(rd);
    (void)s7p_vlq32(rd);
    bool known = going(p) && start && (rid == RID_NEW || (rid >= RID_NEW_2 && rid <= INT32_MAX));
    bool session = known && class == CLASS_SESSION && parent == PARENT_SESSIONS && p->session == S7P_SESSION_NULL;
    bool subscription = known && class == CLASS_SUBSCRIPTION && p->session != S7P_SESSION_NULL;
    if (!session && !subscription) {
        p->asks |= S7P_ASK_OPAQUE;
        (void)s7p_fact(p, PS_OP_PROGRAM);
        return;
    }
    p->asks |= session ? S7P_ASK_CLEAR : 0;
    s7p_session_fact(p, session ? S7P_ROW_CREATE_SESSION : S7P_ROW_CREATE_SUBSCRIPTION);
    object_rest(p, subscription);
    s7p_tail(p);
}

/* ---- what is known by its function alone ----------------------------------------------------------------------- */

/* Object 4. */
void s7p_body_program(struct s7p_pdu *p)
{
    p->asks |= S7P_ASK_OPAQUE;
    (void)object_fact(p, PS_OP_PROGRAM, ps_rd_u32be(&p->body));
}

void s7p_body_sequence(struct s7p_pdu *p)
{
    p->asks |= S7P_ASK_OPAQUE;
    (void)s7p_fact(p, PS_OP_PROGRAM);
}

void s7p_body_invoke(struct s7p_pdu *p)
{
    p->asks |= S7P_ASK_OPAQUE;
    (void)s7p_fact(p, PS_OP_CONTROL);
}

void s7p_body_addresses(struct s7p_pdu *p)
{
    (void)s7p_fact(p, PS_OP_IDENTIFY);
}

void s7p_body_nothing(struct s7p_pdu *p)
{
    struct ps_fact *fact = s7p_fact(p, PS_OP_SESSION);
    if (fact)
        fact->housekeeping = p->pdu->facts->function == S7P_ROW_INIT_SSL;
}
