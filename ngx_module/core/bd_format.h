/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The values of the keyword "format" (JSON Schema 2020-12, Validation,
 * section 7).  Each check looks at one string and keeps nothing.
 */


#ifndef _BD_FORMAT_H_INCLUDED_
#define _BD_FORMAT_H_INCLUDED_


#include "bd_slice.h"


/*
 * A check returns 1 when value conforms, else 0.  value is valid UTF-8 (other
 * bytes do no harm, but get some verdict); its data is not NULL, even when it
 * is empty.
 */
typedef int (*bd_format_pt)(bd_slice_t value);


/*
 * The check of that name, or NULL for a format the specification does not
 * define: such a format is an annotation.
 */
bd_format_pt bd_format_lookup(bd_slice_t name);


#endif /* _BD_FORMAT_H_INCLUDED_ */
