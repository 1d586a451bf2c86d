/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"

_Static_assert(PS_DIGEST_LEN == crypto_hash_sha256_BYTES, "the digest is SHA-256");

/* Where things are written is left out, so that a comment more, another file name or the canonical text give the same
 * digest: what is hashed is the header, with the fields zero that depend on the places, and every section before them.
 */
void ps_image_digest_compute(const uint8_t *image, size_t len, uint8_t digest[PS_DIGEST_LEN])
{
    struct ps_image_header header;
    crypto_hash_sha256_state state;
    size_t end;

    if (sodium_init() < 0)
        abort();
    memcpy(&header, image, sizeof header);
    end = header.sections[PS_SECTION_SOURCES].offset;
    end = end < sizeof header || end > len ? len : end;
    header.len = header.checksum = 0;
    memset(header.digest, 0, sizeof header.digest);
    memset(&header.sections[PS_SECTION_SOURCES], 0, sizeof header.sections[0]);
    memset(&header.sections[PS_SECTION_FILES], 0, sizeof header.sections[0]);
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const unsigned char *)&header, sizeof header);
    crypto_hash_sha256_update(&state, image + sizeof header, end - sizeof header);
    crypto_hash_sha256_final(&state, digest);
}

bool ps_image_digest_verify(const uint8_t *image, size_t len)
{
    uint8_t digest[PS_DIGEST_LEN];

    if (len < sizeof(struct ps_image_header))
        return false;
    ps_image_digest_compute(image, len, digest);
    return memcmp(digest, image + offsetof(struct ps_image_header, digest), sizeof digest) == 0;
}
