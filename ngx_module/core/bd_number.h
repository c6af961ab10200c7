/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Numbers as they are written: decimals of any length, compared and divided
 * exactly.  No double is involved.
 */


#ifndef _BD_NUMBER_H_INCLUDED_
#define _BD_NUMBER_H_INCLUDED_


#include "bd_slice.h"


/* What a divisor of bd_number_is_multiple() may have. */
#define BD_NUMBER_DIVISOR_DIGITS  37


/*
 * The value is 0.d1d2d3... times ten to the power of exponent, where d1 to dn
 * are the digits of the slice (among which a "." may stand); neither d1 nor
 * dn is 0.  Zero has no digits.  The slice views the text the number was read
 * from.
 */
typedef struct {
    bd_slice_t   digits;
    size_t       count;                 /* of digits, without the "." */
    int64_t      exponent;              /* at most 2^60 either way */
    int          negative;
} bd_number_t;


/* Reads text, a number by the grammar of RFC 8259, section 6. */
void bd_number_read(bd_number_t *number, bd_slice_t text);

/* -1, 0 or 1 as a is less than, equal to, or greater than b. */
int bd_number_compare(const bd_number_t *a, const bd_number_t *b);

/* 1 when there is no fraction: 1.0 and 1e400 are integers. */
int bd_number_is_integer(const bd_number_t *number);

/* The value of an integer that is not below 0; UINT64_MAX for what has more
 * than 19 digits. */
uint64_t bd_number_uint64(const bd_number_t *number);

/*
 * 1 when number is an integer times divisor, which must be positive and of at
 * most BD_NUMBER_DIVISOR_DIGITS digits.  Takes time in proportion to the
 * digits of number, whatever its exponent.
 */
int bd_number_is_multiple(const bd_number_t *number,
    const bd_number_t *divisor);

/* Numbers that compare equal have the same hash. */
uint64_t bd_number_hash(const bd_number_t *number, uint64_t seed);


#endif /* _BD_NUMBER_H_INCLUDED_ */
