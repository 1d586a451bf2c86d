/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * assoc.c - the associations of a flow, and what fragments change in them.
 */
#include "core.h"

static const struct dn_state *state_of(const struct ps_dialog *dialog)
{
    return dialog->state;
}

/* Direction of what the master of this frame sends. */
static uint8_t master_dir(const struct ps_dialog *dialog, const struct dn_frame *frame)
{
    return frame->from_master == (dialog->dir == PS_TO_SERVER) ? PS_TO_SERVER : PS_TO_CLIENT;
}

/* Index, DN_ASSOCIATIONS when there is none. Whoever has the self-address answers with its own: `answering` finds what was
 * asked of it there. */
static uint32_t find(const struct dn_state *state, uint16_t master, uint16_t outstation, bool answering)
{
    uint32_t self = DN_ASSOCIATIONS;
    for (uint32_t i = 0; i < state->n_assoc && i < DN_ASSOCIATIONS; i++) {
        const struct dn_assoc *assoc = &state->assoc[i];
        if (assoc->master == master && assoc->outstation == outstation)
            return i;
        if (answering && assoc->master == master && assoc->outstation == DN_SELF_ADDRESS)
            self = i;
    }
    return self;
}

struct dn_assoc dn_assoc_load(const struct ps_dialog *dialog, const struct dn_frame *frame)
{
    const struct dn_state *state = state_of(dialog);
    uint16_t master = dn_frame_master(frame), outstation = dn_frame_outstation(frame);
    uint32_t i = find(state, master, outstation, !frame->from_master);
    if (i < DN_ASSOCIATIONS)
        return state->assoc[i];
    return (struct dn_assoc){.master = master, .outstation = outstation, .master_dir = master_dir(dialog, frame)};
}

/* DN-L03. Who is master, and on which side, stays as it was. */
bool dn_assoc_contradicts(const struct ps_dialog *dialog, const struct dn_frame *frame)
{
    const struct dn_state *state = state_of(dialog);
    uint16_t master = dn_frame_master(frame), outstation = dn_frame_outstation(frame);
    for (uint32_t i = 0; i < state->n_assoc && i < DN_ASSOCIATIONS; i++) {
        const struct dn_assoc *assoc = &state->assoc[i];
        if (assoc->master == outstation && assoc->outstation == master && master != outstation)
            return true;
        if (assoc->master == master && assoc->outstation == outstation && assoc->master_dir != master_dir(dialog, frame))
            return true;
    }
    return false;
}

const struct dn_assoc *dn_assoc_known(const struct ps_dialog *dialog, const struct dn_frame *frame)
{
    const struct dn_state *state = state_of(dialog);
    uint32_t i = find(state, dn_frame_master(frame), dn_frame_outstation(frame), false);
    return i < DN_ASSOCIATIONS && !dn_assoc_contradicts(dialog, frame) ? &state->assoc[i] : NULL;
}

bool dn_is_tolerant(const struct ps_dialog *dialog, const struct dn_assoc *assoc)
{
    return dialog->midstream && !(assoc->flags & DN_PAIRED);
}

/* ---- what fragments change --------------------------------------------------------------------------------------- */

static void forget_pending(struct dn_assoc *assoc, uint8_t slot)
{
    assoc->n_pending--;
    memmove(&assoc->pending[slot], &assoc->pending[slot + 1],
            (size_t)(assoc->n_pending - slot) * sizeof assoc->pending[0]);
}

static void remember_pending(struct dn_assoc *assoc, const struct dn_note *note, uint64_t now_ns)
{
    bool known = note->slot < assoc->n_pending;
    if (known && note->flags & DN_NOTE_REPEAT) {
        struct dn_pending *same = &assoc->pending[note->slot];
        same->sent_ns = now_ns;
        same->repeats = (uint8_t)(same->repeats + (same->repeats < UINT8_MAX));
        return;
    }
    if (known)
        forget_pending(assoc, note->slot);
    if (assoc->n_pending >= DN_PENDING_MAX)
        return;
    assoc->pending[assoc->n_pending++] = (struct dn_pending){.sent_ns = now_ns,
                                                             .digest = note->digest,
                                                             .echo = note->echo,
                                                             .row = note->row,
                                                             .sequence = note->control & DN_SEQUENCE,
                                                             .file_mode = note->file_mode};
}

static void want_confirm(struct dn_confirms *confirms, uint8_t sequence)
{
    uint16_t bit = (uint16_t)(1u << sequence);
    bool same = confirms->sequence == sequence;
    if (confirms->wanted & bit)
        confirms->more = (uint8_t)(same ? confirms->more + (confirms->more < UINT8_MAX) : 1);
    else if (same)
        confirms->more = 0;
    if (confirms->wanted & bit)
        confirms->sequence = sequence;
    confirms->wanted |= bit;
}

static void take_confirm(struct dn_confirms *confirms, uint8_t sequence)
{
    uint16_t others = (uint16_t)~(1u << sequence);
    if (confirms->more > 0 && confirms->sequence == sequence)
        confirms->more--;
    else if (confirms->wanted & ~others)
        confirms->wanted &= others;
    else
        confirms->earlier &= others;
}

/* A new request ends the wait for confirms of all but the answers since the one before it, and a selection unless it is the
 * OPERATE of that. A repetition counts from the
 * first one: whoever repeats an OPERATE again and again keeps nothing selected by that. */
static void request(struct dn_assoc *assoc, const struct dn_note *note, uint64_t now_ns)
{
    uint8_t sequence = note->control & DN_SEQUENCE;
    bool again = (assoc->flags & DN_REQUESTED) && assoc->last_sequence == sequence && assoc->last_digest == note->digest;
    if (!(note->flags & DN_NOTE_REPEAT))
        assoc->confirms = (struct dn_confirms){.earlier = assoc->confirms.wanted};
    assoc->select_phase = DN_SELECT_NOTHING;
    if (note->row == DN_ROW_SELECT) {
        assoc->select_phase = DN_SELECT_ASKED;
        assoc->select_sequence = sequence;
        assoc->select_echo = note->echo;
        assoc->select_ns = now_ns;
    }
    assoc->flags &= (uint8_t)~DN_SELECTED;
    assoc->flags |= (uint8_t)(DN_REQUESTED | (note->flags & DN_NOTE_SELECTED ? DN_SELECTED : 0));
    assoc->last_sequence = sequence;
    assoc->last_digest = note->digest;
    assoc->last_ns = again ? assoc->last_ns : now_ns;
    for (uint32_t i = 0; i < DN_HANDLES_MAX && note->file_act == DN_FILE_CLOSE; i++)
        if (assoc->files[i].handle == note->handle)
            assoc->files[i].mode = 0;
}

/* The oldest handle makes way. */
static void add_handle(struct dn_assoc *assoc, uint32_t handle, uint16_t mode)
{
    memmove(&assoc->files[1], &assoc->files[0], (DN_HANDLES_MAX - 1) * sizeof assoc->files[0]);
    assoc->files[0] = (struct dn_handle){.handle = handle, .mode = mode};
}

static void answer(struct dn_assoc *assoc, const struct dn_note *note)
{
    uint8_t sequence = note->control & DN_SEQUENCE;
    if (note->control & DN_CON)
        want_confirm(&assoc->confirms, sequence);
    if (note->slot >= assoc->n_pending)
        return;
    struct dn_pending *pending = &assoc->pending[note->slot];
    assoc->flags |= DN_PAIRED;
    if (pending->row == DN_ROW_SELECT && pending->sequence == assoc->select_sequence &&
        assoc->select_phase != DN_SELECT_NOTHING)
        assoc->select_phase = note->flags & DN_NOTE_OK ? DN_SELECT_DONE : DN_SELECT_NOTHING;
    if (pending->row == DN_ROW_OPEN_FILE && note->file_act == DN_FILE_OPENED)
        add_handle(assoc, note->handle, pending->file_mode);
    pending->begun = !(note->control & DN_FIN);
    pending->next = (sequence + 1) & DN_SEQUENCE;
    if (pending->begun)
        return;
    if (pending->repeats > 0)
        pending->repeats--;
    else
        forget_pending(assoc, note->slot);
}

void dn_assoc_apply(struct dn_assoc *assoc, const struct dn_note *note, uint64_t now_ns)
{
    uint8_t sequence = note->control & DN_SEQUENCE;
    switch ((enum dn_act)note->act) {
    case DN_ACT_NOTHING:
    case DN_ACT_BROADCAST:
    case DN_ACT_CHALLENGE:
        return;
    case DN_ACT_REQUEST:
        remember_pending(assoc, note, now_ns);
        request(assoc, note, now_ns);
        return;
    case DN_ACT_NO_ANSWER:
        request(assoc, note, now_ns);
        return;
    case DN_ACT_CONFIRM:
        take_confirm(note->control & DN_UNS ? &assoc->unsolicited : &assoc->confirms, sequence);
        return;
    case DN_ACT_AUTH:
        assoc->auth_sequence = (uint8_t)((note->control & DN_SEQUENCE) + 1);
        return;
    case DN_ACT_ANSWER:
        answer(assoc, note);
        return;
    case DN_ACT_UNSOLICITED:
        if (note->control & DN_CON)
            want_confirm(&assoc->unsolicited, sequence);
        return;
    }
}

/* ---- notes in facts -------------------------------------------------------------------------------------------- */

/* Word by word, in an order of its own: what was stored in pieces and is copied as a whole makes the processor wait. */
#define HEAD_LEN 8u /* n_pairs, n_notes */
#define PAIR_LEN 16u
#define NOTE_LEN 32u
#define NOTES_AT (HEAD_LEN + DN_FRAGMENTS_MAX * PAIR_LEN)

_Static_assert(NOTES_AT + DN_FRAGMENTS_MAX * NOTE_LEN <= PS_PAIRING_MAX, "notes must fit into the facts");

static void put(uint8_t *out, uint64_t word)
{
    memcpy(out, &word, sizeof word);
}

static uint64_t get(const uint8_t *in)
{
    uint64_t word;
    memcpy(&word, in, sizeof word);
    return word;
}

static void put_pair(uint8_t *out, const struct dn_pair_note *pair)
{
    put(out, pair->outstation | (uint64_t)pair->master << 16 | (uint64_t)pair->master_dir << 32);
    put(out + 8, pair->fcb.bit | (uint64_t)pair->fcb.known << 8 | (uint64_t)pair->fcb.digest << 32);
}

static struct dn_pair_note get_pair(const uint8_t *in)
{
    uint64_t names = get(in), fcb = get(in + 8);
    return (struct dn_pair_note){
        .outstation = (uint16_t)names,
        .master = (uint16_t)(names >> 16),
        .master_dir = (uint8_t)(names >> 32),
        .fcb = {.bit = (uint8_t)fcb, .known = (uint8_t)(fcb >> 8), .digest = (uint32_t)(fcb >> 32)},
    };
}

static void put_note(uint8_t *out, const struct dn_note *note)
{
    put(out, note->digest);
    put(out + 8, note->file_act | (uint64_t)note->file_mode << 16 | (uint64_t)note->handle << 32);
    put(out + 16, note->echo);
    put(out + 24, note->flags | (uint64_t)note->slot << 8 | (uint64_t)note->act << 16 | (uint64_t)note->control << 24 |
                      (uint64_t)note->row << 32 | (uint64_t)note->pair << 40);
}

static struct dn_note get_note(const uint8_t *in)
{
    uint64_t file = get(in + 8), rest = get(in + 24);
    return (struct dn_note){
        .digest = get(in),
        .echo = get(in + 16),
        .file_act = (uint8_t)file,
        .file_mode = (uint16_t)(file >> 16),
        .handle = (uint32_t)(file >> 32),
        .flags = (uint8_t)rest,
        .slot = (uint8_t)(rest >> 8),
        .act = (uint8_t)(rest >> 16),
        .control = (uint8_t)(rest >> 24),
        .row = (uint8_t)(rest >> 32),
        .pair = (uint8_t)(rest >> 40),
    };
}

void dn_notes_store(const struct dn_notes *notes, struct ps_facts *facts)
{
    put(facts->pairing, notes->n_pairs | (uint64_t)notes->n_notes << 8);
    for (uint32_t i = 0; i < notes->n_pairs; i++)
        put_pair(facts->pairing + HEAD_LEN + i * PAIR_LEN, &notes->pair[i]);
    for (uint32_t i = 0; i < notes->n_notes; i++)
        put_note(facts->pairing + NOTES_AT + i * NOTE_LEN, &notes->note[i]);
}

bool dn_notes_load(struct dn_notes *notes, const struct ps_facts *facts)
{
    uint64_t head = get(facts->pairing);
    notes->n_pairs = (uint8_t)head;
    notes->n_notes = (uint8_t)(head >> 8);
    if (notes->n_pairs == 0 || notes->n_pairs > DN_FRAGMENTS_MAX || notes->n_notes > DN_FRAGMENTS_MAX)
        return false;
    for (uint32_t i = 0; i < notes->n_pairs; i++)
        notes->pair[i] = get_pair(facts->pairing + HEAD_LEN + i * PAIR_LEN);
    for (uint32_t i = 0; i < notes->n_notes; i++)
        notes->note[i] = get_note(facts->pairing + NOTES_AT + i * NOTE_LEN);
    return true;
}

/* ---- accept ---------------------------------------------------------------------------------------------------- */

/* The association of a pair, in the place of the one that has rested longest when there are too many. */
static struct dn_assoc *take(struct dn_state *state, const struct dn_pair_note *pair, bool answering)
{
    uint32_t i = find(state, pair->master, pair->outstation, answering);
    if (i == DN_ASSOCIATIONS && state->n_assoc < DN_ASSOCIATIONS)
        i = state->n_assoc++;
    if (i == DN_ASSOCIATIONS) {
        i = 0;
        for (uint32_t k = 1; k < DN_ASSOCIATIONS; k++)
            i = state->assoc[k].used < state->assoc[i].used ? k : i;
        state->assoc[i].used = 0;
    }
    struct dn_assoc *assoc = &state->assoc[i];
    if (assoc->used == 0)
        *assoc = (struct dn_assoc){.master = pair->master, .master_dir = pair->master_dir};
    assoc->outstation = pair->outstation;
    assoc->used = state->clock;
    return assoc;
}

void dn_accept(const struct ps_dialog *dialog, const struct ps_facts *facts)
{
    struct dn_state *state = dialog->state;
    struct dn_assoc *of_pair[DN_FRAGMENTS_MAX] = {NULL};
    struct dn_notes notes;
    if (!dn_notes_load(&notes, facts))
        return;
    state->clock = state->clock == UINT32_MAX ? 1 : state->clock + 1;
    for (uint8_t i = 0; i < notes.n_pairs; i++) {
        const struct dn_pair_note *pair = &notes.pair[i];
        if (pair->outstation >= DN_BROADCAST_FIRST)
            continue;
        of_pair[i] = take(state, pair, pair->master_dir != dialog->dir);
        of_pair[i]->fcb[dialog->dir & 1] = pair->fcb;
    }
    for (uint8_t i = 0; i < notes.n_notes; i++) {
        const struct dn_note *note = &notes.note[i];
        for (uint32_t k = 0; k < state->n_assoc && note->act == DN_ACT_BROADCAST; k++)
            state->assoc[k].select_phase = DN_SELECT_NOTHING;
        if (note->pair < DN_FRAGMENTS_MAX && of_pair[note->pair])
            dn_assoc_apply(of_pair[note->pair], note, dialog->now_ns);
    }
}

/* Anything may have gone unseen. Who is who stays, and what files are open. */
void dn_gap(const struct ps_dialog *dialog)
{
    struct dn_state *state = dialog->state;
    for (uint32_t i = 0; i < state->n_assoc && i < DN_ASSOCIATIONS; i++) {
        struct dn_assoc before = state->assoc[i];
        state->assoc[i] = (struct dn_assoc){.used = before.used, .master = before.master,
                                            .outstation = before.outstation, .master_dir = before.master_dir};
        memcpy(state->assoc[i].files, before.files, sizeof before.files);
    }
}
