/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Regular expressions on PCRE2: see bd_regex.h.
 */


#define PCRE2_CODE_UNIT_WIDTH  8

#include <pcre2.h>
#include <stdlib.h>
#include "bd_regex.h"
#include "bd_regex_parse.h"


#define BD_REGEX_STEPS           5000
#define BD_REGEX_STEPS_PER_BYTE  16
#define BD_REGEX_HEAP_KB         16384

/*
 * Without automatic possessive quantifiers every byte that a greedy loop
 * eats is also a step that the limit counts when the loop is undone.
 */
#define BD_REGEX_OPTIONS                                                      \
    (PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF             \
     | PCRE2_NO_AUTO_POSSESS)


struct bd_regex_s {
    pcre2_code  *code;
};


static pcre2_code *bd_regex_build(const bd_buf_t *text);
static int bd_regex_is_anchored(const pcre2_code *code);
static int bd_regex_run(const bd_regex_t *regex, bd_slice_t subject,
    uint32_t steps);


int
bd_regex_valid(bd_slice_t pattern)
{
    int       rc;
    bd_buf_t  text;

    text = BD_BUF_EMPTY;

    rc = bd_regex_translate(pattern, BD_REGEX_STRICT, &text);
    bd_buf_free(&text);

    return rc == 0;
}


bd_regex_t *
bd_regex_compile(bd_slice_t pattern, const char **error)
{
    bd_buf_t     text, search;
    bd_regex_t  *regex;
    pcre2_code  *code;

    text = BD_BUF_EMPTY;

    if (bd_regex_translate(pattern, BD_REGEX_LAX, &text) != 0) {
        bd_buf_free(&text);
        *error = "is not a regular expression of ECMA-262";
        return NULL;
    }

    code = bd_regex_build(&text);

    if (code != NULL && !bd_regex_is_anchored(code)) {

        /*
         * PCRE2 counts its steps anew from each start in the subject; when
         * the search for the start is part of the match, one limit holds.
         */

        pcre2_code_free(code);

        search = BD_BUF_EMPTY;
        bd_buf_puts(&search, "\\A(?s:.*?)(?:");
        bd_buf_add(&search, text.data, text.len);
        bd_buf_puts(&search, ")");

        code = bd_regex_build(&search);
        bd_buf_free(&search);
    }

    bd_buf_free(&text);

    regex = (code != NULL) ? malloc(sizeof(bd_regex_t)) : NULL;

    if (regex == NULL) {
        pcre2_code_free(code);
        *error = "is a regular expression too large, or with a look-behind"
                 " of variable length";
        return NULL;
    }

    regex->code = code;

    return regex;
}


void
bd_regex_free(bd_regex_t *regex)
{
    if (regex != NULL) {
        pcre2_code_free(regex->code);
        free(regex);
    }
}


int
bd_regex_match(const bd_regex_t *regex, bd_slice_t subject, uint32_t *budget)
{
    int       rc;
    uint32_t  steps;

    steps = BD_REGEX_BUDGET;

    if (subject.len < (BD_REGEX_BUDGET - BD_REGEX_STEPS)
                      / BD_REGEX_STEPS_PER_BYTE)
    {
        steps = (uint32_t) (BD_REGEX_STEPS
                            + subject.len * BD_REGEX_STEPS_PER_BYTE);
    }

    rc = bd_regex_run(regex, subject, steps);

    if (rc != PCRE2_ERROR_MATCHLIMIT || steps >= BD_REGEX_BUDGET / 2
        || *budget < BD_REGEX_BUDGET / 2)
    {
        goto done;
    }

    *budget -= BD_REGEX_BUDGET / 2;

    rc = bd_regex_run(regex, subject, BD_REGEX_BUDGET / 2);

done:

    if (rc >= 0) {
        return 1;
    }

    return (rc == PCRE2_ERROR_NOMATCH) ? 0 : BD_REGEX_LIMIT;
}


static int
bd_regex_run(const bd_regex_t *regex, bd_slice_t subject, uint32_t steps)
{
    int                   rc;
    pcre2_match_data     *data;
    pcre2_match_context  *context;

    rc = PCRE2_ERROR_NOMEMORY;

    data = pcre2_match_data_create(1, NULL);
    context = pcre2_match_context_create(NULL);

    if (data != NULL && context != NULL) {
        pcre2_set_match_limit(context, steps);
        pcre2_set_heap_limit(context, BD_REGEX_HEAP_KB);

        rc = pcre2_match(regex->code,
                         (PCRE2_SPTR) (subject.len ? subject.data
                                                   : (const uint8_t *) ""),
                         subject.len, 0, PCRE2_NO_UTF_CHECK, data, context);
    }

    pcre2_match_context_free(context);
    pcre2_match_data_free(data);

    return rc;
}


static pcre2_code *
bd_regex_build(const bd_buf_t *text)
{
    int         error;
    PCRE2_SIZE  offset;

    if (text->failed) {
        return NULL;
    }

    return pcre2_compile((PCRE2_SPTR) (text->len ? text->data : ""), text->len,
                         BD_REGEX_OPTIONS, &error, &offset, NULL);
}


static int
bd_regex_is_anchored(const pcre2_code *code)
{
    uint32_t  options;

    return pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &options) == 0
           && (options & PCRE2_ANCHORED) != 0;
}
