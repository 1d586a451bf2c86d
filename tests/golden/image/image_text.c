/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * image_text.c - image_text PLANT [IMAGE]: the compiled plant as text, or its errors; and its octets into IMAGE.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "policy.h"

static bool write_image(const char *path, const uint8_t *image, size_t len)
{
    FILE *out = fopen(path, "wb");
    bool is_written = out && fwrite(image, 1, len, out) == len;
    return out && fclose(out) == 0 && is_written;
}

int main(int argc, char **argv)
{
    struct ps_diags diags;
    size_t len = 0;
    if (argc < 2)
        return 2;
    ps_diags_init(&diags);
    struct ps_model *model = ps_policy_load(argv[1], &diags);
    uint8_t *image = model ? ps_compile(model, &diags, &len) : NULL;
    ps_diags_sort(&diags);
    for (size_t i = 0; i < diags.n; i++)
        printf("%s:%u: error: %s\n", diags.items[i].file, diags.items[i].line, diags.items[i].text);
    bool is_done = image && ps_image_digest_verify(image, len) && ps_image_print(image, len, stdout);
    if (is_done && argc > 2)
        is_done = write_image(argv[2], image, len);
    free(image);
    ps_model_free(model);
    ps_diags_fini(&diags);
    return is_done ? EXIT_SUCCESS : EXIT_FAILURE;
}
