/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <nettle/sha2.h>
#include <string.h>

#include "build.h"

_Static_assert(PS_DIGEST_LEN == SHA256_DIGEST_SIZE, "the digest is SHA-256");

/* Where things are written is left out, so that a comment more, another file name or the canonical text give the same
 * digest: what is hashed is the header, with the fields zero that depend on the places, and every section before them.
 */
void ps_image_digest_compute(const uint8_t *image, size_t len, uint8_t digest[PS_DIGEST_LEN])
{
    struct ps_image_header header;
    struct sha256_ctx state;
    size_t end;

    memcpy(&header, image, sizeof header);
    end = header.sections[PS_SECTION_SOURCES].offset;
    end = end < sizeof header || end > len ? len : end;
    header.len = header.checksum = 0;
    memset(header.digest, 0, sizeof header.digest);
    memset(&header.sections[PS_SECTION_SOURCES], 0, sizeof header.sections[0]);
    memset(&header.sections[PS_SECTION_FILES], 0, sizeof header.sections[0]);
    sha256_init(&state);
    sha256_update(&state, sizeof header, (const uint8_t *)&header);
    sha256_update(&state, end - sizeof header, image + sizeof header);
    sha256_digest(&state, PS_DIGEST_LEN, digest);
}

bool ps_image_digest_verify(const uint8_t *image, size_t len)
{
    uint8_t digest[PS_DIGEST_LEN];

    if (len < sizeof(struct ps_image_header))
        return false;
    ps_image_digest_compute(image, len, digest);
    return memcmp(digest, image + offsetof(struct ps_image_header, digest), sizeof digest) == 0;
}
