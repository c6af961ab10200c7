/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The compiler of schemas: its entry points, its nodes, and the search for
 * references that go in circles.
 */


#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "bd_schema_compile.h"
#include "bd_schema_uri.h"


/* Of a node, during the search for circles. */
#define BD_SCHEMA_UNSEEN  0
#define BD_SCHEMA_OPEN    1
#define BD_SCHEMA_CLOSED  2


/* Where the search stands: a node, and which of its edges comes next. */
typedef struct {
    uint32_t  node;
    size_t    edge;
} bd_schema_visit_t;


static bd_schema_t *bd_schema_build(bd_json_t *document, const char *pointer,
    const bd_schema_options_t *options, bd_schema_error_t *error);
static int bd_schema_run(bd_schema_compiler_t *c, bd_json_t *document,
    const char *pointer);
static int bd_schema_anchor_nodes(bd_schema_compiler_t *c);
static int bd_schema_link_anchors(bd_schema_compiler_t *c);
static int bd_schema_find_circles(bd_schema_compiler_t *c);
static uint32_t bd_schema_edge(const bd_schema_node_t *node, size_t i);
static void bd_schema_compiler_free(bd_schema_compiler_t *c);


bd_schema_t *
bd_schema_compile_text(bd_slice_t text, const char *pointer,
    const bd_schema_options_t *options, bd_schema_error_t *error)
{
    int        rc;
    bd_json_t  source;

    rc = bd_json_load(&source, text, BD_SCHEMA_NESTING);

    if (rc != 0) {
        error->pointer[0] = '\0';
        (void) snprintf(error->message, sizeof(error->message), "%s",
                        rc == 1 ? "is not a JSON document"
                                : "memory is short");
        return NULL;
    }

    return bd_schema_build(&source, pointer, options, error);
}


static bd_schema_t *
bd_schema_build(bd_json_t *document, const char *pointer,
    const bd_schema_options_t *options, bd_schema_error_t *error)
{
    int                   rc;
    bd_schema_t          *schema;
    bd_schema_compiler_t  c;

    memset(&c, 0, sizeof(bd_schema_compiler_t));
    memset(error, 0, sizeof(bd_schema_error_t));

    c.options = options;
    c.error = error;
    c.schema = calloc(1, sizeof(bd_schema_t));
    c.by_uri = json_object();
    c.by_root = json_object();
    c.by_place = json_object();
    c.scanned = json_object();
    c.names = json_object();
    c.dynamic = json_object();

    if (c.schema == NULL || c.by_uri == NULL || c.by_root == NULL
        || c.by_place == NULL || c.scanned == NULL || c.names == NULL
        || c.dynamic == NULL)
    {
        bd_json_free(document);
        rc = bd_schema_nomem(&c);

    } else {
        rc = bd_schema_run(&c, document, pointer);
    }

    schema = c.schema;
    bd_schema_compiler_free(&c);

    if (rc != 0) {
        bd_schema_free(schema);
        return NULL;
    }

    return schema;
}


static int
bd_schema_run(bd_schema_compiler_t *c, bd_json_t *document,
    const char *pointer)
{
    int                  rc;
    size_t               index, done;
    uint32_t             root;
    bd_schema_place_t    start, place;
    bd_schema_dialect_t  dialect;

    dialect.draft = BD_SCHEMA_2020;
    dialect.vocabularies = BD_SCHEMA_VOCABULARIES | BD_SCHEMA_NULLABLE;

    if (bd_schema_document(c, document, "", &dialect, &index) != 0) {
        return -1;
    }

    start.document = index;
    start.resource = c->sources[index].resource;
    start.value = c->schema->documents[index]->root;
    start.pointer = bd_slice("");

    rc = bd_schema_follow(c, &start, bd_slice_make(pointer, strlen(pointer)),
                          &place);
    if (rc == 1) {
        return bd_schema_error(c, &start, NULL, "the pointer leads nowhere");
    }

    if (rc != 0 || bd_schema_node(c, &place, &root) != 0) {
        return -1;
    }

    for (done = 0; done < c->schema->nnodes; /* void */ ) {

        if (bd_schema_keywords(c, (uint32_t) done++) != 0) {
            return -1;
        }

        if (done == c->schema->nnodes && bd_schema_anchor_nodes(c) != 0) {
            return -1;
        }
    }

    if (bd_schema_link_anchors(c) != 0) {
        return -1;
    }

    return bd_schema_find_circles(c);
}


int
bd_schema_error(bd_schema_compiler_t *c, const bd_schema_place_t *place,
    const char *keyword, const char *format, ...)
{
    size_t       n;
    va_list      args;
    bd_buf_t     pointer;
    const char  *uri;

    pointer = BD_BUF_EMPTY;

    bd_buf_add(&pointer, place->pointer.data, place->pointer.len);

    if (keyword != NULL) {
        bd_schema_pointer_add(&pointer,
                              bd_slice_make(keyword, strlen(keyword)));
    }

    (void) snprintf(c->error->pointer, sizeof(c->error->pointer), "%s",
                    pointer.len ? pointer.data : "");
    bd_buf_free(&pointer);

    va_start(args, format);
    (void) vsnprintf(c->error->message, sizeof(c->error->message), format,
                     args);
    va_end(args);

    uri = c->sources[place->document].uri;

    if (uri[0] != '\0') {
        n = strlen(c->error->message);
        (void) snprintf(c->error->message + n, sizeof(c->error->message) - n,
                        ", in <%s>", uri);
    }

    return -1;
}


int
bd_schema_nomem(bd_schema_compiler_t *c)
{
    (void) snprintf(c->error->message, sizeof(c->error->message),
                    "memory is short");
    return -1;
}


int
bd_schema_node(bd_schema_compiler_t *c, const bd_schema_place_t *place,
    uint32_t *node)
{
    size_t             size;
    json_t            *known;
    bd_buf_t           key;
    bd_schema_t       *schema;
    bd_schema_node_t  *n;

    if (!bd_json_is(place->value, BD_JSON_OBJECT)
        && !bd_json_is_boolean(place->value))
    {
        return bd_schema_error(c, place, NULL, "must be a schema: an object,"
                               " true or false");
    }

    key = BD_BUF_EMPTY;

    if (bd_schema_key(&key, place) != 0) {
        bd_buf_free(&key);
        return bd_schema_nomem(c);
    }

    known = json_object_getn(c->by_place, key.data, key.len);

    if (known != NULL) {
        *node = (uint32_t) json_integer_value(known);
        bd_buf_free(&key);
        return 0;
    }

    schema = c->schema;

    if (schema->nnodes == BD_SCHEMA_NODES_MAX) {
        bd_buf_free(&key);
        return bd_schema_error(c, place, NULL, "is one schema too many");
    }

    *node = (uint32_t) schema->nnodes;
    size = c->nodes_size;

    if (json_object_setn_new_nocheck(c->by_place, key.data, key.len,
                                     json_integer(*node))
        != 0
        || bd_schema_grow((void **) &schema->nodes, &size, schema->nnodes,
                          sizeof(bd_schema_node_t)) != 0
        || bd_schema_grow((void **) &c->places, &c->nodes_size, schema->nnodes,
                          sizeof(bd_schema_place_t)) != 0)
    {
        bd_buf_free(&key);
        return bd_schema_nomem(c);
    }

    bd_buf_free(&key);

    c->places[schema->nnodes] = *place;

    n = &schema->nodes[schema->nnodes++];
    memset(n, 0, sizeof(bd_schema_node_t));
    n->types = BD_SCHEMA_ANY;
    n->pointer = place->pointer;
    n->resource = (uint32_t) place->resource;

    return 0;
}


int
bd_schema_intern(bd_schema_compiler_t *c, bd_slice_t name, uint32_t *number)
{
    json_t  *known;

    known = json_object_getn(c->names, (const char *) name.data, name.len);

    if (known == NULL) {
        *number = (uint32_t) json_object_size(c->names);

        return json_object_setn_new_nocheck(c->names,
                                            (const char *) name.data,
                                            name.len, json_integer(*number))
               ? bd_schema_nomem(c) : 0;
    }

    *number = (uint32_t) json_integer_value(known);

    return 0;
}


bd_regex_t *
bd_schema_regex(bd_schema_compiler_t *c, const bd_schema_place_t *place,
    const char *keyword, bd_slice_t pattern)
{
    bd_regex_t   *regex;
    const char   *error;
    bd_schema_t  *schema;

    schema = c->schema;

    if (bd_schema_grow((void **) &schema->regexes, &c->regexes_size,
                       schema->nregexes, sizeof(bd_regex_t *))
        != 0)
    {
        (void) bd_schema_nomem(c);
        return NULL;
    }

    regex = bd_regex_compile(pattern, &error);

    if (regex == NULL) {
        (void) bd_schema_error(c, place, keyword, "%s", error);
        return NULL;
    }

    schema->regexes[schema->nregexes++] = regex;

    return regex;
}


/*
 * A dynamic reference may lead to any anchor of its name, in any resource
 * that is known by now: they all need nodes.
 */
static int
bd_schema_anchor_nodes(bd_schema_compiler_t *c)
{
    size_t              i, len;
    json_t             *anchor, *value;
    uint32_t            node;
    const char         *name;
    bd_schema_place_t   start, place;

    for (i = 0; i < c->nresources; i++) {

        json_object_keylen_foreach(c->scopes[i].anchors, name, len, value) {

            if (json_object_getn(c->dynamic, name, len) == NULL
                || !json_is_true(json_array_get(value, 1)))
            {
                continue;
            }

            start.document = c->scopes[i].document;
            start.resource = c->sources[start.document].resource;
            start.value = c->schema->documents[start.document]->root;
            start.pointer = bd_slice("");

            anchor = json_array_get(value, 0);

            if (bd_schema_follow(c, &start,
                                 bd_slice_make(json_string_value(anchor),
                                               json_string_length(anchor)),
                                 &place)
                != 0
                || bd_schema_node(c, &place, &node) != 0)
            {
                return -1;
            }

            if (json_array_size(value) == 2
                && json_array_append_new(value, json_integer(node)) != 0)
            {
                return bd_schema_nomem(c);
            }
        }
    }

    return 0;
}


/* Gives each resource the list of its dynamic anchors. */
static int
bd_schema_link_anchors(bd_schema_compiler_t *c)
{
    size_t                 i, n, len;
    json_t                *value, *node;
    const char            *name;
    bd_schema_t           *schema;
    bd_schema_resource_t  *resource;

    schema = c->schema;

    for (i = 0; i < c->nresources; i++) {
        resource = &schema->resources[i];
        n = json_object_size(c->scopes[i].anchors);

        resource->names = bd_arena_alloc(&schema->arena,
                                         n * sizeof(uint32_t));
        resource->anchors = bd_arena_alloc(&schema->arena,
                                           n * sizeof(uint32_t));

        if (resource->names == NULL || resource->anchors == NULL) {
            return bd_schema_nomem(c);
        }

        json_object_keylen_foreach(c->scopes[i].anchors, name, len, value) {
            node = json_array_get(value, 2);

            if (node == NULL) {
                continue;
            }

            n = resource->nanchors++;
            resource->anchors[n] = (uint32_t) json_integer_value(node);

            if (bd_schema_intern(c, bd_slice_make(name, len),
                                 &resource->names[n])
                != 0)
            {
                return -1;
            }
        }
    }

    return 0;
}


/*
 * Depth first over the edges along which the instance stays the same.  Where
 * a dynamic reference leads is known only to a validation, which counts how
 * deep it is in; here it counts as the reference it is without a dynamic
 * scope.
 */
static int
bd_schema_find_circles(bd_schema_compiler_t *c)
{
    int                 rc;
    size_t              i, depth;
    uint8_t            *states;
    uint32_t            next;
    bd_schema_t        *schema;
    bd_schema_visit_t  *stack, *top;

    schema = c->schema;

    states = calloc(schema->nnodes, 1);
    stack = malloc(schema->nnodes * sizeof(bd_schema_visit_t));

    if (states == NULL || stack == NULL) {
        rc = bd_schema_nomem(c);
        goto done;
    }

    rc = 0;

    for (i = 0; i < schema->nnodes; i++) {
        if (states[i] != BD_SCHEMA_UNSEEN) {
            continue;
        }

        stack[0] = (bd_schema_visit_t) { (uint32_t) i, 0 };
        states[i] = BD_SCHEMA_OPEN;
        depth = 1;

        while (depth != 0) {
            top = &stack[depth - 1];
            next = bd_schema_edge(&schema->nodes[top->node], top->edge++);

            if (next == BD_SCHEMA_NONE) {
                states[top->node] = BD_SCHEMA_CLOSED;
                depth--;

            } else if (states[next] == BD_SCHEMA_UNSEEN) {
                states[next] = BD_SCHEMA_OPEN;
                stack[depth++] = (bd_schema_visit_t) { next, 0 };

            } else if (states[next] == BD_SCHEMA_OPEN) {
                rc = bd_schema_error(c, &c->places[next], NULL,
                                     "refers to itself for the same value");
                goto done;
            }
        }
    }

done:

    free(states);
    free(stack);

    return rc;
}


/* The i-th edge of a node; BD_SCHEMA_NONE after the last. */
static uint32_t
bd_schema_edge(const bd_schema_node_t *node, size_t i)
{
    size_t                     n;
    const bd_schema_logic_t   *logic;
    const bd_schema_object_t  *object;

    logic = node->logic;

    if (logic != NULL) {
        const uint32_t  singles[] = {
            logic->ref, logic->dynamic, logic->negated, logic->condition,
            logic->consequence, logic->alternative
        };
        const bd_schema_list_t  *const lists[] = {
            &logic->all, &logic->any, &logic->one
        };

        for (n = 0; n < sizeof(singles) / sizeof(singles[0]); n++) {
            if (singles[n] != BD_SCHEMA_NONE && i-- == 0) {
                return singles[n];
            }
        }

        for (n = 0; n < sizeof(lists) / sizeof(lists[0]); n++) {
            if (i < lists[n]->count) {
                return lists[n]->nodes[i];
            }

            i -= lists[n]->count;
        }
    }

    object = node->object;

    for (n = 0; object != NULL && n < object->ndependents; n++) {
        if (object->dependents[n].node != BD_SCHEMA_NONE && i-- == 0) {
            return object->dependents[n].node;
        }
    }

    return BD_SCHEMA_NONE;
}


int
bd_schema_grow(void **data, size_t *size, size_t used, size_t element)
{
    void    *p;
    size_t   n;

    if (used < *size) {
        return 0;
    }

    n = *size ? 2 * *size : 16;

    p = realloc(*data, n * element);
    if (p == NULL) {
        return -1;
    }

    *data = p;
    *size = n;

    return 0;
}


static void
bd_schema_compiler_free(bd_schema_compiler_t *c)
{
    size_t  i;

    for (i = 0; i < c->nresources; i++) {
        json_decref(c->scopes[i].anchors);
    }

    free(c->scopes);
    free(c->places);
    free(c->sources);

    json_decref(c->by_uri);
    json_decref(c->by_root);
    json_decref(c->by_place);
    json_decref(c->scanned);
    json_decref(c->names);
    json_decref(c->dynamic);
}


void
bd_schema_free(bd_schema_t *schema)
{
    size_t  i;

    if (schema == NULL) {
        return;
    }

    for (i = 0; i < schema->ndocuments; i++) {
        bd_json_free(schema->documents[i]);
        free(schema->documents[i]);
    }

    for (i = 0; i < schema->nregexes; i++) {
        bd_regex_free(schema->regexes[i]);
    }

    bd_arena_free(&schema->arena);

    free(schema->documents);
    free(schema->regexes);
    free(schema->resources);
    free(schema->nodes);
    free(schema);
}
