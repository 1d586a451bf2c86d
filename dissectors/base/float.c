/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * float.c - IEEE 754 numbers <-> decimal text, exact in both directions and without libc: the number nearest to a text,
 * and the shortest text that is nearest to a number (Steele and White's algorithm in the form of Dybvig's, "Printing
 * Floating-Point Numbers Quickly and Accurately", 1996). Quotients of large integers, but for short texts, of
 * which a plant file may have many.
 */
#include <string.h>

#include "txt.h"

/* ---- large integers -------------------------------------------------------------------------------------------- */

/* The largest one is below 2^1200: 10^343 times 2^54. */
#define N_LIMBS 40u

struct big {
    uint32_t limb[N_LIMBS]; /* the lowest first */
};

static struct big big_from(uint64_t number)
{
    return (struct big){.limb = {(uint32_t)number, (uint32_t)(number >> 32)}};
}

static void big_multiply(struct big *a, uint32_t factor)
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < N_LIMBS; i++) {
        carry += (uint64_t)a->limb[i] * factor;
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void big_power_of_ten(struct big *a, int exponent)
{
    for (int i = 0; i < exponent; i++)
        big_multiply(a, 10);
}

static void big_shift(struct big *a, unsigned bits)
{
    unsigned limbs = bits / 32;
    if (limbs > 0) {
        memmove(a->limb + limbs, a->limb, (N_LIMBS - limbs) * sizeof a->limb[0]);
        memset(a->limb, 0, limbs * sizeof a->limb[0]);
    }
    big_multiply(a, UINT32_C(1) << bits % 32);
}

static void big_add(struct big *a, const struct big *b)
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < N_LIMBS; i++) {
        carry += (uint64_t)a->limb[i] + b->limb[i];
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

/* b is not above a. */
static void big_subtract(struct big *a, const struct big *b)
{
    uint64_t borrow = 0;
    for (unsigned i = 0; i < N_LIMBS; i++) {
        uint64_t difference = (uint64_t)a->limb[i] - b->limb[i] - borrow;
        a->limb[i] = (uint32_t)difference;
        borrow = difference >> 63;
    }
}

static int big_compare(const struct big *a, const struct big *b)
{
    for (unsigned i = N_LIMBS; i-- > 0;)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

/* a + b against c. */
static int big_compare_sum(struct big a, const struct big *b, const struct big *c)
{
    big_add(&a, b);
    return big_compare(&a, c);
}

static int big_bits(const struct big *a)
{
    for (unsigned i = N_LIMBS; i-- > 0;)
        if (a->limb[i] != 0)
            return (int)(32 * i) + 32 - __builtin_clz(a->limb[i]);
    return 0;
}

/* ---- text -> number -------------------------------------------------------------------------------------------- */

#define MANTISSA_BITS 53
#define LOWEST_EXPONENT (-1074) /* of the last bit of the smallest numbers */
#define EXPONENT_BIAS 1075      /* of the last bit */

/* digits times ten to the power of exponent */
struct decimal {
    uint64_t digits;
    int exponent;
};

/* Decimal digits; false when there are none, or more than 64 bits hold. */
static bool scan_digits(struct ps_str *s, bool is_fraction, struct decimal *out)
{
    size_t n = 0;
    for (; n < s->len && s->s[n] >= '0' && s->s[n] <= '9'; n++) {
        unsigned digit = (unsigned)(s->s[n] - '0');
        if (out->digits <= (UINT64_MAX - 9) / 10) {
            out->digits = out->digits * 10 + digit;
            out->exponent -= is_fraction;
        } else if (digit != 0) {
            return false;
        } else {
            out->exponent += !is_fraction;
        }
    }
    if (n == 0)
        return false;
    s->s += n;
    s->len -= n;
    return true;
}

static bool scan_exponent(struct ps_str *s, int *exponent)
{
    struct ps_str at = *s;
    if (!ps_str_char(&at, 'e') && !ps_str_char(&at, 'E'))
        return true;
    bool negative = ps_str_char(&at, '-');
    if (!negative)
        (void)ps_str_char(&at, '+');
    struct decimal number = {0};
    if (!scan_digits(&at, false, &number) || number.digits > 400 || number.exponent > 0)
        return false;
    *exponent += negative ? -(int)number.digits : (int)number.digits;
    *s = at;
    return true;
}

/* Ten to the power of 343 times the largest mantissa is still above the smallest number, and of -309 is above all. */
#define MIN_EXPONENT (-343)
#define MAX_EXPONENT 309

static bool scan_decimal(struct ps_str *s, struct decimal *out)
{
    if (!scan_digits(s, false, out))
        return false;
    struct ps_str at = *s;
    if (ps_str_char(&at, '.') && at.len > 0 && at.s[0] >= '0' && at.s[0] <= '9') {
        if (!scan_digits(&at, true, out))
            return false;
        *s = at;
    }
    return scan_exponent(s, &out->exponent) && out->exponent >= MIN_EXPONENT && out->exponent <= MAX_EXPONENT;
}

/* numerator / denominator, which is below 2^54; rounded to even when it lies between two. */
static uint64_t divide(struct big numerator, struct big denominator)
{
    uint64_t quotient = 0;
    big_shift(&denominator, MANTISSA_BITS);
    for (int i = 0; i <= MANTISSA_BITS; i++) {
        bool fits = big_compare(&numerator, &denominator) >= 0;
        if (fits)
            big_subtract(&numerator, &denominator);
        quotient = quotient << 1 | fits;
        big_shift(&numerator, 1);
    }
    int above_half = big_compare(&numerator, &denominator);
    return quotient + (above_half > 0 || (above_half == 0 && (quotient & 1)));
}

/* The short way of what people write: digits and power are numbers themselves, so that one operation, which rounds right,
 * is all that there is (Clinger, "How to Read Floating Point Numbers Accurately", 1990, section 2). False: it is not short,
 * or this processor computes with more digits than it keeps, which would round twice. */
static bool nearest_short(struct decimal decimal, double *number)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const int n = sizeof tens / sizeof tens[0];
    if (__FLT_EVAL_METHOD__ != 0 || decimal.digits > UINT64_C(1) << MANTISSA_BITS)
        return false;
    if (decimal.exponent <= -n || decimal.exponent >= n)
        return false;
    double digits = (double)decimal.digits;
    *number = decimal.exponent >= 0 ? digits * tens[decimal.exponent] : digits / tens[-decimal.exponent];
    return true;
}

/* False when it is above all numbers. */
static bool nearest_big(struct decimal decimal, double *number)
{
    struct big numerator = big_from(decimal.digits), denominator = big_from(1);
    big_power_of_ten(decimal.exponent >= 0 ? &numerator : &denominator,
                     decimal.exponent >= 0 ? decimal.exponent : -decimal.exponent);
    uint64_t mantissa;
    int exponent = big_bits(&numerator) - big_bits(&denominator) - MANTISSA_BITS;
    for (;; exponent++) {
        exponent = exponent < LOWEST_EXPONENT ? LOWEST_EXPONENT : exponent;
        struct big a = numerator, b = denominator;
        big_shift(exponent < 0 ? &a : &b, (unsigned)(exponent < 0 ? -exponent : exponent));
        mantissa = divide(a, b);
        if (mantissa < UINT64_C(1) << MANTISSA_BITS)
            break;
    }
    bool is_normal = mantissa >> (MANTISSA_BITS - 1);
    if (exponent + EXPONENT_BIAS >= 2047)
        return false;
    uint64_t bits = mantissa & ((UINT64_C(1) << (MANTISSA_BITS - 1)) - 1);
    if (is_normal)
        bits |= (uint64_t)(exponent + EXPONENT_BIAS) << (MANTISSA_BITS - 1);
    memcpy(number, &bits, sizeof bits);
    return true;
}

static bool nearest(struct decimal decimal, double *number)
{
    return nearest_short(decimal, number) || nearest_big(decimal, number);
}

bool ps_str_f64(struct ps_str *s, double *number)
{
    struct ps_str at = *s;
    struct decimal decimal = {0};
    uint32_t hex;
    double size = 0;
    bool negative = ps_str_char(&at, '-');
    if (!negative)
        (void)ps_str_char(&at, '+');
    if (at.len > 1 && at.s[0] == '0' && (at.s[1] == 'x' || at.s[1] == 'X')) {
        if (!ps_str_u32(&at, UINT32_MAX, &hex))
            return false;
        size = hex;
    } else if (!scan_decimal(&at, &decimal) || (decimal.digits != 0 && !nearest(decimal, &size))) {
        return false;
    }
    *s = at;
    *number = negative && size != 0 ? -size : size;
    return true;
}

/* ---- number -> text -------------------------------------------------------------------------------------------- */

/* 0.DDD times ten to the power of exponent */
struct digits {
    char digit[18];
    unsigned n;
    int exponent;
};

/* mantissa times two to the power of exponent; numbers whose decimals are nearer to it than the neighbours are those
 * between half a step below and half a step above. */
struct binary {
    uint64_t mantissa;
    int exponent;
    bool is_lowest; /* the step below is half of the step above */
};

/* A quotient and half the steps to its neighbours, over one denominator. */
struct ratio {
    struct big numerator, denominator, above, below;
    bool is_even; /* what lies half a step away is read as this number too */
};

static struct ratio ratio_from(struct binary b)
{
    struct ratio r = {big_from(b.mantissa), big_from(1), big_from(1), big_from(1), (b.mantissa & 1) == 0};
    unsigned up = b.exponent > 0 ? (unsigned)b.exponent : 0, down = b.exponent < 0 ? (unsigned)-b.exponent : 0;
    big_shift(&r.numerator, up + 1 + b.is_lowest);
    big_shift(&r.denominator, down + 1 + b.is_lowest);
    big_shift(&r.above, up + b.is_lowest);
    big_shift(&r.below, up);
    return r;
}

static void ratio_by_ten(struct ratio *r)
{
    big_multiply(&r->numerator, 10);
    big_multiply(&r->above, 10);
    big_multiply(&r->below, 10);
}

static bool reaches_above(const struct ratio *r)
{
    return big_compare_sum(r->numerator, &r->above, &r->denominator) >= !r->is_even;
}

static bool reaches_below(const struct ratio *r)
{
    return big_compare(&r->numerator, &r->below) < r->is_even;
}

/* Brings the quotient into 0.1 .. 1 and says by which power of ten. */
static int ratio_scale(struct ratio *r)
{
    int exponent = 0;
    while (reaches_above(r)) {
        big_multiply(&r->denominator, 10);
        exponent++;
    }
    for (;; exponent--) {
        struct ratio next = *r;
        ratio_by_ten(&next);
        if (reaches_above(&next))
            return exponent;
        *r = next;
    }
}

static struct digits shortest(struct binary b)
{
    struct ratio r = ratio_from(b);
    struct digits out = {.exponent = ratio_scale(&r)};
    for (;;) {
        char digit = 0;
        ratio_by_ten(&r);
        for (; big_compare(&r.numerator, &r.denominator) >= 0; digit++)
            big_subtract(&r.numerator, &r.denominator);
        bool low = reaches_below(&r), high = reaches_above(&r);
        bool nearer_up = high && (!low || big_compare_sum(r.numerator, &r.numerator, &r.denominator) > 0);
        out.digit[out.n++] = (char)('0' + digit + nearer_up);
        if (low || high)
            return out;
    }
}

static void write_zeros(struct ps_txt *t, int n)
{
    for (; n > 0; n--)
        ps_txt_char(t, '0');
}

/* Longest numbers that are written without an exponent. */
#define PLAIN_MAX 21
#define PLAIN_MIN (-5)

static void write_digits(struct ps_txt *t, const struct digits *d)
{
    bool is_plain = d->exponent >= PLAIN_MIN && d->exponent <= PLAIN_MAX;
    int whole = is_plain ? d->exponent : 1;
    if (whole <= 0) {
        ps_txt_str(t, "0.");
        write_zeros(t, -whole);
    }
    for (unsigned i = 0; i < d->n; i++) {
        if (i > 0 && (int)i == whole)
            ps_txt_char(t, '.');
        ps_txt_char(t, d->digit[i]);
    }
    write_zeros(t, whole - (int)d->n);
    if (is_plain)
        return;
    ps_txt_char(t, 'e');
    if (d->exponent < 1)
        ps_txt_char(t, '-');
    ps_txt_u64(t, (uint64_t)(d->exponent < 1 ? 1 - d->exponent : d->exponent - 1));
}

/* n_mantissa bits behind the exponent, which are all ones for what is no number. */
static void write_number(struct ps_txt *t, uint64_t bits, unsigned n_mantissa, unsigned n_exponent)
{
    uint64_t mantissa = bits & ((UINT64_C(1) << n_mantissa) - 1);
    unsigned ones = (1u << n_exponent) - 1;
    unsigned exponent = (unsigned)(bits >> n_mantissa) & ones;
    bool is_zero = mantissa == 0 && exponent == 0, is_nan = exponent == ones && mantissa != 0;
    if (bits >> (n_mantissa + n_exponent) && !is_zero && !is_nan)
        ps_txt_char(t, '-');
    if (exponent == ones || is_zero) {
        ps_txt_str(t, is_zero ? "0" : is_nan ? "nan" : "inf");
        return;
    }
    struct binary b = {.mantissa = mantissa, .is_lowest = mantissa == 0 && exponent > 1};
    b.exponent = (int)(exponent > 0 ? exponent : 1) - (int)(ones / 2 + n_mantissa);
    if (exponent > 0)
        b.mantissa |= UINT64_C(1) << n_mantissa;
    struct digits digits = shortest(b);
    write_digits(t, &digits);
}

void ps_txt_f64(struct ps_txt *t, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    write_number(t, bits, 52, 11);
}

void ps_txt_f32(struct ps_txt *t, float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    write_number(t, bits, 23, 8);
}
