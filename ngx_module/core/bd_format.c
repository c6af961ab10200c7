/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The names of the formats and which check each has.  Called by the schema
 * compiler, once for each "format" it meets.
 */


#include "bd_format_check.h"
#include "bd_regex.h"


typedef struct {
    bd_slice_t    name;
    bd_format_pt  check;
} bd_format_entry_t;


#define bd_format_entry(name, check)                                          \
    { { sizeof(name) - 1, (const uint8_t *) (name) }, check }


/* In the order of JSON Schema 2020-12, Validation, section 7.3. */
static const bd_format_entry_t  bd_formats[] = {
    bd_format_entry("date-time", bd_format_date_time),
    bd_format_entry("date", bd_format_date),
    bd_format_entry("time", bd_format_time),
    bd_format_entry("duration", bd_format_duration),
    bd_format_entry("email", bd_format_email),
    bd_format_entry("idn-email", bd_format_idn_email),
    bd_format_entry("hostname", bd_format_hostname),
    bd_format_entry("idn-hostname", bd_format_idn_hostname),
    bd_format_entry("ipv4", bd_format_ipv4),
    bd_format_entry("ipv6", bd_format_ipv6),
    bd_format_entry("uri", bd_format_uri),
    bd_format_entry("uri-reference", bd_format_uri_reference),
    bd_format_entry("iri", bd_format_iri),
    bd_format_entry("iri-reference", bd_format_iri_reference),
    bd_format_entry("uuid", bd_format_uuid),
    bd_format_entry("uri-template", bd_format_uri_template),
    bd_format_entry("json-pointer", bd_format_json_pointer),
    bd_format_entry("relative-json-pointer", bd_format_relative_json_pointer),
    bd_format_entry("regex", bd_regex_valid)
};


bd_format_pt
bd_format_lookup(bd_slice_t name)
{
    size_t  i;

    for (i = 0; i < sizeof(bd_formats) / sizeof(bd_formats[0]); i++) {
        if (bd_slice_equal(bd_formats[i].name, name)) {
            return bd_formats[i].check;
        }
    }

    return NULL;
}
