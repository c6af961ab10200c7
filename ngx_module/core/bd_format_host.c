/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The formats hostname (RFC 1123, section 2.1, and the A-labels of RFC 5891)
 * and idn-hostname (RFC 5890, section 2.3.2.3).  Called through
 * bd_format_lookup(), and by the e-mail formats for the domain.
 *
 * libidn2 does what IDNA2008 asks of one label: the tables of RFC 5892 with
 * the rules for CONTEXTJ and CONTEXTO, NFC, the Bidi rule of RFC 5893, and
 * Punycode.  Its functions for whole names are made for looking names up and
 * leave CONTEXTO out (RFC 5891, section 5.4), hence the splitting here.
 */


#include <idn2.h>
#include "bd_format_check.h"


#define BD_FORMAT_NAME_MAX    253       /* 255 on the wire, RFC 1035, 2.3.4 */
#define BD_FORMAT_LABEL_MAX   63

/*
 * A U-label whose A-label fits: "xn--" leaves 59 characters of Punycode, at
 * least one for each code point, and UTF-8 has at most 4 bytes for that.
 */
#define BD_FORMAT_ULABEL_MAX  ((BD_FORMAT_LABEL_MAX - 4) * 4)


static int bd_format_ldh_label(bd_slice_t label);
static int bd_format_a_label(bd_slice_t label);
static size_t bd_format_u_label(bd_slice_t label);
static const uint8_t *bd_format_separator(const uint8_t *p,
    const uint8_t *last, size_t *len);


/*
 * A name of digits and dots conforms: that "the highest-level component label
 * will be alphabetic" is in the RFC a remark on the names handed out, not
 * syntax.  There is no room in the syntax for a trailing dot.
 */

int
bd_format_hostname(bd_slice_t value)
{
    const uint8_t  *p, *last, *dot;

    if (value.len > BD_FORMAT_NAME_MAX) {
        return 0;
    }

    p = value.data;
    last = p + value.len;

    for ( ;; ) {
        dot = bd_format_find(p, last, '.');

        if (!bd_format_ldh_label(bd_format_between(p, dot))) {
            return 0;
        }

        if (dot == last) {
            return 1;
        }

        p = dot + 1;
    }
}


int
bd_format_idn_hostname(bd_slice_t value)
{
    size_t          len, total, separator;
    const uint8_t  *p, *last, *dot;

    p = value.data;
    last = p + value.len;
    total = 0;

    for ( ;; ) {
        dot = bd_format_separator(p, last, &separator);
        len = bd_format_u_label(bd_format_between(p, dot));

        total += len;

        if (len == 0 || total > BD_FORMAT_NAME_MAX) {
            return 0;
        }

        if (dot == last) {
            return 1;
        }

        p = dot + separator;
        total++;
    }
}


/*
 * 1 for a label of letters, digits and inner hyphens that, if it begins like
 * an A-label, is one.  Other labels with hyphens in the third and fourth
 * place are reserved by IDNA, but RFC 1123 allows them and they are in use.
 */

static int
bd_format_ldh_label(bd_slice_t label)
{
    size_t  i;

    if (label.len == 0 || label.len > BD_FORMAT_LABEL_MAX
        || label.data[0] == '-' || label.data[label.len - 1] == '-')
    {
        return 0;
    }

    for (i = 0; i < label.len; i++) {
        if (!bd_format_is_alnum(label.data[i]) && label.data[i] != '-') {
            return 0;
        }
    }

    if (label.len >= 4
        && bd_format_lower(label.data[0]) == 'x'
        && bd_format_lower(label.data[1]) == 'n'
        && label.data[2] == '-' && label.data[3] == '-')
    {
        return bd_format_a_label(label);
    }

    return 1;
}


/* 1 when label, of at most BD_FORMAT_LABEL_MAX ASCII characters and with the
 * prefix, is the A-label of a U-label (RFC 5890, section 2.3.2.1). */
static int
bd_format_a_label(bd_slice_t label)
{
    int      rc;
    size_t   i;
    uint8_t  lower[BD_FORMAT_LABEL_MAX + 1], *name;

    /* A-labels compare without regard to case, libidn2 with it */

    for (i = 0; i < label.len; i++) {
        lower[i] = bd_format_lower(label.data[i]);
    }

    lower[i] = '\0';

    rc = idn2_register_u8(NULL, lower, &name, 0);

    if (rc != IDN2_OK) {
        return 0;
    }

    idn2_free(name);

    return 1;
}


/* The length of label once it is ASCII, or 0 when it is neither an LDH label
 * nor a U-label. */
static size_t
bd_format_u_label(bd_slice_t label)
{
    int      rc;
    size_t   i, len;
    uint8_t  copy[BD_FORMAT_ULABEL_MAX + 1], *name;

    if (label.len > BD_FORMAT_ULABEL_MAX) {
        return 0;
    }

    for (i = 0; i < label.len && label.data[i] < 0x80; i++) { /* void */ }

    if (i == label.len) {
        return bd_format_ldh_label(label) ? label.len : 0;
    }

    /* the copy is for its end; a zero byte inside would cut it short */

    if (memchr(label.data, '\0', label.len) != NULL) {
        return 0;
    }

    memcpy(copy, label.data, label.len);
    copy[label.len] = '\0';

    rc = idn2_register_u8(copy, NULL, &name, 0);

    if (rc != IDN2_OK) {
        return 0;
    }

    len = strlen((char *) name);
    idn2_free(name);

    return len;
}


/*
 * The first of the four dots of RFC 3490, section 3.1 in p..last with its
 * *len in bytes, or last: U+002E, U+3002, U+FF0E and U+FF61.  IDNA2008 leaves
 * the dots to the user interface, and RFC 5895 has the same ones there.
 */

static const uint8_t *
bd_format_separator(const uint8_t *p, const uint8_t *last, size_t *len)
{
    for ( /* void */ ; p != last; p++) {
        if (*p == '.') {
            *len = 1;
            return p;
        }

        if (last - p >= 3
            && (memcmp(p, "\xe3\x80\x82", 3) == 0
                || memcmp(p, "\xef\xbc\x8e", 3) == 0
                || memcmp(p, "\xef\xbd\xa1", 3) == 0))
        {
            *len = 3;
            return p;
        }
    }

    *len = 0;

    return last;
}
