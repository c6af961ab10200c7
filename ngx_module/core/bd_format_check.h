/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The checks behind bd_format_lookup(), one per format, and the few that
 * build upon each other.  Private to bd_format*.c.
 *
 * Every check takes time linear in the length of its value, or refuses a
 * value that is too long before it looks at it; none recurses; and only
 * names outside of ASCII and A-labels allocate, in libidn2, where a shortage
 * of memory reads as "does not conform".
 */


#ifndef _BD_FORMAT_CHECK_H_INCLUDED_
#define _BD_FORMAT_CHECK_H_INCLUDED_


#include "bd_format.h"


/* bd_format_time.c */

int bd_format_date_time(bd_slice_t value);
int bd_format_date(bd_slice_t value);
int bd_format_time(bd_slice_t value);
int bd_format_duration(bd_slice_t value);

/* bd_format_ip.c */

int bd_format_ipv4(bd_slice_t value);
int bd_format_ipv6(bd_slice_t value);

/* bd_format_host.c */

int bd_format_hostname(bd_slice_t value);
int bd_format_idn_hostname(bd_slice_t value);

/* bd_format_email.c */

int bd_format_email(bd_slice_t value);
int bd_format_idn_email(bd_slice_t value);

/* bd_format_uri.c */

int bd_format_uri(bd_slice_t value);
int bd_format_uri_reference(bd_slice_t value);
int bd_format_iri(bd_slice_t value);
int bd_format_iri_reference(bd_slice_t value);

/*
 * The length of the pct-encoded (RFC 3986, section 2.1) at p, or 0 when there
 * is none.
 */
size_t bd_format_pct_encoded(const uint8_t *p, const uint8_t *last);

/* What RFC 3987, section 2.2 has beyond ASCII. */
typedef enum {
    BD_FORMAT_UCS_NONE = 0,
    BD_FORMAT_UCS_CHAR,         /* ucschar */
    BD_FORMAT_UCS_BIDI,         /* ucschar, but a bidirectional formatting
                                   character, which an IRI has no place for
                                   (section 4.1) */
    BD_FORMAT_UCS_PRIVATE       /* iprivate */
} bd_format_ucs_e;

/*
 * The class of the character at p, which is not last.  *len is its length
 * unless BD_FORMAT_UCS_NONE is returned: for ASCII, for what the RFC leaves
 * out, and for bytes that are no UTF-8.
 */
bd_format_ucs_e bd_format_ucs(const uint8_t *p, const uint8_t *last,
    size_t *len);

/* bd_format_template.c */

int bd_format_uri_template(bd_slice_t value);

/* bd_format_text.c */

int bd_format_uuid(bd_slice_t value);
int bd_format_json_pointer(bd_slice_t value);
int bd_format_relative_json_pointer(bd_slice_t value);


/* The characters of RFC 5234, appendix B.1; isalpha() and its kin would ask
 * the locale. */

static inline int
bd_format_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}


static inline int
bd_format_is_alpha(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}


static inline int
bd_format_is_alnum(uint8_t c)
{
    return bd_format_is_alpha(c) || bd_format_is_digit(c);
}


static inline int
bd_format_is_hex(uint8_t c)
{
    return bd_format_is_digit(c)
           || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}


static inline uint8_t
bd_format_lower(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') ? (uint8_t) (c | 0x20) : c;
}


/* The view between two pointers into one value. */
static inline bd_slice_t
bd_format_between(const uint8_t *p, const uint8_t *last)
{
    return bd_slice_make(p, (size_t) (last - p));
}


/* The first c in p..last, or last when there is none. */
static inline const uint8_t *
bd_format_find(const uint8_t *p, const uint8_t *last, uint8_t c)
{
    const uint8_t  *found;

    found = memchr(p, c, (size_t) (last - p));

    return found != NULL ? found : last;
}


#endif /* _BD_FORMAT_CHECK_H_INCLUDED_ */
