/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Regular expressions as ECMA-262 means them (with the flag "u", as JSON
 * Schema Core 2020-12, section 6.4, asks), run by PCRE2 under a limit: no
 * pattern and no subject can hold a worker.
 *
 * The pattern is read by the grammar of ECMA-262 (2023), section 22.2.1, and
 * written anew for PCRE2; nothing of PCRE2's own syntax gets through.
 */


#ifndef _BD_REGEX_H_INCLUDED_
#define _BD_REGEX_H_INCLUDED_


#include "bd_slice.h"


#define BD_REGEX_LIMIT   -1
#define BD_REGEX_BUDGET  2000000u       /* steps: some 25 ms */


typedef struct bd_regex_s  bd_regex_t;


/*
 * 1 when pattern is a regular expression of ECMA-262 with the flag "u",
 * else 0 (also when it nests over 200 groups).
 */
int bd_regex_valid(bd_slice_t pattern);

/*
 * Compiles pattern.  Beyond what bd_regex_valid() accepts, this takes the
 * harmless laxities of patterns written without "u": an escaped punctuation
 * mark, a literal brace or bracket, and "-" after a class such as \w.
 *
 * Returns a new regex, or NULL with *error set to a phrase in static memory:
 * the pattern is no regular expression, is too large, or memory is short.  A
 * look-behind of variable length is refused: PCRE2 has none.
 */
bd_regex_t *bd_regex_compile(bd_slice_t pattern, const char **error);
void bd_regex_free(bd_regex_t *regex);

/*
 * Searches subject, which must be valid UTF-8.  Returns 1 when something in
 * it matches, 0 when nothing does, and BD_REGEX_LIMIT when the search took
 * too many steps or too much memory.
 *
 * Each search may take 5 000 steps and 16 for each byte.  One that needs more
 * is begun again and may take half of BD_REGEX_BUDGET; that much is taken off
 * *budget, which the caller sets to BD_REGEX_BUDGET for all the searches that
 * must end in bounded time together.
 *
 * One difference from ECMA-262 remains: a group inside a repeated group keeps
 * what it captured in an earlier round, which only a back-reference can see.
 */
int bd_regex_match(const bd_regex_t *regex, bd_slice_t subject,
    uint32_t *budget);


#endif /* _BD_REGEX_H_INCLUDED_ */
