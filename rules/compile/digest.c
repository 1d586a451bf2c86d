/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"

_Static_assert(PS_DIGEST_LEN == crypto_hash_sha256_BYTES, "the digest is SHA-256");

void ps_image_digest_compute(const uint8_t *image, size_t len, uint8_t digest[PS_DIGEST_LEN])
{
    struct ps_image_header header;
    crypto_hash_sha256_state state;

    if (sodium_init() < 0)
        abort();
    memcpy(&header, image, sizeof header);
    header.checksum = 0;
    memset(header.digest, 0, sizeof header.digest);
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const unsigned char *)&header, sizeof header);
    crypto_hash_sha256_update(&state, image + sizeof header, len - sizeof header);
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
