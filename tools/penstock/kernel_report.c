/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * kernel_report.c - rule by rule what the kernel enforces of a plant file, as a table and as JSON.
 */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "kernel.h"
#include "model.h"
#include "text.h"

static uint32_t n_differing(const uint32_t counts[PS_NFT_N_FATES])
{
    return counts[PS_NFT_FATE_PART] + counts[PS_NFT_FATE_REFUSED] + counts[PS_NFT_FATE_OPEN];
}

/* ---- table --------------------------------------------------------------------------------------------------------- */

static void print_notes(const struct ps_nft_note *notes, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        printf("    %-8s %s\n", ps_nft_note_name(notes[i].kind), notes[i].text);
}

static void print_conduit(const struct ps_image *image, uint32_t conduit)
{
    printf("\n%s: %s to %s, fallback %s\n", ps_image_conduit_name(image, conduit),
           ps_image_zone_name(image, ps_image_conduit_from(image, conduit)),
           ps_image_zone_name(image, ps_image_conduit_to(image, conduit)),
           ps_fallback_name(ps_image_conduit_fallback(image, conduit)));
}

static void print_subject(const struct ps_image *image, const struct ps_nft_note *notes, uint32_t n)
{
    if (notes->rule != PS_NONE)
        printf("  %s (%s:%u): %s\n", ps_image_rule_name(image, notes->rule), ps_image_rule_file(image, notes->rule),
               ps_image_rule_line(image, notes->rule), ps_nft_fate_name(ps_nft_fate_of(notes, n)));
    print_notes(notes, n);
}

static void print_table(const struct ps_kernel *kernel, const struct ps_image *image)
{
    const struct ps_nft *nft = &kernel->nft;
    uint32_t counts[PS_NFT_N_FATES], conduit = PS_NONE;

    printf("%s, in the kernel, %s\n", ps_image_gateway_name(image, kernel->options.gateway),
           ps_nft_shape_name(kernel->options.shape));
    for (uint32_t i = 0, n; i < nft->n_notes; i += n) {
        n = ps_nft_same_subject(nft, i);
        if (nft->notes[i].conduit != PS_NONE && nft->notes[i].conduit != conduit)
            print_conduit(image, conduit = nft->notes[i].conduit);
        if (nft->notes[i].conduit == PS_NONE)
            printf("\nof all conduits\n");
        print_subject(image, nft->notes + i, n);
    }
    ps_nft_count_fates(nft, counts);
    uint32_t total = 0;
    for (unsigned i = 0; i < PS_NFT_N_FATES; i++)
        total += counts[i];
    printf("\n%u rule%s at this gateway: %u exact, %u by octets, %u in part, %u refused, %u open, %u queued\n", total,
           ps_text_s(total), counts[PS_NFT_FATE_EXACT], counts[PS_NFT_FATE_OCTETS], counts[PS_NFT_FATE_PART], counts[PS_NFT_FATE_REFUSED],
           counts[PS_NFT_FATE_OPEN], counts[PS_NFT_FATE_QUEUED]);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------- */

static json_t *notes_json(const struct ps_nft_note *notes, uint32_t n)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:s,s:s}", "kind", ps_nft_note_name(notes[i].kind), "text", notes[i].text));
    return list;
}

static json_t *rule_json(const struct ps_image *image, const struct ps_nft_note *notes, uint32_t n)
{
    json_t *o = json_object();

    ps_json_put(o, "conduit", ps_image_conduit_name(image, notes->conduit));
    ps_json_put(o, "rule", ps_image_rule_name(image, notes->rule));
    ps_json_put_any(o, "file", ps_image_rule_file(image, notes->rule));
    ps_json_put_n(o, "line", ps_image_rule_line(image, notes->rule));
    ps_json_put(o, "fallback", ps_fallback_name(ps_image_conduit_fallback(image, notes->conduit)));
    ps_json_put(o, "enforced", ps_nft_fate_name(ps_nft_fate_of(notes, n)));
    json_object_set_new(o, "notes", notes_json(notes, n));
    return o;
}

static void print_json(const struct ps_kernel *kernel, const struct ps_image *image)
{
    const struct ps_nft *nft = &kernel->nft;
    json_t *o = json_object(), *rules = json_array(), *conduits = json_array(), *totals = json_object();
    uint32_t counts[PS_NFT_N_FATES];

    ps_json_put(o, "gateway", ps_image_gateway_name(image, kernel->options.gateway));
    ps_json_put(o, "shape", ps_nft_shape_name(kernel->options.shape));
    for (uint32_t i = 0, n; i < nft->n_notes; i += n) {
        n = ps_nft_same_subject(nft, i);
        const struct ps_nft_note *note = &nft->notes[i];
        if (note->rule != PS_NONE)
            json_array_append_new(rules, rule_json(image, note, n));
        else if (note->conduit != PS_NONE)
            json_array_append_new(conduits, json_pack("{s:s,s:o}", "conduit", ps_image_conduit_name(image, note->conduit),
                                                      "notes", notes_json(note, n)));
        else
            json_object_set_new(o, "all", notes_json(note, n));
    }
    ps_nft_count_fates(nft, counts);
    for (unsigned i = 0; i < PS_NFT_N_FATES; i++)
        ps_json_put_n(totals, ps_nft_fate_name(i), counts[i]);
    json_object_set_new(o, "rules", rules);
    json_object_set_new(o, "conduits", conduits);
    json_object_set_new(o, "totals", totals);
    ps_json_print(o, stdout);
}

bool ps_kernel_report(const struct ps_kernel *kernel, const struct ps_image *image, bool json)
{
    uint32_t counts[PS_NFT_N_FATES];

    if (json)
        print_json(kernel, image);
    else
        print_table(kernel, image);
    ps_nft_count_fates(&kernel->nft, counts);
    return n_differing(counts) == 0;
}
