/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The validator: a node against a value.  Recursion follows the schema and
 * is bounded by BD_SCHEMA_FRAMES_MAX; work is bounded by the steps of the
 * context, one for each node applied and more where a keyword loops.
 */


#include <stdlib.h>
#include "bd_schema_validate.h"


#define BD_SCHEMA_STEPS           100000
#define BD_SCHEMA_STEPS_PER_BYTE  16


static int bd_schema_begin(const bd_schema_t *schema, bd_slice_t text,
    bd_json_t *document, bd_schema_violation_t *violation, bd_buf_t *findings);
static int bd_schema_apply_rest(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *value,
    bd_schema_seen_t *seen);
static int bd_schema_apply_logic(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *value,
    bd_schema_seen_t *seen);
static int bd_schema_apply_refs(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *value,
    bd_schema_seen_t *seen);
static int bd_schema_apply_choice(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_schema_list_t *list, int one,
    const bd_json_value_t *value, bd_schema_seen_t *seen);
static int bd_schema_apply_branch(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, uint32_t node,
    const bd_json_value_t *value, bd_schema_seen_t *seen);
static int bd_schema_apply_condition(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *value,
    bd_schema_seen_t *seen);
static uint32_t bd_schema_dynamic_target(const bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_schema_logic_t *logic);
static uint32_t bd_schema_unevaluated(const bd_schema_node_t *node,
    const bd_json_value_t *value);
static int bd_schema_is_integral(const bd_json_value_t *value);


int
bd_schema_judge(const bd_schema_t *schema, bd_slice_t text,
    bd_json_t *document, bd_schema_violation_t *violation)
{
    return bd_schema_begin(schema, text, document, violation, NULL);
}


int
bd_schema_judge_all(const bd_schema_t *schema, bd_slice_t text,
    bd_schema_collect_pt collect, void *data)
{
    int                     rc;
    size_t                  i, n;
    bd_buf_t                findings;
    const char             *strings[5];
    bd_schema_finding_t     finding;
    bd_schema_violation_t   violation;

    findings = BD_BUF_EMPTY;

    rc = bd_schema_begin(schema, text, NULL, &violation, &findings);

    if (findings.failed) {
        rc = -1;
    }

    for (n = 0; rc == 1 && n < findings.len; /* void */ ) {

        for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
            strings[i] = findings.data + n;
            n += strlen(strings[i]) + 1;
        }

        finding.instance = strings[0];
        finding.keyword = strings[1];
        finding.schema = strings[2];
        finding.path = strings[3];
        finding.uri = strings[4];

        collect(data, &finding);
    }

    bd_buf_free(&findings);

    return rc;
}


static int
bd_schema_begin(const bd_schema_t *schema, bd_slice_t text,
    bd_json_t *document, bd_schema_violation_t *violation, bd_buf_t *findings)
{
    int                 rc;
    bd_json_t           own, *parsed;
    bd_schema_ctx_t     ctx;
    bd_schema_frame_t   frame;

    parsed = document ? document : &own;

    rc = bd_json_parse(parsed, text, BD_SCHEMA_DEPTH_MAX);

    if (rc == 1) {
        violation->instance[0] = '\0';
        memcpy(violation->keyword, "json", sizeof("json"));
        violation->schema[0] = '\0';

        if (findings != NULL) {
            bd_buf_add(findings, "\0json\0\0\0", sizeof("\0json\0\0\0"));
        }
    }

    if (rc != 0) {
        return rc;
    }

    memset(&ctx, 0, sizeof(bd_schema_ctx_t));
    ctx.schema = schema;
    ctx.steps = BD_SCHEMA_STEPS + BD_SCHEMA_STEPS_PER_BYTE * text.len;
    ctx.budget = BD_REGEX_BUDGET;
    ctx.violation = violation;
    ctx.findings = findings;

    memset(&frame, 0, sizeof(bd_schema_frame_t));
    frame.node = schema->nodes;

    rc = bd_schema_apply(&ctx, &frame, parsed->root, NULL) ? 0 : 1;

    if (ctx.nomem) {
        rc = -1;
    }

    if (rc != 0 || document == NULL) {
        bd_json_free(parsed);
    }

    return rc;
}


int
bd_schema_apply(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const bd_json_value_t *value, bd_schema_seen_t *seen)
{
    int                      ok;
    bd_schema_seen_t         own;
    const bd_schema_node_t  *node;

    ok = 1;
    node = frame->node;

    if (!bd_schema_spend(ctx, 1) || frame->depth > BD_SCHEMA_FRAMES_MAX) {
        return bd_schema_exhausted(ctx, frame, NULL);
    }

    if (node->never != NULL) {
        return bd_schema_fail(ctx, frame, NULL);
    }

    if (!(node->types & BD_SCHEMA_TYPE(value->type))
        && !((node->types & BD_SCHEMA_INTEGRAL)
             && bd_json_is(value, BD_JSON_REAL)
             && bd_schema_is_integral(value))
        && !bd_schema_next(ctx, &ok, bd_schema_fail(ctx, frame, "type")))
    {
        return 0;
    }

    if (node->enumeration != NULL
        && !bd_schema_next(ctx, &ok,
                           bd_schema_apply_values(ctx, frame,
                                                  node->enumeration, value)))
    {
        return 0;
    }

    if (node->constant != NULL
        && !bd_schema_next(ctx, &ok,
                           bd_schema_apply_values(ctx, frame, node->constant,
                                                  value)))
    {
        return 0;
    }

    if (bd_schema_unevaluated(node, value) == BD_SCHEMA_NONE) {
        return bd_schema_apply_rest(ctx, frame, value, seen) && ok;
    }

    /* what subschemas of this one evaluate is noted here */

    if (bd_schema_seen_init(ctx, &own, value) != 0) {
        return bd_schema_exhausted(ctx, frame, NULL);
    }

    ok &= bd_schema_apply_rest(ctx, frame, value, &own);

    if (seen != NULL) {
        bd_schema_seen_add(seen, &own);
    }

    bd_schema_seen_free(&own);

    return ok;
}


/* The keywords for one type, the logic, and then what they left over. */
static int
bd_schema_apply_rest(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const bd_json_value_t *value, bd_schema_seen_t *seen)
{
    int                      ok, result;
    const bd_schema_node_t  *node;

    ok = 1;
    result = 1;
    node = frame->node;

    switch (value->type) {

    case BD_JSON_OBJECT:
        if (node->object != NULL) {
            result = bd_schema_apply_object(ctx, frame, value, seen);
        }

        break;

    case BD_JSON_ARRAY:
        if (node->array != NULL) {
            result = bd_schema_apply_array(ctx, frame, value, seen);
        }

        break;

    case BD_JSON_STRING:
        if (node->string != NULL) {
            result = bd_schema_apply_string(ctx, frame, value);
        }

        break;

    case BD_JSON_INTEGER:
    case BD_JSON_REAL:
        if (node->number != NULL) {
            result = bd_schema_apply_number(ctx, frame, value);
        }

        break;

    default:
        break;
    }

    if (!bd_schema_next(ctx, &ok, result)) {
        return 0;
    }

    if (node->logic != NULL
        && !bd_schema_next(ctx, &ok,
                           bd_schema_apply_logic(ctx, frame, value, seen)))
    {
        return 0;
    }

    if (bd_schema_unevaluated(node, value) != BD_SCHEMA_NONE) {
        ok &= bd_schema_apply_unevaluated(ctx, frame, value, seen);
    }

    return ok;
}


/* The schema for what is left of the value, when the node has one. */
static uint32_t
bd_schema_unevaluated(const bd_schema_node_t *node,
    const bd_json_value_t *value)
{
    if (node->object != NULL && bd_json_is(value, BD_JSON_OBJECT)) {
        return node->object->unevaluated;
    }

    if (node->array != NULL && bd_json_is(value, BD_JSON_ARRAY)) {
        return node->array->unevaluated;
    }

    return BD_SCHEMA_NONE;
}


int
bd_schema_apply_same(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    uint32_t node, const char *via, const bd_json_value_t *value,
    bd_schema_seen_t *seen)
{
    bd_schema_frame_t  below;

    below.up = frame;
    below.node = &ctx->schema->nodes[node];
    below.via = via;
    below.step = BD_SCHEMA_SAME;
    below.depth = frame->depth + 1;

    return bd_schema_apply(ctx, &below, value, seen);
}


int
bd_schema_apply_member(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    uint32_t node, const bd_json_value_t *member)
{
    bd_schema_frame_t  below;

    below.up = frame;
    below.node = &ctx->schema->nodes[node];
    below.via = NULL;
    below.key = member->name;
    below.step = BD_SCHEMA_MEMBER;
    below.depth = frame->depth + 1;

    return bd_schema_apply(ctx, &below, member, NULL);
}


int
bd_schema_apply_item(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    uint32_t node, size_t index, const bd_json_value_t *value)
{
    bd_schema_frame_t  below;

    below.up = frame;
    below.node = &ctx->schema->nodes[node];
    below.via = NULL;
    below.index = index;
    below.step = BD_SCHEMA_ITEM;
    below.depth = frame->depth + 1;

    return bd_schema_apply(ctx, &below, value, NULL);
}


static int
bd_schema_apply_logic(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const bd_json_value_t *value, bd_schema_seen_t *seen)
{
    int                       ok;
    size_t                    i;
    const bd_schema_logic_t  *logic;

    logic = frame->node->logic;
    ok = 1;

    if (!bd_schema_next(ctx, &ok,
                        bd_schema_apply_refs(ctx, frame, value, seen)))
    {
        return 0;
    }

    for (i = 0; i < logic->all.count; i++) {
        if (!bd_schema_next(ctx, &ok,
                            bd_schema_apply_same(ctx, frame,
                                                 logic->all.nodes[i], NULL,
                                                 value, seen)))
        {
            return 0;
        }
    }

    if (logic->any.count != 0
        && !bd_schema_next(ctx, &ok,
                           bd_schema_apply_choice(ctx, frame, &logic->any, 0,
                                                  value, seen)))
    {
        return 0;
    }

    if (logic->one.count != 0
        && !bd_schema_next(ctx, &ok,
                           bd_schema_apply_choice(ctx, frame, &logic->one, 1,
                                                  value, seen)))
    {
        return 0;
    }

    if (logic->negated != BD_SCHEMA_NONE) {
        ctx->quiet++;

        if (bd_schema_apply_same(ctx, frame, logic->negated, NULL, value,
                                 NULL))
        {
            ctx->quiet--;
            ok = bd_schema_fail(ctx, frame, "not");

        } else {
            ctx->quiet--;
        }

        if (ctx->stopped || !(ok || bd_schema_goes_on(ctx))) {
            return 0;
        }
    }

    if (logic->condition != BD_SCHEMA_NONE) {
        ok &= bd_schema_apply_condition(ctx, frame, value, seen);
    }

    return ok;
}


static int
bd_schema_apply_refs(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const bd_json_value_t *value, bd_schema_seen_t *seen)
{
    int                       ok;
    uint32_t                  node;
    const bd_schema_logic_t  *logic;

    ok = 1;
    logic = frame->node->logic;

    if (logic->ref != BD_SCHEMA_NONE
        && !bd_schema_next(ctx, &ok,
                           bd_schema_apply_same(ctx, frame, logic->ref, "$ref",
                                                value, seen)))
    {
        return 0;
    }

    if (logic->dynamic != BD_SCHEMA_NONE) {
        node = bd_schema_dynamic_target(ctx, frame, logic);

        ok &= bd_schema_apply_same(ctx, frame, node, logic->dynamic_keyword,
                                   value, seen);
    }

    return ok;
}


/* The outermost anchor of the name among the resources on the way here. */
static uint32_t
bd_schema_dynamic_target(const bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_schema_logic_t *logic)
{
    size_t                       i;
    uint32_t                     node;
    const bd_schema_resource_t  *resource;

    node = logic->dynamic;

    if (logic->dynamic_name == BD_SCHEMA_NONE) {
        return node;
    }

    for ( /* void */ ; frame != NULL; frame = frame->up) {
        resource = &ctx->schema->resources[frame->node->resource];

        for (i = 0; i < resource->nanchors; i++) {
            if (resource->names[i] == logic->dynamic_name) {
                node = resource->anchors[i];
            }
        }
    }

    return node;
}


/*
 * anyOf and oneOf.  When somebody asks what was evaluated, every branch must
 * be tried.  The failures of branches count only when all of them fail.
 */
static int
bd_schema_apply_choice(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const bd_schema_list_t *list, int one, const bd_json_value_t *value,
    bd_schema_seen_t *seen)
{
    size_t    i, matched, noted;

    matched = 0;
    noted = ctx->findings ? ctx->findings->len : 0;

    for (i = 0; i < list->count && !ctx->stopped; i++) {

        matched += (size_t) bd_schema_apply_branch(ctx, frame, list->nodes[i],
                                                   value, seen);

        if ((one && matched == 2) || (!one && matched == 1 && seen == NULL)) {
            break;
        }
    }

    if (ctx->stopped) {
        return 0;
    }

    if (matched != 0 && ctx->findings != NULL) {
        ctx->findings->len = noted;
    }

    if (matched == 0 || (one && matched != 1)) {
        return bd_schema_fail(ctx, frame, one ? "oneOf" : "anyOf");
    }

    return 1;
}


/* A schema that may fail; what it evaluates counts when it does not. */
static int
bd_schema_apply_branch(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    uint32_t node, const bd_json_value_t *value, bd_schema_seen_t *seen)
{
    int                ok;
    unsigned           hush;
    bd_schema_seen_t   own;

    hush = (ctx->findings == NULL);

    if (seen != NULL && bd_schema_seen_init(ctx, &own, value) != 0) {
        return bd_schema_exhausted(ctx, frame, NULL);
    }

    ctx->quiet += hush;
    ok = bd_schema_apply_same(ctx, frame, node, NULL, value,
                              seen ? &own : NULL);
    ctx->quiet -= hush;

    if (seen != NULL) {
        if (ok) {
            bd_schema_seen_add(seen, &own);
        }

        bd_schema_seen_free(&own);
    }

    return ok;
}


static int
bd_schema_apply_condition(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const bd_json_value_t *value, bd_schema_seen_t *seen)
{
    int                       ok;
    uint32_t                  node;
    const bd_schema_logic_t  *logic;

    logic = frame->node->logic;

    ctx->quiet++;
    ok = bd_schema_apply_branch(ctx, frame, logic->condition, value, seen);
    ctx->quiet--;

    if (ctx->stopped) {
        return 0;
    }

    node = ok ? logic->consequence : logic->alternative;

    return node == BD_SCHEMA_NONE
           || bd_schema_apply_same(ctx, frame, node, NULL, value, seen);
}


static int
bd_schema_is_integral(const bd_json_value_t *value)
{
    bd_number_t  number;

    bd_json_number(value, &number);

    return bd_number_is_integer(&number);
}


int
bd_schema_seen_init(bd_schema_ctx_t *ctx, bd_schema_seen_t *seen,
    const bd_json_value_t *value)
{
    seen->words = (bd_json_count(value) + 63) / 64;
    seen->bits = seen->few;

    if (!bd_schema_spend(ctx, seen->words)) {
        return -1;
    }

    memset(seen->few, 0, sizeof(seen->few));

    if (seen->words > sizeof(seen->few) / sizeof(seen->few[0])) {
        seen->bits = calloc(seen->words, sizeof(uint64_t));

        if (seen->bits == NULL) {
            ctx->stopped = 1;
            ctx->nomem = 1;
            return -1;
        }
    }

    return 0;
}


void
bd_schema_seen_add(bd_schema_seen_t *to, const bd_schema_seen_t *from)
{
    size_t  i;

    for (i = 0; i < to->words; i++) {
        to->bits[i] |= from->bits[i];
    }
}


void
bd_schema_seen_free(bd_schema_seen_t *seen)
{
    if (seen->bits != seen->few) {
        free(seen->bits);
    }
}
