#include "daemon/starlark/dump.h"

/* What each instruction does. %a %b %c: registers; %d %e: the two after c's; %i: free variable b;
 * %k: constant j; %m: constant c, a name; %j %n: the numbers j and c; %s: c with its sign; %t: where a
 * jump goes; %o: operator x; %f: function j; %h: shape c; %x: a note when x is set. */
static const char *const formats[OX_I_COUNT] = {
    [OX_I_MOVE] = "%a = %b",
    [OX_I_CONST] = "%a = %k",
    [OX_I_SMALL] = "%a = %j",
    [OX_I_GLOBAL] = "%a = global %j",
    [OX_I_SET_GLOBAL] = "global %j = %a",
    [OX_I_CELL_GET] = "%a = cell %b",
    [OX_I_CELL_SET] = "cell %a = %b",
    [OX_I_FREE_GET] = "%a = free %i",
    [OX_I_MAKE_CELL] = "cell %a",
    [OX_I_UNKNOWN] = "name %k",
    [OX_I_ADD] = "%a = %b + %c%x",
    [OX_I_SUB] = "%a = %b - %c%x",
    [OX_I_MUL] = "%a = %b * %c%x",
    [OX_I_DIV] = "%a = %b / %c%x",
    [OX_I_FLOORDIV] = "%a = %b // %c%x",
    [OX_I_MOD] = "%a = %b %% %c%x",
    [OX_I_AND] = "%a = %b & %c%x",
    [OX_I_OR] = "%a = %b | %c%x",
    [OX_I_XOR] = "%a = %b ^ %c%x",
    [OX_I_SHL] = "%a = %b << %c%x",
    [OX_I_SHR] = "%a = %b >> %c%x",
    [OX_I_EQ] = "%a = %b == %c%x",
    [OX_I_NE] = "%a = %b != %c%x",
    [OX_I_LT] = "%a = %b < %c%x",
    [OX_I_GT] = "%a = %b > %c%x",
    [OX_I_LE] = "%a = %b <= %c%x",
    [OX_I_GE] = "%a = %b >= %c%x",
    [OX_I_IN] = "%a = %b in %c%x",
    [OX_I_NOT_IN] = "%a = %b not in %c%x",
    [OX_I_ADD_SMALL] = "%a = %b + %s",
    [OX_I_INPLACE] = "%a = %b %o= %c",
    [OX_I_NEGATE] = "%a = -%b",
    [OX_I_PLUS] = "%a = +%b",
    [OX_I_INVERT] = "%a = ~%b",
    [OX_I_NOT] = "%a = not %b",
    [OX_I_JUMP] = "to %t",
    [OX_I_JUMP_IF] = "if %a to %t",
    [OX_I_JUMP_IF_NOT] = "unless %a to %t",
    [OX_I_ATTR] = "%a = %b.%m",
    [OX_I_SET_ATTR] = "%a.%m = %b",
    [OX_I_INDEX] = "%a = %b[%c]",
    [OX_I_SET_INDEX] = "%a[%b] = %c",
    [OX_I_SLICE] = "%a = %b[%c:%d:%e]",
    [OX_I_METHOD] = "%a = %b.%m",
    [OX_I_CALL] = "%a = %b(%n)",
    [OX_I_CALL_METHOD] = "%a = %b(self, %n)",
    [OX_I_CALL_SHAPE] = "%a = %b(%h)%x",
    [OX_I_LIST] = "%a = list of %n from %b",
    [OX_I_TUPLE] = "%a = tuple of %n from %b",
    [OX_I_DICT] = "%a = dict for %j",
    [OX_I_DICT_PUT] = "%a[%b] = %c%x",
    [OX_I_APPEND] = "%a gets %n from %b",
    [OX_I_ITER] = "%a over %b",
    [OX_I_NEXT] = "%a = next of %b",
    [OX_I_ITER_END] = "",
    [OX_I_UNPACK] = "%n from %a = %b",
    [OX_I_FUNCTION] = "%a = function %f",
    [OX_I_RETURN] = "%a",
    [OX_I_LOAD] = "%a = module %k",
    [OX_I_LOAD_NAME] = "%a = %b.%m",
};

static const char *name_of(enum ox_opcode op)
{
	static const char *const names[OX_I_COUNT] = {
#define I(name) [OX_I_##name] = #name,
	    OX_INSNS(I)
#undef I
	};
	return names[op];
}

static const char *note_of(enum ox_opcode op)
{
	return op == OX_I_CALL_SHAPE ? " with self" : op == OX_I_DICT_PUT ? ", new" : ", jumps";
}

static void add_register(const struct ox_proto *p, uint32_t reg, struct ox_buf *out)
{
	if (reg < p->locals)
		ox_buf_slice(out, ox_text_of(p->local_names[reg]));
	else
		ox_buf_printf(out, "#%u", reg);
}

static void add_shape(const struct ox_call_shape *shape, struct ox_buf *out)
{
	ox_buf_printf(out, "%u", shape->positional);
	for (uint32_t i = 0; i < shape->named; i++)
		ox_buf_printf(out, ", %.*s=", OX_SLICE_ARG(ox_text_of(shape->names[i])));
	ox_buf_str(out, shape->star ? ", *" : "");
	ox_buf_str(out, shape->starstar ? ", **" : "");
}

/* What a letter of a format stands for. */
static void add_field(struct ox_star *s, const struct ox_proto *p, const struct ox_insn *i, char letter,
		      struct ox_buf *out)
{
	switch (letter) {
	case 'a':
		add_register(p, i->a, out);
		break;
	case 'b':
		add_register(p, i->b, out);
		break;
	case 'c':
	case 'd':
	case 'e':
		add_register(p, i->c + (uint32_t)(letter - 'c'), out);
		break;
	case 'i':
		ox_buf_slice(out, ox_text_of(p->free_names[i->b]));
		break;
	case 'k':
		ox_write(s, p->constants[i->j], true, out);
		break;
	case 'm':
		ox_buf_slice(out, ox_text_of(p->constants[i->c]));
		break;
	case 'j':
		ox_buf_printf(out, "%d", i->j);
		break;
	case 'n':
		ox_buf_printf(out, "%u", i->c);
		break;
	case 's':
		ox_buf_printf(out, "%d%s", (int16_t)i->c, i->x ? ", written as a subtraction" : "");
		break;
	case 't':
		ox_buf_printf(out, "%td", i - p->code + 1 + i->j);
		break;
	case 'o':
		ox_buf_str(out, ox_op_text(i->x));
		break;
	case 'f':
		ox_buf_slice(out, p->functions[i->j]->name);
		break;
	case 'h':
		add_shape(p->shapes[i->c], out);
		break;
	case 'x':
		ox_buf_str(out, i->x ? note_of((enum ox_opcode)i->op) : "");
		break;
	default:
		ox_buf_byte(out, letter);
	}
}

static void add_instruction(struct ox_star *s, const struct ox_proto *p, uint32_t at, struct ox_buf *out)
{
	const struct ox_insn *i = &p->code[at];
	ox_buf_printf(out, "%4u  %-12s", at, name_of((enum ox_opcode)i->op));
	for (const char *f = formats[i->op]; *f; f++) {
		if (f == formats[i->op])
			ox_buf_byte(out, ' ');
		if (*f == '%')
			add_field(s, p, i, *++f, out);
		else
			ox_buf_byte(out, *f);
	}
	while (out->len && out->data[out->len - 1] == ' ')
		out->len--;
	ox_buf_byte(out, '\n');
}

int ox_code_dump(struct ox_star *s, const struct ox_proto *p, struct ox_buf *out)
{
	uint32_t params = ox_proto_params(p), functions = 0;
	ox_buf_slice(out, p->name);
	for (uint32_t i = 0; i < params; i++)
		ox_buf_printf(out, "%s%.*s", i ? ", " : "(", OX_SLICE_ARG(ox_text_of(p->local_names[i])));
	ox_buf_str(out, params ? "):\n" : ":\n");
	for (uint32_t i = 0; i < p->code_len; i++) {
		add_instruction(s, p, i, out);
		functions += p->code[i].op == OX_I_FUNCTION;
	}
	for (uint32_t i = 0; i < functions; i++) {
		if (ox_code_dump(s, p->functions[i], out) < 0)
			return -1;
	}
	if (!out->failed)
		return ox_star_failing(s) ? -1 : 0;
	ox_fail_memory(s);
	return -1;
}
