/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Exact decimals: see bd_number.h.
 */


#include "bd_hash.h"
#include "bd_number.h"


#define BD_NUMBER_EXPONENT_MAX  ((int64_t) 1 << 60)


__extension__ typedef unsigned __int128  bd_uint128_t;


static int64_t bd_number_read_exponent(bd_slice_t text);
static int bd_number_compare_magnitude(const bd_number_t *a,
    const bd_number_t *b);


/* Takes the next digit off a slice that may hold a "."; -1 at its end. */
static inline int
bd_number_digit(bd_slice_t *digits)
{
    if (digits->len != 0 && digits->data[0] == '.') {
        digits->data++;
        digits->len--;
    }

    if (digits->len == 0) {
        return -1;
    }

    digits->len--;

    return *digits->data++ - '0';
}


void
bd_number_read(bd_number_t *number, bd_slice_t text)
{
    size_t      i, point, first, last, end;
    bd_slice_t  exponent;

    memset(number, 0, sizeof(bd_number_t));

    if (text.len != 0 && text.data[0] == '-') {
        number->negative = 1;
        text.data++;
        text.len--;
    }

    for (end = 0; end < text.len && (text.data[end] | 0x20) != 'e'; end++) {
        /* void */
    }

    point = end;
    first = end;
    last = end;

    for (i = 0; i < end; i++) {
        if (text.data[i] == '.') {
            point = i;

        } else if (text.data[i] != '0') {
            first = (first == end) ? i : first;
            last = i;
        }
    }

    if (first == end) {
        number->negative = 0;
        return;
    }

    number->digits = bd_slice_make(text.data + first, last - first + 1);
    number->count = last - first + 1 - (first < point && point < last);

    exponent = bd_slice_make(text.data + end, text.len - end);

    number->exponent = bd_number_read_exponent(exponent)
                       + (int64_t) point - (int64_t) first + (first > point);
}


/* Of "", "e5", "E+05", "e-5"; far exponents count as a very far one. */
static int64_t
bd_number_read_exponent(bd_slice_t text)
{
    int      negative;
    size_t   i;
    int64_t  exponent;

    if (text.len == 0) {
        return 0;
    }

    i = 1;
    negative = (text.data[i] == '-');

    if (text.data[i] == '-' || text.data[i] == '+') {
        i++;
    }

    for (exponent = 0; i < text.len; i++) {
        if (exponent > BD_NUMBER_EXPONENT_MAX / 100) {
            exponent = BD_NUMBER_EXPONENT_MAX / 2;
            break;
        }

        exponent = exponent * 10 + (text.data[i] - '0');
    }

    return negative ? -exponent : exponent;
}


int
bd_number_compare(const bd_number_t *a, const bd_number_t *b)
{
    if (a->negative != b->negative) {
        return a->negative ? -1 : 1;
    }

    return a->negative ? bd_number_compare_magnitude(b, a)
                       : bd_number_compare_magnitude(a, b);
}


static int
bd_number_compare_magnitude(const bd_number_t *a, const bd_number_t *b)
{
    int         x, y;
    bd_slice_t  left, right;

    if (a->count == 0 || b->count == 0) {
        return (a->count != 0) - (b->count != 0);
    }

    if (a->exponent != b->exponent) {
        return (a->exponent < b->exponent) ? -1 : 1;
    }

    left = a->digits;
    right = b->digits;

    do {
        x = bd_number_digit(&left);
        y = bd_number_digit(&right);
    } while (x == y && x != -1);

    return (x > y) - (x < y);
}


int
bd_number_is_integer(const bd_number_t *number)
{
    return number->count == 0
           || (number->exponent > 0
               && (uint64_t) number->exponent >= number->count);
}


uint64_t
bd_number_uint64(const bd_number_t *number)
{
    int         digit;
    int64_t     zeros;
    uint64_t    value;
    bd_slice_t  digits;

    if (number->exponent > 19) {
        return UINT64_MAX;
    }

    value = 0;
    digits = number->digits;

    while ((digit = bd_number_digit(&digits)) != -1) {
        value = value * 10 + (uint64_t) digit;
    }

    for (zeros = number->exponent - (int64_t) number->count;
         zeros > 0;
         zeros--)
    {
        value *= 10;
    }

    return value;
}


/*
 * Write number as a * 10^x and divisor as b * 10^y with a and b integers that
 * do not end in 0.  For x < y the divisor has a factor 10 that a has not.
 * Else b must divide a * 10^(x - y); more tens than b has bits change nothing,
 * since b has no more factors 2 and 5 than that.
 */
int
bd_number_is_multiple(const bd_number_t *number, const bd_number_t *divisor)
{
    int           digit;
    int64_t       x, y, tens;
    bd_slice_t    digits;
    bd_uint128_t  b, rest;

    if (number->count == 0) {
        return 1;
    }

    x = number->exponent - (int64_t) number->count;
    y = divisor->exponent - (int64_t) divisor->count;

    if (x < y) {
        return 0;
    }

    b = 0;
    digits = divisor->digits;

    while ((digit = bd_number_digit(&digits)) != -1) {
        b = b * 10 + (unsigned) digit;
    }

    rest = 0;
    digits = number->digits;

    while ((digit = bd_number_digit(&digits)) != -1) {
        rest = (rest * 10 + (unsigned) digit) % b;
    }

    for (tens = x - y < 128 ? x - y : 128; tens != 0 && rest != 0; tens--) {
        rest = rest * 10 % b;
    }

    return rest == 0;
}


uint64_t
bd_number_hash(const bd_number_t *number, uint64_t seed)
{
    int         digit;
    uint64_t    hash, chunk;
    bd_slice_t  digits;

    hash = bd_hash_mix(seed, (uint64_t) number->exponent);
    chunk = (uint64_t) number->negative;
    digits = number->digits;

    while ((digit = bd_number_digit(&digits)) != -1) {

        if (chunk >= UINT64_MAX / 100) {
            hash = bd_hash_mix(hash, chunk);
            chunk = 0;
        }

        chunk = chunk * 10 + (uint64_t) digit;
    }

    return bd_hash_mix(hash, chunk);
}
