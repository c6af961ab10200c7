/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Private to bd_regex*.c: from the syntax of ECMA-262 to that of PCRE2.
 */


#ifndef _BD_REGEX_PARSE_H_INCLUDED_
#define _BD_REGEX_PARSE_H_INCLUDED_


#include "bd_buf.h"


typedef enum {
    BD_REGEX_STRICT = 0,
    BD_REGEX_LAX                /* see bd_regex_compile() */
} bd_regex_mode_e;


/*
 * Appends to out what PCRE2 (UTF mode, DOLLAR_ENDONLY, MATCH_UNSET_BACKREF)
 * must compile to match as ECMA-262 says.  Returns 0; -1 when pattern does
 * not follow the grammar.  Short memory shows in out->failed.
 */
int bd_regex_translate(bd_slice_t pattern, bd_regex_mode_e mode,
    bd_buf_t *out);

/*
 * Appends the PCRE2 form of \p{name} (of \P{name} when negated) to out.
 * Returns 0, or -1 for a property ECMA-262 does not know.
 */
int bd_regex_property(bd_slice_t name, int negated, bd_buf_t *out);


#endif /* _BD_REGEX_PARSE_H_INCLUDED_ */
