/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * replay_text.c - file names on one line.
 */
#include "replay.h"

void replay_text_path(const char *path, FILE *out)
{
    for (; *path != '\0'; path++) {
        unsigned char c = (unsigned char)*path;

        if (c < ' ' || c == 0x7f || c == '\\')
            fprintf(out, "\\x%02x", c);
        else
            putc(c, out);
    }
}
