/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Two response headers that tell a cache what to do: Cache-Control, of which
 * only no-store concerns us, and Retry-After.  Called with the value of one
 * header line of the upstream's answer: any bytes may come.
 */


#include "bd_cache_control.h"

#include <strings.h>


#define BD_HTTP_DATE_LEN  (sizeof("Sun, 06 Nov 1994 08:49:37 GMT") - 1)


static const uint8_t *bd_directive_end(const uint8_t *p, const uint8_t *last);
static int bd_directive_is(const uint8_t *p, const uint8_t *last,
    bd_slice_t name);
static int bd_http_date(bd_slice_t value, int64_t *seconds);
static int64_t bd_http_days(int year, int month, int day);
static int bd_http_month_days(int year, int month);
static int bd_http_digits(const uint8_t *p, size_t n);
static int bd_http_name(const uint8_t *p, const char *names);


int
bd_cache_control_no_store(bd_slice_t value)
{
    const uint8_t  *p, *last, *end;

    if (value.len == 0) {
        return 0;
    }

    p = value.data;
    last = p + value.len;

    while (p < last) {
        end = bd_directive_end(p, last);

        if (bd_directive_is(p, end, bd_slice("no-store"))) {
            return 1;
        }

        p = (end < last) ? end + 1 : last;
    }

    return 0;
}


/* The comma that ends the directive at p, or last. */

static const uint8_t *
bd_directive_end(const uint8_t *p, const uint8_t *last)
{
    int  quoted;

    for (quoted = 0; p < last; p++) {

        if (*p == '"') {
            quoted = !quoted;

        } else if (*p == ',' && !quoted) {
            return p;

        } else if (*p == '\\' && quoted && p + 1 < last) {
            p++;            /* a quoted pair: the next byte is no quote */
        }
    }

    return last;
}


/*
 * OWS name OWS, and then nothing more or an argument.  The argument is not
 * looked at: no-store means the same with any.
 */

static int
bd_directive_is(const uint8_t *p, const uint8_t *last, bd_slice_t name)
{
    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    if ((size_t) (last - p) < name.len
        || strncasecmp((const char *) p, (const char *) name.data, name.len)
           != 0)
    {
        return 0;
    }

    p += name.len;

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    return p == last || *p == '=';
}


int64_t
bd_retry_after(bd_slice_t value, int64_t now, int64_t max)
{
    size_t   i;
    int64_t  digit, seconds;

    seconds = 0;

    for (i = 0; i < value.len; i++) {

        if (value.data[i] < '0' || value.data[i] > '9') {
            break;
        }

        /* any number of digits may come: stop where it is enough */

        if (seconds < max) {
            digit = value.data[i] - '0';
            seconds = (seconds > (max - digit) / 10) ? max
                                                     : seconds * 10 + digit;
        }
    }

    if (i == 0 || i != value.len) {

        if (bd_http_date(value, &seconds) != 0) {
            return -1;
        }

        seconds -= now;
    }

    if (seconds < 0) {
        return 0;
    }

    return (seconds < max) ? seconds : max;
}


/*
 * IMF-fixdate of RFC 9110, section 5.6.7, to seconds since the epoch.  The
 * name of the day must be one, it need not be the right one.  Returns 0, or
 * -1 when value is something else.
 */

static int
bd_http_date(bd_slice_t value, int64_t *seconds)
{
    int             day, month, year, hour, minute, second;
    size_t          i;
    const uint8_t  *p;

    /* what is not a letter or a digit of the date stands for itself */

    static const char  form[] = "***, ** *** **** **:**:** GMT";

    if (value.len != BD_HTTP_DATE_LEN) {
        return -1;
    }

    p = value.data;

    for (i = 0; i < BD_HTTP_DATE_LEN; i++) {
        if (form[i] != '*' && (uint8_t) form[i] != p[i]) {
            return -1;
        }
    }

    if (bd_http_name(p, "SunMonTueWedThuFriSat") < 0) {
        return -1;
    }

    day = bd_http_digits(p + 5, 2);
    month = bd_http_name(p + 8, "JanFebMarAprMayJunJulAugSepOctNovDec");
    year = bd_http_digits(p + 12, 4);
    hour = bd_http_digits(p + 17, 2);
    minute = bd_http_digits(p + 20, 2);
    second = bd_http_digits(p + 23, 2);

    if (month < 0 || year < 0 || day < 1
        || day > bd_http_month_days(year, month)
        || hour < 0 || hour > 23
        || minute < 0 || minute > 59
        || second < 0 || second > 60)
    {
        return -1;
    }

    *seconds = bd_http_days(year, month, day) * 86400
               + hour * 3600 + minute * 60 + second;

    return 0;
}


/*
 * Days from 1970-01-01 in the Gregorian calendar, the year taken to begin in
 * March, so that the leap day is its last: month m of such a year begins at
 * day (153 m + 2) / 5 (E. G. Richards, Explanatory Supplement to the
 * Astronomical Almanac, 3rd edition, section 15.11.3).  month counts from 0.
 */

static int64_t
bd_http_days(int year, int month, int day)
{
    month -= 2;

    if (month < 0) {
        month += 12;
        year--;
    }

    /* 400 years are 146097 days; the shift keeps the divisions positive */

    year += 400;

    return (int64_t) year * 365 + year / 4 - year / 100 + year / 400
           + (153 * month + 2) / 5 + day - 1
           - 719468 - 146097;
}


static int
bd_http_month_days(int year, int month)
{
    static const int  days[] = { 31, 28, 31, 30, 31, 30,
                                 31, 31, 30, 31, 30, 31 };

    if (month == 1 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) {
        return 29;
    }

    return days[month];
}


/* The number written in n digits, or -1. */

static int
bd_http_digits(const uint8_t *p, size_t n)
{
    int     value;
    size_t  i;

    value = 0;

    for (i = 0; i < n; i++) {

        if (p[i] < '0' || p[i] > '9') {
            return -1;
        }

        value = value * 10 + (p[i] - '0');
    }

    return value;
}


/* The index of the three letters at p among names, or -1. */

static int
bd_http_name(const uint8_t *p, const char *names)
{
    int  i;

    for (i = 0; names[3 * i] != '\0'; i++) {
        if (memcmp(p, names + 3 * i, 3) == 0) {
            return i;
        }
    }

    return -1;
}
