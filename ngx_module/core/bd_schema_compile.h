/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Private to the compiler, bd_schema_compile.c, _document.c and _keyword.c.
 *
 * The tables of the compiler are jansson's: objects, by name.
 *
 * A place is a value in a document.  The compiler makes a node for each place
 * that is asked for as a schema, and works through the nodes in the order
 * they were asked for: a reference only asks, so nothing here recurses along
 * references.
 */


#ifndef _BD_SCHEMA_COMPILE_H_INCLUDED_
#define _BD_SCHEMA_COMPILE_H_INCLUDED_


#include <jansson.h>
#include "bd_buf.h"
#include "bd_schema_node.h"


#define BD_SCHEMA_NESTING    256        /* levels of a schema document */
#define BD_SCHEMA_NODES_MAX  200000


/* The drafts as bits; OpenAPI 3.1 is 2020-12 with a few annotations. */
#define BD_SCHEMA_DRAFT7     0x01
#define BD_SCHEMA_2019       0x02
#define BD_SCHEMA_2020       0x04
#define BD_SCHEMA_OPENAPI30  0x08

#define BD_SCHEMA_CORE         0x001
#define BD_SCHEMA_APPLICATOR   0x002
#define BD_SCHEMA_UNEVALUATED  0x004
#define BD_SCHEMA_VALIDATION   0x008
#define BD_SCHEMA_META_DATA    0x010
#define BD_SCHEMA_FORMAT       0x020
#define BD_SCHEMA_FORMAT_MUST  0x040
#define BD_SCHEMA_CONTENT      0x080
#define BD_SCHEMA_NULLABLE     0x100
#define BD_SCHEMA_VOCABULARIES  (0x1ff & ~BD_SCHEMA_FORMAT_MUST               \
                                 & ~BD_SCHEMA_NULLABLE)


/* What $schema chooses. */
typedef struct {
    unsigned              draft;
    unsigned              vocabularies;
} bd_schema_dialect_t;


typedef struct {
    size_t                document;
    size_t                resource;     /* whose base and dialect hold */
    const bd_json_value_t *value;
    bd_slice_t            pointer;      /* in the arena of the schema */
} bd_schema_place_t;


/* Of a resource, while it is compiled. */
typedef struct {
    size_t                document;
    const bd_json_value_t *value;
    bd_slice_t            pointer;
    bd_schema_dialect_t   dialect;
    json_t               *anchors;      /* name: [pointer, is dynamic] */
} bd_schema_scope_t;


typedef struct {
    const char           *uri;          /* as it was fetched; "" */
    bd_schema_dialect_t   dialect;      /* where no $schema says otherwise */
    int                   bare;         /* no schema as a whole (OpenAPI) */
    size_t                resource;     /* of its root */
} bd_schema_source_t;


typedef struct {
    bd_schema_t              *schema;
    const bd_schema_options_t *options;
    bd_schema_error_t        *error;

    bd_schema_place_t        *places;   /* of the nodes */
    size_t                    nodes_size;

    bd_schema_scope_t        *scopes;   /* of the resources */
    size_t                    nresources;
    size_t                    resources_size;

    bd_schema_source_t       *sources;  /* of the documents */
    size_t                    documents_size;
    size_t                    regexes_size;
    unsigned                  loading;  /* documents within documents */

    json_t                   *by_uri;   /* URI: resource */
    json_t                   *by_root;  /* place: resource */
    json_t                   *by_place; /* place: node */
    json_t                   *scanned;  /* place: true */
    json_t                   *names;    /* dynamic anchor: number */
    json_t                   *dynamic;  /* those a node refers to */
} bd_schema_compiler_t;


/* bd_schema_compile.c */

/* Fills in the error, with the pointer of the place and below it, if not
 * NULL, a keyword.  Always returns -1. */
int bd_schema_error(bd_schema_compiler_t *c, const bd_schema_place_t *place,
    const char *keyword, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int bd_schema_nomem(bd_schema_compiler_t *c);

/* Makes room for one more element; -1 when memory is short. */
int bd_schema_grow(void **data, size_t *size, size_t used, size_t element);

/* The index of the node of a place, made when it is new. */
int bd_schema_node(bd_schema_compiler_t *c, const bd_schema_place_t *place,
    uint32_t *node);

/* A number for the name of a dynamic anchor, the same for the same name. */
int bd_schema_intern(bd_schema_compiler_t *c, bd_slice_t name,
    uint32_t *number);

/* Keeps the regex of a pattern until the schema is freed; NULL: an error. */
bd_regex_t *bd_schema_regex(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *keyword, bd_slice_t pattern);


/* bd_schema_document.c */

/* Takes the document, of bd_json_load(), also on failure. */
int bd_schema_document(bd_schema_compiler_t *c, bd_json_t *document,
    const char *uri, const bd_schema_dialect_t *dialect, size_t *index);

/* The dialect that the URI, the value of a keyword at a place, chooses. */
int bd_schema_dialect(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *keyword, bd_slice_t uri,
    bd_schema_dialect_t *dialect);

/* The resource of an absolute URI: known, built in, or loaded. */
int bd_schema_fetch(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *keyword, const char *uri,
    size_t *resource);

/* A new resource at a place, whose own resource is the one around it. */
int bd_schema_resource(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *uri,
    bd_schema_dialect_t dialect, size_t *index);

/* One more name of a resource: where it was fetched, and its $id. */
int bd_schema_name_resource(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *uri, size_t index);


/* bd_schema_place.c */

/* Writes a name of the place that no other place has; -1: memory is short. */
int bd_schema_key(bd_buf_t *key, const bd_schema_place_t *place);

/*
 * Finds the identifiers in a schema and all schemas below it.  Misuse of a
 * keyword is no matter here: the compiler of its node says so.
 */
int bd_schema_scan(bd_schema_compiler_t *c, bd_schema_place_t place,
    unsigned depth);

/* The place below parent at keyword and, unless it is NULL, token. */
int bd_schema_below(bd_schema_compiler_t *c, const bd_schema_place_t *parent,
    const char *keyword, const bd_slice_t *token, const bd_json_value_t *value,
    bd_schema_place_t *place);

/* The place a JSON pointer leads to from another; 1 when it leads nowhere. */
int bd_schema_follow(bd_schema_compiler_t *c, const bd_schema_place_t *from,
    bd_slice_t pointer, bd_schema_place_t *place);

/*
 * Resolves a reference made at a place.  When it names a dynamic anchor,
 * *dynamic is 1 and name holds the name.
 */
int bd_schema_resolve(bd_schema_compiler_t *c, const bd_schema_place_t *from,
    const char *keyword, bd_slice_t reference, bd_schema_place_t *target,
    int *dynamic, bd_buf_t *name);


/* bd_schema_keyword.c */

/* Compiles all keywords of the schema at a node's place into the node. */
int bd_schema_keywords(bd_schema_compiler_t *c, uint32_t node);

/* The place of the subschemas of a keyword, for those who walk them. */
typedef enum {
    BD_SCHEMA_LEAF = 0,
    BD_SCHEMA_SUBSCHEMA = 1,
    BD_SCHEMA_SUBSCHEMAS = 2,           /* an array of them */
    BD_SCHEMA_SUBSCHEMA_MAP = 4         /* an object of them */
} bd_schema_shape_e;

/*
 * What shapes of subschemas a keyword may hold in a dialect, as bits.  When
 * there are any, *keyword is set to its name, in static memory.
 */
unsigned bd_schema_keyword_shape(const bd_schema_dialect_t *dialect,
    bd_slice_t name, const char **keyword);


#endif /* _BD_SCHEMA_COMPILE_H_INCLUDED_ */
