/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * layout.c - the sections, one behind the other, and the header that tells where.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"

static uint64_t aligned(uint64_t len)
{
    return (len + PS_IMAGE_ALIGNMENT - 1) / PS_IMAGE_ALIGNMENT * PS_IMAGE_ALIGNMENT;
}

static uint64_t place_sections(const struct ps_build *build, struct ps_image_header *header)
{
    uint64_t end = aligned(sizeof *header);

    for (unsigned i = 0; i < PS_N_SECTIONS; i++) {
        header->sections[i] = (struct ps_image_extent){.offset = end, .n = ps_build_n(build, i)};
        end = aligned(end + build->sections[i].len);
    }
    return end;
}

/* Tells every rule where its ranges came to stand. */
static void place_lists(const struct ps_image_header *header, uint8_t *image)
{
    const struct ps_image_extent *rules = &header->sections[PS_SECTION_RULES];
    uint64_t lists = header->sections[PS_SECTION_LISTS].offset;

    for (uint64_t i = 0; i < rules->n; i++) {
        uint64_t at = rules->offset + i * sizeof(struct ps_image_rule);
        struct ps_image_rule *rule = (void *)(image + at);
        uint64_t len = ps_image_lists_len(rule);
        bool has_room = len <= sizeof rule->room;
        rule->lists = (uint32_t)((has_room ? at + offsetof(struct ps_image_rule, room) : lists) / 8);
        lists += has_room ? 0 : len;
    }
}

uint8_t *ps_build_layout(const struct ps_build *build, size_t *len)
{
    struct ps_image_header header = {
        .version = PS_IMAGE_VERSION, .byte_order = PS_IMAGE_BYTE_ORDER, .site = 0, .revision = build->model->revision};

    memcpy(header.magic, PS_IMAGE_MAGIC, sizeof header.magic);
    header.len = place_sections(build, &header);
    uint8_t *image = aligned_alloc(PS_IMAGE_ALIGNMENT, header.len);
    if (!image) {
        fprintf(stderr, "penstock: out of memory: %zu octets for the policy image\n", (size_t)header.len);
        abort();
    }
    memset(image, 0, header.len);
    memcpy(image, &header, sizeof header);
    for (unsigned i = 0; i < PS_N_SECTIONS; i++)
        if (build->sections[i].len > 0)
            memcpy(image + header.sections[i].offset, build->sections[i].data, build->sections[i].len);
    place_lists(&header, image);
    ps_image_digest_compute(image, header.len, header.digest);
    memcpy(image, &header, sizeof header);
    header.checksum = ps_image_checksum(image, header.len);
    memcpy(image, &header, sizeof header);
    *len = header.len;
    return image;
}
