/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

void ps_json_put_any(json_t *o, const char *key, const char *text)
{
    char ascii[4096];
    size_t i = 0;
    json_t *s = json_string(text);

    if (s == NULL) {
        for (; text[i] != '\0' && i < sizeof ascii - 1; i++)
            ascii[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
        ascii[i] = '\0';
        s = json_string(ascii);
    }
    json_object_set_new(o, key, s);
}

void ps_json_print(json_t *o, FILE *out)
{
    json_dumpf(o, out, JSON_COMPACT);
    putc('\n', out);
    json_decref(o);
}
