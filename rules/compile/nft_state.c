/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_state.c - what was changed about conduits by hand, and which of them close without the daemon: set alive has the
 * devices that packets come in by, and its elements expire unless the daemon refreshes them.
 */
#include "model.h"
#include "nft_build.h"

bool ps_nft_is_closed(const struct ps_nft_build *b, uint32_t conduit)
{
    return b->options->is_closed && b->options->is_closed(b->options->ctx, conduit);
}

bool ps_nft_is_monitored(const struct ps_nft_build *b, uint32_t conduit)
{
    uint8_t mode = b->options->mode ? b->options->mode(b->options->ctx, conduit) : ps_image_conduit_mode(b->image, conduit);

    return mode == PS_MODE_MONITOR && !ps_nft_is_closed(b, conduit);
}

bool ps_nft_is_gated(const struct ps_nft_build *b, uint32_t conduit)
{
    return b->alive != PS_NFT_NONE && ps_image_conduit_on_failure(b->image, conduit) != PS_ON_FAILURE_OPEN;
}

void ps_nft_build_alive(struct ps_nft_build *b)
{
    const struct ps_nft_key key = ps_nft_key(PS_NFT_IIFNAME);

    if (b->options->dead_man_s == 0)
        return;
    b->alive = ps_nft_set_add(b->r, &key, 1, "%s", PS_NFT_ALIVE);
    b->r->sets[b->alive].timeout_s = b->options->dead_man_s;
    for (uint32_t i = 0; i < ps_image_gateway_n_ports(b->image, b->options->gateway); i++) {
        struct ps_nft_element element = {0};

        ps_nft_element_device(&element, b->options->devices[i]);
        ps_nft_set_put(b->r, b->alive, &element, NULL);
    }
    ps_nft_set_close(b->r, b->alive);
}

void ps_nft_put_alive(struct ps_nft_build *b, bool alive)
{
    ps_nft_put_lookup(b->r, b->alive, !alive);
}
