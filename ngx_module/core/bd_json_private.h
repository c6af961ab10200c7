/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Private to bd_json.c and bd_json_number.c: the table of the source texts of
 * numbers.
 */


#ifndef _BD_JSON_PRIVATE_H_INCLUDED_
#define _BD_JSON_PRIVATE_H_INCLUDED_


#include "bd_json.h"


/* The double nearest to a number, or the greatest there is. */
double bd_json_double(bd_slice_t text);

/* Notes the source text of a number; -1 when memory is short. */
int bd_json_remember(bd_json_t *document, const json_t *value,
    bd_slice_t text);


#endif /* _BD_JSON_PRIVATE_H_INCLUDED_ */
