/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * txt.h - a bounded text writer and scanner without libc, for words and numbers in the policy's notation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- writer ---------------------------------------------------------------------------------------------------- */

/* buf always holds a NUL-terminated string; what does not fit is cut and `cut` set. */
struct ps_txt {
    char *buf;
    size_t size; /* of buf, with the NUL; at least 1 */
    size_t len;  /* without the NUL */
    bool cut;
};

void ps_txt_init(struct ps_txt *t, char *buf, size_t size);
void ps_txt_char(struct ps_txt *t, char c);
void ps_txt_str(struct ps_txt *t, const char *s);
void ps_txt_u64(struct ps_txt *t, uint64_t number);
/* The shortest decimal that ps_str_f64() reads back as the same number: "900", "-0.1", "1e300"; "inf", "-inf", "nan". */
void ps_txt_f64(struct ps_txt *t, double number);
/* The shortest decimal that is nearer to this number than to any other of single precision. */
void ps_txt_f32(struct ps_txt *t, float number);
/* Lower-case hex, at least n_digits (16 at most), without "0x". */
void ps_txt_hex(struct ps_txt *t, uint64_t number, unsigned n_digits);
/* "first-last", or one number when both are equal. */
void ps_txt_range(struct ps_txt *t, uint32_t first, uint32_t last);

/* ---- scanner --------------------------------------------------------------------------------------------------- */

/* A piece of text, not NUL-terminated; s may be NULL when len is 0. Scanning functions move s on success and leave it
 * where it was otherwise. */
struct ps_str {
    const char *s;
    size_t len;
};

struct ps_str ps_str_from(const char *s);
bool ps_str_equal(struct ps_str a, const char *b);
bool ps_str_char(struct ps_str *s, char c);           /* eat exactly c */
bool ps_str_word(struct ps_str *s, const char *word); /* eat exactly this text */
/* The text up to the next stop character or the end; s moves behind the text, not behind the stop. */
struct ps_str ps_str_until(struct ps_str *s, const char *stops);
/* Decimal or 0x hex, not above max; false also when there is no digit. */
bool ps_str_u32(struct ps_str *s, uint32_t max, uint32_t *number);
/* The number of double precision nearest to a decimal ("900", "-0.1", "1.5e-3"; no sign or digits besides) or a 0x hex of
 * 32 bits; false also when it is beyond all of them. Of "1..5" it eats the 1. */
bool ps_str_f64(struct ps_str *s, double *number);
/* "A" or "A-B", both within 0..max and A <= B. */
bool ps_str_range(struct ps_str *s, uint32_t max, uint32_t *first, uint32_t *last);
