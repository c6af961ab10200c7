/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Private to bd_schema_validate.c, _object.c, _array.c, _scalar.c and
 * _output.c: one validation.
 */


#ifndef _BD_SCHEMA_VALIDATE_H_INCLUDED_
#define _BD_SCHEMA_VALIDATE_H_INCLUDED_


#include "bd_buf.h"
#include "bd_schema_node.h"


/* Schemas within schemas, over all levels of the instance. */
#define BD_SCHEMA_FRAMES_MAX  2000


/* How a frame's instance lies in that of the frame above. */
typedef enum {
    BD_SCHEMA_SAME = 0,
    BD_SCHEMA_MEMBER,
    BD_SCHEMA_ITEM
} bd_schema_step_e;


/* A schema applied to an instance, and how it came to that. */
typedef struct bd_schema_frame_s  bd_schema_frame_t;

struct bd_schema_frame_s {
    const bd_schema_frame_t  *up;
    const bd_schema_node_t   *node;
    const char               *via;      /* the reference keyword, or NULL */
    bd_slice_t                key;      /* of a member */
    size_t                    index;    /* of an item */
    bd_schema_step_e          step;
    unsigned                  depth;
};


/* Which members or items of one instance have been evaluated. */
typedef struct {
    uint64_t                 *bits;
    size_t                    words;
    uint64_t                  few[2];   /* bits, when they fit */
} bd_schema_seen_t;


typedef struct {
    const bd_schema_t        *schema;
    uint64_t                  steps;    /* left */
    uint32_t                  budget;   /* of bd_regex_match() */
    unsigned                  quiet;    /* failures do not count now */
    int                       stopped;  /* a limit, or short memory */
    int                       nomem;
    int                       failed;   /* *violation is filled in */
    bd_schema_violation_t    *violation;
    bd_buf_t                 *findings; /* all of them, or NULL: the first */
} bd_schema_ctx_t;


/* bd_schema_validate.c: 1 when the instance is valid, else 0. */
int bd_schema_apply(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const bd_json_value_t *value, bd_schema_seen_t *seen);

/* The same for a subschema of the frame's, on the same instance. */
int bd_schema_apply_same(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    uint32_t node, const char *via, const bd_json_value_t *value,
    bd_schema_seen_t *seen);

/* ... and on a member or an item of it. */
int bd_schema_apply_member(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, uint32_t node,
    const bd_json_value_t *member);
int bd_schema_apply_item(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    uint32_t node, size_t index, const bd_json_value_t *value);

/* None of the members or items of the value; -1 when steps or memory are
 * short. */
int bd_schema_seen_init(bd_schema_ctx_t *ctx, bd_schema_seen_t *seen,
    const bd_json_value_t *value);
void bd_schema_seen_add(bd_schema_seen_t *to, const bd_schema_seen_t *from);
void bd_schema_seen_free(bd_schema_seen_t *seen);

/* Does the value belong to the parts of its frame's node for its type? */
int bd_schema_apply_object(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *value,
    bd_schema_seen_t *seen);
int bd_schema_apply_array(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const bd_json_value_t *value, bd_schema_seen_t *seen);
int bd_schema_apply_string(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *value);
int bd_schema_apply_number(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *value);
int bd_schema_apply_values(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_schema_values_t *values,
    const bd_json_value_t *value);

/* What unevaluatedProperties and unevaluatedItems say of what is left. */
int bd_schema_apply_unevaluated(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *value,
    bd_schema_seen_t *seen);

/* bd_schema_output.c: notes a failure of a keyword; gives 0. */
int bd_schema_fail(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const char *keyword);

/* Ends the validation: the instance takes too much work, for a keyword with a
 * regular expression, or as a whole (then keyword is NULL); gives 0. */
int bd_schema_exhausted(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const char *keyword);


/* Takes that many steps; 0 when there are not enough left. */
static inline int
bd_schema_spend(bd_schema_ctx_t *ctx, uint64_t steps)
{
    if (ctx->steps < steps) {
        ctx->steps = 0;
        return 0;
    }

    ctx->steps -= steps;

    return 1;
}


/* 1 when a failed keyword need not end the schema: all are asked for. */
static inline int
bd_schema_goes_on(const bd_schema_ctx_t *ctx)
{
    return ctx->findings != NULL && ctx->quiet == 0 && !ctx->stopped;
}


/*
 * Counts the result of one keyword in *ok.  0 when the schema has been decided
 * and the rest of it need not be looked at.
 */
static inline int
bd_schema_next(const bd_schema_ctx_t *ctx, int *ok, int result)
{
    *ok &= result;

    return *ok || bd_schema_goes_on(ctx);
}


static inline void
bd_schema_seen_set(bd_schema_seen_t *seen, size_t i)
{
    seen->bits[i / 64] |= (uint64_t) 1 << i % 64;
}


static inline int
bd_schema_seen_get(const bd_schema_seen_t *seen, size_t i)
{
    return (seen->bits[i / 64] >> i % 64 & 1) != 0;
}


#endif /* _BD_SCHEMA_VALIDATE_H_INCLUDED_ */
