/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The Unicode properties of \p{...}: ECMA-262 (2023), section 22.2.1.11 and
 * tables 68 to 71.  PCRE2 knows short names of general categories only, and
 * takes any spelling of a name where ECMA-262 takes one.
 */


#define PCRE2_CODE_UNIT_WIDTH  8

#include <pcre2.h>
#include "bd_regex_parse.h"


/* Names that say the same, the one PCRE2 knows first. */
static const char *const  bd_regex_categories[] = {
    "L& LC Cased_Letter", "Cc Control cntrl", "Cf Format", "Cn Unassigned",
    "Co Private_Use", "Cs Surrogate", "C Other", "Ll Lowercase_Letter",
    "Lm Modifier_Letter", "Lo Other_Letter", "Lt Titlecase_Letter",
    "Lu Uppercase_Letter", "L Letter", "Mc Spacing_Mark", "Me Enclosing_Mark",
    "Mn Nonspacing_Mark", "M Mark Combining_Mark", "Nd Decimal_Number digit",
    "Nl Letter_Number", "No Other_Number", "N Number",
    "Pc Connector_Punctuation", "Pd Dash_Punctuation", "Pe Close_Punctuation",
    "Pf Final_Punctuation", "Pi Initial_Punctuation", "Po Other_Punctuation",
    "Ps Open_Punctuation", "P Punctuation punct", "Sc Currency_Symbol",
    "Sk Modifier_Symbol", "Sm Math_Symbol", "So Other_Symbol", "S Symbol",
    "Zl Line_Separator", "Zp Paragraph_Separator", "Zs Space_Separator",
    "Z Separator", NULL
};

static const char *const  bd_regex_binaries[] = {
    "Any", "ASCII", "ASCII_Hex_Digit AHex", "Alphabetic Alpha",
    "Bidi_Control Bidi_C", "Bidi_Mirrored Bidi_M", "Case_Ignorable CI",
    "Cased", "Changes_When_Casefolded CWCF", "Changes_When_Casemapped CWCM",
    "Changes_When_Lowercased CWL", "Changes_When_Titlecased CWT",
    "Changes_When_Uppercased CWU", "Dash", "Default_Ignorable_Code_Point DI",
    "Deprecated Dep", "Diacritic Dia", "Emoji", "Emoji_Component EComp",
    "Emoji_Modifier EMod", "Emoji_Modifier_Base EBase",
    "Emoji_Presentation EPres", "Extended_Pictographic ExtPict",
    "Extender Ext", "Grapheme_Base Gr_Base", "Grapheme_Extend Gr_Ext",
    "Hex_Digit Hex", "IDS_Binary_Operator IDSB", "IDS_Trinary_Operator IDST",
    "ID_Continue IDC", "ID_Start IDS", "Ideographic Ideo",
    "Join_Control Join_C", "Logical_Order_Exception LOE", "Lowercase Lower",
    "Math", "Noncharacter_Code_Point NChar", "Pattern_Syntax Pat_Syn",
    "Pattern_White_Space Pat_WS", "Quotation_Mark QMark", "Radical",
    "Regional_Indicator RI", "Sentence_Terminal STerm", "Soft_Dotted SD",
    "Terminal_Punctuation Term", "Unified_Ideograph UIdeo", "Uppercase Upper",
    "Variation_Selector VS", "White_Space space", "XID_Continue XIDC",
    "XID_Start XIDS", NULL
};


static int bd_regex_find(const char *const *table, bd_slice_t name,
    bd_slice_t *first);
static int bd_regex_is_script(bd_slice_t name);
static void bd_regex_put_property(bd_buf_t *out, int negated,
    const char *prefix, bd_slice_t name);


int
bd_regex_property(bd_slice_t name, int negated, bd_buf_t *out)
{
    bd_slice_t      value, found;
    const uint8_t  *equals;

    equals = name.len ? memchr(name.data, '=', name.len) : NULL;

    if (equals == NULL) {
        if (bd_slice_equal(name, bd_slice("Assigned"))) {
            bd_regex_put_property(out, !negated, "", bd_slice("Cn"));
            return 0;
        }

        if (bd_regex_find(bd_regex_categories, name, &found) != 0
            && bd_regex_find(bd_regex_binaries, name, &found) != 0)
        {
            return -1;
        }

        bd_regex_put_property(out, negated, "", found);

        return 0;
    }

    value.data = equals + 1;
    value.len = (size_t) (name.data + name.len - value.data);
    name.len = (size_t) (equals - name.data);

    if (bd_slice_equal(name, bd_slice("General_Category"))
        || bd_slice_equal(name, bd_slice("gc")))
    {
        if (bd_regex_find(bd_regex_categories, value, &found) != 0) {
            return -1;
        }

        bd_regex_put_property(out, negated, "", found);

        return 0;
    }

    if (!bd_regex_is_script(value)) {
        return -1;
    }

    if (bd_slice_equal(name, bd_slice("Script"))
        || bd_slice_equal(name, bd_slice("sc")))
    {
        bd_regex_put_property(out, negated, "sc:", value);
        return 0;
    }

    if (bd_slice_equal(name, bd_slice("Script_Extensions"))
        || bd_slice_equal(name, bd_slice("scx")))
    {
        bd_regex_put_property(out, negated, "scx:", value);
        return 0;
    }

    return -1;
}


/* Looks name up; *first is the name of the same thing that stands first. */
static int
bd_regex_find(const char *const *table, bd_slice_t name, bd_slice_t *first)
{
    size_t       len;
    const char  *s;

    for ( /* void */ ; *table != NULL; table++) {
        *first = bd_slice_make(*table, strcspn(*table, " "));

        for (s = *table; *s != '\0'; s += len + (s[len] == ' ')) {
            len = strcspn(s, " ");

            if (len == name.len && memcmp(s, name.data, len) == 0) {
                return memcmp(s, "L&", 2) == 0 ? -1 : 0;
            }
        }
    }

    return -1;
}


/*
 * Asks PCRE2, which takes "greek" for "Greek"; ECMA-262 writes every part of
 * a script's name with a capital letter and small ones.
 */
static int
bd_regex_is_script(bd_slice_t name)
{
    int          error, capital;
    char         text[64];
    size_t       i, len;
    PCRE2_SIZE   offset;
    pcre2_code  *code;

    if (name.len == 0 || name.len > 40) {
        return 0;
    }

    capital = 1;

    for (i = 0; i < name.len; i++) {
        if (name.data[i] == '_') {
            capital = 1;
            continue;
        }

        if (!((name.data[i] | 0x20) >= 'a' && (name.data[i] | 0x20) <= 'z')
            || (capital && name.data[i] >= 'a')
            || (i != 0 && name.data[i] < 'a' && name.data[i - 1] < 'a'
                && name.data[i - 1] != '_'))
        {
            return 0;
        }

        capital = 0;
    }

    len = 0;
    memcpy(text, "\\p{sc:", 6);
    len += 6;
    memcpy(text + len, name.data, name.len);
    len += name.len;
    text[len++] = '}';

    code = pcre2_compile((PCRE2_SPTR) text, len, PCRE2_UTF, &error, &offset,
                         NULL);
    pcre2_code_free(code);

    return code != NULL;
}


static void
bd_regex_put_property(bd_buf_t *out, int negated, const char *prefix,
    bd_slice_t name)
{
    bd_buf_puts(out, negated ? "\\P{" : "\\p{");
    bd_buf_puts(out, prefix);
    bd_buf_add(out, name.data, name.len);
    bd_buf_puts(out, "}");
}
