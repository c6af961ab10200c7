/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The JSON documents compiled into the program: the schema of a batch dial
 * job and the meta-schemas.  bd_schema_builtin.c is written by script/embed
 * from the files under schema/.
 */


#ifndef _BD_SCHEMA_BUILTIN_H_INCLUDED_
#define _BD_SCHEMA_BUILTIN_H_INCLUDED_


#include "bd_slice.h"


typedef struct {
    const char           *uri;          /* its $id */
    const unsigned char  *data;
    size_t                len;
} bd_schema_builtin_t;


/* Ends with an element whose uri is NULL. */
extern const bd_schema_builtin_t  bd_schema_builtins[];


#endif /* _BD_SCHEMA_BUILTIN_H_INCLUDED_ */
