/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fuzz_image.c - any octets with a right checksum: either ps_image_open() says what is wrong, or everything can be
 * asked of the image without reading outside it. Seeds are compiled plants (tests/golden/image).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image_layout.h"
#include "image_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A length the image says it has, when there are that many octets. */
static void repair(uint8_t *image, size_t len)
{
    struct ps_image_header header;
    if (len < sizeof header)
        return;
    memcpy(&header, image, sizeof header);
    header.len = len;
    memcpy(image, &header, sizeof header);
    header.checksum = ps_image_checksum(image, len);
    memcpy(image, &header, sizeof header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = size / PS_IMAGE_ALIGNMENT * PS_IMAGE_ALIGNMENT;
    uint8_t *image = aligned_alloc(PS_IMAGE_ALIGNMENT, len > 0 ? len : PS_IMAGE_ALIGNMENT);
    struct ps_image opened;
    if (!image)
        abort();
    memcpy(image, data, len);
    repair(image, len);
    if (ps_image_open(image, len, &opened) == NULL)
        walk_image(&opened);
    else if (opened.data)
        abort();
    free(image);
    return 0;
}
