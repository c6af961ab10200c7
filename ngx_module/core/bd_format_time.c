/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The formats of RFC 3339: date-time, date and time by section 5.6, duration
 * by appendix A.  Called through bd_format_lookup().
 *
 * A second of 60 is a leap second (section 5.7): it exists only as 23:59:60
 * in UTC, and a date-time with one must fall on the last day of a month in
 * UTC.  Which months had one is a table that grows with time (appendix D)
 * and so is not asked for.
 */


#include "bd_format_check.h"


typedef struct {
    int  year;
    int  month;         /* 1 to 12 */
    int  day;           /* 1 to 31 */
} bd_format_date_t;


typedef struct {
    int  leap;          /* the second is 60 */
    int  utc_minutes;   /* from the local date's midnight in UTC, between
                           -1439 and 2878 */
} bd_format_time_t;


#define BD_FORMAT_DATE_LEN        10        /* "2006-01-02" */
#define BD_FORMAT_PARTIAL_LEN     8         /* "15:04:05" */
#define BD_FORMAT_OFFSET_LEN      6         /* "+07:00" */
#define BD_FORMAT_LAST_MINUTE     (23 * 60 + 59)


static int bd_format_parse_date(const uint8_t *p, bd_format_date_t *date);
static int bd_format_parse_time(const uint8_t *p, const uint8_t *last,
    bd_format_time_t *time);
static int bd_format_parse_offset(const uint8_t *p, const uint8_t *last,
    int *minutes);
static const uint8_t *bd_format_skip_fraction(const uint8_t *p,
    const uint8_t *last);
static int bd_format_number(const uint8_t *p, size_t n);
static int bd_format_month_days(int year, int month);
static const uint8_t *bd_format_units(const uint8_t *p, const uint8_t *last,
    const char *units);


int
bd_format_date_time(bd_slice_t value)
{
    const uint8_t     *p, *last;
    bd_format_date_t   date;
    bd_format_time_t   time;

    p = value.data;
    last = p + value.len;

    if (value.len <= BD_FORMAT_DATE_LEN
        || !bd_format_parse_date(p, &date)
        || bd_format_lower(p[BD_FORMAT_DATE_LEN]) != 't'
        || !bd_format_parse_time(p + BD_FORMAT_DATE_LEN + 1, last, &time))
    {
        return 0;
    }

    if (!time.leap) {
        return 1;
    }

    if (time.utc_minutes < 0) {             /* 23:59 of the day before */
        return date.day == 1;
    }

    return date.day == bd_format_month_days(date.year, date.month);
}


int
bd_format_date(bd_slice_t value)
{
    bd_format_date_t  date;

    return value.len == BD_FORMAT_DATE_LEN
           && bd_format_parse_date(value.data, &date);
}


int
bd_format_time(bd_slice_t value)
{
    bd_format_time_t  time;

    return bd_format_parse_time(value.data, value.data + value.len, &time);
}


/*
 * duration = "P" (dur-date / dur-time / dur-week), RFC 3339, appendix A.
 * Each unit there may be followed by the next smaller one alone, so the units
 * given are a run without gaps: "P1Y2D" and "PT1H2S" are none.  The literals
 * of ABNF match in both cases (RFC 5234, section 2.3).
 */

int
bd_format_duration(bd_slice_t value)
{
    const uint8_t  *p, *last, *date;

    p = value.data;
    last = p + value.len;

    if (p == last || bd_format_lower(*p) != 'p') {
        return 0;
    }

    p++;

    if (bd_format_units(p, last, "w") == last && p != last) {
        return 1;
    }

    date = bd_format_units(p, last, "ymd");

    if (date == last) {
        return p != last;
    }

    if (bd_format_lower(*date) != 't' || date + 1 == last) {
        return 0;
    }

    return bd_format_units(date + 1, last, "hms") == last;
}


/* Reads the BD_FORMAT_DATE_LEN bytes at p.  Returns 1 for a date that
 * exists, else 0. */
static int
bd_format_parse_date(const uint8_t *p, bd_format_date_t *date)
{
    date->year = bd_format_number(p, 4);
    date->month = bd_format_number(p + 5, 2);
    date->day = bd_format_number(p + 8, 2);

    return date->year >= 0
           && p[4] == '-'
           && date->month >= 1 && date->month <= 12
           && p[7] == '-'
           && date->day >= 1
           && date->day <= bd_format_month_days(date->year, date->month);
}


/* Reads full-time, which must end at last.  Returns 1 when it conforms. */
static int
bd_format_parse_time(const uint8_t *p, const uint8_t *last,
    bd_format_time_t *time)
{
    int  hour, minute, second, offset;

    if (last - p < BD_FORMAT_PARTIAL_LEN) {
        return 0;
    }

    hour = bd_format_number(p, 2);
    minute = bd_format_number(p + 3, 2);
    second = bd_format_number(p + 6, 2);

    if (hour < 0 || hour > 23
        || p[2] != ':'
        || minute < 0 || minute > 59
        || p[5] != ':'
        || second < 0 || second > 60)
    {
        return 0;
    }

    p = bd_format_skip_fraction(p + BD_FORMAT_PARTIAL_LEN, last);

    if (p == NULL || !bd_format_parse_offset(p, last, &offset)) {
        return 0;
    }

    time->leap = (second == 60);
    time->utc_minutes = hour * 60 + minute - offset;

    if (!time->leap) {
        return 1;
    }

    /* no offset reaches 23:59 of the day after */

    return time->utc_minutes == BD_FORMAT_LAST_MINUTE
           || time->utc_minutes == -1;
}


/* time-secfrac = "." 1*DIGIT, if there is one.  Returns what follows it, or
 * NULL for a dot without digits. */
static const uint8_t *
bd_format_skip_fraction(const uint8_t *p, const uint8_t *last)
{
    const uint8_t  *digits;

    if (p == last || *p != '.') {
        return p;
    }

    digits = ++p;

    while (p != last && bd_format_is_digit(*p)) {
        p++;
    }

    return p != digits ? p : NULL;
}


/* time-offset, which must end at last.  Returns 1 when it conforms, with
 * *minutes east of UTC. */
static int
bd_format_parse_offset(const uint8_t *p, const uint8_t *last, int *minutes)
{
    int  hour, minute;

    if (last - p == 1 && bd_format_lower(*p) == 'z') {
        *minutes = 0;
        return 1;
    }

    if (last - p != BD_FORMAT_OFFSET_LEN || (*p != '+' && *p != '-')) {
        return 0;
    }

    hour = bd_format_number(p + 1, 2);
    minute = bd_format_number(p + 4, 2);

    if (hour < 0 || hour > 23 || p[3] != ':' || minute < 0 || minute > 59) {
        return 0;
    }

    *minutes = hour * 60 + minute;

    if (*p == '-') {
        *minutes = -*minutes;
    }

    return 1;
}


/* The value of exactly n digits, n at most 4, or -1. */
static int
bd_format_number(const uint8_t *p, size_t n)
{
    int     value;
    size_t  i;

    value = 0;

    for (i = 0; i < n; i++) {
        if (!bd_format_is_digit(p[i])) {
            return -1;
        }

        value = value * 10 + (p[i] - '0');
    }

    return value;
}


/* RFC 3339, section 5.7 and appendix C. */
static int
bd_format_month_days(int year, int month)
{
    static const int  days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    if (month == 2
        && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
    {
        return 29;
    }

    return days[month - 1];
}


/*
 * Skips elements, each of digits and a unit.  The first may have any of
 * units (lower case), each later one has the unit right after its
 * predecessor's.  Returns where the run ends: p itself when there is none.
 */

static const uint8_t *
bd_format_units(const uint8_t *p, const uint8_t *last, const char *units)
{
    const char     *follower;
    const uint8_t  *next, *first;

    first = p;
    follower = units;

    for ( ;; ) {
        next = p;

        while (next != last && bd_format_is_digit(*next)) {
            next++;
        }

        if (next == p || next == last) {
            return p;
        }

        while (*units != '\0' && *units != (char) bd_format_lower(*next)) {
            units++;
        }

        if (*units == '\0' || (p != first && units != follower)) {
            return p;
        }

        p = next + 1;
        follower = units + 1;
    }
}
