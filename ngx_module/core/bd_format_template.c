/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The format uri-template: RFC 6570, section 2, at level 4.  Called through
 * bd_format_lookup().
 */


#include "bd_format_check.h"


#define BD_FORMAT_PREFIX_DIGITS  4          /* max-length is below 10000 */


static size_t bd_format_template_literal(const uint8_t *p,
    const uint8_t *last);
static const uint8_t *bd_format_template_expression(const uint8_t *p,
    const uint8_t *last);
static const uint8_t *bd_format_template_varname(const uint8_t *p,
    const uint8_t *last);
static const uint8_t *bd_format_template_modifier(const uint8_t *p,
    const uint8_t *last);


int
bd_format_uri_template(bd_slice_t value)
{
    size_t          len;
    const uint8_t  *p, *last;

    p = value.data;
    last = p + value.len;

    while (p != last) {
        if (*p == '{') {
            p = bd_format_template_expression(p + 1, last);

            if (p == NULL) {
                return 0;
            }

            continue;
        }

        len = bd_format_template_literal(p, last);

        if (len == 0) {
            return 0;
        }

        p += len;
    }

    return 1;
}


/*
 * literals (section 2.1).  Returns the length of one at p, or 0.  The
 * apostrophe is one by erratum 6937: it may stand in a URI.
 */

static size_t
bd_format_template_literal(const uint8_t *p, const uint8_t *last)
{
    size_t  len;

    if (*p == '%') {
        return bd_format_pct_encoded(p, last);
    }

    if (*p < 0x80) {
        return *p > ' ' && *p != 0x7f && strchr("\"<>\\^`{|}", *p) == NULL;
    }

    return bd_format_ucs(p, last, &len) != BD_FORMAT_UCS_NONE ? len : 0;
}


/*
 * The rest of an expression after its brace (sections 2.2 to 2.4).  Returns
 * what follows it, or NULL.  The operators reserved for the future are part
 * of the grammar.
 */

static const uint8_t *
bd_format_template_expression(const uint8_t *p, const uint8_t *last)
{
    if (p != last && *p != '\0' && strchr("+#./;?&=,!@|", *p) != NULL) {
        p++;
    }

    for ( ;; ) {
        p = bd_format_template_varname(p, last);

        if (p == NULL) {
            return NULL;
        }

        p = bd_format_template_modifier(p, last);

        if (p == NULL || p == last) {
            return NULL;
        }

        if (*p == '}') {
            return p + 1;
        }

        if (*p++ != ',') {
            return NULL;
        }
    }
}


/* varname = varchar *( ["."] varchar ).  Returns what follows it, or NULL. */
static const uint8_t *
bd_format_template_varname(const uint8_t *p, const uint8_t *last)
{
    size_t  len;

    for ( ;; ) {
        if (p == last) {
            return NULL;
        }

        len = (bd_format_is_alnum(*p) || *p == '_')
              ? 1 : bd_format_pct_encoded(p, last);

        if (len == 0) {
            return NULL;
        }

        p += len;

        if (p == last) {
            return p;
        }

        if (*p == '.') {
            p++;

        } else if (!bd_format_is_alnum(*p) && *p != '_' && *p != '%') {
            return p;
        }
    }
}


/* [ modifier-level4 ]: "*", or ":" and a number from 1 to 9999.  Returns what
 * follows it, or NULL. */
static const uint8_t *
bd_format_template_modifier(const uint8_t *p, const uint8_t *last)
{
    const uint8_t  *digits;

    if (p != last && *p == '*') {
        return p + 1;
    }

    if (p == last || *p != ':') {
        return p;
    }

    digits = ++p;

    while (p != last && bd_format_is_digit(*p)) {
        p++;
    }

    if (p == digits || *digits == '0' || p - digits > BD_FORMAT_PREFIX_DIGITS) {
        return NULL;
    }

    return p;
}
