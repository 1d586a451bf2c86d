/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_fates.c - what becomes of each rule in the kernel, from the notes about it.
 */
#include <string.h>

#include "nft.h"

const char *ps_nft_fate_name(unsigned fate)
{
    static const char *const names[PS_NFT_N_FATES] = {"exact", "octets", "part", "refused", "open", "queued"};

    return fate < PS_NFT_N_FATES ? names[fate] : "-";
}

static bool has_note(const struct ps_nft_note *notes, uint32_t n, unsigned kind)
{
    bool found = false;

    for (uint32_t i = 0; i < n && !found; i++)
        found = notes[i].kind == kind;
    return found;
}

enum ps_nft_fate ps_nft_fate_of(const struct ps_nft_note *notes, uint32_t n)
{
    bool enforced = has_note(notes, n, PS_NFT_EXACT) || has_note(notes, n, PS_NFT_OCTETS);

    if (has_note(notes, n, PS_NFT_QUEUES))
        return PS_NFT_FATE_QUEUED;
    if (has_note(notes, n, PS_NFT_OPENS))
        return PS_NFT_FATE_OPEN;
    if (has_note(notes, n, PS_NFT_REFUSES))
        return enforced ? PS_NFT_FATE_PART : PS_NFT_FATE_REFUSED;
    return has_note(notes, n, PS_NFT_OCTETS) ? PS_NFT_FATE_OCTETS : PS_NFT_FATE_EXACT;
}

uint32_t ps_nft_same_subject(const struct ps_nft *nft, uint32_t first)
{
    const struct ps_nft_note *notes = nft->notes;
    uint32_t n = 1;

    while (first + n < nft->n_notes && notes[first + n].conduit == notes[first].conduit &&
           notes[first + n].rule == notes[first].rule)
        n++;
    return n;
}

void ps_nft_count_fates(const struct ps_nft *nft, uint32_t counts[PS_NFT_N_FATES])
{
    memset(counts, 0, PS_NFT_N_FATES * sizeof counts[0]);
    for (uint32_t i = 0, n; i < nft->n_notes; i += n) {
        n = ps_nft_same_subject(nft, i);
        if (nft->notes[i].rule != PS_NONE)
            counts[ps_nft_fate_of(nft->notes + i, n)]++;
    }
}

uint32_t ps_nft_count_notes(const struct ps_nft *nft, unsigned kind)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < nft->n_notes; i++)
        n += nft->notes[i].kind == kind && nft->notes[i].rule == PS_NONE;
    return n;
}
