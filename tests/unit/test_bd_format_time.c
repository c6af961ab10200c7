/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * date-time, date, time and duration of RFC 3339.
 */


#define _DEFAULT_SOURCE         /* timegm() */

#include <stdio.h>
#include <time.h>
#include "test_bd_format_cases.h"


static void
test_date_time(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("1985-04-12T23:20:50.52Z", "5.8"),
        bd_valid("1996-12-19T16:39:57-08:00", "5.8"),
        bd_valid("1990-12-31T23:59:60Z", "5.8"),
        bd_valid("1990-12-31T15:59:60-08:00", "5.8"),
        bd_valid("1937-01-01T12:00:27.87+00:20", "5.8"),
        bd_valid("2024-02-29t00:00:00z", "5.6, the note on case"),
        bd_valid("0000-01-01T00:00:00-00:00", "4.3, offset not known"),
        bd_valid("9999-12-31T23:59:59.999999999999999999999Z",
                 "5.6, 1*DIGIT"),
        bd_invalid("2024-02-29 00:00:00Z", "5.6: a space is for others"),
        bd_invalid("2023-02-29T00:00:00Z", "5.7"),
        bd_invalid("2024-02-29", "5.6: no time"),
        bd_invalid("2024-02-29T", "5.6: no time"),
        bd_invalid("2024-02-29T00:00Z", "5.6: no seconds"),
        bd_invalid("2024-02-29T00:00:00", "5.6: no offset"),
        bd_invalid("2024-02-29T00:00:00.Z", "5.6: no digits"),
        bd_invalid("2024-02-29T00:00:00,5Z", "5.6: a comma"),
        bd_invalid("2024-02-29T00:00:00+0100", "5.6: no colon"),
        bd_invalid("2024-02-29T00:00:00+01", "5.6: no minutes"),
        bd_invalid("2024-02-29T24:00:00Z", "5.7"),
        bd_invalid("2024-02-29T00:00:00Z ", "5.6: more after it"),
        bd_invalid("2024-02-29T00:00:00ZZ", "5.6: more after it"),
        bd_invalid("2024-02-29T00:00:00Z\0", "5.6: more after it"),
        bd_invalid(" 2024-02-29T00:00:00Z", "5.6: more before it"),
        bd_invalid("+12024-02-29T00:00:00Z", "5.6: 4DIGIT"),
        bd_invalid("", "5.6")
    };

    bd_run_cases("date-time", cases);
}


/* Section 5.7: at the end of a month, in UTC. */
static void
test_leap_second(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("1972-06-30T23:59:60Z", "appendix D"),
        bd_valid("2016-12-31T23:59:60.5Z", "appendix D"),
        bd_valid("2024-02-29T23:59:60Z", "the last day of a month"),
        bd_valid("2017-01-01T08:59:60+09:00", "the day before in UTC"),
        bd_valid("2017-01-01T00:29:60+00:30", "the day before in UTC"),
        bd_valid("2016-12-31T00:00:60-23:59", "the same day in UTC"),
        bd_invalid("2024-02-28T23:59:60Z", "one day more to come"),
        bd_invalid("2016-12-30T23:59:60Z", "in the middle of a month"),
        bd_invalid("2016-12-31T08:59:60+09:00", "the 30th in UTC"),
        bd_invalid("2017-01-02T08:59:60+09:00", "the 1st in UTC"),
        bd_invalid("2016-12-31T23:59:60+01:00", "22:59 in UTC"),
        bd_invalid("2017-01-01T00:00:60Z", "00:00 in UTC"),
        bd_invalid("2016-12-31T23:59:61Z", "two at once")
    };

    bd_run_cases("date-time", cases);
}


static void
test_time(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("00:00:00Z", "5.6"),
        bd_valid("23:59:59.000z", "5.6"),
        bd_valid("12:34:56+23:59", "5.6"),
        bd_valid("23:58:60-00:01", "5.7"),
        bd_valid("00:00:60+00:01", "5.7"),
        bd_invalid("00:00:00", "5.6: no offset"),
        bd_invalid("00:00:00+24:00", "5.6"),
        bd_invalid("00:00:00+00:60", "5.6"),
        bd_invalid("00:00:00+00-00", "5.6"),
        bd_invalid("00:60:00Z", "5.6"),
        bd_invalid("24:00:00Z", "5.6"),
        bd_invalid("00-00:00Z", "5.6"),
        bd_invalid("00:00-00Z", "5.6"),
        bd_invalid("a0:00:00Z", "5.6"),
        bd_invalid("00:a0:00Z", "5.6"),
        bd_invalid("00:00:a0Z", "5.6"),
        bd_invalid("0:00:000Z", "5.6"),
        bd_invalid("-1:00:00Z", "5.6"),
        bd_invalid("00:00:00.5.5Z", "5.6"),
        bd_invalid("00:00:00\xe2\x88\x92""01:00", "U+2212 is no hyphen")
    };

    bd_run_cases("time", cases);
}


static void
test_date(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("2000-02-29", "appendix C: divisible by 400"),
        bd_invalid("1900-02-29", "appendix C: divisible by 100"),
        bd_invalid("2024-00-10", "5.7"),
        bd_invalid("2024-01-00", "5.7"),
        bd_invalid("2024-1-010", "5.6"),
        bd_invalid("2024/01/01", "5.6"),
        bd_invalid("2024-01-01Z", "5.6"),
        bd_invalid("24-01-01", "5.6"),
        bd_invalid("-024-01-01", "5.6")
    };

    bd_run_cases("date", cases);
}


/* Each year, month and day of four centuries, and the numbers around them,
 * against the C library, which makes some other date of one that is none. */
static void
test_date_calendar(void **state)
{
    int        year, month, day;
    char       text[64];
    time_t     t;
    struct tm  tm;

    for (year = 1800; year < 2200; year++) {
        for (month = 0; month <= 13; month++) {
            for (day = 0; day <= 32; day++) {
                memset(&tm, 0, sizeof(tm));
                tm.tm_year = year - 1900;
                tm.tm_mon = month - 1;
                tm.tm_mday = day;

                t = timegm(&tm);
                gmtime_r(&t, &tm);

                snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month,
                         day);

                assert_int_equal(bd_format_lookup(bd_slice("date"))
                                     (bd_slice_make(text, 10)),
                                 tm.tm_mon == month - 1 && tm.tm_mday == day);
            }
        }
    }
}


/* Appendix A. */
static void
test_duration(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("P1Y2M3DT4H5M6S", "all of them"),
        bd_valid("P1Y", "dur-year"),
        bd_valid("P1Y2M", "dur-year"),
        bd_valid("P1M2D", "dur-month"),
        bd_valid("P1YT1S", "dur-date with dur-time"),
        bd_valid("PT1H2M", "dur-hour"),
        bd_valid("PT1M2S", "dur-minute"),
        bd_valid("P001W", "1*DIGIT"),
        bd_valid("P99999999999999999999999999999999999999999D", "1*DIGIT"),
        bd_valid("p1dt2h", "RFC 5234, section 2.3: without regard to case"),
        bd_invalid("", "no P"),
        bd_invalid("1D", "no P"),
        bd_invalid("P", "nothing"),
        bd_invalid("PT", "nothing"),
        bd_invalid("P1DT", "nothing after T"),
        bd_invalid("P1Y2D", "a gap"),
        bd_invalid("PT1H2S", "a gap"),
        bd_invalid("P1D1D", "twice"),
        bd_invalid("P1M1Y", "out of order"),
        bd_invalid("PT1S1M", "out of order"),
        bd_invalid("P1WT1H", "a week stands alone"),
        bd_invalid("P1W1D", "a week stands alone"),
        bd_invalid("P1W2W", "a week stands alone"),
        bd_invalid("P1DT1", "no unit"),
        bd_invalid("PD", "no digits"),
        bd_invalid("P1DTH", "no digits"),
        bd_invalid("PT0.5S", "no fractions"),
        bd_invalid("P-1D", "no sign"),
        bd_invalid("P1H", "an hour is of the time"),
        bd_invalid("PT1D", "a day is not of the time"),
        bd_invalid("P1DT1HT1M", "one T"),
        bd_invalid("P1D ", "more after it"),
        bd_invalid("P1W1\0", "zero is no unit"),
        bd_invalid("P1D1\0" "1", "zero is no unit")
    };

    bd_run_cases("duration", cases);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_date_time),
        cmocka_unit_test(test_leap_second),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_date),
        cmocka_unit_test(test_date_calendar),
        cmocka_unit_test(test_duration)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
