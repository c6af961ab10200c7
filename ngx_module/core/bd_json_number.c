/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The numbers of a document: their doubles, and their exact values by the
 * source text.
 */


#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include "bd_hash.h"
#include "bd_json_private.h"


#define BD_JSON_REAL_DIGITS  40         /* of a double, when rounding */


static int bd_json_exact(const bd_number_t *number, double *value);
static size_t bd_json_put_integer(bd_json_digits_t digits, json_int_t value);
static const bd_slice_t *bd_json_recall(const bd_json_t *document,
    const json_t *value);


/* Written anew in so few digits that strtod() needs no memory. */
double
bd_json_double(bd_slice_t text)
{
    char         buf[BD_JSON_REAL_DIGITS + 32];
    size_t       i, n;
    double       value;
    int64_t      exponent;
    bd_number_t  number;

    bd_number_read(&number, text);

    if (bd_json_exact(&number, &value)) {
        return value;
    }

    n = 0;
    buf[n++] = number.negative ? '-' : '+';
    buf[n++] = '0';
    buf[n++] = '.';

    for (i = 0; i < number.digits.len && n < BD_JSON_REAL_DIGITS; i++) {
        if (number.digits.data[i] != '.') {
            buf[n++] = (char) number.digits.data[i];
        }
    }

    exponent = number.exponent;
    exponent = (exponent < -9999) ? -9999 : exponent;
    exponent = (exponent > 9999) ? 9999 : exponent;

    (void) snprintf(buf + n, sizeof(buf) - n, "e%d", (int) exponent);

    value = strtod(buf, NULL);

    if (value > DBL_MAX) {
        return DBL_MAX;
    }

    return (value < -DBL_MAX) ? -DBL_MAX : value;
}


/*
 * Few digits and a small power of ten are doubles without an error, and so
 * what they are multiplied or divided to is the nearest one.
 */
static int
bd_json_exact(const bd_number_t *number, double *value)
{
    static const double  tens[] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
        1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
    };

    size_t    i;
    int64_t   power;
    uint64_t  digits;

    power = number->exponent - (int64_t) number->count;

    if (number->count > DBL_DIG || power < -22 || power > 22) {
        return 0;
    }

    digits = 0;

    for (i = 0; i < number->digits.len; i++) {
        if (number->digits.data[i] != '.') {
            digits = digits * 10 + (uint64_t) (number->digits.data[i] - '0');
        }
    }

    *value = (power < 0) ? (double) digits / tens[-power]
                         : (double) digits * tens[power];

    if (number->negative) {
        *value = -*value;
    }

    return 1;
}


/* From the last digit to the first; then they are moved to the front. */
static size_t
bd_json_put_integer(bd_json_digits_t digits, json_int_t value)
{
    char      *p, *end;
    uint64_t   rest;

    end = digits + sizeof(bd_json_digits_t);
    p = end;
    rest = (value < 0) ? 0 - (uint64_t) value : (uint64_t) value;

    do {
        *--p = (char) ('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);

    if (value < 0) {
        *--p = '-';
    }

    memmove(digits, p, (size_t) (end - p));

    return (size_t) (end - p);
}


int
bd_json_remember(bd_json_t *document, const json_t *value, bd_slice_t text)
{
    size_t             i, size;
    bd_json_t          grown;
    bd_json_number_t  *number;

    if (document->numbers_used >= document->numbers_size / 2) {
        grown = *document;
        size = document->numbers_size ? 2 * document->numbers_size : 16;

        grown.numbers = calloc(size, sizeof(bd_json_number_t));
        if (grown.numbers == NULL) {
            return -1;
        }

        grown.numbers_size = size;
        grown.numbers_used = 0;

        for (i = 0; i < document->numbers_size; i++) {
            number = &document->numbers[i];

            if (number->value != NULL) {
                (void) bd_json_remember(&grown, number->value, number->text);
            }
        }

        free(document->numbers);
        *document = grown;
    }

    i = (size_t) bd_hash_mix(0, (uint64_t) (uintptr_t) value);

    do {
        number = &document->numbers[i++ & (document->numbers_size - 1)];
    } while (number->value != NULL);

    number->value = value;
    number->text = text;
    document->numbers_used++;

    return 0;
}


static const bd_slice_t *
bd_json_recall(const bd_json_t *document, const json_t *value)
{
    size_t             i;
    bd_json_number_t  *number;

    if (document->numbers_size == 0) {
        return NULL;
    }

    i = (size_t) bd_hash_mix(0, (uint64_t) (uintptr_t) value);

    for ( ;; ) {
        number = &document->numbers[i++ & (document->numbers_size - 1)];

        if (number->value == value) {
            return &number->text;
        }

        if (number->value == NULL) {
            return NULL;
        }
    }
}


void
bd_json_number(const bd_json_t *document, const json_t *value,
    bd_number_t *number, bd_json_digits_t digits)
{
    int                n, precision;
    const bd_slice_t  *text;

    if (json_is_integer(value)) {
        bd_number_read(number, bd_slice_make(digits,
                           bd_json_put_integer(digits,
                                               json_integer_value(value))));

    } else {
        text = bd_json_recall(document, value);

        if (text != NULL) {
            bd_number_read(number, *text);
            return;
        }

        precision = DBL_DIG;

        do {
            n = snprintf(digits, sizeof(bd_json_digits_t), "%.*g", precision,
                         json_real_value(value));
        } while (++precision <= DBL_DECIMAL_DIG
                 && strtod(digits, NULL) != json_real_value(value));

        bd_number_read(number, bd_slice_make(digits, (size_t) n));
    }
}
