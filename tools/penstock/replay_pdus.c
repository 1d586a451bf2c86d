/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * replay_pdus.c - penstock replay --pdus: one line per judged PDU, columns separated by tabs:
 *
 *     file  packet  time  client -> server  direction  verdict  reason or conduit/rule  operation
 */
#include "event_text.h"
#include "replay.h"

#include "text.h"
#include "vocab.h"

void replay_pdus_line(const struct replay *replay, size_t file, const struct ps_judged *judged, FILE *out)
{
    const struct ps_image *image = &replay->plant.image;
    char text[1024], when[PS_TIME_TEXT_MAX];
    const char *verdict = "allow";
    struct ps_txt t;

    replay_text_path(replay->inputs.items[file].path, out);
    ps_txt_init(&t, text, sizeof text);
    ps_txt_char(&t, '\t');
    ps_txt_u64(&t, judged->number);
    ps_txt_char(&t, '\t');
    ps_txt_str(&t, ps_text_time(judged->time_ns, 9, true, when));
    ps_txt_char(&t, '\t');
    ps_event_text_host(image, judged->path->client_asset, judged->client, judged->client_port, &t);
    ps_txt_str(&t, " -> ");
    ps_event_text_host(image, judged->path->server_asset, judged->server, judged->server_port, &t);
    ps_txt_str(&t, judged->dir == PS_TO_SERVER ? "\tto-server\t" : "\tto-client\t");
    if (judged->reason != PS_REASON_NONE)
        verdict = judged->monitored ? "would-deny" : "deny";
    ps_txt_str(&t, verdict);
    ps_txt_char(&t, '\t');
    if (judged->reason != PS_REASON_NONE) {
        ps_txt_str(&t, ps_reason_info(judged->reason)->name);
    } else {
        ps_txt_str(&t, ps_image_conduit_name(image, judged->path->conduit));
        ps_txt_char(&t, '/');
        ps_txt_str(&t, ps_image_rule_name(image, judged->rule));
    }
    ps_txt_char(&t, '\t');
    ps_operation_format(judged->dissector, judged->facts, &t);
    fprintf(out, "%s\n", text);
}
